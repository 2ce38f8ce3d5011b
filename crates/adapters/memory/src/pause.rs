//! Waiting without a runtime.

use std::time::Duration;

use ashlar_identity::port::Pause;
use async_trait::async_trait;

/// Does not wait, but lets others go first: any executor will do.
#[derive(Debug, Clone, Copy, Default)]
pub struct LetOthersGo;

#[async_trait]
impl Pause for LetOthersGo {
    async fn pause(&self, _duration: Duration) {
        let mut has_yielded = false;
        futures::future::poll_fn(|context| {
            if std::mem::replace(&mut has_yielded, true) {
                return std::task::Poll::Ready(());
            }
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        })
        .await;
    }
}
