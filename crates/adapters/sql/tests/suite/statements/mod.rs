//! How many statements a question costs, and by which index it is answered.

mod api_keys;
mod postgres;
mod sqlite;

use std::sync::{Arc, Mutex, PoisonError};

use ashlar_identity::{
    DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectorySort, Identifier, LoginAttempt, LoginFilter,
    LoginPosition, LoginQuery, LoginScope, Membership, MembershipQuery, Role, SessionPosition, SessionQuery,
    TenancyQuery, UserId,
    port::{Directory, FirstAdmin, IdentityStore, LoginHistory},
};
use ashlar_kernel::{Change, EventLog, LogReader, TenantId, TenantSlug};
use ashlar_sql::{SqlOptions, SqlStore};
use chrono::TimeDelta;

use crate::support::{connect, context, member, migrate, newcomer, noon, sign_in};

/// The statements a store has run, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn on(&self, options: &mut SqlOptions) {
        let log = self.clone();
        options.observer = Some(Arc::new(move |seen| {
            assert!(!seen.failed);
            log.0.lock().unwrap_or_else(PoisonError::into_inner).push(seen.sql.to_owned());
        }));
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) async fn watched(mut options: SqlOptions) -> (SqlStore, Log) {
    migrate(&options).await;
    let log = Log::default();
    log.on(&mut options);
    (connect(options).await, log)
}

fn list_of(user: UserId) -> SessionQuery {
    SessionQuery { tenant: TenantId::MAIN, user, now: noon(), after: None, rows: 51 }
}

/// The second page, which is what has to be as cheap as the first.
fn next_page(user: UserId) -> SessionQuery {
    let after = SessionPosition { created_at: noon(), id: uuid::Uuid::max() };
    SessionQuery { after: Some(after), ..list_of(user) }
}

async fn every_read_is_one_statement(store: &SqlStore, log: &Log) {
    let ada = member(store, "ada@example.org").await;
    let change = sign_in(ada, noon());
    let session = change.state().id();
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_session(change).await.unwrap();
    tx.commit().await.unwrap();
    log.take();

    let mut counts = Vec::new();
    let mut count = |what| counts.push((what, log.take().len()));
    for spelling in ["ada@example.org", "ada"] {
        store.credential(TenantId::MAIN, &Identifier::parse(spelling).unwrap()).await.unwrap();
        count("credential");
    }
    assert!(store.session(session).await.unwrap().is_some());
    count("session");
    assert!(store.account(TenantId::MAIN, ada).await.unwrap().is_some());
    count("account");
    assert_eq!(store.sessions(list_of(ada)).await.unwrap().len(), 1);
    count("sessions");
    store.sessions(next_page(ada)).await.unwrap();
    count("sessions, next page");
    store.tenant(&TenantSlug::parse("main").unwrap()).await.unwrap();
    count("tenant");
    let counted = DirectoryQuery { count_up_to: Some(10), ..people(None) };
    assert_eq!(store.people(&counted).await.unwrap().entries.len(), 1);
    count("people, counted");
    assert!(store.person(TenantId::MAIN, ada).await.unwrap().is_some());
    count("person");
    store.memberships(&MembershipQuery { user: ada, after: None, rows: 51 }).await.unwrap();
    count("memberships");
    store.tenancies(&TenancyQuery { after: None, rows: 51 }).await.unwrap();
    count("tenancies");
    for scope in [LoginScope::Person(ada), LoginScope::Tenant(TenantId::MAIN)] {
        store.logins(&attempts(scope)).await.unwrap();
        count("attempts to sign in");
    }
    store.touch_session(session, noon() + TimeDelta::hours(1)).await.unwrap();
    count("touch");
    let events = store.pending(LogReader::Seal, 100).await.unwrap();
    // The list, and then its events, which nobody who asks over HTTP waits for.
    assert_eq!(log.take().len(), 2);
    let ids: Vec<_> = events.into_iter().map(|event| event.id).collect();
    store.handled(LogReader::Seal, &ids).await.unwrap();
    count("handled");
    store.health().await.unwrap();
    count("health");

    assert!(counts.iter().all(|(_, statements)| *statements == 1), "{counts:?}");
}

async fn a_change_is_its_row_and_one_statement_of_events(store: &SqlStore, log: &Log) {
    let change = newcomer("ada@example.org");
    let ada = change.state().clone();
    let claim = Change::new(
        FirstAdmin { user: ada.id(), at: noon() },
        ashlar_identity::UserEvent::BootstrapAdminClaimed { user: ada.id() },
    );
    let mut tx = store.begin(&context()).await.unwrap();
    log.take();

    // However many events explain it.
    let extra = ashlar_identity::UserEvent::Registered { user: ada.id() };
    tx.insert_user(change.and(extra.clone()).and(extra)).await.unwrap();
    assert_eq!(log.take().len(), 2, "insert_user");
    tx.claim_first_admin(claim.clone()).await.unwrap();
    assert_eq!(log.take().len(), 2, "claim_first_admin");
    assert!(!tx.claim_first_admin(claim).await.unwrap());
    assert_eq!(log.take().len(), 1, "a claim that comes too late");
    tx.insert_membership(Membership::create(TenantId::MAIN, ada.id(), Role::Admin, noon())).await.unwrap();
    assert_eq!(log.take().len(), 2, "insert_membership");
    tx.record_login(LoginAttempt::succeeded(ada.id(), 1, vec!["pwd".to_owned()], noon())).await.unwrap();
    assert_eq!(log.take().len(), 2, "record_login");
    tx.update_user(ada.disable(noon()).unwrap()).await.unwrap();
    assert_eq!(log.take().len(), 2, "update_user");
    tx.commit().await.unwrap();
}

/// A page of attempts to sign in, far behind the first.
fn attempts(scope: LoginScope) -> LoginQuery {
    let after = Some(LoginPosition { at: noon(), id: uuid::Uuid::max() });
    LoginQuery { scope, filter: LoginFilter::default(), after, rows: 51 }
}

/// A page of the people of the tenant `main`, newest first.
fn people(after: Option<DirectoryPosition>) -> DirectoryQuery {
    DirectoryQuery {
        tenant: TenantId::MAIN,
        filter: DirectoryFilter::default(),
        sort: DirectorySort::NewestFirst,
        after,
        rows: 51,
        count_up_to: None,
    }
}

/// The first page of people, and one far behind it.
fn pages_of_people() -> [DirectoryQuery; 2] {
    [people(None), people(Some(DirectoryPosition::Created { at: noon(), id: uuid::Uuid::max() }))]
}

/// Somebody with many sessions among others who have as many.
async fn crowd(store: &SqlStore) -> UserId {
    let mut last = None;
    for number in 0..3 {
        let user = member(store, &format!("user{number}@example.org")).await;
        let mut tx = store.begin(&context()).await.unwrap();
        for minute in 0..400 {
            tx.insert_session(sign_in(user, noon() - TimeDelta::minutes(minute))).await.unwrap();
        }
        tx.commit().await.unwrap();
        last = Some(user);
    }
    last.unwrap()
}
