//! `ashlar mail test`: whether mail goes out.

use std::error::Error;

use ashlar_kernel::{IdSource, MailAddress, TimeOrderedIds};

use crate::{
    cli::output,
    compose::{World, post},
    config::Config,
    mail::{Language, Trial},
};

/// Writes to `to` and waits until the other side has taken it.
pub(super) async fn run(config: &Config, to: &str) -> Result<(), Box<dyn Error>> {
    let to = MailAddress::parse(to)?;
    let World { clock, entropy, .. } = World::real(1);
    let post = post(config)?;
    let id = TimeOrderedIds::new(std::sync::Arc::clone(&clock), entropy).next();
    let letter = Trial { base: config.public_base().to_owned() };
    post.send(id, to, &letter, (Language::English, clock.now())).await?;
    output::print(&format!("Taken by {}.", config.mail.shown()))?;
    Ok(())
}
