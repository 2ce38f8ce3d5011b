//! The same data for every run, made by the database itself from the first account and its first session.

use anyhow::Result;
use tokio_postgres::NoTls;

/// Copies of the first account: all share its password hash.
const USERS: &str = r#"
INSERT INTO "user" (id, tenant_id, email, email_key, password_hash, display_name, status, created_at, updated_at, version)
SELECT md5('user' || n)::uuid, first.tenant_id, 'user' || n || '@example.org', 'user' || n || '@example.org',
       first.password_hash, 'User ' || n, 'active', first.created_at, first.updated_at, 1
FROM (SELECT * FROM "user" ORDER BY created_at LIMIT 1) first, generate_series(1, $1::integer) n"#;

const MEMBERSHIPS: &str = r#"
INSERT INTO membership (id, tenant_id, user_id, role, created_at, updated_at, version)
SELECT md5('member' || id)::uuid, tenant_id, id, 'member', created_at, updated_at, 1
FROM "user" WHERE id NOT IN (SELECT user_id FROM membership)"#;

/// Older copies of the first session, one a second backwards. Their salt is not the token's: nobody can refresh them.
const SESSIONS: &str = "
INSERT INTO session (id, tenant_id, user_id, salt, generation, amr, ip, user_agent, authenticated_at, rotated_at,
                     last_seen_at, idle_expires_at, absolute_expires_at, created_at, updated_at, version)
SELECT md5('session' || n)::uuid, tenant_id, user_id, sha256(('salt' || n)::bytea), 0, amr, ip, user_agent,
       authenticated_at, rotated_at, last_seen_at, idle_expires_at, absolute_expires_at,
       created_at - n * interval '1 second', updated_at, 1
FROM (SELECT * FROM session ORDER BY created_at LIMIT 1) first, generate_series(1, $1::integer) n";

/// Fills the tables and brings the planner's figures up to date.
pub(crate) async fn load(database: &str, users: i32, sessions: i32) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(database, NoTls).await?;
    let connection = tokio::spawn(connection);
    client.execute(USERS, &[&users]).await?;
    client.execute(MEMBERSHIPS, &[]).await?;
    client.execute(SESSIONS, &[&sessions]).await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    drop(client);
    connection.await??;
    Ok(())
}
