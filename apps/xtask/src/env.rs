//! The only place that reads environment variables.
#![expect(
    clippy::disallowed_methods,
    reason = "the ban keeps configuration in the server's config module; this is a build tool, with its own one room for it"
)]

use std::ffi::OsString;
use std::path::PathBuf;

/// Whether the run is one of continuous integration, where nothing may be left out quietly.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// The cargo that started this program, so that its toolchain is the one that gets tested.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The folders that commands are looked up in.
pub(crate) fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect())
}

/// The names of all variables that configure Ashlar, to be taken from a child that must run on its defaults.
pub(crate) fn ashlar_variables() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.as_encoded_bytes().starts_with(b"ASHLAR_")).collect()
}

/// The names of the variables that `cargo run` sets about this very program.
pub(crate) fn cargo_run_variables() -> Vec<OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            let name = name.as_encoded_bytes();
            name.starts_with(b"CARGO_PKG_") || name.starts_with(b"CARGO_MANIFEST_")
        })
        .collect()
}
