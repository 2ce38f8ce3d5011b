//! `ashlar doctor`: the configuration, and whether what it names is there and works.

use std::{error::Error, io::ErrorKind};

use crate::{
    cli::{Check, Doctor, Exit, Outcome, output},
    compose::{StartError, look_at_files, read_keys, status},
    config::{Config, Profile},
};

pub(super) async fn run(config: &Config, json: bool) -> Result<Exit, Box<dyn Error>> {
    let checks = [data_folder(config), keys(config), database(config).await, files(config).await];
    let doctor = Doctor::new(config, &checks);
    output::print(&if json { doctor.json()? } else { doctor.to_string() })?;
    Ok(doctor.exit())
}

fn check(name: &str, outcome: Outcome) -> Check {
    Check { name: name.to_owned(), outcome }
}

fn data_folder(config: &Config) -> Check {
    let path = config.data_dir.display();
    let outcome = match config.data_dir.metadata() {
        _ if config.profile == Profile::Production => Outcome::Ok("not used in production".to_owned()),
        Ok(found) if found.is_dir() && !found.permissions().readonly() => Outcome::Ok(format!("{path} exists")),
        Ok(_) => Outcome::Fail(format!("{path} is no folder that can be written")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Outcome::Warn(format!("{path} does not exist yet; the first start makes it"))
        }
        Err(error) => Outcome::Fail(format!("{path} cannot be looked at: {error}")),
    };
    check("data folder", outcome)
}

fn keys(config: &Config) -> Check {
    let folder = config.signing.keys_dir.display();
    // The embedded profile would make missing keys, and a doctor changes nothing.
    let found = config.signing.keys_dir.metadata();
    let is_missing = found.is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if config.profile == Profile::Embedded && is_missing {
        return check("keys", Outcome::Warn(format!("{folder} does not exist yet; the first start makes the keys")));
    }
    let outcome = match read_keys(config) {
        Ok(true) => Outcome::Ok(format!("{} key and root key in {folder}", config.signing.algorithm.as_str())),
        Ok(false) => Outcome::Ok(format!("root key in {folder}; signing keys are in the database")),
        Err(error) => Outcome::Fail(describe(&error)),
    };
    check("keys", outcome)
}

async fn database(config: &Config) -> Check {
    let outcome = match look_at(config).await {
        Ok((all, 0)) => Outcome::Ok(format!("answers, all {all} migrations applied")),
        Ok((_, missing)) if config.profile == Profile::Embedded => {
            Outcome::Warn(format!("answers, {missing} migrations missing; the next start applies them"))
        }
        Ok((_, missing)) => Outcome::Fail(format!("answers, {missing} migrations missing; run: ashlar migrate up")),
        Err(error) => match error.missing_database().filter(|_| config.profile == Profile::Embedded) {
            Some(path) => Outcome::Warn(format!("{} does not exist yet; the first start makes it", path.display())),
            None => Outcome::Fail(describe(&error)),
        },
    };
    check("database", outcome)
}

async fn files(config: &Config) -> Check {
    let outcome = match look_at_files(config).await {
        Ok(folder) if config.blobs.is_folder() => Outcome::Ok(format!("in the folder {folder}")),
        Ok(bucket) => Outcome::Ok(format!("{bucket} answers")),
        Err(error) => Outcome::Fail(describe(&error)),
    };
    check("files", outcome)
}

/// How many migrations there are, and how many of them the database lacks.
async fn look_at(config: &Config) -> Result<(usize, usize), StartError> {
    let lines = status(config).await?;
    Ok((lines.len(), lines.iter().filter(|line| !line.is_applied).count()))
}

fn describe(error: &StartError) -> String {
    let mut parts = vec![error.to_string()];
    parts.extend(output::causes(error));
    parts.join(": ")
}
