//! A log of events, made by the database itself, and a sealer that is kept from its work.

use std::time::Duration;

use anyhow::Result;
use tokio_postgres::{Client, NoTls};

/// Twenty names, a thousand actors and addresses, ten thousand things. Ids are in the order of time, as those of the product.
const EVENTS: &str = "
INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, actor_id, targets, outcome, diff, data,
                   source, request_id)
SELECT (lpad(to_hex(1767225600000 + n * 1000::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8'
        || substr(md5(n::text), 4, 15))::uuid, (SELECT id FROM tenant ORDER BY created_at LIMIT 1),
       timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second', 'bench.thing' || n % 20 || '.changed', 1, 'user',
       md5('actor' || n % 1000)::uuid::text,
       jsonb_build_array(jsonb_build_object('type', 'thing', 'id', md5('thing' || n % 10000)::uuid::text)), 'ok',
       jsonb_build_array(jsonb_build_object('path', '/title', 'old', 'Title ' || n, 'new', 'Title ' || n + 1)), '{}',
       jsonb_build_object('ip', '10.0.' || n % 4 || '.' || n % 250, 'user_agent', 'bench'), 'request-' || n
FROM generate_series(1, $1::integer) n";

/// The advisory lock that a sealer takes for each of its transactions.
const SEALER_LOCK: i64 = 0x4153_484C_5345_414C;

async fn connect(database: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Makes a database.
pub(crate) async fn new_database(server: &str, name: &str) -> Result<()> {
    Ok(connect(server).await?.batch_execute(&format!("CREATE DATABASE {name}")).await?)
}

/// Fills the log. Nobody has subscribed to these events: they wait for the sealer alone.
pub(crate) async fn fill(database: &str, events: i32) -> Result<()> {
    let client = connect(database).await?;
    client.execute(EVENTS, &[&events]).await?;
    client.batch_execute("TRUNCATE event_dispatch_pending").await?;
    // Alone: what is sent together is one transaction.
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

/// Holds the turn of the sealer for a while.
pub(crate) async fn hold(database: &str, seconds: u64) -> Result<()> {
    let client = connect(database).await?;
    client.execute("SELECT pg_advisory_lock($1)", &[&SEALER_LOCK]).await?;
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}
