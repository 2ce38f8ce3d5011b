//! Waiting that a signal can cut short.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::interrupt::Interrupt;

/// Asks `done` every `pause` until it says yes, and gives up after `limit`.
pub(crate) fn until(
    limit: Duration,
    pause: Duration,
    interrupt: &Interrupt,
    mut done: impl FnMut() -> Result<bool>,
) -> Result<()> {
    let start = Instant::now();
    loop {
        interrupt.check()?;
        if done()? {
            return Ok(());
        }
        if start.elapsed() > limit {
            bail!("no answer within {} s", limit.as_secs());
        }
        thread::sleep(pause);
    }
}

/// Lets `span` pass.
pub(crate) fn for_a_while(span: Duration, interrupt: &Interrupt) -> Result<()> {
    let end = Instant::now() + span;
    let pause = Duration::from_millis(20);
    until(span + Duration::from_secs(1), pause, interrupt, || Ok(Instant::now() >= end))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_millis(1);

    #[test]
    fn what_never_comes_is_given_up_on() {
        let limit = Duration::from_millis(5);

        let result = until(limit, PAUSE, &Interrupt::default(), || Ok(false));

        assert!(result.unwrap_err().to_string().contains("no answer"));
    }

    #[test]
    fn a_signal_ends_the_wait() {
        let interrupt = Interrupt::default();
        interrupt.raise();

        let result = until(Duration::from_mins(1), PAUSE, &interrupt, || Ok(false));

        assert_eq!(result.unwrap_err().to_string(), "interrupted");
    }
}
