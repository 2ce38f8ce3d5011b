//! What is asked for when a job is enqueued.

use ashlar_kernel::{TenantId, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// A payload's largest size as JSON text, in bytes.
pub const PAYLOAD_MAX: usize = 64 * 1024;
/// The longest name of a queue or kind, in bytes.
pub const NAME_MAX: usize = 64;
/// The longest dedupe or serial key and trace context, in bytes.
pub const KEY_MAX: usize = 256;
/// Attempts of a job that does not say.
pub const DEFAULT_ATTEMPTS: u32 = 10;
/// The queue of a job that does not say.
pub const DEFAULT_QUEUE: &str = "default";

/// Why this can be no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidJob {
    /// The name of the queue or kind.
    #[error("{what} is 1 to 64 of a-z, 0-9, '.', '_' and '-'")]
    Name {
        /// Which name.
        what: &'static str,
    },
    /// A key or the trace context.
    #[error("{what} is 1 to 256 bytes without control characters")]
    Key {
        /// Which key.
        what: &'static str,
    },
    /// The payload is no JSON, or too large.
    #[error("a payload is JSON of at most 64 KiB")]
    Payload,
    /// Versions and attempts are counted from 1.
    #[error("{what} is counted from 1")]
    Zero {
        /// Which number.
        what: &'static str,
    },
}

/// A job to be. Its payload names things by id and holds no secret: it is kept for weeks and shown to operators.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    pub(crate) tenant: TenantId,
    pub(crate) queue: String,
    pub(crate) kind: String,
    pub(crate) version: u16,
    pub(crate) payload: Value,
    pub(crate) priority: i16,
    pub(crate) run_at: Option<Timestamp>,
    pub(crate) max_attempts: u32,
    pub(crate) dedupe_key: Option<String>,
    pub(crate) serial_key: Option<String>,
    pub(crate) trace_context: Option<String>,
}

impl NewJob {
    /// A job of `kind` whose payload has the shape numbered `version`, to be run as soon as possible.
    pub fn new(tenant: TenantId, kind: &str, version: u16, payload: &impl Serialize) -> Result<Self, InvalidJob> {
        let payload = serde_json::to_value(payload).map_err(|_not_json| InvalidJob::Payload)?;
        if version == 0 {
            return Err(InvalidJob::Zero { what: "version" });
        }
        if payload.to_string().len() > PAYLOAD_MAX {
            return Err(InvalidJob::Payload);
        }
        Ok(Self {
            tenant,
            queue: DEFAULT_QUEUE.to_owned(),
            kind: name(kind, "kind")?,
            version,
            payload,
            priority: 0,
            run_at: None,
            max_attempts: DEFAULT_ATTEMPTS,
            dedupe_key: None,
            serial_key: None,
            trace_context: None,
        })
    }

    /// In another queue than [`DEFAULT_QUEUE`].
    pub fn in_queue(self, queue: &str) -> Result<Self, InvalidJob> {
        Ok(Self { queue: name(queue, "queue")?, ..self })
    }

    /// Smaller goes first; 0 unless said otherwise.
    #[must_use]
    pub fn with_priority(self, priority: i16) -> Self {
        Self { priority, ..self }
    }

    /// Not before `moment`.
    #[must_use]
    pub fn run_at(self, moment: Timestamp) -> Self {
        Self { run_at: Some(moment), ..self }
    }

    /// Dead after this many failed attempts.
    pub fn attempts(self, max_attempts: u32) -> Result<Self, InvalidJob> {
        let fits = max_attempts >= 1 && i32::try_from(max_attempts).is_ok();
        if fits { Ok(Self { max_attempts, ..self }) } else { Err(InvalidJob::Zero { what: "max_attempts" }) }
    }

    /// At most one live job of the tenant and kind has this key; enqueuing another finds the first.
    pub fn once_per(self, key: impl Into<String>) -> Result<Self, InvalidJob> {
        Ok(Self { dedupe_key: Some(self::key(key.into(), "dedupe_key")?), ..self })
    }

    /// Jobs of the tenant with this key run one at a time, in the order they were enqueued. A failed one is waited for
    /// until it succeeds or is dead.
    pub fn in_turn(self, key: impl Into<String>) -> Result<Self, InvalidJob> {
        Ok(Self { serial_key: Some(self::key(key.into(), "serial_key")?), ..self })
    }

    /// The W3C `traceparent` of whoever asked for it.
    pub fn traced(self, context: impl Into<String>) -> Result<Self, InvalidJob> {
        Ok(Self { trace_context: Some(key(context.into(), "trace_context")?), ..self })
    }

    /// Whose data it works on.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// The kind and the key of which there is one live job.
    pub fn dedupe(&self) -> Option<(&str, &str)> {
        self.dedupe_key.as_deref().map(|key| (self.kind.as_str(), key))
    }

    /// Checks what comes back from storage by the rules for what goes in.
    pub(crate) fn recheck(self) -> Result<Self, InvalidJob> {
        let Self { tenant, kind, version, payload, queue, max_attempts, .. } = &self;
        Self::new(*tenant, kind, *version, payload)?.in_queue(queue)?.attempts(*max_attempts)?;
        Ok(self)
    }
}

fn name(text: &str, what: &'static str) -> Result<String, InvalidJob> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if (1..=NAME_MAX).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(InvalidJob::Name { what })
    }
}

fn key(text: String, what: &'static str) -> Result<String, InvalidJob> {
    let fits = (1..=KEY_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    if fits { Ok(text) } else { Err(InvalidJob::Key { what }) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn valid() -> NewJob {
        NewJob::new(TenantId::MAIN, "mail.send", 1, &json!({})).unwrap()
    }

    #[test]
    fn a_payload_has_at_most_64_kib() {
        let text = |length: usize| NewJob::new(TenantId::MAIN, "mail.send", 1, &"x".repeat(length));
        assert!(text(PAYLOAD_MAX - 2).is_ok(), "with its quotes it is exactly as large as may be");
        assert_eq!(text(PAYLOAD_MAX - 1), Err(InvalidJob::Payload));
    }

    #[test]
    fn names_and_keys_are_short_and_plain() {
        for kind in ["", "Mail", "mail send", &"x".repeat(65)] {
            assert!(NewJob::new(TenantId::MAIN, kind, 1, &json!({})).is_err(), "{kind}");
        }
        assert!(valid().in_queue("a b").is_err());
        for key in ["", "a\nb", &"x".repeat(257)] {
            assert!(valid().once_per(key).is_err() && valid().in_turn(key).is_err() && valid().traced(key).is_err());
        }
        assert!(valid().in_turn("é".repeat(128)).is_ok());
    }

    #[test]
    fn versions_and_attempts_begin_at_one() {
        assert!(NewJob::new(TenantId::MAIN, "mail.send", 0, &json!({})).is_err());
        assert!(valid().attempts(0).is_err());
        assert!(valid().attempts(u32::MAX).is_err(), "the databases count in 31 bits");
    }
}
