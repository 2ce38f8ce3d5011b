//! Let the owner of a suppressed address ask for letters again.

use ashlar_kernel::{Context, Email, FieldErrors, NotFound};

use super::{Newsletter, NewsletterError, persist, staff::FRESH};
use crate::permission;

/// So many lists has a tenant at most.
const LISTS: u64 = 100;

impl Newsletter {
    /// Lets the owner of a suppressed address ask for letters again. The address is not written to for that: it takes their
    /// own wish, and that they confirm it, to end the suppression. Neither they nor we can do it alone.
    pub async fn allow_lift(&self, context: &Context, email: &str) -> Result<(), NewsletterError> {
        context.require(permission::LIFT_SUPPRESSION)?;
        context.require_recent_sign_in(FRESH)?;
        let mut errors = FieldErrors::default();
        let email = errors.check("/email", Email::parse(email));
        let Some(email) = email else { return Err(errors.into_invalid().into()) };
        persist(|| self.try_allow_lift(context, &email)).await
    }

    async fn try_allow_lift(&self, context: &Context, email: &Email) -> Result<(), NewsletterError> {
        let (tenant, now) = (context.tenant, context.now);
        let mailbox = self.known_mailbox(tenant, email, now).await?;
        if mailbox.suppressed.is_none() {
            return Err(NotFound.into());
        }
        let mut released = Vec::new();
        for list in self.store().mailing_lists(tenant, LISTS).await? {
            let known = self.store().subscription_at(list.id, email.key()).await?;
            released.extend(known.and_then(|known| known.release(now)));
        }
        let allowed = mailbox.allow_lift(now);
        if allowed.is_none() && released.is_empty() {
            return Ok(());
        }
        let mut tx = self.store().begin(context).await?;
        if let Some(allowed) = allowed {
            tx.put_mailbox(allowed).await?;
        }
        for subscription in released {
            tx.update_subscription(subscription).await?;
        }
        Ok(tx.commit().await?)
    }
}
