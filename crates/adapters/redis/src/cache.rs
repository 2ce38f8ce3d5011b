//! A cache that all processes share.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ashlar_kernel::{
    Cache, CacheKey, CacheTag, Cached, Entropy, Kept, Lifetime, MAX_CACHED_VALUE, NewEntry, StoreError, TagVersion,
    TagVersions, Timestamp,
};
use async_trait::async_trait;
use redis::Script;

use crate::RedisStore;

/// `KEYS[1]` is an entry. Answers value, moment and lifetime, or nothing when a tag has another version by now.
const GET: &str = r"
local entry = redis.call('HMGET', KEYS[1], 'value', 'stored', 'fresh', 'stale', 'tags')
if not entry[1] then return false end
for tag, version in pairs(cjson.decode(entry[5])) do
    if redis.call('GET', tag) ~= version then return false end
end
return { entry[1], entry[2], entry[3], entry[4] }
";

/// `KEYS` are tags, `ARGV` how long they are to live at least and, for each, the version it gets if it has none.
const VERSIONS: &str = r"
local versions = {}
for i, tag in ipairs(KEYS) do
    local version = redis.call('GET', tag)
    if not version then
        version = ARGV[i + 1]
        redis.call('SET', tag, version, 'PX', ARGV[1])
    elseif redis.call('PTTL', tag) < tonumber(ARGV[1]) then
        redis.call('PEXPIRE', tag, ARGV[1])
    end
    versions[i] = version
end
return versions
";

/// `KEYS[1]` is an entry, the others its tags; `ARGV` value, moment, lifetime in two parts, their sum, the tags as JSON,
/// and the version of each tag. A tag lives as long as its entries: with a tag that is gone an entry is gone too.
const PUT: &str = r"
for i = 2, #KEYS do
    if redis.call('GET', KEYS[i]) ~= ARGV[i + 5] then return 0 end
end
for i = 2, #KEYS do
    if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[5]) then redis.call('PEXPIRE', KEYS[i], ARGV[5]) end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'value', ARGV[1], 'stored', ARGV[2], 'fresh', ARGV[3], 'stale', ARGV[4], 'tags', ARGV[6])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
";

/// How long the version of a tag is kept for a value that is on its way.
const ON_ITS_WAY: Duration = Duration::from_mins(5);
/// Nothing stays for longer, whatever lifetime it was given.
const LONGEST: Duration = Duration::from_hours(30 * 24);

/// Remembers in Redis. Every key lives as long as its value and no longer, no value is larger than
/// [`MAX_CACHED_VALUE`], and what Redis evicts or loses is merely forgotten: an entry is good only while all its tags are
/// there with the versions it knows, and versions are random, so that none comes twice.
pub struct RedisCache {
    store: RedisStore,
    prefix: String,
    entropy: Arc<dyn Entropy>,
    get: Script,
    versions: Script,
    put: Script,
}

impl RedisCache {
    /// Remembers under keys that begin with `prefix`, which keeps installations apart that share a Redis.
    pub fn new(store: RedisStore, prefix: impl Into<String>, entropy: Arc<dyn Entropy>) -> Self {
        let (get, versions, put) = (Script::new(GET), Script::new(VERSIONS), Script::new(PUT));
        Self { store, prefix: prefix.into(), entropy, get, versions, put }
    }

    fn entry(&self, key: &CacheKey) -> String {
        format!("{}cache:{}", self.prefix, key.as_text())
    }

    fn tag(&self, tag: &CacheTag) -> String {
        format!("{}cache-tag:{}", self.prefix, tag.as_text())
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &CacheKey, now: Timestamp) -> Result<Option<Cached>, StoreError> {
        let mut call = self.get.prepare_invoke();
        call.key(self.entry(key));
        let found: Option<(Vec<u8>, i64, u64, u64)> =
            self.store.ask(async |connection| call.invoke_async(connection).await).await?;
        let Some((value, stored, fresh, stale)) = found else { return Ok(None) };
        let stored = Timestamp::from_timestamp_millis(stored).ok_or(StoreError::Corrupt { what: "cache entry" })?;
        let lifetime = Lifetime { fresh_for: Duration::from_millis(fresh), stale_for: Duration::from_millis(stale) };
        Ok(lifetime.freshness(stored, now).map(|freshness| Cached { value: value.into(), freshness }))
    }

    async fn versions(&self, tags: &[CacheTag]) -> Result<TagVersions, StoreError> {
        if tags.is_empty() {
            return Ok(TagVersions::default());
        }
        let mut call = self.versions.prepare_invoke();
        call.arg(milliseconds(ON_ITS_WAY));
        for tag in tags {
            call.key(self.tag(tag)).arg(text(TagVersion(u128::from_be_bytes(self.entropy.bytes()))));
        }
        let texts: Vec<String> = self.store.ask(async |connection| call.invoke_async(connection).await).await?;
        let version = |text: &String| u128::from_str_radix(text, 16).map(TagVersion);
        let versions: Result<Vec<_>, _> = texts.iter().map(version).collect();
        match versions {
            Ok(versions) if versions.len() == tags.len() => {
                Ok(TagVersions(tags.iter().cloned().zip(versions).collect()))
            }
            _ => Err(StoreError::Corrupt { what: "cache tag" }),
        }
    }

    async fn put(&self, key: &CacheKey, entry: NewEntry, now: Timestamp) -> Result<Kept, StoreError> {
        let NewEntry { value, lifetime, tags: TagVersions(tags) } = entry;
        if value.len() > MAX_CACHED_VALUE {
            return Ok(Kept::TooLarge);
        }
        let names: Vec<_> = tags.iter().map(|(tag, version)| (self.tag(tag), text(*version))).collect();
        let mut call = self.put.prepare_invoke();
        call.key(self.entry(key)).arg(&*value).arg(now.timestamp_millis());
        call.arg(milliseconds(lifetime.fresh_for)).arg(milliseconds(lifetime.stale_for));
        call.arg(milliseconds(lifetime.whole()).max(1)).arg(json(&names)?);
        for (name, version) in &names {
            call.key(name).arg(version);
        }
        let kept: bool = self.store.ask(async |connection| call.invoke_async(connection).await).await?;
        Ok(if kept { Kept::Stored } else { Kept::Outdated })
    }

    async fn invalidate(&self, tag: &CacheTag) -> Result<(), StoreError> {
        // A tag without a version matches no entry.
        let mut delete = redis::cmd("DEL");
        delete.arg(self.tag(tag));
        self.store.ask(async |connection| delete.query_async(connection).await).await
    }
}

fn text(TagVersion(version): TagVersion) -> String {
    format!("{version:032x}")
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.min(LONGEST).as_millis()).unwrap_or(u64::MAX)
}

/// An object whose members are the tags.
fn json(tags: &[(String, String)]) -> Result<String, StoreError> {
    let object: BTreeMap<_, _> = tags.iter().map(|(name, version)| (name, version)).collect();
    serde_json::to_string(&object).map_err(StoreError::internal)
}
