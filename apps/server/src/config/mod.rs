//! The configuration: defaults of the profile, then the file, then the environment, then flags.
//!
//! Every value remembers where it came from, every problem is reported at once, and a name that is
//! no key is an error wherever it stands. [`KEYS`] is the one table that the loader, the flags,
//! `ashlar doctor` and the documentation read.

mod audit_keys;
mod blob_keys;
mod build;
mod choice;
mod database_url;
mod device_keys;
mod inputs;
mod key;
mod keys;
mod layer;
mod lead_keys;
mod mail_keys;
mod model;
mod nearest;
mod parse;
mod password_keys;
mod problem;
mod reader;
mod reference;
mod report_keys;
mod safety;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use blob_keys::BlobConfig;
pub use choice::{DeviceLimit, DeviceOverflow, JwtAlgorithm, LogFormat, OnOff, Profile, Registration, SecondFactor};
pub use database_url::{Backend, DatabaseUrl};
pub use inputs::{EnvVars, Flags, Inputs};
pub use key::{Key, Kind};
pub use keys::{KEYS, find};
pub use mail_keys::NotificationRoute;
pub use model::{
    AuditConfig, Config, CorsOrigins, DatabaseConfig, DeviceConfig, Effective, HttpConfig, LeadConfig, LimitConfig,
    LogConfig, LogFile, Note, SigningConfig, TokenConfig,
};
pub(crate) use nearest::nearest;
pub use problem::{ConfigError, Problem};
pub use reference::reference;
pub use safety::{UnsafeError, UnsafeSetting};
pub(crate) use settings::reachable;
pub use source::Source;
