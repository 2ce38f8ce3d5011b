//! Forms of a web page, in a process that is killed: what was answered is there, and nothing is there by halves.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    sync::Arc,
};

use ashlar_kernel::{Actor, Context, EventLog as _, KeyPrincipal, LogReader, RequestId, TenantId, Timestamp};
use ashlar_leads::{LeadForm, Leads, Received, SubmitForm, permission, port::LeadStore as _};
use ashlar_sql::{SqlOptions, SqlStore};
use ashlar_tests::{
    Past, laws_of_databases,
    mortal::{Death, dies, orders},
    stores::{ids, leads, open, prepare},
};
use chrono::TimeDelta;
use uuid::Uuid;

/// People who send forms at once.
const SENDERS: usize = 32;
/// More than it takes to add two groups of leads.
const STATEMENTS: usize = 16;

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
async fn mortal() {
    let Some((number, window, pass, folder, url)) = orders::<(u64, usize, usize, String, String)>() else { return };
    let death = Arc::new(Death::in_window(window, pass));
    let mut options = SqlOptions::parse(&url).unwrap();
    let after_statement = Arc::clone(&death);
    options.observer = Some(Arc::new(move |_seen| after_statement.may_come(1)));
    let leads = leads(SqlStore::connect(options, ids(number)).await.unwrap(), (number, &folder));
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
    prepare(url).await;

    // After an answer nothing may be under way; after a statement something is.
    let deaths = [1, 7, 40, 41, 150].map(|answers| (0, answers)).into_iter();
    let deaths = deaths.chain((1..=STATEMENTS).map(|statements| (1, statements)));
    for (number, (window, pass)) in deaths.enumerate() {
        dies(module_path!(), &(number + 1, window, pass, folder, url), &format!("process {number}"));
    }

    let past = Past::the_product(url);
    past.comes_to_rest().await;
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
    let leads = past.number("SELECT count(*) FROM lead").await;
    assert_eq!(i64::try_from(events.len()).unwrap(), leads, "a lead without its event");
    assert!(events.len() >= thanked.lines().count());
    store.close().await;
}

laws_of_databases!(whoever_was_thanked_is_there_after_kill_nine);
