//! Reads, one statement each.

use ashlar_identity::{
    Account, ActionToken, ActionTokenId, Bootstrap, Challenge, ChallengeId, Credential, HashClass, Identifier,
    ImportObstacle, ImportedUser, PasswordHash, PendingRegistration, RegistrationId, SecondFactor, SessionId,
    SessionLine, SessionPosition, SessionQuery, SessionWithHolder, User, UserId,
    port::{IdentityStore, IdentityTx},
};
use ashlar_kernel::{Context, StoreError, Tenant, TenantId, TenantSlug, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationDef, RelationTrait, Select, Statement,
    sea_query::{Expr, ExprTrait, IntoCondition, Query},
};

use super::{
    entity::{action_token, membership, pending_registration, second_factor, session, tenant, user},
    import, links,
    mapping::{self, HolderRow},
};
use crate::{SqlStore, errors::store_error};

/// "Last seen" is written at most this often.
const SEEN_EXACTNESS: TimeDelta = TimeDelta::minutes(1);

#[derive(FromQueryResult)]
struct CredentialRow {
    password_hash: String,
    #[sea_orm(nested(prefix = "holder_"))]
    holder: HolderRow,
}

#[derive(FromQueryResult)]
struct SessionWithHolderRow {
    #[sea_orm(nested)]
    session: session::Model,
    #[sea_orm(nested(prefix = "holder_"))]
    holder: HolderRow,
}

#[derive(FromQueryResult)]
struct AccountRow {
    #[sea_orm(nested(prefix = "holder_"))]
    holder: HolderRow,
}

#[async_trait]
impl IdentityStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn IdentityTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn has_accounts(&self) -> Result<bool, StoreError> {
        let any = user::Entity::find().select_only().column(user::Column::Id).limit(1);
        let found = any.into_tuple::<uuid::Uuid>().one(self.reader()).await.map_err(store_error)?;
        Ok(found.is_some())
    }

    async fn bootstrap(&self) -> Result<Bootstrap, StoreError> {
        self.bootstrap_state().await
    }

    async fn credential(&self, tenant: TenantId, identifier: &Identifier) -> Result<Option<Credential>, StoreError> {
        let is_theirs = match (identifier.email_key(), identifier.username_key()) {
            (Some(email), _) => user::Column::EmailKey.eq(email),
            (None, Some(username)) => user::Column::UsernameKey.eq(username),
            (None, None) => return Ok(None),
        };
        let found = user::Entity::find().select_only().column(user::Column::PasswordHash).filter(is_theirs);
        let found = with_holder(found).join(JoinType::LeftJoin, membership_in(tenant));
        let row = found.into_model::<CredentialRow>().one(self.reader()).await.map_err(store_error)?;
        row.map(|row| {
            let (user, account) = row.holder.restore(row.password_hash)?;
            let password = PasswordHash::restore(user.password().as_str().to_owned());
            let (id, version, status) = (user.id(), user.credential_version(), user.status());
            Ok(Credential { user: id, password, version, status, account })
        })
        .transpose()
    }

    async fn session(&self, id: SessionId) -> Result<Option<SessionWithHolder>, StoreError> {
        let found = with_holder(session::Entity::find_by_id(id.as_uuid()))
            .join(JoinType::InnerJoin, session::Relation::Holder.def())
            .join(JoinType::LeftJoin, session::Relation::Membership.def());
        let row = found.into_model::<SessionWithHolderRow>().one(self.reader()).await.map_err(store_error)?;
        row.map(|row| {
            let (user, account) = row.holder.restore(String::new())?;
            let session = mapping::restore_session(row.session)?;
            Ok(SessionWithHolder { session, status: user.status(), account })
        })
        .transpose()
    }

    async fn account(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError> {
        let backend = self.reader().get_database_backend();
        // The question that is asked most: its text is made once.
        let sql = self.account_sql().get_or_init(|| {
            let found = with_holder(user::Entity::find_by_id(user.as_uuid()).select_only());
            found.join(JoinType::InnerJoin, membership_in(tenant)).build(backend).sql
        });
        // A join stands before the condition.
        let values = [tenant.as_uuid().into(), user.as_uuid().into()];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = AccountRow::find_by_statement(statement).one(self.reader()).await.map_err(store_error)?;
        let account = row.map(|row| row.holder.restore(String::new())).transpose()?;
        Ok(account.and_then(|(_user, account)| account))
    }

    async fn sessions(&self, query: SessionQuery) -> Result<Vec<SessionLine>, StoreError> {
        let mut lines = session::Entity::find()
            .filter(session::Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(session::Column::UserId.eq(query.user.as_uuid()))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::IdleExpiresAt.gt(query.now))
            .filter(session::Column::AbsoluteExpiresAt.gt(query.now))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id)
            .limit(query.rows);
        if let Some(position) = query.after {
            lines = lines.filter(is_older_than(position));
        }
        let rows = lines.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(mapping::session_line).collect()
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = user::Entity::find_by_id(id.as_uuid()).one(self.reader()).await.map_err(store_error)?;
        row.map(mapping::restore_user).transpose()
    }

    async fn action_token(&self, id: ActionTokenId) -> Result<Option<ActionToken>, StoreError> {
        let row = action_token::Entity::find_by_id(id.as_uuid()).one(self.reader()).await.map_err(store_error)?;
        row.map(links::restore_action_token).transpose()
    }

    async fn pending_registration(&self, id: RegistrationId) -> Result<Option<PendingRegistration>, StoreError> {
        let found = pending_registration::Entity::find_by_id(id.as_uuid());
        let row = found.one(self.reader()).await.map_err(store_error)?;
        row.map(links::restore_registration).transpose()
    }

    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        self.read_second_factor(user).await
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, StoreError> {
        self.read_challenge(id).await
    }

    async fn spend_try(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, StoreError> {
        self.take_try(id, now).await
    }

    async fn return_try(&self, id: ChallengeId) -> Result<(), StoreError> {
        self.give_try(id).await
    }

    async fn purge_challenges(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.drop_challenges(before, limit).await
    }

    async fn purge_registrations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let writer = self.writer();
        let values = [before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), PURGE_REGISTRATIONS, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }

    async fn tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        let found = tenant::Entity::find().filter(tenant::Column::Slug.eq(slug.as_str()));
        let row = found.one(self.reader()).await.map_err(store_error)?;
        row.map(mapping::restore_tenant).transpose()
    }

    async fn password_classes(&self) -> Result<Vec<(HashClass, u64)>, StoreError> {
        import::password_classes(self.reader()).await
    }

    async fn import_obstacles(&self, users: &[ImportedUser]) -> Result<Vec<Option<ImportObstacle>>, StoreError> {
        import::obstacles(self.reader(), users).await
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let touched = session::ActiveModel { last_seen_at: Set(at), ..Default::default() };
        session::Entity::update_many()
            .set(touched)
            .filter(session::Column::Id.eq(id.as_uuid()))
            .filter(session::Column::LastSeenAt.lte(at - SEEN_EXACTNESS))
            .exec(self.writer())
            .await
            .map(drop)
            .map_err(|error| self.write_error(error))
    }

    async fn purge_sessions(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let writer = self.writer();
        let values = [before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), PURGE_SESSIONS, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}

const PURGE_REGISTRATIONS: &str = "DELETE FROM pending_registration WHERE id IN (
    SELECT id FROM pending_registration WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

const PURGE_SESSIONS: &str = "DELETE FROM session WHERE id IN (
    SELECT id FROM session WHERE absolute_expires_at < $1 ORDER BY absolute_expires_at, id LIMIT $2)";

/// Adds the columns of a [`HolderRow`], each named `holder_…`. The account's membership is joined by the caller.
pub(crate) fn with_holder<E: EntityTrait>(select: Select<E>) -> Select<E> {
    let account = HolderRow::COLUMNS.into_iter();
    let select = account.fold(select, |select, column| select.column_as(column, format!("holder_{}", column.as_str())));
    let suspended = Query::select()
        .column((tenant::Entity, tenant::Column::SuspendedAt))
        .from(tenant::Entity)
        .and_where(
            Expr::col((tenant::Entity, tenant::Column::Id)).equals((membership::Entity, membership::Column::TenantId)),
        )
        .to_owned();
    let confirmed = Query::select()
        .column((second_factor::Entity, second_factor::Column::ConfirmedAt))
        .from(second_factor::Entity)
        .and_where(
            Expr::col((second_factor::Entity, second_factor::Column::UserId)).equals((user::Entity, user::Column::Id)),
        )
        .to_owned();
    let select = select.column_as(membership::Column::Role, "holder_role");
    let select = select.expr_as(Expr::from(confirmed), "holder_factor_confirmed_at");
    select.expr_as(Expr::from(suspended), "holder_tenant_suspended_at")
}

pub(super) fn membership_in(tenant: TenantId) -> RelationDef {
    user::Relation::Membership.def().on_condition(move |_user, membership| {
        Expr::col((membership, membership::Column::TenantId)).eq(tenant.as_uuid()).into_condition()
    })
}

/// As a row value, which an index on both columns answers at once. Spelt out with OR it would read every older row.
fn is_older_than(position: SessionPosition) -> Expr {
    let columns = [session::Column::CreatedAt, session::Column::Id].map(ColumnTrait::into_expr);
    Expr::tuple(columns).lt(Expr::tuple([Expr::value(position.created_at), Expr::value(position.id)]))
}
