//! Who gets a letter about what matters most.

use ashlar_kernel::{Context, StoreError};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Notification, NotificationFilter, NotificationId, NotificationQuery, Notifications, Severity};

/// Who gets a letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    /// People, by their accounts.
    pub people: Vec<Uuid>,
    /// The one address of the installation.
    pub address: bool,
}

/// What has come this often within [`WINDOW`] comes and goes, and another letter tells nobody anything new.
const OPENINGS: usize = 3;
const WINDOW: TimeDelta = TimeDelta::hours(1);
/// How many earlier notifications are looked through for that.
const EARLIER: u64 = 100;

impl Notifications {
    /// At most this many people get a letter about one notification.
    pub const READERS: u64 = 20;

    /// Decides that `readers` get a letter about a critical notification, once and for all: false, with nothing saved,
    /// when that was decided before or there is no such notification. Nobody gets one when the same has begun three times
    /// within the hour before. [`StoreError::Stale`] when somebody changed the notification meanwhile.
    pub async fn announce(
        &self,
        context: &Context,
        id: NotificationId,
        mut readers: Readers,
    ) -> Result<bool, StoreError> {
        let found = self.ports.store.notification(context.tenant, id).await?;
        let Some(found) = found.filter(|found| found.severity() == Severity::Critical) else { return Ok(false) };
        readers.people.truncate(usize::try_from(Self::READERS).unwrap_or(usize::MAX));
        let readers = if self.comes_and_goes(&found).await? { Readers::default() } else { readers };
        let Some(change) = found.announce(readers, context.now) else { return Ok(false) };
        let mut tx = self.ports.store.begin(context).await?;
        tx.change(change).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// What there is to write about. For who writes it; nobody is asked who they are.
    pub async fn to_tell(&self, context: &Context, id: NotificationId) -> Result<Option<Notification>, StoreError> {
        self.ports.store.notification(context.tenant, id).await
    }

    /// Follows from what was there when it began, so that it is the same whenever it is asked.
    async fn comes_and_goes(&self, found: &Notification) -> Result<bool, StoreError> {
        let filter = NotificationFilter { severity: Some(Severity::Critical), ..NotificationFilter::default() };
        let query = NotificationQuery { tenant: found.tenant(), filter, after: Some(found.id()), rows: EARLIER };
        let (row, since) = (found.row(), found.row().first_at - WINDOW);
        let is_the_same = |earlier: &&Notification| {
            let earlier = earlier.row();
            earlier.dedupe_key == row.dedupe_key && earlier.first_at > since
        };
        let earlier = self.ports.store.notifications(&query).await?;
        Ok(earlier.iter().filter(is_the_same).count() >= OPENINGS)
    }
}
