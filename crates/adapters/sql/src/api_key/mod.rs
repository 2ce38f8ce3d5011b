//! The tables of API keys behind their ports.

mod entity;
mod mapping;
mod store;
mod tx;

use ashlar_identity::{ApiKey, UserId};
use ashlar_kernel::StoreError;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use self::entity::api_key::{Column, Entity};
use crate::errors::store_error;

/// The keys of a person in every tenant, newest first.
pub(crate) async fn of_person(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<ApiKey>, StoreError> {
    let keys = Entity::find().filter(Column::UserId.eq(user.as_uuid())).order_by_desc(Column::CreatedAt);
    let rows = keys.order_by_desc(Column::Id).all(db).await.map_err(store_error)?;
    rows.into_iter().map(mapping::restore_key).collect()
}

/// Deletes the keys of a person, and with them the places they were used from.
pub(crate) async fn forget_person(db: &impl ConnectionTrait, user: Uuid) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::UserId.eq(user)).exec(db).await.map(drop)
}
