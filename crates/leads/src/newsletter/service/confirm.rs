//! Confirm a subscription by the link in a letter.

use ashlar_kernel::Context;

use super::{
    super::{ConfirmSecret, Subscription},
    Newsletter, NewsletterError, persist, within,
};

impl Newsletter {
    /// Confirms a subscription. Of many who use a link at once, one does.
    pub async fn confirm(&self, context: &Context, token: &str) -> Result<(), NewsletterError> {
        persist(|| self.try_confirm(context, token)).await
    }

    async fn try_confirm(&self, context: &Context, token: &str) -> Result<(), NewsletterError> {
        let (secret, subscription) = self.confirmable(context, token).await?;
        let tenant = subscription.tenant();
        let confirmed = subscription.confirm(context.client_ip, context.now).ok_or(NewsletterError::TokenGone)?;
        let mut tx = self.store().begin(&within(context, tenant)).await?;
        tx.confirm_subscription(confirmed, secret.hash()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a link confirms something. Changes nothing: programs that look at links before people do may follow it.
    pub async fn can_confirm(&self, context: &Context, token: &str) -> Result<(), NewsletterError> {
        self.confirmable(context, token).await.map(drop)
    }

    /// What a link confirms. One that never was is told from one that is used up by nobody.
    async fn confirmable(
        &self,
        context: &Context,
        token: &str,
    ) -> Result<(ConfirmSecret, Subscription), NewsletterError> {
        let secret = ConfirmSecret::parse(token).ok_or(NewsletterError::TokenGone)?;
        let token = self.store().confirm_token(secret.hash()).await?;
        let token = token.filter(|token| token.is_good(context.now)).ok_or(NewsletterError::TokenGone)?;
        let found = self.store().subscription(token.subscription).await?;
        let is_meant = |one: &Subscription| one.list() == token.list && one.is_pending();
        let subscription = found.map(|(one, _)| one).filter(is_meant).ok_or(NewsletterError::TokenGone)?;
        Ok((secret, subscription))
    }
}
