//! `Idempotency-Key`: a request that is sent again is answered again, and has its effect once.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use ashlar_kernel::{
    ClaimedRequest, Context, Fingerprint, IdempotencyKey, MacKey, Once, Receipt, RequestClaim, RequestLedger,
    RequestName, RequestState, StoredAnswer,
};
use chrono::TimeDelta;
use serde::Serialize;

use super::{AppState, body::Digest, catalogue::http_codes, problem::Problem};
use crate::limits::network;

/// The header by which a client names a request.
pub(crate) const KEY: &str = "idempotency-key";
/// The header of an answer that was given before.
pub(crate) const REPLAYED: &str = "idempotent-replayed";

/// How long an answer can be had again.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// How much longer than a request may take its claim holds: after that its process is taken for dead.
const MARGIN: TimeDelta = TimeDelta::seconds(5);

/// Who remembers requests.
#[derive(Clone)]
pub struct Requests {
    ledger: Arc<dyn RequestLedger>,
    key: MacKey,
    strangers: MacKey,
    held: TimeDelta,
}

impl Requests {
    /// Remembers in `ledger`. Fingerprints are made with a key from `root`; a request takes `longest` at most.
    pub fn new(ledger: Arc<dyn RequestLedger>, root: &MacKey, longest: std::time::Duration) -> Self {
        let held = TimeDelta::from_std(longest).unwrap_or(KEPT).min(KEPT) + MARGIN;
        let (key, strangers) = (root.derive("request fingerprint"), root.derive("request stranger"));
        Self { ledger, key, strangers, held }
    }

    /// Keys of anonymous callers are apart by network. A key that somebody else guesses, or uses too, is another one then;
    /// behind one address it takes the same body to be answered. No address is kept.
    fn name(&self, context: &Context, key: IdempotencyKey) -> RequestName {
        let stranger = || hex::encode(&self.strangers.tag(&[network(context.client_ip).as_bytes()])[..16]);
        RequestName::new(context, key, stranger)
    }

    /// A fingerprint tells by what was asked of whom, and not by how: another order of headers is the same request.
    fn fingerprint(&self, request: &HttpRequest, body: &Digest) -> Fingerprint {
        let method = request.method().as_str().as_bytes();
        let (path, query) = (request.path().as_bytes(), request.query_string().as_bytes());
        Fingerprint(self.key.tag(&[method, path, query, &body.0]))
    }
}

/// A request at its beginning.
pub(crate) enum Begun {
    /// It is to be carried out.
    First(Ticket),
    /// It was answered before, so.
    Again(HttpResponse),
}

/// Looks up a request by the name its client gave it, if it did.
pub(crate) async fn begin(
    request: &HttpRequest,
    state: &web::Data<AppState>,
    context: &Context,
    body: &Digest,
) -> Result<Begun, Problem> {
    let requests = &state.requests;
    let Some(key) = key_of(request)? else {
        return Ok(Begun::First(Ticket { requests: requests.clone(), claimed: None }));
    };
    let claimed = ClaimedRequest { name: requests.name(context, key), token: state.ids.next() };
    let now = context.now;
    let claim = RequestClaim {
        fingerprint: requests.fingerprint(request, body),
        now,
        held_until: now + requests.held,
        kept_until: now + KEPT,
        claimed,
    };
    match requests.ledger.claim(&claim).await? {
        RequestState::Claimed => Ok(Begun::First(Ticket { requests: requests.clone(), claimed: Some(claim.claimed) })),
        RequestState::Running(other) | RequestState::Answered(other, _) if other != claim.fingerprint => Err(reused()),
        RequestState::Running(_) => Err(in_progress()),
        RequestState::Answered(_, answer) if answer.is_erased() => Err(erased()),
        RequestState::Answered(_, answer) => Ok(Begun::Again(replay(answer))),
    }
}

fn key_of(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = request.headers().get_all(KEY);
    let refused = || {
        let detail = "Idempotency-Key has 1 to 255 visible ASCII characters, and is sent once";
        Problem::http(StatusCode::BAD_REQUEST, http_codes::IDEMPOTENCY_KEY_INVALID, detail)
    };
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text = value.to_str().map_err(|_not_ascii| refused())?;
            IdempotencyKey::parse(text.trim()).map(Some).map_err(|_invalid| refused())
        }
        (Some(_), Some(_)) => Err(refused()),
    }
}

fn reused() -> Problem {
    let detail = "this Idempotency-Key was sent with another request";
    Problem::http(StatusCode::UNPROCESSABLE_ENTITY, http_codes::IDEMPOTENCY_KEY_REUSED, detail)
}

fn in_progress() -> Problem {
    let detail = "the first request with this Idempotency-Key is not finished";
    Problem::http(StatusCode::CONFLICT, http_codes::IDEMPOTENCY_IN_PROGRESS, detail).retry_after(1)
}

fn erased() -> Problem {
    let detail = "the request was carried out; its answer was erased with what it told of";
    Problem::http(StatusCode::GONE, http_codes::IDEMPOTENT_ANSWER_ERASED, detail)
}

fn replay(answer: StoredAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    response.insert_header((REPLAYED, "true"));
    response.insert_header(("cache-control", "no-store"));
    response.content_type(media_type(status)).body(answer.body)
}

fn media_type(status: StatusCode) -> &'static str {
    if status.is_success() { "application/json" } else { "application/problem+json" }
}

/// A JSON answer, as it is remembered and as it is sent: the same text both times.
pub(crate) fn answer(status: StatusCode, body: &impl Serialize) -> StoredAnswer {
    // What we answer with is made of texts and numbers, which are always JSON.
    let body = serde_json::to_string(body).unwrap_or_default();
    StoredAnswer { status: status.as_u16(), headers: Vec::new(), body }
}

/// The first answer.
pub(crate) fn send(answer: StoredAnswer) -> HttpResponse {
    let mut response = replay(answer);
    response.headers_mut().remove(REPLAYED);
    response
}

/// A request that is being carried out. Dropped before its end, it gives its claim back: the client has gone away, or a
/// handler panicked, and whoever sends the request again should not have to wait.
pub(crate) struct Ticket {
    requests: Requests,
    claimed: Option<ClaimedRequest>,
}

impl Ticket {
    /// What the use case needs to remember the answer in the transaction of its change.
    pub(crate) fn once<T>(&self, answer: impl Fn(&T) -> StoredAnswer + Send + Sync + 'static) -> Option<Once<T>> {
        Some(Once::new(self.claimed.clone()?, answer))
    }

    /// The request is answered: with what the use case remembered, or with a problem. A refusal is final, as the next
    /// attempt would be refused too. What failed for a reason of ours may be tried again, and so may what the caller may
    /// not do: they sign in anew, or are given a role.
    pub(crate) async fn end(
        mut self,
        context: &Context,
        outcome: Result<StoredAnswer, Problem>,
    ) -> Result<HttpResponse, Problem> {
        match outcome {
            Ok(answer) => {
                self.claimed = None;
                Ok(send(answer))
            }
            Err(problem) => {
                self.refuse(context, &problem).await;
                Err(problem)
            }
        }
    }

    async fn refuse(&mut self, context: &Context, problem: &Problem) {
        if problem.status().is_server_error() {
            return;
        }
        let Some(claimed) = self.claimed.take() else { return };
        if problem.status() == StatusCode::FORBIDDEN {
            give_back(Arc::clone(&self.requests.ledger), claimed).await;
            return;
        }
        let answer = answer(problem.status(), &problem.document(&context.request_id));
        if let Err(error) = self.requests.ledger.conclude(&Receipt { claimed, answer }).await {
            tracing::debug!(%error, "a refusal was not remembered; the same request will be judged anew");
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(claimed) = self.claimed.take() else { return };
        // Outside a runtime the claim runs out by itself.
        if tokio::runtime::Handle::try_current().is_ok() {
            drop(tokio::spawn(give_back(Arc::clone(&self.requests.ledger), claimed)));
        }
    }
}

async fn give_back(ledger: Arc<dyn RequestLedger>, claimed: ClaimedRequest) {
    if let Err(error) = ledger.release(&claimed).await {
        tracing::debug!(%error, "a claim was not given back; it will run out");
    }
}
