//! Laws of attempts to sign in: they follow from events, and are found again.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Change, Context, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon},
};
use crate::{
    LoginAttempt, LoginFailure, LoginFilter, LoginLine, LoginOutcome, LoginQuery, LoginScope, SecondFactorEvent,
    UserId, device::DeviceRefusal,
};

impl Scene {
    /// Somebody at 192.0.2.7 asks something of `tenant` at `at`.
    fn caller(&self, tenant: TenantId, at: Timestamp) -> Context {
        let (client_ip, user_agent) = (Some("192.0.2.7".parse().unwrap()), Some("browser/1".into()));
        Context { tenant, client_ip, user_agent, now: at, ..self.context() }
    }

    async fn fail(&self, context: &Context, user: Option<UserId>, reason: LoginFailure) {
        let mut tx = self.fixture.store.begin(context).await.unwrap();
        tx.record_login(LoginAttempt::failed(user, format!("hmac-{}", reason.as_str()), reason, context.now))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn logins(&self, scope: LoginScope, filter: LoginFilter) -> Vec<LoginLine> {
        let query = LoginQuery { scope, filter, after: None, rows: 100 };
        self.fixture.store.logins(&query).await.unwrap()
    }
}

const MAIN: LoginScope = LoginScope::Tenant(TenantId::MAIN);

/// Who, from where, how it ended and why; one line for each event, whatever happened to it since.
pub async fn attempts_follow_from_events(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    scene.forget_events().await;
    let context = scene.caller(TenantId::MAIN, noon());
    scene.fail(&context, None, LoginFailure::UnknownIdentifier).await;
    scene
        .fail(&scene.caller(TenantId::MAIN, noon() + TimeDelta::seconds(1)), Some(ada), LoginFailure::WrongPassword)
        .await;
    let later = scene.caller(TenantId::MAIN, noon() + TimeDelta::seconds(2));
    let mut tx = scene.fixture.store.begin(&later).await.unwrap();
    tx.note_second_factor(Change::new((), SecondFactorEvent::Failed { user: ada, attempts_left: 4 })).await.unwrap();
    tx.commit().await.unwrap();
    let nowhere = Context { client_ip: None, user_agent: None, now: noon() + TimeDelta::seconds(3), ..later };
    let mut tx = scene.fixture.store.begin(&nowhere).await.unwrap();
    tx.record_login(LoginAttempt::succeeded(ada, 1, vec!["pwd".to_owned()], nowhere.now)).await.unwrap();
    tx.commit().await.unwrap();
    let last = later_still(&nowhere);
    let mut tx = scene.fixture.store.begin(&last).await.unwrap();
    tx.record_login(LoginAttempt::refused_on_device(ada, DeviceRefusal::Limit, last.now)).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = scene.fixture.store.begin(&later_still(&last)).await.unwrap();
    tx.record_login(LoginAttempt::succeeded(ada, 1, vec!["pwd".to_owned()], noon())).await.unwrap();
    drop(tx);

    let lines = scene.logins(MAIN, LoginFilter::default()).await;

    let events = scene.events().await;
    assert_eq!(events.len(), 5);
    // Events say where from by commitments only: that the attempts say it in full is looked at below.
    let bare = |line: &LoginLine| LoginLine { ip: None, user_agent: None, ..line.clone() };
    let followed: Vec<_> = events.into_iter().rev().filter_map(|event| LoginLine::of(&event.into())).collect();
    assert_eq!(lines.iter().map(bare).collect::<Vec<_>>(), followed);
    let [device, success, code, password, unknown] = &lines[..] else { unreachable!("{lines:?}") };
    assert_eq!((device.outcome, device.user, device.reason), (LoginOutcome::DeviceRefused, Some(ada), None));
    assert_eq!((success.outcome, success.ip, &success.user_agent), (LoginOutcome::Succeeded, None, &None));
    assert_eq!((code.outcome, code.user, code.reason), (LoginOutcome::SecondFactorFailed, Some(ada), None));
    assert_eq!((password.outcome, password.reason), (LoginOutcome::Failed, Some(LoginFailure::WrongPassword)));
    assert_eq!((unknown.user, unknown.at, unknown.tenant), (None, noon(), TenantId::MAIN));
    assert_eq!(unknown.identifier_hmac.as_deref(), Some("hmac-unknown_identifier"));
    assert_eq!((unknown.ip, unknown.user_agent.as_deref()), (context.client_ip, Some("browser/1")));
}

fn later_still(context: &Context) -> Context {
    Context { now: context.now + TimeDelta::seconds(1), ..context.clone() }
}

/// People see those on their account in whichever tenant, administrators those in their tenant, and no others.
pub async fn attempts_are_listed_by_person_and_by_tenant(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, bob) =
        (scene.member("ada@example.org", None).await.id(), scene.member("bob@example.org", None).await.id());
    let (here, there) = (scene.caller(TenantId::MAIN, noon()), scene.caller(elsewhere(), noon() + TimeDelta::hours(1)));
    scene.fail(&here, Some(ada), LoginFailure::WrongPassword).await;
    scene.fail(&here, Some(bob), LoginFailure::Disabled).await;
    scene.fail(&there, Some(ada), LoginFailure::NoMembership).await;
    let nowhere = Context { client_ip: Some("2001:db8::1".parse().unwrap()), ..there.clone() };
    scene.fail(&nowhere, None, LoginFailure::UnknownIdentifier).await;

    let reasons = async |scope, filter: LoginFilter| -> Vec<_> {
        let lines = scene.logins(scope, filter).await;
        lines.into_iter().map(|line| (line.user, line.reason.unwrap())).collect()
    };
    let wrong = (Some(ada), LoginFailure::WrongPassword);
    let (shut, no_member) = ((Some(bob), LoginFailure::Disabled), (Some(ada), LoginFailure::NoMembership));
    let unknown = (None, LoginFailure::UnknownIdentifier);
    let all = LoginFilter::default;
    assert_eq!(reasons(LoginScope::Person(ada), all()).await, [no_member, wrong]);
    assert_eq!(reasons(MAIN, LoginFilter { user: Some(ada), ..all() }).await, [wrong]);
    let there = LoginScope::Tenant(elsewhere());
    assert_eq!(reasons(there, LoginFilter { ip: nowhere.client_ip, ..all() }).await, [unknown]);
    let pseudonym = Some("hmac-disabled".to_owned());
    assert_eq!(reasons(MAIN, LoginFilter { identifier_hmac: pseudonym.clone(), ..all() }).await, [shut]);
    assert_eq!(reasons(there, LoginFilter { identifier_hmac: pseudonym, ..all() }).await, []);
    let (hour, half) = (TimeDelta::hours(1), TimeDelta::minutes(30));
    let theirs = LoginScope::Person(ada);
    assert_eq!(reasons(theirs, LoginFilter { from: Some(noon() + hour), ..all() }).await, [no_member]);
    assert_eq!(reasons(theirs, LoginFilter { before: Some(noon() + hour), ..all() }).await, [wrong]);
    assert_eq!(
        reasons(theirs, LoginFilter { from: Some(noon() + half), before: Some(noon() + hour), ..all() }).await,
        []
    );
    assert_eq!(reasons(theirs, LoginFilter { outcome: Some(LoginOutcome::Succeeded), ..all() }).await, []);
    assert_eq!(reasons(theirs, LoginFilter { outcome: Some(LoginOutcome::Failed), ..all() }).await.len(), 2);
}

/// Newest first, and those of one moment by their ids.
pub async fn pages_of_attempts_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    for millis in [0, 500, 500, 500, 1_000, 999, 1_001] {
        let context = scene.caller(TenantId::MAIN, noon() + TimeDelta::milliseconds(millis));
        scene.fail(&context, Some(ada), LoginFailure::WrongPassword).await;
    }
    let scope = LoginScope::Person(ada);
    let whole = scene.logins(scope, LoginFilter::default()).await;
    assert!(whole.is_sorted_by(|one, next| one.position() > next.position()), "{whole:?}");

    let (mut paged, mut after) = (Vec::new(), None);
    for _page in 0..4 {
        let query = LoginQuery { scope, filter: LoginFilter::default(), after, rows: 2 };
        paged.extend(scene.fixture.store.logins(&query).await.unwrap());
        after = paged.last().map(LoginLine::position);
    }

    assert_eq!((whole.len(), paged), (7, whole));
}

/// The oldest go first, and their events stay.
pub async fn attempts_of_long_ago_are_purged(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for days in 0..5 {
        let context = scene.caller(TenantId::MAIN, noon() + TimeDelta::days(days));
        scene.fail(&context, None, LoginFailure::UnknownIdentifier).await;
    }
    let events = scene.events().await.len();
    let store = &scene.fixture.store;
    let left = async || -> Vec<_> {
        let lines = scene.logins(MAIN, LoginFilter::default()).await;
        lines.into_iter().map(|line| (line.at - noon()).num_days()).collect()
    };

    assert_eq!(store.purge_logins(noon() + TimeDelta::days(3), 2).await.unwrap(), 2);
    assert_eq!(left().await, [4, 3, 2]);
    assert_eq!(store.purge_logins(noon() + TimeDelta::days(3), 2).await.unwrap(), 1);
    assert_eq!(store.purge_logins(noon() + TimeDelta::days(3), 2).await.unwrap(), 0);
    assert_eq!(left().await, [4, 3]);
    assert_eq!(scene.events().await.len(), events);
}
