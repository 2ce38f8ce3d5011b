//! What production refuses, all at once.

use std::fmt;
use std::path::Path;

use ashlar_kernel::ExposeSecret as _;

use super::choice::{OnOff, Profile};
use super::database_url::Backend;
use super::model::{Config, CorsOrigins};
use super::source::Source;
use crate::telemetry;

/// One setting that is fine on a laptop and dangerous in production.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsafeSetting {
    /// The key.
    pub key: &'static str,
    /// Why it is dangerous.
    pub why: String,
    /// What to set instead.
    pub fix: String,
}

/// The unsafe settings for which production did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnsafeError {
    /// All of them, never empty.
    pub settings: Vec<UnsafeSetting>,
}

impl fmt::Display for UnsafeSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.key, self.why, self.fix)
    }
}

impl fmt::Display for UnsafeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("production refuses to start with these settings:")?;
        for setting in &self.settings {
            write!(f, "\n  - {setting}")?;
        }
        Ok(())
    }
}

impl Config {
    /// Refuses unsafe settings in production; any other profile passes.
    pub fn ensure_safe(&self) -> Result<(), UnsafeError> {
        if self.profile != Profile::Production {
            return Ok(());
        }
        let settings = self.unsafe_settings();
        if settings.is_empty() {
            return Ok(());
        }
        Err(UnsafeError { settings })
    }

    /// What production refuses about this configuration, whatever its profile is. The only thing
    /// it looks at outside the configuration is whether the folder of the keys is there.
    pub fn unsafe_settings(&self) -> Vec<UnsafeSetting> {
        [
            self.unsafe_public_url(),
            self.unsafe_account_url(),
            self.unsafe_demo(),
            self.unsafe_database(),
            self.unsafe_keys_dir(),
            self.unsafe_log(),
            self.unsafe_rates(),
            self.unsafe_sentry(),
            self.unsafe_blobs(),
        ]
        .into_iter()
        .flatten()
        .chain(self.unsafe_origins())
        .chain(self.unsafe_proxies())
        .collect()
    }

    fn unsafe_public_url(&self) -> Option<UnsafeSetting> {
        (self.public_url.scheme() != "https").then(|| UnsafeSetting {
            key: "public_url",
            why: format!("{} would carry passwords and tokens in the clear", self.public_base()),
            fix: "set ASHLAR_PUBLIC_URL to the https:// URL that clients use".to_owned(),
        })
    }

    fn unsafe_account_url(&self) -> Option<UnsafeSetting> {
        let url = self.account_url.as_ref().filter(|url| url.scheme() != "https")?;
        Some(UnsafeSetting {
            key: "account_url",
            why: format!("{url} would be sent links that change accounts in the clear"),
            fix: "set ASHLAR_ACCOUNT_URL to an https:// URL".to_owned(),
        })
    }

    fn unsafe_demo(&self) -> Option<UnsafeSetting> {
        self.demo.then(|| UnsafeSetting {
            key: "demo",
            why: "demonstration accounts would be real accounts".to_owned(),
            fix: "set ASHLAR_DEMO=false".to_owned(),
        })
    }

    fn unsafe_rates(&self) -> Option<UnsafeSetting> {
        (self.rates.limits == OnOff::Off).then(|| UnsafeSetting {
            key: "rate_limits",
            why: "passwords could be guessed as fast as they can be hashed".to_owned(),
            fix: "set ASHLAR_RATE_LIMITS=on".to_owned(),
        })
    }

    fn unsafe_sentry(&self) -> Option<UnsafeSetting> {
        let dsn = self.sentry_dsn.as_ref()?.expose_secret();
        (!dsn.starts_with("https:")).then(|| UnsafeSetting {
            key: "sentry_dsn",
            why: "errors would travel in the clear".to_owned(),
            fix: "set ASHLAR_SENTRY_DSN to the https:// DSN of the project".to_owned(),
        })
    }

    fn unsafe_blobs(&self) -> Option<UnsafeSetting> {
        let url = url::Url::parse(&self.blobs.url).ok()?;
        let endpoint = url.query_pairs().find(|(name, _)| name == "endpoint")?.1;
        (endpoint.starts_with("http:") && !is_local(&endpoint)).then(|| UnsafeSetting {
            key: "blob_url",
            why: "files would travel in the clear".to_owned(),
            fix: "give the https:// URL of the store in ASHLAR_BLOB_URL".to_owned(),
        })
    }

    fn unsafe_database(&self) -> Option<UnsafeSetting> {
        let chosen = *self.source_of("database_url") != Source::Default;
        let sqlite = self.database.url.backend() == Backend::Sqlite;
        (sqlite && !chosen).then(|| UnsafeSetting {
            key: "database_url",
            why: "the SQLite file in the data folder is a default that nobody chose".to_owned(),
            fix: "set ASHLAR_DATABASE_URL (or ASHLAR_DATABASE_URL_FILE) to postgres://…, or name the SQLite file"
                .to_owned(),
        })
    }

    fn unsafe_keys_dir(&self) -> Option<UnsafeSetting> {
        let folder = &self.signing.keys_dir;
        let why = if plain(folder).starts_with(plain(&self.data_dir)) {
            "lies in the data folder, where the embedded profile generates its keys"
        } else if !folder.is_dir() {
            "is no folder, and production generates no keys"
        } else {
            return None;
        };
        Some(UnsafeSetting {
            key: "keys_dir",
            why: format!("{} {why}", folder.display()),
            fix: "set ASHLAR_KEYS_DIR to a folder of keys made for this installation".to_owned(),
        })
    }

    fn unsafe_log(&self) -> Option<UnsafeSetting> {
        telemetry::filter::is_verbose(&self.log.filter).then(|| UnsafeSetting {
            key: "log",
            why: format!("{:?} logs the inner workings, personal data among them", self.log.filter),
            fix: "set ASHLAR_LOG to info or less".to_owned(),
        })
    }

    fn unsafe_origins(&self) -> Vec<UnsafeSetting> {
        let finding = |why: String| UnsafeSetting {
            key: "cors_origins",
            why,
            fix: "list the https:// origins of your own pages in ASHLAR_CORS_ORIGINS".to_owned(),
        };
        match &self.http.cors_origins {
            CorsOrigins::Any => vec![finding("* lets any web page call the API".to_owned())],
            CorsOrigins::Only(origins) => origins
                .iter()
                .filter(|origin| origin.starts_with("http:") && !is_local(origin))
                .map(|origin| finding(format!("{origin} can be forged by anybody on the way")))
                .collect(),
        }
    }

    fn unsafe_proxies(&self) -> Option<UnsafeSetting> {
        let all = self.http.trusted_proxies.iter().find(|net| net.prefix_len() == 0)?;
        Some(UnsafeSetting {
            key: "trusted_proxies",
            why: format!("{all} lets every client choose the address it is known by"),
            fix: "list your own proxies in ASHLAR_TRUSTED_PROXIES".to_owned(),
        })
    }
}

/// Whether an origin is this machine, where nobody is on the way.
fn is_local(origin: &str) -> bool {
    let Ok(url) = url::Url::parse(origin) else {
        return false;
    };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A path without `.` in it, for comparing `./data` with `data`.
fn plain(path: &Path) -> std::path::PathBuf {
    path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect()
}
