//! Take leads along as a file.

use ashlar_kernel::{Change, Context, Id, StoreError};
use csv::{Terminator, WriterBuilder};
use futures::join;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{TransferError, Transfers};
use crate::{
    LeadPosition, LeadQuery, LeadRow, LeadSort,
    export::{ExportColumn, ExportFormat, ExportJob, ExportLeads},
    permission::{self, Sight},
};

/// What comes of a wish to take leads along.
pub enum Exported {
    /// The file, at once.
    Now(Box<Export>),
    /// A job, whose file a worker writes.
    Later(Box<ExportJob>),
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
    /// Takes leads along: at once up to [so many](Self::EXPORT_AT_ONCE), by a job if there are more. That somebody does is
    /// noted before they get the first.
    pub async fn export(&self, context: &Context, command: ExportLeads) -> Result<Exported, TransferError> {
        let sight = Sight::of(context, permission::EXPORT)?;
        let seen_by = (!sight.sees_all).then_some(sight.who);
        let counted = LeadQuery {
            rows: 1,
            count_up_to: Some(self.exports_at_once().saturating_add(1)),
            ..query(context, &command, seen_by)
        };
        let counted = self.leads().0.ports.store.leads(&counted).await?.counted;
        if counted.is_none_or(|leads| leads <= self.exports_at_once()) {
            return Ok(Exported::Now(Box::new(self.begin_export(context, command, seen_by).await?)));
        }
        let whose = (context.tenant, sight.who, seen_by);
        let change = ExportJob::request(Id::new(self.ids()), whose, command, context.now);
        let job = change.state().clone();
        let mut tx = self.exports().begin_export(context).await?;
        tx.insert_export(change).await?;
        tx.commit().await?;
        Ok(Exported::Later(Box::new(job)))
    }

    /// The same for an operator, who sees everything of a tenant, and all of it at once.
    pub async fn export_all(&self, context: &Context, command: ExportLeads) -> Result<Export, StoreError> {
        self.begin_export(context, command, None).await
    }

    async fn begin_export(
        &self,
        context: &Context,
        command: ExportLeads,
        seen_by: Option<Uuid>,
    ) -> Result<Export, StoreError> {
        let command = command.with_columns();
        let mut tx = self.store().begin_transfer(context).await?;
        tx.note_export(Change::new((), command.created(self.ids().next()))).await?;
        tx.commit().await?;
        Ok(Export::of(self, context, command, seen_by))
    }
}

fn query(context: &Context, command: &ExportLeads, seen_by: Option<Uuid>) -> LeadQuery {
    LeadQuery {
        tenant: context.tenant,
        seen_by,
        filter: command.filter.clone(),
        sort: LeadSort::OldestFirst,
        after: None,
        rows: PAGE,
        count_up_to: None,
    }
}

impl Export {
    /// From its beginning.
    pub(super) fn of(transfers: &Transfers, context: &Context, command: ExportLeads, seen_by: Option<Uuid>) -> Self {
        let query = Some(query(context, &command, seen_by));
        let ExportLeads { columns, format, .. } = command;
        Self { transfers: transfers.clone(), query, ahead: None, columns, format, has_begun: false, leads: 0 }
    }

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
