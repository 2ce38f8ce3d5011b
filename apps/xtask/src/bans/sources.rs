//! Where crates come from: one registry, no git repositories.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The sources in a lock file that are not the one registry that everything else comes from.
pub(crate) fn faults(lock: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
    Ok(strangers(&text))
}

/// Cargo writes crates.io as `registry+…` in every lock file, however it is reached.
fn strangers(lock: &str) -> Vec<String> {
    let sources = || lock.lines().filter_map(|line| line.strip_prefix("source = "));
    let registry = sources().find(|source| source.starts_with("\"registry+"));
    let mut strangers: Vec<_> = sources().filter(|source| Some(*source) != registry).collect();
    strangers.sort_unstable();
    strangers.dedup();
    strangers.into_iter().map(|source| format!("Cargo.lock takes a crate from {source}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"a\"\nsource = \"registry+index\"\n";

    #[test]
    fn one_registry_is_fine() {
        assert!(strangers(&LOCK.repeat(3)).is_empty());
    }

    #[test]
    fn a_git_repository_is_named() {
        let lock = format!("{LOCK}[[package]]\nname = \"b\"\nsource = \"git+somewhere#1\"\n");

        assert_eq!(strangers(&lock), ["Cargo.lock takes a crate from \"git+somewhere#1\""]);
    }
}
