//! What administrators and operators read, one statement each.

use ashlar_identity::{
    DirectoryEntry, DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectoryRows, DirectorySort, MembershipLine,
    MembershipQuery, Role, SearchTerm, Tenancy, TenancyQuery, UserId, port::Directory,
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, JoinType, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, LikeExpr, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    entity::{membership, tenant, user},
    mapping::{self, HolderRow},
    store::{membership_in, with_holder},
};
use crate::{SqlStore, errors::store_error};

/// A member of a tenant, as read.
#[derive(FromQueryResult)]
pub(super) struct EntryRow {
    #[sea_orm(nested(prefix = "holder_"))]
    holder: HolderRow,
    home: Uuid,
    member_since: Timestamp,
    last_login_at: Option<Timestamp>,
    membership_version: i32,
    counted: Option<i64>,
}

#[derive(FromQueryResult)]
struct MembershipLineRow {
    #[sea_orm(nested)]
    tenant: tenant::Model,
    role: String,
    member_since: Timestamp,
}

#[async_trait]
impl Directory for SqlStore {
    async fn people(&self, query: &DirectoryQuery) -> Result<DirectoryRows, StoreError> {
        let (direction, columns) = match query.sort {
            DirectorySort::NewestFirst => (Order::Desc, vec![user::Column::CreatedAt, user::Column::Id]),
            DirectorySort::OldestFirst => (Order::Asc, vec![user::Column::CreatedAt, user::Column::Id]),
            DirectorySort::Email => (Order::Asc, vec![user::Column::EmailKey]),
        };
        let counted = query.count_up_to.map(|most| counting(query, most));
        let mut page = entries(query.tenant).filter(passing(&query.filter)).limit(query.rows);
        page = columns.into_iter().fold(page, |page, column| page.order_by(column, direction.clone()));
        if let Some(after) = &query.after {
            page = page.filter(follows(after, query.sort));
        }
        let number = counted.clone().map_or_else(no_number, Expr::from);
        let rows = page.expr_as(number, "counted").into_model::<EntryRow>().all(self.reader()).await;
        let rows = rows.map_err(store_error)?;
        let counted = match (rows.first(), counted) {
            (Some(row), _) => row.counted,
            (None, Some(_)) if query.after.is_none() => Some(0),
            // Nobody is left on this page, so no row carries the number.
            (None, Some(statement)) => Some(self.count(&statement).await?),
            (None, None) => None,
        };
        let entries = rows.into_iter().map(EntryRow::restore).collect::<Result<_, _>>()?;
        Ok(DirectoryRows { entries, counted: counted.map(|count| u64::try_from(count).unwrap_or(0)) })
    }

    async fn person(&self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError> {
        person(self.reader(), tenant, user).await.map_err(store_error)?.map(EntryRow::restore).transpose()
    }

    async fn memberships(&self, query: &MembershipQuery) -> Result<Vec<MembershipLine>, StoreError> {
        let mut lines = tenant::Entity::find()
            .column_as(membership::Column::Role, "role")
            .column_as(membership::Column::CreatedAt, "member_since")
            .join_rev(JoinType::InnerJoin, membership::Relation::Tenant.def())
            .filter(membership::Column::UserId.eq(query.user.as_uuid()))
            .order_by_asc(tenant::Column::Slug)
            .limit(query.rows);
        if let Some(after) = &query.after {
            lines = lines.filter(tenant::Column::Slug.gt(after.as_str()));
        }
        let rows = lines.into_model::<MembershipLineRow>().all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(MembershipLineRow::restore).collect()
    }

    async fn tenancies(&self, query: &TenancyQuery) -> Result<Vec<Tenancy>, StoreError> {
        let mut rows = tenant::Entity::find().order_by_asc(tenant::Column::Slug).limit(query.rows);
        if let Some(after) = &query.after {
            rows = rows.filter(tenant::Column::Slug.gt(after.as_str()));
        }
        let rows = rows.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(mapping::restore_tenancy).collect()
    }
}

impl SqlStore {
    async fn count(&self, statement: &SelectStatement) -> Result<i64, StoreError> {
        let row = self.reader().query_one(statement).await.map_err(store_error)?;
        row.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(store_error)
    }
}

impl EntryRow {
    pub(super) fn restore(self) -> Result<DirectoryEntry, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let (user, account) = self.holder.restore(String::new())?;
        Ok(DirectoryEntry {
            account: account.ok_or_else(|| corrupt("membership.role"))?,
            status: user.status(),
            home: TenantId::from_uuid(self.home),
            member_since: self.member_since,
            last_login_at: self.last_login_at,
            membership_version: u32::try_from(self.membership_version)
                .map_err(|_negative| corrupt("membership.version"))?,
        })
    }
}

impl MembershipLineRow {
    fn restore(self) -> Result<MembershipLine, StoreError> {
        let role = Role::restore(&self.role).ok_or(StoreError::Corrupt { what: "membership.role" })?;
        let is_suspended = self.tenant.suspended_at.is_some();
        let tenant = mapping::restore_tenant(self.tenant)?;
        Ok(MembershipLine { tenant, is_suspended, role, member_since: self.member_since })
    }
}

/// A member of a tenant.
pub(super) async fn person(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    user: UserId,
) -> Result<Option<EntryRow>, DbErr> {
    let found = entries(tenant).filter(user::Column::Id.eq(user.as_uuid()));
    found.expr_as(no_number(), "counted").into_model::<EntryRow>().one(connection).await
}

/// The members of a tenant.
///
/// By a cross join, which SQLite reads from left to right: it knows next to nothing about how many rows there are, and
/// would rather begin with the memberships and sort all of them than follow an index of people in order. To PostgreSQL it
/// is a join like any other.
fn entries(tenant: TenantId) -> Select<user::Entity> {
    with_holder(user::Entity::find().select_only())
        .column_as(user::Column::TenantId, "home")
        .column_as(membership::Column::CreatedAt, "member_since")
        .column(user::Column::LastLoginAt)
        .column_as(membership::Column::Version, "membership_version")
        .join(JoinType::CrossJoin, user::Relation::Membership.def())
        .filter(Expr::col((membership::Entity, membership::Column::UserId)).equals((user::Entity, user::Column::Id)))
        .filter(membership::Column::TenantId.eq(tenant.as_uuid()))
}

/// How many members a filter lets through, up to `most`.
fn counting(query: &DirectoryQuery, most: u64) -> SelectStatement {
    let members = user::Entity::find().select_only().column(user::Column::Id);
    let members = members.join(JoinType::InnerJoin, membership_in(query.tenant)).filter(passing(&query.filter));
    let counted = members.limit(most).into_query();
    Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(counted, "counted").to_owned()
}

fn passing(filter: &DirectoryFilter) -> Condition {
    let contains = |term: &SearchTerm| {
        let literal = term.key().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        user::Column::SearchKey.like(LikeExpr::new(format!("%{literal}%")).escape('\\'))
    };
    Condition::all()
        .add_option(filter.status.map(|status| user::Column::Status.eq(status.as_str())))
        .add_option(filter.role.map(|role| membership::Column::Role.eq(role.as_str())))
        .add_option(filter.created_from.map(|from| user::Column::CreatedAt.gte(from)))
        .add_option(filter.created_before.map(|before| user::Column::CreatedAt.lt(before)))
        .add_option(filter.search.as_ref().map(contains))
}

/// As a row value, which an index on both columns answers at once.
fn follows(after: &DirectoryPosition, sort: DirectorySort) -> Expr {
    match after {
        DirectoryPosition::Email(key) => user::Column::EmailKey.gt(key.as_str()),
        DirectoryPosition::Created { at, id } => {
            let columns = [user::Column::CreatedAt, user::Column::Id].map(ColumnTrait::into_expr);
            let position = Expr::tuple([Expr::value(*at), Expr::value(*id)]);
            match sort {
                DirectorySort::OldestFirst => Expr::tuple(columns).gt(position),
                DirectorySort::NewestFirst | DirectorySort::Email => Expr::tuple(columns).lt(position),
            }
        }
    }
}

/// No number, and yet of the type of a number.
fn no_number() -> Expr {
    Expr::cust("CAST(NULL AS bigint)")
}
