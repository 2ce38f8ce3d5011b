//! Ashlar's own build and test commands, run as `cargo xtask <command>`.
//!
//! What it promises: one command that runs every check of the project on a machine with nothing but
//! Rust, that says what it could not run, and that stops whatever it started, however it ends.
//! What it lacks on purpose: Windows (use WSL: it relies on process groups and signals), caching,
//! and any cleverness that a reader of the summary could not see.

#[cfg(not(unix))]
compile_error!("cargo xtask needs Linux, macOS or WSL; `cargo run` and `cargo test` work without it");

mod bans;
mod bench;
mod cargo_steps;
mod cli;
mod env;
mod interrupt;
mod measure;
mod openapi;
mod plan;
mod process;
mod python;
mod runner;
mod say;
mod services;
mod session;
mod summary;
mod tools;
mod wait;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main().unwrap_or_else(|error| {
        say::error(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
