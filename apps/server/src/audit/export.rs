//! A trail as lines of JSON, for whoever verifies it without this program.

use std::io::{self, Write};

use ashlar_audit::{canonical, port::TrailSnapshot, verify::Body};
use ashlar_kernel::{StoreError, TenantId};
use serde_json::json;

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
    tenant: TenantId,
    output: &mut (dyn Write + Send),
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<u64, ExportError> {
    let notes = snapshot.notes(tenant).await?;
    writeln!(output, "{}", json!({ "format": FORMAT, "tenant": tenant.as_uuid(), "checkpoints": notes }))?;
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
            let event = canonical(event).map_err(StoreError::internal)?;
            let ashlar_audit::Link { seq, prev, leaf, hash, .. } = row.link;
            // The event is put in as it is hashed, byte by byte.
            write!(output, r#"{{"seq":{seq},"prev":"{prev}","leaf":"{leaf}","hash":"{hash}","event":"#)?;
            output.write_all(&event)?;
            output.write_all(b"}\n")?;
        }
        on_progress(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    }
    writeln!(output, "{}", json!({ "links": links }))?;
    output.flush()?;
    Ok(links)
}
