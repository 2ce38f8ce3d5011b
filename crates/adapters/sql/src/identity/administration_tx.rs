//! What administrators and operators write.

use ashlar_identity::{
    DirectoryEntry, Membership, MembershipEvent, Role, SessionEvent, SessionId, SessionSweep, Tenancy, TenantEvent,
    User, UserEvent, UserId, UserStatus,
    port::{AdministrationTx, AdmitError, IdentityTx as _, InsertTenancyError, KeepAdminError},
};
use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, LockType, Query},
};
use uuid::Uuid;

use super::{
    directory,
    entity::{membership, session, tenant, user},
    mapping,
    tx::one_row,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

const MEMBERSHIP: UniqueKey =
    UniqueKey { constraint: "membership_tenant_id_user_id_key", columns: "membership.tenant_id, membership.user_id" };
const SLUG: UniqueKey = UniqueKey { constraint: "tenant_slug_key", columns: "tenant.slug" };

#[async_trait]
impl AdministrationTx for SqlTx {
    async fn membership(&mut self, tenant: TenantId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.enter()?;
        let found = membership::Entity::find().filter(of(tenant, user)).one(&self.tx).await;
        let row = found.map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_membership).transpose()
    }

    async fn person(&mut self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError> {
        self.enter()?;
        let found = directory::person(&self.tx, tenant, user).await.map_err(|error| self.write_error(error))?;
        self.leave();
        found.map(directory::EntryRow::restore).transpose()
    }

    async fn offices(&mut self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.enter()?;
        let rows = membership::Entity::find()
            .filter(membership::Column::UserId.eq(user.as_uuid()))
            .filter(membership::Column::Role.ne(Role::Member.as_str()))
            .limit(u64::from(limit))
            .all(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_membership).collect()
    }

    async fn admit(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), AdmitError> {
        let (membership, events) = self.open(change)?;
        let row = mapping::new_membership(&membership, self.new_id());
        membership::Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| {
            if MEMBERSHIP.is_broken_by(&error) { AdmitError::AlreadyMember } else { self.write_error(error).into() }
        })?;
        Ok(self.explain(events).await?)
    }

    async fn update_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError> {
        if change.state().role() != Role::Admin {
            self.keep_admins(change.state().user(), Some(change.state().tenant())).await?;
        }
        let (membership, events) = self.open(change)?;
        let after = mapping::version(membership.version())?;
        let changed = membership::ActiveModel {
            role: Set(membership.role().as_str().to_owned()),
            updated_at: Set(membership.updated_at()),
            version: Set(after),
            ..Default::default()
        };
        let done = membership::Entity::update_many()
            .set(changed)
            .filter(of(membership.tenant(), membership.user()))
            .filter(membership::Column::Version.eq(after - 1))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        one_row(&done)?;
        Ok(self.explain(events).await?)
    }

    async fn remove_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError> {
        self.keep_admins(change.state().user(), Some(change.state().tenant())).await?;
        let (membership, events) = self.open(change)?;
        let done = membership::Entity::delete_many()
            .filter(of(membership.tenant(), membership.user()))
            .filter(membership::Column::Version.eq(mapping::version(membership.version())?))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale.into());
        }
        Ok(self.explain(events).await?)
    }

    async fn shut_user(&mut self, change: Change<User, UserEvent>) -> Result<(), KeepAdminError> {
        self.keep_admins(change.state().id(), None).await?;
        Ok(self.update_user(change).await?)
    }

    async fn end_sessions(&mut self, change: Change<SessionSweep, SessionEvent>) -> Result<Vec<SessionId>, StoreError> {
        let (sweep, events) = self.open(change)?;
        let meant = Condition::all()
            .add(session::Column::UserId.eq(sweep.user.as_uuid()))
            .add_option(sweep.tenant.map(|tenant| session::Column::TenantId.eq(tenant.as_uuid())))
            .add_option(sweep.device.map(|device| session::Column::DeviceId.eq(device.as_uuid())))
            .add_option(sweep.except.map(|spared| session::Column::Id.ne(spared.as_uuid())))
            .add(session::Column::RevokedAt.is_null())
            .add(session::Column::IdleExpiresAt.gt(sweep.at))
            .add(session::Column::AbsoluteExpiresAt.gt(sweep.at));
        let statement = Query::update()
            .table(session::Entity)
            .value(session::Column::RevokedAt, sweep.at)
            .value(session::Column::RevokedReason, sweep.reason.as_str())
            .value(session::Column::UpdatedAt, self.context().now)
            .value(session::Column::Version, Expr::col(session::Column::Version).add(1))
            .cond_where(meant)
            .returning_col(session::Column::Id)
            .to_owned();
        let rows = self.tx.query_all(&statement).await.map_err(|error| self.write_error(error))?;
        let ended: Result<Vec<Uuid>, _> = rows.iter().map(|row| row.try_get_by_index(0)).collect();
        let ended = ended.map_err(|error| self.write_error(error))?;
        if ended.is_empty() {
            self.leave();
        } else {
            self.explain(events).await?;
        }
        Ok(ended.into_iter().map(SessionId::from_uuid).collect())
    }

    async fn tenancy(&mut self, id: TenantId) -> Result<Option<Tenancy>, StoreError> {
        self.enter()?;
        let found = tenant::Entity::find_by_id(id.as_uuid()).one(&self.tx).await;
        let row = found.map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_tenancy).transpose()
    }

    async fn insert_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), InsertTenancyError> {
        let (tenancy, events) = self.open(change)?;
        let row = mapping::tenancy(&tenancy)?;
        tenant::Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| {
            if SLUG.is_broken_by(&error) { InsertTenancyError::SlugTaken } else { self.write_error(error).into() }
        })?;
        Ok(self.explain(events).await?)
    }

    async fn update_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), StoreError> {
        let (tenancy, events) = self.open(change)?;
        let before = mapping::version(tenancy.version())? - 1;
        let done = tenant::Entity::update_many()
            .set(mapping::tenancy(&tenancy)?)
            .filter(tenant::Column::Id.eq(tenancy.tenant().id.as_uuid()))
            .filter(tenant::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        one_row(&done)?;
        self.explain(events).await
    }
}

impl SqlTx {
    /// Whether each of the tenants that `user` administers, or this one, has another administrator who can sign in.
    ///
    /// The tenants are locked first, so that of two who take each other away the second looks when the first is done:
    /// a guard in the statement that changes the row would look at another row, and both would find each other. It is a
    /// lock that sign-ins, which refer to the tenant, do not wait for. SQLite has one writer and needs none.
    pub(super) async fn keep_admins(&mut self, user: UserId, tenant: Option<TenantId>) -> Result<(), KeepAdminError> {
        self.enter()?;
        let administered = membership::Entity::find()
            .select_only()
            .column(membership::Column::TenantId)
            .filter(membership::Column::UserId.eq(user.as_uuid()))
            .filter(membership::Column::Role.eq(Role::Admin.as_str()))
            .into_query();
        let mut locked = tenant::Entity::find()
            .select_only()
            .column(tenant::Column::Id)
            .filter(tenant::Column::Id.in_subquery(administered))
            .order_by_asc(tenant::Column::Id)
            .lock(LockType::NoKeyUpdate);
        if let Some(tenant) = tenant {
            locked = locked.filter(tenant::Column::Id.eq(tenant.as_uuid()));
        }
        let tenants: Vec<Uuid> = locked.into_tuple().all(&self.tx).await.map_err(|error| self.write_error(error))?;
        if !tenants.is_empty() {
            let kept = others_who_administer(&tenants, user);
            let kept = kept.into_tuple::<Uuid>().all(&self.tx).await.map_err(|error| self.write_error(error))?;
            if kept.len() < tenants.len() {
                return Err(KeepAdminError::LastAdmin);
            }
        }
        self.leave();
        Ok(())
    }
}

/// Those of the tenants that somebody else administers who can sign in.
fn others_who_administer(tenants: &[Uuid], user: UserId) -> sea_orm::Select<membership::Entity> {
    let active = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .filter(user::Column::Status.eq(UserStatus::Active.as_str()))
        .into_query();
    membership::Entity::find()
        .select_only()
        .column(membership::Column::TenantId)
        .distinct()
        .filter(membership::Column::TenantId.is_in(tenants.iter().copied()))
        .filter(membership::Column::Role.eq(Role::Admin.as_str()))
        .filter(membership::Column::UserId.ne(user.as_uuid()))
        .filter(membership::Column::UserId.in_subquery(active))
}

fn of(tenant: TenantId, user: UserId) -> Condition {
    Condition::all()
        .add(membership::Column::TenantId.eq(tenant.as_uuid()))
        .add(membership::Column::UserId.eq(user.as_uuid()))
}
