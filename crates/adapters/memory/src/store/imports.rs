//! Which account of another system became which here.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_identity::{
    ForeignId, HashClass, ImportObstacle, ImportSource, ImportedUser, Origin, UserId, Username, port::InsertUserError,
};
use ashlar_kernel::{StoreError, TenantId};

use super::tables::Tables;

/// The accounts that were taken over.
#[derive(Clone, Default)]
pub(super) struct Imports(Arc<BTreeMap<(TenantId, ImportSource, ForeignId), UserId>>);

impl Imports {
    pub(super) fn of_person(&self, user: UserId) -> Vec<Origin> {
        let theirs = self.0.iter().filter(|(_, id)| **id == user);
        let origin = |(_, source, id): &(TenantId, ImportSource, ForeignId)| Origin {
            source: source.as_str().to_owned(),
            source_id: id.as_str().to_owned(),
        };
        theirs.map(|(key, _)| origin(key)).collect()
    }
}

fn key(user: &ImportedUser) -> (TenantId, ImportSource, ForeignId) {
    (user.membership().tenant(), user.source().clone(), user.foreign_id().clone())
}

pub(super) fn password_classes(tables: &Tables) -> Vec<(HashClass, u64)> {
    let mut shares = BTreeMap::new();
    for user in tables.users() {
        *shares.entry(HashClass::of(user.password())).or_insert(0) += 1;
    }
    shares.into_iter().collect()
}

pub(super) fn obstacle(tables: &Tables, imported: &ImportedUser) -> Option<ImportObstacle> {
    let user = imported.user();
    let username = user.username().map(Username::key);
    if tables.imports.0.contains_key(&key(imported)) {
        Some(ImportObstacle::ImportedBefore)
    } else if tables.users().any(|other| other.email().key() == user.email().key()) {
        Some(ImportObstacle::EmailTaken)
    } else if username.is_some() && tables.users().any(|other| other.username().map(Username::key) == username) {
        Some(ImportObstacle::UsernameTaken)
    } else {
        None
    }
}

pub(super) fn save(tables: &mut Tables, imported: &ImportedUser) -> Result<(), StoreError> {
    let is_new = Arc::make_mut(&mut tables.imports.0).insert(key(imported), imported.user().id()).is_none();
    match tables.insert_user(imported.user().clone(), imported.membership().tenant()) {
        Ok(()) if is_new => tables.insert_membership(imported.membership().clone()),
        Err(InsertUserError::Store(error)) => Err(error),
        Ok(()) | Err(InsertUserError::EmailTaken | InsertUserError::UsernameTaken) => Err(StoreError::Stale),
    }
}
