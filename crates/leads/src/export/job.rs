//! A large export, whose file a worker writes.

use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use serde_json::Value;
use uuid::Uuid;

use super::{ExportEvent, ExportFormat, ExportId, ExportLeads};
use crate::{
    lead::choice::choice,
    port::{FileKey, Sha256Sum, StoredFile},
};

/// How long a file can be had once it is whole.
const KEPT: TimeDelta = TimeDelta::hours(24);

choice! {
    /// How far an export is.
    ExportState, "queued, running, completed, failed, cancelled, expired" {
        /// Its turn has not come.
        Queued = "queued",
        /// Its file is being written.
        Running = "running",
        /// Its file can be had.
        Completed = "completed",
        /// It cannot be done.
        Failed = "failed",
        /// Somebody has called it off.
        Cancelled = "cancelled",
        /// Its file is gone.
        Expired = "expired",
    }
}

impl ExportState {
    /// Whether nothing more is written.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A large export. What it is about is forgotten when it is over: a search may name people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportJob {
    id: ExportId,
    tenant: TenantId,
    requested_by: Uuid,
    seen_by: Option<Uuid>,
    state: ExportState,
    format: ExportFormat,
    wish: Option<ExportLeads>,
    leads: u64,
    bytes: u64,
    file: Option<StoredFile>,
    error: Option<String>,
    held_until: Option<Timestamp>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    version: u32,
}

impl ExportJob {
    /// Asks for an export of what `seen_by` sees: everything if none.
    pub fn request(
        id: ExportId,
        (tenant, requested_by, seen_by): (TenantId, Uuid, Option<Uuid>),
        wish: ExportLeads,
        now: Timestamp,
    ) -> Change<Self, ExportEvent> {
        let wish = wish.with_columns();
        let event = wish.created(id.as_uuid());
        let job = Self {
            id,
            tenant,
            requested_by,
            seen_by,
            state: ExportState::Queued,
            format: wish.format,
            wish: Some(wish),
            leads: 0,
            bytes: 0,
            file: None,
            error: None,
            held_until: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            expires_at: None,
            version: 1,
        };
        Change::new(job, event)
    }

    /// Whether somebody may take it on: it waits, or whoever had it did not come back.
    pub fn is_free(&self, now: Timestamp) -> bool {
        !self.state.is_over() && self.held_until.is_none_or(|until| until <= now)
    }

    /// Takes it on until `until`, from its beginning: of a file that was not kept nothing is left.
    pub fn claim(self, (now, until): (Timestamp, Timestamp)) -> Change<Self, ExportEvent> {
        let event = ExportEvent::Started { export: self.id.as_uuid(), requested_by: self.requested_by };
        let (state, held_until, started_at) = (ExportState::Running, Some(until), Some(now));
        Change::new(Self { state, held_until, started_at, leads: 0, bytes: 0, ..self.changed() }, event)
    }

    /// Its file is whole.
    pub fn complete(self, file: StoredFile, leads: u64, now: Timestamp) -> Change<Self, ExportEvent> {
        let bytes = file.size;
        let event = ExportEvent::Completed { export: self.id.as_uuid(), leads, bytes };
        let done = self.over(ExportState::Completed, now);
        Change::new(Self { leads, bytes, file: Some(file), expires_at: Some(now + KEPT), ..done }, event)
    }

    /// It cannot be done.
    pub fn fail(self, code: &'static str, now: Timestamp) -> Change<Self, ExportEvent> {
        let event = ExportEvent::Failed { export: self.id.as_uuid(), error: code };
        Change::new(Self { error: Some(code.to_owned()), ..self.over(ExportState::Failed, now) }, event)
    }

    /// Calls it off; none if it is over already.
    pub fn cancel(self, now: Timestamp) -> Option<Change<Self, ExportEvent>> {
        let event = ExportEvent::Cancelled { export: self.id.as_uuid() };
        (!self.state.is_over()).then(|| Change::new(self.over(ExportState::Cancelled, now), event))
    }

    /// Lets go of its file, if its time is over.
    pub fn expire(self, now: Timestamp) -> Option<Change<Self, ExportEvent>> {
        let event = ExportEvent::Expired { export: self.id.as_uuid() };
        let is_due = self.file.is_some() && self.expires_at.is_some_and(|at| at <= now);
        is_due.then(|| Change::new(Self { state: ExportState::Expired, file: None, ..self.changed() }, event))
    }

    /// Notes that its file is read by whoever a link was made for.
    pub fn read_by(&self, reader: Uuid) -> Change<(), ExportEvent> {
        Change::new((), ExportEvent::Read { export: self.id.as_uuid(), reader })
    }

    fn over(self, state: ExportState, now: Timestamp) -> Self {
        Self { state, wish: None, held_until: None, finished_at: Some(now), ..self.changed() }
    }

    fn changed(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    /// Its file, if it can be had.
    pub fn file(&self, now: Timestamp) -> Option<&StoredFile> {
        self.file.as_ref().filter(|_| self.expires_at.is_some_and(|at| now < at))
    }
    /// Its file, as long as it is stored.
    pub const fn stored_file(&self) -> Option<&StoredFile> {
        self.file.as_ref()
    }
    /// Its id.
    pub const fn id(&self) -> ExportId {
        self.id
    }
    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Who asked for it.
    pub const fn requested_by(&self) -> Uuid {
        self.requested_by
    }
    /// Whose leads it has, and nobody's; everybody's if none.
    pub const fn seen_by(&self) -> Option<Uuid> {
        self.seen_by
    }
    /// How far it is.
    pub const fn state(&self) -> ExportState {
        self.state
    }
    /// In which form.
    pub const fn format(&self) -> ExportFormat {
        self.format
    }
    /// What it is about, until it is over.
    pub const fn wish(&self) -> Option<&ExportLeads> {
        self.wish.as_ref()
    }
    /// How many leads its file has so far, and how long it is.
    pub const fn size(&self) -> (u64, u64) {
        (self.leads, self.bytes)
    }
    /// Why it failed.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
    /// When it was asked for.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it was begun.
    pub const fn started_at(&self) -> Option<Timestamp> {
        self.started_at
    }
    /// When it was over.
    pub const fn finished_at(&self) -> Option<Timestamp> {
        self.finished_at
    }
    /// Until when its file can be had.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
    /// Counts changes, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

/// A stored export as plain data; [`ExportJob::restore`] checks it.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are those of `ExportJob`, in their stored form")]
pub struct ExportJobRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub requested_by: Uuid,
    pub seen_by: Option<Uuid>,
    pub state: String,
    pub format: String,
    pub wish: Option<Value>,
    pub leads: i64,
    pub bytes: i64,
    pub file: Option<String>,
    pub sha256: Option<Vec<u8>>,
    pub error: Option<String>,
    pub held_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub version: i32,
}

impl ExportJob {
    /// The stored form.
    pub fn to_row(&self) -> Result<ExportJobRow, StoreError> {
        let number = |number: u64| i64::try_from(number).map_err(StoreError::internal);
        Ok(ExportJobRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            requested_by: self.requested_by,
            seen_by: self.seen_by,
            state: self.state.as_str().to_owned(),
            format: self.format.as_str().to_owned(),
            wish: self.wish.as_ref().map(ExportLeads::to_json),
            leads: number(self.leads)?,
            bytes: number(self.bytes)?,
            file: self.file.as_ref().map(|file| file.key.as_str().to_owned()),
            sha256: self.file.as_ref().map(|file| file.sha256.0.to_vec()),
            error: self.error.clone(),
            held_until: self.held_until,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            expires_at: self.expires_at,
            version: i32::try_from(self.version).map_err(StoreError::internal)?,
        })
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ExportJobRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let number = |number: i64| u64::try_from(number).map_err(|_negative| corrupt("lead_export"));
        let (leads, bytes) = (number(row.leads)?, number(row.bytes)?);
        let file = match (row.file, row.sha256) {
            (None, None) => None,
            (Some(key), Some(sum)) => {
                let sum = sum.try_into().map_err(|_length| corrupt("lead_export.sha256"))?;
                let key = FileKey::restore(&key).ok_or(corrupt("lead_export.file"))?;
                Some(StoredFile { key, size: bytes, sha256: Sha256Sum(sum) })
            }
            _ => return Err(corrupt("lead_export.file")),
        };
        let wish = row.wish.map(|json| ExportLeads::restore(&json).ok_or(corrupt("lead_export.wish")));
        Ok(Self {
            id: ExportId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            requested_by: row.requested_by,
            seen_by: row.seen_by,
            state: ExportState::restore(&row.state).ok_or(corrupt("lead_export.state"))?,
            format: ExportFormat::restore(&row.format).ok_or(corrupt("lead_export.format"))?,
            wish: wish.transpose()?,
            leads,
            bytes,
            file,
            error: row.error,
            held_until: row.held_until,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("lead_export.version"))?,
        })
    }
}
