//! Stop the letters.

use ashlar_kernel::{Context, Email, NotFound};

use super::{
    super::{MailingList, Subscription, UnsubscribeReason, UnsubscribeToken},
    Newsletter, NewsletterError, persist,
    subscribe::{addressed, may_ask},
};

/// Whose letters stop, for the page that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribed {
    /// Of which list.
    pub list: String,
}

impl Newsletter {
    /// Stops the letters that a link came with. Again and again is the same as once.
    pub async fn unsubscribe(&self, context: &Context, token: &str) -> Result<Unsubscribed, NewsletterError> {
        persist(|| self.try_unsubscribe(context, token)).await
    }

    async fn try_unsubscribe(&self, context: &Context, token: &str) -> Result<Unsubscribed, NewsletterError> {
        let (subscription, list) = self.linked(token).await?;
        if let Some(ended) = subscription.unsubscribe(UnsubscribeReason::OneClick, context.now) {
            self.save(context, ended).await?;
        }
        Ok(Unsubscribed { list: list.name.as_str().to_owned() })
    }

    /// Of which list a link stops the letters. Changes nothing: programs that look at links before people do may follow it.
    pub async fn link_to_unsubscribe(&self, token: &str) -> Result<Unsubscribed, NewsletterError> {
        let (_, list) = self.linked(token).await?;
        Ok(Unsubscribed { list: list.name.as_str().to_owned() })
    }

    async fn linked(&self, token: &str) -> Result<(Subscription, MailingList), NewsletterError> {
        let token = UnsubscribeToken::parse(token).map_err(|_no_link| NotFound)?;
        let found = self.store().subscription(token.subscription()).await?;
        Ok(found.filter(|(one, _)| self.0.links.verify(&token, one)).ok_or(NotFound)?)
    }

    /// Has the link that unsubscribes sent to an address: whoever types an address in is not believed to own it, and learns
    /// nothing about it.
    pub async fn request_link(
        &self,
        context: &Context,
        email: &str,
        list: Option<&str>,
    ) -> Result<(), NewsletterError> {
        may_ask(context)?;
        let (email, list) = addressed(email, list)?;
        let list = self.public_list(context, &list).await?;
        persist(|| self.try_request_link(context, &list, &email)).await
    }

    async fn try_request_link(
        &self,
        context: &Context,
        list: &MailingList,
        email: &Email,
    ) -> Result<(), NewsletterError> {
        let known = self.store().subscription_at(list.id, email.key()).await?;
        let asked = known.and_then(|known| known.ask_for_link(context.now));
        self.save_or_not(context, (list.tenant, email), asked).await
    }
}
