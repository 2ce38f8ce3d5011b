//! New secrets for keys, and races about them.

use ashlar_tests::{Answer, Database, Key, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;
use tokio::task::JoinSet;

journeys!(
    secret_before_is_good_for_a_day,
    secret_before_the_last_is_dead,
    race_of_rotations_leaves_two_good_secrets,
    race_of_revocation_and_use_ends_the_key,
    race_of_revocation_and_rotation_ends_the_key,
);

async fn secret_before_is_good_for_a_day(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let old = app.make_key(&ada.access).await;

    let answer = app.rotate(&ada.access, &old.id).await.expect(200);
    let new = Key::from(&answer);

    assert_eq!(old.id, new.id);
    assert_eq!(old.text.split_at(20).0, new.text.split_at(20).0, "one key id");
    assert_ne!(old.text, new.text);
    let key = &answer.json()["api_key"];
    assert_eq!(key["previous_valid_until"], "2030-01-02T12:00:00.000Z");
    assert_eq!((&key["rotated_at"], &key["status"]), (&json!("2030-01-01T12:00:00.000Z"), &json!("active")));
    app.me_by_key(&new.text).await.expect(200);
    app.me_by_key(&old.text).await.expect(200);
    app.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    app.me_by_key(&old.text).await.expect(200);
    app.advance(TimeDelta::milliseconds(1));
    app.me_by_key(&old.text).await.refused(401, "api_key_invalid");
    app.me_by_key(&new.text).await.expect(200);
    assert_eq!(app.count_events("api_key.rotated").await, 1);
}

async fn secret_before_the_last_is_dead(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let first = app.make_key(&ada.access).await;
    let second = Key::from(&app.rotate(&ada.access, &first.id).await);
    let third = Key::from(&app.rotate(&ada.access, &first.id).await);
    app.me_by_key(&first.text).await.refused(401, "api_key_invalid");
    app.me_by_key(&second.text).await.expect(200);
    app.me_by_key(&third.text).await.expect(200);
    app.end_key(&ada.access, &first.id).await.expect(204);
    for key in [first, second, third] {
        app.me_by_key(&key.text).await.refused(401, "api_key_invalid");
    }
}

async fn all_at_once(calls: impl Iterator<Item = impl Future<Output = Answer> + Send + 'static>) -> Vec<Answer> {
    calls.collect::<JoinSet<_>>().join_all().await
}

async fn race_of_rotations_leaves_two_good_secrets(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let first = app.make_key(&ada.access).await;
    let path = format!("/api/v1/api-keys/{}/rotate", first.id);

    let answers = all_at_once((0..12).map(|_| app.client.post(&path).bearer(&ada.access).send())).await;

    let mut secrets = vec![first.text];
    for answer in &answers {
        match answer.status {
            200 => secrets.push(Key::from(answer).text),
            _ => answer.refused(409, "api_key_changed"),
        }
    }
    assert!(secrets.len() >= 2);
    let mut good = 0;
    for secret in &secrets {
        good += usize::from(app.me_by_key(secret).await.status == 200);
    }
    assert_eq!(good, 2, "the present one and the one before, of {}", secrets.len());
    assert_eq!(app.count_events("api_key.rotated").await, secrets.len() - 1);
}

async fn race_of_revocation_and_use_ends_the_key(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    for _ in 0..10 {
        let key = app.make_key(&ada.access).await;
        let read = || app.client.get("/api/v1/me").header("x-api-key", &key.text).send();
        let end = app.client.delete(&format!("/api/v1/api-keys/{}", key.id)).bearer(&ada.access).send();
        let uses = tokio::spawn(all_at_once([read(), read(), read(), read()].into_iter()));
        end.await.expect(204);

        app.me_by_key(&key.text).await.refused(401, "api_key_invalid");
        for answer in uses.await.unwrap() {
            assert!([200, 401].contains(&answer.status), "{answer:?}");
        }
    }
}

async fn race_of_revocation_and_rotation_ends_the_key(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    for _ in 0..10 {
        let key = app.make_key(&ada.access).await;
        let rotate = app.client.post(&format!("/api/v1/api-keys/{}/rotate", key.id)).bearer(&ada.access).send();
        let end = app.client.delete(&format!("/api/v1/api-keys/{}", key.id)).bearer(&ada.access).send();
        let (rotated, ended) = tokio::join!(tokio::spawn(rotate), tokio::spawn(end));
        let (rotated, ended) = (rotated.unwrap(), ended.unwrap());

        ended.expect(204);
        app.me_by_key(&key.text).await.refused(401, "api_key_invalid");
        if rotated.status == 200 {
            app.me_by_key(&Key::from(&rotated).text).await.refused(401, "api_key_invalid");
        } else {
            assert_eq!(rotated.status, 409, "{rotated:?}");
        }
    }
}
