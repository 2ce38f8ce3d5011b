//! What an import did, for the operator and for programs.

use std::{collections::BTreeMap, fmt::Write as _};

use ashlar_identity::use_case::ImportOutcome;
use serde::Serialize;

use super::rows::{Row, RowFault, RowNote};

/// Remarks of one kind that a person is shown.
const SHOWN: usize = 50;
/// Names of other models that are remembered.
const MODELS: usize = 20;

/// What an import did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    file: String,
    source: String,
    dry_run: bool,
    /// Rows that were looked at.
    read: u64,
    imported: u64,
    imported_before: u64,
    refused: u64,
    /// Rows that are no accounts.
    #[serde(rename = "other_models")]
    others: u64,
    roles: BTreeMap<&'static str, u64>,
    passwords: BTreeMap<String, u64>,
    refusals: Vec<Remark>,
    notes: Vec<Remark>,
    #[serde(skip)]
    models: BTreeMap<String, u64>,
}

/// Something about one row.
#[derive(Debug, Serialize)]
struct Remark {
    row: u64,
    line: u64,
    id: Option<String>,
    code: &'static str,
    reason: String,
}

impl Remark {
    fn new(row: &Row, code: &'static str, reason: &impl ToString) -> Self {
        Self { row: row.number, line: row.line, id: row.id.clone(), code, reason: reason.to_string() }
    }
}

impl Report {
    /// An empty one.
    pub fn new(file: String, source: String, dry_run: bool) -> Self {
        Self { file, source, dry_run, ..Self::default() }
    }

    /// Whether every row that is an account was taken over, now or before.
    pub const fn is_complete(&self) -> bool {
        self.refused == 0
    }

    pub(super) fn add(&mut self, row: &Row, notes: &[RowNote], outcome: &ImportOutcome) {
        match outcome {
            ImportOutcome::Imported(imported) => {
                self.read += 1;
                self.imported += 1;
                *self.roles.entry(imported.role.as_str()).or_default() += 1;
                *self.passwords.entry(imported.password.to_string()).or_default() += 1;
                self.notes.extend(notes.iter().map(|note| Remark::new(row, note.code(), note)));
                self.notes.extend(imported.notes.iter().map(|note| Remark::new(row, note.code(), note)));
            }
            ImportOutcome::ImportedBefore => {
                self.read += 1;
                self.imported_before += 1;
            }
            ImportOutcome::Refused(refusal) => self.refuse(row, &RowFault::from(*refusal)),
        }
    }

    pub(super) fn refuse(&mut self, row: &Row, fault: &RowFault) {
        self.read += 1;
        self.refused += 1;
        self.refusals.push(Remark::new(row, fault.code(), fault));
    }

    pub(super) fn skip(&mut self, model: &str) {
        self.others += 1;
        if self.models.len() < MODELS || self.models.contains_key(model) {
            *self.models.entry(model.to_owned()).or_default() += 1;
        }
    }

    /// Puts what was noted into the order of the file.
    pub(super) fn sort(&mut self) {
        self.refusals.sort_by_key(|remark| remark.row);
        self.notes.sort_by_key(|remark| remark.row);
    }

    /// What the file has instead, if it has no account at all.
    pub fn other_models(&self) -> Option<String> {
        let found = self.models.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        (self.read == 0 && self.others > 0).then_some(found)
    }

    /// One JSON object.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Text for people, shortened where it is long.
    pub fn text(&self) -> String {
        let mut text = format!("{} as {}\n\n", self.file, self.source);
        if self.dry_run {
            text.push_str("  This was a dry run: nothing was written.\n\n");
        }
        for (name, count) in [
            ("read", self.read),
            ("imported", self.imported),
            ("imported before", self.imported_before),
            ("refused", self.refused),
        ] {
            line(&mut text, format_args!("  {name:<16} {count:>9}"));
        }
        listed(&mut text, "roles", &self.roles);
        listed(&mut text, "passwords", &self.passwords);
        if self.others > 0 {
            listed(&mut text, "not accounts", &self.models);
        }
        detailed(&mut text, "Refused", &self.refusals);
        detailed(&mut text, "To know", &self.notes);
        text
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a text does not fail.
    let _written = writeln!(text, "{line}");
}

fn listed<K: std::fmt::Display>(text: &mut String, name: &str, counts: &BTreeMap<K, u64>) {
    for (at, (what, count)) in counts.iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        line(text, format_args!("  {name:<16} {count:>9}  {what}"));
    }
}

fn detailed(text: &mut String, name: &str, remarks: &[Remark]) {
    if remarks.is_empty() {
        return;
    }
    line(text, format_args!("\n{name}:"));
    for Remark { row, line: number, id, reason, .. } in remarks.iter().take(SHOWN) {
        let id = id.as_deref().map(|id| format!(", id {}", id.escape_debug())).unwrap_or_default();
        line(text, format_args!("  row {row}, line {number}{id}: {reason}"));
    }
    if remarks.len() > SHOWN {
        line(text, format_args!("  … and {} more; --output json lists them all", remarks.len() - SHOWN));
    }
}
