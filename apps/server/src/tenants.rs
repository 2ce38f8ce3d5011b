//! Tenants by their short names, remembered: every request with `X-Tenant` asks, and the answer changes once in years.

use std::{sync::Arc, time::Duration};

use ashlar_identity::Identity;
use ashlar_kernel::{
    Cache, CacheKey, CacheOutcome, Clock, Lifetime, ReadThrough, StoreError, TenantId, TenantSlug, Wanted,
};

/// What metrics call it, and the space of its keys.
const TENANTS: &str = "tenants";
/// Whoever renames a tenant waits for a minute at most. Nothing in the product does so yet; what will do so has to
/// invalidate a tag that entries then need.
const LIFETIME: Lifetime = Lifetime { fresh_for: Duration::from_secs(30), stale_for: Duration::from_secs(30) };

/// Finds tenants: in the cache, and in the database where the cache knows none or does not answer. However many ask for
/// one at once, the database is asked once. Cheap to clone.
///
/// Who can write into the cache can lead a request to another tenant. It finds no open door there: a token names its own
/// tenant, and a password is checked against the accounts of the tenant that was found.
#[derive(Clone)]
pub struct Tenants {
    identity: Identity,
    known: ReadThrough<TenantId, LookupError>,
}

/// Why there is no answer, or the answer that nothing remembers: a name that does not exist today may tomorrow, and
/// strangers could fill the cache with such names.
#[derive(Debug, thiserror::Error)]
enum LookupError {
    #[error("there is no such tenant")]
    NoneSuch,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tenants {
    /// Asks `cache` first, and tells `watch` how it answered.
    pub fn new(
        identity: Identity,
        cache: Arc<dyn Cache>,
        clock: Arc<dyn Clock>,
        watch: impl Fn(&'static str, CacheOutcome) + Send + Sync + 'static,
    ) -> Self {
        let spawn = Arc::new(|task| drop(tokio::spawn(task)));
        let known = ReadThrough::new(TENANTS, cache, LIFETIME, clock, spawn).watched_by(Arc::new(watch));
        Self { identity, known }
    }

    /// The tenant of a short name.
    pub async fn find(&self, slug: &TenantSlug) -> Result<Option<TenantId>, StoreError> {
        // Names are given once in an installation, hence keys of the tenant that is always there.
        let wanted = Wanted { key: CacheKey::new(TenantId::MAIN, TENANTS, slug.as_str()), tags: Vec::new() };
        let (identity, slug) = (self.identity.clone(), slug.clone());
        let asked = self.known.get(wanted, || {
            Box::pin(async move { Ok(identity.tenant(&slug).await?.ok_or(LookupError::NoneSuch)?.id) })
        });
        match asked.await {
            Ok(id) => Ok(Some(id)),
            Err(error) => match &*error {
                LookupError::NoneSuch => Ok(None),
                LookupError::Store(kind) => Err(shared(kind, Arc::clone(&error))),
            },
        }
    }
}

/// A failure of the same kind for each of those who waited for it.
fn shared(kind: &StoreError, cause: Arc<LookupError>) -> StoreError {
    match kind {
        StoreError::Stale => StoreError::Stale,
        StoreError::Contended(_) => StoreError::Contended(cause.into()),
        StoreError::Unavailable(_) => StoreError::Unavailable(cause.into()),
        StoreError::Corrupt { what } => StoreError::Corrupt { what },
        StoreError::Internal(_) => StoreError::Internal(cause.into()),
    }
}
