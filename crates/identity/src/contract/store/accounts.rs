//! Laws of accounts, memberships and the first administrator.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Change, Patch, StoreError, TenantId, TenantSlug};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon},
};
use crate::{
    Account, AvatarUrl, DisplayName, Identifier, Locale, ProfilePatch, Role, User, UserEvent, UserId, UserStatus,
    port::{FirstAdmin, InsertUserError},
};

/// An account is found by its address and its handle, however they are spelt.
pub async fn an_account_is_found_by_address_and_handle_in_any_spelling(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("Ada@B\u{fc}cher.example", Some("Ada.L")).await.id();

    for spelling in ["Ada@B\u{fc}cher.example", " aDA@xn--bcher-kva.EXAMPLE ", "Ada.L", "aDA.l"] {
        assert_eq!(scene.whose(spelling).await, Some(ada), "{spelling}");
    }
    assert_eq!(scene.whose("ada").await, None);
}

/// What is read is what was written: every field, present and absent, edited and not.
pub async fn an_account_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let written = scene.member("Ada@example.org", None).await;
    let patch = ProfilePatch {
        display_name: Patch::Set(DisplayName::parse("Ada \u{1f469}\u{200d}\u{1f52c} O'Lovelace").unwrap()),
        avatar_url: Patch::Set(AvatarUrl::parse("https://example.org/ada.png?size=1").unwrap()),
        locale: Patch::Set(Locale::parse("de-CH").unwrap()),
    };
    let odd_moment = noon() + TimeDelta::milliseconds(7);
    let change = written.clone().edit_profile(patch, odd_moment).unwrap();
    let edited = change.state().clone();

    assert!(same(&scene.stored_user(written.id()).await, &written));
    assert_eq!(scene.account(written.id()).await, Some(Account::of(&written, Role::Member)));
    let mut tx = scene.begin().await;
    tx.update_user(change).await.unwrap();
    tx.commit().await.unwrap();

    assert!(same(&scene.stored_user(written.id()).await, &edited));
    let seen = scene.account(written.id()).await.unwrap();
    assert_eq!(seen, Account::of(&edited, Role::Member));
    assert_eq!((seen.created_at, seen.updated_at, seen.version), (noon(), odd_moment, 2));
}

/// A unit of work sees its own writes before anybody else does.
pub async fn an_account_is_seen_within_its_own_unit_of_work(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let change = scene.newcomer("ada@example.org", None);
    let ada = change.state().clone();

    let mut tx = scene.begin().await;
    assert!(tx.user(ada.id()).await.unwrap().is_none());
    tx.insert_user(change).await.unwrap();

    assert!(same(&tx.user(ada.id()).await.unwrap().unwrap(), &ada));
    assert_eq!(scene.whose("ada@example.org").await, None, "not committed yet");
    tx.commit().await.unwrap();
    assert_eq!(scene.whose("ada@example.org").await, Some(ada.id()));
}

/// A unit of work that is dropped has not happened.
pub async fn a_dropped_unit_of_work_leaves_neither_row_nor_event(fixture: Fixture) {
    let scene = Scene::new(fixture);

    let mut tx = scene.begin().await;
    tx.insert_user(scene.newcomer("ada@example.org", Some("ada"))).await.unwrap();
    drop(tx);

    assert_eq!(scene.whose("ada@example.org").await, None);
    assert_eq!(scene.event_names().await, [""; 0]);
    scene.try_register("ada@example.org", Some("ada")).await.unwrap();
    assert_eq!(scene.event_names().await, ["identity.user.registered"]);
}

/// Once a write was refused, the work can only be dropped: a store that has given up the transaction by itself must not
/// report that it was committed, nor one that has not save the other half.
pub async fn a_unit_of_work_that_was_refused_a_write_cannot_be_committed(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.try_register("ada@example.org", None).await.unwrap();
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    tx.insert_user(scene.newcomer("bob@example.org", None)).await.unwrap();
    assert!(tx.insert_user(scene.newcomer("ada@example.org", None)).await.is_err());

    assert!(matches!(tx.commit().await, Err(StoreError::Internal(_))));
    assert_eq!(scene.whose("bob@example.org").await, None);
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// One address, one account, whatever the spelling.
pub async fn a_taken_address_is_reported_by_name(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.try_register("ada@example.org", Some("ada")).await.unwrap();

    for spelling in ["ada@example.org", "ADA@Example.ORG", "ada\u{ff20}EXAMPLE.org"] {
        let refused = scene.try_register(spelling, Some("other")).await;
        assert!(matches!(refused, Err(InsertUserError::EmailTaken)), "{spelling}");
    }
    assert_eq!(scene.whose("ada@example.org").await, Some(ada));
    assert_eq!(scene.event_names().await.len(), 1, "a refusal leaves no event");
}

/// One handle, one account, upper or lower case. Accounts without a handle do not get in each other's way.
pub async fn a_taken_handle_is_reported_by_name(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.try_register("ada@example.org", Some("ada")).await.unwrap();

    for spelling in ["ada", "ADA", "aDa"] {
        let refused = scene.try_register("other@example.org", Some(spelling)).await;
        assert!(matches!(refused, Err(InsertUserError::UsernameTaken)), "{spelling}");
    }
    scene.try_register("one@example.org", None).await.unwrap();
    scene.try_register("two@example.org", None).await.unwrap();
}

/// The constraint looks at what is not committed yet, too.
pub async fn a_taken_address_is_reported_within_one_unit_of_work(fixture: Fixture) {
    let scene = Scene::new(fixture);

    let mut tx = scene.begin().await;
    tx.insert_user(scene.newcomer("ada@example.org", None)).await.unwrap();
    let refused = tx.insert_user(scene.newcomer("Ada@example.org", None)).await;

    assert!(matches!(refused, Err(InsertUserError::EmailTaken)));
}

/// Of two edits that began with the same copy, the second is refused and changes nothing.
pub async fn a_stale_copy_of_an_account_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.member("ada@example.org", None).await;
    let named = |name: &str| {
        let patch =
            ProfilePatch { display_name: Patch::Set(DisplayName::parse(name).unwrap()), ..ProfilePatch::default() };
        copy.clone().edit_profile(patch, noon()).unwrap()
    };
    let mut tx = scene.begin().await;
    tx.update_user(named("First")).await.unwrap();
    tx.commit().await.unwrap();
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    assert!(matches!(tx.update_user(named("Second")).await, Err(StoreError::Stale)));
    drop(tx);

    let name = scene.account(copy.id()).await.unwrap().display_name.unwrap();
    assert_eq!(name.as_str(), "First");
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// Who is not there has no password to verify.
pub async fn an_unknown_identifier_has_no_credential(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.member("ada@example.org", Some("ada")).await;

    for unknown in ["bob@example.org", "bob", "ada@example.com", "example.org", "ada%", "'or'1'='1"] {
        let identifier = Identifier::parse(unknown).unwrap();
        let found = scene.fixture.store.credential(TenantId::MAIN, &identifier).await.unwrap();
        assert!(found.is_none(), "{unknown}");
    }
}

/// An account is of the whole installation, its place is in one tenant.
pub async fn a_credential_outside_its_tenant_has_no_account(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let outsider = scene.try_register("bob@example.org", None).await.unwrap();
    let store = &scene.fixture.store;
    let [ada_key, bob_key] = ["ada@example.org", "bob@example.org"].map(|text| Identifier::parse(text).unwrap());

    let at_home = store.credential(TenantId::MAIN, &ada_key).await.unwrap().unwrap();
    assert_eq!(at_home.account, Some(Account::of(&ada, Role::Member)));
    assert!(at_home.password == *ada.password());

    let abroad = store.credential(elsewhere(), &ada_key).await.unwrap().unwrap();
    assert_eq!((abroad.user, abroad.account), (ada.id(), None));
    let nowhere = store.credential(TenantId::MAIN, &bob_key).await.unwrap().unwrap();
    assert_eq!((nowhere.user, nowhere.account), (outsider, None));

    assert_eq!(store.account(elsewhere(), ada.id()).await.unwrap(), None);
    assert_eq!(store.account(TenantId::MAIN, outsider).await.unwrap(), None);
}

/// A login sees that an account was shut, and still what it was.
pub async fn a_shut_account_is_told_apart(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let mut tx = scene.begin().await;
    tx.update_user(ada.clone().disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();

    let identifier = Identifier::parse("ada@example.org").unwrap();
    let found = scene.fixture.store.credential(TenantId::MAIN, &identifier).await.unwrap().unwrap();
    assert_eq!(found.status, UserStatus::Disabled);
    assert_eq!(found.account.unwrap().id, ada.id());
}

/// A single-site user never meets the word tenant.
pub async fn the_main_tenant_is_always_there(fixture: Fixture) {
    let main = TenantSlug::parse(TenantSlug::MAIN).unwrap();
    let found = fixture.store.tenant(&main).await.unwrap().unwrap();
    assert_eq!((found.id, found.slug), (TenantId::MAIN, main));

    let unknown = TenantSlug::parse("elsewhere").unwrap();
    assert_eq!(fixture.store.tenant(&unknown).await.unwrap(), None);
}

/// The first to claim it is the administrator; whoever comes later is told so, and goes on with their work.
pub async fn the_first_administrator_is_claimed_once(fixture: Fixture) {
    let scene = Scene::new(fixture);

    assert!(claim(&scene, "ada@example.org").await);
    assert!(!claim(&scene, "bob@example.org").await);

    assert!(scene.whose("bob@example.org").await.is_some());
    let registered = "identity.user.registered";
    assert_eq!(scene.event_names().await, [registered, "identity.user.bootstrap_admin_claimed", registered]);
}

/// A claim counts when it is committed.
pub async fn a_dropped_claim_leaves_the_claim_free(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let change = scene.newcomer("ada@example.org", None);
    let user = change.state().id();

    let mut tx = scene.begin().await;
    tx.insert_user(change).await.unwrap();
    assert!(tx.claim_first_admin(claim_of(user)).await.unwrap());
    drop(tx);

    assert!(claim(&scene, "bob@example.org").await);
}

/// Registers and claims; whether the claim was the first.
async fn claim(scene: &Scene, email: &str) -> bool {
    let change = scene.newcomer(email, None);
    let user = change.state().id();
    let mut tx = scene.begin().await;
    tx.insert_user(change).await.unwrap();
    let is_first = tx.claim_first_admin(claim_of(user)).await.unwrap();
    tx.commit().await.unwrap();
    is_first
}

pub(super) fn claim_of(user: UserId) -> Change<FirstAdmin, UserEvent> {
    Change::new(FirstAdmin { user, at: noon() }, UserEvent::BootstrapAdminClaimed { user })
}

/// Everything there is to know about an account.
fn same(one: &User, other: &User) -> bool {
    Account::of(one, Role::Member) == Account::of(other, Role::Member)
        && one.password() == other.password()
        && one.status() == other.status()
}
