//! `ashlar audit`: verifying, signing and printing the audit trail, and letting bodies expire.

use std::{
    error::Error,
    io::{self, BufWriter, IsTerminal as _},
};

use ashlar_audit::{
    Checkpoint, InvalidCheckpoint, PublicKey, Sealer,
    port::TrailStore as _,
    retention::{Applied, Due},
};
use ashlar_kernel::{Context, RequestId, TenantId};
use chrono::SecondsFormat;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    audit::{self, CheckpointFolder, ExportStyle, Findings, KeptNote},
    cli::{Audit, Exit, ExportTrail, RetainBodies, VerifyTrail, output},
    compose::{World, audit_public_key, evidence, retention, sealing, tools, trail},
    config::Config,
};

pub(super) async fn run(config: &Config, what: &Audit) -> Result<Exit, Box<dyn Error>> {
    match what {
        Audit::Verify(call) => verify(config, call).await,
        Audit::Checkpoint => checkpoint(config).await.map(|()| Exit::Done),
        Audit::Export(call) => export(config, call).await.map(|()| Exit::Done),
        Audit::Retain(RetainBodies { dry_run: true }) => preview(config).await.map(|()| Exit::Done),
        Audit::Retain(_) => retain(config).await.map(|()| Exit::Done),
    }
}

async fn verify(config: &Config, call: &VerifyTrail) -> Result<Exit, Box<dyn Error>> {
    let mut evidence = evidence(config)?;
    if let Some(key) = &call.pubkey {
        evidence.key = Some(PublicKey::parse(key)?.1);
    }
    if let Some(folder) = &call.checkpoints {
        let unreadable = |error| format!("{} cannot be read: {error}", folder.display());
        folder.read_dir().map_err(unreadable)?;
        evidence.notes = CheckpointFolder::new(folder).notes().map_err(unreadable)?;
    }
    let mut only = call.tenant.map(TenantId::from_uuid);
    if let Some(file) = &call.since_checkpoint {
        let note =
            std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let since = known(&evidence, &note).map_err(|error| format!("{}: {error}", file.display()))?;
        only = since.tenant();
        evidence.notes.push(KeptNote { file: file.clone(), text: note });
        evidence.since = Some(since);
    }
    let world = World::real(1);
    let now = world.clock.now();
    let store = trail(config, world).await?;
    let bar = progress_bar();
    let findings = audit::verify(&store, &evidence, (only, now), &|rows| bar.inc(rows)).await;
    bar.finish_and_clear();
    store.close().await;
    let findings = findings?;
    output::print(&if call.json { serde_json::to_string_pretty(&findings)? } else { text(&findings) })?;
    Ok(exit(&findings))
}

/// A checkpoint that is to be believed. Without the key its word is taken for it, as that of the others.
fn known(evidence: &audit::Evidence<'_>, note: &str) -> Result<Checkpoint, InvalidCheckpoint> {
    let checkpoint = match &evidence.key {
        Some(key) => Checkpoint::open(note, key, evidence.check)?,
        None => Checkpoint::parse(note)?,
    };
    if checkpoint.tenant().is_some() { Ok(checkpoint) } else { Err(InvalidCheckpoint::Malformed) }
}

fn exit(findings: &Findings) -> Exit {
    if findings.breaches().next().is_some() {
        Exit::Tampered
    } else if findings.unsealed > 0 || !findings.unreadable.is_empty() {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

fn text(findings: &Findings) -> String {
    let mut lines = Vec::new();
    for trail in &findings.trails {
        let (tenant, events, checkpoints) = (trail.tenant.as_uuid(), trail.verified, trail.checkpoints);
        lines.push(match &trail.breach {
            None => format!(
                "tenant {tenant}: {events} events as they were sealed, {checkpoints} checkpoints agree{}",
                expired(trail.expired)
            ),
            Some(breach) => format!("TAMPERED: {breach} ({events} events before it are as they were sealed)"),
        });
    }
    if findings.trails.is_empty() {
        lines.push("there is no trail yet".to_owned());
    }
    if findings.unsealed > 0 {
        lines.push(format!(
            "{} events wait to be sealed for more than a minute: is a worker running?",
            findings.unsealed
        ));
    }
    lines.extend(findings.forged.iter().map(|file| format!("not signed by the key: {}", file.display())));
    lines.extend(findings.unreadable.iter().map(|file| format!("no checkpoint, or half of one: {}", file.display())));
    if !findings.signatures_checked {
        lines.push("signatures of checkpoints were not checked: give the key with --pubkey".to_owned());
    }
    lines.join("\n")
}

fn expired(bodies: u64) -> String {
    if bodies == 0 { String::new() } else { format!(", bodies expired {bodies}") }
}

async fn checkpoint(config: &Config) -> Result<(), Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads), false).await?;
    let outcome = async {
        let sealing = sealing(config, &tools.store)?;
        let checkpointer = sealing.checkpointer.ok_or("there is no place for it: set audit_checkpoint_dir")?;
        while sealing.sealer.step(tools.clock.now()).await? == Sealer::BATCH {}
        Ok::<_, Box<dyn Error>>((checkpointer.step(tools.clock.now()).await?, checkpointer.origin().clone()))
    };
    let outcome = outcome.await;
    tools.store.close().await;
    let (checkpoints, origin) = outcome?;
    output::tell(format!("{checkpoints} new checkpoints. The key that verifies them:"));
    if let Some(key) = audit_public_key(config)? {
        output::print(&key.to_text(&origin.to_string()))?;
    }
    Ok(())
}

async fn export(config: &Config, call: &ExportTrail) -> Result<(), Box<dyn Error>> {
    let store = trail(config, World::real(1)).await?;
    let tenant = call.tenant.map_or(TenantId::MAIN, TenantId::from_uuid);
    let style = ExportStyle { format: call.format, with_personal: call.personal };
    let bar = progress_bar();
    let outcome = async {
        let mut snapshot = store.snapshot().await?;
        let mut output = BufWriter::new(io::stdout());
        audit::export(&mut *snapshot, (tenant, style), &mut output, &|rows| bar.inc(rows)).await
    };
    let outcome = outcome.await;
    bar.finish_and_clear();
    store.close().await;
    outcome?;
    Ok(())
}

/// Tells which bodies would be written down as expired now.
async fn preview(config: &Config) -> Result<(), Box<dyn Error>> {
    let world = World::real(1);
    let now = world.clock.now();
    let store = trail(config, world).await?;
    let due = retention(config, &store).due(now).await;
    store.close().await;
    let mut lines: Vec<_> = due?.iter().map(due_line).collect();
    if lines.is_empty() {
        lines.push("no body has been kept for long enough, of events that a published checkpoint covers".to_owned());
    }
    output::print(&lines.join("\n"))?;
    Ok(())
}

fn due_line(due: &Due) -> String {
    let Due { tenant, class, before, bodies } = due;
    let before = before.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("tenant {}: {bodies} bodies of class {}, from before {before}", tenant.as_uuid(), class.as_str())
}

/// Does what workers do every night.
async fn retain(config: &Config) -> Result<(), Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads), false).await?;
    let outcome = async {
        let request = RequestId::parse(&tools.ids.next().to_string())?;
        let context = Context::system("retention", TenantId::MAIN, request, tools.clock.now());
        Ok::<_, Box<dyn Error>>(retention(config, &tools.store).apply(&context).await?)
    };
    let outcome = outcome.await;
    tools.store.close().await;
    let Applied { recorded, deleted } = outcome?;
    output::print(&format!("bodies deleted {deleted}, written down for the next time {recorded}"))?;
    Ok(())
}

/// Counts events on a terminal, and shows nothing elsewhere.
fn progress_bar() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // A template that is none leaves the usual one.
    match ProgressStyle::with_template("{spinner} {human_pos} events in {elapsed}, {per_sec}") {
        Ok(style) => bar.with_style(style),
        Err(_no_template) => bar,
    }
}
