//! `ashlar import`: what another system has.

use std::{
    error::Error,
    fs::{File, Metadata},
    io::{self, BufRead, BufReader},
    path::Path,
};

use ashlar_identity::ImportSource;
use ashlar_kernel::TenantSlug;

use crate::{
    cli::{Exit, ImportFormat, ImportUsers, ReportFormat, output},
    compose::{Tools, World, tools},
    config::Config,
    import::{self, Format, Job, Progress, Report},
};

pub(super) async fn run(config: &Config, call: &ImportUsers) -> Result<Exit, Box<dyn Error>> {
    let source = ImportSource::parse(&source_of(call))?;
    // Opened first: a mistake in its name must not make a database.
    let input = Input::open(&call.file)?;
    let tools = tools(config, World::real(config.hash_threads), !call.dry_run).await?;
    let outcome = import_users(&tools, call, source, input).await;
    tools.store.close().await;
    outcome
}

async fn import_users(
    tools: &Tools,
    call: &ImportUsers,
    source: ImportSource,
    input: Input,
) -> Result<Exit, Box<dyn Error>> {
    let slug = TenantSlug::parse(&call.tenant)?;
    let tenant = tools.identity.tenant(&slug).await?.ok_or_else(|| format!("there is no tenant {}", call.tenant))?;
    let mut report = Report::new(call.file.display().to_string(), source.as_str().to_owned(), call.dry_run);
    let job = Job {
        format: format_of(call),
        source,
        tenant: tenant.id,
        is_rehearsal: call.dry_run,
        writes_letters: !call.no_letters,
    };
    let outcome = import::run(tools, job, input.content, Progress::on_stderr(input.bytes), &mut report).await;
    // What was done before it failed was done.
    output::print(&match call.output {
        ReportFormat::Human => report.text(),
        ReportFormat::Json => report.json()?,
    })?;
    outcome?;
    if let Some(others) = report.other_models() {
        return Err(format!("no object of the file is of {}; say --model and one of: {others}", call.model).into());
    }
    Ok(if report.is_complete() { Exit::Done } else { Exit::Partly })
}

fn source_of(call: &ImportUsers) -> String {
    call.source.clone().unwrap_or_else(|| match call.format {
        ImportFormat::DjangoJson => format!("django:{}", call.model.to_ascii_lowercase()),
        ImportFormat::NodeJson => "node".to_owned(),
    })
}

fn format_of(call: &ImportUsers) -> Format {
    match call.format {
        ImportFormat::DjangoJson => Format::Django { model: call.model.clone(), grant_admin: call.grant_admin },
        ImportFormat::NodeJson => Format::Node,
    }
}

/// What is read, and how long it is, if that is known.
struct Input {
    content: Box<dyn BufRead + Send>,
    bytes: Option<u64>,
}

impl Input {
    fn open(path: &Path) -> Result<Self, Box<dyn Error>> {
        if path == Path::new("-") {
            return Ok(Self { content: Box::new(BufReader::new(io::stdin())), bytes: None });
        }
        let file = File::open(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let bytes = file.metadata().ok().filter(Metadata::is_file).map(|metadata| metadata.len());
        Ok(Self { content: Box::new(BufReader::new(file)), bytes })
    }
}
