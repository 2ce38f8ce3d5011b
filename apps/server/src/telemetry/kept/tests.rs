//! What becomes of lines: kept, scrubbed, lost.

use tracing_subscriber::layer::SubscriberExt as _;

use super::*;

/// The lines that were put into the queue.
fn kept(log: impl FnOnce()) -> (KeptLines, Vec<Draft>) {
    let lines = KeptLines::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines.layer()), log);
    let mut receiver = lines.0.receiver.lock().unwrap().take().unwrap();
    let mut drafts = Vec::new();
    while let Ok(draft) = receiver.try_recv() {
        drafts.push(draft);
    }
    (lines, drafts)
}

#[test]
fn warnings_and_errors_are_kept_with_their_request_and_nothing_else_is() {
    let (_, drafts) = kept(|| {
        let _request = tracing::info_span!("request", request_id = "r-1", secret_of_nobody = 7).entered();
        tracing::info!("quiet");
        tracing::warn!(ms = 7, "slow");
        tracing::error!(error = "gone", "failed");
        tracing::warn!(target: "sqlx::query", "slow statement");
    });

    let told: Vec<_> = drafts.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(told, [(LogLevel::Warn, "slow"), (LogLevel::Error, "failed")]);
    assert!(drafts.iter().all(|line| line.request_id.as_deref() == Some("r-1")));
    assert_eq!(drafts[0].fields, *serde_json::json!({ "ms": 7 }).as_object().unwrap());
    assert_eq!(drafts[1].target, module_path!());
}

#[test]
fn people_and_secrets_are_withheld() {
    let (_, drafts) = kept(|| {
        tracing::warn!(to = "ada@example.org", "no letter to ada@example.org with sk_live_4eC39HqLyjWDarjtT1zdp7dc");
    });

    let line = &drafts[0];
    assert_eq!(line.message, "no letter to [address] with [token]");
    assert_eq!(line.fields["to"], "[address]");
}

#[test]
fn a_flood_is_counted_and_waits_for_nobody() {
    let (lines, drafts) = kept(|| {
        for number in 0..QUEUE + 50 {
            tracing::warn!(number, "again");
        }
    });

    assert_eq!((drafts.len(), lines.0.lost.load(Ordering::Relaxed)), (QUEUE, 50));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_lost_and_not_told_of() {
    let log = SystemLog::new(Arc::new(Away), Arc::new(OneId), &ashlar_kernel::MacKey::from_bytes([7; 32]));
    let lines = KeptLines::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(lines.layer()));
    tracing::warn!("first");
    let metrics = Metrics::default();
    let writing = lines.write(log.clone(), metrics.clone()).unwrap();
    assert!(lines.write(log, metrics.clone()).is_none(), "one writes");

    let ended = tokio::time::timeout(Duration::from_secs(10), writing).await;
    assert!(ended.is_err(), "it goes on");
    let text = metrics.render().unwrap();
    assert!(text.contains("\nlog_lines_lost_total 1\n"), "its failure became a line: {text}");
}

/// A database that is away, and says so.
struct Away;

#[async_trait::async_trait]
impl ashlar_admin::LogStore for Away {
    async fn add_lines(&self, _lines: Vec<LogLine>) -> Result<(), ashlar_kernel::StoreError> {
        tracing::error!("the database does not answer");
        Err(ashlar_kernel::StoreError::Stale)
    }

    async fn lines(&self, _query: &ashlar_admin::LogQuery) -> Result<Vec<LogLine>, ashlar_kernel::StoreError> {
        Ok(Vec::new())
    }

    async fn purge_lines(&self, _before: Timestamp, _limit: u32) -> Result<u64, ashlar_kernel::StoreError> {
        Ok(0)
    }

    async fn trim_lines(&self, _keep: u32, _limit: u32) -> Result<u64, ashlar_kernel::StoreError> {
        Ok(0)
    }
}

/// One will do: nothing is written.
struct OneId;

impl ashlar_kernel::IdSource for OneId {
    fn next(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(1)
    }

    fn salt(&self) -> [u8; 32] {
        [1; 32]
    }
}
