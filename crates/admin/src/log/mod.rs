//! Warnings and errors of the installation.

use std::sync::Arc;

use ashlar_kernel::{
    AccessError, Class, Classified, Context, CursorSigner, Id, IdSource, InvalidCursor, Limit, MacKey, Page,
    StoreError, Timestamp,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::{Map, Value};

use crate::permission;

/// How long lines are kept.
pub const LINES_KEPT: TimeDelta = TimeDelta::days(7);
/// How many lines are kept at most, whatever happens.
pub const LINES_MAX: u32 = 200_000;
/// How many rows are deleted at a time.
const ROWS: u32 = 1_000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// It may be a sign of something.
    Warn,
    /// Something went wrong.
    Error,
}

impl LogLevel {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Warn, Self::Error].into_iter().find(|level| level.as_str() == text)
    }
}

/// A warning or an error that a process has logged.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Which.
    pub id: Id<LogLine>,
    /// When.
    pub at: Timestamp,
    /// How bad it is.
    pub level: LogLevel,
    /// Which part of the program says so. At most 128 characters.
    pub target: String,
    /// What it says. At most 1,000 characters.
    pub message: String,
    /// In which request. At most 128 characters.
    pub request_id: Option<String>,
    /// What it says beside that.
    pub fields: Map<String, Value>,
}

/// Which lines to list. All of it has to be true of them.
#[derive(Debug, Clone, Default)]
pub struct LogFilter {
    /// As bad as that.
    pub level: Option<LogLevel>,
    /// Logged then or later.
    pub from: Option<Timestamp>,
    /// Logged before then.
    pub to: Option<Timestamp>,
    /// In this request.
    pub request_id: Option<String>,
    /// By this part of the program, or a part of that.
    pub target: Option<String>,
    /// With this in the message, whatever the case of ASCII letters.
    pub text: Option<String>,
}

/// Which rows to read.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// Which lines.
    pub filter: LogFilter,
    /// Older than this one.
    pub after: Option<Id<LogLine>>,
    /// At most this many.
    pub rows: u64,
}

/// Where lines are kept. They are no state of anything and lead to nothing, so no event explains them.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Adds lines.
    async fn add_lines(&self, lines: Vec<LogLine>) -> Result<(), StoreError>;

    /// The lines a query lets through, newest first.
    async fn lines(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError>;

    /// Deletes lines that were logged before, at most `limit`, and counts them.
    async fn purge_lines(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Deletes lines but for the newest `keep`, at most `limit`, and counts them.
    async fn trim_lines(&self, keep: u32, limit: u32) -> Result<u64, StoreError>;
}

/// Why the log is not shown.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for LogError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Warnings and errors of the installation, for its operators. Cheap to clone.
#[derive(Clone)]
pub struct SystemLog {
    store: Arc<dyn LogStore>,
    ids: Arc<dyn IdSource>,
    cursors: CursorSigner,
}

impl SystemLog {
    /// On a store; cursors are signed with a key derived from `root`.
    pub fn new(store: Arc<dyn LogStore>, ids: Arc<dyn IdSource>, root: &MacKey) -> Self {
        Self { store, ids, cursors: CursorSigner::new(root) }
    }

    /// Lines, newest first.
    pub async fn lines(
        &self,
        context: &Context,
        filter: LogFilter,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<LogLine>, LogError> {
        context.authorize(permission::READ_LOG)?;
        let (tenant, list) = (context.tenant, format!("log {filter:?}"));
        let after = cursor.map(|cursor| self.cursors.open::<Id<LogLine>>(tenant, &list, cursor)).transpose()?;
        let query = LogQuery { filter, after, rows: limit.with_one_ahead() };
        let rows = self.store.lines(&query).await?;
        let seal = |line: &LogLine| self.cursors.seal(tenant, &list, &line.id);
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// The id of another line.
    pub fn new_id(&self) -> Id<LogLine> {
        Id::new(&*self.ids)
    }

    /// Keeps lines.
    pub async fn keep(&self, lines: Vec<LogLine>) -> Result<(), StoreError> {
        if lines.is_empty() { Ok(()) } else { self.store.add_lines(lines).await }
    }

    /// Deletes lines of long ago, and the oldest of too many, and counts them.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let old = self.store.purge_lines(now - LINES_KEPT, ROWS).await?;
            let surplus = self.store.trim_lines(LINES_MAX, ROWS).await?;
            purged += old + surplus;
            if old.max(surplus) < u64::from(ROWS) {
                return Ok(purged);
            }
        }
    }
}
