//! Take leads along as a file.

use std::borrow::Cow;

use ashlar_kernel::{Change, Context, StoreError, Timestamp};
use csv::{Terminator, WriterBuilder};
use futures::join;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{TransferError, Transfers};
use crate::{
    LeadFilter, LeadPosition, LeadQuery, LeadRow, LeadSort,
    import::{ExportEvent, guard},
    lead::choice::choice,
    permission::{self, Sight},
};

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
enum Cell<'r> {
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
    fn of(self, row: &LeadRow) -> Cell<'_> {
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
    fn guarded(self) -> Cow<'r, str> {
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

    fn json(self) -> Value {
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

/// Takes the leads that the caller sees along.
#[derive(Debug, Clone)]
pub struct ExportLeads {
    /// Which of them.
    pub filter: LeadFilter,
    /// Which columns; all if none.
    pub columns: Vec<ExportColumn>,
    /// In which form.
    pub format: ExportFormat,
}

/// An export on its way: in constant memory, however many leads there are.
pub struct Export {
    transfers: Transfers,
    /// What is read next, in the order in which leads came.
    query: Option<LeadQuery>,
    /// What is written next.
    ahead: Option<Vec<LeadRow>>,
    columns: Vec<ExportColumn>,
    format: ExportFormat,
    has_begun: bool,
    leads: u64,
}

/// Leads that are read at a time.
const PAGE: u64 = 2_000;

impl Transfers {
    /// Begins an export. That somebody takes leads along is noted before they get the first.
    pub async fn export(&self, context: &Context, command: ExportLeads) -> Result<Export, TransferError> {
        let sight = Sight::of(context, permission::EXPORT)?;
        let seen_by = (!sight.sees_all).then_some(sight.who);
        Ok(self.begin_export(context, command, seen_by).await?)
    }

    /// The same for an operator, who sees everything of a tenant.
    pub async fn export_all(&self, context: &Context, command: ExportLeads) -> Result<Export, StoreError> {
        self.begin_export(context, command, None).await
    }

    async fn begin_export(
        &self,
        context: &Context,
        command: ExportLeads,
        seen_by: Option<Uuid>,
    ) -> Result<Export, StoreError> {
        let ExportLeads { filter, columns, format } = command;
        let columns = if columns.is_empty() { ExportColumn::ALL.to_vec() } else { columns };
        let event = ExportEvent::Created {
            export: self.ids().next(),
            format: format.as_str(),
            columns: columns.iter().map(|column| column.as_str()).collect(),
            is_filtered: filter != LeadFilter::default(),
        };
        let mut tx = self.store().begin_transfer(context).await?;
        tx.note_export(Change::new((), event)).await?;
        tx.commit().await?;
        let query = LeadQuery {
            tenant: context.tenant,
            seen_by,
            filter,
            sort: LeadSort::OldestFirst,
            after: None,
            rows: PAGE,
            count_up_to: None,
        };
        let transfers = self.clone();
        Ok(Export { transfers, query: Some(query), ahead: None, columns, format, has_begun: false, leads: 0 })
    }
}

impl Export {
    /// The next part of the file; none if it is whole. While it is written, the leads of the part after it are read.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let transfers = self.transfers.clone();
        let rows = match (self.ahead.take(), self.query.take()) {
            (Some(rows), query) => {
                self.query = query;
                rows
            }
            (None, Some(query)) => {
                let rows = transfers.store().leads_to_export(&query).await?;
                self.query = following(query, &rows);
                rows
            }
            (None, None) => return Ok(None),
        };
        self.leads += rows.len() as u64;
        let query = self.query.take();
        let read = async {
            match &query {
                Some(query) => transfers.store().leads_to_export(query).await.map(Some),
                None => Ok(None),
            }
        };
        let (ahead, part) = join!(read, async { self.part(&rows) });
        if let (Some(ahead), Some(query)) = (ahead?, query) {
            self.query = following(query, &ahead);
            self.ahead = Some(ahead);
        }
        part.map(Some)
    }

    /// How many leads it has so far.
    pub const fn leads(&self) -> u64 {
        self.leads
    }

    fn part(&mut self, rows: &[LeadRow]) -> Result<Vec<u8>, StoreError> {
        match self.format {
            ExportFormat::Csv => self.csv(rows),
            ExportFormat::Jsonl => self.jsonl(rows),
        }
    }

    fn csv(&mut self, rows: &[LeadRow]) -> Result<Vec<u8>, StoreError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        if !std::mem::replace(&mut self.has_begun, true) {
            writer.write_record(self.columns.iter().map(|column| column.as_str())).map_err(StoreError::internal)?;
        }
        for row in rows {
            for column in &self.columns {
                writer.write_field(column.of(row).guarded().as_bytes()).map_err(StoreError::internal)?;
            }
            writer.write_record(None::<&[u8]>).map_err(StoreError::internal)?;
        }
        writer.into_inner().map_err(|error| StoreError::internal(error.to_string()))
    }

    fn jsonl(&self, rows: &[LeadRow]) -> Result<Vec<u8>, StoreError> {
        let mut lines = Vec::new();
        for row in rows {
            let members = self.columns.iter().map(|column| (column.as_str().to_owned(), column.of(row).json()));
            serde_json::to_writer(&mut lines, &Value::Object(members.collect::<Map<_, _>>()))
                .map_err(StoreError::internal)?;
            lines.push(b'\n');
        }
        Ok(lines)
    }
}

/// The page after this one; none if it was the last.
fn following(query: LeadQuery, rows: &[LeadRow]) -> Option<LeadQuery> {
    let last = rows.last().filter(|_| rows.len() as u64 == query.rows)?;
    Some(LeadQuery { after: Some(LeadPosition::At(last.created_at, last.id)), ..query })
}
