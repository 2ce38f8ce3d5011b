//! Threads that hash and do nothing else.

use std::{
    num::NonZeroU16,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A thread was not to be had, or its work panicked.
#[derive(Debug, thiserror::Error)]
#[error("a hashing thread did not finish its work")]
pub(super) struct Unfinished;

/// A number of threads that yield to all others: a core that hashes for 16 ms would make the requests beside it wait
/// for as long, however cheap they are. They end when this is dropped.
pub(super) struct Threads(mpsc::Sender<Job>);

impl Threads {
    pub(super) fn start(count: NonZeroU16) -> Self {
        let (jobs, waiting) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..count.get() {
            let waiting = Arc::clone(&waiting);
            let started = thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&waiting));
            if let Err(error) = started {
                tracing::error!(%error, number, "a hashing thread does not start");
            }
        }
        Self(jobs)
    }

    /// Has `job` done. Who goes away does not stop it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Unfinished> {
        let (tell, told) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody listens when the caller has gone away meanwhile.
            let _heard = tell.send(job());
        });
        self.0.send(job).map_err(|_no_thread| Unfinished)?;
        told.await.map_err(|_panicked| Unfinished)
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    yield_to_others();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // Its caller is told by the silence, and the thread goes on.
        let _told = catch_unwind(AssertUnwindSafe(job));
    }
}

/// As far below the others as a nice program puts itself. On Linux this is of one thread, elsewhere of the process.
#[cfg(target_os = "linux")]
fn yield_to_others() {
    const NICE: i32 = 10;
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "hashing does not yield to requests");
    }
}

#[cfg(not(target_os = "linux"))]
fn yield_to_others() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn panic_costs_its_caller_and_no_thread() {
        let threads = Threads::start(NonZeroU16::MIN);

        let unfinished = threads.run(|| panic!("as told")).await;
        assert!(matches!(unfinished, Err::<(), _>(Unfinished)));

        assert_eq!(threads.run(|| 7).await.unwrap(), 7);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn hashing_yields_and_the_rest_of_the_process_does_not() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();

        let hashing = Threads::start(NonZeroU16::MIN).run(nice).await.unwrap();

        assert_eq!((hashing, nice()), (10.max(before), before));
    }
}
