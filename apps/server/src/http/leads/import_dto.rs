//! What is said about imports.

use std::collections::BTreeMap;

use ashlar_kernel::{Page, Timestamp};
use ashlar_leads::import::{ImportJob, ImportOptionsInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::page::{PageInfo, moment};

/// Fields by the columns they are in.
#[derive(ToSchema)]
#[schema(example = json!({ "Rufnummer": "phone_number", "Intern": "" }))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct LeadImportMapping(BTreeMap<String, String>);

/// What fields are where a row says nothing, by their names.
#[derive(ToSchema)]
#[schema(example = json!({ "source": "event" }))]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct LeadImportDefaults(BTreeMap<String, String>);

/// How a file is to be imported. All of it may be left out.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct LeadImportOptionsRequest {
    /// `create` (the default): rows that are not there yet become leads, the others are left alone. `upsert`: the others are
    /// brought up to date. `update`: only those that are there are.
    #[schema(pattern = "^(create|upsert|update)$", example = "upsert")]
    mode: Option<String>,
    /// By what a row and a lead are the same: `email` (the default), `phone` or `id`.
    #[schema(pattern = "^(email|phone|id)$", example = "email")]
    key: Option<String>,
    /// How leads that are there are brought up to date: `overwrite` (what a row says counts, what it is silent about
    /// stays), `fill_blank` (only what is not known yet), or `skip`.
    #[schema(pattern = "^(skip|overwrite|fill_blank)$", example = "fill_blank")]
    on_conflict: Option<String>,
    /// Which field a column is, by its name, or by its number where there is no header; an empty text leaves it out. Columns
    /// that are not named here are known by their names, such as `email`, `E-Mail Address` or `Company`.
    #[serde(default)]
    #[schema(required = false, value_type = LeadImportMapping)]
    mapping: BTreeMap<String, String>,
    /// What a field is where a row says nothing.
    #[serde(default)]
    #[schema(required = false, value_type = LeadImportDefaults)]
    defaults: BTreeMap<String, String>,
    /// Only count what would be done.
    #[serde(default)]
    #[schema(required = false, example = false)]
    dry_run: bool,
    /// What parts the cells: `,`, `;`, `|` or `tab`. Found out if it is left out.
    #[schema(pattern = "^(,|;|[|]|tab)$", example = ";")]
    delimiter: Option<String>,
    /// Whether the first row names the columns. It does unless you say otherwise.
    #[schema(example = true)]
    has_header: Option<bool>,
}

impl From<LeadImportOptionsRequest> for ImportOptionsInput {
    fn from(options: LeadImportOptionsRequest) -> Self {
        Self {
            mode: options.mode,
            key: options.key,
            on_conflict: options.on_conflict,
            mapping: options.mapping,
            defaults: options.defaults,
            dry_run: options.dry_run,
            delimiter: options.delimiter,
            has_header: options.has_header,
        }
    }
}

/// A file to import.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the parts are read as they come")]
pub(super) struct LeadImportRequest {
    /// How. If it is there, as a part of its own with JSON in it.
    options: Option<LeadImportOptionsRequest>,
    /// The file: comma-separated values (RFC 4180) in UTF-8, UTF-16 or Windows-1252, at most 200 MiB, packed with gzip or
    /// not.
    #[schema(value_type = String, format = Binary, content_media_type = "text/csv")]
    file: Vec<u8>,
}

/// How far an import is.
#[derive(Serialize, ToSchema)]
#[schema(example = "running")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadImportStatus {
    /// Its turn has not come: a tenant has one at a time.
    Queued,
    /// Its file is being opened.
    Validating,
    /// Its rows are being taken in.
    Running,
    /// The process that ran it has stopped; another goes on.
    Paused,
    /// Every row was taken in.
    Completed,
    /// Every row that could be was taken in.
    CompletedWithErrors,
    /// It cannot be done: `error` says why.
    Failed,
    /// Somebody has called it off. What was taken in stays.
    Cancelled,
}

/// An import.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadImport {
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// How far it is.
    #[schema(value_type = LeadImportStatus)]
    status: &'static str,
    /// What its file was called.
    #[schema(example = "leads.csv")]
    file_name: String,
    /// Whether nothing is written.
    #[schema(example = false)]
    dry_run: bool,
    /// How long its file is, in bytes.
    #[schema(minimum = 0, example = 48_213)]
    bytes_total: u64,
    /// How much of it was read.
    #[schema(minimum = 0, example = 24_000)]
    bytes_read: u64,
    /// Rows that were read: the sum of the following five.
    #[schema(minimum = 0, example = 500)]
    rows_read: u64,
    /// Rows that became leads.
    #[schema(minimum = 0, example = 400)]
    created: u64,
    /// Rows that changed leads.
    #[schema(minimum = 0, example = 60)]
    updated: u64,
    /// Rows that had nothing to do.
    #[schema(minimum = 0, example = 20)]
    skipped: u64,
    /// Rows that repeat one before them.
    #[schema(minimum = 0, example = 15)]
    duplicates: u64,
    /// Rows that something is wrong with: see its `errors.csv`.
    #[schema(minimum = 0, example = 5)]
    failed: u64,
    /// Rows a second since it was begun; null before.
    #[schema(required, minimum = 0, example = 12_000)]
    rate_rows_s: Option<u64>,
    /// In how many seconds it will be done, if it goes on like this; null if that cannot be said.
    #[schema(required, minimum = 0, example = 3)]
    eta_s: Option<u64>,
    /// Why it failed: `bad_mapping` (the columns are not what they have to be, or more than half of the first 1,000 rows
    /// fail), `damaged_file`, `unpacks_too_large` (to more than 4 GiB, or to more than 200 times its size), `file_gone` or
    /// `permission_lost` (whoever asked may not import any more).
    #[schema(required, example = "bad_mapping")]
    error: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T09:00:00.000Z")]
    created_at: String,
    /// When it was begun.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T09:00:01.000Z")]
    started_at: Option<String>,
    /// When it was over.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T09:00:09.000Z")]
    finished_at: Option<String>,
}

impl LeadImport {
    /// An import as it is at the moment `now`.
    pub(super) fn of(job: &ImportJob, now: Timestamp) -> Self {
        let (counts, (bytes_total, bytes_read)) = (job.counts(), job.bytes());
        let since = job.started_at().map(|started| (job.finished_at().unwrap_or(now) - started).num_milliseconds());
        let millis = since.and_then(|millis| u64::try_from(millis).ok()).filter(|millis| *millis > 0);
        let eta = |millis: u64| {
            Some(bytes_total.saturating_sub(bytes_read) * millis / 1_000 / Some(bytes_read).filter(|read| *read > 0)?)
        };
        Self {
            id: job.id().as_uuid(),
            status: job.state().as_str(),
            file_name: job.file_name().to_owned(),
            dry_run: job.options().is_rehearsal,
            bytes_total,
            bytes_read,
            rows_read: counts.rows_read,
            created: counts.created,
            updated: counts.updated,
            skipped: counts.skipped,
            duplicates: counts.duplicates,
            failed: counts.failed,
            rate_rows_s: millis.map(|millis| counts.rows_read * 1_000 / millis),
            eta_s: millis.filter(|_| !job.state().is_over()).and_then(eta),
            error: job.error().map(str::to_owned),
            created_at: moment(job.created_at()),
            started_at: job.started_at().map(moment),
            finished_at: job.finished_at().map(moment),
        }
    }
}

/// A page of imports.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadImportPage {
    /// The imports.
    data: Vec<LeadImport>,
    /// Where the next page begins.
    page: PageInfo,
}

impl LeadImportPage {
    /// A page as it is at the moment `now`.
    pub(super) fn of(page: Page<ImportJob>, now: Timestamp) -> Self {
        let data = page.data.iter().map(|job| LeadImport::of(job, now)).collect();
        Self { data, page: PageInfo::after(page.next_cursor) }
    }
}
