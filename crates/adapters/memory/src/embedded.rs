//! The whole identity service on doubles.

use std::sync::Arc;

use ashlar_identity::{
    Identity, IdentityPorts, IdentitySettings, KeyEnvironment, PasswordPolicy, Registration, SecondFactorPolicy,
    SessionPolicy, TokenAudience,
    device::DevicePolicy,
    port::{ApiKeyStore, IdentityStore, KeyRing, PasswordHasher, SessionCache, SigningKeyStore},
};
use ashlar_kernel::{Actor, Clock, Context, Entropy, IdSource, MacKey, RequestId, TenantId, TimeOrderedIds};

use crate::{
    LetOthersGo, LocalSigner, LocalVault, ManualClock, MemorySessionCache, MemorySignInCounters, MemoryStore,
    PlainHasher, SeededEntropy,
};

/// **Not for production.** An identity service with everything it needs, in process: for tests of programs that embed
/// it, and for trying it out. Its keys follow from a constant.
///
/// It is set up as the embedded profile is: anybody may open an account, and the first one becomes the administrator.
pub struct Embedded {
    /// The service.
    pub identity: Identity,
    /// The time, which stands still until it is moved.
    pub clock: Arc<ManualClock>,
    /// What was saved, and the events that explain it.
    pub store: Arc<MemoryStore>,
    /// What is remembered about sessions between requests.
    pub cache: Arc<MemorySessionCache>,
    /// Signs the access tokens.
    pub signer: Arc<LocalSigner>,
    /// Hashes the passwords.
    pub hasher: Arc<PlainHasher>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// Where salts come from.
    pub entropy: Arc<dyn Entropy>,
}

/// Every run is the same.
const SEED: u64 = 1;

impl Embedded {
    /// A service at the moment `now`, an RFC 3339 time such as `2030-01-01T00:00:00Z`.
    ///
    /// # Panics
    ///
    /// When `now` is no such time.
    pub fn new(now: &str) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(SEED));
        let ids: Arc<dyn IdSource> =
            Arc::new(TimeOrderedIds::new(Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&entropy)));
        let root_key = MacKey::from_bytes(entropy.bytes());
        let store = Arc::new(MemoryStore::new(Arc::clone(&ids)));
        let cache = Arc::new(MemorySessionCache::new());
        let signer = Arc::new(LocalSigner::new(&root_key, Arc::clone(&entropy)));
        let hasher = Arc::new(PlainHasher::new(Arc::clone(&entropy)));
        let ports = IdentityPorts {
            store: Arc::clone(&store) as Arc<dyn IdentityStore>,
            api_keys: Arc::clone(&store) as Arc<dyn ApiKeyStore>,
            hasher: Arc::clone(&hasher) as Arc<dyn PasswordHasher>,
            signing_keys: Arc::clone(&store) as Arc<dyn SigningKeyStore>,
            signer: Arc::clone(&signer) as Arc<dyn KeyRing>,
            cache: Arc::clone(&cache) as Arc<dyn SessionCache>,
            counters: Arc::new(MemorySignInCounters::new()),
            vault: Arc::new(LocalVault::new(&root_key)),
            pause: Arc::new(LetOthersGo),
            ids: Arc::clone(&ids),
            entropy: Arc::clone(&entropy),
        };
        Self { identity: Identity::new(ports, settings(root_key)), clock, store, cache, signer, hasher, ids, entropy }
    }
}

fn settings(root_key: MacKey) -> IdentitySettings {
    IdentitySettings {
        registration: Registration::Instant,
        needs_verified_email: false,
        first_account_is_admin: true,
        sessions: SessionPolicy::default(),
        devices: DevicePolicy::default(),
        audience: TokenAudience { issuer: "https://ashlar.example".to_owned(), audience: "ashlar".to_owned() },
        second_factor: SecondFactorPolicy::Optional,
        issuer_name: "Ashlar".to_owned(),
        key_environment: KeyEnvironment::Dev,
        passwords: Arc::new(PasswordPolicy::new(12, "ashlar")),
        root_key,
    }
}

/// The circumstances of a request of nobody in particular to the tenant `main`, at the time of `clock`.
///
/// # Panics
///
/// Never: the request id is a constant.
#[expect(clippy::expect_used, reason = "a constant")]
pub fn anonymous(clock: &dyn Clock) -> Context {
    Context {
        tenant: TenantId::MAIN,
        actor: Actor::Anonymous,
        request_id: RequestId::parse("embedded").expect("visible ASCII"),
        client_ip: None,
        user_agent: None,
        trace: None,
        now: clock.now(),
    }
}
