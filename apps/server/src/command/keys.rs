//! `ashlar keys`: the keys that sign access tokens.

use std::error::Error;

use ashlar_identity::signing_key::SigningKey;
use ashlar_kernel::{Context, RequestId, TenantId, Timestamp};
use chrono::SecondsFormat;

use crate::{
    cli::{Keys, output},
    compose::{Tools, World, tools},
    config::Config,
};

pub(super) async fn run(config: &Config, what: &Keys) -> Result<(), Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads)).await?;
    let outcome = act(&tools, what).await;
    tools.store.close().await;
    output::print(&outcome?)?;
    Ok(())
}

async fn act(tools: &Tools, what: &Keys) -> Result<String, Box<dyn Error>> {
    if let Keys::Rotate { emergency } = what {
        let context = Context::system("cli", TenantId::MAIN, RequestId::new(&*tools.ids), tools.clock.now());
        tools.identity.exchange_signing_keys(&context, *emergency).await?;
    }
    Ok(table(&tools.identity.every_signing_key().await?))
}

fn table(keys: &[SigningKey]) -> String {
    let mut lines = vec![line(["KID", "ALGORITHM", "STATE", "MADE", "SIGNS SINCE", "REPLACED", "REMOVED"])];
    for key in keys {
        let when = |at: Option<Timestamp>| {
            at.map_or_else(|| "-".to_owned(), |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
        };
        let (made, signs) = (when(Some(key.created_at())), when(key.activated_at()));
        let (replaced, removed) = (when(key.retired_at()), when(key.removed_at()));
        let state = key.state().as_str();
        lines.push(line([key.kid().as_str(), key.algorithm(), state, &made, &signs, &replaced, &removed]));
    }
    lines.join("\n")
}

fn line([kid, algorithm, state, made, signs, replaced, removed]: [&str; 7]) -> String {
    format!("{kid:<18}{algorithm:<11}{state:<10}{made:<22}{signs:<22}{replaced:<22}{removed}").trim_end().to_owned()
}
