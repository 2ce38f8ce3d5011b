//! The crates that are really used, as `cargo tree` resolves them.
//!
//! `Cargo.lock` and `cargo metadata` also list what optional features would bring.

use anyhow::{Context, Result};
use semver::Version;

use crate::process;
use crate::session::Session;

/// One crate of the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// The SPDX expression of its manifest; empty when it has none.
    pub(crate) licence: String,
}

/// All crates that any member uses on any platform: normal, build and test dependencies.
pub(crate) fn read(session: &Session) -> Result<Vec<Package>> {
    let mut tree = session.cargo(&["tree", "--workspace", "--target", "all"]);
    tree.args(["-e", "normal,build,dev", "--prefix", "none", "--format", "{p}|{l}"]);
    let mut packages = process::capture(&mut tree)?
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| parse(line).with_context(|| format!("cargo tree printed {line:?}")))
        .collect::<Result<Vec<_>>>()?;
    packages.sort();
    packages.dedup();
    Ok(packages)
}

/// Reads `name v1.2.3 (proc-macro)|MIT OR Apache-2.0 (*)`.
fn parse(line: &str) -> Option<Package> {
    let (package, licence) = line.rsplit_once('|')?;
    let mut words = package.split(' ');
    let name = words.next()?.to_owned();
    let version = Version::parse(words.next()?.strip_prefix('v')?).ok()?;
    let licence = licence.trim_end_matches("(*)").trim().to_owned();
    Some(Package { name, version, licence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_cargo_tree_is_a_package() {
        let package = parse("serde_derive v1.0.229 (proc-macro)|MIT OR Apache-2.0 (*)").unwrap();

        assert_eq!(package.name, "serde_derive");
        assert_eq!(package.version, Version::new(1, 0, 229));
        assert_eq!(package.licence, "MIT OR Apache-2.0");
    }

    #[test]
    fn a_missing_licence_is_empty_and_not_the_repetition_mark() {
        assert_eq!(parse("old v0.1.0| (*)").unwrap().licence, "");
    }

    #[test]
    fn what_is_no_package_is_refused() {
        assert_eq!(parse("warning: something else"), None);
    }
}
