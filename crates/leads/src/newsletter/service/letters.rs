//! Letters to subscribers, at the moment in which they are written.

use ashlar_kernel::{Change, Context, Email, Secret, StoreError};
use uuid::Uuid;

use super::{
    super::{
        ConfirmSecret, ConfirmToken, Letter, LetterKind, LetterWish, MailingList, Subscription, SubscriptionEvent,
        SubscriptionId, SubscriptionStatus,
    },
    Newsletter, persist, within,
};

/// What a letter is made of.
pub struct SubscriberLetter {
    /// Where it goes.
    pub to: Email,
    /// What they are called, if they have confirmed it.
    pub name: Option<String>,
    /// What the list is called.
    pub list: String,
    /// What the link to confirm carries, if the letter is to be confirmed by.
    pub confirm: Option<Secret>,
    /// What the link to unsubscribe carries.
    pub unsubscribe: Secret,
}

impl Newsletter {
    /// What to write to a subscriber, and a note that it was; none if there is nothing to write any more, if the address is
    /// not to be written to, or if it was written to enough. All of that is asked now, whenever the letter was thought of.
    ///
    /// `letter` names the letter for good: one that is written again counts once.
    pub async fn letter(
        &self,
        context: &Context,
        subscription: SubscriptionId,
        (kind, letter): (LetterKind, Uuid),
    ) -> Result<Option<SubscriberLetter>, StoreError> {
        persist(|| self.try_letter(context, subscription, (kind, letter))).await
    }

    async fn try_letter(
        &self,
        context: &Context,
        id: SubscriptionId,
        (kind, letter): (LetterKind, Uuid),
    ) -> Result<Option<SubscriberLetter>, StoreError> {
        let found = self.store().subscription(id).await?;
        let is_due = |one: &Subscription| match kind {
            LetterKind::Confirm => one.waits(),
            LetterKind::Unsubscribe => one.is_open(),
        };
        let Some((subscription, list)) = found.filter(|(one, _)| is_due(one)) else { return Ok(None) };
        let (tenant, now) = (subscription.tenant(), context.now);
        let mailbox = self.known_mailbox(tenant, subscription.email(), now).await?;
        let wish = subscription.open_wish().filter(|_| kind == LetterKind::Confirm);
        let is_own = wish.is_some_and(|wish| wish.evidence.entered_by.is_none());
        let wish = if is_own { LetterWish::Own } else { LetterWish::Other };
        let Ok(mailbox) = mailbox.take((letter, wish), now) else { return Ok(None) };
        let secret = (kind == LetterKind::Confirm).then(|| ConfirmSecret::random(&*self.0.ports.entropy));
        let token = secret.as_ref().map(|secret| ConfirmToken::issue(secret, &subscription, now));
        let event = SubscriptionEvent::LetterWritten { subscription: id, list: list.id, kind };
        let mut tx = self.store().begin(&within(context, tenant)).await?;
        tx.write_letter(Change::new(Letter { mailbox, token }, event)).await?;
        tx.commit().await?;
        Ok(Some(self.compose(&subscription, &list, secret.as_ref())))
    }

    fn compose(
        &self,
        subscription: &Subscription,
        list: &MailingList,
        secret: Option<&ConfirmSecret>,
    ) -> SubscriberLetter {
        // Before they have confirmed it, anybody may have typed it in.
        let is_theirs = secret.is_none() && subscription.status() == SubscriptionStatus::Confirmed;
        SubscriberLetter {
            to: subscription.email().clone(),
            name: subscription.name().filter(|_| is_theirs).map(|name| name.as_str().to_owned()),
            list: list.name.as_str().to_owned(),
            confirm: secret.map(ConfirmSecret::text),
            unsubscribe: self.0.links.token(subscription),
        }
    }
}
