//! The laws every [`Revocations`] obeys. [`revocations_contract!`](crate::revocations_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::Timestamp;
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    SessionId,
    port::{RevocationFeed, Revocations, SessionEnded},
};

/// Three processes of one installation and one of another.
pub struct Processes {
    /// Of one installation.
    pub ours: [Arc<dyn Revocations>; 3],
    /// Of another, by the same means of transport.
    pub other: Arc<dyn Revocations>,
}

/// Every listener hears what any process announces, exactly as it was said, the announcing process included.
pub async fn every_listener_hears_it(Processes { ours, .. }: Processes) {
    let mut feeds = Vec::new();
    for process in &ours {
        feeds.push(process.listen().await.unwrap());
    }
    for (number, process) in (0..).zip(&ours) {
        process.announce(ended(number)).await.unwrap();
        for feed in &mut feeds {
            assert_eq!(next(&mut **feed).await, ended(number));
        }
    }
}

/// What one process announces is heard in its order, whole, and nothing twice.
pub async fn announcements_are_heard_in_order(Processes { ours: [one, another, _], .. }: Processes) {
    let mut feed = another.listen().await.unwrap();
    for number in 0..500 {
        one.announce(ended(number)).await.unwrap();
    }
    for number in 0..500 {
        assert_eq!(next(&mut *feed).await, ended(number));
    }
}

/// Who begins to listen hears nothing of before.
pub async fn the_past_is_not_heard(Processes { ours: [one, another, _], .. }: Processes) {
    one.announce(ended(1)).await.unwrap();
    let mut feed = another.listen().await.unwrap();
    one.announce(ended(2)).await.unwrap();
    assert_eq!(next(&mut *feed).await, ended(2));
}

/// Nobody has to listen, and who has stopped listening keeps nobody from being heard.
pub async fn nobody_has_to_listen(Processes { ours: [one, another, third], .. }: Processes) {
    one.announce(ended(1)).await.unwrap();
    drop(another.listen().await.unwrap());
    let mut feed = third.listen().await.unwrap();
    one.announce(ended(2)).await.unwrap();
    assert_eq!(next(&mut *feed).await, ended(2));
}

/// Installations do not hear each other.
pub async fn installations_are_apart(Processes { ours: [one, another, _], other }: Processes) {
    let (mut feed, mut others) = (another.listen().await.unwrap(), other.listen().await.unwrap());
    other.announce(ended(1)).await.unwrap();
    one.announce(ended(2)).await.unwrap();
    assert_eq!(next(&mut *feed).await, ended(2));
    assert_eq!(next(&mut *others).await, ended(1));
}

async fn next(feed: &mut dyn RevocationFeed) -> SessionEnded {
    feed.next().await.unwrap()
}

fn ended(number: u128) -> SessionEnded {
    let at = Timestamp::UNIX_EPOCH + TimeDelta::milliseconds(1_893_499_200_123);
    SessionEnded { session: SessionId::from_uuid(Uuid::from_u128(number)), at }
}

/// Makes one test of each law, under `#[tokio::test]`. The argument is the name of an async function without arguments
/// that answers fresh `Option<Processes>`, none where they cannot be had.
#[macro_export]
macro_rules! revocations_contract {
    ($fresh:path) => {
        $crate::revocations_contract!(@laws $fresh,
            every_listener_hears_it,
            announcements_are_heard_in_order,
            the_past_is_not_heard,
            nobody_has_to_listen,
            installations_are_apart,
        );
    };
    (@laws $fresh:path, $($law:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $law() {
            if let Some(processes) = $fresh().await {
                $crate::contract::revocations::$law(processes).await;
            }
        }
    )+};
}
