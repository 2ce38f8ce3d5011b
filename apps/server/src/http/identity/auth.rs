//! Sign up, sign in, stay signed in, sign out.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, post, web};
use ashlar_identity::{LogIn, LogOut, LoggedIn, Register, Registered, use_case::LogInError};
use ashlar_kernel::{Context, FieldErrors, StoredAnswer, TenantId, TenantSlug};

use super::refresh_cookie::{self, RefreshIn};
use super::{
    dto::{Accepted, LoginRequest, LogoutRequest, RefreshRequest, RegisterRequest, RegisterResponse, Tokens, User},
    enrollment::EnrollmentLogin,
    login_dto::LoginResponse,
};
use crate::http::{
    AppState,
    body::{AUTH_BODY, Body, OptionalBody},
    caller::{Anyone, bearer, no_such_tenant},
    idempotency::{Begun, answer, begin},
    limited::{count, count_attempt, note_failed_sign_in},
    problem::Problem,
};

/// Open an account
///
/// In the mode `instant` the account can be used at once, and the answer tells whether an address or username is
/// taken. In the mode `verify_first` (the default in production) the answer is the same whether or not the address has an
/// account: a letter follows, whose link goes to `/api/v1/auth/verify-email`. In the mode `closed` every call answers 403. On an embedded
/// installation without demo data the first account becomes the administrator; in production whoever sends the
/// `bootstrap_token`, in any mode and at once.
#[utoipa::path(
    operation_id = "register",
    tag = "identity",
    path = "/api/v1/auth/register",
    request_body(content = RegisterRequest, description = "The account to open.", example = json!({
        "email": "ada@example.org", "username": "ada", "password": "tuba-mint-quarrel-9", "display_name": "Ada Lovelace"
    })),
    responses(
        (status = 201, description = "The account is open.", body = RegisterResponse),
        (status = 202, description = "In the mode `verify_first`: a letter is on its way to the address, whoever has it.",
            body = Accepted),
    ),
    extensions(
        ("x-permission" = json!(null)),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["registration_closed", "bootstrap_token_invalid", "identifier_taken", "password_rejected", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/register")]
pub(super) async fn register(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<RegisterRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let command = Register::try_from(body.0)?;
    count_attempt(&request, &state, &context, ("register", command.account())).await?;
    let ticket = match begin(&request, &state, &context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let command = command.once(ticket.once(opened));
    let outcome = state.identity.register(&context, command).await;
    ticket.end(&context, outcome.map(|registered| opened(&registered)).map_err(Problem::from)).await
}

fn opened(registered: &Registered) -> StoredAnswer {
    match registered {
        Registered::Open(account) => answer(StatusCode::CREATED, &RegisterResponse { user: User::from(&**account) }),
        Registered::CheckYourMail => answer(StatusCode::ACCEPTED, &Accepted::MAIL),
    }
}

/// Sign in
///
/// Whatever is wrong with identifier or password, the answer is the same, so that it does not tell who has an account.
/// After five failures in a row nothing is tried with this identifier for a minute, then after five more for five
/// minutes, fifteen, an hour, six, a day (429 `too_many_attempts`), in whichever tenant; a device that sends the
/// `device_token` of an earlier login to the account is counted on its own.
#[utoipa::path(
    operation_id = "logIn",
    tag = "identity",
    path = "/api/v1/auth/login",
    request_body(content = LoginRequest, description = "Who you are.", example = json!({
        "identifier": "ada@example.org", "password": "tuba-mint-quarrel-9",
        "device": { "id": "f3b1c2", "name": "My phone", "platform": "android" }
    })),
    responses((status = 200, description = "What became of it; look at `status`.", body = LoginResponse)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["invalid_credentials", "email_unverified", "tenant_suspended", "too_many_attempts", "device_limit", "device_transfer_limit", "foreign_origin", "overloaded"])),
    ),
    security(())
)]
#[post("/api/v1/auth/login")]
pub(super) async fn log_in(
    Anyone { context, .. }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: Body<LoginRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let body = body.0;
    let tenant = match &body.tenant {
        Some(slug) => named_tenant(&state, slug).await?,
        None => context.tenant,
    };
    let context = Context { tenant, ..context };
    let kept_in = RefreshIn::asked(&request, &state, body.refresh_cookie)?;
    let command = LogIn::try_from(body)?;
    count_attempt(&request, &state, &context, ("login", command.account())).await?;
    let account = command.account().to_owned();
    let outcome = state.identity.log_in(&context, command).await;
    if matches!(outcome, Err(LogInError::InvalidCredentials)) {
        note_failed_sign_in(&state, &context, &account).await;
    }
    let response = match outcome? {
        LoggedIn::SignedIn(signed_in) => {
            let response = LoginResponse::authenticated(&signed_in, context.now, kept_in);
            return Ok(kept_in.answer(&signed_in, context.now).json(response));
        }
        LoggedIn::SecondFactor(pending) => LoginResponse::second_factor(&pending, context.now, kept_in),
        LoggedIn::Enrolment(pending) => LoginResponse::Enrollment(EnrollmentLogin::new(&pending, context.now, kept_in)),
    };
    Ok(HttpResponse::Ok().json(response))
}

async fn named_tenant(state: &AppState, slug: &str) -> Result<TenantId, Problem> {
    let mut errors = FieldErrors::default();
    let known = match errors.check("/tenant", TenantSlug::parse(slug)) {
        Some(slug) => state.tenants.find(&slug).await?,
        None => None,
    };
    errors.finish()?;
    known.ok_or_else(no_such_tenant)
}

/// Exchange a refresh token
///
/// Answers with the next pair of tokens. A refresh token is good once; presented again at once (within ten seconds, unless
/// configured otherwise) it gets the same successor: a lost answer, a second tab. Presented later it ends the session, because somebody else may hold a
/// copy.
///
/// Without a body the token is that of the cookie `__Host-refresh`, which a sign-in with `refresh_cookie` sets. Then the
/// request has to come from a page of this server (`Origin`), and the next token is in the cookie too. A cookie whose token
/// is refused with 401 is taken away.
#[utoipa::path(
    operation_id = "refreshTokens",
    tag = "identity",
    path = "/api/v1/auth/refresh",
    request_body(content = Option<RefreshRequest>, description = "The refresh token; nothing if it is in the cookie.", example = json!({
        "refresh_token": "asr1_AAGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW"
    })),
    responses((status = 200, description = "The next pair.", body = Tokens)),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["authentication_required", "foreign_origin", "refresh_token_invalid", "refresh_token_expired", "refresh_token_reused", "session_revoked", "tenant_mismatch", "tenant_suspended"])),
    ),
    security((), ("refresh_cookie" = []))
)]
#[post("/api/v1/auth/refresh")]
pub(super) async fn refresh(
    Anyone { context, requested }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: OptionalBody<RefreshRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let (token, kept_in) = if let Some(body) = body.0 {
        (body.refresh_token, RefreshIn::Body)
    } else {
        let sent = refresh_cookie::presented(&request, &state)?;
        (sent.ok_or_else(refresh_cookie::missing)?, RefreshIn::Cookie)
    };
    let outcome = async {
        let known = state.identity.known_refresh_token(&token).await?;
        count(&request, &state, state.limits.refresh(&known.session()), context.now).await?;
        Ok(state.identity.refresh_known(&context, known, requested).await?)
    };
    let signed_in = match outcome.await {
        Err(problem) if kept_in == RefreshIn::Cookie => return Ok(refresh_cookie::refused(&problem)),
        outcome => outcome?,
    };
    Ok(kept_in.answer(&signed_in, context.now).json(Tokens::new(&signed_in, context.now, kept_in)))
}

/// Sign out
///
/// Ends the session of the access token; without one, that of the refresh token in the body or, from a page of this
/// server, in the cookie, which is taken away. Doing it twice is no error.
#[utoipa::path(
    operation_id = "logOut",
    tag = "identity",
    path = "/api/v1/auth/logout",
    request_body(content = Option<LogoutRequest>, description = "Only without an access token.", example = json!({
        "refresh_token": "asr1_AAGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW"
    })),
    responses((status = 204, description = "The session has ended.")),
    extensions(
        ("x-permission" = json!(null)),
        ("x-problems" = json!(["authentication_required", "foreign_origin", "token_invalid", "token_expired", "refresh_token_invalid", "tenant_mismatch"])),
    ),
    security((), ("bearer" = []), ("refresh_cookie" = []))
)]
#[post("/api/v1/auth/logout")]
pub(super) async fn log_out(
    Anyone { context, requested }: Anyone,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: OptionalBody<LogoutRequest, AUTH_BODY>,
) -> Result<HttpResponse, Problem> {
    let access_token = bearer(request.headers())?.map(str::to_owned);
    let mut refresh_token = body.0.and_then(|body| body.refresh_token);
    let is_in_body = refresh_token.is_some();
    if !is_in_body {
        refresh_token = match refresh_cookie::presented(&request, &state) {
            Ok(sent) => sent,
            // The access token says enough.
            Err(_foreign) if access_token.is_some() => None,
            Err(foreign) => return Err(foreign),
        };
    }
    let kept_in = RefreshIn::kept_by(&request);
    let by_cookie = access_token.is_none() && !is_in_body && refresh_token.is_some();
    let command = LogOut { access_token, refresh_token, tenant: requested };
    match state.identity.log_out(&context, command).await.map_err(Problem::from) {
        Err(problem) if by_cookie => return Ok(refresh_cookie::refused(&problem)),
        outcome => outcome?,
    }
    let mut answer = HttpResponse::NoContent();
    if kept_in == RefreshIn::Cookie {
        answer.append_header(refresh_cookie::forgotten());
    }
    Ok(answer.finish())
}
