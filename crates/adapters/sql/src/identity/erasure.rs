//! What people take with them and leave behind.

use ashlar_identity::{
    ActionPurpose, Erasure, HeldLink, Holdings, Origin, SessionId, User, UserEvent, UserId,
    port::{ErasureTx, Estates, KeepAdminError},
};
use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Query,
};
use uuid::Uuid;

use super::{
    entity::{
        action_token, login_attempt, login_challenge, membership, pending_registration, second_factor, session, user,
        user_import,
    },
    mapping,
    tx::one_row,
};
use crate::{
    SqlStore, api_key,
    device::{entity as device, mapping::restore as restore_device},
    errors::store_error,
    transaction::SqlTx,
};

#[async_trait]
impl Estates for SqlStore {
    async fn holdings(&self, id: UserId) -> Result<Holdings, StoreError> {
        let Some(row) = user::Entity::find_by_id(id.as_uuid()).one(self.reader()).await.map_err(store_error)? else {
            return Ok(Holdings::default());
        };
        let sessions = session::Entity::find()
            .filter(session::Column::UserId.eq(row.id))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        let devices = device::Entity::find()
            .filter(device::Column::UserId.eq(row.id))
            .order_by_desc(device::Column::LastSeenAt)
            .order_by_desc(device::Column::Id)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        let links = action_token::Entity::find()
            .filter(action_token::Column::UserId.eq(row.id))
            .order_by_asc(action_token::Column::CreatedAt)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        let origins = user_import::Entity::find()
            .filter(user_import::Column::UserId.eq(row.id))
            .order_by_asc(user_import::Column::Source)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        Ok(Holdings {
            home: Some(TenantId::from_uuid(row.tenant_id)),
            last_login_at: row.last_login_at,
            sessions: sessions.into_iter().map(mapping::restore_session).collect::<Result<_, _>>()?,
            devices: devices.into_iter().map(restore_device).collect::<Result<_, _>>()?,
            api_keys: api_key::of_person(self.reader(), id).await?,
            links: links.into_iter().map(held_link).collect::<Result<_, _>>()?,
            origins: origins
                .into_iter()
                .map(|origin| Origin { source: origin.source, source_id: origin.source_id })
                .collect(),
        })
    }

    async fn due_releases(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError> {
        let due: Vec<Uuid> = user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::ReleaseAt.lte(now))
            .order_by_asc(user::Column::ReleaseAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(self.writer())
            .await
            .map_err(store_error)?;
        Ok(due.into_iter().map(UserId::from_uuid).collect())
    }
}

fn held_link(row: action_token::Model) -> Result<HeldLink, StoreError> {
    let purpose = ActionPurpose::restore(&row.purpose).ok_or(StoreError::Corrupt { what: "action_token.purpose" })?;
    Ok(HeldLink { purpose, email: row.email, created_at: row.created_at, expires_at: row.expires_at })
}

#[async_trait]
impl ErasureTx for SqlTx {
    async fn erase_user(&mut self, change: Change<Erasure, UserEvent>) -> Result<Vec<SessionId>, KeepAdminError> {
        self.keep_admins(change.state().user().id(), None).await?;
        let (erasure, events) = self.open(change)?;
        let tombstone = user::ActiveModel {
            last_login_at: Set(None),
            search_key: Set(String::new()),
            release_at: Set(Some(erasure.release_at())),
            ..mapping::changed_user(erasure.user())?
        };
        self.replace_user(erasure.user(), tombstone).await?;
        let id = erasure.user().id().as_uuid();
        let ended = self.forget_sessions(id).await?;
        api_key::forget_person(&self.tx, id).await.map_err(|error| self.write_error(error))?;
        self.forget::<second_factor::Entity>(second_factor::Column::UserId, id).await?;
        self.forget::<login_challenge::Entity>(login_challenge::Column::UserId, id).await?;
        self.forget::<action_token::Entity>(action_token::Column::UserId, id).await?;
        self.forget::<device::Entity>(device::Column::UserId, id).await?;
        self.forget::<login_attempt::Entity>(login_attempt::Column::UserId, id).await?;
        self.forget::<membership::Entity>(membership::Column::UserId, id).await?;
        let address = erasure.user().email().key();
        self.forget::<pending_registration::Entity>(pending_registration::Column::EmailKey, address).await?;
        self.explain(events).await?;
        Ok(ended)
    }

    async fn release_identifiers(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError> {
        let (user, events) = self.open(change)?;
        let nameless = user::ActiveModel { release_at: Set(None), ..mapping::changed_user(&user)? };
        self.replace_user(&user, nameless).await?;
        self.explain(events).await
    }
}

impl SqlTx {
    async fn replace_user(&self, user: &User, row: user::ActiveModel) -> Result<(), StoreError> {
        let before = mapping::version(user.version())? - 1;
        let done = user::Entity::update_many()
            .set(row)
            .filter(user::Column::Id.eq(user.id().as_uuid()))
            .filter(user::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        one_row(&done)
    }

    async fn forget_sessions(&self, user: Uuid) -> Result<Vec<SessionId>, StoreError> {
        let statement = Query::delete()
            .from_table(session::Entity)
            .and_where(session::Column::UserId.eq(user))
            .returning_col(session::Column::Id)
            .to_owned();
        let rows = self.tx.query_all(&statement).await.map_err(|error| self.write_error(error))?;
        let ended: Result<Vec<Uuid>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
        Ok(ended.map_err(|error| self.write_error(error))?.into_iter().map(SessionId::from_uuid).collect())
    }

    async fn forget<E: EntityTrait>(
        &self,
        column: E::Column,
        value: impl Into<sea_orm::Value> + Send,
    ) -> Result<(), StoreError>
    where
        E::Model: ModelTrait,
    {
        let theirs = column.eq(value.into());
        E::delete_many().filter(theirs).exec(&self.tx).await.map(drop).map_err(|error| self.write_error(error))
    }
}
