//! `ashlar keys`: the keys that sign access tokens.

use std::error::Error;

use ashlar_identity::signing_key::{KeyState, SigningKey};
use ashlar_kernel::{Context, RequestId, TenantId, Timestamp};
use chrono::SecondsFormat;

use crate::{
    cli::{Keys, output},
    compose::{KeyFiles, Tools, World, tools},
    config::Config,
};

pub(super) async fn run(config: &Config, what: &Keys) -> Result<(), Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads), false).await?;
    let outcome = act(&tools, what, &KeyFiles::of(config)).await;
    tools.store.close().await;
    let (table, said) = outcome?;
    output::print(&table)?;
    for sentence in said {
        output::tell(sentence);
    }
    Ok(())
}

/// The keys as they are afterwards, and what was done, in words.
async fn act(tools: &Tools, what: &Keys, files: &KeyFiles) -> Result<(String, Vec<String>), Box<dyn Error>> {
    let Keys::Rotate { emergency } = what else {
        return Ok((table(&tools.identity.every_signing_key().await?), Vec::new()));
    };
    let before = tools.identity.every_signing_key().await?;
    let context = Context::system("cli", TenantId::MAIN, RequestId::new(&*tools.ids), tools.clock.now());
    tools.identity.exchange_signing_keys(&context, *emergency).await?;
    let after = tools.identity.every_signing_key().await?;
    let mut said = vec![done(&before, &after)];
    said.extend(files.discard_dead(&tools.identity).await?);
    Ok((table(&after), said))
}

/// What an exchange has done.
fn done(before: &[SigningKey], after: &[SigningKey]) -> String {
    let in_state = |state| after.iter().find(|key| key.state() == state);
    let is_new = |key: &&SigningKey| before.iter().all(|known| known.kid() != key.kid());
    if let Some(active) = in_state(KeyState::Active).filter(is_new) {
        let ended = before.iter().filter(|key| key.state() != KeyState::Removed).count();
        return format!(
            "{} signs from now on. Keys that were ended: {ended}; their access tokens are refused everywhere within a minute; \
             people stay signed in.",
            active.kid().as_str()
        );
    }
    match in_state(KeyState::Staged) {
        Some(staged) if is_new(&staged) => {
            format!(
                "{} is published from now on and signs in a day. No token is refused for it.",
                staged.kid().as_str()
            )
        }
        Some(staged) => format!(
            "{} is published already and signs a day after it was made; nothing was done.",
            staged.kid().as_str()
        ),
        None => "Nothing was done.".to_owned(),
    }
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
