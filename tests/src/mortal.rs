//! Processes that are killed at a moment of a test's choosing: before or after a step of what they do.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Signal, getpid, kill_process};

/// The moment in which this process dies: in one window, at one pass. Windows are numbered; a step has the one before it and
/// the one after it, where its answer was not heard.
pub struct Death {
    window: usize,
    passes: AtomicUsize,
}

impl Death {
    /// Comes in `window` when that is passed for the `pass`th time, from 1.
    pub const fn in_window(window: usize, pass: usize) -> Self {
        Self { window, passes: AtomicUsize::new(pass) }
    }

    /// Never comes.
    pub const fn never() -> Self {
        Self::in_window(usize::MAX, 0)
    }

    /// Passes a window.
    ///
    /// # Panics
    ///
    /// If a process cannot end itself.
    pub fn may_come(&self, window: usize) {
        if self.window == window && self.passes.fetch_sub(1, Ordering::SeqCst) == 1 {
            // No destructor, no rollback, no goodbye.
            kill_process(getpid(), Signal::KILL).unwrap();
        }
    }

    /// Takes a step between the windows `first` and the one after it.
    pub async fn around<T>(&self, first: usize, step: impl Future<Output = T> + Send) -> T {
        self.may_come(first);
        let outcome = step.await;
        self.may_come(first + 1);
        outcome
    }
}

/// Runs the test `kill_nine::mortal` of this binary in a process of its own, with `orders` in the variable `name`, and fails
/// unless it is killed. `who` is what it is called then.
pub fn dies((name, orders): (&str, &str), patience: Duration, who: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["kill_nine::mortal", "--exact", "--nocapture"])
        .env(name, orders)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + patience;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                drop((child.kill(), child.wait()));
                panic!("{who} has outlived it");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    assert_eq!(status.signal(), Some(9), "{who} was to die");
}
