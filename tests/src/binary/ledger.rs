//! The accounts of a database and the events that explain them, read past the server.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::Past;

/// What a database holds, ids as 32 hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// E-mail addresses by the user's id.
    pub users: BTreeMap<String, String>,
    /// The user of each membership.
    pub members: Vec<String>,
    /// Every event.
    pub events: Vec<LoggedEvent>,
    /// The events that wait for the sealer.
    pub to_seal: BTreeSet<String>,
    /// The events that were sealed.
    pub sealed: BTreeSet<String>,
    /// The events that wait for their subscribers.
    pub to_dispatch: BTreeSet<String>,
    /// What SQLite's own checks find wrong with the file.
    pub damage: Vec<String>,
}

/// A row of the event log, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its id.
    pub id: String,
    /// What happened.
    pub name: String,
    /// The user it happened to, if it was one.
    pub user: Option<String>,
}

const REGISTERED: &str = "identity.user.registered";
const JOINED: &str = "identity.membership.created";

impl Ledger {
    /// Reads the database of a program.
    pub async fn of(past: &Past) -> Self {
        match past.url().strip_prefix("sqlite:") {
            Some(file) => Self::of_sqlite(Path::new(file)).await,
            None => Self::of_postgres(past.url()).await,
        }
    }

    /// Reads the SQLite file of a server that does not run.
    ///
    /// It reads a copy, the log of the last transactions included: opening the file itself would tidy up what a killed
    /// server left, and that is for the next server to do.
    pub async fn of_sqlite(file: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        fs::copy(file, &copy).unwrap();
        let wal = suffixed(file, "-wal");
        if wal.exists() {
            fs::copy(wal, suffixed(&copy, "-wal")).unwrap();
        }
        let options = SqliteConnectOptions::new().filename(&copy);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let mut damage: Vec<String> =
            sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await.unwrap();
        damage.retain(|finding| finding != "ok");
        let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection).await.unwrap();
        damage.extend(orphans.iter().map(|_| "a foreign key points nowhere".to_owned()));
        let ledger = Self::read(&mut Source::Sqlite(connection)).await;
        Self { damage, ..ledger }
    }

    /// Reads a PostgreSQL database.
    pub async fn of_postgres(url: &str) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        // One moment for all statements: the server may still be at work.
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.unwrap();
        Self::read(&mut Source::Postgres(connection)).await
    }

    async fn read(source: &mut Source) -> Self {
        let id = |column| source.hex(column);
        let users = format!(r#"SELECT {}, email, '' FROM "user""#, id("id"));
        let members = format!("SELECT {}, '', '' FROM membership", id("user_id"));
        let events = format!("SELECT {}, name, CAST(targets AS text) FROM event ORDER BY position", id("id"));
        let pending = |table| format!("SELECT {}, '', '' FROM {table}", id("event_id"));
        let (to_seal, to_dispatch) = (pending("event_seal_pending"), pending("event_dispatch_pending"));
        let sealed = pending("audit_chain");
        Self {
            users: source.rows(users).await.into_iter().map(|(id, email, _)| (id, email)).collect(),
            members: source.rows(members).await.into_iter().map(|(user, ..)| user).collect(),
            events: source.rows(events).await.into_iter().map(LoggedEvent::of_row).collect(),
            to_seal: source.rows(to_seal).await.into_iter().map(|(id, ..)| id).collect(),
            sealed: source.rows(sealed).await.into_iter().map(|(id, ..)| id).collect(),
            to_dispatch: source.rows(to_dispatch).await.into_iter().map(|(id, ..)| id).collect(),
            damage: Vec::new(),
        }
    }

    /// The user of each event of this name.
    fn told(&self, name: &str) -> Vec<&str> {
        let named = self.events.iter().filter(|event| event.name == name);
        named.map(|event| event.user.as_deref().unwrap_or("nobody")).collect()
    }

    /// Everything that is half done, and every account that was promised (by a 201 to this address) and is not there.
    pub fn faults(&self, promised: &BTreeSet<String>) -> Vec<String> {
        let mut faults = self.damage.clone();
        let users: BTreeSet<&str> = self.users.keys().map(String::as_str).collect();
        let members = self.members.iter().map(String::as_str).collect();
        for (what, of) in [(REGISTERED, self.told(REGISTERED)), (JOINED, self.told(JOINED)), ("membership", members)] {
            faults.extend(mismatch(&users, what, &of));
        }
        let events: BTreeSet<&String> = self.events.iter().map(|event| &event.id).collect();
        // The sealer moves them from the list to the chain, each once.
        let waiting: BTreeSet<&String> = self.to_seal.iter().collect();
        let sealed: BTreeSet<&String> = self.sealed.iter().collect();
        let known = waiting.union(&sealed).copied().collect();
        let differences = events.symmetric_difference(&known).chain(waiting.intersection(&sealed));
        faults.extend(differences.map(|id| format!("event {id} and the list of the sealer disagree")));
        // The relay takes events off this one.
        let unknown = self.to_dispatch.iter().filter(|id| !events.contains(id));
        faults.extend(unknown.map(|id| format!("{id} waits for subscribers and is no event")));
        let emails: BTreeSet<&String> = self.users.values().collect();
        let lost = promised.iter().filter(|email| !emails.contains(email));
        faults.extend(lost.map(|email| format!("{email} was told 201 and has no account")));
        faults
    }
}

/// Each user must have exactly one of `what`, and each of them a user.
fn mismatch(users: &BTreeSet<&str>, what: &str, of: &[&str]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = users.iter().map(|user| (*user, 0)).collect();
    for user in of {
        *count.entry(user).or_default() += 1;
    }
    let wrong = count.into_iter().filter(|(user, count)| *count != 1 || !users.contains(user));
    wrong.map(|(user, count)| format!("user {user}: {count} x {what}, row: {}", users.contains(user))).collect()
}

impl LoggedEvent {
    fn of_row((id, name, targets): (String, String, String)) -> Self {
        let targets: Vec<Value> = serde_json::from_str(&targets).unwrap();
        let user = targets.iter().find(|target| target["type"] == "user");
        let user = user.and_then(|target| target["id"].as_str()).map(|id| id.replace('-', ""));
        Self { id, name, user }
    }
}

fn suffixed(file: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

enum Source {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Source {
    /// An id as text, in SQL.
    fn hex(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("lower(hex({column}))"),
            Self::Postgres(_) => format!("replace({column}::text, '-', '')"),
        }
    }

    async fn rows(&mut self, sql: String) -> Vec<(String, String, String)> {
        match self {
            Self::Sqlite(connection) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap(),
            Self::Postgres(connection) => sqlx::query_as(AssertSqlSafe(sql)).fetch_all(connection).await.unwrap(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One account, done properly.
    fn sound() -> Ledger {
        let event = |id: &str, name: &str| LoggedEvent { id: id.into(), name: name.into(), user: Some("u1".into()) };
        let both: BTreeSet<String> = ["e1".into(), "e2".into()].into();
        Ledger {
            users: [("u1".into(), "a@b.example".into())].into(),
            members: vec!["u1".into()],
            events: vec![event("e1", REGISTERED), event("e2", JOINED)],
            to_seal: ["e2".into()].into(),
            sealed: ["e1".into()].into(),
            to_dispatch: both,
            damage: Vec::new(),
        }
    }

    fn faults(spoil: impl FnOnce(&mut Ledger)) -> usize {
        let mut ledger = sound();
        spoil(&mut ledger);
        ledger.faults(&["a@b.example".to_owned()].into()).len()
    }

    #[test]
    fn a_sound_ledger_has_no_faults() {
        assert_eq!(faults(|_| {}), 0);
    }

    #[test]
    fn whatever_is_half_done_is_found() {
        assert!(faults(|ledger| ledger.users.clear()) > 0, "events without their user");
        assert!(faults(|ledger| drop(ledger.events.remove(0))) > 0, "a user without its event");
        assert!(faults(|ledger| ledger.events.push(ledger.events[0].clone())) > 0, "an event told twice");
        assert!(faults(|ledger| ledger.members.clear()) > 0, "no membership");
        assert!(faults(|ledger| ledger.to_seal.clear()) > 0, "an event never to be sealed");
        assert!(faults(|ledger| ledger.sealed.clear()) > 0, "an event that was on the list and is in no chain");
        assert!(faults(|ledger| assert!(ledger.to_seal.insert("e1".into()))) > 0, "an event to be sealed twice");
        assert!(faults(|ledger| assert!(ledger.to_dispatch.insert("e3".into()))) > 0, "a list ahead of the log");
        assert!(faults(|ledger| ledger.damage.push("row 1 missing from index".into())) > 0, "a broken file");
        assert_eq!(sound().faults(&["lost@b.example".to_owned()].into()).len(), 1, "a promise not kept");
    }
}
