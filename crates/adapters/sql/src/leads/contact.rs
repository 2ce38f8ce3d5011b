//! Messages of a page for contact: their table, and the two ports on it.

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    ContactEvent, ContactId, ContactMessage, ContactQuery, ContactRow, ContactStatus,
    port::{ContactReads, ContactWrites},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{
    entity::contact::{ActiveModel, Column, Entity, Model},
    store::is_older,
};
use crate::{SqlStore, errors::store_error, transaction::SqlTx};

fn new(row: ContactRow) -> ActiveModel {
    ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        name: Set(row.name),
        email: Set(row.email),
        phone_number: Set(row.phone_number),
        phone_e164: Set(row.phone_e164),
        subject: Set(row.subject),
        message: Set(row.message),
        status: Set(row.status),
        ip: Set(row.ip),
        user_agent: Set(row.user_agent),
        referrer: Set(row.referrer),
        lead_id: Set(row.lead_id),
        created_at: Set(row.created_at),
        updated_at: Set(row.updated_at),
        version: Set(row.version),
    }
}

fn restore(row: Model) -> Result<ContactMessage, StoreError> {
    ContactMessage::restore(ContactRow {
        id: row.id,
        tenant_id: row.tenant_id,
        name: row.name,
        email: row.email,
        phone_number: row.phone_number,
        phone_e164: row.phone_e164,
        subject: row.subject,
        message: row.message,
        status: row.status,
        ip: row.ip,
        user_agent: row.user_agent,
        referrer: row.referrer,
        lead_id: row.lead_id,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

#[async_trait]
impl ContactReads for SqlStore {
    async fn contact(&self, tenant: TenantId, id: ContactId) -> Result<Option<ContactMessage>, StoreError> {
        let found = Entity::find_by_id(id.as_uuid()).filter(Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(restore).transpose()
    }

    async fn contacts(&self, query: &ContactQuery) -> Result<Vec<ContactMessage>, StoreError> {
        let mut found = Entity::find()
            .filter(Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(is_older([Column::CreatedAt, Column::Id].map(ColumnTrait::into_expr), query.after));
        // An equality where there is one value, so that the index over it and the order is the one to use.
        found = match query.status.as_slice() {
            [] => found,
            [one] => found.filter(Column::Status.eq(one.as_str())),
            many => found.filter(Column::Status.is_in(many.iter().copied().map(ContactStatus::as_str))),
        };
        let found = found.order_by_desc(Column::CreatedAt).order_by_desc(Column::Id).limit(query.rows);
        let rows = found.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }
}

#[async_trait]
impl ContactWrites for SqlTx {
    async fn insert_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        let (message, events) = self.open(change)?;
        let added = Entity::insert(new(message.to_row())).exec_without_returning(&self.tx).await;
        added.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn update_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        let (message, events) = self.open(change)?;
        let row = message.to_row();
        let (id, before) = (row.id, row.version - 1);
        let done = Entity::update_many()
            .set(ActiveModel { id: NotSet, tenant_id: NotSet, created_at: NotSet, ..new(row) })
            .filter(Column::Id.eq(id))
            .filter(Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }
}

impl SqlTx {
    pub(super) async fn delete_contact(&self, message: &ContactMessage) -> Result<(), StoreError> {
        let row = message.to_row();
        let done = Entity::delete_many()
            .filter(Column::Id.eq(row.id))
            .filter(Column::Version.eq(row.version))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }
}
