//! Reads, one statement each, and what is deleted without anybody asking.

use ashlar_kernel::{Context, StoreError, TenantId, Timestamp};
use ashlar_leads::newsletter::{
    AddressHash, ConfirmToken, MailingList, MailingListId, NewsletterStore, NewsletterTx, SubscriberMailbox,
    Subscription, SubscriptionId, SubscriptionPosition, SubscriptionQuery, SubscriptionStatus, TokenHash,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait},
};

use super::{
    entity::{link, list, mailbox, subscription},
    mapping,
};
use crate::{SqlStore, errors::store_error};

#[async_trait]
impl NewsletterStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn NewsletterTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn mailing_list(&self, tenant: TenantId, slug: &str) -> Result<Option<MailingList>, StoreError> {
        let found = list::Entity::find()
            .filter(list::Column::TenantId.eq(tenant.as_uuid()))
            .filter(list::Column::Slug.eq(slug));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_list).transpose()
    }

    async fn mailing_lists(&self, tenant: TenantId, rows: u64) -> Result<Vec<MailingList>, StoreError> {
        let found = list::Entity::find()
            .filter(list::Column::TenantId.eq(tenant.as_uuid()))
            .order_by_asc(list::Column::Slug)
            .limit(rows);
        found.all(self.reader()).await.map_err(store_error)?.into_iter().map(mapping::restore_list).collect()
    }

    async fn subscription(&self, id: SubscriptionId) -> Result<Option<(Subscription, MailingList)>, StoreError> {
        let found = subscription::Entity::find_by_id(id.as_uuid()).find_also_related(list::Entity);
        let Some((one, list)) = found.one(self.reader()).await.map_err(store_error)? else { return Ok(None) };
        let list = list.ok_or(StoreError::Corrupt { what: "subscription.list_id" })?;
        Ok(Some((mapping::restore_subscription(one)?, mapping::restore_list(list)?)))
    }

    async fn subscription_at(&self, list: MailingListId, email_key: &str) -> Result<Option<Subscription>, StoreError> {
        let found = subscription::Entity::find()
            .filter(subscription::Column::ListId.eq(list.as_uuid()))
            .filter(subscription::Column::EmailKey.eq(email_key));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_subscription).transpose()
    }

    async fn subscriptions(&self, query: &SubscriptionQuery) -> Result<Vec<Subscription>, StoreError> {
        use subscription::Column;
        let wanted = Condition::all()
            .add(Column::TenantId.eq(query.tenant.as_uuid()))
            .add_option(query.list.map(|list| Column::ListId.eq(list.as_uuid())))
            .add_option(query.email_key.as_ref().map(|key| Column::EmailKey.eq(key.as_str())))
            .add_option(query.status.map(|status| Column::Status.eq(status.as_str())))
            .add_option(query.after.map(is_older));
        let found = subscription::Entity::find()
            .filter(wanted)
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(query.rows);
        found.all(self.reader()).await.map_err(store_error)?.into_iter().map(mapping::restore_subscription).collect()
    }

    async fn mailbox(&self, tenant: TenantId, address: AddressHash) -> Result<Option<SubscriberMailbox>, StoreError> {
        let found =
            mailbox::Entity::find_by_id(address.0.to_vec()).filter(mailbox::Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_mailbox).transpose()
    }

    async fn confirm_token(&self, hash: TokenHash) -> Result<Option<ConfirmToken>, StoreError> {
        let found = link::Entity::find_by_id(hash.0.to_vec());
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_link).transpose()
    }

    async fn waiting_subscriptions(&self, asked_by: Timestamp, rows: u64) -> Result<Vec<Subscription>, StoreError> {
        let found = subscription::Entity::find()
            .filter(Expr::cust(WAITS))
            .filter(subscription::Column::AskedAt.lte(asked_by))
            .order_by_asc(subscription::Column::AskedAt)
            .limit(rows);
        found.all(self.reader()).await.map_err(store_error)?.into_iter().map(mapping::restore_subscription).collect()
    }

    async fn purge_subscriptions(&self, expired_by: Timestamp, rows: u32) -> Result<u64, StoreError> {
        let over = subscription::Entity::find()
            .select_only()
            .column(subscription::Column::Id)
            .filter(stands_at(SubscriptionStatus::Expired))
            .filter(subscription::Column::UpdatedAt.lte(expired_by))
            .limit(u64::from(rows))
            .into_query();
        // What the inner statement has seen may have been asked for again meanwhile.
        let purge = subscription::Entity::delete_many()
            .filter(subscription::Column::Id.in_subquery(over))
            .filter(stands_at(SubscriptionStatus::Expired));
        let done = purge.exec(self.writer()).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected)
    }

    async fn purge_mailboxes(&self, quiet_since: Timestamp, rows: u32) -> Result<u64, StoreError> {
        let is_quiet = || {
            Condition::all()
                .add(mailbox::Column::SuppressedAt.is_null())
                .add(mailbox::Column::UpdatedAt.lte(quiet_since))
        };
        let quiet = mailbox::Entity::find()
            .select_only()
            .column(mailbox::Column::AddressHash)
            .filter(is_quiet())
            .limit(u64::from(rows))
            .into_query();
        let purge =
            mailbox::Entity::delete_many().filter(mailbox::Column::AddressHash.in_subquery(quiet)).filter(is_quiet());
        let done = purge.exec(self.writer()).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected)
    }
}

/// Spelled as in the index, so that the databases see that it is the one.
const WAITS: &str = "(status = 'pending' OR wish IS NOT NULL)";

/// Spelled as in the indexes, so that the databases see that they are the ones.
fn stands_at(status: SubscriptionStatus) -> Expr {
    Expr::col((subscription::Entity, subscription::Column::Status)).eq(Expr::cust(format!("'{}'", status.as_str())))
}

/// As a row value, which an index on both columns answers at once.
fn is_older(after: SubscriptionPosition) -> Expr {
    let columns = [subscription::Column::CreatedAt, subscription::Column::Id].map(ColumnTrait::into_expr);
    Expr::tuple(columns).lt(Expr::tuple([Expr::value(after.at), Expr::value(after.id)]))
}
