//! Takes reports to Sentry from a thread of its own. Nobody waits for it: when its queue is full, reports are lost, and
//! at the end of the process it gets as long as it is given.
//!
//! The transports of the `sentry` crate have no limit of time for a request, and wait at the end until their queue has
//! room: a Sentry that takes a connection and says nothing would keep the process from stopping.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use sentry::{Envelope, Transport, types::Dsn};
use tokio::runtime;

use super::ReportError;

/// Reports that may wait. More at once are the same few errors over and over.
const ROOM: usize = 64;
/// How long one report may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nothing is sent when Sentry wants less and does not say for how long.
const PAUSE: Duration = Duration::from_mins(1);
/// However long it says.
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The queue before the thread.
pub(super) struct Courier {
    queue: SyncSender<Envelope>,
    waiting: Arc<Waiting>,
}

/// How many reports are in the queue or on their way.
#[derive(Default)]
struct Waiting {
    number: Mutex<usize>,
    fewer: Condvar,
}

impl Waiting {
    fn number(&self) -> MutexGuard<'_, usize> {
        self.number.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one_less(&self) {
        let mut number = self.number();
        *number = number.saturating_sub(1);
        self.fewer.notify_all();
    }
}

impl Courier {
    pub(super) fn start(dsn: &Dsn) -> Result<Self, ReportError> {
        let client =
            Client::builder().timeout(PATIENCE).redirect(Policy::none()).build().map_err(ReportError::Client)?;
        let (queue, reports) = sync_channel(ROOM);
        let waiting = Arc::new(Waiting::default());
        let route = Route {
            client,
            url: dsn.envelope_api_url().to_string(),
            auth: dsn.to_auth(Some(concat!("ashlar/", env!("CARGO_PKG_VERSION")))).to_string(),
            quiet_until: None,
            arrives: true,
        };
        let done = Arc::clone(&waiting);
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(ReportError::Thread)?;
        let thread = thread::Builder::new().name("error-reports".to_owned());
        // It ends with the queue, and nobody waits for that.
        let carry = move || runtime.block_on(route.carry(&reports, &done));
        let _runs_alone = thread.spawn(carry).map_err(ReportError::Thread)?;
        Ok(Self { queue, waiting })
    }

    /// Whether a report would be taken.
    pub(super) fn has_room(&self) -> bool {
        *self.waiting.number() < ROOM
    }
}

impl Transport for Courier {
    fn send_envelope(&self, envelope: Envelope) {
        *self.waiting.number() += 1;
        if self.queue.try_send(envelope).is_err() {
            self.waiting.one_less();
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let number = self.waiting.number();
        let ended = self.waiting.fewer.wait_timeout_while(number, timeout, |number| *number > 0);
        let (number, _) = ended.unwrap_or_else(PoisonError::into_inner);
        *number == 0
    }
}

/// The way to Sentry, and how it is there.
struct Route {
    client: Client,
    url: String,
    auth: String,
    quiet_until: Option<Instant>,
    arrives: bool,
}

impl Route {
    /// Blocks its thread between reports: there is nothing else on it.
    async fn carry(mut self, reports: &Receiver<Envelope>, waiting: &Waiting) {
        for report in reports {
            if self.quiet_until.is_none_or(|until| until <= Instant::now()) {
                self.send(&report).await;
            }
            waiting.one_less();
        }
    }

    async fn send(&mut self, report: &Envelope) {
        let mut body = Vec::new();
        if let Err(error) = report.to_writer(&mut body) {
            tracing::warn!(%error, "an error cannot be written as a report");
            return;
        }
        let request = self.client.post(&self.url).header("X-Sentry-Auth", &self.auth);
        let sent = request.header(CONTENT_TYPE, "application/x-sentry-envelope").body(body).send().await;
        match sent {
            Ok(answer) if answer.status() == StatusCode::TOO_MANY_REQUESTS => {
                self.quiet_until = Instant::now().checked_add(pause(&answer));
            }
            Ok(answer) if answer.status().is_success() => self.tell(Ok(())),
            Ok(answer) => self.tell(Err(answer.status().to_string())),
            // The error would name the address, which has no key in it but is nobody's business.
            Err(error) => self.tell(Err(causes(&error.without_url()))),
        }
    }

    /// One line when it changes, not one for each report.
    fn tell(&mut self, outcome: Result<(), String>) {
        match outcome {
            Ok(()) if !self.arrives => tracing::info!("Sentry takes error reports again"),
            Err(why) if self.arrives => tracing::warn!(why, "Sentry takes no error reports"),
            Ok(()) | Err(_) => return,
        }
        self.arrives = !self.arrives;
    }
}

fn pause(answer: &Response) -> Duration {
    let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(PAUSE, Duration::from_secs).min(LONGEST_PAUSE)
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    crate::cli::output::causes(error).join(": ")
}
