//! Forms of a web page, in a process that is killed: what was answered is there, and nothing is there by halves.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    sync::Arc,
    time::Duration,
};

use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_kernel::{
    Actor, Context, EventLog as _, IdSource, KeyPrincipal, LogReader, MacKey, RequestId, SystemClock, TenantId,
    TimeOrderedIds, Timestamp,
};
use ashlar_leads::{
    DisposableDomains, LeadForm, LeadPorts, LeadSettings, Leads, Received, SubmitForm, permission, port::LeadStore as _,
};
use ashlar_memory::{Everybody, SeededEntropy};
use ashlar_sql::{SchemaConnection, SqlOptions, SqlStore};
use ashlar_tests::{
    binary::PostgresDatabase,
    mortal::{Death, dies},
};
use chrono::TimeDelta;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_mins(1);
/// What a process is told: its number, after how many answers it dies, its folder and the URL of the database.
const ORDERS: &str = "ASHLAR_TEST_FORMS_DIE_AT";
/// People who send forms at once.
const SENDERS: usize = 32;

async fn open(url: &str, seed: u64) -> SqlStore {
    SqlStore::connect(SqlOptions::parse(url).unwrap(), ids(seed)).await.unwrap()
}

fn ids(seed: u64) -> Arc<dyn IdSource> {
    Arc::new(TimeOrderedIds::new(Arc::new(SystemClock), Arc::new(SeededEntropy::new(seed))))
}

fn leads(store: SqlStore, number: u64, folder: &str) -> Leads {
    let url = BlobUrl::parse(&format!("file:{folder}")).unwrap();
    let ports = LeadPorts {
        store: Arc::new(store),
        files: Arc::new(BlobFiles::new(url, None, Arc::new(SeededEntropy::new(number))).unwrap()),
        team: Arc::new(Everybody),
        ids: ids(1_000 + number),
    };
    let disposable = DisposableDomains::but_for([]);
    Leads::new(ports, LeadSettings { region: None, disposable, root_key: MacKey::from_bytes([7; 32]) })
}

fn visitor(now: Timestamp) -> Context {
    let permissions = [permission::SUBMIT].into_iter().collect();
    let key = KeyPrincipal { key: Uuid::from_u128(3), owner: Uuid::from_u128(4), permissions };
    let request = RequestId::parse("kill-nine").unwrap();
    Context { actor: Actor::ApiKey(key), ..Context::system("test", TenantId::MAIN, request, now) }
}

/// Sends a form and waits for the thanks.
async fn send(leads: &Leads, email: &str) {
    let began = "2026-01-01T12:00:00Z".parse::<Timestamp>().unwrap();
    let stamp = leads.stamp_form(&visitor(began)).unwrap();
    let (full_name, email) = ("Ada Lovelace".to_owned(), Some(email.to_owned()));
    let form = LeadForm { full_name, email, ..LeadForm::default() };
    let command = SubmitForm { form, honeypot: None, stamp, once: None };
    let received = leads.submit(&visitor(began + TimeDelta::seconds(30)), command).await.unwrap();
    assert_eq!(received, Received::Lead);
}

/// Sends one form after the other, and writes down who was thanked.
async fn keep_sending(leads: Leads, sender: String, thanked: String, death: Arc<Death>) {
    for form in 0.. {
        let email = format!("{sender}.f{form}@example.org");
        send(&leads, &email).await;
        let mut list = OpenOptions::new().append(true).create(true).open(&thanked).unwrap();
        list.write_all(format!("{email}\n").as_bytes()).unwrap();
        death.may_come(0);
    }
}

/// Started by the tests below, in a process of its own: it takes forms in, writes down who was thanked, and dies of it.
/// Without orders it is no test.
#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "how it is told what to do")]
async fn mortal() {
    let Ok(orders) = std::env::var(ORDERS) else { return };
    let [number, answers, folder, url] = orders.splitn(4, ' ').collect::<Vec<_>>().try_into().unwrap();
    let (number, answers): (u64, usize) = (number.parse().unwrap(), answers.parse().unwrap());
    let leads = leads(open(url, number).await, number, folder);
    let death = Arc::new(Death::in_window(0, answers));
    let thanked = format!("{folder}/thanked");
    let senders = (0..SENDERS).map(|sender| {
        let (leads, death, thanked) = (leads.clone(), Arc::clone(&death), thanked.clone());
        tokio::spawn(keep_sending(leads, format!("p{number}.s{sender}"), thanked, death))
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

async fn whoever_was_thanked_is_there_after_kill_nine(url: &str) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    let schema = SchemaConnection::open(&SqlOptions::parse(url).unwrap()).await.unwrap();
    ashlar_migrations::up(schema.connection()).await.unwrap();
    schema.close().await;

    for (number, answers) in [1, 7, 40, 41, 150].into_iter().enumerate() {
        dies((ORDERS, &format!("{} {answers} {folder} {url}", number + 1)), PATIENCE, &format!("process {number}"));
    }

    let store = open(url, 0).await;
    let thanked = fs::read_to_string(format!("{folder}/thanked")).unwrap();
    assert!(thanked.lines().count() >= 239);
    for email in thanked.lines() {
        let lead = store.lead_at(TenantId::MAIN, email).await.unwrap();
        assert!(lead.is_some(), "{email} was thanked");
    }
    let events = store.pending(LogReader::Seal, 10_000).await.unwrap();
    for event in &events {
        let id = event.targets.first().unwrap().id.parse::<Uuid>().unwrap();
        let lead = store.lead(TenantId::MAIN, ashlar_kernel::Id::from_uuid(id)).await.unwrap();
        assert!(lead.is_some(), "an event without its lead");
    }
    assert!(events.len() >= thanked.lines().count());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_thanked_is_there_after_kill_nine_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    whoever_was_thanked_is_there_after_kill_nine(&format!("sqlite:{}", folder.path().join("a.db").display())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_thanked_is_there_after_kill_nine_on_postgres() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    whoever_was_thanked_is_there_after_kill_nine(&database.url()).await;
}
