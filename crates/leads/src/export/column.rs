//! What exports have of leads, and in which form.

use std::borrow::Cow;

use ashlar_kernel::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::{LeadRow, import::guard, lead::choice::choice};

choice! {
    /// The form of an export.
    ExportFormat, "csv, jsonl" {
        /// Comma-separated values (RFC 4180), with a header.
        Csv = "csv",
        /// One JSON object a line.
        Jsonl = "jsonl",
    }
}

choice! {
    /// A column of an export.
    ExportColumn, "id, full_name, position, company_name, phone_number, email, source, category, status, lost_reason, notes, owner_id, tags, score, utm_source, utm_medium, utm_campaign, utm_term, utm_content, custom, last_contacted_at, converted_at, created_at, updated_at" {
        /// The id.
        Id = "id",
        /// What they are called.
        FullName = "full_name",
        /// What they are where they work.
        Position = "position",
        /// Where they work.
        CompanyName = "company_name",
        /// How they are called, as it was given.
        PhoneNumber = "phone_number",
        /// Where mail goes.
        Email = "email",
        /// How they came.
        Source = "source",
        /// What they want.
        Category = "category",
        /// Where they stand.
        Status = "status",
        /// Why they were lost.
        LostReason = "lost_reason",
        /// What somebody wrote down.
        Notes = "notes",
        /// Who looks after them.
        OwnerId = "owner_id",
        /// By which words they are found.
        Tags = "tags",
        /// How promising they are.
        Score = "score",
        /// A mark of a campaign.
        UtmSource = "utm_source",
        /// A mark of a campaign.
        UtmMedium = "utm_medium",
        /// A mark of a campaign.
        UtmCampaign = "utm_campaign",
        /// A mark of a campaign.
        UtmTerm = "utm_term",
        /// A mark of a campaign.
        UtmContent = "utm_content",
        /// What the installation keeps besides, as JSON.
        Custom = "custom",
        /// When somebody last spoke to them.
        LastContactedAt = "last_contacted_at",
        /// When they became clients.
        ConvertedAt = "converted_at",
        /// When they came.
        CreatedAt = "created_at",
        /// When they were last edited.
        UpdatedAt = "updated_at",
    }
}

/// What a lead has in a column, as it is stored.
pub(crate) enum Cell<'r> {
    Nothing,
    /// What somebody typed in, which a spreadsheet may take for a formula.
    Typed(&'r str),
    /// What this program says.
    Text(&'r str),
    Id(Uuid),
    Number(i32),
    Tags(&'r str),
    Json(&'r Value),
    At(Timestamp),
}

impl ExportColumn {
    /// What a lead has in this column.
    pub(crate) fn of(self, row: &LeadRow) -> Cell<'_> {
        let moment = |at: Option<Timestamp>| at.map_or(Cell::Nothing, Cell::At);
        match self {
            Self::Id => Cell::Id(row.id),
            Self::FullName => Cell::Typed(&row.full_name),
            Self::Position => typed(row.position.as_ref()),
            Self::CompanyName => typed(row.company_name.as_ref()),
            Self::PhoneNumber => typed(row.phone_number.as_ref()),
            Self::Email => typed(row.email.as_ref()),
            Self::Source => Cell::Text(&row.source),
            Self::Category => said(row.category.as_ref()),
            Self::Status => Cell::Text(&row.status),
            Self::LostReason => said(row.lost_reason.as_ref()),
            Self::Notes => typed(row.notes.as_ref()),
            Self::OwnerId => row.owner_id.map_or(Cell::Nothing, Cell::Id),
            Self::Tags => Cell::Tags(&row.tags),
            Self::Score => Cell::Number(row.score),
            Self::UtmSource => typed(row.utm_source.as_ref()),
            Self::UtmMedium => typed(row.utm_medium.as_ref()),
            Self::UtmCampaign => typed(row.utm_campaign.as_ref()),
            Self::UtmTerm => typed(row.utm_term.as_ref()),
            Self::UtmContent => typed(row.utm_content.as_ref()),
            Self::Custom => Cell::Json(&row.custom),
            Self::LastContactedAt => moment(row.last_contacted_at),
            Self::ConvertedAt => moment(row.converted_at),
            Self::CreatedAt => Cell::At(row.created_at),
            Self::UpdatedAt => Cell::At(row.updated_at),
        }
    }
}

impl<'r> Cell<'r> {
    /// As a cell that no spreadsheet computes.
    pub(crate) fn guarded(self) -> Cow<'r, str> {
        match self {
            Self::Nothing => "".into(),
            Self::Typed(text) => guard(text),
            Self::Text(text) => text.into(),
            Self::Id(id) => id.to_string().into(),
            Self::Number(number) => number.to_string().into(),
            // A tag may begin with `-`.
            Self::Tags(tags) => guard(tags.trim()),
            Self::Json(Value::Object(members)) if members.is_empty() => "".into(),
            Self::Json(value) => value.to_string().into(),
            Self::At(at) => moment(at).into(),
        }
    }

    pub(crate) fn json(self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Typed(text) | Self::Text(text) => text.into(),
            Self::Id(id) => id.to_string().into(),
            Self::Number(number) => number.into(),
            Self::Tags(tags) => tags.split_whitespace().map(Value::from).collect(),
            Self::Json(value) => value.clone(),
            Self::At(at) => moment(at).into(),
        }
    }
}

fn typed(text: Option<&String>) -> Cell<'_> {
    text.map_or(Cell::Nothing, |text| Cell::Typed(text))
}

fn said(text: Option<&String>) -> Cell<'_> {
    text.map_or(Cell::Nothing, |text| Cell::Text(text))
}

fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
