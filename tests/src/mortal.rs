//! Processes that die by `kill -9`, and what is looked at afterwards.
//!
//! A step that a process dies at is chosen by a test that is started once more, in a process of its own: it is called
//! `mortal`, stands beside the test that wants its death, and takes its [`orders`]. [`Death`] comes to it before or after the
//! step, and [`dies`] waits for that. The program as it is dies at any moment, [`killed_after`] some time.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Signal, getpid, kill_process};
use serde::{Serialize, de::DeserializeOwned};

use crate::binary::{Program, Server};

/// How long a process may live that is to die.
const PATIENCE: Duration = Duration::from_mins(1);
/// Where a process finds its orders.
const ORDERS: &str = "ASHLAR_TEST_DIES_BY";

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

/// Every window in turn, `rounds` times, each with the number of the process that dies in it, from 1.
pub fn every_window(rounds: usize, windows: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rounds * windows).map(move |number| (number + 1, number % windows))
}

/// What this process was told that was started to die; none if it is no such process.
#[expect(clippy::disallowed_methods, reason = "how it is told what to do")]
pub fn orders<T: DeserializeOwned>() -> Option<T> {
    let orders = std::env::var(ORDERS).ok()?;
    Some(serde_json::from_str(&orders).unwrap())
}

/// Runs the test `mortal` of a module (`module_path!()`) in a process of its own, with `orders`, and fails unless it is
/// killed. `who` is what it is called then.
pub fn dies(module: &str, orders: &impl Serialize, who: &str) {
    let (_program, module) = module.split_once("::").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::mortal"), "--exact", "--nocapture"])
        .env(ORDERS, serde_json::to_string(orders).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
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

/// Starts the program, lets a storm begin there, and kills it after a pause, whatever it is at. Answers with what was begun.
pub async fn killed_after<T>(program: &Program, pause: Duration, storm: impl FnOnce(&Server) -> T) -> T {
    let mut server = program.serve().await;
    let begun = storm(&server);
    // The moment is the point of such a test: any moment, and another one each time.
    tokio::time::sleep(pause).await;
    server.kill_nine();
    begun
}
