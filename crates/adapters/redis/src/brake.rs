//! Sources that fail with many names, watched by all processes together.

use ashlar_kernel::{Brake, BrakeRule, StoreError, Timestamp};
use async_trait::async_trait;
use redis::{AsyncCommands as _, Script};

use crate::RedisStore;

/// `KEYS` are the subjects of a source, each with the moment of its last failure, and until when the brake is on; `ARGV`
/// the moment, how long a subject counts, how many put the brake on, for how long, and the subject. Moments in
/// milliseconds, which stay exact in Lua's floating point. Both keys go by themselves.
const NOTE: &str = r"
local now, within, lasts = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
if now < tonumber(redis.call('GET', KEYS[2]) or '0') then return 0 end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - within))
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[5])
if redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[3]) then
    redis.call('PEXPIRE', KEYS[1], within)
    return 0
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], string.format('%.0f', now + lasts), 'PX', lasts)
return 1
";

/// Watches in Redis, so that a list that is spread over all processes is seen as one.
pub struct RedisBrake {
    store: RedisStore,
    note: Script,
    rule: BrakeRule,
    prefix: String,
}

impl RedisBrake {
    /// Watches under keys that begin with `prefix`, which keeps installations apart that share a Redis.
    pub fn new(store: RedisStore, prefix: impl Into<String>, rule: BrakeRule) -> Self {
        Self { store, note: Script::new(NOTE), rule, prefix: prefix.into() }
    }

    fn failed(&self, source: &str) -> String {
        format!("{}brake:failed:{source}", self.prefix)
    }

    fn on(&self, source: &str) -> String {
        format!("{}brake:on:{source}", self.prefix)
    }
}

#[async_trait]
impl Brake for RedisBrake {
    async fn is_on(&self, source: &str, now: Timestamp) -> Result<bool, StoreError> {
        let key = self.on(source);
        let until: Option<i64> = self.store.ask(async |connection| connection.get(key).await).await?;
        Ok(until.is_some_and(|until| now.timestamp_millis() < until))
    }

    async fn note_failure(&self, source: &str, subject: &str, now: Timestamp) -> Result<bool, StoreError> {
        let BrakeRule { subjects, within, lasts } = self.rule;
        let [within, lasts] = [within, lasts].map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        let mut call = self.note.prepare_invoke();
        call.key(self.failed(source)).key(self.on(source));
        call.arg(now.timestamp_millis()).arg(within).arg(subjects).arg(lasts).arg(subject);
        self.store.ask(async |connection| call.invoke_async(connection).await).await
    }
}
