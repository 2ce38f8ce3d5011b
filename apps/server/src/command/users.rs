//! `ashlar users`: who operates the installation, and its first administrator.

use std::error::Error;

use ashlar_identity::Email;
use ashlar_kernel::{Context, ExposeSecret as _, RequestId, TenantId};
use chrono::SecondsFormat;

use crate::{
    cli::{Users, output},
    compose::{World, decide_on_operator, tools},
    config::{Config, Profile},
};

pub(super) async fn run(config: &Config, decision: Users) -> Result<(), Box<dyn Error>> {
    let (email, is_to_be) = match &decision {
        Users::BootstrapToken => return invite_first_administrator(config).await,
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

async fn invite_first_administrator(config: &Config) -> Result<(), Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads), false).await?;
    let context = Context::system("cli", TenantId::MAIN, RequestId::new(&*tools.ids), tools.clock.now());
    let issued = tools.identity.issue_bootstrap_token(&context).await;
    tools.store.close().await;
    let (token, until) = issued?;
    output::print(token.expose_secret())?;
    let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
    output::tell(format!("Good once, until {until}: send it as bootstrap_token to /api/v1/auth/register."));
    if config.profile == Profile::Embedded {
        output::tell(
            "This is an embedded installation, whose first account is the administrator anyway; for another one set ASHLAR_ENV=production and its database.",
        );
    }
    Ok(())
}
