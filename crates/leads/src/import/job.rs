//! An import on its way.

use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{ImportId, batch::Outcome, event::ImportEvent, fields::Plan, options::ImportOptions};
use crate::lead::choice::choice;

choice! {
    /// How far an import is.
    ImportState, "queued, validating, running, paused, completed, completed_with_errors, failed, cancelled" {
        /// Its turn has not come.
        Queued = "queued",
        /// Its file is being opened.
        Validating = "validating",
        /// Its rows are being taken in.
        Running = "running",
        /// The process that ran it has stopped; another goes on.
        Paused = "paused",
        /// Every row was taken in.
        Completed = "completed",
        /// Every row that could be was taken in.
        CompletedWithErrors = "completed_with_errors",
        /// It cannot be done.
        Failed = "failed",
        /// Somebody has called it off. What was taken in stays.
        Cancelled = "cancelled",
    }
}

impl ImportState {
    /// Whether nothing more will happen.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::CompletedWithErrors | Self::Failed | Self::Cancelled)
    }

    /// Whether somebody is at it, or was when they broke off. Of these a tenant has one at a time.
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Validating | Self::Running)
    }
}

/// What became of the rows so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Rows that were read: the sum of the others.
    pub rows_read: u64,
    /// Rows that became leads.
    pub created: u64,
    /// Rows that changed leads.
    pub updated: u64,
    /// Rows that had nothing to do.
    pub skipped: u64,
    /// Rows that repeat one before them.
    pub duplicates: u64,
    /// Rows that something is wrong with.
    pub failed: u64,
}

impl ImportCounts {
    /// One row more.
    pub(super) fn count(&mut self, outcome: Outcome) {
        self.rows_read += 1;
        *match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Skipped => &mut self.skipped,
            Outcome::Duplicate => &mut self.duplicates,
            Outcome::Failed => &mut self.failed,
        } += 1;
    }

    /// Both.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            rows_read: self.rows_read + more.rows_read,
            created: self.created + more.created,
            updated: self.updated + more.updated,
            skipped: self.skipped + more.skipped,
            duplicates: self.duplicates + more.duplicates,
            failed: self.failed + more.failed,
        }
    }

    /// Whether so many rows fail from the start that the columns cannot be what they were taken for.
    pub(crate) fn is_bad_mapping(self) -> bool {
        self.rows_read >= 1_000 && self.failed * 2 > self.rows_read
    }
}

/// How far a batch leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// How much of the text was read.
    pub(crate) offset: u64,
    /// How much of the file was read.
    pub(crate) bytes_read: u64,
    /// What became of its rows.
    pub(crate) counts: ImportCounts,
    /// How much is wrong with them.
    pub(crate) faults: u64,
    /// The least and the greatest id of the leads that come.
    pub(crate) leads: Option<(Uuid, Uuid)>,
}

/// An import on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportJob {
    pub(crate) id: ImportId,
    pub(crate) tenant: TenantId,
    pub(crate) requested_by: Option<Uuid>,
    pub(crate) state: ImportState,
    pub(crate) options: ImportOptions,
    pub(crate) plan: Option<Plan>,
    pub(crate) file: Option<String>,
    pub(crate) file_name: String,
    pub(crate) bytes_total: u64,
    pub(crate) bytes_read: u64,
    pub(crate) offset: u64,
    pub(crate) counts: ImportCounts,
    pub(crate) faults: u64,
    pub(crate) error: Option<String>,
    pub(crate) holder: Option<Uuid>,
    pub(crate) held_until: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) version: u32,
}

/// A file that is to be imported.
#[derive(Debug, Clone)]
pub struct NewImport {
    /// How.
    pub options: ImportOptions,
    /// The name it is kept under; none if only whoever asks has it.
    pub file: Option<String>,
    /// What whoever asks calls it.
    pub file_name: String,
    /// Its length.
    pub bytes: u64,
}

impl ImportJob {
    /// Asks for an import.
    pub fn request(
        id: ImportId,
        (tenant, requested_by): (TenantId, Option<Uuid>),
        new: NewImport,
        now: Timestamp,
    ) -> Change<Self, ImportEvent> {
        let event = ImportEvent::Requested {
            import: id,
            mode: new.options.mode.as_str(),
            is_rehearsal: new.options.is_rehearsal,
            bytes: new.bytes,
        };
        let job = Self {
            id,
            tenant,
            requested_by,
            state: ImportState::Queued,
            options: new.options,
            plan: None,
            file: new.file,
            file_name: new.file_name,
            bytes_total: new.bytes,
            bytes_read: 0,
            offset: 0,
            counts: ImportCounts::default(),
            faults: 0,
            error: None,
            holder: None,
            held_until: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            version: 1,
        };
        Change::new(job, event)
    }

    /// Whether somebody may take it on: it waits, or whoever had it did not come back.
    pub fn is_free(&self, now: Timestamp) -> bool {
        !self.state.is_over() && self.held_until.is_none_or(|until| until <= now)
    }

    /// Takes it on until `until`.
    pub fn claim(self, holder: Uuid, (now, until): (Timestamp, Timestamp)) -> Change<Self, ImportEvent> {
        let event =
            ImportEvent::Started { import: self.id, requested_by: self.requested_by, from_row: self.counts.rows_read };
        let state = if self.plan.is_some() { ImportState::Running } else { ImportState::Validating };
        let (holder, held_until) = (Some(holder), Some(until));
        let started_at = self.started_at.or(Some(now));
        Change::new(Self { state, holder, held_until, started_at, ..self.changed() }, event)
    }

    /// Its rows are taken in from now on, in this way.
    pub(crate) fn run(self, plan: Plan) -> Self {
        Self { plan: Some(plan), state: ImportState::Running, ..self }
    }

    /// A batch was taken in.
    pub(crate) fn advance(self, progress: Progress, until: Timestamp) -> Change<Self, ImportEvent> {
        let Progress { offset, bytes_read, counts, faults, leads } = progress;
        let is_rehearsal = self.options.is_rehearsal;
        let event = ImportEvent::Batch {
            import: self.id,
            created: if is_rehearsal { 0 } else { counts.created },
            updated: if is_rehearsal { 0 } else { counts.updated },
            first_lead: leads.map(|(first, _)| first),
            last_lead: leads.map(|(_, last)| last),
        };
        let counts = self.counts.plus(counts);
        let faults = self.faults + faults;
        Change::new(Self { offset, bytes_read, counts, faults, held_until: Some(until), ..self.changed() }, event)
    }

    /// A batch was read, and by it is known that the rest cannot be taken in.
    pub(crate) fn refuse(self, progress: Progress, code: &'static str, now: Timestamp) -> Change<Self, ImportEvent> {
        let (read, _nothing_was_taken_in) = self.advance(progress, now).into_parts();
        let event = ImportEvent::Failed { import: read.id, error: code };
        let (state, error, finished_at) = (ImportState::Failed, Some(code.to_owned()), Some(now));
        Change::new(Self { state, error, finished_at, holder: None, held_until: None, ..read }, event)
    }

    /// Every row was read.
    pub(crate) fn complete(self, now: Timestamp) -> Change<Self, ImportEvent> {
        let state = if self.counts.failed == 0 { ImportState::Completed } else { ImportState::CompletedWithErrors };
        let bytes_read = self.bytes_total;
        let done = Self { bytes_read, ..self }.over(state, now);
        let event = ImportEvent::Completed { import: done.id, counts: (&done.counts).into() };
        Change::new(done, event)
    }

    /// It cannot be done.
    pub(crate) fn fail(self, code: &'static str, now: Timestamp) -> Change<Self, ImportEvent> {
        let failed = Self { error: Some(code.to_owned()), ..self.over(ImportState::Failed, now) };
        let event = ImportEvent::Failed { import: failed.id, error: code };
        Change::new(failed, event)
    }

    /// Calls it off; none if it is over already.
    pub fn cancel(self, now: Timestamp) -> Option<Change<Self, ImportEvent>> {
        if self.state.is_over() {
            return None;
        }
        let cancelled = self.over(ImportState::Cancelled, now);
        let event = ImportEvent::Cancelled { import: cancelled.id };
        Some(Change::new(cancelled, event))
    }

    /// Leaves it to whoever comes next.
    pub(crate) fn pause(self) -> Change<Self, ImportEvent> {
        let event = ImportEvent::Paused { import: self.id };
        Change::new(Self { state: ImportState::Paused, holder: None, held_until: None, ..self.changed() }, event)
    }

    fn over(self, state: ImportState, now: Timestamp) -> Self {
        Self { state, holder: None, held_until: None, finished_at: Some(now), ..self.changed() }
    }

    fn changed(self) -> Self {
        Self { version: self.version + 1, ..self }
    }

    /// Its id.
    pub const fn id(&self) -> ImportId {
        self.id
    }
    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Who asked for it; none if an operator did.
    pub const fn requested_by(&self) -> Option<Uuid> {
        self.requested_by
    }
    /// How far it is.
    pub const fn state(&self) -> ImportState {
        self.state
    }
    /// How it is done.
    pub const fn options(&self) -> &ImportOptions {
        &self.options
    }
    /// How its file is read, once it was opened.
    pub const fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }
    /// The name its file is kept under.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }
    /// What whoever asked calls its file.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }
    /// How long its file is, and how much of it was read.
    pub const fn bytes(&self) -> (u64, u64) {
        (self.bytes_total, self.bytes_read)
    }
    /// What became of its rows so far.
    pub const fn counts(&self) -> ImportCounts {
        self.counts
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
    /// Counts changes, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

/// A stored import as plain data; [`ImportJob::restore`] checks it.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are those of `ImportJob`, in their stored form")]
pub struct ImportJobRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub requested_by: Option<Uuid>,
    pub state: String,
    pub options: Value,
    pub plan: Option<Value>,
    pub file: Option<String>,
    pub file_name: String,
    pub bytes_total: i64,
    pub bytes_read: i64,
    pub text_offset: i64,
    pub rows_read: i64,
    pub created: i64,
    pub updated: i64,
    pub skipped: i64,
    pub duplicates: i64,
    pub failed: i64,
    pub faults: i64,
    pub error: Option<String>,
    pub holder: Option<Uuid>,
    pub held_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub version: i32,
}

impl ImportJob {
    /// The stored form.
    pub fn to_row(&self) -> Result<ImportJobRow, StoreError> {
        let number = |number: u64| i64::try_from(number).map_err(StoreError::internal);
        Ok(ImportJobRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            requested_by: self.requested_by,
            state: self.state.as_str().to_owned(),
            options: self.options.to_json(),
            plan: self.plan.as_ref().map(serde_json::to_value).transpose().map_err(StoreError::internal)?,
            file: self.file.clone(),
            file_name: self.file_name.clone(),
            bytes_total: number(self.bytes_total)?,
            bytes_read: number(self.bytes_read)?,
            text_offset: number(self.offset)?,
            rows_read: number(self.counts.rows_read)?,
            created: number(self.counts.created)?,
            updated: number(self.counts.updated)?,
            skipped: number(self.counts.skipped)?,
            duplicates: number(self.counts.duplicates)?,
            failed: number(self.counts.failed)?,
            faults: number(self.faults)?,
            error: self.error.clone(),
            holder: self.holder,
            held_until: self.held_until,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            version: i32::try_from(self.version).map_err(StoreError::internal)?,
        })
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ImportJobRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let number = |number: i64| u64::try_from(number).map_err(|_negative| corrupt("lead_import"));
        let plan = row.plan.map(serde_json::from_value).transpose();
        Ok(Self {
            id: ImportId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            requested_by: row.requested_by,
            state: ImportState::restore(&row.state).ok_or(corrupt("lead_import.state"))?,
            options: ImportOptions::restore(&row.options).ok_or(corrupt("lead_import.options"))?,
            plan: plan.map_err(|_shape| corrupt("lead_import.plan"))?,
            file: row.file,
            file_name: row.file_name,
            bytes_total: number(row.bytes_total)?,
            bytes_read: number(row.bytes_read)?,
            offset: number(row.text_offset)?,
            counts: ImportCounts {
                rows_read: number(row.rows_read)?,
                created: number(row.created)?,
                updated: number(row.updated)?,
                skipped: number(row.skipped)?,
                duplicates: number(row.duplicates)?,
                failed: number(row.failed)?,
            },
            faults: number(row.faults)?,
            error: row.error,
            holder: row.holder,
            held_until: row.held_until,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("lead_import.version"))?,
        })
    }
}
