//! Exchanges that nobody notices.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ashlar_tests::{Database, TestApp, journeys};
use chrono::TimeDelta;

use super::{kid_of, list, published, rotate, turn};

journeys!(
    keys_are_exchanged_by_the_calendar,
    next_key_is_published_a_day_before_it_signs,
    nobody_is_refused_while_keys_are_exchanged,
    racing_schedulers_exchange_keys_once,
    keys_are_for_operators_who_proved_who_they_are,
);

async fn keys_are_exchanged_by_the_calendar(database: Database) {
    let app = TestApp::start(database).await;
    app.operator("ops").await;
    let first = published(&app).await;
    app.advance(TimeDelta::days(29) - TimeDelta::seconds(1));
    assert!(!turn(&app).await, "it is not time yet");

    app.advance(TimeDelta::seconds(1));
    assert!(turn(&app).await && !turn(&app).await, "staged, once");
    let both = published(&app).await;
    assert_eq!((&both[0], both.len()), (&first[0], 2), "the one that signs first");

    app.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    let old = app.log_in("ops").await;
    assert_eq!(kid_of(&old.access), first[0]);
    app.advance(TimeDelta::seconds(1));
    assert!(turn(&app).await);
    let new = app.log_in("ops").await;
    assert_eq!(kid_of(&new.access), both[1]);
    for access in [&old.access, &new.access] {
        app.me(access).await.expect(200);
    }
    let (active, retiring) = ((both[1].clone(), "active".to_owned()), (both[0].clone(), "retiring".to_owned()));
    assert_eq!(published(&app).await, [both[1].clone(), both[0].clone()]);
    assert_eq!(list(&app, &new.access).await, [active.clone(), retiring]);

    app.advance(TimeDelta::minutes(25) + TimeDelta::seconds(5));
    assert!(turn(&app).await && !turn(&app).await);
    let ops = app.log_in("ops").await;
    assert_eq!(published(&app).await, [both[1].clone()]);
    assert_eq!(list(&app, &ops.access).await, [active, (both[0].clone(), "removed".to_owned())]);
    let counts = async |name: &str| app.count_events(name).await;
    assert_eq!([counts("key.staged").await, counts("key.rotated").await, counts("key.retiring").await], [1, 2, 1]);
    let events = app.events().await;
    let removed = events.iter().find(|event| event.name == "identity.key.removed").unwrap();
    assert_eq!((&removed.data["key"], &removed.data["emergency"]), (&first[0].clone().into(), &false.into()));
}

async fn next_key_is_published_a_day_before_it_signs(database: Database) {
    let app = TestApp::start(database).await;
    let ops = app.operator("ops").await;
    let etag = app.client.get("/.well-known/jwks.json").send().await.header("etag").unwrap().to_owned();

    let rotated = rotate(&app, &ops.access, false).await.expect(200);

    let kids = published(&app).await;
    let expected = [(kids[1].clone(), "staged".to_owned()), (kids[0].clone(), "active".to_owned())];
    let mut states = super::states(&rotated);
    states.sort_unstable_by(|one, other| other.1.cmp(&one.1));
    assert_eq!(states, expected);
    assert_eq!(app.names(rotated.request_id()).await, ["identity.key.staged"]);
    let known = app.client.get("/.well-known/jwks.json").header("if-none-match", &etag).send().await;
    assert_eq!(known.status, 200, "whoever has the old set gets the new one");
    let again = rotate(&app, &ops.access, false).await.expect(200);
    assert_eq!((app.names(again.request_id()).await.len(), published(&app).await), (0, kids.clone()));
    app.advance(TimeDelta::hours(24));
    assert!(turn(&app).await);
    assert_eq!(kid_of(&app.log_in("ops").await.access), kids[1]);
}

async fn ask_twenty_times(app: &TestApp, access: &str) {
    for _ in 0..20 {
        app.me(access).await.expect(200);
    }
}

async fn nobody_is_refused_while_keys_are_exchanged(database: Database) {
    let app = Arc::new(TestApp::start(database).await);
    app.operator("ops").await;
    app.register("ada").await.expect(201);
    let over = Arc::new(AtomicBool::new(false));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (app, over) = (Arc::clone(&app), Arc::clone(&over));
        callers.spawn(async move {
            let mut calls = 0;
            // Bounded: who is never told to stop must not go on for ever.
            while calls < 20_000 && !(over.load(Ordering::Relaxed) && calls >= 250) {
                let ada = app.log_in("ada").await;
                ask_twenty_times(&app, &ada.access).await;
                app.refresh(&ada.refresh).await.expect(200);
                calls += 22;
            }
            calls
        });
    }
    for _ in 0..5 {
        let ops = app.log_in("ops").await;
        rotate(&app, &ops.access, false).await.expect(200);
        // No token in use runs out: time passes for the keys, and not for whoever has just signed in.
        age_keys(&app, "1 day", "created_at").await;
        assert!(turn(&app).await);
    }
    over.store(true, Ordering::Relaxed);
    let mut calls = 0;
    while let Some(done) = callers.join_next().await {
        calls += done.unwrap();
    }
    assert!(calls >= 1_000, "{calls}");
    assert_eq!(app.count_events("key.rotated").await, 6);
    age_keys(&app, "1 hour", "retired_at").await;
    assert!(turn(&app).await);
    assert_eq!(app.count_events("key.removed").await, 5);
}

/// Makes every key older than it is.
async fn age_keys(app: &TestApp, by: &str, moment: &str) {
    let earlier = if app.config.database.url.expose().starts_with("sqlite") {
        format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', {moment}, '-{by}')")
    } else {
        format!("{moment} - interval '{by}'")
    };
    app.execute(&format!("UPDATE signing_key SET {moment} = {earlier} WHERE {moment} IS NOT NULL")).await;
}

async fn racing_schedulers_exchange_keys_once(database: Database) {
    let app = Arc::new(TestApp::start(database).await);
    for (days, name) in [(29, "key.staged"), (1, "key.retiring")] {
        app.advance(TimeDelta::days(days));
        let mut schedulers = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let app = Arc::clone(&app);
            schedulers.spawn(async move { turn(&app).await });
        }
        while let Some(done) = schedulers.join_next().await {
            done.unwrap();
        }
        assert_eq!(app.count_events(name).await, 1);
    }
    assert_eq!(published(&app).await.len(), 2);
}

async fn keys_are_for_operators_who_proved_who_they_are(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ops = app.operator("ops").await;
    for emergency in [false, true] {
        rotate(&app, &boss.access, emergency).await.refused(403, "permission_denied");
    }
    app.client.get("/api/v1/admin/keys").bearer(&boss.access).send().await.refused(403, "permission_denied");
    let text = app.client.get("/api/v1/admin/keys").bearer(&ops.access).send().await.expect(200).text();
    assert!(!text.contains("sealed") && !text.contains("private"), "{text}");

    app.advance(TimeDelta::minutes(11));
    list(&app, &ops.access).await;
    rotate(&app, &ops.access, true).await.refused(403, "reauthentication_required");
    let ops = app.log_in("ops").await;
    let unknown = app.client.post("/api/v1/admin/keys/rotate").bearer(&ops.access);
    unknown.json(&serde_json::json!({ "kid": "x" })).send().await.refused(422, "validation");
    app.client.post("/api/v1/admin/keys/rotate").bearer(&ops.access).send().await.expect(200);
}
