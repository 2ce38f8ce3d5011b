//! A trail as lines of JSON, for whoever verifies it without this program, or as a table, for whoever reads it.

use std::io::{self, Write};

use ashlar_audit::{Link, canonical, port::TrailSnapshot, verify::Body};
use ashlar_kernel::{EventRecord, StoreError, TenantId};
use serde_json::json;

use super::table::{self, ExportFormat};

/// The name of the format, in the first line.
pub const FORMAT: &str = "ashlar.audit.export/1";

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
    /// A link has no event to go with it: the trail was tampered with, and `ashlar audit verify` says how.
    #[error("link {seq} of tenant {tenant} has no event; run: ashlar audit verify", tenant = .tenant.as_uuid())]
    Broken {
        /// Whose trail.
        tenant: TenantId,
        /// The number of the link.
        seq: u64,
    },
}

/// Writes the trail of a tenant: a line that says what it is, with the checkpoints; a line for each link, with its event
/// in canonical form; and a line with the count. In constant memory. How many links there were.
pub async fn export(
    snapshot: &mut dyn TrailSnapshot,
    (tenant, format): (TenantId, ExportFormat),
    output: &mut (dyn Write + Send),
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<u64, ExportError> {
    let notes = snapshot.notes(tenant).await?;
    let manifest = json!({ "format": FORMAT, "tenant": tenant.as_uuid(), "checkpoints": notes });
    match format {
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
        links += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        for row in &rows {
            let Body::Event(event) = &row.body else {
                return Err(ExportError::Broken { tenant, seq: row.link.seq });
            };
            output.write_all(&written(&row.link, event, format)?)?;
        }
        on_progress(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    }
    let end = json!({ "links": links });
    match format {
        ExportFormat::Ndjson => writeln!(output, "{end}")?,
        ExportFormat::Csv => output.write_all(&table::remark("end", &end)?)?,
    }
    output.flush()?;
    Ok(links)
}

/// The line of a link.
fn written(sealed: &Link, event: &EventRecord, format: ExportFormat) -> Result<Vec<u8>, ExportError> {
    let Link { seq, prev, leaf, hash, .. } = sealed;
    if format == ExportFormat::Csv {
        let cells = table::cells(event).map_err(StoreError::internal)?;
        return Ok(table::line([seq.to_string(), hash.to_string()].into_iter().chain(cells))?);
    }
    // The event is put in as it is hashed, byte by byte.
    let mut line = format!(r#"{{"seq":{seq},"prev":"{prev}","leaf":"{leaf}","hash":"{hash}","event":"#).into_bytes();
    line.extend(canonical(event).map_err(StoreError::internal)?);
    line.extend_from_slice(b"}\n");
    Ok(line)
}
