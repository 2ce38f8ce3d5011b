//! The news of ended sessions.

use std::sync::Arc;

use ashlar_identity::{
    SessionId,
    contract::revocations::Processes,
    port::{Revocations, SessionEnded},
};
use ashlar_kernel::{MacKey, Timestamp};
use ashlar_redis::RedisRevocations;
use uuid::Uuid;

async fn fresh() -> Option<Processes> {
    let (store, prefix) = super::redis().await?;
    let process = |key: u8| -> Arc<dyn Revocations> {
        Arc::new(RedisRevocations::new(store.clone(), &prefix, &MacKey::from_bytes([key; 32])))
    };
    // Another installation is one with other keys, even where it uses the same channel.
    Some(Processes { ours: [process(1), process(1), process(1)], other: process(2) })
}

ashlar_identity::revocations_contract!(fresh);

#[tokio::test]
async fn a_silent_feed_stays_alive_over_heartbeats() {
    let Some(Processes { ours: [one, another, _], .. }) = fresh().await else { return };
    let mut feed = another.listen().await.unwrap();
    let ended = SessionEnded { session: SessionId::from_uuid(Uuid::from_u128(1)), at: Timestamp::UNIX_EPOCH };
    let listening = tokio::spawn(async move { feed.next().await });
    // Real time, since Redis lives in it: two heartbeats long.
    tokio::time::sleep(std::time::Duration::from_millis(2_300)).await;
    assert!(!listening.is_finished(), "the feed has ended by itself");
    one.announce(ended).await.unwrap();
    assert_eq!(listening.await.unwrap().unwrap(), ended);
}
