//! Units of work. The only place that opens transactions.

use std::sync::Arc;

use ashlar_jobs::port::News;
use ashlar_kernel::{Change, Context, DomainEvent, Journal, LogEntry, Receipt, StoreError, TenantId, UnitOfWork};
use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    SqlStore,
    database::{Database, Transaction},
    errors::store_error,
    event_log, request_ledger,
    watch::Watch,
};

impl SqlStore {
    pub(crate) async fn begin_tx(&self, context: &Context) -> Result<SqlTx, StoreError> {
        let tx = self.begin_bare().await?;
        let journal = Journal::new(context.clone(), Arc::clone(self.ids()));
        Ok(SqlTx { tx, journal, store: self.clone(), is_sound: true, has_events: false, has_jobs: false })
    }

    /// A transaction that leaves no events: for what follows from events and is none itself, such as jobs.
    pub(crate) async fn begin_bare(&self) -> Result<Transaction, StoreError> {
        let begun = match self.writer() {
            Database::Postgres(pool) => pool.begin().await.map(Transaction::Postgres),
            Database::Sqlite(writer) => {
                let started = Watch::start();
                let begun = begin_on_sqlite(writer.clone(), Some(SqliteTransactionMode::Immediate)).await?;
                self.watch().waited("writer", started);
                begun
            }
        };
        begun.map_err(|error| self.write_error(error))
    }

    /// A transaction that reads, and sees one moment however long it takes.
    pub(crate) async fn begin_snapshot(&self) -> Result<Transaction, StoreError> {
        let begun = match self.reader() {
            Database::Postgres(pool) => pool.begin_snapshot().await.map(Transaction::Postgres),
            // On SQLite every transaction that reads sees one moment.
            Database::Sqlite(reader) => begin_on_sqlite(reader.clone(), None).await?,
        };
        begun.map_err(store_error)
    }
}

/// A transaction that reads before it writes is refused on SQLite when another has written in between; one that asks for
/// the write lock at once waits its turn instead.
///
/// It begins in a task of its own, which is never given up half way: sqlx forgets a BEGIN that nobody waits for any more,
/// and the connection would go back to the pool with a transaction that nobody ends.
#[expect(clippy::disallowed_methods, reason = "the place the ban points to")]
async fn begin_on_sqlite(
    connection: DatabaseConnection,
    mode: Option<SqliteTransactionMode>,
) -> Result<Result<Transaction, DbErr>, StoreError> {
    let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
    let begin = async move { connection.begin_with_options(options).await.map(Transaction::Sqlite) };
    tokio::spawn(begin.in_current_span()).await.map_err(StoreError::internal)
}

/// One transaction with its journal. It implements the unit of work of every domain.
///
/// Between [`enter`](Self::enter) and [`leave`](Self::leave) it is unsound: a statement that failed or was abandoned
/// half way leaves it so, and then it can only be dropped. PostgreSQL would take such a commit for a rollback and report
/// success, SQLite would save the half.
pub(crate) struct SqlTx {
    pub(crate) tx: Transaction,
    journal: Journal,
    store: SqlStore,
    is_sound: bool,
    has_events: bool,
    has_jobs: bool,
}

impl SqlTx {
    /// Begins to read or write.
    pub(crate) fn enter(&mut self) -> Result<(), StoreError> {
        if !self.is_sound {
            return Err(StoreError::internal("an earlier part of this unit of work failed"));
        }
        self.is_sound = false;
        Ok(())
    }

    /// What was begun is complete.
    pub(crate) fn leave(&mut self) {
        self.is_sound = true;
    }

    /// Begins to save a change: its state, and its events in their envelopes.
    pub(crate) fn open<T, E: DomainEvent>(&mut self, change: Change<T, E>) -> Result<(T, Vec<LogEntry>), StoreError> {
        self.enter()?;
        self.journal.open(change)
    }

    /// The envelopes of one of several changes that are saved together: [`enter`](Self::enter) comes after the last.
    pub(crate) fn open_another<T, E: DomainEvent>(
        &mut self,
        change: Change<T, E>,
    ) -> Result<(T, Vec<LogEntry>), StoreError> {
        self.journal.open(change)
    }

    /// Completes a change: writes the events that explain what was saved.
    pub(crate) async fn explain(&mut self, events: Vec<LogEntry>) -> Result<(), StoreError> {
        let insertion = event_log::insertion(self.tx.get_database_backend(), &events)?;
        self.tx.execute_raw(insertion).await.map_err(|error| self.write_error(error))?;
        self.has_events = true;
        self.leave();
        Ok(())
    }

    /// Workers are told at the commit that there is something to do.
    pub(crate) fn wake_workers(&mut self) {
        self.has_jobs = true;
    }

    pub(crate) const fn store(&self) -> &SqlStore {
        &self.store
    }

    pub(crate) const fn context(&self) -> &Context {
        self.journal.context()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.store.ids().next()
    }

    /// What a failed statement means to the caller.
    pub(crate) fn write_error(&self, error: DbErr) -> StoreError {
        self.store.write_error(error)
    }
}

#[async_trait]
impl UnitOfWork for SqlTx {
    async fn remember(&mut self, receipt: Receipt) -> Result<(), StoreError> {
        self.enter()?;
        let saved = request_ledger::answer(&self.tx, &receipt).await.map_err(|error| self.write_error(error))?;
        if saved == 0 {
            return Err(StoreError::Stale);
        }
        self.leave();
        Ok(())
    }

    async fn forget_answers(&mut self, tenant: TenantId, about: &[Uuid]) -> Result<u64, StoreError> {
        self.enter()?;
        let forgotten = request_ledger::forget(&self.tx, tenant, about).await;
        let forgotten = forgotten.map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(forgotten)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        self.enter()?;
        let Self { tx, store, has_events, has_jobs, .. } = *self;
        tx.commit().await.map_err(|error| store.write_error(error))?;
        if has_events {
            store.rings().ring(News::Events);
        }
        if has_jobs {
            store.rings().ring(News::Jobs);
        }
        Ok(())
    }
}
