//! What is said about large exports.

use ashlar_kernel::Page;
use ashlar_leads::{
    export::{ExportJob, ExportState},
    use_case::FileLink,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::page::{PageInfo, moment};

/// How far a large export is.
#[derive(Serialize, ToSchema)]
#[schema(example = "completed")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadExportStatus {
    /// Its turn has not come.
    Queued,
    /// Its file is being written.
    Running,
    /// Its file can be had.
    Completed,
    /// It cannot be done: `error` says why.
    Failed,
    /// Whoever asked for it has called it off.
    Cancelled,
    /// Its file is gone.
    Expired,
}

/// The form of an export.
#[derive(Serialize, ToSchema)]
#[schema(example = "csv")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadExportFormat {
    Csv,
    Jsonl,
}

/// A large export.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadExport {
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// How far it is.
    #[schema(value_type = LeadExportStatus)]
    status: &'static str,
    /// In which form.
    #[schema(value_type = LeadExportFormat)]
    format: &'static str,
    /// How many leads its file has so far.
    #[schema(minimum = 0, example = 250_000)]
    rows: u64,
    /// How long its file is so far.
    #[schema(minimum = 0, example = 48_213_000)]
    bytes: u64,
    /// Why it failed: `permission_lost` (whoever asked may not export any more) or `too_large`.
    #[schema(required, example = json!(null))]
    error: Option<String>,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T09:00:00.000Z")]
    created_at: String,
    /// When it was begun; anew, if it broke off.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T09:00:01.000Z")]
    started_at: Option<String>,
    /// When it was over.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T09:00:09.000Z")]
    finished_at: Option<String>,
    /// Until when its file can be had.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-22T09:00:09.000Z")]
    expires_at: Option<String>,
    /// Where its file is, if it can be had: a path of this server, good for five minutes. Whoever has it may follow it,
    /// without a token. Read the export again for another.
    #[schema(
        required,
        format = "uri-reference",
        example = "/api/v1/leads/exports/content?token=AZC1pHweb2qNKzxNXm96kg"
    )]
    download_url: Option<String>,
    /// When that runs out.
    #[schema(required, value_type = Option<String>, format = DateTime, example = "2026-11-21T09:05:00.000Z")]
    download_url_expires_at: Option<String>,
}

impl LeadExport {
    /// An export, with a link to its file if it can be had.
    pub(super) fn of(job: &ExportJob, link: Option<FileLink>) -> Self {
        let (rows, bytes) = job.size();
        // The sweeper comes by every hour, and nobody has to wait for it to be told the truth.
        let is_gone = job.state() == ExportState::Completed && link.is_none();
        let url = |link: &FileLink| format!("/api/v1/leads/exports/content?token={}", link.token);
        Self {
            id: job.id().as_uuid(),
            status: if is_gone { ExportState::Expired } else { job.state() }.as_str(),
            format: job.format().as_str(),
            rows,
            bytes,
            error: job.error().map(str::to_owned),
            created_at: moment(job.created_at()),
            started_at: job.started_at().map(moment),
            finished_at: job.finished_at().map(moment),
            expires_at: job.expires_at().map(moment),
            download_url: link.as_ref().map(url),
            download_url_expires_at: link.map(|link| moment(link.expires_at)),
        }
    }
}

/// A page of large exports.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadExportPage {
    /// The exports.
    data: Vec<LeadExport>,
    /// Where the next page begins.
    page: PageInfo,
}

impl LeadExportPage {
    /// A page, with links to the files that can be had.
    pub(super) fn of(page: Page<ExportJob>, link: impl Fn(&ExportJob) -> Option<FileLink>) -> Self {
        let data = page.data.iter().map(|job| LeadExport::of(job, link(job))).collect();
        Self { data, page: PageInfo::after(page.next_cursor) }
    }
}
