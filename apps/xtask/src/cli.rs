//! The command line, and what each command does.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::plan::{self, Step};
use crate::session::Session;
use crate::{bans, bench, cargo_steps, env, measure, openapi, python, runner, say, services};

/// Ashlar's own build and test commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
#[command(after_help = "Start with `cargo xtask test --quick`: it needs nothing but Rust.")]
struct Cli {
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    /// Run every check of the project, on services started for it
    ///
    /// Formatting, clippy, dependency bans and licences, build, tests, doc tests, documentation, and the
    /// files under openapi/. PostgreSQL and Redis are found, or installed by apt-get where that needs no
    /// question, then started on free ports in a temporary folder and stopped at the end, whatever happens.
    /// Python is found or installed likewise; what some tests need of its registry goes to target/interop.
    ///
    /// A step that fails does not stop the others; the summary at the end names each. A tool that is missing
    /// and cannot be installed skips its step with a visible line, or fails it when CI=true is set.
    #[command(after_help = "\
Examples:
  cargo xtask test                        everything, as continuous integration runs it
  cargo xtask test --quick                without services, npm and Python
  cargo xtask test -- refresh             every step, but only tests with `refresh` in their name
  cargo xtask test -- -E 'package(ashlar-sql)'    a filter of cargo-nextest, when that is installed")]
    Test {
        /// Leave out what needs PostgreSQL, Redis, npm or Python
        #[arg(long)]
        quick: bool,
        /// Passed on to the test runner
        #[arg(last = true, value_name = "FILTER")]
        filter: Vec<String>,
    },
    /// Check formatting, clippy, dependency bans and licences
    ///
    /// What is banned and which licences are allowed is written in deny.toml.
    Lint,
    /// Write the generated files under openapi/, or check that they are up to date
    ///
    /// Builds the server and asks it for its documents: openapi.json, problems.json and events.json.
    /// Commit them together with the change that altered them.
    Openapi {
        /// Change nothing; fail and name the first difference when a file is stale
        #[arg(long)]
        check: bool,
    },
    /// Start throw-away PostgreSQL and Redis, and keep them until Ctrl-C
    ///
    /// Prints two `export` lines. Paste them into another terminal and run single tests there by hand:
    /// `cargo nextest run -p ashlar-sql`.
    Services,
    /// Install the Python packages that tests compare Ashlar with
    ///
    /// Into target/interop, from tests/interop/requirements.txt, checked against the hashes there. `cargo xtask test`
    /// does so by itself; this is for single tests by hand: `cargo nextest run -p ashlar-tests interop`.
    Interop,
    /// Measure the release binary: size, time to the first answer, idle memory
    ///
    /// Prints a Markdown table for the README. Resident memory is read on Linux only.
    Measure {
        /// Measure this program instead of building one, for example target/dist/ashlar
        #[arg(long, value_name = "PATH")]
        binary: Option<PathBuf>,
    },
    /// Measure whether the time of a failed login tells who has an account
    ///
    /// Builds the release binary and runs 500 logins with wrong passwords of people who are there against 500 of names
    /// nobody has, three times over: medians must differ by less than 5 %, and the Mann-Whitney test must not tell one
    /// from the other (p > 0.01). Takes some minutes; run it on a machine that does nothing else.
    Timing,
    /// Race one refresh token and one backup code on Ashlar and on a Django stack
    ///
    /// Builds the release binary, installs Django, simplejwt and django-otp under target/peers from
    /// tests/peers/requirements.txt, starts PostgreSQL, and prints a table for docs/comparison.md. Takes some minutes.
    Peers {
        /// How often each race is run
        #[arg(long, default_value_t = 50)]
        rounds: u32,
    },
    /// Compare Ashlar with a bare server that does the same reads and writes by hand
    ///
    /// Builds both, starts PostgreSQL and Redis, drives them in turn with wrk (as fast as they answer) and oha (at a
    /// fixed rate; installed under target/tools when it is not there), and writes docs/benchmarks.md and
    /// docs/benchmarks.json. Takes about ten minutes; run it on a machine that does nothing else.
    #[command(after_help = "\
Examples:
  cargo xtask bench --quick                        does the bench work?
  cargo xtask bench --only refresh --only login    two lines, printed and not written
  cargo xtask bench --out before                   everything, into a folder of its own, to compare with
  cargo xtask bench --flamegraph --only 'GET /me'  where the processor is meanwhile")]
    Bench(bench::Options),
}

/// Parses the command line and carries it out.
pub(crate) fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let mut session = Session::open()?;
    match cli.command {
        Commands::Test { quick, filter } => {
            session.quick = quick;
            session.filter = filter;
            Ok(run(&plan::test(quick), &mut session))
        }
        Commands::Lint => Ok(run(&plan::lint(), &mut session)),
        Commands::Openapi { check } => {
            cargo_steps::build(&session)?;
            let outcome = if check { openapi::check(&session) } else { openapi::write(&session) };
            outcome.map(|()| ExitCode::SUCCESS)
        }
        Commands::Services => services::hold(&mut session).map(|()| ExitCode::SUCCESS),
        Commands::Bench(options) => {
            let outcome = bench::run(&mut session, &options);
            services::stop(&mut session);
            outcome.map(|()| ExitCode::SUCCESS)
        }
        Commands::Interop => python::INTEROP.install(&session).map(|_| ExitCode::SUCCESS),
        Commands::Timing => cargo_steps::timing(&session).map(|()| ExitCode::SUCCESS),
        Commands::Peers { rounds } => {
            let outcome = python::race_peers(&mut session, rounds);
            services::stop(&mut session);
            outcome.map(|()| ExitCode::SUCCESS)
        }
        Commands::Measure { binary } => measure::run(&session, binary).map(|()| ExitCode::SUCCESS),
    }
}

fn run(plan: &[Step], session: &mut Session) -> ExitCode {
    let interrupt = session.interrupt.clone();
    let summary = runner::run(plan, env::is_ci(), &interrupt, |step| execute(step, session));
    services::stop(session);
    say::line("\nSummary");
    for line in summary.lines() {
        say::line(&line);
    }
    if interrupt.is_raised() {
        return ExitCode::from(130);
    }
    if summary.has_failures() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn execute(step: Step, session: &mut Session) -> Result<()> {
    match step {
        Step::Formatting => cargo_steps::formatting(session),
        Step::Clippy => cargo_steps::clippy(session),
        Step::Dependencies => bans::check(session),
        Step::Postgres => services::start_postgres(session),
        Step::Redis => services::start_redis(session),
        Step::Interop => python::INTEROP.install(session).map(drop),
        Step::Build => cargo_steps::build(session),
        Step::Tests => cargo_steps::tests(session),
        Step::DocTests => cargo_steps::doc_tests(session),
        Step::Documentation => cargo_steps::documentation(session),
        Step::OpenApiFresh => openapi::check(session),
        Step::OpenApiLint => openapi::lint(session),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_two_dashes_goes_to_the_test_runner() {
        let cli = Cli::parse_from(["xtask", "test", "--quick", "--", "-E", "test(race)"]);

        let Commands::Test { quick, filter } = cli.command else { panic!("not the test command") };
        assert!(quick);
        assert_eq!(filter, ["-E", "test(race)"]);
    }
}
