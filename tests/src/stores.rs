//! Stores as processes of the product open them, without the program.

use std::sync::Arc;

use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_kernel::{IdSource, MacKey, SystemClock, TimeOrderedIds};
use ashlar_leads::{DisposableDomains, LeadPorts, LeadSettings, Leads};
use ashlar_memory::{Everybody, SeededEntropy};
use ashlar_sql::{SchemaConnection, SqlOptions, SqlStore};

/// Ids by the clock of this machine, others for every seed.
pub fn ids(seed: u64) -> Arc<dyn IdSource> {
    Arc::new(TimeOrderedIds::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(seed))))
}

/// Makes the schema.
pub async fn prepare(url: &str) {
    let schema = SchemaConnection::open(&SqlOptions::parse(url).unwrap()).await.unwrap();
    ashlar_migrations::up(schema.connection()).await.unwrap();
    schema.close().await;
}

/// A store on a database that has the schema.
pub async fn open(url: &str, seed: u64) -> SqlStore {
    SqlStore::connect(SqlOptions::parse(url).unwrap(), ids(seed)).await.unwrap()
}

/// Files in a folder, with names of their own for every seed.
pub fn files(folder: &str, seed: u64) -> BlobFiles {
    let url = BlobUrl::parse(&format!("file:{folder}")).unwrap();
    BlobFiles::new(url, None, Arc::new(SeededEntropy::new(seed))).unwrap()
}

/// The leads of a store, with files in a folder, in the process of a number.
pub fn leads(store: SqlStore, (number, folder): (u64, &str)) -> Leads {
    let ports = LeadPorts {
        store: Arc::new(store),
        files: Arc::new(files(folder, number)),
        team: Arc::new(Everybody),
        ids: ids(1_000 + number),
    };
    let disposable = DisposableDomains::but_for([]);
    Leads::new(ports, LeadSettings { region: None, disposable, root_key: MacKey::from_bytes([7; 32]) })
}
