//! Events as databases hand them out: columns, and documents as text.

mod scan;
mod shape;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use ashlar_kernel::{ActorRef, EventFormat, EventRecord, Outcome, TenantId, Timestamp};
use chrono::{Datelike as _, Timelike as _};
use uuid::Uuid;

use self::scan::{Scanner, Sure};
use crate::{Digest32, NotCanonical, canonical, leaf_of};

/// An event as it is stored. Whoever verifies a trail hands it over like this: nothing is built of it in order to hash it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvent<'t> {
    /// The number of its format.
    pub format: i32,
    /// Its id.
    pub id: Uuid,
    /// Whose data it is about.
    pub tenant: TenantId,
    /// Its name.
    pub name: &'t str,
    /// Version of the shape of `data`.
    pub schema_version: i32,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What sort of actor did it.
    pub actor_type: &'t str,
    /// Which one.
    pub actor_id: Option<&'t str>,
    /// With which session.
    pub actor_session: Option<Uuid>,
    /// What it happened to: a document.
    pub targets: &'t str,
    /// How it ended.
    pub outcome: &'t str,
    /// Which fields changed: a document.
    pub diff: &'t str,
    /// Its own facts: a document.
    pub data: &'t str,
    /// From where: a document.
    pub source: &'t str,
    /// In which request.
    pub request_id: &'t str,
    /// Where that stands in a distributed trace.
    pub trace: Option<&'t str>,
}

/// Room for the canonical form of one event after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    bytes: Vec<u8>,
    scanner: Scanner,
}

impl StoredEvent<'_> {
    /// The event; none if this is no event of ours.
    pub fn read(&self) -> Option<EventRecord> {
        Some(EventRecord {
            format: EventFormat::restore(u16::try_from(self.format).ok()?)?,
            id: self.id,
            tenant: self.tenant,
            name: self.name.to_owned(),
            schema_version: u16::try_from(self.schema_version).ok()?,
            occurred_at: self.occurred_at,
            actor: ActorRef {
                kind: self.actor_type.to_owned(),
                id: self.actor_id.map(str::to_owned),
                session: self.actor_session,
            },
            targets: serde_json::from_str(self.targets).ok()?,
            outcome: Outcome::restore(self.outcome)?,
            diff: serde_json::from_str(self.diff).ok()?,
            data: serde_json::from_str(self.data).ok()?,
            source: serde_json::from_str(self.source).ok()?,
            request_id: self.request_id.to_owned(),
            trace: self.trace.map(str::to_owned),
        })
    }

    /// The leaf it becomes, which is that of the event that [`read`](Self::read) makes of it; none if that makes none.
    pub fn leaf(&self, scratch: &mut Scratch) -> Option<Digest32> {
        match self.write(scratch) {
            Some(()) => Some(Digest32::leaf(&scratch.bytes)),
            None => leaf_of(&self.read()?).ok(),
        }
    }

    /// Its canonical form, which is that of the event that [`read`](Self::read) makes of it; none if that makes none.
    pub fn canonical<'s>(&self, scratch: &'s mut Scratch) -> Option<&'s [u8]> {
        if self.write(scratch).is_none() {
            let written: Result<_, NotCanonical> = canonical(&self.read()?);
            scratch.bytes = written.ok()?;
        }
        Some(&scratch.bytes)
    }

    /// Writes the canonical form into the scratch: the members of the event in their order. Declines whatever
    /// [`read`](Self::read) might make something else of.
    fn write(&self, Scratch { bytes, scanner }: &mut Scratch) -> Sure {
        let format = EventFormat::restore(u16::try_from(self.format).ok()?)?;
        let version = u16::try_from(self.schema_version).ok()?;
        bytes.clear();
        put(bytes, b"{\"actor\":{\"id\":");
        optional(bytes, self.actor_id, quote);
        put(bytes, b",\"session\":");
        optional(bytes, self.actor_session, id);
        put(bytes, b",\"type\":");
        quote(bytes, self.actor_type);
        put(bytes, b"},\"data\":");
        scanner.document(self.data, bytes)?;
        put(bytes, b",\"diff\":");
        shaped(bytes, |bytes| scanner.document(self.diff, bytes), shape::is_diff)?;
        if format != EventFormat::First {
            put(bytes, b",\"format\":");
            whole(bytes, format.number());
        }
        put(bytes, b",\"id\":");
        id(bytes, self.id);
        put(bytes, b",\"name\":");
        quote(bytes, self.name);
        put(bytes, b",\"occurred_at\":");
        moment(bytes, self.occurred_at)?;
        put(bytes, b",\"outcome\":\"");
        put(bytes, Outcome::restore(self.outcome)?.as_str().as_bytes());
        put(bytes, b"\",\"request_id\":");
        quote(bytes, self.request_id);
        put(bytes, b",\"schema_version\":");
        whole(bytes, version);
        put(bytes, b",\"source\":");
        shaped(bytes, |bytes| scanner.document(self.source, bytes), shape::is_source)?;
        put(bytes, b",\"targets\":");
        shaped(bytes, |bytes| scanner.document(self.targets, bytes), shape::is_list_of_targets)?;
        put(bytes, b",\"tenant\":");
        id(bytes, self.tenant.as_uuid());
        if let Some(trace) = self.trace {
            put(bytes, b",\"trace\":");
            quote(bytes, trace);
        }
        put(bytes, b"}");
        Some(())
    }
}

fn put(bytes: &mut Vec<u8>, what: &[u8]) {
    bytes.extend_from_slice(what);
}

fn optional<T>(bytes: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => write(bytes, value),
        None => put(bytes, b"null"),
    }
}

/// Writes a document, and looks whether it is of that shape.
fn shaped(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Sure, fits: impl FnOnce(&[u8]) -> bool) -> Sure {
    let begin = bytes.len();
    write(bytes)?;
    fits(bytes.get(begin..)?).then_some(())
}

fn id(bytes: &mut Vec<u8>, id: Uuid) {
    put(bytes, b"\"");
    put(bytes, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    put(bytes, b"\"");
}

/// As [`canonical`] does it. The whole text is looked at, which takes less time than stopping early.
fn quote(bytes: &mut Vec<u8>, text: &str) {
    let is_special = |byte: u8| matches!(byte, 0..0x20 | b'"' | b'\\');
    if text.bytes().fold(false, |any, byte| any | is_special(byte)) {
        // A text goes into memory without fail.
        let _written = serde_json::to_writer(bytes, text);
    } else {
        put(bytes, b"\"");
        put(bytes, text.as_bytes());
        put(bytes, b"\"");
    }
}

fn whole(bytes: &mut Vec<u8>, number: u16) {
    // As above.
    let _written = write!(bytes, "{number}");
}

/// With as many digits behind the second as chrono writes.
fn moment(bytes: &mut Vec<u8>, at: Timestamp) -> Sure {
    let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9_999)?;
    let nanos = at.nanosecond();
    // A leap second is one of chrono's own.
    (nanos < 1_000_000_000).then_some(())?;
    put(bytes, b"\"");
    digits::<4>(bytes, year);
    for (before, part) in
        [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())]
    {
        bytes.push(before);
        digits::<2>(bytes, part);
    }
    if nanos > 0 {
        bytes.push(b'.');
        match (nanos % 1_000_000, nanos % 1_000) {
            (0, _) => digits::<3>(bytes, nanos / 1_000_000),
            (_, 0) => digits::<6>(bytes, nanos / 1_000),
            _ => digits::<9>(bytes, nanos),
        }
    }
    put(bytes, b"Z\"");
    Some(())
}

fn digits<const N: usize>(bytes: &mut Vec<u8>, mut number: u32) {
    let mut written = [b'0'; N];
    for digit in written.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
    put(bytes, &written);
}
