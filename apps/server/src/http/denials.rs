//! Requests for what the caller may not: they are noted, because somebody may be trying out what a key or a session that
//! was found can do.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use ashlar_kernel::{Actor, Context, access_codes};

use super::{AppState, problem::Problem};
use crate::denials;

/// Kept with a request whose token or API key is good.
#[derive(Clone)]
pub(crate) struct CallerInUse(pub(crate) Context);

/// Notes what was denied. The answer stands, whether or not it could be noted.
pub(crate) async fn note_denials(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    let Some((state, context, required)) = denied(&response) else { return Ok(response) };
    if matches!(context.actor, Actor::ApiKey(_)) {
        if let Err(error) = state.identity.note_scope_denied(&context, &required).await {
            tracing::warn!(%error, "a denied scope was not noted");
        }
    } else if let Some(denial) = state.denials.note(&context, &required) {
        denials::write(&state.identity, denial).await;
    }
    Ok(response)
}

/// What is refused for want of a scope or permission, also of one that waits for a second factor.
const DENIALS: [&str; 3] = [
    access_codes::INSUFFICIENT_SCOPE.code,
    access_codes::PERMISSION_DENIED.code,
    access_codes::MFA_REQUIRED_BY_POLICY.code,
];

/// Who was denied what; none if it was not for want of a scope or permission. Whoever must not give their second factor up is
/// told so by one of these codes as well, and lacks nothing.
fn denied(response: &ServiceResponse<impl MessageBody>) -> Option<(web::Data<AppState>, Context, String)> {
    let required = {
        let extensions = response.response().extensions();
        let problem = extensions.get::<Problem>()?;
        if !DENIALS.contains(&problem.code()) {
            return None;
        }
        problem.member("required")?.as_str()?.to_owned()
    };
    let request = response.request();
    let CallerInUse(context) = request.extensions().get::<CallerInUse>().cloned()?;
    Some((request.app_data::<web::Data<AppState>>()?.clone(), context, required))
}
