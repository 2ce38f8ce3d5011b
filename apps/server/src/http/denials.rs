//! Requests with an API key that is not good for what they ask: they are noted, because somebody may be trying out what
//! a key that was found can do.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web,
};
use ashlar_kernel::{Context, access_codes};

use super::{AppState, problem::Problem};

/// Kept with a request whose API key is good.
#[derive(Clone)]
pub(crate) struct KeyInUse(pub(crate) Context);

/// Notes what was denied. The answer stands, whether or not it could be noted.
pub(crate) async fn note_denials(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let response = next.call(request).await?;
    if let Some((state, context, required)) = denied(&response)
        && let Err(error) = state.identity.note_scope_denied(&context, &required).await
    {
        tracing::warn!(%error, "a denied scope was not noted");
    }
    Ok(response)
}

fn denied(response: &ServiceResponse<impl MessageBody>) -> Option<(web::Data<AppState>, Context, String)> {
    let required = {
        let extensions = response.response().extensions();
        let problem = extensions.get::<Problem>()?;
        if problem.code() != access_codes::INSUFFICIENT_SCOPE.code {
            return None;
        }
        problem.member("required")?.as_str()?.to_owned()
    };
    let request = response.request();
    let KeyInUse(context) = request.extensions().get::<KeyInUse>().cloned()?;
    Some((request.app_data::<web::Data<AppState>>()?.clone(), context, required))
}
