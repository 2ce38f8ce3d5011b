//! The program as its operator meets it.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod calling;
mod database;
mod demo;
mod importing;
mod leads;
mod peppers;
mod stopping;
mod telling;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

/// The permission bits of a file.
fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}
