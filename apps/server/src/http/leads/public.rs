//! The form of a web page: anybody fills it in, and learns nothing.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use ashlar_kernel::StoredAnswer;
use ashlar_leads::{ConsentForm, LeadForm, Received, SubmitForm};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dto::{LeadCategory, LeadSource},
    form::{LeadConsentInput, LeadUtmInput},
};
use crate::http::{
    AppState,
    body::OpenBody,
    caller::{Anyone, Visitor},
    idempotency::{Begun, answer, begin},
    problem::Problem,
};

/// A form that somebody filled in on a web page. It needs an e-mail address or a telephone number. Members that are not
/// listed are ignored: builders of sites add their own.
#[derive(Deserialize, ToSchema)]
pub(super) struct PublicLeadForm {
    /// What they are called: with at least two characters, and a letter among them.
    #[schema(min_length = 2, max_length = 255, example = "Ada Lovelace")]
    full_name: String,
    /// What they are where they work.
    #[schema(max_length = 255, example = "Head of Engines")]
    position: Option<String>,
    /// Where they work.
    #[schema(max_length = 255, example = "Analytical Engines Ltd")]
    company_name: Option<String>,
    /// How they are called. Blanks, hyphens and the like do not count.
    #[schema(max_length = 32, example = "+44 20 7946 0958")]
    phone_number: Option<String>,
    /// Where mail goes.
    #[schema(format = "idn-email", max_length = 254, example = "ada@engines.example")]
    email: Option<String>,
    /// How they came; `website` unless you say so.
    #[schema(value_type = Option<LeadSource>)]
    source: Option<String>,
    /// What they want.
    #[schema(value_type = Option<LeadCategory>)]
    category: Option<String>,
    /// What they write.
    #[schema(max_length = 5000, example = "Please send me a quote.")]
    notes: Option<String>,
    /// What they agreed to. Kept with the time and their address.
    consent: Option<LeadConsentInput>,
    /// By which campaign they came.
    #[serde(default)]
    #[schema(required = false)]
    utm: LeadUtmInput,
    /// Has to stay empty: hide it from people, and programs that fill in everything give themselves away.
    #[schema(max_length = 0, example = "")]
    website_url: Option<String>,
    /// What `GET /api/v1/leads/public/challenge` gave when the page was opened: at least two seconds ago, and at most
    /// seven days.
    #[schema(max_length = 200, example = "o9J1…")]
    t: String,
}

impl From<PublicLeadForm> for SubmitForm {
    fn from(body: PublicLeadForm) -> Self {
        let form = LeadForm {
            full_name: body.full_name,
            position: body.position,
            company_name: body.company_name,
            phone_number: body.phone_number,
            email: body.email,
            source: body.source,
            category: body.category,
            notes: body.notes,
            consent: body.consent.map(ConsentForm::from),
            utm: body.utm.into(),
            ..LeadForm::default()
        };
        Self { form, honeypot: body.website_url, stamp: body.t, once: None }
    }
}

/// Thanks, whatever came of it.
#[derive(Serialize, ToSchema)]
pub(super) struct FormReceived {
    /// Always true.
    #[schema(example = true)]
    received: bool,
}

/// The answer to every form.
pub(super) fn thanks() -> StoredAnswer {
    answer(StatusCode::ACCEPTED, &FormReceived { received: true })
}

/// Send a form of a web page
///
/// For a publishable key with the scope `leads:create`, from one of its origins. What is wrong with the fields is told;
/// beyond that the answer is always the same: whether the address is known already (then the form is noted on its lead),
/// or the form was thrown away because no person can have sent it (`website_url` filled in, or `t` younger than two seconds
/// or none of ours). When `t` is older than seven days the answer is 410: load the page anew, get another `t`, and send the
/// form with it (and with another `Idempotency-Key`). Scripts of any page may send it as far as browsers are concerned; the
/// key is good for its origins only. One address may send ten in an hour, unless configured otherwise.
#[utoipa::path(
    operation_id = "submitLeadForm",
    tag = "leads",
    path = "/api/v1/leads/public",
    request_body(content = PublicLeadForm, description = "The form.", example = json!({
        "full_name": "Ada Lovelace", "email": "ada@engines.example", "notes": "Please send me a quote.",
        "consent": { "marketing": true, "text_version": "2026-01" }, "website_url": "", "t": "o9J1…"
    })),
    responses((status = 202, description = "Thank you.", body = FormReceived)),
    extensions(
        ("x-permission" = json!("leads:create")),
        ("x-idempotent" = json!(true)),
        ("x-problems" = json!(["insufficient_scope", "form_expired"])),
    ),
    security(("api_key" = []))
)]
#[post("/api/v1/leads/public")]
pub(super) async fn submit(
    Visitor { context }: Visitor,
    request: HttpRequest,
    state: web::Data<AppState>,
    body: OpenBody<PublicLeadForm>,
) -> Result<HttpResponse, Problem> {
    let ticket = match begin(&request, &state, &context, &body.1).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::First(ticket) => ticket,
    };
    let command = SubmitForm { once: ticket.once(|_: &Received| thanks()), ..body.0.into() };
    let outcome = state.leads.submit(&context, command).await;
    if let Ok(Received::Trapped(trap)) = outcome {
        state.metrics.form_trapped(trap.as_str());
    }
    ticket.end(&context, outcome.map(|_| thanks()).map_err(Problem::from)).await
}

/// What a form needs.
#[derive(Serialize, ToSchema)]
struct LeadFormChallenge {
    /// When the form was got, signed. Send it back as it is.
    #[schema(example = "o9J1…")]
    t: String,
}

/// Begin a form
///
/// Ask when the page is opened, and send `t` with the form.
#[utoipa::path(
    operation_id = "beginLeadForm",
    tag = "leads",
    path = "/api/v1/leads/public/challenge",
    responses((status = 200, description = "What the form needs.", body = LeadFormChallenge)),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/api/v1/leads/public/challenge")]
pub(super) async fn challenge(
    Anyone { context, .. }: Anyone,
    state: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(LeadFormChallenge { t: state.leads.stamp_form(&context)? }))
}
