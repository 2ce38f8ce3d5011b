//! A count that can be waited for.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

#[derive(Default)]
pub(super) struct Rings(Mutex<Count>);

#[derive(Default)]
struct Count {
    rings: u64,
    waiting: Vec<Waker>,
}

impl Rings {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring(&self) {
        let mut count = self.count();
        count.rings = count.rings.wrapping_add(1);
        count.waiting.drain(..).for_each(Waker::wake);
    }

    /// The count, once it is another than `heard`.
    pub(super) async fn other_than(&self, heard: u64) -> u64 {
        poll_fn(|context| {
            let mut count = self.count();
            if count.rings != heard {
                return Poll::Ready(count.rings);
            }
            if !count.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                count.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await
    }
}
