//! What staff do with subscribers: see them, enter them, take them off.

use ashlar_kernel::{Context, Email, FieldErrors, Id, Invalid, Limit, NotFound, Once, Page, StoreError};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    super::{
        Evidence, ListSlug, MailingList, NewSubscription, Subscription, SubscriptionEvent, SubscriptionId,
        SubscriptionPosition, SubscriptionQuery, SubscriptionStatus, SuppressionReason, UnsubscribeReason,
        subscription::{Name, TextVersion},
    },
    Newsletter, NewsletterError, persist,
    subscribe::{SubscribeInput, given, list_of},
};
use crate::permission;

/// Who erases somebody, or lets an address be written to again, has proved who they are within this time.
pub(super) const FRESH: TimeDelta = TimeDelta::minutes(10);

/// Lists subscribers.
#[derive(Debug, Clone, Default)]
pub struct ListSubscribers {
    /// Of this list, or of any.
    pub list: Option<ListSlug>,
    /// With this address, however it is spelled, or with any.
    pub email: Option<Email>,
    /// That stand there, or anywhere.
    pub status: Option<SubscriptionStatus>,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
}

/// Enters somebody on a list. They have to confirm it all the same.
pub struct AddSubscriber {
    email: Email,
    name: Option<Name>,
    list: ListSlug,
    text_version: TextVersion,
    once: Option<Once<Subscription>>,
}

impl TryFrom<SubscribeInput<'_>> for AddSubscriber {
    type Error = Invalid;

    fn try_from(input: SubscribeInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let email = errors.check("/email", Email::parse(input.email));
        let name = errors.check_optional("/name", given(input.name).map(Name::parse));
        let list = list_of(input.list, &mut errors);
        let text_version = errors.check("/consent_text_version", TextVersion::parse(input.consent_text_version));
        let (Some(email), Some(list), Some(text_version)) = (email, list, text_version) else {
            return Err(errors.into_invalid());
        };
        errors.finish()?;
        Ok(Self { email, name, list, text_version, once: None })
    }
}

impl AddSubscriber {
    /// The same, with the answer remembered in the transaction that enters them.
    #[must_use]
    pub fn once(self, once: Option<Once<Subscription>>) -> Self {
        Self { once, ..self }
    }
}

/// How somebody is taken off a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemoveSubscriber {
    /// They stay known as somebody who wants no letters.
    Unsubscribe,
    /// Nothing is kept but a hash by which the address is never written to again.
    Erase,
}

impl Newsletter {
    /// Some of the subscribers, newest first.
    pub async fn subscribers(
        &self,
        context: &Context,
        command: ListSubscribers,
    ) -> Result<Page<Subscription>, NewsletterError> {
        context.authorize(permission::READ_SUBSCRIBERS)?;
        let ListSubscribers { list, email, status, limit, cursor } = command;
        let email_key = email.map(|email| email.key().to_owned());
        let named = format!("subscribers {:?} {status:?} {email_key:?}", list.as_ref().map(ListSlug::as_str));
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<SubscriptionPosition>(context.tenant, &named, &cursor));
        let after = after.transpose()?;
        let list = match &list {
            Some(slug) => Some(self.list(context, slug).await?.id),
            None => None,
        };
        let tenant = context.tenant;
        let query = SubscriptionQuery { tenant, list, email_key, status, after, rows: limit.with_one_ahead() };
        let rows = self.store().subscriptions(&query).await?;
        let position = |one: &Subscription| SubscriptionPosition { at: one.created_at(), id: one.id().as_uuid() };
        let seal = |last: &Subscription| cursors.seal(context.tenant, &named, &position(last));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    async fn list(&self, context: &Context, slug: &ListSlug) -> Result<MailingList, NewsletterError> {
        Ok(self.store().mailing_list(context.tenant, slug.as_str()).await?.ok_or(NotFound)?)
    }

    /// Enters somebody on a list, to be confirmed by themselves. Who has unsubscribed is not entered again, and nobody whose
    /// address is suppressed.
    pub async fn add_subscriber(
        &self,
        context: &Context,
        command: AddSubscriber,
    ) -> Result<Subscription, NewsletterError> {
        let who = context.authorize(permission::MANAGE_NEWSLETTER)?;
        let list = self.any_list(context, &command.list).await?;
        persist(|| self.try_add(context, (who, &list), &command)).await
    }

    async fn try_add(
        &self,
        context: &Context,
        (who, list): (Uuid, &MailingList),
        command: &AddSubscriber,
    ) -> Result<Subscription, NewsletterError> {
        let mailbox = self.known_mailbox(context.tenant, &command.email, context.now).await?;
        if mailbox.suppressed.is_some() {
            return Err(NewsletterError::Suppressed);
        }
        let known = self.store().subscription_at(list.id, command.email.key()).await?;
        let evidence = Evidence {
            text_version: command.text_version.as_str().to_owned(),
            at: context.now,
            ip: None,
            user_agent: None,
            entered_by: Some(who),
        };
        let mut tx = self.store().begin(context).await?;
        let entered = if let Some(known) = known {
            let asked = known.enter_again(command.name.clone(), evidence, context.now)?;
            tx.update_subscription(asked.clone()).await?;
            asked
        } else {
            let new = NewSubscription {
                id: Id::new(&*self.0.ports.ids),
                tenant: context.tenant,
                list: list.id,
                email: command.email.clone(),
                name: command.name.clone(),
                evidence,
            };
            let asked = Subscription::request(new, context.now);
            tx.insert_subscription(asked.clone()).await?;
            asked
        };
        let (entered, _) = entered.into_parts();
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&entered)).await?;
        }
        tx.commit().await?;
        Ok(entered)
    }

    /// Takes somebody off a list, or erases them.
    pub async fn remove_subscriber(
        &self,
        context: &Context,
        id: SubscriptionId,
        how: RemoveSubscriber,
    ) -> Result<(), NewsletterError> {
        context.require(permission::MANAGE_NEWSLETTER)?;
        if how == RemoveSubscriber::Erase {
            context.require(permission::ERASE_SUBSCRIBERS)?;
            context.require_recent_sign_in(FRESH)?;
        }
        persist(|| self.try_remove(context, id, how)).await
    }

    async fn try_remove(
        &self,
        context: &Context,
        id: SubscriptionId,
        how: RemoveSubscriber,
    ) -> Result<(), NewsletterError> {
        let found = self.store().subscription(id).await?;
        let (subscription, _) = found.filter(|(one, _)| one.tenant() == context.tenant).ok_or(NotFound)?;
        if how == RemoveSubscriber::Erase {
            return self.erase(context, subscription).await;
        }
        if let Some(ended) = subscription.unsubscribe(UnsubscribeReason::Admin, context.now) {
            self.save(context, ended).await?;
        }
        Ok(())
    }

    /// The tombstone and the end of the row are one.
    async fn erase(&self, context: &Context, subscription: Subscription) -> Result<(), NewsletterError> {
        let (tenant, now) = (subscription.tenant(), context.now);
        let mailbox = self.known_mailbox(tenant, subscription.email(), now).await?;
        let reason = SuppressionReason::Erasure;
        let event = SubscriptionEvent::Suppressed {
            subscription: subscription.id(),
            list: subscription.list(),
            reason: reason.as_str(),
        };
        let mut tx = self.store().begin(context).await?;
        tx.put_mailbox(mailbox.suppress(reason, event, now)).await?;
        let erased = [subscription.id().as_uuid()];
        tx.erase_subscription(subscription.erase()).await?;
        tx.forget_answers(tenant, &erased).await?;
        Ok(tx.commit().await?)
    }
}
