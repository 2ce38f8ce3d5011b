//! The steps that are a cargo command or two.

use anyhow::Result;

use crate::process;
use crate::session::Session;
use crate::tools::Missing;

/// `cargo fmt`, checking only.
pub(crate) fn formatting(session: &Session) -> Result<()> {
    demand(session, "fmt", "rustup component add rustfmt")?;
    session.run_cargo(&["fmt", "--all", "--", "--check"])
}

/// All lints of `[workspace.lints]`, on all targets, as errors.
pub(crate) fn clippy(session: &Session) -> Result<()> {
    demand(session, "clippy", "rustup component add clippy")?;
    session.run_cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

/// The programs; the whole workspace at once, since building one crate alone picks other features and starts over.
pub(crate) fn build(session: &Session) -> Result<()> {
    session.run_cargo(&["build", "--workspace", "--bins"])
}

/// Unit tests, contracts and journeys.
pub(crate) fn tests(session: &Session) -> Result<()> {
    let has_nextest = is_installed(session, "nextest");
    let mut command = session.cargo(test_arguments(has_nextest, session.quick));
    command.args(&session.filter).env("ASHLAR_BIN", session.binary("debug")?);
    if session.quick {
        // Under CI=true a missing database fails its tests, unless this says that it is missing on purpose.
        command.env("ASHLAR_TEST_QUICK", "1");
    }
    process::run(&mut command, &session.interrupt)
}

/// The examples in the documentation, run as programs.
pub(crate) fn doc_tests(session: &Session) -> Result<()> {
    session.run_cargo(&["test", "--workspace", "--doc"])
}

/// The documentation itself: no broken link.
pub(crate) fn documentation(session: &Session) -> Result<()> {
    let mut command = session.cargo(&["doc", "--workspace", "--no-deps"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"), &session.interrupt)
}

/// The measurement that runs by hand only: a shared machine is never quiet.
pub(crate) fn timing(session: &Session) -> Result<()> {
    session.run_cargo(&["build", "--release", "-p", "ashlar-server", "--bins"])?;
    let mut command = session.cargo(&["test", "-p", "ashlar-tests", "--test", "accounts", "--", "login_timing::"]);
    command.arg("--nocapture").env("ASHLAR_BIN", session.binary("release")?).env("ASHLAR_TEST_TIMING", "1");
    process::run(&mut command, &session.interrupt)
}

/// Whether `cargo <name>` can be called.
pub(crate) fn is_installed(session: &Session, name: &str) -> bool {
    process::succeeds(&mut session.cargo(&[name, "--version"]))
}

fn demand(session: &Session, name: &str, remedy: &str) -> Result<(), Missing> {
    if is_installed(session, name) {
        return Ok(());
    }
    Err(Missing(format!("cargo {name} is missing; install it with `{remedy}`")))
}

/// The profile `quick` of nextest narrows whatever filter the user adds; plain `cargo test` has only `--skip`.
const fn test_arguments(has_nextest: bool, quick: bool) -> &'static [&'static str] {
    match (has_nextest, quick) {
        (true, false) => &["nextest", "run", "--workspace"],
        (true, true) => &["nextest", "run", "--workspace", "--profile", "quick"],
        (false, false) => &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast", "--"],
        (false, true) => &[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
            "--",
            "--skip",
            "postgres",
            "--skip",
            "another_language",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_leaves_out_postgres_and_python_with_either_test_runner() {
        assert!(test_arguments(true, true).ends_with(&["--profile", "quick"]));
        assert!(test_arguments(false, true).ends_with(&["--skip", "postgres", "--skip", "another_language"]));
    }

    #[test]
    fn a_filter_follows_the_separator_of_plain_cargo_test() {
        assert!(test_arguments(false, false).ends_with(&["--"]));
    }
}
