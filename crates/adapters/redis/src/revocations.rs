//! News of ended sessions for all processes that share a Redis.

use std::time::Duration;

use ashlar_identity::{
    SessionId,
    port::{RevocationFeed, Revocations, SessionEnded},
};
use ashlar_kernel::{MacKey, StoreError, Timestamp};
use async_trait::async_trait;
use futures::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::RedisStore;

/// How long a listener waits for Redis to say anything. Nobody's request waits with it.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a silent Redis is asked whether it is still there.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Session, milliseconds since 1970, tag.
const LENGTH: usize = 16 + 8 + 32;

/// Announces ended sessions by publish and subscribe.
///
/// Every message carries a tag made with a key of the installation. Who can merely write to Redis can end nobody's
/// session; repeating an old message says nothing new, since an end is final.
pub struct RedisRevocations {
    store: RedisStore,
    channel: String,
    key: MacKey,
}

impl RedisRevocations {
    /// On the channel whose name begins with `prefix`. Processes that share a root key believe each other.
    pub fn new(store: RedisStore, prefix: &str, root_key: &MacKey) -> Self {
        Self { store, channel: format!("{prefix}revocations"), key: root_key.derive("revocations v1") }
    }
}

#[async_trait]
impl Revocations for RedisRevocations {
    async fn announce(&self, ended: SessionEnded) -> Result<(), StoreError> {
        let message = write(&self.key, ended);
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&self.channel).arg(message.as_slice());
        self.store.ask(async |connection| publish.query_async(connection).await).await
    }

    async fn listen(&self) -> Result<Box<dyn RevocationFeed>, StoreError> {
        let listening = async {
            let (mut sink, stream) = self.store.client().get_async_pubsub().await?.split();
            sink.subscribe(&self.channel).await?;
            Ok((sink, stream))
        };
        let (sink, stream) = in_time(listening).await?;
        let next_heartbeat = Instant::now() + HEARTBEAT;
        Ok(Box::new(Feed { sink, stream, key: self.key.clone(), next_heartbeat, has_complained: false }))
    }
}

struct Feed {
    sink: PubSubSink,
    stream: PubSubStream,
    key: MacKey,
    next_heartbeat: Instant,
    has_complained: bool,
}

#[async_trait]
impl RevocationFeed for Feed {
    async fn next(&mut self) -> Result<SessionEnded, StoreError> {
        loop {
            let message = tokio::select! {
                message = self.stream.next() => message,
                () = tokio::time::sleep_until(self.next_heartbeat) => {
                    // A Redis that hangs, or a machine that is gone, closes no connection.
                    in_time(self.sink.ping::<()>()).await?;
                    self.next_heartbeat = Instant::now() + HEARTBEAT;
                    continue;
                }
            };
            let message = message.ok_or_else(|| StoreError::Unavailable("Redis has closed the connection".into()))?;
            match read(&self.key, message.get_payload_bytes()) {
                Some(ended) => return Ok(ended),
                None => self.complain(message.get_payload_bytes().len()),
            }
        }
    }
}

impl Feed {
    /// Once a connection: whoever sends nonsense must not be able to fill the log.
    fn complain(&mut self, length: usize) {
        if !self.has_complained {
            self.has_complained = true;
            tracing::warn!(length, "somebody without the keys of this installation announces ended sessions in Redis");
        }
    }
}

async fn in_time<T>(asking: impl Future<Output = redis::RedisResult<T>>) -> Result<T, StoreError> {
    match timeout(PATIENCE, asking).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(StoreError::Unavailable(error.into())),
        Err(elapsed) => Err(StoreError::Unavailable(elapsed.into())),
    }
}

fn write(key: &MacKey, ended: SessionEnded) -> Vec<u8> {
    let (session, at) = (ended.session.as_uuid(), ended.at.timestamp_millis().to_be_bytes());
    let tag = key.tag(&[session.as_bytes(), &at]);
    [session.as_bytes().as_slice(), &at, &tag].concat()
}

fn read(key: &MacKey, message: &[u8]) -> Option<SessionEnded> {
    if message.len() != LENGTH {
        return None;
    }
    let (session, rest) = message.split_first_chunk::<16>()?;
    let (at, tag) = rest.split_first_chunk::<8>()?;
    if !key.verify(&[session, at], tag) {
        return None;
    }
    let at = Timestamp::from_timestamp_millis(i64::from_be_bytes(*at))?;
    Some(SessionEnded { session: SessionId::from_uuid(Uuid::from_bytes(*session)), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_with_the_key_is_read() {
        let key = MacKey::from_bytes([7; 32]);
        let at = Timestamp::from_timestamp_millis(1_893_499_200_123).unwrap();
        let ended = SessionEnded { session: SessionId::from_uuid(Uuid::from_u128(5)), at };
        let message = write(&key, ended);

        assert_eq!(read(&key, &message), Some(ended));
        assert_eq!(read(&MacKey::from_bytes([8; 32]), &message), None);
        for place in 0..message.len() {
            let mut changed = message.clone();
            changed[place] ^= 1;
            assert_eq!(read(&key, &changed), None, "byte {place}");
            assert_eq!(read(&key, &message[..place]), None);
        }
        assert_eq!(read(&key, &[message.as_slice(), b"x"].concat()), None);
    }
}
