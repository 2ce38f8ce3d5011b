//! The rules of deny.toml that are checked without cargo-deny.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use semver::VersionReq;
use spdx::{Expression, Licensee, ParseMode};
use toml::{Table, Value};

use super::graph::Package;

/// `[licenses] allow` and `[bans] deny`.
#[derive(Debug)]
pub(crate) struct Policy {
    allowed: Vec<Licensee>,
    bans: Vec<Ban>,
}

#[derive(Debug)]
struct Ban {
    name: String,
    versions: VersionReq,
    reason: String,
}

impl Policy {
    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("cannot understand {}", file.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let table: Table = text.parse()?;
        let allowed = list(&table, "licenses", "allow")?
            .iter()
            .map(|value| {
                let name = value.as_str().context("a licence must be a string")?;
                Licensee::parse(name).with_context(|| format!("{name:?} is no SPDX licence"))
            })
            .collect::<Result<_>>()?;
        let bans = list(&table, "bans", "deny")?.iter().map(Ban::parse).collect::<Result<_>>()?;
        Ok(Self { allowed, bans })
    }

    /// Why the crate must not be here, if so.
    pub(crate) fn ban_on(&self, package: &Package) -> Option<&str> {
        let ban = self.bans.iter().find(|ban| ban.name == package.name && ban.versions.matches(&package.version))?;
        Some(&ban.reason)
    }

    /// What is wrong with the crate's licence, if anything.
    pub(crate) fn licence_fault(&self, package: &Package) -> Option<String> {
        let Package { name, version, licence } = package;
        // Lax, since old manifests write `MIT/Apache-2.0`.
        let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
            return Some(format!("{name} {version}: {licence:?} is no SPDX licence expression"));
        };
        let allowed = expression.evaluate(|needed| self.allowed.iter().any(|licence| licence.satisfies(needed)));
        (!allowed).then(|| format!("{name} {version}: licence {licence} is not in deny.toml's allow list"))
    }
}

impl Ban {
    /// Reads `{ crate = "name", reason = "…" }` or `{ crate = "name:<1.0", reason = "…" }`.
    fn parse(value: &Value) -> Result<Self> {
        let text = |key: &str| {
            let found = value.get(key).and_then(Value::as_str);
            found.with_context(|| format!("a ban needs `{key}`: {value}"))
        };
        let (name, versions) = text("crate")?.split_once(':').unwrap_or((text("crate")?, "*"));
        Ok(Self { name: name.to_owned(), versions: VersionReq::parse(versions)?, reason: text("reason")?.to_owned() })
    }
}

fn list<'table>(table: &'table Table, section: &str, key: &str) -> Result<&'table [Value]> {
    let list = table.get(section).and_then(|section| section.get(key)).and_then(Value::as_array);
    list.map(Vec::as_slice).with_context(|| format!("[{section}] has no list `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC", "Unicode-3.0"]
        [bans]
        deny = [{ crate = "ring", reason = "one provider" }, { crate = "sqlx:<0.9", reason = "one SQLite" }]
    "#;

    fn package(name: &str, version: &str, licence: &str) -> Package {
        Package { name: name.into(), version: version.parse().unwrap(), licence: licence.into() }
    }

    fn is_licensed(licence: &str) -> bool {
        Policy::parse(POLICY).unwrap().licence_fault(&package("some", "1.0.0", licence)).is_none()
    }

    fn ban_on(name: &str, version: &str) -> Option<String> {
        Policy::parse(POLICY).unwrap().ban_on(&package(name, version, "MIT")).map(str::to_owned)
    }

    #[test]
    fn one_allowed_side_of_an_or_is_enough() {
        assert!(is_licensed("MIT OR Apache-2.0"));
        assert!(is_licensed("MIT OR Apache-2.0 OR LGPL-2.1-or-later"));
        assert!(!is_licensed("GPL-2.0-only OR MPL-2.0"));
    }

    #[test]
    fn every_side_of_an_and_must_be_allowed() {
        assert!(is_licensed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(is_licensed("ISC AND (Apache-2.0 OR OpenSSL)"));
        assert!(!is_licensed("MIT AND MPL-2.0"));
    }

    #[test]
    fn a_slash_means_or() {
        assert!(is_licensed("MIT/Apache-2.0"));
        assert!(is_licensed("Apache-2.0 / MIT"));
        assert!(!is_licensed("GPL-3.0/MPL-2.0"));
    }

    #[test]
    fn an_exception_is_allowed_only_as_written() {
        assert!(is_licensed("Apache-2.0 WITH LLVM-exception"));
        assert!(!is_licensed("MIT WITH LLVM-exception"));
    }

    #[test]
    fn copyleft_nonsense_and_silence_are_refused() {
        assert!(!is_licensed("GPL-3.0-or-later"));
        assert!(!is_licensed("ask my lawyer"));
        assert!(!is_licensed(""));
    }

    #[test]
    fn a_ban_holds_for_every_version_unless_it_names_some() {
        assert_eq!(ban_on("ring", "0.17.14").unwrap(), "one provider");
        assert_eq!(ban_on("sqlx", "0.8.6").unwrap(), "one SQLite");
        assert_eq!(ban_on("sqlx", "0.9.0"), None);
        assert_eq!(ban_on("rustls", "0.23.0"), None);
    }

    #[test]
    fn a_ban_without_a_reason_is_an_error() {
        let policy = POLICY.replace("reason = \"one provider\"", "note = \"\"");

        assert!(Policy::parse(&policy).unwrap_err().to_string().contains("reason"));
    }

    #[test]
    fn the_project_s_own_file_is_understood() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deny.toml");

        let policy = Policy::read(&file).unwrap();

        assert!(policy.ban_on(&package("ring", "0.17.14", "MIT")).is_some());
        assert!(policy.licence_fault(&package("actix-governor", "0.8.0", "GPL-3.0-or-later")).is_some());
    }
}
