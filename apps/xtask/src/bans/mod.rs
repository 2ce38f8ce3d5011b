//! Which crates may be linked, and under which licences: deny.toml, enforced with or without cargo-deny.
//!
//! cargo-deny takes minutes to build, so it is used where it is installed and never installed from here.

mod graph;
mod policy;
mod sources;

use anyhow::{Result, ensure};

use self::graph::Package;
use self::policy::Policy;
use crate::session::Session;
use crate::{cargo_steps, process, say};

/// Checks the dependency graph of all members, for all platforms, against deny.toml.
pub(crate) fn check(session: &Session) -> Result<()> {
    let policy = Policy::read(&session.root.join("deny.toml"))?;
    let packages = graph::read(session)?;
    let mut faults = sources::faults(&session.root.join("Cargo.lock"))?;
    for package in &packages {
        if let Some(reason) = policy.ban_on(package) {
            faults.push(format!("{} is banned: {reason}\n{}", package.name, why_it_is_here(session, package)));
        }
        if let Some(fault) = policy.licence_fault(package) {
            faults.push(fault);
        }
    }
    for fault in &faults {
        say::line(&format!("    {fault}"));
    }
    ensure!(faults.is_empty(), "deny.toml forbids what is listed above ({} faults)", faults.len());
    say::line(&format!("    {} crates, none banned, all licences allowed", packages.len()));
    if cargo_steps::is_installed(session, "deny") {
        return session.run_cargo(&["deny", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
    }
    say::line("    (cargo-deny is not installed; the check above does not need it)");
    Ok(())
}

fn why_it_is_here(session: &Session, package: &Package) -> String {
    let spec = format!("{}@{}", package.name, package.version);
    let mut tree = session.cargo(&["tree", "--workspace", "--target", "all", "-i", &spec]);
    process::capture(&mut tree).unwrap_or_default()
}
