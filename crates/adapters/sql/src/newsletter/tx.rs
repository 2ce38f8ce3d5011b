//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_kernel::{Change, StoreError};
use ashlar_leads::newsletter::{
    InsertListError, Letter, MailingList, MailingListEvent, NewsletterTx, SubscriberMailbox, Subscription,
    SubscriptionEvent, TokenHash,
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DbErr, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    entity::{link, list, mailbox, subscription},
    mapping,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

const SLUG: UniqueKey =
    UniqueKey { constraint: "mailing_list_slug_key", columns: "mailing_list.tenant_id, mailing_list.slug" };
const ADDRESS: UniqueKey =
    UniqueKey { constraint: "subscription_email_key_key", columns: "subscription.list_id, subscription.email_key" };

#[async_trait]
impl NewsletterTx for SqlTx {
    async fn insert_mailing_list(
        &mut self,
        change: Change<MailingList, MailingListEvent>,
    ) -> Result<(), InsertListError> {
        let (list, events) = self.open(change)?;
        let saved = list::Entity::insert(mapping::new_list(&list)).exec_without_returning(&self.tx).await;
        saved.map_err(|error| self.list_error(error))?;
        Ok(self.explain(events).await?)
    }

    async fn insert_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        let (one, events) = self.open(change)?;
        let row = mapping::new_subscription(one.to_row()?);
        let saved = subscription::Entity::insert(row).exec_without_returning(&self.tx).await;
        saved
            .map_err(|error| if ADDRESS.is_broken_by(&error) { StoreError::Stale } else { self.write_error(error) })?;
        self.explain(events).await
    }

    async fn update_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        let (one, events) = self.open(change)?;
        self.replace_subscription(&one).await?;
        self.explain(events).await
    }

    async fn confirm_subscription(
        &mut self,
        change: Change<Subscription, SubscriptionEvent>,
        by: TokenHash,
    ) -> Result<(), StoreError> {
        let (one, events) = self.open(change)?;
        let used = link::ActiveModel { used_at: Set(Some(one.updated_at())), ..Default::default() };
        let done = link::Entity::update_many()
            .set(used)
            .filter(link::Column::Hash.eq(by.0.to_vec()))
            .filter(link::Column::SubscriptionId.eq(one.id().as_uuid()))
            .filter(link::Column::UsedAt.is_null())
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.replace_subscription(&one).await?;
        self.explain(events).await
    }

    async fn erase_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        let (one, events) = self.open(change)?;
        // Its links go with it, by their foreign key.
        let done = subscription::Entity::delete_many()
            .filter(subscription::Column::Id.eq(one.id().as_uuid()))
            .filter(subscription::Column::Version.eq(one.to_row()?.version))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn write_letter(&mut self, change: Change<Letter, SubscriptionEvent>) -> Result<(), StoreError> {
        let (letter, events) = self.open(change)?;
        self.save_mailbox(&letter.mailbox).await?;
        if let Some(token) = &letter.token {
            let saved = link::Entity::insert(mapping::new_link(token)?).exec_without_returning(&self.tx).await;
            saved.map_err(|error| self.write_error(error))?;
        }
        self.explain(events).await
    }

    async fn put_mailbox(&mut self, change: Change<SubscriberMailbox, SubscriptionEvent>) -> Result<(), StoreError> {
        let (mailbox, events) = self.open(change)?;
        self.save_mailbox(&mailbox).await?;
        self.explain(events).await
    }
}

impl SqlTx {
    fn list_error(&self, error: DbErr) -> InsertListError {
        if SLUG.is_broken_by(&error) { InsertListError::Taken } else { self.write_error(error).into() }
    }

    /// Replaces the version before by this one.
    async fn replace_subscription(&self, one: &Subscription) -> Result<(), StoreError> {
        let row = one.to_row()?;
        let before = row.version - 1;
        let done = subscription::Entity::update_many()
            .set(mapping::changed_subscription(row))
            .filter(subscription::Column::Id.eq(one.id().as_uuid()))
            .filter(subscription::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }

    /// One statement, whether or not anything was known of the mailbox: it is replaced by the version after the stored one.
    async fn save_mailbox(&self, mailbox: &SubscriberMailbox) -> Result<(), StoreError> {
        use mailbox::Column;
        let row = mapping::new_mailbox(mailbox)?;
        let before = i32::try_from(mailbox.version).unwrap_or(i32::MAX) - 1;
        let mut instead = OnConflict::column(Column::AddressHash);
        instead.update_columns([
            Column::Letters,
            Column::SuppressedReason,
            Column::SuppressedAt,
            Column::LiftableSince,
            Column::UpdatedAt,
            Column::Version,
        ]);
        instead.action_and_where(Expr::col((mailbox::Entity, Column::Version)).eq(before));
        let saved = mailbox::Entity::insert(row).on_conflict(instead).exec_without_returning(&self.tx).await;
        match saved {
            Ok(1) => Ok(()),
            Ok(_) | Err(DbErr::RecordNotInserted) => Err(StoreError::Stale),
            Err(error) => Err(self.write_error(error)),
        }
    }
}
