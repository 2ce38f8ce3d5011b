//! The configuration as the rest of the server sees it: typed, grouped, complete.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ashlar_audit::retention::Periods;
use ashlar_kernel::{ExposeSecret as _, MacKey, MailAddress, Mailbox, Secret};
use ashlar_leads::Region;
use ipnet::IpNet;
use url::Url;

use super::blob_keys::BlobConfig;
use super::choice::{DeviceLimit, DeviceOverflow, JwtAlgorithm, LogFormat, OnOff, Profile, Registration, SecondFactor};
use super::database_url::DatabaseUrl;
use super::mail_keys::NotificationRoute;
use super::source::Source;
use crate::limits::Policies;

/// Everything that can be configured, checked. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Config {
    /// `env`: what the process is run for.
    pub profile: Profile,
    /// `demo`: whether an empty database gets demonstration data.
    pub demo: bool,
    /// `listen`: the address of the public API.
    pub listen: SocketAddr,
    /// `admin_listen`: the address for operators; none when it is off.
    pub admin_listen: Option<SocketAddr>,
    /// `public_url`: how the world reaches this server. [`Config::public_base`] is made for joining.
    pub public_url: Url,
    /// `account_url`: where links in letters lead, if not to this server. [`Config::account_base`] decides.
    pub account_url: Option<Url>,
    /// `data_dir`: the folder of everything the embedded profile keeps.
    pub data_dir: PathBuf,
    /// The `database_*` keys and the two timeouts.
    pub database: DatabaseConfig,
    /// `second_factor`: who has to have one.
    pub second_factor: SecondFactor,
    /// `registration`: who may make an account.
    pub registration: Registration,
    /// `require_verified_email`: whether people get in only after they have proved that their address is theirs.
    pub require_verified_email: bool,
    /// `device_policy` and what belongs to it.
    pub devices: DeviceConfig,
    /// What is taken for a lead's number and address.
    pub leads: LeadConfig,
    /// `hash_threads`: threads that hash passwords, at least one.
    pub hash_threads: usize,
    /// `password_pepper`: secrets of hashes with their ids, that of new ones first.
    pub password_peppers: Vec<(String, MacKey)>,
    /// The `audit_*` keys.
    pub audit: AuditConfig,
    /// `job_concurrency`: jobs at the same time, at least one.
    pub job_concurrency: u32,
    /// `jwt_alg` and `keys_dir`.
    pub signing: SigningConfig,
    /// The lifetimes of tokens and sessions.
    pub tokens: TokenConfig,
    /// What browsers and proxies are allowed.
    pub http: HttpConfig,
    /// What one client, and all of them, may cost.
    pub limits: LimitConfig,
    /// The `rate_limit*` keys.
    pub rates: RateConfig,
    /// `redis_url`, if there is one.
    pub redis_url: Option<Secret>,
    /// The `blob_*` keys, and `disk_free_min`.
    pub blobs: BlobConfig,
    /// `mail_url`, `mail_from` and `notifications_mail`.
    pub mail: MailConfig,
    /// `sentry_dsn`: where errors are reported, if anywhere.
    pub sentry_dsn: Option<Secret>,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: who collects traces, if anybody.
    pub otlp_endpoint: Option<Url>,
    /// The `log*` keys.
    pub log: LogConfig,
    pub(super) effective: Vec<Effective>,
    pub(super) notes: Vec<Note>,
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `mail_url`: to where. It may hold a password.
    pub url: Secret,
    /// `mail_from`: from whom.
    pub from: Mailbox,
    /// `notifications_mail`: who is told of what is critical.
    pub notifications: NotificationRoute,
}

impl MailConfig {
    /// To where, without passwords and keys.
    pub fn shown(&self) -> String {
        super::database_url::masked(self.url.expose_secret())
    }

    /// Whether mail stays in a folder.
    pub fn is_folder(&self) -> bool {
        self.url.expose_secret().starts_with("file:")
    }
}

/// The database and how long to wait for it.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// `database_url`.
    pub url: DatabaseUrl,
    /// `database_pool`: connections of this process.
    pub pool: u32,
    /// `database_acquire_timeout`: the wait for a free connection.
    pub acquire_timeout: Duration,
    /// `statement_timeout`: the run time of one statement.
    pub statement_timeout: Duration,
    /// `lock_timeout`: the wait of one statement for a lock.
    pub lock_timeout: Duration,
}

/// What is taken for a lead's number and address.
#[derive(Debug, Clone)]
pub struct LeadConfig {
    /// `phone_region`.
    pub phone_region: Option<Region>,
    /// `disposable_allowed`.
    pub allowed_domains: Vec<String>,
    /// `former_root_keys`.
    pub former_root_keys: Vec<MacKey>,
    /// `contact_mail`.
    pub contact_mail: Option<MailAddress>,
}

/// On how many devices people may be signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceConfig {
    /// `device_policy`: the sort of limit.
    pub limit: DeviceLimit,
    /// `max_devices`: the limit, where there is one of this sort; at least one.
    pub max: u32,
    /// `device_overflow`: what happens to one more.
    pub overflow: DeviceOverflow,
    /// `device_transfers`: how often in thirty days a device may make room, at least once.
    pub transfers: u32,
}

/// How the audit trail is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// `audit_checkpoint_dir`: the folder for checkpoints, if there is one.
    pub checkpoint_dir: Option<PathBuf>,
    /// `audit_checkpoint_interval`: the time between two of them.
    pub checkpoint_interval: Duration,
    /// `audit_retention_*`: for how long bodies of events are kept.
    pub periods: Periods,
}

/// How tokens are signed.
#[derive(Debug, Clone)]
pub struct SigningConfig {
    /// `jwt_alg`.
    pub algorithm: JwtAlgorithm,
    /// `keys_dir`: the folder of the keys.
    pub keys_dir: PathBuf,
}

/// How long tokens and sessions live.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// `access_ttl`.
    pub access: Duration,
    /// `refresh_idle`: the longest pause between two refreshes.
    pub refresh_idle: Duration,
    /// `refresh_absolute`: the longest life of a session.
    pub refresh_absolute: Duration,
    /// `refresh_grace`: how long the token before the current one is still answered.
    pub refresh_grace: Duration,
}

/// Whom the HTTP layer believes.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// `cors_origins`.
    pub cors_origins: CorsOrigins,
    /// `trusted_proxies`: whose forwarding headers are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// The origins whose scripts may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Any, written `*`; never together with credentials, and refused in production.
    Any,
    /// These, in the form in which browsers send them; empty by default.
    Only(Vec<String>),
}

/// The limits of the HTTP server.
#[derive(Debug, Clone)]
pub struct LimitConfig {
    /// `body_limit`, in bytes.
    pub body: usize,
    /// `request_timeout`.
    pub request_timeout: Duration,
    /// `header_read_timeout`.
    pub header_read_timeout: Duration,
    /// `keep_alive`; zero closes a connection after each answer.
    pub keep_alive: Duration,
    /// `max_connections` of this process.
    pub max_connections: usize,
    /// `max_connections_per_ip`.
    pub max_connections_per_ip: usize,
    /// `drain_delay`: between SIGTERM and the end of accepting.
    pub drain_delay: Duration,
    /// `shutdown_timeout`: for running requests and jobs, after the drain delay.
    pub shutdown_timeout: Duration,
}

/// How often who may ask.
#[derive(Debug, Clone)]
pub struct RateConfig {
    /// `rate_limits`: whether anybody is counted.
    pub limits: OnOff,
    /// `stuffing_brake`: whether addresses that fail with many accounts are slowed down.
    pub stuffing_brake: OnOff,
    /// The `rate_limit_*` keys.
    pub policies: Policies,
}

/// What is logged and how.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// `log`, a filter that is known to parse.
    pub filter: String,
    /// `log_format`.
    pub format: LogFormat,
    /// `log_file` with its size and count, if there is one.
    pub file: Option<LogFile>,
}

/// The file that takes the log as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// `log_file`.
    pub path: PathBuf,
    /// `log_file_size`: how many bytes it may have before a new one is begun.
    pub size: u64,
    /// `log_file_count`: full files that are kept beside it.
    pub count: usize,
}

/// One effective value, fit to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// The key.
    pub key: &'static str,
    /// Its value, masked when it may be secret.
    pub value: String,
    /// Where the value came from.
    pub source: Source,
}

/// Something the operator should know and nothing refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The key or variable.
    pub key: &'static str,
    /// The remark, as a sentence without a full stop.
    pub text: String,
}

impl Config {
    /// The effective value of every key, in the order of the table.
    pub fn effective(&self) -> &[Effective] {
        &self.effective
    }

    /// Where a key's value came from; an unknown key counts as default.
    pub fn source_of(&self, key: &str) -> &Source {
        self.effective
            .iter()
            .find(|effective| effective.key == key)
            .map_or(&Source::Default, |effective| &effective.source)
    }

    /// What the operator should know although nothing is refused for it.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The public URL without a slash at its end, ready for a path to be put behind it.
    pub fn public_base(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }

    /// Below which links in letters lead, without a slash at its end.
    pub fn account_base(&self) -> String {
        match &self.account_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("{}/account", self.public_base()),
        }
    }

    /// Where people look through their devices: a page of the front end that has the others too. This server has none.
    pub fn devices_page(&self) -> Option<String> {
        self.account_url.as_ref().map(|_| format!("{}/devices", self.account_base()))
    }

    /// The same configuration once the socket is bound: where `listen` asked for any free port,
    /// the port it got replaces the zero, also in a public URL that was derived from it.
    #[must_use]
    pub fn bound_to(mut self, listen: SocketAddr) -> Self {
        self.listen = listen;
        if *self.source_of("public_url") == Source::Default {
            let reachable = super::settings::reachable(listen);
            // `Url` refuses a port only where there is no host, and this one has a host.
            let _refused = self.public_url.set_port(Some(reachable.port()));
        }
        self
    }
}
