//! Puts the typed configuration together, group by group. Each group reads all its keys before it
//! gives up, so that every problem is found in one go.

use std::path::PathBuf;

use ashlar_kernel::Mailbox;
use url::Url;

use super::audit_keys;
use super::blob_keys;
use super::choice::{DeviceLimit, DeviceOverflow, JwtAlgorithm, LogFormat, OnOff, Profile, Registration, SecondFactor};
use super::database_url::DatabaseUrl;
use super::inputs::{Inputs, OTLP_ENDPOINT};
use super::keys::KEYS;
use super::lead_keys;
use super::mail_keys;
use super::model::{
    Config, CorsOrigins, DatabaseConfig, DeviceConfig, Effective, HttpConfig, LeadConfig, LimitConfig, LogConfig,
    LogFile, MailConfig, Note, RateConfig, SigningConfig, TokenConfig,
};
use super::parse;
use super::password_keys;
use super::problem::{ConfigError, Problem};
use super::reader::{Reader, shown};
use super::settings::{self, Settings};
use super::source::Source;
use crate::{limits::Policies, telemetry};

impl Config {
    /// Lays the inputs on each other and checks everything; the error holds all there is to mend.
    pub fn load(inputs: &Inputs) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let settings = settings::resolve(inputs, &mut problems);
        let config = read(settings, &mut problems);
        let otlp_endpoint = otlp_endpoint(inputs, &mut problems);
        match config {
            Some(mut config) if problems.is_empty() => {
                config.otlp_endpoint = otlp_endpoint;
                config.notes = notes(&config);
                Ok(config)
            }
            _ => Err(ConfigError { problems }),
        }
    }
}

fn read(settings: Settings, problems: &mut Vec<Problem>) -> Option<Config> {
    let mut reader = Reader::new(settings, problems);
    let profile = reader.choice("env", Profile::parse);
    let demo = reader.switch("demo");
    let listen = reader.get("listen", parse::address);
    let admin_listen = reader.get("admin_listen", parse::address_or_off);
    let public_url = reader.get("public_url", parse::public_url);
    let account_url = reader.get("account_url", parse::account_url);
    let data_dir = reader.get("data_dir", parse::path);
    let second_factor = reader.choice("second_factor", SecondFactor::parse);
    let registration = reader.choice("registration", Registration::parse);
    let require_verified_email = reader.switch("require_verified_email");
    let devices = devices(&mut reader);
    let leads = leads(&mut reader);
    let hash_threads = reader.count("hash_threads");
    let password_peppers = reader.get("password_pepper", password_keys::parse);
    let job_concurrency = reader.count("job_concurrency");
    let database = database(&mut reader);
    let audit = audit_keys::read(&mut reader);
    let signing = signing(&mut reader);
    let tokens = tokens(&mut reader);
    let http = http(&mut reader);
    let limits = limits(&mut reader);
    let rates = rates(&mut reader);
    let redis_url = reader.get("redis_url", parse::redis_url);
    let blobs = blob_keys::read(&mut reader);
    let mail = mail(&mut reader);
    let sentry_dsn = reader.get("sentry_dsn", parse::sentry_dsn);
    let log = log(&mut reader);
    Some(Config {
        profile: profile?,
        demo: demo?,
        listen: listen?,
        admin_listen: admin_listen?,
        public_url: public_url?,
        account_url: account_url?,
        data_dir: data_dir?,
        database: database?,
        second_factor: second_factor?,
        registration: registration?,
        require_verified_email: require_verified_email?,
        devices: devices?,
        leads: leads?,
        hash_threads: hash_threads?,
        password_peppers: password_peppers?,
        job_concurrency: u32::try_from(job_concurrency?).ok()?,
        signing: signing?,
        audit: audit?,
        tokens: tokens?,
        http: http?,
        limits: limits?,
        rates: rates?,
        redis_url: redis_url?,
        blobs: blobs?,
        mail: mail?,
        sentry_dsn: sentry_dsn?,
        otlp_endpoint: None,
        log: log?,
        effective: effective(reader.into_settings()),
        notes: Vec::new(),
    })
}

fn database(reader: &mut Reader<'_>) -> Option<DatabaseConfig> {
    let url = reader.get("database_url", DatabaseUrl::parse);
    let pool = reader.count("database_pool");
    let acquire_timeout = reader.duration("database_acquire_timeout");
    let statement_timeout = reader.duration("statement_timeout");
    let lock_timeout = reader.duration("lock_timeout");
    Some(DatabaseConfig {
        url: url?,
        pool: u32::try_from(pool?).ok()?,
        acquire_timeout: acquire_timeout?,
        statement_timeout: statement_timeout?,
        lock_timeout: lock_timeout?,
    })
}

fn leads(reader: &mut Reader<'_>) -> Option<LeadConfig> {
    let phone_region = reader.get("phone_region", parse::region);
    let allowed_domains = reader.get("disposable_allowed", |text| parse::list(text, parse::domain));
    let former_root_keys = reader.get("former_root_keys", lead_keys::root_keys);
    let contact_mail = reader.get("contact_mail", lead_keys::address);
    Some(LeadConfig {
        phone_region: phone_region?,
        allowed_domains: allowed_domains?,
        former_root_keys: former_root_keys?,
        contact_mail: contact_mail?,
    })
}

fn devices(reader: &mut Reader<'_>) -> Option<DeviceConfig> {
    let limit = reader.choice("device_policy", DeviceLimit::parse);
    let max = reader.count("max_devices");
    let overflow = reader.choice("device_overflow", DeviceOverflow::parse);
    let transfers = reader.count("device_transfers");
    Some(DeviceConfig {
        limit: limit?,
        max: u32::try_from(max?).ok()?,
        overflow: overflow?,
        transfers: u32::try_from(transfers?).ok()?,
    })
}

fn signing(reader: &mut Reader<'_>) -> Option<SigningConfig> {
    let algorithm = reader.choice("jwt_alg", JwtAlgorithm::parse);
    let keys_dir = reader.get("keys_dir", parse::path);
    Some(SigningConfig { algorithm: algorithm?, keys_dir: keys_dir? })
}

fn tokens(reader: &mut Reader<'_>) -> Option<TokenConfig> {
    let access = reader.duration("access_ttl");
    let refresh_idle = reader.duration("refresh_idle");
    let refresh_absolute = reader.duration("refresh_absolute");
    let refresh_grace = reader.duration("refresh_grace");
    let tokens = TokenConfig {
        access: access?,
        refresh_idle: refresh_idle?,
        refresh_absolute: refresh_absolute?,
        refresh_grace: refresh_grace?,
    };
    if tokens.refresh_idle > tokens.refresh_absolute {
        reader.refuse("refresh_idle", "is longer than refresh_absolute");
    }
    if tokens.access > tokens.refresh_absolute {
        reader.refuse("access_ttl", "is longer than refresh_absolute");
    }
    Some(tokens)
}

fn http(reader: &mut Reader<'_>) -> Option<HttpConfig> {
    let cors_origins = reader.get("cors_origins", |text| {
        if text.trim() == "*" {
            return Ok(CorsOrigins::Any);
        }
        parse::list(text, parse::origin).map(CorsOrigins::Only)
    });
    let trusted_proxies = reader.get("trusted_proxies", |text| parse::list(text, parse::network));
    Some(HttpConfig { cors_origins: cors_origins?, trusted_proxies: trusted_proxies? })
}

fn limits(reader: &mut Reader<'_>) -> Option<LimitConfig> {
    let body = reader.size("body_limit");
    let request_timeout = reader.duration("request_timeout");
    let header_read_timeout = reader.duration("header_read_timeout");
    let keep_alive = reader.duration("keep_alive");
    let max_connections = reader.count("max_connections");
    let max_connections_per_ip = reader.count("max_connections_per_ip");
    let drain_delay = reader.duration("drain_delay");
    let shutdown_timeout = reader.duration("shutdown_timeout");
    Some(LimitConfig {
        body: body?,
        request_timeout: request_timeout?,
        header_read_timeout: header_read_timeout?,
        keep_alive: keep_alive?,
        max_connections: max_connections?,
        max_connections_per_ip: max_connections_per_ip?,
        drain_delay: drain_delay?,
        shutdown_timeout: shutdown_timeout?,
    })
}

fn rates(reader: &mut Reader<'_>) -> Option<RateConfig> {
    let limits = reader.choice("rate_limits", OnOff::parse);
    let stuffing_brake = reader.choice("stuffing_brake", OnOff::parse);
    let mut rate = |key, name| reader.get(key, |text| parse::rate(name, text));
    let ip_burst = rate("rate_limit_ip_burst", "ip-burst");
    let user = rate("rate_limit_user", "user");
    let auth = rate("rate_limit_auth", "auth");
    let refresh = rate("rate_limit_refresh", "refresh");
    let mail = rate("rate_limit_mail", "mail");
    let form = rate("rate_limit_form", "form");
    let upload = rate("rate_limit_upload", "upload");
    let policies = Policies {
        ip_burst: ip_burst?,
        user: user?,
        auth: auth?,
        refresh: refresh?,
        mail: mail?,
        form: form?,
        upload: upload?,
    };
    Some(RateConfig { limits: limits?, stuffing_brake: stuffing_brake?, policies })
}

fn mail(reader: &mut Reader<'_>) -> Option<MailConfig> {
    let url = reader.get("mail_url", parse::mail_url);
    let from = reader.get("mail_from", |text| Mailbox::parse(text).map_err(|error| format!("is {error}")));
    let notifications = reader.get("notifications_mail", mail_keys::route);
    Some(MailConfig { url: url?, from: from?, notifications: notifications? })
}

fn log(reader: &mut Reader<'_>) -> Option<LogConfig> {
    let filter = reader.get("log", |text| telemetry::filter::parse(text).map(|_filter| text.to_owned()));
    let format = reader.choice("log_format", LogFormat::parse);
    let path = reader.get("log_file", |text| Ok(PathBuf::from(text)));
    let size = reader.size("log_file_size");
    let count = reader.count("log_file_count");
    let file = LogFile { path: path?, size: u64::try_from(size?).ok()?, count: count? };
    let file = (!file.path.as_os_str().is_empty()).then_some(file);
    Some(LogConfig { filter: filter?, format: format?, file })
}

/// Who collects traces, by the name that all of OpenTelemetry has for it.
fn otlp_endpoint(inputs: &Inputs, problems: &mut Vec<Problem>) -> Option<Url> {
    let text = inputs.environment.values.get(OTLP_ENDPOINT).filter(|text| !text.is_empty())?;
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Some(url),
        _ => {
            problems.push(Problem {
                key: OTLP_ENDPOINT.to_owned(),
                source: Source::Environment(OTLP_ENDPOINT.to_owned()),
                value: None,
                what: "is no http or https URL".to_owned(),
                accepted: "the base URL of a collector that speaks OTLP over HTTP, such as http://localhost:4318"
                    .to_owned(),
            });
            None
        }
    }
}

fn effective(mut settings: Settings) -> Vec<Effective> {
    let row = |key: &'static super::Key| {
        let setting = settings.remove(key.name)?;
        Some(Effective { key: key.name, value: shown(Some(key), &setting.text), source: setting.source })
    };
    KEYS.iter().filter_map(row).collect()
}

fn notes(config: &Config) -> Vec<Note> {
    use super::choice::Registration::Instant;

    let mut notes = Vec::new();
    let mut note = |key, text: &str| {
        notes.push(Note { key, text: text.to_owned() });
    };
    if config.profile == Profile::Production && config.registration == Instant {
        note("registration", "anybody can make an account, with any e-mail address");
    }
    if let Some(address) = config.admin_listen.filter(|address| !address.ip().is_loopback())
        && config.profile == Profile::Production
    {
        note("admin_listen", &format!("whoever reaches {address} may read the metrics; let only your own scrapers"));
    }
    if config.profile == Profile::Production && config.redis_url.is_none() && config.rates.limits == OnOff::On {
        note("redis_url", "is not set: each process counts for itself, so rate limits grow with their number");
    }
    if config.profile == Profile::Production && config.audit.checkpoint_dir.is_none() {
        note(
            "audit_checkpoint_dir",
            "is not set: whoever owns the database can write the audit trail anew, and nobody would know",
        );
    }
    if config.profile == Profile::Production && config.blobs.is_folder() {
        note("blob_url", "is a folder: every process needs the same one, and backups of the database do not hold it");
    }
    if config.profile == Profile::Production && config.mail.is_folder() {
        note("mail_url", "is a folder: nobody gets the mail in it");
    }
    let by_flag = matches!(config.source_of("database_url"), Source::Flag(_));
    if by_flag && config.database.url.has_password() {
        note("database_url", "a password on the command line shows in the process list");
    }
    notes
}
