//! Reads, one statement each.

use ashlar_kernel::{Context, Receipt, StoreError, TenantId};
use ashlar_leads::{
    Activity, Lead, LeadId, LeadQuery, LeadRows, LeadStatus, NotePosition, NoteQuery, StatusChange,
    port::{LeadStore, LeadTx, Newcomer, SaveLeadError},
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    entity::{activity, lead, status_change},
    list, mapping,
};
use crate::{SqlStore, errors::store_error};

/// By a look into the index over owners for each tenant: there are far fewer of them than of leads.
const TENANTS_OF_OWNER: &str = "
    SELECT id FROM tenant WHERE EXISTS (
        SELECT 1 FROM lead WHERE lead.tenant_id = tenant.id AND lead.owner_id = $1 AND lead.deleted_at IS NULL)
    ORDER BY id";

#[async_trait]
impl LeadStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn LeadTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn add_lead(
        &self,
        context: &Context,
        newcomer: Newcomer,
        receipt: Option<Receipt>,
    ) -> Result<(), SaveLeadError> {
        self.gather(context, newcomer, receipt).await
    }

    async fn lead(&self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError> {
        let found = lead::Entity::find_by_id(id.as_uuid())
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .filter(lead::Column::DeletedAt.is_null());
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_lead).transpose()
    }

    async fn lead_at(&self, tenant: TenantId, email_key: &str) -> Result<Option<Lead>, StoreError> {
        let found = lead::Entity::find()
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .filter(lead::Column::EmailKey.eq(email_key))
            .filter(holds_address());
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_lead).transpose()
    }

    async fn tenants_of_owner(&self, owner: Uuid) -> Result<Vec<TenantId>, StoreError> {
        let db = self.reader();
        let statement = Statement::from_sql_and_values(db.get_database_backend(), TENANTS_OF_OWNER, [owner.into()]);
        let rows = db.query_all_raw(statement).await.map_err(store_error)?;
        let ids = rows.iter().map(|row| row.try_get_by_index(0).map(TenantId::from_uuid).map_err(store_error));
        ids.collect()
    }

    async fn leads(&self, query: &LeadQuery) -> Result<LeadRows, StoreError> {
        list::read(self, query).await
    }

    async fn activities(&self, query: NoteQuery) -> Result<Vec<Activity>, StoreError> {
        let columns = [activity::Column::CreatedAt, activity::Column::Id].map(ColumnTrait::into_expr);
        let rows = activity::Entity::find()
            .filter(activity::Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(activity::Column::LeadId.eq(query.lead.as_uuid()))
            .filter(is_older(columns, query.after))
            .order_by_desc(activity::Column::CreatedAt)
            .order_by_desc(activity::Column::Id)
            .limit(query.rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_activity).collect()
    }

    async fn status_changes(&self, query: NoteQuery) -> Result<Vec<StatusChange>, StoreError> {
        let columns = [status_change::Column::CreatedAt, status_change::Column::Id].map(ColumnTrait::into_expr);
        let rows = status_change::Entity::find()
            .filter(status_change::Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(status_change::Column::LeadId.eq(query.lead.as_uuid()))
            .filter(is_older(columns, query.after))
            .order_by_desc(status_change::Column::CreatedAt)
            .order_by_desc(status_change::Column::Id)
            .limit(query.rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_status_change).collect()
    }
}

/// Spelled as in the index, so that the databases see that it is the one.
pub(super) fn holds_address() -> Condition {
    Condition::all()
        .add(lead::Column::DeletedAt.is_null())
        .add(Expr::col(lead::Column::Status).ne(Expr::cust(format!("'{}'", LeadStatus::Spam.as_str()))))
}

/// As a row value, which an index on both columns answers at once.
pub(super) fn is_older(columns: [Expr; 2], after: Option<NotePosition>) -> Condition {
    let position = |after: NotePosition| Expr::tuple([Expr::value(after.at), Expr::value(after.id)]);
    Condition::all().add_option(after.map(|after| Expr::tuple(columns).lt(position(after))))
}
