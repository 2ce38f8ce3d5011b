//! From the databases' error codes to what a caller can do about it. By code; never by message where there is a code.

use ashlar_kernel::StoreError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr};
use sqlx::{error::DatabaseError, postgres::PgDatabaseError, sqlite::SqliteError};

/// What a failed statement means to the caller.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    let verdict = match &error {
        DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed)
        | DbErr::Conn(RuntimeErr::Internal(_)) => Verdict::Unavailable,
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => judge(cause),
        _ => Verdict::Internal,
    };
    match verdict {
        Verdict::Contended => StoreError::Contended(Box::new(error)),
        Verdict::Unavailable => StoreError::Unavailable(Box::new(error)),
        Verdict::Internal => StoreError::Internal(Box::new(error)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// A race was lost; the same work may succeed at once.
    Contended,
    /// The database cannot work at present.
    Unavailable,
    /// A defect, here or in the file.
    Internal,
}

fn judge(error: &sqlx::Error) -> Verdict {
    match error {
        sqlx::Error::Database(error) => judge_database(&**error),
        // A worker thread of SQLite that is gone takes its connection with it; the pool opens another.
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => Verdict::Unavailable,
        _ => Verdict::Internal,
    }
}

fn judge_database(error: &dyn DatabaseError) -> Verdict {
    let code = error.code().unwrap_or_default();
    if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        return judge_sqlstate(&code);
    }
    match code.parse() {
        Ok(code) if error.try_downcast_ref::<SqliteError>().is_some() => judge_sqlite(code),
        _ => Verdict::Internal,
    }
}

/// By SQLSTATE, PostgreSQL manual, appendix A.
fn judge_sqlstate(code: &str) -> Verdict {
    match code {
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => Verdict::Contended,
        // query_canceled (statement_timeout), admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout,
        // read_only_sql_transaction (a standby), idle_in_transaction_session_timeout, system i/o error
        "57014" | "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03" | "58030" => Verdict::Unavailable,
        // connection exception, insufficient resources (disk full, out of memory, too many connections), bad credentials
        _ if ["08", "53", "28"].iter().any(|class| code.starts_with(class)) => Verdict::Unavailable,
        _ => Verdict::Internal,
    }
}

/// By result code (sqlite.org/rescode.html); the low byte is the primary one.
fn judge_sqlite(code: i32) -> Verdict {
    const BUSY_SNAPSHOT: i32 = 517;
    const LOCKED: i32 = 6;
    // BUSY means that the busy timeout has passed already: whoever holds the file will not let go at once.
    const BUSY_PERM_NOMEM_READONLY_IOERR: [i32; 5] = [5, 3, 7, 8, 10];
    const FULL_CANTOPEN_PROTOCOL: [i32; 3] = [13, 14, 15];

    let primary = code & 0xFF;
    if code == BUSY_SNAPSHOT || primary == LOCKED {
        Verdict::Contended
    } else if BUSY_PERM_NOMEM_READONLY_IOERR.contains(&primary) || FULL_CANTOPEN_PROTOCOL.contains(&primary) {
        Verdict::Unavailable
    } else {
        // CORRUPT and NOTADB too: waiting heals no file.
        Verdict::Internal
    }
}

/// A unique constraint, as each database names it in its errors.
pub(crate) struct UniqueKey {
    /// PostgreSQL names the constraint.
    pub(crate) constraint: &'static str,
    /// SQLite names the columns, and only in the message.
    pub(crate) columns: &'static str,
}

impl UniqueKey {
    /// Whether `error` says that a row would have broken this constraint.
    pub(crate) fn is_broken_by(&self, error: &DbErr) -> bool {
        let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error else {
            return false;
        };
        let sqlx::Error::Database(cause) = &**cause else {
            return false;
        };
        let names_columns = || cause.message().strip_prefix("UNIQUE constraint failed: ") == Some(self.columns);
        cause.is_unique_violation() && cause.constraint().map_or_else(names_columns, |name| name == self.constraint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_races_may_be_repeated() {
        for code in ["40001", "40P01", "55P03"] {
            assert_eq!(judge_sqlstate(code), Verdict::Contended, "{code}");
        }
        assert_eq!(judge_sqlite(517), Verdict::Contended);
        assert_eq!(judge_sqlite(6), Verdict::Contended);
    }

    #[test]
    fn what_may_pass_is_unavailable() {
        for code in ["57014", "57P01", "57P02", "57P03", "08006", "08P01", "53100", "53300", "25006", "25P03", "28P01"]
        {
            assert_eq!(judge_sqlstate(code), Verdict::Unavailable, "{code}");
        }
        let [busy, file_moved, write_failed, full, cannot_open] = [5, 1_032, 778, 13, 14];
        for code in [busy, file_moved, write_failed, full, cannot_open] {
            assert_eq!(judge_sqlite(code), Verdict::Unavailable, "{code}");
        }
        for gone in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed, sqlx::Error::WorkerCrashed] {
            assert_eq!(judge(&gone), Verdict::Unavailable, "{gone}");
        }
    }

    #[test]
    fn the_rest_is_a_defect() {
        for code in ["42P01", "23514", "23505", "25P02", "XX001", ""] {
            assert_eq!(judge_sqlstate(code), Verdict::Internal, "{code}");
        }
        let [error, corrupt, check, not_a_database] = [1, 11, 275, 26];
        for code in [error, corrupt, check, not_a_database] {
            assert_eq!(judge_sqlite(code), Verdict::Internal, "{code}");
        }
    }
}
