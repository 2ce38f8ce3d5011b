//! Rate limits that all processes share.

use ashlar_kernel::{Charge, RateLimiter, StoreError, Timestamp, Verdict};
use async_trait::async_trait;
use redis::Script;

use crate::RedisStore;

/// The algorithm of [`RatePolicy::spend`](ashlar_kernel::RatePolicy::spend) over several keys, all or none.
///
/// `KEYS` are callers; `ARGV` is the moment and then, for each key, the interval and the window, in microseconds. Answers
/// until when each was paid for before, and whether the request goes on. Microseconds since 1970 stay exact in Lua's
/// floating point until the year 2255. A key goes when its caller has regained everything.
const SPEND: &str = r"
local now = tonumber(ARGV[1])
local before, after, allowed = {}, {}, 1
for i, key in ipairs(KEYS) do
    local interval, window = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
    local paid = tonumber(redis.call('GET', key) or '0')
    before[i] = paid
    after[i] = math.max(paid, now) + interval
    if after[i] - window - now > 0 then allowed = 0 end
end
local answer = { allowed }
for i, key in ipairs(KEYS) do
    if allowed == 1 then
        local alive = math.ceil((after[i] - now) / 1000)
        redis.call('SET', key, string.format('%.0f', after[i]), 'PX', alive)
    end
    answer[i + 1] = string.format('%.0f', before[i])
end
return answer
";

/// Counts in Redis, so that a limit holds for all processes together. Its time is the caller's: machines whose clocks
/// differ by a second give away, or keep back, a second's worth.
pub struct RedisRateLimiter {
    store: RedisStore,
    spend: Script,
    prefix: String,
}

impl RedisRateLimiter {
    /// Counts under keys that begin with `prefix`, which keeps installations apart that share a Redis.
    pub fn new(store: RedisStore, prefix: impl Into<String>) -> Self {
        Self { store, spend: Script::new(SPEND), prefix: prefix.into() }
    }

    /// The length tells where the policy's name ends.
    fn key(&self, charge: &Charge) -> String {
        let name = charge.policy.name();
        format!("{}rate:{}:{name}:{}", self.prefix, name.len(), charge.key)
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError> {
        if charges.is_empty() {
            return Ok(Verdict { standings: Vec::new(), violated: Vec::new() });
        }
        let now = now.timestamp_micros();
        let mut call = self.spend.prepare_invoke();
        call.arg(now);
        for charge in charges {
            call.key(self.key(charge)).arg(charge.policy.interval_micros()).arg(charge.policy.window_micros());
        }
        let answer: Vec<i64> = self.store.ask(async |connection| call.invoke_async(connection).await).await?;
        verdict(charges, &answer, now).ok_or_else(|| StoreError::internal("the answer of Redis has another form"))
    }
}

fn verdict(charges: &[Charge], answer: &[i64], now: i64) -> Option<Verdict> {
    let (allowed, before) = answer.split_first()?;
    if before.len() != charges.len() {
        return None;
    }
    let mut verdict = Verdict { standings: Vec::with_capacity(charges.len()), violated: Vec::new() };
    for (charge, paid) in charges.iter().zip(before) {
        let spent = charge.policy.spend(*paid, now);
        if spent.is_err() {
            verdict.violated.push(charge.policy.standing(*paid, now));
        }
        let paid = if *allowed == 1 { spent.unwrap_or(*paid) } else { *paid };
        verdict.standings.push(charge.policy.standing(paid, now));
    }
    (verdict.is_allowed() == (*allowed == 1)).then_some(verdict)
}
