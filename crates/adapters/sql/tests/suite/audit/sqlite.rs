//! On SQLite.

use ashlar_audit::{Sealer, contract::Fixture};
use ashlar_kernel::TenantId;
use sqlx::Executor;

use super::{REWRITINGS, emit, fixture_of};
use crate::support::{SqliteFile, noon, store_on};

async fn fixture() -> Option<Fixture> {
    let file = SqliteFile::new();
    Some(fixture_of(store_on(file.options()).await, file))
}

ashlar_audit::audit_store_contract!(fixture);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_cannot_be_rewritten() {
    let file = SqliteFile::new();
    let store = store_on(file.options()).await;
    for _event in 0..4 {
        emit(&store, TenantId::MAIN).await;
    }
    assert_eq!(Sealer::new(std::sync::Arc::new(store.clone())).step(noon()).await.unwrap(), 4);
    let mut connection = file.connection().await;
    let replacements =
        ["REPLACE INTO audit_chain SELECT * FROM audit_chain", "REPLACE INTO audit_tree SELECT * FROM audit_tree"];
    let ends = [
        "UPDATE audit_head SET size = size - 1",
        "DELETE FROM audit_head",
        "UPDATE audit_checkpoint SET note = 'x'",
        "DELETE FROM audit_checkpoint",
    ];
    let signed =
        "INSERT INTO audit_checkpoint (tenant_id, size, note, created_at) VALUES (randomblob(16), 1, 'n', 'now')";
    connection.execute(signed).await.unwrap();
    for sql in REWRITINGS.into_iter().chain(replacements).chain(ends) {
        let refused = connection.execute(sql).await.unwrap_err().to_string();
        assert!(refused.contains("the audit trail is insert-only"), "{sql}: {refused}");
    }
}
