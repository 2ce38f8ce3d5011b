//! The pages that links in letters lead to, for installations without a front end of their own.
//!
//! The token is in the link's fragment, which browsers send to nobody: it is in no log, and a scanner that follows links
//! changes nothing. The page sends it when somebody presses the button.

use actix_web::{HttpResponse, Responder, http::header, web};
use ashlar_kernel::NotFound;
use askama::Template;

use super::problem::Problem;

/// What a page asks for.
struct Page {
    path: &'static str,
    title: &'static str,
    lead: &'static str,
    button: &'static str,
    /// Which password it asks for, and under what name it is sent: none if none.
    password: Option<(&'static str, &'static str, &'static str)>,
    /// Where it is sent.
    endpoint: &'static str,
    done: &'static str,
}

const PAGES: [Page; 3] = [
    Page {
        path: "verify-email",
        title: "Confirm your e-mail address",
        lead: "If you have just registered, enter the password you chose. Otherwise leave it empty.",
        button: "Confirm",
        password: Some(("Password", "password", "current-password")),
        endpoint: "/api/v1/auth/verify-email",
        done: "Your e-mail address is confirmed. You can close this page and sign in.",
    },
    Page {
        path: "reset-password",
        title: "Choose a new password",
        lead: "At least 12 characters. A few unrelated words make a good password.",
        button: "Set password",
        password: Some(("New password", "new_password", "new-password")),
        endpoint: "/api/v1/auth/password/reset",
        done: "Your password is changed and all sessions have ended. You can close this page and sign in.",
    },
    Page {
        path: "undo-email-change",
        title: "Keep your old e-mail address",
        lead: "Your account gets its old e-mail address back, and everybody who is signed in to it is signed out.",
        button: "Take the change back",
        password: None,
        endpoint: "/api/v1/auth/email/undo",
        done: "Your account has its old e-mail address again. Set a new password now: ask for one where you sign in.",
    },
];

#[derive(Template)]
#[template(path = "account.html")]
struct Html<'p> {
    page: &'p Page,
}

const SCRIPT: &str = include_str!("../../assets/account.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Mounts the pages.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.route("/account/account.js", web::get().to(script)).route("/account/{page}", web::get().to(page));
}

async fn page(path: web::Path<String>) -> Result<impl Responder, Problem> {
    let page = PAGES.iter().find(|page| page.path == path.as_str()).ok_or(NotFound)?;
    let html = Html { page }.render().map_err(ashlar_kernel::StoreError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(html))
}

async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(SCRIPT)
}
