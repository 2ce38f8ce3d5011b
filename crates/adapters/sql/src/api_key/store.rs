//! Reads, one statement each.

use ashlar_identity::{
    UserId,
    api_key::{ApiKey, ApiKeyId, ApiKeyPosition, ApiKeyQuery, ApiKeyWithOwner, KeyId, SourceNetwork},
    port::{ApiKeyStore, ApiKeyTx},
};
use ashlar_kernel::{Context, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, RelationDef, RelationTrait, Statement,
    sea_query::{Expr, ExprTrait, IntoCondition},
};

use super::{
    entity::{api_key, api_key_source},
    mapping,
};
use crate::{
    SqlStore,
    errors::store_error,
    identity::{HolderRow, with_holder},
};

/// "Last used" is written at most this often.
const USED_EXACTNESS: TimeDelta = TimeDelta::hours(1);

#[derive(FromQueryResult)]
struct PresentedRow {
    #[sea_orm(nested)]
    key: api_key::Model,
    #[sea_orm(nested(prefix = "holder_"))]
    owner: HolderRow,
    source_network: Option<String>,
}

#[async_trait]
impl ApiKeyStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn ApiKeyTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn presented_api_key(
        &self,
        key_id: &KeyId,
        source: Option<SourceNetwork>,
    ) -> Result<Option<ApiKeyWithOwner>, StoreError> {
        let network = source.map(|source| source.to_string()).unwrap_or_default();
        let backend = self.reader().get_database_backend();
        // Asked with every request of a program: its text is made once.
        let sql = self.presented_key_sql().get_or_init(|| {
            with_holder(api_key::Entity::find().filter(api_key::Column::KeyId.eq(key_id.as_str())))
                .column_as(api_key_source::Column::Network, "source_network")
                .join(JoinType::InnerJoin, api_key::Relation::Owner.def())
                .join(JoinType::LeftJoin, api_key::Relation::Membership.def())
                .join(JoinType::LeftJoin, use_from(network.clone()))
                .build(backend)
                .sql
        });
        // A join stands before the condition.
        let values = [network.into(), key_id.as_str().into()];
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let row = PresentedRow::find_by_statement(statement).one(self.reader()).await.map_err(store_error)?;
        row.map(|row| {
            let (user, account) = row.owner.restore(String::new())?;
            let key = mapping::restore_key(row.key)?;
            Ok(ApiKeyWithOwner { key, status: user.status(), account, is_known_source: row.source_network.is_some() })
        })
        .transpose()
    }

    async fn api_key(&self, tenant: TenantId, owner: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let found = api_key::Entity::find_by_id(id.as_uuid()).filter(is_theirs(tenant, owner));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_key).transpose()
    }

    async fn api_keys(&self, query: ApiKeyQuery) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = api_key::Entity::find()
            .filter(is_theirs(query.tenant, query.owner))
            .order_by_desc(api_key::Column::CreatedAt)
            .order_by_desc(api_key::Column::Id)
            .limit(query.rows);
        if let Some(position) = query.after {
            keys = keys.filter(is_older_than(position));
        }
        let rows = keys.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(mapping::restore_key).collect()
    }

    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let last = api_key::Column::LastUsedAt;
        let touched = api_key::ActiveModel { last_used_at: Set(Some(at)), ..Default::default() };
        api_key::Entity::update_many()
            .set(touched)
            .filter(api_key::Column::Id.eq(id.as_uuid()))
            .filter(Condition::any().add(last.is_null()).add(last.lte(at - USED_EXACTNESS)))
            .exec(self.writer())
            .await
            .map(drop)
            .map_err(|error| self.write_error(error))
    }
}

fn is_theirs(tenant: TenantId, owner: UserId) -> Condition {
    Condition::all()
        .add(api_key::Column::TenantId.eq(tenant.as_uuid()))
        .add(api_key::Column::UserId.eq(owner.as_uuid()))
}

/// The one row that tells of a use from there; none when nobody knows from where.
fn use_from(network: String) -> RelationDef {
    api_key::Relation::Source.def().on_condition(move |_key, source| {
        Expr::col((source, api_key_source::Column::Network)).eq(network.as_str()).into_condition()
    })
}

/// As a row value, which the index answers at once.
fn is_older_than(position: ApiKeyPosition) -> Expr {
    let columns = [api_key::Column::CreatedAt, api_key::Column::Id].map(ColumnTrait::into_expr);
    Expr::tuple(columns).lt(Expr::tuple([Expr::value(position.created_at), Expr::value(position.id)]))
}
