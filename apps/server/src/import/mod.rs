//! Takes over accounts from files that other systems write, of any length.

mod django;
pub mod elements;
mod node;
mod progress;
pub mod report;
mod rows;

use std::io::BufRead;

use ashlar_identity::{
    ImportSource,
    use_case::{ImportUser, ImportUsersError, UserImport},
};
use ashlar_kernel::{Context, RequestId, TenantId};
use tokio::sync::mpsc;

pub use progress::Progress;
pub use report::Report;
pub use rows::{Format, Row, RowFault, RowNote};

use self::{
    elements::{Elements, ElementsError},
    rows::Reading,
};
use crate::compose::Tools;

/// Accounts of one transaction: enough that its cost is shared, few enough that nobody waits for it.
const BATCH: usize = 500;
/// Batches that are read ahead of the database.
const AHEAD: usize = 2;

/// Why an import ended early. What was reported until then is done.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or is no file of this kind.
    #[error(transparent)]
    File(#[from] ElementsError),
    /// The accounts cannot be saved.
    #[error("the accounts cannot be saved")]
    Users(#[from] ImportUsersError),
}

/// One import: where to and what from.
pub struct Job {
    /// What the file is of.
    pub format: Format,
    /// What the other system is called.
    pub source: ImportSource,
    /// Whose members the accounts become.
    pub tenant: TenantId,
    /// Whether people whose password could not be taken over are sent a link to set a new one.
    pub writes_letters: bool,
    /// Whether nothing is written.
    pub is_rehearsal: bool,
}

/// Takes over what is in `file`, batch by batch, noting everything in `report`.
pub async fn run(
    tools: &Tools,
    job: Job,
    file: Box<dyn BufRead + Send>,
    progress: Progress,
    report: &mut Report,
) -> Result<(), ImportError> {
    let outcome = run_batches(tools, job, file, progress, report).await;
    report.sort();
    outcome
}

async fn run_batches(
    tools: &Tools,
    job: Job,
    file: Box<dyn BufRead + Send>,
    progress: Progress,
    report: &mut Report,
) -> Result<(), ImportError> {
    let mut import = tools.identity.import(job.source);
    if job.is_rehearsal {
        import = import.rehearsed();
    }
    if !job.writes_letters {
        import = import.without_letters();
    }
    let (batches, mut ready) = mpsc::channel(AHEAD);
    let format = job.format;
    // Reading and parsing wait for the disk and take a core of their own; the channel holds them back.
    let reading = tokio::task::spawn_blocking(move || read(&format, file, &batches));
    while let Some(Batch { rows, bytes }) = ready.recv().await {
        let context = Context::system("import", job.tenant, RequestId::new(&*tools.ids), tools.clock.now());
        take_over(&mut import, &context, rows, report).await?;
        progress.at(bytes);
    }
    progress.finish();
    // The one who reads neither panics nor is stopped by anybody.
    reading.await.unwrap_or(Ok(()))?;
    Ok(())
}

/// Rows that become one transaction, and how much of the file is read with them.
struct Batch {
    rows: Vec<Reading>,
    bytes: u64,
}

fn read(format: &Format, file: Box<dyn BufRead + Send>, batches: &mpsc::Sender<Batch>) -> Result<(), ElementsError> {
    let mut elements = Elements::new(file);
    loop {
        let mut rows = Vec::with_capacity(BATCH);
        let mut ended = None;
        while rows.len() < BATCH && ended.is_none() {
            match elements.next() {
                Some(Ok(element)) => rows.push(format.read(&element)),
                Some(Err(error)) => ended = Some(Err(error)),
                None => ended = Some(Ok(())),
            }
        }
        // What was whole before the damage is taken over. Where nobody listens, the import has ended early.
        let is_heard = batches.blocking_send(Batch { rows, bytes: elements.bytes() }).is_ok();
        match ended {
            Some(outcome) => return outcome,
            None if !is_heard => return Ok(()),
            None => {}
        }
    }
}

async fn take_over(
    import: &mut UserImport,
    context: &Context,
    rows: Vec<Reading>,
    report: &mut Report,
) -> Result<(), ImportUsersError> {
    let mut known = Vec::new();
    let mut users: Vec<ImportUser> = Vec::new();
    for reading in rows {
        match reading {
            Reading::User { row, user, notes } => {
                known.push((row, notes));
                users.push(*user);
            }
            Reading::Refused { row, fault } => report.refuse(&row, &fault),
            Reading::OtherModel(model) => report.skip(&model),
        }
    }
    let outcomes = import.batch(context, users).await?;
    for ((row, notes), outcome) in known.iter().zip(outcomes) {
        report.add(row, notes, &outcome);
    }
    Ok(())
}
