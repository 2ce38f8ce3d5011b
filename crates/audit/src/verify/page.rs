//! Rows of a trail as they come from where they are kept, many at a time.

use std::ops::Range;

use ashlar_kernel::{TenantId, Timestamp};
use uuid::Uuid;

use super::{Body, SealedRow};
use crate::{Link, StoredEvent};

/// Rows in the order of their numbers. Their texts share one piece of memory.
#[derive(Debug, Default)]
pub struct Page {
    text: String,
    events: Vec<Event>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    link: Link,
    body: Held,
    expired_by: Option<Uuid>,
}

/// The body of a row.
#[derive(Debug)]
enum Held {
    /// The event with this number in the page.
    Stored(usize),
    Body(Body),
}

/// A body as the page lends it out.
#[expect(clippy::large_enum_variant, reason = "it is there for one row, and a box would be one for each of millions")]
pub(super) enum Lent<'p> {
    Stored(StoredEvent<'p>),
    Body(&'p Body),
}

/// A row as the page lends it out.
pub(super) struct LentRow<'p> {
    pub(super) link: Link,
    pub(super) body: Lent<'p>,
    pub(super) expired_by: Option<Uuid>,
}

/// An event whose texts are in the page.
#[derive(Debug)]
struct Event {
    format: i32,
    id: Uuid,
    tenant: TenantId,
    schema_version: i32,
    occurred_at: Timestamp,
    actor_session: Option<Uuid>,
    has_actor_id: bool,
    has_trace: bool,
    /// Where its texts begin, and where each of them ends.
    begin: usize,
    ends: [usize; TEXTS],
}

const TEXTS: usize = 10;

impl Page {
    /// Adds a row whose event is stored like this.
    pub fn push(&mut self, link: Link, event: &StoredEvent<'_>, expired_by: Option<Uuid>) {
        let begin = self.text.len();
        let texts: [&str; TEXTS] = [
            event.name,
            event.actor_type,
            event.actor_id.unwrap_or_default(),
            event.targets,
            event.outcome,
            event.diff,
            event.data,
            event.source,
            event.request_id,
            event.trace.unwrap_or_default(),
        ];
        let ends = texts.map(|text| {
            self.text.push_str(text);
            self.text.len()
        });
        let StoredEvent { format, id, tenant, schema_version, occurred_at, actor_session, .. } = *event;
        let (has_actor_id, has_trace) = (event.actor_id.is_some(), event.trace.is_some());
        let body = Held::Stored(self.events.len());
        self.events.push(Event {
            format,
            id,
            tenant,
            schema_version,
            occurred_at,
            actor_session,
            has_actor_id,
            has_trace,
            begin,
            ends,
        });
        self.rows.push(Row { link, body, expired_by });
    }

    /// Adds a row as it is.
    pub fn push_row(&mut self, SealedRow { link, body, expired_by }: SealedRow) {
        self.rows.push(Row { link, body: Held::Body(body), expired_by });
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The number of the last link; none if there is none.
    pub fn last_seq(&self) -> Option<u64> {
        self.rows.last().map(|row| row.link.seq)
    }

    /// Says which events account for bodies that expire: `by` knows it of the number of a link.
    pub fn mark_expired(&mut self, by: impl Fn(u64) -> Option<Uuid>) {
        for row in &mut self.rows {
            row.expired_by = by(row.link.seq);
        }
    }

    /// The numbers of the first and the last link.
    pub fn span(&self) -> Option<(u64, u64)> {
        Some((self.rows.first()?.link.seq, self.rows.last()?.link.seq))
    }

    /// The rows, each with its event read.
    pub fn read(&self) -> impl Iterator<Item = SealedRow> {
        self.rows().map(|LentRow { link, body, expired_by }| {
            let body = match body {
                Lent::Stored(event) => event.read().map_or(Body::Unreadable, Body::from),
                Lent::Body(body) => body.clone(),
            };
            SealedRow { link, body, expired_by }
        })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = LentRow<'_>> {
        self.rows.iter().map(|row| LentRow { link: row.link, body: self.lend(&row.body), expired_by: row.expired_by })
    }

    fn lend<'p>(&'p self, body: &'p Held) -> Lent<'p> {
        match body {
            Held::Body(body) => Lent::Body(body),
            Held::Stored(number) => match self.events.get(*number) {
                Some(event) => Lent::Stored(self.stored(event)),
                // The number is of this page.
                None => Lent::Body(&Body::Unreadable),
            },
        }
    }

    fn stored(&self, event: &Event) -> StoredEvent<'_> {
        let mut begin = event.begin;
        let [name, actor_type, actor_id, targets, outcome, diff, data, source, request_id, trace] =
            event.ends.map(|end| {
                let text = self.text.get(Range { start: begin, end }).unwrap_or_default();
                begin = end;
                text
            });
        StoredEvent {
            format: event.format,
            id: event.id,
            tenant: event.tenant,
            name,
            schema_version: event.schema_version,
            occurred_at: event.occurred_at,
            actor_type,
            actor_id: event.has_actor_id.then_some(actor_id),
            actor_session: event.actor_session,
            targets,
            outcome,
            diff,
            data,
            source,
            request_id,
            trace: event.has_trace.then_some(trace),
        }
    }
}

impl FromIterator<SealedRow> for Page {
    fn from_iter<I: IntoIterator<Item = SealedRow>>(rows: I) -> Self {
        let mut page = Self::default();
        for row in rows {
            page.push_row(row);
        }
        page
    }
}
