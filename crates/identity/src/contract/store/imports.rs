//! Laws of accounts that come from other systems, and of the hashes of passwords.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Change, Outcome, StoreError, Target, TenantId};
use chrono::TimeDelta;
use serde_json::json;

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon},
};
use crate::{
    Account, DisplayName, Email, ForeignId, HashClass, Identifier, ImportEvent, ImportObstacle, ImportSource,
    ImportedUser, NewImport, PasswordHash, Rehash, Role, UserStatus, Username, WeakPassword,
};

const OLD: &str = "pbkdf2_sha256$20$salt$b3V0cHV0";

fn newcomer(scene: &Scene, foreign_id: &str, email: &str, username: Option<&str>) -> NewImport {
    NewImport {
        id: scene.id(),
        tenant: TenantId::MAIN,
        source: ImportSource::parse("django:auth.user").unwrap(),
        foreign_id: ForeignId::parse(foreign_id).unwrap(),
        email: Email::parse(email).unwrap(),
        username: username.map(|name| Username::parse(name).unwrap()),
        display_name: Some(DisplayName::parse("Ada L\u{f6}velace").unwrap()),
        password: PasswordHash::restore(OLD.to_owned()),
        status: UserStatus::Active,
        role: Role::Staff,
        created_at: noon() - TimeDelta::days(3_000),
        last_login_at: Some(noon() - TimeDelta::days(1)),
    }
}

fn import(new: NewImport) -> Change<ImportedUser, ImportEvent> {
    ImportedUser::import(new, noon())
}

async fn save(scene: &Scene, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError> {
    let mut tx = scene.begin().await;
    tx.import_users(changes).await?;
    tx.commit().await
}

/// What was taken over is there as it was: who they are, since when, what they may do, and that it came from elsewhere.
pub async fn an_imported_account_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let disabled = NewImport {
        status: UserStatus::Disabled,
        role: Role::Admin,
        last_login_at: None,
        ..newcomer(&scene, "8", "bob@example.org", None)
    };
    let changes = vec![import(newcomer(&scene, "7", "Ada@example.org", Some("Ada.L"))), import(disabled)];
    let [ada, bob] = [0, 1].map(|at| changes[at].state().user().clone());

    save(&scene, changes).await.unwrap();

    assert_eq!(scene.account(ada.id()).await, Some(Account::of(&ada, Role::Staff)));
    assert_eq!(scene.account(bob.id()).await, Some(Account::of(&bob, Role::Admin)));
    let seen = scene.account(ada.id()).await.unwrap();
    assert_eq!((seen.created_at, seen.updated_at), (noon() - TimeDelta::days(3_000), noon()));
    for spelling in ["aDA@example.org", "ada.l"] {
        assert_eq!(scene.whose(spelling).await, Some(ada.id()), "{spelling}");
    }
    let stored = scene.stored_user(bob.id()).await;
    assert_eq!((stored.status(), stored.password().as_str()), (UserStatus::Disabled, OLD));
    let events = scene.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].name.as_str(), events[0].outcome), ("identity.user.imported", Outcome::Ok));
    assert_eq!(events[0].targets, [Target::new("user", ada.id())]);
    let data = json!({
        "user": ada.id(), "source": "django:auth.user", "role": "staff", "status": "active",
        "password": "pbkdf2_sha256$20",
    });
    assert_eq!(events[0].data, data);
}

/// A run that is repeated finds what it has done, and everybody who was there before.
pub async fn what_stands_in_the_way_of_an_import_is_named(fixture: Fixture) {
    let scene = Scene::new(fixture);
    save(&scene, vec![import(newcomer(&scene, "7", "ada@example.org", Some("ada")))]).await.unwrap();
    scene.member("bob@example.org", Some("bob")).await;
    let obstacles = async |users: Vec<NewImport>| {
        let users: Vec<_> = users.into_iter().map(|new| import(new).into_parts().0).collect();
        scene.fixture.store.import_obstacles(&users).await.unwrap()
    };
    let other_source = ImportSource::parse("django:accounts.user").unwrap();

    let found = obstacles(vec![
        newcomer(&scene, "7", "ada@example.org", Some("ada")),
        newcomer(&scene, "7", "moved@example.org", None),
        newcomer(&scene, "8", "ADA@Example.org", None),
        newcomer(&scene, "9", "BOB@example.org", Some("bob")),
        newcomer(&scene, "10", "new@example.org", Some("BOB")),
        newcomer(&scene, "11", "new@example.org", Some("new")),
        newcomer(&scene, "12", "another@example.org", None),
    ])
    .await;

    let (before, email) = (Some(ImportObstacle::ImportedBefore), Some(ImportObstacle::EmailTaken));
    assert_eq!(found, [before, before, email, email, Some(ImportObstacle::UsernameTaken), None, None]);
    let elsewhere = NewImport { tenant: elsewhere(), ..newcomer(&scene, "7", "eve@example.org", None) };
    assert_eq!(obstacles(vec![elsewhere]).await, [None], "another tenant counts for itself");
    let other = NewImport { source: other_source, ..newcomer(&scene, "7", "eve@example.org", None) };
    assert_eq!(obstacles(vec![other]).await, [None], "and so does another system");
    assert_eq!(obstacles(Vec::new()).await, []);
}

/// Whoever comes between the look and the write is noticed, and nothing is saved of the whole list.
pub async fn an_import_that_is_too_late_is_stale(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.member("bob@example.org", Some("bob")).await;
    save(&scene, vec![import(newcomer(&scene, "7", "ada@example.org", None))]).await.unwrap();
    scene.forget_events().await;

    for late in [
        newcomer(&scene, "20", "BOB@example.org", None),
        newcomer(&scene, "20", "late@example.org", Some("Bob")),
        newcomer(&scene, "7", "late@example.org", None),
        newcomer(&scene, "19", "late@example.org", None),
        newcomer(&scene, "20", "first@example.org", None),
    ] {
        let first = import(newcomer(&scene, "19", "first@example.org", None));
        let refused = save(&scene, vec![first, import(late)]).await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    }

    assert_eq!(scene.whose("first@example.org").await, None);
    assert_eq!(scene.event_names().await, [""; 0]);
    save(&scene, Vec::new()).await.unwrap();
    save(&scene, vec![import(newcomer(&scene, "19", "first@example.org", None))]).await.unwrap();
}

/// How many passwords are hashed in which way is known.
pub async fn the_classes_of_hashes_are_counted(fixture: Fixture) {
    let scene = Scene::new(fixture);
    assert_eq!(scene.fixture.store.password_classes().await.unwrap(), []);
    let unusable =
        |id: &str, email: &str| NewImport { password: PasswordHash::unusable(), ..newcomer(&scene, id, email, None) };
    scene.member("own@example.org", None).await;
    let changes = [
        newcomer(&scene, "1", "one@example.org", None),
        newcomer(&scene, "2", "two@example.org", None),
        unusable("3", "three@example.org"),
    ];
    save(&scene, changes.map(import).into()).await.unwrap();

    let mut classes = scene.fixture.store.password_classes().await.unwrap();
    classes.sort();
    let class = |text: &str| HashClass::restore(text.to_owned());
    assert_eq!(classes, [(class("other"), 1), (class("pbkdf2_sha256$20"), 2), (class("unusable"), 1)]);
}

/// A password is hashed again without anybody's copy of the account going stale.
pub async fn a_rehash_replaces_the_hash_and_nothing_else(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.member("ada@example.org", None).await;
    let before = scene.account(copy.id()).await;
    scene.forget_events().await;
    let hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$b3V0cHV0";

    assert!(rehash(&scene, copy.password(), hash, &copy).await);

    assert_eq!(scene.stored_user(copy.id()).await.password().as_str(), hash);
    assert_eq!(scene.account(copy.id()).await, before);
    let events = scene.events().await;
    assert_eq!((events.len(), events[0].name.as_str()), (1, "identity.password.rehashed"));
    assert_eq!(events[0].targets, [Target::new("user", copy.id())]);
    let data = json!({ "user": copy.id(), "from": "other", "to": "$argon2id$v=19$m=8,t=1,p=1" });
    assert_eq!(events[0].data, data);
    let classes = scene.fixture.store.password_classes().await.unwrap();
    assert_eq!(classes, [(HashClass::restore("$argon2id$v=19$m=8,t=1,p=1".to_owned()), 1)]);
    let mut tx = scene.begin().await;
    tx.update_user(copy.disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
}

/// A password that was changed meanwhile stands, and so does the work that wanted to hash the old one again.
pub async fn a_rehash_that_is_too_late_leaves_no_trace(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    assert!(rehash(&scene, ada.password(), "$changed", &ada).await);
    scene.forget_events().await;

    assert!(!rehash(&scene, ada.password(), "$late", &ada).await);

    let identifier = Identifier::parse("ada@example.org").unwrap();
    let stored = scene.fixture.store.credential(TenantId::MAIN, &identifier).await.unwrap().unwrap();
    assert_eq!(stored.password.as_str(), "$changed");
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// A weak password is noted with its event and is no edit. Of another password nothing is noted, and nothing is known.
pub async fn a_weak_password_is_known_until_the_next_one(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let bob = scene.member("bob@example.org", None).await;
    let is_weak = async |of: &crate::User| scene.account(of.id()).await.unwrap().is_password_weak;
    assert!(!is_weak(&ada).await);
    scene.forget_events().await;

    assert!(!note_weak(&scene, &ada, 2).await, "a password that it has not");
    assert_eq!((is_weak(&ada).await, scene.event_names().await), (false, vec![]));
    assert!(note_weak(&scene, &ada, 1).await);

    assert_eq!((is_weak(&ada).await, is_weak(&bob).await), (true, false));
    let stored = scene.stored_user(ada.id()).await;
    assert_eq!((stored.is_password_weak(), stored.version()), (true, ada.version()));
    assert_eq!(scene.event_names().await, ["identity.password.found_weak"]);
    let mut tx = scene.begin().await;
    tx.update_user(ada.clone().change_password(PasswordHash::restore("$new".to_owned()), noon())).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!is_weak(&ada).await);
}

async fn note_weak(scene: &Scene, of: &crate::User, credential_version: u32) -> bool {
    let mut tx = scene.begin().await;
    let is_noted = tx.note_weak_password(WeakPassword::found(of.id(), credential_version)).await.unwrap();
    tx.commit().await.unwrap();
    is_noted
}

async fn rehash(scene: &Scene, before: &PasswordHash, after: &str, of: &crate::User) -> bool {
    let after = PasswordHash::restore(after.to_owned());
    let mut tx = scene.begin().await;
    let is_replaced = tx.rehash_password(Rehash::replace(of.id(), before.clone(), after)).await.unwrap();
    tx.commit().await.unwrap();
    is_replaced
}
