//! What is erased with a lead.

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    ContactEvent, ContactMessage, Lead, LeadEvent, LeadId,
    import::{ImportId, RowFault},
    newsletter::{AddressHash, SubscriberMailbox, Subscription},
    port::{PurgeWrites, RefusedRow, Traces},
};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, EntityTrait, Statement, Value};

use super::{entity::lead, mapping};
use crate::transaction::SqlTx;

/// The parts of a lead, and theirs: a lead that others became a part of may itself have become a part of one.
const PARTS: &str = "
    WITH RECURSIVE part (id) AS (
        SELECT id FROM lead WHERE merged_into = $1
        UNION SELECT lead.id FROM lead JOIN part ON lead.merged_into = part.id
    )
    SELECT lead.* FROM lead JOIN part ON lead.id = part.id WHERE lead.tenant_id = $2";

#[async_trait]
impl PurgeWrites for SqlTx {
    async fn parts_of(&mut self, tenant: TenantId, id: LeadId) -> Result<Vec<Lead>, StoreError> {
        self.enter()?;
        let values: Vec<Value> = vec![id.as_uuid().into(), tenant.as_uuid().into()];
        let statement = Statement::from_sql_and_values(self.tx.get_database_backend(), PARTS, values);
        let found = lead::Entity::find().from_raw_sql(statement).all(&self.tx).await;
        let rows = found.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_lead).collect()
    }

    async fn subscriptions_of(
        &mut self,
        tenant: TenantId,
        email_keys: &[String],
    ) -> Result<Vec<Subscription>, StoreError> {
        self.subscriptions_at(tenant, email_keys).await
    }

    async fn mailbox_of(
        &mut self,
        tenant: TenantId,
        address: AddressHash,
    ) -> Result<Option<SubscriberMailbox>, StoreError> {
        self.mailbox_at(tenant, address).await
    }

    async fn refused_rows(
        &mut self,
        tenant: TenantId,
        traces: &Traces,
    ) -> Result<Vec<(ImportId, RowFault)>, StoreError> {
        self.find_refused(tenant, traces).await
    }

    async fn empty_rows(&mut self, change: Change<Vec<RefusedRow>, LeadEvent>) -> Result<(), StoreError> {
        let (rows, events) = self.open(change)?;
        self.empty_refused(rows).await?;
        self.explain(events).await
    }

    async fn erase_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        let (message, events) = self.open(change)?;
        self.delete_contact(&message).await?;
        self.explain(events).await
    }
}
