//! The event log and its two readers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use ashlar_audit::log::Erasure;
use ashlar_kernel::{EventRecord, LogEntry, LogReader, PersonalValue, TenantId};
use uuid::Uuid;

type Records = Vec<Arc<EventRecord>>;

fn is_meant(erasure: Erasure, tenant: TenantId, value: &PersonalValue) -> bool {
    value.subject == Some(erasure.subject) && erasure.tenant.is_none_or(|only| only == tenant)
}

/// Every event, and what each reader has not handled yet, in the order of their commits.
#[derive(Default)]
pub(super) struct Log {
    all: Records,
    to_seal: Records,
    to_dispatch: Records,
    /// Beside the log, by event.
    personal: HashMap<Uuid, Vec<PersonalValue>>,
}

impl Log {
    pub(super) fn append(&mut self, entries: Vec<LogEntry>) {
        let mut records = Records::new();
        for LogEntry { event, personal } in entries {
            self.personal.insert(event.id, personal);
            records.push(Arc::new(event));
        }
        self.to_seal.extend(records.iter().map(Arc::clone));
        self.to_dispatch.extend(records.iter().map(Arc::clone));
        self.all.extend(records);
    }

    /// How much there is beside the log that an erasure means.
    pub(super) fn beside(&self, erasure: Erasure) -> u64 {
        let values = self.all.iter().filter_map(|event| Some((event.tenant, self.personal.get(&event.id)?)));
        let meant =
            values.flat_map(|(tenant, values)| values.iter().filter(move |value| is_meant(erasure, tenant, value)));
        u64::try_from(meant.count()).unwrap_or(u64::MAX)
    }

    pub(super) fn erase(&mut self, erasure: Erasure) {
        for event in &self.all {
            if let Some(values) = self.personal.get_mut(&event.id) {
                values.retain(|value| !is_meant(erasure, event.tenant, value));
            }
        }
    }

    /// Takes bodies away, and what stands beside them.
    pub(super) fn expire(&mut self, events: &HashSet<Uuid>) {
        self.all.retain(|record| !events.contains(&record.id));
        self.personal.retain(|event, _| !events.contains(event));
    }

    /// Every event with the personal values that are there.
    pub(super) fn entries(&self) -> impl Iterator<Item = LogEntry> {
        let beside = |event: &EventRecord| self.personal.get(&event.id).cloned().unwrap_or_default();
        self.all().map(move |event| LogEntry { event: event.clone(), personal: beside(event) })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &EventRecord> {
        self.all.iter().map(AsRef::as_ref)
    }

    pub(super) fn pending(&self, reader: LogReader) -> impl Iterator<Item = &EventRecord> {
        let list = match reader {
            LogReader::Seal => &self.to_seal,
            LogReader::Dispatch => &self.to_dispatch,
        };
        list.iter().map(AsRef::as_ref)
    }

    pub(super) fn handled(&mut self, reader: LogReader, events: &[Uuid]) {
        let events: HashSet<_> = events.iter().collect();
        let list = match reader {
            LogReader::Seal => &mut self.to_seal,
            LogReader::Dispatch => &mut self.to_dispatch,
        };
        list.retain(|record| !events.contains(&record.id));
    }
}
