//! What each subcommand does.

mod audit;
mod banner;
mod doctor;
mod import;
mod keys;
mod leads;
mod mail;
mod migrate;
mod openapi;
mod seed;
mod serve;
mod shutdown;
mod users;
mod work;

use std::{error::Error, ffi::OsString, future::Future};

use crate::{
    cli::{self, Command, Exit, Import, Mail, Target, healthcheck, output},
    config::{Config, Inputs, Profile},
    telemetry::{self, Stream},
    work::Roles,
};

/// Does what the command line says.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let (command, flags) = match cli::parse(arguments) {
        Ok(cli) => cli.into_parts(),
        Err(exit) => return exit,
    };
    // Needs no configuration, and must work where there is none.
    if let Command::Openapi { print } = command {
        return ended(openapi::run(print));
    }
    let config = match Config::load(&Inputs::of_process(flags.flags)) {
        Ok(config) => config,
        Err(error) => {
            output::complain(&error);
            // Container engines know two answers to a health check, and 2 is not among them.
            let is_check = matches!(command, Command::Healthcheck { .. });
            return if is_check { Exit::Failed } else { Exit::Usage };
        }
    };
    // One provider for every TLS connection of the process; set already only if a library did the same.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    dispatch(command, &config)
}

fn dispatch(command: Command, config: &Config) -> Exit {
    let stream = if command.runs_for_good() { Stream::Stdout } else { Stream::Stderr };
    let logging = match telemetry::init(config, stream) {
        Ok(logging) => logging,
        Err(error) => {
            output::complain(&error);
            return Exit::Usage;
        }
    };
    telemetry::log_panics();
    // The other commands serve nobody; a migration must not ask for the settings of a web server.
    if command.runs_for_good()
        && let Err(error) = config.ensure_safe()
    {
        output::complain(&error);
        return Exit::Usage;
    }
    match command {
        Command::All => ended(wait(serve::run(config, Roles::ALL, logging.kept()))),
        Command::Serve => ended(wait(serve::run(config, roles_beside(config.profile), logging.kept()))),
        Command::Worker => ended(wait(work::run(config, Roles::WORKER, logging.kept()))),
        Command::Scheduler => ended(wait(work::run(config, Roles::SCHEDULER, logging.kept()))),
        Command::Migrate { direction } => ended(wait(migrate::run(config, direction))),
        Command::Mail { trial: Mail::Test { to } } => ended(wait(mail::run(config, &to))),
        Command::Import { what: Import::Users(users) } => concluded(wait(import::run(config, &users))),
        Command::Seed => ended(wait(seed::run(config))),
        Command::Users { decision } => ended(wait(users::run(config, decision))),
        Command::Keys { what } => ended(wait(keys::run(config, &what))),
        Command::Leads { what } => concluded(wait(leads::run(config, &what))),
        Command::Audit { what } => concluded(wait(audit::run(config, &what))),
        Command::Doctor { json } => wait(doctor::run(config, json)).unwrap_or(Exit::Failed),
        Command::Healthcheck { url } => ended(check_health(config, url.as_deref())),
        Command::Openapi { print } => ended(openapi::run(print)),
    }
}

/// The embedded profile is one process. In production each role can have as many as it needs.
fn roles_beside(profile: Profile) -> Roles {
    match profile {
        Profile::Embedded => Roles::ALL,
        Profile::Production => Roles::NONE,
    }
}

fn check_health(config: &Config, url: Option<&str>) -> Result<(), Box<dyn Error>> {
    let target = match url {
        Some(url) => Target::of_url(url)?,
        None => Target::listening_on(config.listen),
    };
    Ok(healthcheck(&target)?)
}

/// Runs a command to its end on a runtime of its own.
fn wait<T>(work: impl Future<Output = Result<T, Box<dyn Error>>>) -> Result<T, Box<dyn Error>> {
    actix_web::rt::System::new().block_on(work)
}

fn concluded(outcome: Result<Exit, Box<dyn Error>>) -> Exit {
    outcome.unwrap_or_else(|error| ended(Err(error)))
}

fn ended(outcome: Result<(), Box<dyn Error>>) -> Exit {
    match outcome {
        Ok(()) => Exit::Done,
        Err(error) => {
            output::complain(&*error);
            Exit::Failed
        }
    }
}
