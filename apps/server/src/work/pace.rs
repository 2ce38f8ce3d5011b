//! When to look again.

use std::{sync::Arc, time::Duration};

use ashlar_jobs::port::{Bell, News};
use ashlar_kernel::Entropy;

use super::Stop;

/// When a task looks again: at the bell, or after a while, until it is to stop.
#[derive(Clone)]
pub(super) struct Pace {
    bell: Arc<dyn Bell>,
    news: News,
    heard: u64,
    entropy: Arc<dyn Entropy>,
    stop: Stop,
}

impl Pace {
    pub(super) fn new(bell: Arc<dyn Bell>, entropy: Arc<dyn Entropy>, stop: Stop) -> Self {
        Self { bell, news: News::Jobs, heard: 0, entropy, stop }
    }

    /// The same, woken by other news.
    pub(super) fn woken_by(self, news: News) -> Self {
        Self { news, ..self }
    }

    /// Whether to go on.
    pub(super) fn goes_on(&self) -> bool {
        self.stop.borrow().is_none()
    }

    /// How long what was begun may take to finish; asked when it is time to stop.
    pub(super) fn patience(&self) -> Duration {
        self.stop.borrow().unwrap_or_default()
    }

    /// Returns at the next ring, after `longest`, or when it is time to stop. Rings since the last call count.
    pub(super) async fn until_rung(&mut self, longest: Duration) {
        let longest = self.jittered(longest);
        tokio::select! {
            _asked = self.stop.wait_for(Option::is_some) => {}
            heard = self.bell.rung(self.news, self.heard) => self.heard = heard,
            () = tokio::time::sleep(longest) => {}
        }
    }

    /// Returns after `pause`, or when it is time to stop.
    pub(super) async fn rest(&mut self, pause: Duration) {
        let pause = self.jittered(pause);
        tokio::select! {
            _asked = self.stop.wait_for(Option::is_some) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Three to five quarters of `pause`, so that processes started together do not stay together.
    fn jittered(&self, pause: Duration) -> Duration {
        let [byte] = self.entropy.bytes();
        pause.mul_f64(0.75 + f64::from(byte) / 510.0)
    }
}

/// How a task that keeps failing slows down, and says so once.
pub(super) struct Trouble {
    what: &'static str,
    failures: u32,
}

const LONGEST_REST: Duration = Duration::from_secs(10);

impl Trouble {
    pub(super) const fn with(what: &'static str) -> Self {
        Self { what, failures: 0 }
    }

    /// It failed; the rest it needs.
    pub(super) fn meet(&mut self, error: &dyn std::error::Error) -> Duration {
        if self.failures == 0 {
            let cause = error.source().map(tracing::field::display);
            tracing::warn!(what = self.what, %error, cause, "work behind the scenes has stopped; trying again");
        }
        self.failures = self.failures.saturating_add(1);
        (Duration::from_millis(250) * 2_u32.saturating_pow(self.failures.min(16))).min(LONGEST_REST)
    }

    /// It worked.
    pub(super) fn is_over(&mut self) {
        if self.failures > 0 {
            tracing::info!(what = self.what, "work behind the scenes goes on");
            self.failures = 0;
        }
    }
}
