//! A key that somebody else has.

use ashlar_identity::{port::SigningKeyStore as _, signing_key::KeyState};
use ashlar_tests::{Database, TestApp, journeys};

use super::{kid_of, list, published, rotate, turn};

journeys!(tokens_of_a_leaked_key_die_and_people_stay_signed_in, next_key_is_not_spared_in_an_emergency);

async fn tokens_of_a_leaked_key_die_and_people_stay_signed_in(database: Database) {
    let app = TestApp::start(database).await;
    let ops = app.operator("ops").await;
    let ada = app.sign_up("ada").await;
    let leaked = kid_of(&ada.access);
    // Believed and remembered before.
    app.me(&ada.access).await.expect(200);

    let rotated = rotate(&app, &ops.access, true).await.expect(200);

    assert_eq!(app.names(rotated.request_id()).await, ["identity.key.removed", "identity.key.rotated"]);
    for access in [&ada.access, &ops.access] {
        app.me(access).await.refused(401, "token_invalid");
    }
    let ada = app.refresh(&ada.refresh).await.expect(200).json()["access_token"].as_str().unwrap().to_owned();
    app.me(&ada).await.expect(200);
    assert_ne!(kid_of(&ada), leaked);
    assert_eq!(published(&app).await, [kid_of(&ada)]);
    let stored = app.store.signing_keys().await.unwrap();
    let gone = stored.iter().find(|key| key.kid().as_str() == leaked).unwrap();
    assert_eq!((gone.state(), gone.sealed()), (KeyState::Removed, None), "the private half is gone");
    let events = app.events().await;
    let removed = events.iter().find(|event| event.name == "identity.key.removed").unwrap();
    assert_eq!(removed.data["emergency"], true);
    assert!(!turn(&app).await);
}

async fn next_key_is_not_spared_in_an_emergency(database: Database) {
    let app = TestApp::start(database).await;
    let ops = app.operator("ops").await;
    rotate(&app, &ops.access, false).await.expect(200);
    let before = published(&app).await;

    rotate(&app, &ops.access, true).await.expect(200);

    let after = published(&app).await;
    assert!(after.len() == 1 && !before.contains(&after[0]), "who had one key may have had both");
    let ops = app.log_in("ops").await;
    let states: Vec<_> = list(&app, &ops.access).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, ["active", "removed", "removed"]);
}
