//! What can be done about the newsletter.

pub mod codes;
mod confirm;
mod error;
mod letters;
mod lift;
mod lists;
mod staff;
mod subscribe;
mod sweep;
mod unsubscribe;

use std::sync::Arc;

use ashlar_kernel::{Context, CursorSigner, Email, Entropy, IdSource, MacKey, StoreError, TenantId, Timestamp};

pub use error::NewsletterError;
pub use letters::SubscriberLetter;
pub use lists::MailingListInput;
pub use staff::{AddSubscriber, ListSubscribers, RemoveSubscriber};
pub use subscribe::{Subscribe, SubscribeInput};
pub use unsubscribe::Unsubscribed;

use super::{AddressHash, NewsletterStore, SubscriberMailbox, Subscription, SubscriptionEvent, UnsubscribeKeys};

/// What the service is made of.
#[derive(Clone)]
pub struct NewsletterPorts {
    /// Where lists and subscriptions are kept.
    pub store: Arc<dyn NewsletterStore>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// Where links come from.
    pub entropy: Arc<dyn Entropy>,
}

/// How the service behaves.
pub struct NewsletterSettings {
    /// The root of the keys of links and hashes; lives outside the database.
    pub root_key: MacKey,
    /// Roots that were in use before: links that were made then still unsubscribe, and addresses that were suppressed then
    /// still are.
    pub former_root_keys: Vec<MacKey>,
}

/// The newsletter as a service. Cheap to clone.
#[derive(Clone)]
pub struct Newsletter(Arc<Inner>);

struct Inner {
    ports: NewsletterPorts,
    addresses: MacKey,
    former_addresses: Vec<MacKey>,
    links: UnsubscribeKeys,
    cursors: CursorSigner,
}

/// How often a unit of work is tried that loses races.
const ATTEMPTS: u8 = 5;

impl Newsletter {
    /// Puts the service together.
    pub fn new(ports: NewsletterPorts, settings: &NewsletterSettings) -> Self {
        let (root, former) = (&settings.root_key, &settings.former_root_keys);
        Self(Arc::new(Inner {
            ports,
            addresses: AddressHash::key(root),
            former_addresses: former.iter().map(AddressHash::key).collect(),
            links: UnsubscribeKeys::new(root, &settings.former_root_keys),
            cursors: CursorSigner::new(root),
        }))
    }

    fn store(&self) -> &dyn NewsletterStore {
        &*self.0.ports.store
    }

    /// What is known of the mailbox of an address, also by a hash that was made with a former key: the suppression of then
    /// stands.
    async fn known_mailbox(
        &self,
        tenant: TenantId,
        email: &Email,
        now: Timestamp,
    ) -> Result<SubscriberMailbox, StoreError> {
        let address = AddressHash::of(&self.0.addresses, tenant, email);
        if let Some(known) = self.store().mailbox(tenant, address).await? {
            return Ok(known);
        }
        let mailbox = SubscriberMailbox::unknown(tenant, address, now);
        for key in &self.0.former_addresses {
            let former = self.store().mailbox(tenant, AddressHash::of(key, tenant, email)).await?;
            if let Some(suppressed) = former.and_then(|former| former.suppressed) {
                return Ok(SubscriberMailbox { suppressed: Some(suppressed), ..mailbox });
            }
        }
        Ok(mailbox)
    }

    /// Saves a changed subscription, in its own tenant.
    async fn save(
        &self,
        context: &Context,
        change: ashlar_kernel::Change<Subscription, SubscriptionEvent>,
    ) -> Result<(), StoreError> {
        let mut tx = self.store().begin(&within(context, change.state().tenant())).await?;
        tx.update_subscription(change).await?;
        tx.commit().await
    }
}

/// The same circumstances in the tenant that a link is of: who has a link names no tenant.
fn within(context: &Context, tenant: TenantId) -> Context {
    Context { tenant, ..context.clone() }
}

/// Does `work` again as long as it loses races, five times at most.
async fn persist<T, E, F>(mut work: impl FnMut() -> F) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: IsRace,
{
    for _ in 1..ATTEMPTS {
        match work().await {
            Err(error) if error.is_race() => {}
            outcome => return outcome,
        }
    }
    work().await
}

/// Whether work that failed so is worth another attempt.
trait IsRace {
    fn is_race(&self) -> bool;
}

impl IsRace for StoreError {
    fn is_race(&self) -> bool {
        self.is_retryable()
    }
}

impl IsRace for NewsletterError {
    fn is_race(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}
