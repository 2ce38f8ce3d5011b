//! `ashlar migrate`: the schema of the database, up, down and as it is.

use std::error::Error;

use ashlar_sql::{ConnectError, SchemaConnection};

use crate::{
    cli::{Down, Migrate, output},
    compose::{StartError, migration_failed, prepare_data_folder, status, store_options},
    config::Config,
};

pub(super) async fn run(config: &Config, direction: Migrate) -> Result<(), Box<dyn Error>> {
    match direction {
        Migrate::Up => up(config).await,
        Migrate::Down(down) => take_back(config, &down).await,
        Migrate::Status => show(config).await,
    }
}

async fn up(config: &Config) -> Result<(), Box<dyn Error>> {
    prepare_data_folder(config)?;
    let schema = SchemaConnection::open(&store_options(config)?).await?;
    let taken = ashlar_migrations::up(schema.connection()).await;
    schema.close().await;
    say("applied", &taken.map_err(migration_failed)?, "the schema is up to date")
}

async fn take_back(config: &Config, down: &Down) -> Result<(), Box<dyn Error>> {
    let schema = SchemaConnection::open(&store_options(config)?).await?;
    let taken = ashlar_migrations::down(schema.connection(), down.count().unwrap_or(u32::MAX)).await;
    schema.close().await;
    say("taken back", &taken.map_err(migration_failed)?, "there is nothing to take back")
}

async fn show(config: &Config) -> Result<(), Box<dyn Error>> {
    let lines = match status(&store_options(config)?).await {
        Err(StartError::Connect(ConnectError::Missing { path })) => {
            output::print(&format!("there is no database at {} yet", path.display()))?;
            return Ok(());
        }
        lines => lines?,
    };
    let text: Vec<_> = lines
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
