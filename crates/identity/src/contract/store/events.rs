//! Laws of the event log, as its writers fill it and its readers empty it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{
    Actor, ActorRef, Context, DiffEntry, LogReader, Outcome, Patch, PermissionSet, Personal, Principal, RequestId,
    Target, TenantId,
};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, noon},
};
use crate::{DisplayName, Locale, ProfilePatch};

/// The log says who did what to what, with which outcome, from where, when and in which request.
pub async fn an_event_carries_its_envelope(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    scene.forget_events().await;
    let session = Uuid::from_u128(5);
    let at = noon() + TimeDelta::milliseconds(120);
    let principal = Principal {
        user: ada.id().as_uuid(),
        session,
        authenticated_at: noon(),
        permissions: PermissionSet::default(),
        withheld: PermissionSet::default(),
    };
    let context = Context {
        actor: Actor::User(principal),
        request_id: RequestId::parse("request-1").unwrap(),
        client_ip: Some("2001:db8::7".parse().unwrap()),
        user_agent: Some("law/1 \"quoted\" \u{e4}".into()),
        trace: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        now: at,
        ..scene.context()
    };
    let patch = ProfilePatch {
        display_name: Patch::Set(DisplayName::parse("Ada").unwrap()),
        locale: Patch::Set(Locale::parse("de").unwrap()),
        ..ProfilePatch::default()
    };

    let mut tx = scene.fixture.store.begin(&context).await.unwrap();
    tx.update_user(ada.clone().edit_profile(patch, at).unwrap()).await.unwrap();
    tx.commit().await.unwrap();

    let [event] = &scene.events().await[..] else { panic!("one event") };
    assert_eq!(event.tenant, TenantId::MAIN);
    assert_eq!((event.name.as_str(), event.schema_version), ("identity.user.profile_updated", 1));
    assert_eq!(event.occurred_at, at);
    let actor = ActorRef { kind: "user".to_owned(), id: Some(ada.id().to_string()), session: Some(session) };
    assert_eq!(event.actor, actor);
    assert_eq!(event.targets, [Target::new("user", ada.id())]);
    assert_eq!(event.outcome, Outcome::Ok);
    let diff =
        [DiffEntry::personal("/display_name", false, true), DiffEntry::plain("/locale", json!(null), json!("de"))];
    assert_eq!(event.diff, diff);
    assert_eq!(event.data, json!({ "user": ada.id() }));
    let is_committed = |held: &Option<Personal>| matches!(held, Some(Personal::Committed(_)));
    assert!(is_committed(&event.source.ip) && is_committed(&event.source.user_agent), "{:?}", event.source);
    assert_eq!(event.request_id, "request-1");
}

/// Events of one unit of work come in the order they were written, and those of an earlier one come first.
pub async fn events_keep_their_order(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let session = scene.session(ada.id(), noon()).await;
    let mut tx = scene.begin().await;
    let ended = session.revoke(crate::RevocationReason::Logout, noon()).unwrap();
    tx.update_session(ended.and(crate::SessionEvent::RefreshRepeated { session: scene.id(), user: ada.id() }))
        .await
        .unwrap();
    tx.update_user(ada.disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();

    let expected = [
        "identity.user.registered",
        "identity.membership.created",
        "identity.session.created",
        "identity.session.revoked",
        "identity.session.refresh_retry",
        "identity.user.disabled",
    ];
    assert_eq!(scene.event_names().await, expected);
    let seal = scene.fixture.log.pending(LogReader::Seal, 100).await.unwrap();
    assert!(seal.iter().map(|event| event.name.as_str()).eq(expected));
}

/// A new event is on both lists; what one reader has handled, the other has not.
pub async fn each_reader_has_a_list_of_its_own(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.try_register("ada@example.org", None).await.unwrap();
    let log = &scene.fixture.log;
    let to_seal = log.pending(LogReader::Seal, 10).await.unwrap();
    let to_dispatch = log.pending(LogReader::Dispatch, 10).await.unwrap();
    assert_eq!(to_seal, to_dispatch);
    assert_eq!(to_seal.len(), 1);

    log.handled(LogReader::Seal, &[to_seal[0].id]).await.unwrap();

    assert_eq!(log.pending(LogReader::Seal, 10).await.unwrap(), []);
    assert_eq!(log.pending(LogReader::Dispatch, 10).await.unwrap(), to_dispatch);
    log.handled(LogReader::Dispatch, &[to_seal[0].id]).await.unwrap();
    assert_eq!(log.pending(LogReader::Dispatch, 10).await.unwrap(), []);
}

/// Handling takes exactly the named events off the list, once; names that are not on it are ignored.
pub async fn a_handled_event_is_not_offered_again(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..3 {
        scene.try_register(&format!("user{number}@example.org"), None).await.unwrap();
    }
    let events = scene.events().await;
    let log = &scene.fixture.log;

    let unknown = Uuid::from_u128(1);
    log.handled(LogReader::Dispatch, &[events[1].id, unknown, events[1].id]).await.unwrap();
    assert_eq!(scene.events().await, [events[0].clone(), events[2].clone()]);
    log.handled(LogReader::Dispatch, &[events[1].id]).await.unwrap();
    log.handled(LogReader::Dispatch, &[]).await.unwrap();
    assert_eq!(scene.events().await.len(), 2);
}

/// A reader with little room is offered the oldest.
pub async fn a_reader_is_offered_as_many_events_as_it_asks_for(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..5 {
        scene.try_register(&format!("user{number}@example.org"), None).await.unwrap();
    }
    let all = scene.events().await;

    assert_eq!(all.len(), 5);
    assert_eq!(scene.fixture.log.pending(LogReader::Dispatch, 2).await.unwrap(), all[..2]);
    assert_eq!(scene.fixture.log.pending(LogReader::Dispatch, 0).await.unwrap(), []);
}
