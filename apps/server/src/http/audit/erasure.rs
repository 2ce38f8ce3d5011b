//! Having erased what is kept beside the log.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{AppState, body::Body, caller::Caller, problem::Problem};

/// Whose addresses and programs are to be erased.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditErasureRequest {
    /// The id of the person, or of whatever anonymous requests were about, such as a lead.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    subject_id: Uuid,
}

/// It was taken, whether or not there is anything to erase.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditErasureAccepted {
    /// Whose.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    subject_id: Uuid,
}

/// Have a person's addresses erased from the log
///
/// Events keep commitments to where they were done from; addresses and programs are kept beside the log and can go. This
/// has all of them erased that are about a person in this tenant, for good, within seconds and by a worker, which notes it
/// as `audit.pii.erased`. Events and the proof of them stay as they are. Deleting an account does the same by itself, in
/// every tenant. It takes a sign-in within the last ten minutes.
#[utoipa::path(
    operation_id = "eraseAuditPersonalData",
    tag = "audit",
    path = "/api/v1/audit/erasures",
    request_body(
        content = AuditErasureRequest,
        description = "Whose.",
        example = json!({ "subject_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b" })
    ),
    responses((status = 202, description = "It will be done.", body = AuditErasureAccepted)),
    extensions(
        ("x-permission" = json!("audit.erase_pii")),
        ("x-problems" = json!(["reauthentication_required", "person_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/audit/erasures")]
pub(super) async fn erase(
    caller: Caller,
    state: web::Data<AppState>,
    body: Body<AuditErasureRequest>,
) -> Result<HttpResponse, Problem> {
    let subject_id = body.subject_id;
    state.audit.request_erasure(&caller.context, subject_id).await?;
    Ok(HttpResponse::Accepted().json(AuditErasureAccepted { subject_id }))
}
