//! What is known of some addresses, read in a unit of work.

use ashlar_kernel::{StoreError, TenantId};
use ashlar_leads::newsletter::{AddressHash, SubscriberMailbox, Subscription};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{LockType, Query},
};

use super::{
    entity::{list, mailbox, subscription},
    mapping,
};
use crate::transaction::SqlTx;

impl SqlTx {
    /// The subscriptions that addresses have, to whatever list: by list and address, as the index has them.
    pub(crate) async fn subscriptions_at(
        &mut self,
        tenant: TenantId,
        email_keys: &[String],
    ) -> Result<Vec<Subscription>, StoreError> {
        self.enter()?;
        let lists = Query::select()
            .column(list::Column::Id)
            .from(list::Entity)
            .and_where(list::Column::TenantId.eq(tenant.as_uuid()))
            .take();
        let found = subscription::Entity::find()
            .filter(subscription::Column::ListId.in_subquery(lists))
            .filter(subscription::Column::EmailKey.is_in(email_keys))
            .lock(LockType::Update);
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore_subscription).collect()
    }

    /// What is known of a mailbox.
    pub(crate) async fn mailbox_at(
        &mut self,
        tenant: TenantId,
        address: AddressHash,
    ) -> Result<Option<SubscriberMailbox>, StoreError> {
        self.enter()?;
        let found =
            mailbox::Entity::find_by_id(address.0.to_vec()).filter(mailbox::Column::TenantId.eq(tenant.as_uuid()));
        let row = found.one(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_mailbox).transpose()
    }
}
