//! A trail as lines of JSON, for whoever verifies it without this program, or as a table, for whoever reads it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use ashlar_audit::{
    Link, canonical,
    port::TrailSnapshot,
    verify::{Body, SealedRow},
};
use ashlar_kernel::{LogEntry, PersonalValue, StoreError, TenantId};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::{self, ExportFormat};

/// The name of the format, in the first line.
pub const FORMAT: &str = "ashlar.audit.export/2";

/// Rows that are read at a time.
const PAGE: u32 = 1_000;

/// Why an export broke off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output takes no more.
    #[error("the export cannot be written")]
    Output(#[from] io::Error),
    /// A link has no event to go with it, and none that accounts for that: the trail was tampered with, and `ashlar audit
    /// verify` says how.
    #[error("link {seq} of tenant {tenant} has no event; run: ashlar audit verify", tenant = .tenant.as_uuid())]
    Broken {
        /// Whose trail.
        tenant: TenantId,
        /// The number of the link.
        seq: u64,
    },
}

/// How a trail is written.
#[derive(Debug, Clone, Copy)]
pub struct ExportStyle {
    /// In which form.
    pub format: ExportFormat,
    /// Whether the personal values that events are committed to are written with them.
    pub with_personal: bool,
}

/// Writes the trail of a tenant: a line that says what it is, with the checkpoints; a line for each link, with its event
/// in canonical form; and a line with the count. In constant memory. How many links there were.
pub async fn export(
    snapshot: &mut dyn TrailSnapshot,
    (tenant, style): (TenantId, ExportStyle),
    output: &mut (dyn Write + Send),
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<u64, ExportError> {
    let notes = snapshot.notes(tenant).await?;
    let manifest = json!({ "format": FORMAT, "tenant": tenant.as_uuid(), "checkpoints": notes });
    match style.format {
        ExportFormat::Ndjson => writeln!(output, "{manifest}")?,
        ExportFormat::Csv => {
            output.write_all(&table::remark("manifest", &manifest)?)?;
            output.write_all(&table::line(["seq", "hash"].iter().chain(&table::COLUMNS))?)?;
        }
    }
    let (mut after, mut links) = (0, 0_u64);
    loop {
        let rows = snapshot.rows(tenant, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.link.seq;
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        links += count;
        for row in entries(snapshot, rows, style.with_personal).await? {
            output.write_all(&written(&row?, style.format)?)?;
        }
        on_progress(count);
    }
    let end = json!({ "links": links });
    match style.format {
        ExportFormat::Ndjson => writeln!(output, "{end}")?,
        ExportFormat::Csv => output.write_all(&table::remark("end", &end)?)?,
    }
    output.flush()?;
    Ok(links)
}

/// A link, and what is written with it.
struct Sealed {
    link: Link,
    /// None if it was kept for long enough.
    entry: Option<LogEntry>,
    expired_by: Option<Uuid>,
}

/// The links with their events, and what is to be written beside those.
async fn entries(
    snapshot: &mut dyn TrailSnapshot,
    rows: Vec<SealedRow>,
    with_personal: bool,
) -> Result<Vec<Result<Sealed, ExportError>>, StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.link.event).collect();
    let mut beside = if with_personal { snapshot.personal(&ids).await? } else { BTreeMap::new() };
    let mut entry = |SealedRow { link, body, expired_by }: SealedRow| {
        let entry = match body {
            Body::Event(event) => {
                Some(LogEntry { event: *event, personal: beside.remove(&link.event).unwrap_or_default() })
            }
            // Whether it was by rights is for whoever reads the export to find out.
            Body::Gone if expired_by.is_some() => None,
            Body::Gone | Body::Unreadable => {
                return Err(ExportError::Broken { tenant: link.tenant, seq: link.seq });
            }
        };
        Ok(Sealed { link, entry, expired_by })
    };
    Ok(rows.into_iter().map(&mut entry).collect())
}

/// The line of a link.
fn written(sealed: &Sealed, format: ExportFormat) -> Result<Vec<u8>, ExportError> {
    let Link { seq, prev, leaf, hash, .. } = &sealed.link;
    if format == ExportFormat::Csv {
        let cells = match &sealed.entry {
            Some(entry) => table::cells(entry).map_err(StoreError::internal)?,
            None => table::no_cells(),
        };
        return Ok(table::line([seq.to_string(), hash.to_string()].into_iter().chain(cells))?);
    }
    let mut line = format!(r#"{{"seq":{seq},"prev":"{prev}","leaf":"{leaf}","hash":"{hash}""#).into_bytes();
    if let Some(by) = sealed.expired_by {
        write!(line, r#","expired":"{by}""#)?;
    }
    if let Some(entry) = &sealed.entry {
        let personal: Vec<Value> = entry.personal.iter().map(document).collect();
        if !personal.is_empty() {
            write!(line, r#","personal":{}"#, json!(personal))?;
        }
        // The event is put in as it is hashed, byte by byte.
        line.extend_from_slice(br#","event":"#);
        line.extend(canonical(&entry.event).map_err(StoreError::internal)?);
    }
    line.extend_from_slice(b"}\n");
    Ok(line)
}

/// A personal value with its key, by which anybody can compute the commitment in the event.
fn document(PersonalValue { path, salt, value, .. }: &PersonalValue) -> Value {
    // No member of it is called "event", with which the canonical form begins.
    json!({ "path": path, "salt": HEXLOWER.encode(salt), "value": value })
}
