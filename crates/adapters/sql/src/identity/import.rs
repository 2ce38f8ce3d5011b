//! Accounts of other systems, many in one statement; and what all passwords' hashes are of.

use std::collections::HashSet;

use ashlar_identity::{HashClass, ImportEvent, ImportObstacle, ImportedUser, Username};
use ashlar_kernel::{Change, StoreError};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select, sea_query::Expr,
};

use super::{
    entity::{membership, user, user_import},
    mapping,
    tx::{EMAIL, USERNAME},
};
use crate::{
    errors::{UniqueKey, store_error},
    transaction::SqlTx,
};

const IMPORT: UniqueKey = UniqueKey {
    constraint: "user_import_pkey",
    columns: "user_import.tenant_id, user_import.source, user_import.source_id",
};

#[derive(FromQueryResult)]
struct Share {
    class: Option<String>,
    accounts: i64,
}

pub(super) async fn password_classes(db: &impl ConnectionTrait) -> Result<Vec<(HashClass, u64)>, StoreError> {
    let shares = user::Entity::find()
        .select_only()
        .column_as(user::Column::PasswordClass, "class")
        .column_as(Expr::cust("COUNT(*)"), "accounts")
        .group_by(user::Column::PasswordClass);
    let shares = shares.into_model::<Share>().all(db).await.map_err(store_error)?;
    let class = |class: Option<String>| HashClass::restore(class.unwrap_or_else(|| HashClass::OTHER.to_owned()));
    Ok(shares.into_iter().map(|share| (class(share.class), u64::try_from(share.accounts).unwrap_or(0))).collect())
}

pub(super) async fn obstacles(
    db: &impl ConnectionTrait,
    users: &[ImportedUser],
) -> Result<Vec<Option<ImportObstacle>>, StoreError> {
    let Some(first) = users.first() else {
        return Ok(Vec::new());
    };
    let ids = users.iter().map(|user| user.foreign_id().as_str());
    let done = user_import::Entity::find()
        .filter(user_import::Column::TenantId.eq(first.membership().tenant().as_uuid()))
        .filter(user_import::Column::Source.eq(first.source().as_str()))
        .filter(user_import::Column::SourceId.is_in(ids));
    let done = column(db, done, user_import::Column::SourceId).await?;
    let emails = users.iter().map(|user| user.user().email().key());
    let emails = user::Entity::find().filter(user::Column::EmailKey.is_in(emails));
    let emails = column(db, emails, user::Column::EmailKey).await?;
    let names = users.iter().filter_map(|user| user.user().username().map(Username::key));
    let names = user::Entity::find().filter(user::Column::UsernameKey.is_in(names));
    let names = column(db, names, user::Column::UsernameKey).await?;

    let obstacle = |imported: &ImportedUser| {
        let user = imported.user();
        if done.contains(imported.foreign_id().as_str()) {
            Some(ImportObstacle::ImportedBefore)
        } else if emails.contains(user.email().key()) {
            Some(ImportObstacle::EmailTaken)
        } else if user.username().is_some_and(|name| names.contains(&name.key())) {
            Some(ImportObstacle::UsernameTaken)
        } else {
            None
        }
    };
    Ok(users.iter().map(obstacle).collect())
}

async fn column<E: EntityTrait>(
    db: &impl ConnectionTrait,
    rows: Select<E>,
    column: impl ColumnTrait,
) -> Result<HashSet<String>, StoreError> {
    let found = rows.select_only().column(column).into_tuple::<String>().all(db).await.map_err(store_error)?;
    Ok(found.into_iter().collect())
}

/// Four statements, however many there are.
pub(super) async fn save(tx: &mut SqlTx, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError> {
    let (mut users, mut memberships, mut imports, mut events) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for change in changes {
        let (imported, explained) = tx.open(change)?;
        // Opened again for each; nothing has been written yet.
        tx.leave();
        let tenant = imported.membership().tenant();
        users.push(user::ActiveModel {
            last_login_at: Set(imported.last_login_at()),
            ..mapping::new_user(imported.user(), tenant)?
        });
        memberships.push(mapping::new_membership(imported.membership(), tx.new_id()));
        imports.push(user_import::ActiveModel {
            tenant_id: Set(tenant.as_uuid()),
            source: Set(imported.source().as_str().to_owned()),
            source_id: Set(imported.foreign_id().as_str().to_owned()),
            user_id: Set(imported.user().id().as_uuid()),
            created_at: Set(tx.context().now),
        });
        events.extend(explained);
    }
    if users.is_empty() {
        return Ok(());
    }
    tx.enter()?;
    user::Entity::insert_many(users).exec_without_returning(&tx.tx).await.map_err(|error| save_error(tx, error))?;
    let memberships = membership::Entity::insert_many(memberships);
    memberships.exec_without_returning(&tx.tx).await.map_err(|error| tx.write_error(error))?;
    let imports = user_import::Entity::insert_many(imports);
    imports.exec_without_returning(&tx.tx).await.map_err(|error| save_error(tx, error))?;
    tx.explain(events).await
}

/// What stands in the way has come since the last look.
fn save_error(tx: &SqlTx, error: DbErr) -> StoreError {
    if [EMAIL, USERNAME, IMPORT].iter().any(|key| key.is_broken_by(&error)) {
        StoreError::Stale
    } else {
        tx.write_error(error)
    }
}
