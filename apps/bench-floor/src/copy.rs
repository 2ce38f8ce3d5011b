//! What the database allows: the same leads, from one table to another that has the same indexes.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;
use tokio_postgres::NoTls;

/// Prints rows a second.
pub(crate) async fn leads(database: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute("CREATE TABLE lead_floor (LIKE lead INCLUDING ALL)").await?;
    let begun = Instant::now();
    let rows = client.execute("INSERT INTO lead_floor SELECT * FROM lead LIMIT 200000", &[]).await?;
    let seconds = begun.elapsed().as_secs_f64();
    client.batch_execute("DROP TABLE lead_floor").await?;
    // Alone: what is sent together is one transaction.
    client.batch_execute("VACUUM ANALYZE lead").await?;
    drop(client);
    connection.await??;
    let rows = f64::from(u32::try_from(rows)?);
    writeln!(std::io::stdout(), "{:.0}", rows / seconds)?;
    Ok(())
}
