//! `ashlar leads`: leads that come and go in files, directly on the database.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{self, IsTerminal as _, Read as _, Write as _},
    path::Path,
};

use ashlar_kernel::{Context, RequestId, TenantId, TenantSlug};
use ashlar_leads::{
    ExportLeads, ImportRun, LeadFilter, RunError, Taken,
    import::{ImportJob, ImportOptionsInput, ImportState, NewImport},
    lead::parse_tag,
    port::{FileBytes, FileError},
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::shutdown::asked_to_stop;
use crate::{
    cli::{Exit, ExportLeadFile, ImportLeadFile, LeadFiles, ReportFormat, output},
    compose::{Tools, World, tools},
    config::Config,
};

pub(super) async fn run(config: &Config, what: &LeadFiles) -> Result<Exit, Box<dyn Error>> {
    let tools = tools(config, World::real(config.hash_threads), false).await?;
    let outcome = match what {
        LeadFiles::Import(call) => import(&tools, call).await,
        LeadFiles::Export(call) => export(&tools, call).await,
    };
    tools.store.close().await;
    outcome
}

async fn tenant(tools: &Tools, slug: &str) -> Result<TenantId, Box<dyn Error>> {
    let found = tools.identity.tenant(&TenantSlug::parse(slug)?).await?;
    Ok(found.ok_or_else(|| format!("there is no tenant {slug}"))?.id)
}

async fn import(tools: &Tools, call: &ImportLeadFile) -> Result<Exit, Box<dyn Error>> {
    let unreadable = |error: io::Error| format!("{} cannot be read: {error}", call.file.display());
    let file = File::open(&call.file).map_err(unreadable)?;
    let bytes = file.metadata().map_err(unreadable)?.len();
    let input = ImportOptionsInput {
        mode: Some(call.mode.clone()),
        key: Some(call.key.clone()),
        on_conflict: call.on_conflict.clone(),
        mapping: pairs(&call.map)?,
        defaults: pairs(&call.default)?,
        dry_run: call.dry_run,
        delimiter: call.delimiter.clone(),
        has_header: Some(!call.no_header),
    };
    let options = input.try_into().map_err(|invalid| told(&invalid))?;
    let file_name = call.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let new = NewImport { options, file: None, file_name, bytes };
    let tenant = tenant(tools, &call.tenant).await?;
    let job = match tools.transfers.import_here(tenant, new, bytes_of(file)).await? {
        Taken::Nothing => {
            return Err(
                "another import of this tenant is being carried out; one that was killed ends after 15 seconds".into(),
            );
        }
        Taken::Over(job) => *job,
        Taken::Run(run) => carry_out(*run, bytes).await?,
    };
    if let Some(path) = &call.errors {
        write_faults(tools, &job, path).await?;
    }
    report(&job, call)
}

/// Imports until there is no more, or somebody asks it to stop: then what was taken in stays, and the import is over.
async fn carry_out(mut run: ImportRun, bytes: u64) -> Result<ImportJob, RunError> {
    let bar = progress_bar(bytes);
    let stop = asked_to_stop();
    tokio::pin!(stop);
    loop {
        // A batch is finished that was begun.
        let goes_on = run.step().await?;
        let counts = run.job().counts();
        bar.set_position(run.job().bytes().1);
        bar.set_message(format!("{} rows, {} failed", counts.rows_read, counts.failed));
        if !goes_on {
            break;
        }
        if stop.as_mut().now_or_never().is_some() {
            bar.abandon();
            return run.call_off().await;
        }
    }
    bar.finish_and_clear();
    Ok(run.job().clone())
}

/// What is refused, in a line.
fn told(invalid: &ashlar_kernel::Invalid) -> String {
    let line = |error: &ashlar_kernel::FieldError| {
        format!("--{}: {}", error.pointer.trim_start_matches('/').replace('_', "-"), error.message)
    };
    invalid.errors().iter().map(line).collect::<Vec<_>>().join("; ")
}

fn pairs(texts: &[String]) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("{text} has no = in it"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}

/// What is read at a time.
const PART: usize = 64 * 1024;

fn bytes_of(file: File) -> FileBytes {
    let parts = stream::try_unfold(file, |mut file| async move {
        let mut part = vec![0; PART];
        let read = file.read(&mut part).map_err(FileError::internal)?;
        part.truncate(read);
        Ok::<_, FileError>((read > 0).then(|| (Bytes::from(part), file)))
    });
    parts.boxed()
}

async fn write_faults(tools: &Tools, job: &ImportJob, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = tools.transfers.faults_of(job);
    let mut target = io::BufWriter::new(File::create(path)?);
    while let Some(part) = file.next().await? {
        target.write_all(&part)?;
    }
    Ok(target.flush()?)
}

fn report(job: &ImportJob, call: &ImportLeadFile) -> Result<Exit, Box<dyn Error>> {
    let counts = job.counts();
    let figures = [
        ("rows_read", counts.rows_read),
        ("created", counts.created),
        ("updated", counts.updated),
        ("skipped", counts.skipped),
        ("duplicates", counts.duplicates),
        ("failed", counts.failed),
    ];
    let text = match call.output {
        ReportFormat::Json => {
            let mut report = serde_json::json!({
                "import": job.id().to_string(), "status": job.state().as_str(), "error": job.error(),
                "dry_run": call.dry_run,
            });
            for (name, count) in figures {
                report[name] = count.into();
            }
            report.to_string()
        }
        ReportFormat::Human => {
            let head = if call.dry_run { "what would be done" } else { "what was done" };
            let lines = figures.iter().map(|(name, count)| format!("{count:>12}  {}", name.replace('_', " ")));
            [head.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
        }
    };
    output::print(&text)?;
    match job.state() {
        ImportState::Completed => Ok(Exit::Done),
        ImportState::CompletedWithErrors => Ok(Exit::Partly),
        ImportState::Cancelled => {
            let how = "it was interrupted; what was taken in stays, and is skipped when the file is imported again";
            Err(how.into())
        }
        other => Err(format!("the import is {}: {}", other.as_str(), job.error().unwrap_or("see the server")).into()),
    }
}

async fn export(tools: &Tools, call: &ExportLeadFile) -> Result<Exit, Box<dyn Error>> {
    let columns = call.columns.as_deref().map_or(Ok(Vec::new()), |names| {
        names.split(',').map(|name| name.trim().parse()).collect::<Result<Vec<_>, _>>()
    })?;
    let status = call.status.iter().map(|status| status.parse()).collect::<Result<Vec<_>, _>>()?;
    let tag = call.tag.iter().map(|tag| parse_tag(tag).map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
    let filter = LeadFilter { status, tag, ..LeadFilter::default() };
    let tenant = tenant(tools, &call.tenant).await?;
    let context = Context::system("cli", tenant, RequestId::new(&*tools.ids), tools.clock.now());
    let command = ExportLeads { filter, columns, format: call.format.parse()? };
    let mut export = tools.transfers.export_all(&context, command).await?;
    let bar = spinner();
    let mut target = io::BufWriter::new(io::stdout());
    while let Some(part) = export.next().await? {
        target.write_all(&part)?;
        bar.set_position(export.leads());
    }
    target.flush()?;
    bar.finish_and_clear();
    Ok(Exit::Done)
}

/// A bar on a terminal, and nothing elsewhere.
fn progress_bar(bytes: u64) -> ProgressBar {
    styled(Some(bytes), "{bar:40} {percent}% {eta} left, {msg}")
}

fn spinner() -> ProgressBar {
    styled(None, "{spinner} {human_pos} leads in {elapsed}, {per_sec}")
}

fn styled(length: Option<u64>, template: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
    // A template that is none leaves the usual one.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_no_template) => bar,
    }
}
