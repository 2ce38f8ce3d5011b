//! What time does to subscriptions.

use ashlar_kernel::{Change, Context, StoreError};
use chrono::TimeDelta;

use super::{
    super::{
        Subscription, SubscriptionEvent,
        subscription::{KEPT, PENDING},
    },
    Newsletter,
};

/// Rows of one statement.
const ROWS: u32 = 500;

/// How long a mailbox that nothing is held against is remembered: longer than any letter counts.
const QUIET: TimeDelta = TimeDelta::days(2);

impl Newsletter {
    /// Lets subscriptions expire that nobody confirmed within 72 hours, deletes those that expired 30 days ago, and forgets
    /// mailboxes that have been quiet: how many have expired, and how many were deleted.
    pub async fn sweep(&self, context: &Context) -> Result<(u64, u64), StoreError> {
        let expired = self.expire(context).await?;
        let mut deleted = 0;
        loop {
            let purged = self.store().purge_subscriptions(context.now - KEPT, ROWS).await?;
            deleted += purged;
            if purged < u64::from(ROWS) {
                break;
            }
        }
        while self.store().purge_mailboxes(context.now - QUIET, ROWS).await? >= u64::from(ROWS) {}
        Ok((expired, deleted))
    }

    async fn expire(&self, context: &Context) -> Result<u64, StoreError> {
        let mut expired = 0;
        loop {
            let waiting = self.store().waiting_subscriptions(context.now - PENDING, u64::from(ROWS)).await?;
            let before = expired;
            for change in waiting.into_iter().filter_map(|one| one.expire(context.now)) {
                expired += u64::from(self.try_expire(context, change).await?);
            }
            if expired == before {
                return Ok(expired);
            }
        }
    }

    /// Whether it expired: they may have confirmed it at the last moment, or asked again.
    async fn try_expire(
        &self,
        context: &Context,
        change: Change<Subscription, SubscriptionEvent>,
    ) -> Result<bool, StoreError> {
        match self.save(context, change).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_retryable() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
