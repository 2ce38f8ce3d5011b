//! The event log and its two readers.

use std::{collections::HashSet, sync::Arc};

use ashlar_kernel::{EventRecord, LogReader};
use uuid::Uuid;

type Records = Vec<Arc<EventRecord>>;

/// Every event, and what each reader has not handled yet, in the order of their commits.
#[derive(Default)]
pub(super) struct Log {
    all: Records,
    to_seal: Records,
    to_dispatch: Records,
}

impl Log {
    pub(super) fn append(&mut self, records: Vec<EventRecord>) {
        let records: Records = records.into_iter().map(Arc::new).collect();
        self.to_seal.extend(records.iter().map(Arc::clone));
        self.to_dispatch.extend(records.iter().map(Arc::clone));
        self.all.extend(records);
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
