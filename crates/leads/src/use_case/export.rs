//! Take leads along as a file.

use ashlar_kernel::{Change, Context, Email, StoreError, Timestamp};
use csv::{Terminator, WriterBuilder};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{TransferError, Transfers};
use crate::{
    Category, Lead, LeadFilter, LeadPosition, LeadQuery, LeadSort, LostReason,
    import::{ExportEvent, guard},
    lead::{Mark, Notes, Phone, ShortLine, choice::choice},
    permission::{self, Sight},
    port::LeadStore,
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

impl ExportColumn {
    /// What a lead has in this column.
    fn of(self, lead: &Lead) -> Value {
        let details = lead.details();
        let line = |line: &Option<ShortLine>| text(line.as_ref().map(ShortLine::as_str));
        let mark = |mark: &Option<Mark>| text(mark.as_ref().map(Mark::as_str));
        match self {
            Self::Id => lead.id().to_string().into(),
            Self::FullName => details.full_name.as_str().into(),
            Self::Position => line(&details.position),
            Self::CompanyName => line(&details.company_name),
            Self::PhoneNumber => text(details.phone.as_ref().map(Phone::given)),
            Self::Email => text(details.email.as_ref().map(Email::address)),
            Self::Source => details.source.as_str().into(),
            Self::Category => text(details.category.map(Category::as_str)),
            Self::Status => lead.status().as_str().into(),
            Self::LostReason => text(lead.lost_reason().map(LostReason::as_str)),
            Self::Notes => text(details.notes.as_ref().map(Notes::as_str)),
            Self::OwnerId => details.owner.map_or(Value::Null, |owner| owner.to_string().into()),
            Self::Tags => details.tags.iter().map(Value::from).collect(),
            Self::Score => details.score().into(),
            Self::UtmSource => mark(&details.utm.source),
            Self::UtmMedium => mark(&details.utm.medium),
            Self::UtmCampaign => mark(&details.utm.campaign),
            Self::UtmTerm => mark(&details.utm.term),
            Self::UtmContent => mark(&details.utm.content),
            Self::Custom => details.custom.to_json(),
            Self::LastContactedAt => moment(lead.last_contacted_at()),
            Self::ConvertedAt => moment(lead.converted_at()),
            Self::CreatedAt => moment(Some(lead.created_at())),
            Self::UpdatedAt => moment(Some(lead.updated_at())),
        }
    }
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

fn moment(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into())
}

/// A value as a cell that no spreadsheet computes.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guard(text).into_owned(),
        Value::Array(tags) => tags.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        Value::Object(members) if members.is_empty() => String::new(),
        other => other.to_string(),
    }
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
    query: Option<LeadQuery>,
    columns: Vec<ExportColumn>,
    format: ExportFormat,
    has_begun: bool,
    leads: u64,
}

/// Leads that are read at a time.
const PAGE: u64 = 1_000;

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
        Ok(Export { transfers: self.clone(), query: Some(query), columns, format, has_begun: false, leads: 0 })
    }
}

impl Export {
    /// The next part of the file; none if it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut query) = self.query.take() else { return Ok(None) };
        let leads = self.store().leads(&query).await?.leads;
        self.leads += leads.len() as u64;
        let part = self.part(&leads)?;
        if let Some(last) = leads.last().filter(|_| leads.len() as u64 == PAGE) {
            query.after = Some(LeadPosition::of(last, (query.sort, &query.filter)));
            self.query = Some(query);
        }
        Ok(Some(part))
    }

    fn store(&self) -> &dyn LeadStore {
        &*self.transfers.leads().0.ports.store
    }

    /// How many leads it has so far.
    pub const fn leads(&self) -> u64 {
        self.leads
    }

    fn part(&mut self, leads: &[Lead]) -> Result<Vec<u8>, StoreError> {
        match self.format {
            ExportFormat::Csv => self.csv(leads),
            ExportFormat::Jsonl => self.jsonl(leads),
        }
    }

    fn csv(&mut self, leads: &[Lead]) -> Result<Vec<u8>, StoreError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        if !std::mem::replace(&mut self.has_begun, true) {
            writer.write_record(self.columns.iter().map(|column| column.as_str())).map_err(StoreError::internal)?;
        }
        for lead in leads {
            let cells = self.columns.iter().map(|column| cell(&column.of(lead)));
            writer.write_record(cells).map_err(StoreError::internal)?;
        }
        writer.into_inner().map_err(|error| StoreError::internal(error.to_string()))
    }

    fn jsonl(&self, leads: &[Lead]) -> Result<Vec<u8>, StoreError> {
        let mut lines = Vec::new();
        for lead in leads {
            let members = self.columns.iter().map(|column| (column.as_str().to_owned(), column.of(lead)));
            serde_json::to_writer(&mut lines, &Value::Object(members.collect::<Map<_, _>>()))
                .map_err(StoreError::internal)?;
            lines.push(b'\n');
        }
        Ok(lines)
    }
}
