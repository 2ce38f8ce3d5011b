//! The audit trail: who seals, who signs, and who only looks.

use std::sync::Arc;

use ashlar_audit::{Checkpointer, CheckpointerPorts, Origin, Sealer, retention::Retention};
use ashlar_crypto::Ed25519Check;
use ashlar_kernel::{IdSource, TimeOrderedIds};
use ashlar_sql::SqlStore;

use super::{StartError, World, database::store_options, keys};
use crate::{
    audit::{CheckpointFolder, Evidence},
    config::Config,
    work::Sealing,
};

/// Who seals the events of `store`, and signs what was sealed if there is a place for it.
pub fn sealing(config: &Config, store: &SqlStore) -> Result<Sealing, StartError> {
    let store = Arc::new(store.clone());
    let checkpointer = match (&config.audit.checkpoint_dir, keys::audit_key(config)?) {
        (Some(folder), Some(key)) => {
            let archive = Arc::new(CheckpointFolder::new(folder));
            let ports = CheckpointerPorts { store: Arc::clone(&store) as Arc<_>, archive, signer: Arc::new(key) };
            Some(Checkpointer::new(ports, origin(config)?))
        }
        _ => None,
    };
    Ok(Sealing { sealer: Sealer::new(store), checkpointer, every: config.audit.checkpoint_interval })
}

/// Who lets the bodies of events of `store` expire.
pub fn retention(config: &Config, store: &SqlStore) -> Retention {
    Retention::new(Arc::new(store.clone()), config.audit.periods)
}

/// The name of the installation's trails: the host of its public URL, with the port if that says one.
fn origin(config: &Config) -> Result<Origin, StartError> {
    let url = &config.public_url;
    let host = url.host_str().unwrap_or("localhost");
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok(Origin::parse(&host)?)
}

/// The database of the trail, only to be looked at: a server that has it is not disturbed.
pub async fn trail(config: &Config, world: World) -> Result<SqlStore, StartError> {
    let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(Arc::clone(&world.clock), Arc::clone(&world.entropy)));
    let mut options = store_options(config)?;
    // Nobody waits for an answer here, and a large trail takes its time.
    options.statement_timeout = LONG;
    Ok(SqlStore::inspect(options, ids).await?)
}

const LONG: std::time::Duration = std::time::Duration::from_hours(1);

/// What is known outside the database: the checkpoints in their folder, and the key.
pub fn evidence(config: &Config) -> Result<Evidence<'static>, StartError> {
    let folder = config.audit.checkpoint_dir.as_ref().map(CheckpointFolder::new);
    let notes = folder.map(|folder| folder.notes()).transpose().map_err(StartError::Checkpoints)?;
    let key = keys::audit_public_key(config)?;
    Ok(Evidence { key, check: &Ed25519Check, notes: notes.unwrap_or_default(), since: None })
}
