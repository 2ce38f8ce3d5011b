//! `ashlar seed`: demonstration data into an empty database.

use std::error::Error;

use ashlar_kernel::ExposeSecret as _;

use crate::{
    cli::output,
    compose::{World, seed},
    config::{Config, Profile},
};

pub(super) async fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    if config.profile == Profile::Production {
        return Err("production takes no demonstration data: its accounts would be real accounts".into());
    }
    let Some(demo) = seed(config, World::real(config.hash_threads)).await? else {
        return Err("the database holds accounts already; demonstration data goes into an empty one only".into());
    };
    output::print(&format!(
        "Loaded the demonstration data. Sign in as {} with the password {} (kept in {}).",
        demo.admin,
        demo.password.expose_secret(),
        demo.file.display()
    ))?;
    Ok(())
}
