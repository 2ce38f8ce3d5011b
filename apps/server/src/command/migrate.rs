//! `ashlar migrate`: the schema of the database, up, down and as it is.

use std::error::Error;

use crate::{
    cli::{Migrate, output},
    compose::{migrate_down, migrate_up, prepare_data_folder, status},
    config::Config,
};

pub(super) async fn run(config: &Config, direction: Migrate) -> Result<(), Box<dyn Error>> {
    match direction {
        Migrate::Up => {
            prepare_data_folder(config)?;
            say("applied", &migrate_up(config).await?, "the schema is up to date")
        }
        Migrate::Down(down) => {
            say("taken back", &migrate_down(config, down.count()).await?, "there is nothing to take back")
        }
        Migrate::Status => show(config).await,
    }
}

async fn show(config: &Config) -> Result<(), Box<dyn Error>> {
    let lines = status(config).await;
    if let Err(error) = &lines
        && let Some(path) = error.missing_database()
    {
        output::print(&format!("there is no database at {} yet", path.display()))?;
        return Ok(());
    }
    let text: Vec<_> = lines?
        .iter()
        .map(|line| format!("{:<8} {}", if line.is_applied { "applied" } else { "missing" }, line.name))
        .collect();
    output::print(&text.join("\n"))?;
    Ok(())
}

fn say(what: &str, names: &[String], nothing: &str) -> Result<(), Box<dyn Error>> {
    let text: Vec<_> = names.iter().map(|name| format!("{what} {name}")).collect();
    output::print(if text.is_empty() { nothing.to_owned() } else { text.join("\n") }.as_str())?;
    Ok(())
}
