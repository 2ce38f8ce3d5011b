//! Reads, one statement each.

use ashlar_kernel::{Context, StoreError, TenantId};
use ashlar_leads::{
    Activity, Lead, LeadId, LeadQuery, LeadRows, LeadStatus, NotePosition, NoteQuery, StatusChange,
    port::{LeadStore, LeadTx},
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use super::{
    entity::{activity, lead, status_change},
    list, mapping,
};
use crate::{SqlStore, errors::store_error};

#[async_trait]
impl LeadStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn LeadTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
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
