//! Confirm a subscription by the link in a letter.

use ashlar_kernel::Context;

use super::{
    super::{ConfirmSecret, ConfirmToken, MailingList, Subscription, SubscriptionEvent},
    Newsletter, NewsletterError, persist, within,
};

impl Newsletter {
    /// Confirms a subscription. Of many who use a link at once, one does.
    pub async fn confirm(&self, context: &Context, token: &str) -> Result<(), NewsletterError> {
        persist(|| self.try_confirm(context, token)).await
    }

    async fn try_confirm(&self, context: &Context, token: &str) -> Result<(), NewsletterError> {
        let (token, subscription, _) = self.confirmable(context, token).await?;
        let wish = subscription.wish_of(&token).ok_or(NewsletterError::TokenGone)?;
        let tenant = subscription.tenant();
        let mailbox = self.known_mailbox(tenant, subscription.email(), context.now).await?;
        let event = SubscriptionEvent::Lifted { subscription: subscription.id(), list: subscription.list() };
        let is_own = wish.evidence.entered_by.is_none();
        let lifted = if is_own { mailbox.lift(event, context.now) } else { None };
        let confirmed = subscription.confirm_wish(wish, context.client_ip, context.now);
        let confirmed = confirmed.ok_or(NewsletterError::TokenGone)?;
        let mut tx = self.store().begin(&within(context, tenant)).await?;
        tx.confirm_subscription(confirmed, token.hash).await?;
        if let Some(lifted) = lifted {
            tx.put_mailbox(lifted).await?;
        }
        Ok(tx.commit().await?)
    }

    /// What the list is called that a link confirms a subscription to. Changes nothing: programs that look at links before
    /// people do may follow it.
    pub async fn can_confirm(&self, context: &Context, token: &str) -> Result<String, NewsletterError> {
        let (_, _, list) = self.confirmable(context, token).await?;
        Ok(list.name.as_str().to_owned())
    }

    /// What a link confirms. One that never was is told from one that is used up by nobody.
    async fn confirmable(
        &self,
        context: &Context,
        token: &str,
    ) -> Result<(ConfirmToken, Subscription, MailingList), NewsletterError> {
        let secret = ConfirmSecret::parse(token).ok_or(NewsletterError::TokenGone)?;
        let token = self.store().confirm_token(secret.hash()).await?;
        let token = token.filter(|token| token.is_good(context.now)).ok_or(NewsletterError::TokenGone)?;
        let found = self.store().subscription(token.subscription).await?;
        let is_meant = |one: &Subscription| one.wish_of(&token).is_some();
        let (subscription, list) = found.filter(|(one, _)| is_meant(one)).ok_or(NewsletterError::TokenGone)?;
        Ok((token, subscription, list))
    }
}
