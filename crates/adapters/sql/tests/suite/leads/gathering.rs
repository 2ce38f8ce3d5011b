//! Leads that come at the same time are added together, and one's trouble is not another's.

use std::{collections::BTreeSet, future::poll_fn, pin::Pin, task::Poll, time::Duration};

use ashlar_kernel::{Context, EventLog, LogReader, RequestId, StoreError, TenantId};
use ashlar_leads::port::{LeadStore, LeadTx, SaveLeadError};
use ashlar_sql::{SqlOptions, SqlStore};
use sqlx::{AssertSqlSafe, Executor};

use super::plans::newcomer;
use crate::{
    statements::{Log, watched},
    support::{PostgresDatabase, SqliteFile, connect, context, migrate, store_on},
};

type Outcome = Result<(), SaveLeadError>;
type Adding<'s> = Pin<Box<dyn Future<Output = Outcome> + Send + 's>>;

/// A database on which one unit of work at a time can be under way.
fn narrow(mut options: SqlOptions) -> SqlOptions {
    options.connections = 1;
    options
}

/// In a request of its own, which has the name of whoever it is.
async fn add(store: &SqlStore, email: &str) -> Outcome {
    let context = Context { request_id: RequestId::parse(name_of(email)).unwrap(), ..context() };
    store.add_lead(&context, newcomer(email, &[]), None).await
}

fn name_of(email: &str) -> &str {
    email.split_once('@').unwrap().0
}

/// They come while somebody else has the turn to write, in this order.
async fn come_at_once<'s>(store: &'s SqlStore, emails: &'s [String]) -> (Box<dyn LeadTx>, Vec<Adding<'s>>) {
    let turn = LeadStore::begin(store, &context()).await.unwrap();
    let mut adding: Vec<Adding<'s>> = emails.iter().map(|email| Box::pin(add(store, email)) as Adding<'s>).collect();
    poll_fn(|task| {
        assert!(adding.iter_mut().all(|one| one.as_mut().poll(task).is_pending()));
        Poll::Ready(())
    })
    .await;
    (turn, adding)
}

async fn outcomes(adding: Vec<Adding<'_>>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for one in adding {
        outcomes.push(one.await);
    }
    outcomes
}

fn people(names: impl IntoIterator<Item = u32>) -> Vec<String> {
    names.into_iter().map(|name| format!("ada{name}@example.org")).collect()
}

async fn is_known(store: &SqlStore, email: &str) -> bool {
    store.lead_at(TenantId::MAIN, email).await.unwrap().is_some()
}

async fn event_count(store: &SqlStore) -> usize {
    store.pending(LogReader::Seal, 1_000).await.unwrap().len()
}

async fn who_comes_at_once_costs_as_much_as_one(store: &SqlStore, log: &Log) {
    let emails = people(0..40);
    let (turn, adding) = come_at_once(store, &emails).await;
    log.take();
    drop(turn);

    assert!(outcomes(adding).await.iter().all(Result::is_ok));
    let statements = log.take();
    let insertions = statements.iter().filter(|sql| sql.starts_with("INSERT INTO \"lead\" "));
    // Of 40 first 32, then 8: four statements each.
    assert_eq!((insertions.count(), statements.len()), (2, 8), "{statements:#?}");
    let events = store.pending(LogReader::Seal, 1_000).await.unwrap();
    let requests: BTreeSet<_> = events.iter().map(|event| event.request_id.as_str()).collect();
    assert_eq!(events.len(), 40);
    assert_eq!(requests, emails.iter().map(|email| name_of(email)).collect(), "each tells of its own request");
}

/// `eve` is refused by the database: at her statement, or at the commit.
async fn what_is_the_matter_with_one_is_nothing_to_the_others(store: &SqlStore, eve: &str) {
    let mut emails = people(0..7);
    emails.insert(3, eve.to_owned());
    let (turn, adding) = come_at_once(store, &emails).await;
    drop(turn);

    for (email, outcome) in emails.iter().zip(outcomes(adding).await) {
        match outcome {
            Ok(()) => assert_ne!(email, eve),
            Err(SaveLeadError::Store(StoreError::Internal(_))) => assert_eq!(email, eve),
            other => panic!("{email}: {other:?}"),
        }
        assert_eq!(is_known(store, email).await, email != eve, "{email}");
    }
    assert_eq!(event_count(store).await, 7, "nothing is left of what was taken back");
    add(store, "afterwards@example.org").await.unwrap();
}

async fn whoever_has_gone_away_is_not_added(store: &SqlStore) {
    let emails = people(0..6);
    let (turn, mut adding) = come_at_once(store, &emails).await;
    // The first is whose coming began the work.
    drop((adding.remove(4), adding.remove(0)));
    drop(turn);

    assert!(outcomes(adding).await.iter().all(Result::is_ok));
    for (number, email) in emails.iter().enumerate() {
        assert_eq!(is_known(store, email).await, ![0, 4].contains(&number), "{email}");
    }
}

async fn a_database_that_cannot_work_is_unavailable_to_all(store: &SqlStore) {
    let emails = people(0..5);
    let (turn, adding) = come_at_once(store, &emails).await;

    for outcome in outcomes(adding).await {
        assert!(matches!(outcome, Err(SaveLeadError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    }
    drop(turn);
    assert_eq!(event_count(store).await, 0);
    add(store, "afterwards@example.org").await.unwrap();
    assert_eq!(event_count(store).await, 1);
}

/// Patient for half a second.
async fn impatient(options: SqlOptions) -> SqlStore {
    migrate(&options).await;
    let mut options = narrow(options);
    options.acquire_timeout = Duration::from_millis(500);
    connect(options).await
}

mod sqlite {
    use super::*;

    #[tokio::test]
    async fn who_comes_at_once_costs_as_much_as_one() {
        let file = SqliteFile::new();
        let (store, log) = watched(narrow(file.options())).await;
        super::who_comes_at_once_costs_as_much_as_one(&store, &log).await;
    }

    #[tokio::test]
    async fn whoever_has_gone_away_is_not_added() {
        let file = SqliteFile::new();
        let (store, _) = watched(narrow(file.options())).await;
        super::whoever_has_gone_away_is_not_added(&store).await;
    }

    #[tokio::test]
    async fn a_database_that_cannot_work_is_unavailable_to_all() {
        let file = SqliteFile::new();
        super::a_database_that_cannot_work_is_unavailable_to_all(&impatient(file.options()).await).await;
    }

    #[test]
    fn whoever_waits_is_told_when_the_one_who_adds_dies() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (mortal, lasting) = (runtime(), runtime());
        let file = SqliteFile::new();
        let store = lasting.block_on(store_on(narrow(file.options())));
        let emails = people(0..2);
        // The first to come begins the work, on a runtime that does not live to see it done.
        let (turn, first) = mortal.block_on(come_at_once(&store, &emails[..1]));
        let mut second: Adding<'_> = Box::pin(add(&store, &emails[1]));
        lasting.block_on(poll_fn(|task| {
            assert!(second.as_mut().poll(task).is_pending());
            Poll::Ready(())
        }));
        drop((first, mortal));

        let told = lasting.block_on(second);
        assert!(matches!(told, Err(SaveLeadError::Store(StoreError::Contended(_)))), "{told:?}");
        lasting.block_on(async {
            drop(turn);
            add(&store, &emails[1]).await.unwrap();
            assert!(!is_known(&store, &emails[0]).await);
        });
    }

    #[tokio::test]
    async fn a_statement_that_fails_for_one_does_not_for_the_others() {
        let file = SqliteFile::new();
        migrate(&file.options()).await;
        let refusing = "CREATE TRIGGER no_eve BEFORE INSERT ON lead WHEN NEW.email_key = 'eve@example.org' \
                        BEGIN SELECT RAISE(ABORT, 'no'); END";
        file.connection().await.execute(refusing).await.unwrap();
        let store = connect(narrow(file.options())).await;
        what_is_the_matter_with_one_is_nothing_to_the_others(&store, "eve@example.org").await;
    }

    #[tokio::test]
    async fn a_commit_that_fails_for_one_does_not_for_the_others() {
        let file = SqliteFile::new();
        migrate(&file.options()).await;
        let refusing = "CREATE TABLE none (id INTEGER PRIMARY KEY); \
                        CREATE TABLE debt (id INTEGER REFERENCES none (id) DEFERRABLE INITIALLY DEFERRED); \
                        CREATE TRIGGER no_eve AFTER INSERT ON lead WHEN NEW.email_key = 'eve@example.org' \
                        BEGIN INSERT INTO debt VALUES (7); END";
        file.connection().await.execute(refusing).await.unwrap();
        let store = connect(narrow(file.options())).await;
        what_is_the_matter_with_one_is_nothing_to_the_others(&store, "eve@example.org").await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test]
    async fn who_comes_at_once_costs_as_much_as_one() {
        let Some(database) = PostgresDatabase::create().await else { return };
        let (store, log) = watched(narrow(database.options())).await;
        super::who_comes_at_once_costs_as_much_as_one(&store, &log).await;
    }

    #[tokio::test]
    async fn whoever_has_gone_away_is_not_added() {
        let Some(database) = PostgresDatabase::create().await else { return };
        let (store, _) = watched(narrow(database.options())).await;
        super::whoever_has_gone_away_is_not_added(&store).await;
    }

    #[tokio::test]
    async fn a_database_that_cannot_work_is_unavailable_to_all() {
        let Some(database) = PostgresDatabase::create().await else { return };
        super::a_database_that_cannot_work_is_unavailable_to_all(&impatient(database.options()).await).await;
    }

    /// A trigger that refuses one, at once or at the commit.
    async fn refusing(database: &PostgresDatabase, when: &str) -> SqlStore {
        migrate(&database.options()).await;
        let refusing = format!(
            "CREATE FUNCTION no_eve() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.email_key = 'eve@example.org' THEN RAISE 'no'; END IF; RETURN NEW; END $$; \
             CREATE CONSTRAINT TRIGGER no_eve AFTER INSERT ON lead DEFERRABLE INITIALLY {when} \
             FOR EACH ROW EXECUTE FUNCTION no_eve()"
        );
        database.connection().await.execute(AssertSqlSafe(refusing)).await.unwrap();
        connect(narrow(database.options())).await
    }

    #[tokio::test]
    async fn a_statement_that_fails_for_one_does_not_for_the_others() {
        let Some(database) = PostgresDatabase::create().await else { return };
        let store = refusing(&database, "IMMEDIATE").await;
        what_is_the_matter_with_one_is_nothing_to_the_others(&store, "eve@example.org").await;
    }

    #[tokio::test]
    async fn a_commit_that_fails_for_one_does_not_for_the_others() {
        let Some(database) = PostgresDatabase::create().await else { return };
        let store = refusing(&database, "DEFERRED").await;
        what_is_the_matter_with_one_is_nothing_to_the_others(&store, "eve@example.org").await;
    }
}
