//! Puts the product together: the only module that names adapters.

mod admin;
mod audit;
mod blobs;
mod database;
mod error;
mod keys;
mod leads;
mod subscribers;
mod work;

use std::{num::NonZeroU16, sync::Arc, time::Duration};

use ashlar_audit::log::AuditLog;
use ashlar_crypto::{AesVault, Argon2Options, Argon2Pool, HashObserver, JwtSigner, OsEntropy, Peppers};
use ashlar_identity::{
    Email, Identity, KeyEnvironment, PasswordPolicy, Registration, SecondFactorPolicy, SessionPolicy, TokenAudience,
    device::{DevicePolicy, OnDeviceLimit},
    port::{IdentityStore as _, Revocations, SessionCache},
    use_case::{IdentityPorts, IdentitySettings},
};
use ashlar_kernel::{
    Brake, BrakeRule, Cache, Clock, Context, Entropy, ExposeSecret as _, IdSource, MacKey, RateLimiter, RequestId,
    SystemClock, TenantId, TimeOrderedIds,
};
use ashlar_leads::{Transfers, port::Files};
use ashlar_mail::MailUrl;
use ashlar_memory::{MemoryBrake, MemoryCache, MemoryRateLimiter, MemorySessionCache};
use ashlar_redis::{RedisBrake, RedisCache, RedisRateLimiter, RedisRevocations, RedisStore};
use ashlar_sql::{Observer, SqlStore};
use async_trait::async_trait;
use chrono::TimeDelta;

pub use audit::{evidence, retention, sealing, trail};
pub use blobs::look_at_files;
pub use database::{Watchers, connect, migrate_down, migrate_up, status, store_options};
pub use error::StartError;
pub use keys::{KeyFiles, audit_public_key, prepare_data_folder, read_keys};

use crate::{
    config::{self, Config, OnOff, Profile},
    demo::{self, Demo},
    http::{AppState, Health, Manner, Probe, Requests, Services, middleware::Load},
    limits::{Policies, RateLimits, SharedThenLocal, SharedThenLocalBrake},
    mail::Post,
    revocations::{self, AnnouncedEnds, WaitingEnds},
    telemetry::metrics::{Metrics, PoolSource, PoolUse},
    work::{Errand, RealPause, Work},
};

/// The name of the product, which no password may be built on.
const PRODUCT: &str = "Ashlar";
/// The `aud` claim of access tokens.
const AUDIENCE: &str = "ashlar";

/// What the world outside gives: swapped in tests, the operating system's otherwise.
#[derive(Clone)]
pub struct World {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What hashing a password costs.
    pub hashing: Argon2Options,
    /// Who is told of each SQL statement, if anybody.
    pub statements: Option<Observer>,
    /// Who is told of each password hash, if anybody.
    pub hashes: Option<HashObserver>,
}

impl World {
    /// The operating system's clock and randomness, and hashing on `threads` threads.
    pub fn real(threads: usize) -> Self {
        let threads = u16::try_from(threads).ok().and_then(NonZeroU16::new);
        let defaults = Argon2Options::default();
        let hashing = Argon2Options { threads: threads.unwrap_or(defaults.threads), ..defaults };
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(OsEntropy), hashing, statements: None, hashes: None }
    }
}

/// The product, ready to serve.
pub struct Product {
    /// What requests reach.
    pub state: AppState,
    /// What is done behind the scenes, if this process is to do it.
    pub work: Work,
    /// The database, to be closed at the end.
    pub store: SqlStore,
    /// The demonstration data, when this start has loaded it.
    pub demo: Option<Demo>,
}

/// Puts the product together: folder, keys, database, migrations (applied in the embedded profile, insisted on in
/// production), services, demonstration data.
pub async fn compose(config: &Config, world: World) -> Result<Product, StartError> {
    let mut parts = Parts::prepare(config, world).await?;
    parts.take_keys(&parts.identity(config), config).await?;
    parts.make_places(config).await;
    let demo = if config.demo { demo::load(&parts.seeding_identity(config), &parts, config).await? } else { None };
    let state = parts.state(config)?;
    state.metrics.watch_pools(pools_of(&parts.store));
    let mut work = parts.work(config, &state).await?;
    work.errands.extend(parts.shared.take().map(|shared| shared.errands(&parts, &state.metrics)).into_iter().flatten());
    Ok(Product { state, work, store: parts.store, demo })
}

/// What passwords are hashed with besides. Whose hash was made with a secret that is not there cannot sign in, so it is not
/// started without it.
async fn peppers(config: &Config, store: &SqlStore) -> Result<Peppers, StartError> {
    let peppers = Peppers::new(config.password_peppers.iter().cloned());
    let classes = store.password_classes().await.map_err(StartError::PasswordClasses)?;
    match classes.iter().find_map(|(class, accounts)| Some((peppers.missing_for(class)?, *accounts))) {
        Some((id, accounts)) => Err(StartError::Pepper { id, accounts }),
        None => Ok(peppers),
    }
}

/// How mail leaves, as configured.
pub fn post(config: &Config) -> Result<Post, StartError> {
    let url = MailUrl::parse(config.mail.url.expose_secret())?;
    let mailer = ashlar_mail::open(&url).map_err(StartError::Mail)?;
    let (base, pages, devices) = (config.public_base().to_owned(), config.account_base(), config.devices_page());
    Ok(Post { mailer, from: config.mail.from.clone(), base, pages, devices })
}

/// How the connections to the database are used, whenever somebody asks.
fn pools_of(store: &SqlStore) -> PoolSource {
    let store = store.clone();
    Arc::new(move || {
        let figures = store.pool().into_iter();
        figures.map(|pool| PoolUse { name: pool.name, in_use: pool.in_use, idle: pool.idle }).collect()
    })
}

/// Loads the demonstration data on its own; none if the database is not empty.
pub async fn seed(config: &Config, world: World) -> Result<Option<Demo>, StartError> {
    let parts = Parts::prepare(config, world).await?;
    parts.take_keys(&parts.identity(config), config).await?;
    let demo = demo::load(&parts.seeding_identity(config), &parts, config).await;
    parts.store.close().await;
    demo
}

/// Makes the owner of an account an operator of the installation, or one no more; whether that changed anything.
pub async fn decide_on_operator(
    config: &Config,
    world: World,
    (email, is_to_be): (&Email, bool),
) -> Result<bool, Box<dyn std::error::Error>> {
    database::insist_on_installation(config).await?;
    let parts = Parts::prepare(config, world).await?;
    let identity = parts.identity(config);
    let context = Context::system("cli", TenantId::MAIN, RequestId::new(&*parts.ids), parts.clock.now());
    let outcome = if is_to_be {
        identity.make_operator(&context, email).await
    } else {
        identity.revoke_operator(&context, email).await
    };
    parts.store.close().await;
    Ok(outcome?)
}

/// What an operator's commands work with.
pub struct Tools {
    /// The accounts.
    pub identity: Identity,
    /// Leads that come and go in files.
    pub transfers: Transfers,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// The database, to be closed at the end.
    pub store: SqlStore,
}

/// Puts together what a command of the operator needs: no server, no workers. Where there is no installation none is made,
/// but for an import, which may be the first thing there.
pub async fn tools(config: &Config, world: World, may_be_first: bool) -> Result<Tools, StartError> {
    if !may_be_first {
        database::insist_on_installation(config).await?;
    }
    let parts = Parts::prepare(config, world).await?;
    let identity = parts.identity(config);
    let transfers = parts.transfers(&parts.leads(config, &identity));
    let Parts { clock, ids, store, .. } = parts;
    Ok(Tools { identity, transfers, clock, ids, store })
}

/// Everything with a connection, a key or a clock in it.
pub(crate) struct Parts {
    ports: IdentityPorts,
    store: SqlStore,
    files: Arc<dyn Files>,
    root_key: MacKey,
    redis: Option<RedisStore>,
    shared: Option<SharedSessions>,
    metrics: Metrics,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Parts {
    async fn prepare(config: &Config, world: World) -> Result<Self, StartError> {
        prepare_data_folder(config)?;
        let root_key = keys::load_root(config, &*world.entropy)?;
        let ids: Arc<dyn IdSource> =
            Arc::new(TimeOrderedIds::new(Arc::clone(&world.clock), Arc::clone(&world.entropy)));
        let metrics = Metrics::default();
        let store = connect(config, Arc::clone(&ids), Watchers::new(world.statements.clone(), &metrics)).await?;
        let peppers = peppers(config, &store).await?;
        let redis = config.redis_url.as_ref().map(|url| RedisStore::new(url.expose_secret())).transpose()?;
        let local: Arc<dyn SessionCache> = Arc::new(MemorySessionCache::default());
        let (cache, shared) = match &redis {
            None => (local, None),
            Some(redis) => SharedSessions::new(local, redis.clone()),
        };
        let ports = IdentityPorts {
            store: Arc::new(store.clone()),
            api_keys: Arc::new(store.clone()),
            hasher: Arc::new(
                Argon2Pool::new(world.hashing, Arc::clone(&world.entropy))
                    .watched_by(world.hashes.clone())
                    .seasoned_with(peppers),
            ),
            signing_keys: Arc::new(store.clone()),
            signer: Arc::new(JwtSigner::without_keys(keys::algorithm(config))),
            cache,
            counters: Arc::new(store.clone()),
            vault: Arc::new(AesVault::new(&root_key).map_err(StartError::Vault)?),
            pause: Arc::new(RealPause),
            ids: Arc::clone(&ids),
            entropy: Arc::clone(&world.entropy),
        };
        let files: Arc<dyn Files> = Arc::new(blobs::open(config, &world.entropy)?);
        let World { clock, entropy, .. } = world;
        Ok(Self { ports, store, files, root_key, redis, shared, metrics, clock, ids, entropy })
    }

    /// Sees to it that there is a signing key, and uses what keys there are.
    async fn take_keys(&self, identity: &Identity, config: &Config) -> Result<(), StartError> {
        let has_keys = identity.has_signing_keys().await.map_err(StartError::KnownKeys)?;
        let first = if has_keys { None } else { keys::first_key(config, &*self.entropy)? };
        let context = Context::system("start", TenantId::MAIN, RequestId::new(&*self.ids), self.clock.now());
        identity.prepare_signing_keys(&context, first).await?;
        for sentence in KeyFiles::of(config).discard_dead(identity).await.map_err(StartError::KnownKeys)? {
            tracing::warn!("{sentence}");
        }
        Ok(())
    }

    /// Makes the places for events to come, after however long nobody was there to do so at night. Events have a place
    /// without, so nobody is kept from starting.
    async fn make_places(&self, config: &Config) {
        if let Err(error) = retention(config, &self.store).make_places().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the leaves of the event log could not be made");
        }
    }

    /// The service as configured.
    fn identity(&self, config: &Config) -> Identity {
        Identity::new(self.ports.clone(), self.settings(config))
    }

    /// The service for demonstration data, which opens accounts even where registration is closed.
    fn seeding_identity(&self, config: &Config) -> Identity {
        let settings = IdentitySettings {
            registration: Registration::Instant,
            needs_verified_email: false,
            first_account_is_admin: true,
            devices: DevicePolicy::default(),
            ..self.settings(config)
        };
        Identity::new(self.ports.clone(), settings)
    }

    fn settings(&self, config: &Config) -> IdentitySettings {
        let registration = match config.registration {
            config::Registration::Instant => Registration::Instant,
            config::Registration::VerifyFirst => Registration::VerifyFirst,
            config::Registration::Closed => Registration::Closed,
        };
        IdentitySettings {
            registration,
            needs_verified_email: config.require_verified_email,
            first_account_is_admin: config.profile == Profile::Embedded,
            sessions: SessionPolicy {
                access_ttl: delta(config.tokens.access),
                refresh_idle: delta(config.tokens.refresh_idle),
                refresh_absolute: delta(config.tokens.refresh_absolute),
                refresh_grace: delta(config.tokens.refresh_grace),
            },
            devices: DevicePolicy {
                limit: match config.devices.limit {
                    config::DeviceLimit::Unlimited => None,
                    config::DeviceLimit::Max => Some(config.devices.max),
                    config::DeviceLimit::Single => Some(1),
                },
                on_limit: match config.devices.overflow {
                    config::DeviceOverflow::Reject => OnDeviceLimit::Reject,
                    config::DeviceOverflow::Replace => OnDeviceLimit::Replace,
                },
                transfers: config.devices.transfers,
            },
            audience: TokenAudience { issuer: config.public_base().to_owned(), audience: AUDIENCE.to_owned() },
            second_factor: match config.second_factor {
                config::SecondFactor::Optional => SecondFactorPolicy::Optional,
                config::SecondFactor::AdminAndStaff => SecondFactorPolicy::AdminAndStaff,
                config::SecondFactor::Required => SecondFactorPolicy::Everybody,
            },
            issuer_name: PRODUCT.to_owned(),
            key_environment: match config.profile {
                Profile::Embedded => KeyEnvironment::Dev,
                Profile::Production => KeyEnvironment::Live,
            },
            passwords: Arc::new(PasswordPolicy::new(12, PRODUCT)),
            root_key: self.root_key.clone(),
        }
    }

    fn state(&self, config: &Config) -> Result<AppState, StartError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let limits = &config.limits;
        let probe = self.redis.clone().map(|redis| Arc::new(RedisProbe(redis)) as Arc<dyn Probe>);
        let manner = Manner {
            trusted_proxies: config.http.trusted_proxies.clone(),
            https: config.public_url.scheme() == "https",
            origin: config.public_url.origin().ascii_serialization(),
            body_limit: limits.body,
            load: Load::new(cores * IN_FLIGHT_PER_CORE, limits.max_connections_per_ip, limits.request_timeout),
            limits: self.rate_limits(config),
            requests: Requests::new(Arc::new(self.store.clone()), &self.root_key, limits.request_timeout),
            cache: self.cache(),
            metrics: self.metrics.clone(),
        };
        let health = Health::new(Arc::new(database::DatabaseProbe(self.store.clone())), probe);
        let (clock, ids) = (Arc::clone(&self.clock), Arc::clone(&self.ids));
        let identity = self.identity(config);
        let leads = self.leads(config, &identity);
        let (transfers, newsletter) = (self.transfers(&leads), self.newsletter(config));
        let audit = AuditLog::new(Arc::new(self.store.clone()), &self.root_key);
        let (desk, notifications) = (self.desk()?, self.notifications());
        let (dashboard, system_log) = (self.dashboard(), self.system_log());
        let services =
            Services { identity, leads, transfers, newsletter, audit, desk, notifications, dashboard, system_log };
        AppState::new(services, clock, ids, health, manner).map_err(StartError::Description)
    }
}

impl Parts {
    /// Remembers in Redis where there is one, so that what one process invalidates is invalid for all.
    fn cache(&self) -> Arc<dyn Cache> {
        match self.redis.clone() {
            None => Arc::new(MemoryCache::new()),
            Some(redis) => Arc::new(RedisCache::new(redis, REDIS_PREFIX, Arc::clone(&self.entropy))),
        }
    }

    /// Watches in Redis where there is one, and in this process beside it or alone.
    fn brake(&self, config: &Config) -> Option<Arc<dyn Brake>> {
        if config.rates.stuffing_brake == OnOff::Off {
            return None;
        }
        let rule = BrakeRule::STUFFING;
        let local: Arc<dyn Brake> = Arc::new(MemoryBrake::new(rule));
        Some(match self.redis.clone() {
            None => local,
            Some(redis) => {
                let shared = Arc::new(RedisBrake::new(redis, REDIS_PREFIX, rule));
                Arc::new(SharedThenLocalBrake::new(shared, local))
            }
        })
    }

    /// Counts in Redis where there is one, and in this process beside it or alone.
    fn rate_limits(&self, config: &Config) -> RateLimits {
        let policies = match config.rates.limits {
            OnOff::On => config.rates.policies.clone(),
            OnOff::Off => Policies::default(),
        };
        let local: Arc<dyn RateLimiter> = Arc::new(MemoryRateLimiter::new());
        let limiter = match self.redis.clone() {
            None => local,
            Some(redis) => {
                let shared = Arc::new(RedisRateLimiter::new(redis, REDIS_PREFIX));
                Arc::new(SharedThenLocal::new(shared, local))
            }
        };
        RateLimits::new(policies, limiter, &self.root_key).braked_by(self.brake(config))
    }
}

/// What a process with a Redis does about sessions that end: it tells others, and hears of theirs.
struct SharedSessions {
    redis: RedisStore,
    local: Arc<dyn SessionCache>,
    waiting: WaitingEnds,
}

impl SharedSessions {
    /// The cache for the service, and the rest.
    fn new(local: Arc<dyn SessionCache>, redis: RedisStore) -> (Arc<dyn SessionCache>, Option<Self>) {
        let (announced, waiting) = AnnouncedEnds::new(Arc::clone(&local));
        (Arc::new(announced), Some(Self { redis, local, waiting }))
    }

    fn errands(self, parts: &Parts, metrics: &Metrics) -> [Errand; 3] {
        let Self { redis, local, waiting } = self;
        let news: Arc<dyn Revocations> = Arc::new(RedisRevocations::new(redis.clone(), REDIS_PREFIX, &parts.root_key));
        let clock = Arc::clone(&parts.clock);
        let watched = redis.clone();
        metrics.watch_redis(Arc::new(move || watched.is_up()));
        [
            revocations::carry(waiting, Arc::clone(&news), metrics.clone()),
            revocations::hear(news, local, clock, metrics.clone()),
            Box::pin(keep_asking(redis)),
        ]
    }
}

/// Asks Redis once a second, so that a process that is idle knows how it is too.
async fn keep_asking(redis: RedisStore) {
    loop {
        let _it_says_so_itself = redis.health().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Whether Redis answers, for the readiness of this process.
struct RedisProbe(RedisStore);

#[async_trait]
impl Probe for RedisProbe {
    async fn works(&self) -> bool {
        self.0.health().await.is_ok()
    }
}

/// What the names of all our keys in Redis begin with, so that it may be shared with other programs.
const REDIS_PREFIX: &str = "ashlar:";

/// More requests than this at once are refused rather than queued.
const IN_FLIGHT_PER_CORE: usize = 256;

/// Lifetimes are far below the limit of either type.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
