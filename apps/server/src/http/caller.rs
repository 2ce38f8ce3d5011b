//! Who asks: the circumstances of a request, and who is behind its access token or API key.

use std::{
    future::{Future, Ready, ready},
    net::IpAddr,
    pin::Pin,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
    web,
};
use ashlar_identity::use_case::ApiKeyUse;
use ashlar_kernel::{
    AccessError, Actor, Charge, Context, RequestId, Secret, TenantId, TenantSlug, Timestamp, resource_codes,
};

pub(crate) use super::credentials::bearer;
use super::{
    AppState,
    credentials::{Presented, presented},
    denials::CallerInUse,
    limited::count,
    problem::Problem,
};

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// What the outermost middleware found out about a request.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) request_id: RequestId,
    pub(crate) client_ip: Option<IpAddr>,
    pub(crate) at: Timestamp,
    /// Where it stands in a trace.
    pub(crate) trace: Option<Arc<str>>,
}

/// A request, whoever makes it.
pub(crate) struct Anyone {
    /// Its circumstances.
    pub(crate) context: Context,
    /// The tenant it asks for, if it does.
    pub(crate) requested: Option<TenantId>,
}

/// A request with a link that was made for whoever has it. It is not counted: mail programs of one provider make such
/// requests for everybody who has an address there. A link that is not ours is to be counted where that is found out.
pub(crate) struct LinkHolder {
    /// Its circumstances, but for the tenant, which follows from the link.
    pub(crate) context: Context,
}

/// A request with a good access token or API key.
pub(crate) struct Caller {
    /// Its circumstances, with the person or the key as actor.
    pub context: Context,
    /// What it counts against.
    charge: Option<Charge>,
}

/// A request of a web page for whoever looks at it, with a key of the page. It counts against the visitor's address and
/// not against the key, which all visitors share.
pub(crate) struct Visitor {
    /// Its circumstances, with the key as actor.
    pub context: Context,
}

/// A request that everybody may make. With credentials it is of whoever they are of, in the tenant that they are of, and
/// credentials that are no good are refused as everywhere. What it counts against follows from what it is for.
pub(crate) struct Guest {
    /// Its circumstances.
    pub context: Context,
}

impl FromRequest for Guest {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = state(&request)?;
            if !matches!(presented(request.headers()), Ok(None)) {
                return Ok(Self { context: known(&request, &state).await?.context });
            }
            count_stranger(&request, &state).await?;
            let tenant = requested_tenant(&request, &state).await?.unwrap_or(TenantId::MAIN);
            Ok(Self { context: anonymous(&request, &state, tenant) })
        })
    }
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = state(&request)?;
            let context = known(&request, &state).await?.context;
            count(&request, &state, state.limits.form("lead", context.client_ip), context.now).await?;
            Ok(Self { context })
        })
    }
}

impl FromRequest for Anyone {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = state(&request)?;
            count_stranger(&request, &state).await?;
            let requested = requested_tenant(&request, &state).await?;
            Ok(Self { context: anonymous(&request, &state, requested.unwrap_or(TenantId::MAIN)), requested })
        })
    }
}

impl FromRequest for LinkHolder {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(state(request).map(|state| Self { context: anonymous(request, &state, TenantId::MAIN) }))
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = state(&request)?;
            let caller = known(&request, &state).await?;
            let now = caller.context.now;
            count(&request, &state, caller.charge.clone(), now).await?;
            Ok(caller)
        })
    }
}

/// Who makes a request that is still being answered, if they may now: for answers that take long.
pub(crate) async fn still(request: &HttpRequest, state: &AppState) -> Result<Context, Problem> {
    Ok(authenticate(request, state, Some(state.clock.now())).await?.context)
}

/// Who makes a request, if they prove it.
async fn known(request: &HttpRequest, state: &AppState) -> Result<Caller, Problem> {
    match authenticate(request, state, None).await {
        // Guessing tokens is counted like any knock at the door, and so is knocking at the wrong one.
        Err(problem) if is_knock(&problem) => {
            count_stranger(request, state).await?;
            Err(problem)
        }
        outcome => outcome,
    }
}

fn is_knock(problem: &Problem) -> bool {
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&problem.status())
}

/// At the moment at which the request came, unless another is given.
async fn authenticate(request: &HttpRequest, state: &AppState, now: Option<Timestamp>) -> Result<Caller, Problem> {
    let presented = presented(request.headers())?.ok_or(AccessError::AuthenticationRequired)?;
    let requested = requested_tenant(request, state).await?;
    let context = anonymous(request, state, requested.unwrap_or(TenantId::MAIN));
    let context = Context { now: now.unwrap_or(context.now), ..context };
    let token = match presented {
        Presented::AccessToken(token) => token,
        Presented::ApiKey(text) => return authenticate_key(request, state, &context, (&text, requested)).await,
    };
    let authenticated = state.identity.authenticate(&context, token, requested).await?;
    tracing::Span::current().record("user", tracing::field::display(authenticated.account.id));
    request.extensions_mut().insert(CallerInUse(authenticated.context.clone()));
    let charge = state.limits.user(&authenticated.account.id);
    Ok(Caller { context: authenticated.context, charge })
}

async fn authenticate_key(
    request: &HttpRequest,
    state: &AppState,
    context: &Context,
    (text, requested): (&Secret, Option<TenantId>),
) -> Result<Caller, Problem> {
    let origin = request.headers().get(header::ORIGIN).and_then(|value| value.to_str().ok());
    let used = ApiKeyUse { text, requested, origin };
    let authenticated = state.identity.authenticate_api_key(context, used).await?;
    tracing::Span::current().record("api_key", tracing::field::display(authenticated.key));
    request.extensions_mut().insert(CallerInUse(authenticated.context.clone()));
    Ok(Caller { context: authenticated.context, charge: state.limits.api_key(&authenticated.key) })
}

async fn count_stranger(request: &HttpRequest, state: &AppState) -> Result<(), Problem> {
    let (client, now) = match request.extensions().get::<Arrival>() {
        Some(arrival) => (arrival.client_ip, arrival.at),
        None => (None, state.clock.now()),
    };
    count(request, state, state.limits.anonymous(client), now).await
}

fn state(request: &HttpRequest) -> Result<web::Data<AppState>, Problem> {
    let missing = || ashlar_kernel::StoreError::internal("the application state is missing");
    Ok(request.app_data::<web::Data<AppState>>().cloned().ok_or_else(missing)?)
}

fn anonymous(request: &HttpRequest, state: &AppState, tenant: TenantId) -> Context {
    let arrival = request.extensions().get::<Arrival>().cloned();
    let arrival = arrival.unwrap_or_else(|| Arrival {
        request_id: RequestId::new(&*state.ids),
        client_ip: None,
        at: state.clock.now(),
        trace: None,
    });
    Context {
        tenant,
        actor: Actor::Anonymous,
        request_id: arrival.request_id,
        client_ip: arrival.client_ip,
        user_agent: user_agent(request.headers()),
        trace: arrival.trace,
        now: arrival.at,
    }
}

/// At most 512 bytes of visible ASCII; what is longer or stranger is cut or left out, for it goes into the event log.
fn user_agent(headers: &HeaderMap) -> Option<Arc<str>> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(512).collect::<String>().into())
}

/// The tenant named by `X-Tenant`.
async fn requested_tenant(request: &HttpRequest, state: &AppState) -> Result<Option<TenantId>, Problem> {
    let Some(value) = request.headers().get("x-tenant") else {
        return Ok(None);
    };
    let slug = value.to_str().ok().and_then(|text| TenantSlug::parse(text).ok()).ok_or_else(no_such_tenant)?;
    Ok(Some(state.tenants.find(&slug).await?.ok_or_else(no_such_tenant)?))
}

/// The 404 of a tenant, told apart from that of a path by its words.
pub(crate) fn no_such_tenant() -> Problem {
    Problem::http(StatusCode::NOT_FOUND, resource_codes::NOT_FOUND, "there is no such tenant")
}
