//! Threads that weigh pages while others are read.

use std::{
    collections::VecDeque,
    num::NonZero,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use futures::channel::oneshot;

use super::{Page, weigh::Weighed};
use crate::stored::Scratch;

/// More of them would wait for the one who reads.
const MOST: usize = 8;

/// Whoever weighs pages. Pages come back in the order in which they were handed in.
pub(super) struct Team {
    /// None where no thread could be had: then everything is done where it is asked for.
    jobs: Option<mpsc::Sender<Job>>,
    size: usize,
    under_way: VecDeque<oneshot::Receiver<Vec<Weighed>>>,
}

struct Job {
    page: Page,
    done: oneshot::Sender<Vec<Weighed>>,
}

impl Team {
    /// As many as there are processors. They end when the team does.
    pub(super) fn new() -> Self {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let wanted = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
        let started = (0..wanted).filter(|_member| {
            let waiting = Arc::clone(&waiting);
            thread::Builder::new().name("weigh".to_owned()).spawn(move || work(&waiting)).is_ok()
        });
        let size = started.count();
        Self { jobs: (size > 0).then_some(jobs), size, under_way: VecDeque::new() }
    }

    /// Hands a page in.
    pub(super) fn weigh(&mut self, page: Page) {
        let (done, receiver) = oneshot::channel();
        let job = Job { page, done };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).err().map(|refused| refused.0),
            None => Some(job),
        };
        if let Some(job) = refused {
            job.run(&mut Scratch::default());
        }
        self.under_way.push_back(receiver);
    }

    /// Whether as much is under way as is good: one page for each, and one for whoever is done first.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.len() > self.size
    }

    /// The page that was handed in first; none if there is none any more.
    pub(super) async fn next(&mut self) -> Option<Vec<Weighed>> {
        let first = self.under_way.pop_front()?;
        // A thread that died has said why. Whoever waits must not take that for the end of a trail.
        #[expect(clippy::expect_used, reason = "a bug in the weighing is a bug here")]
        Some(first.await.expect("a page is weighed"))
    }
}

impl Job {
    fn run(self, scratch: &mut Scratch) {
        let weighed = Weighed::page(&self.page, scratch).collect();
        // Nobody may want it any more.
        let _unwanted = self.done.send(weighed);
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>) {
    let mut scratch = Scratch::default();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => job.run(&mut scratch),
            Err(_closed) => return,
        }
    }
}
