//! One newcomer's way through everything there is, and the trace it leaves in the event log.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_kernel::{EventRecord, Outcome, Personal};
use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

journeys!(every_step_of_the_flow_leaves_its_events, events_hold_no_secret_and_no_address);

/// What one request left in the log.
struct Trace(Vec<EventRecord>);

impl Trace {
    async fn of(app: &TestApp, answer: &Answer) -> Self {
        let id = answer.request_id().to_owned();
        Self(app.events().await.into_iter().filter(|event| event.request_id == id).collect())
    }

    /// Fails unless exactly these events were left, all of them done by `actor` through `session`.
    #[track_caller]
    fn is(&self, names: &[&str], outcome: Outcome, actor: Option<&SignedIn>) {
        let found: Vec<_> = self.0.iter().map(|event| event.name.strip_prefix("identity.").unwrap()).collect();
        assert_eq!(found, names);
        for event in &self.0 {
            let by = event.actor.id.as_deref();
            assert_eq!(by, actor.map(|actor| actor.user.as_str()), "{}", event.name);
            let through = event.actor.session.map(|session| session.to_string());
            assert_eq!(through, actor.map(|actor| actor.session.clone()), "{}", event.name);
            assert_eq!(event.outcome, outcome, "{}", event.name);
            assert!(matches!(event.source.ip, Some(Personal::Committed(_))), "{}", event.name);
        }
    }
}

async fn every_step_of_the_flow_leaves_its_events(database: Database) {
    let app = TestApp::start(database).await;

    let registered = app.register("ada").await.expect(201);
    let names = ["user.registered", "user.bootstrap_admin_claimed", "membership.created"];
    Trace::of(&app, &registered).await.is(&names, Outcome::Ok, None);
    let second = app.register("bob").await.expect(201);
    Trace::of(&app, &second).await.is(&["user.registered", "membership.created"], Outcome::Ok, None);

    let failed = app.try_log_in("ada@example.org", "not-the-password").await.expect(401);
    Trace::of(&app, &failed).await.is(&["login.failed"], Outcome::Failed, None);
    let login = app.try_log_in("ada", PASSWORD).await;
    let ada = SignedIn::from(&login);
    Trace::of(&app, &login).await.is(
        &["device.registered", "session.created", "login.succeeded"],
        Outcome::Ok,
        Some(&ada),
    );

    let read = app.me(&ada.access).await.expect(200);
    Trace::of(&app, &read).await.is(&[], Outcome::Ok, Some(&ada));
    let edited = app.edit(&ada.access, &json!({ "locale": "de-CH" })).await.expect(200);
    let trace = Trace::of(&app, &edited).await;
    trace.is(&["user.profile_updated"], Outcome::Ok, Some(&ada));
    assert_eq!(
        serde_json::to_value(&trace.0[0].diff).unwrap(),
        json!([{ "path": "/locale", "old": null, "new": "de-CH" }])
    );
    let unchanged = app.edit(&ada.access, &json!({ "locale": "de-CH" })).await.expect(200);
    Trace::of(&app, &unchanged).await.is(&[], Outcome::Ok, Some(&ada));

    refreshes_and_ends_leave_their_events(&app, &ada).await;
}

async fn refreshes_and_ends_leave_their_events(app: &TestApp, ada: &SignedIn) {
    let rotated = app.refresh(&ada.refresh).await.expect(200);
    Trace::of(app, &rotated).await.is(&["session.refreshed"], Outcome::Ok, Some(ada));
    let repeated = app.refresh(&ada.refresh).await.expect(200);
    Trace::of(app, &repeated).await.is(&["session.refresh_retry"], Outcome::Ok, Some(ada));

    let other = app.log_in("ada").await;
    let ended = app.end(&ada.access, &other.session).await.expect(204);
    Trace::of(app, &ended).await.is(&["session.revoked"], Outcome::Ok, Some(ada));
    let again = app.end(&ada.access, &other.session).await.expect(204);
    Trace::of(app, &again).await.is(&[], Outcome::Ok, Some(ada));

    app.advance(TimeDelta::seconds(11));
    let reused = app.refresh(&ada.refresh).await.expect(401);
    Trace::of(app, &reused).await.is(&["session.refresh_reuse_detected"], Outcome::Denied, Some(ada));

    let last = app.log_in("ada").await;
    let out = app.log_out(&last.access).await.expect(204);
    Trace::of(app, &out).await.is(&["session.revoked"], Outcome::Ok, Some(&last));
    let twice = app.log_out(&last.access).await.expect(204);
    Trace::of(app, &twice).await.is(&[], Outcome::Ok, Some(&last));
}

async fn events_hold_no_secret_and_no_address(database: Database) {
    let app = TestApp::start(database).await;
    let form = json!({
        "email": "Secret.Address@example.org", "username": "ada", "password": PASSWORD, "display_name": "Ada Secretname"
    });
    app.client.post("/api/v1/auth/register").json(&form).send().await.expect(201);
    app.try_log_in("secret.address@example.org", "hunter2-hunter2").await.expect(401);
    app.try_log_in("stranger-secret@example.org", PASSWORD).await.expect(401);
    let ada = app.log_in("ada").await;
    let patch = json!({ "display_name": "Another Secretname", "avatar_url": "https://cdn.example.org/secretname.png" });
    app.edit(&ada.access, &patch).await.expect(200);
    let next = SignedIn::from(&app.refresh(&ada.refresh).await);
    app.log_out(&next.access).await.expect(204);

    let events = app.events().await;
    // The first of them is the signing key of the installation.
    assert_eq!(events.len(), 12, "{events:#?}");
    let log = serde_json::to_string(&events).unwrap().to_lowercase();
    let secrets = [PASSWORD, "hunter2", "secret.address", "stranger-secret", "secretname", "asr1_", "eyj", "argon2"];
    for secret in secrets.iter().chain(&[ada.access.as_str(), &ada.refresh, &next.access, &next.refresh]) {
        assert!(!log.contains(&secret.to_lowercase()), "the log holds {secret}");
    }
}
