//! `ashlar users`: who operates the installation.

use std::error::Error;

use ashlar_identity::Email;

use crate::{
    cli::{Users, output},
    compose::{World, decide_on_operator},
    config::Config,
};

pub(super) async fn run(config: &Config, decision: Users) -> Result<(), Box<dyn Error>> {
    let (email, is_to_be) = match &decision {
        Users::MakeOperator { email } => (email, true),
        Users::RevokeOperator { email } => (email, false),
    };
    let address = Email::parse(email)?;
    let changed = decide_on_operator(config, World::real(config.hash_threads), (&address, is_to_be)).await?;
    output::print(match (is_to_be, changed) {
        (true, true) => "They operate the installation now, within five seconds everywhere.",
        (true, false) => "They operate the installation already.",
        (false, true) => "They operate the installation no more, within five seconds everywhere.",
        (false, false) => "They do not operate the installation.",
    })?;
    Ok(())
}
