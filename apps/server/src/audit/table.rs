//! Events as a table, for spreadsheets.

use std::{borrow::Cow, io};

use ashlar_kernel::LogEntry;
use chrono::SecondsFormat;
use serde::Serialize;

/// In which form events are taken along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// Lines of JSON.
    Ndjson,
    /// A table.
    Csv,
}

impl ExportFormat {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }
}

/// What the columns are called.
pub const COLUMNS: [&str; 15] = [
    "id",
    "action",
    "schema_version",
    "outcome",
    "occurred_at",
    "actor_type",
    "actor_id",
    "actor_session_id",
    "targets",
    "changes",
    "data",
    "ip",
    "user_agent",
    "request_id",
    "trace_id",
];

/// The cells of an event.
pub fn cells(entry: &LogEntry) -> Result<[String; 15], serde_json::Error> {
    let event = &entry.event;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Ok([
        event.id.to_string(),
        event.name.clone(),
        event.schema_version.to_string(),
        event.outcome.as_str().to_owned(),
        event.occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        event.actor.kind.clone(),
        text(event.actor.id.as_deref()),
        event.actor.session.map(|session| session.to_string()).unwrap_or_default(),
        serde_json::to_string(&event.targets)?,
        serde_json::to_string(&event.diff)?,
        serde_json::to_string(&event.data)?,
        entry.ip().map(|ip| ip.to_string()).unwrap_or_default(),
        text(entry.user_agent()),
        event.request_id.clone(),
        text(event.trace.as_deref().and_then(|trace| trace.get(3..35))),
    ])
}

/// The cells of an event that is not there any more.
pub fn no_cells() -> [String; 15] {
    Default::default()
}

/// A line of a table (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front.
pub fn line<C: AsRef<str>>(cells: impl IntoIterator<Item = C>) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for cell in cells {
        writer.write_field(guarded(cell.as_ref()).as_bytes())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A line that is no event: a word behind a number sign, with which no id begins, and a document.
pub fn remark(word: &str, document: &impl Serialize) -> io::Result<Vec<u8>> {
    line([format!("#{word}"), serde_json::to_string(document)?])
}

/// A cell that no spreadsheet computes (CWE-1236).
fn guarded(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_no_formulas_and_quotes_are_quoted() {
        let cells = ["=1+1", "+1", "-1", "@a", "\tx", "a=1", "say \"a, b\"", ""];
        let written = String::from_utf8(line(cells).unwrap()).unwrap();
        assert_eq!(written, "'=1+1,'+1,'-1,'@a,'\tx,a=1,\"say \"\"a, b\"\"\",\n");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(written.as_bytes());
        let read = reader.records().next().unwrap().unwrap();
        assert_eq!((&read[0], &read[6]), ("'=1+1", "say \"a, b\""));
    }

    #[test]
    fn remarks_are_told_from_events() {
        let written = String::from_utf8(remark("end", &serde_json::json!({ "events": 1 })).unwrap()).unwrap();
        assert_eq!(written, "#end,\"{\"\"events\"\":1}\"\n");
    }
}
