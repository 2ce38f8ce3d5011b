//! Reads the file of an import, and judges each row by itself.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    task::Poll,
};

use ashlar_kernel::{Context, FieldError, FieldErrors, Patch, StoreError};
use futures::StreamExt as _;
use uuid::Uuid;

use super::{Leads, NoOwner};
use crate::{
    LeadId,
    import::{
        Checked, Decoder, ImportField, ImportKey, ImportMode, ImportOptions, Plan, Record, Records, Undecodable, Wish,
        wish_input,
    },
    lead::ContactRequired,
    port::{FileBytes, FileError},
};

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file is damaged.
    #[error(transparent)]
    Damaged(#[from] Undecodable),
    /// The columns are not what they have to be.
    #[error("the file has no columns that leads could be known by")]
    BadMapping,
}

/// Rows that were judged by themselves, and where they end.
#[derive(Default)]
pub(super) struct Portion {
    pub(super) rows: Vec<Checked>,
    /// How much of the text was read when the last of them ended.
    pub(super) offset: u64,
    /// How much of the file was read.
    pub(super) bytes_read: u64,
    /// Whether there are no more after them. A portion may have no rows and others after it: text may be of empty lines,
    /// or of a row that does not end, and nobody is to wait for the next row of it.
    pub(super) is_last: bool,
}

/// The rows of a file.
pub(super) struct Intake {
    leads: Leads,
    context: Context,
    options: ImportOptions,
    source: FileBytes,
    decoder: Decoder,
    records: Records,
    waiting: VecDeque<Record>,
    fields: Vec<Option<ImportField>>,
    owners: HashMap<Uuid, bool>,
    row: u64,
    /// How much of the text was read when the last row of a batch ended.
    offset: u64,
    /// How many rows the next batch has at most.
    most: usize,
    bytes_read: u64,
    /// Whether the source has no more.
    is_dry: bool,
    /// Whether all of it was decoded, too.
    is_drained: bool,
    has_undecoded: bool,
}

/// Rows that are saved together first: a file that is not what it was taken for is found out soon.
pub(super) const FIRST_BATCH: usize = 1_000;
/// Rows that are saved together after that. Databases write what rows have in common, such as pages of indexes, once for all;
/// but what a batch changes of a large index is about a page for each row, which has to fit into memory.
const BATCH: usize = 1_250;
/// Text that is saved together, at most: rows may be long.
const BATCH_TEXT: u64 = 4 << 20;
/// So much of a file is looked at to find out how it is written.
const HEAD: usize = 64 * 1024;
/// Rows between two moments at which others may go on.
const BREATH: usize = 50;

impl Intake {
    /// Opens a file, according to a plan or by making one.
    pub(super) async fn open(
        (leads, context): (Leads, Context),
        options: ImportOptions,
        source: FileBytes,
        plan: Option<Plan>,
    ) -> Result<(Self, Plan), ReadError> {
        let mut intake = Self {
            leads,
            context,
            options,
            source,
            decoder: Decoder::default(),
            records: Records::parted_by(b','),
            waiting: VecDeque::new(),
            fields: Vec::new(),
            owners: HashMap::new(),
            row: 0,
            offset: 0,
            most: FIRST_BATCH,
            bytes_read: 0,
            is_dry: false,
            is_drained: false,
            has_undecoded: false,
        };
        let mut head = Vec::new();
        while head.len() < HEAD && !intake.is_drained {
            intake.draw(&mut head).await?;
        }
        let given = plan.as_ref().map(|plan| plan.delimiter).or(intake.options.delimiter);
        let delimiter = Plan::delimiter(&head, given);
        intake.records = Records::parted_by(delimiter);
        intake.take_apart(&head);
        let has_header = intake.options.has_header;
        let plan = match plan {
            Some(plan) => plan,
            None => Plan::of(delimiter, has_header, intake.waiting.front(), &intake.options.mapping)
                .ok_or(ReadError::BadMapping)?,
        };
        if has_header && intake.waiting.pop_front().is_some() {
            intake.row += 1;
        }
        intake.fields = plan.fields();
        Ok((intake, plan))
    }

    /// The next rows, or none if there were none in so much text.
    pub(super) async fn next(&mut self) -> Result<Portion, ReadError> {
        let mut text = Vec::new();
        let first = self.records.read_so_far().saturating_sub(self.text_waiting());
        let is_enough = |read: u64| read.saturating_sub(first) >= BATCH_TEXT;
        while self.waiting.len() < self.most && !is_enough(self.records.read_so_far()) && !self.is_drained {
            text.clear();
            self.draw(&mut text).await?;
            self.take_apart(&text);
        }
        let mut portion = Portion { bytes_read: self.bytes_read, offset: self.offset, ..Portion::default() };
        let begin = self.offset;
        let is_within = |record: &&Record| record.end <= begin + BATCH_TEXT;
        let rows = self.waiting.iter().take(self.most).take_while(is_within).count();
        // A row is taken however long it is.
        let records: Vec<_> = self.waiting.drain(..self.waiting.len().min(rows.max(1))).collect();
        self.most = BATCH;
        for (index, record) in records.into_iter().enumerate() {
            if index % BREATH == 0 {
                breathe().await;
            }
            self.row += 1;
            (portion.offset, self.offset) = (record.end, record.end);
            portion.rows.push(self.check(record));
        }
        portion.is_last = self.is_drained && self.waiting.is_empty();
        self.judge_owners(&mut portion.rows).await?;
        Ok(portion)
    }

    /// How much of the text waits.
    fn text_waiting(&self) -> u64 {
        self.waiting.back().map_or(0, |last| last.end.saturating_sub(self.offset))
    }

    /// Some more of the text: no more than is decoded in one step.
    async fn draw(&mut self, text: &mut Vec<u8>) -> Result<(), ReadError> {
        if !self.has_undecoded && !self.is_dry {
            let bytes = self.source.next().await.transpose()?;
            self.is_dry = bytes.is_none();
            let bytes = bytes.unwrap_or_default();
            self.bytes_read += bytes.len() as u64;
            self.decoder.feed(bytes, self.is_dry);
        }
        self.has_undecoded = self.decoder.step(text)?;
        self.is_drained = self.is_dry && !self.has_undecoded;
        breathe().await;
        Ok(())
    }

    fn take_apart(&mut self, text: &[u8]) {
        self.records.push(text, &mut self.waiting);
        if self.is_drained {
            self.records.finish(&mut self.waiting);
        }
    }

    fn check(&self, record: Record) -> Checked {
        let (row, end) = (self.row, record.end);
        let cells = match record.cells {
            Ok(cells) => cells,
            Err(fault) => {
                let error = FieldError::new("", fault.code(), fault.to_string());
                return Checked { row, end, cells: Vec::new(), wish: Err(vec![error]) };
            }
        };
        let (has, wants) = (cells.len(), self.fields.len());
        if has != wants {
            let error = FieldError::new("", "ragged_row", format!("has {has} cells, and the first row {wants}"));
            return Checked { row, end, cells, wish: Err(vec![error]) };
        }
        let wish = self.wish(&cells);
        Checked { row, end, cells, wish }
    }

    fn wish(&self, cells: &[String]) -> Result<Wish, Vec<FieldError>> {
        let (id, input, extras) = wish_input(cells, &self.fields, &self.options.defaults);
        let mut errors = FieldErrors::default();
        if self.options.mode != ImportMode::Update {
            let is_silent = |sent: &Patch<String>| !matches!(sent, Patch::Set(text) if !text.trim().is_empty());
            if is_silent(&input.email) && is_silent(&input.phone_number) {
                errors.refuse("/email", &ContactRequired);
                errors.refuse("/phone_number", &ContactRequired);
            }
        }
        let full_name = input.full_name.clone().or((self.options.mode != ImportMode::Update).then(String::new));
        let input = super::EditLeadInput { full_name, ..input };
        let mut patch = self.leads.patch(&self.context, input, &mut errors);
        let status = extras.judge(&mut patch, self.context.now, &mut errors);
        let id = errors.check_optional("/id", id.map(|id| super::form::parse_owner(id.trim()))).map(LeadId::from_uuid);
        let wish = Wish { id, patch, status };
        let mut errors = errors.finish().map_or_else(|invalid| invalid.errors().to_vec(), |()| Vec::new());
        if errors.is_empty()
            && self.options.mode == ImportMode::Update
            && wish.id.is_none()
            && wish.key(self.options.key).is_none()
        {
            let pointer = match self.options.key {
                ImportKey::Email => "/email",
                ImportKey::Phone => "/phone_number",
                ImportKey::Id => "/id",
            };
            errors.push(FieldError::new(pointer, "required", "says which lead is meant"));
        }
        if errors.is_empty() { Ok(wish) } else { Err(errors) }
    }

    /// Those that are to look after leads have to be those who do.
    async fn judge_owners(&mut self, rows: &mut [Checked]) -> Result<(), StoreError> {
        for row in rows {
            let Ok(Wish { patch, .. }) = &row.wish else { continue };
            let Patch::Set(owner) = patch.owner else { continue };
            let may = match self.owners.get(&owner) {
                Some(may) => *may,
                None => self.leads.0.ports.team.looks_after_leads(self.context.tenant, owner).await?,
            };
            self.owners.insert(owner, may);
            if !may {
                row.wish = Err(vec![FieldError::new("/owner_id", "invalid_owner", NoOwner.to_string())]);
            }
        }
        Ok(())
    }
}

/// Lets others go on: whoever reads does not wait for anything otherwise.
async fn breathe() {
    let mut has_breathed = false;
    poll_fn(|context| {
        if std::mem::replace(&mut has_breathed, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
