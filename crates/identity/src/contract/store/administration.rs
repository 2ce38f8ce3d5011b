//! Laws of what administrators read and write.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Patch, StoreError, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{POLICY, Scene, list_of, noon},
};
use crate::{
    Account, DirectoryEntry, DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectorySort, DisplayName,
    LoginAttempt, Membership, ProfilePatch, RevocationReason, Role, SearchTerm, SessionSweep, UserId, UserStatus,
    port::{AdmitError, KeepAdminError},
};

/// The first page of the tenant `main`, newest first.
pub(super) fn directory_of(filter: DirectoryFilter) -> DirectoryQuery {
    DirectoryQuery {
        tenant: TenantId::MAIN,
        filter,
        sort: DirectorySort::NewestFirst,
        after: None,
        rows: 1_000,
        count_up_to: None,
    }
}

async fn names(scene: &Scene, query: &DirectoryQuery) -> Vec<String> {
    let found = scene.fixture.store.people(query).await.unwrap().entries;
    let local = |entry: &DirectoryEntry| entry.account.email.key().split('@').next().unwrap_or_default().to_owned();
    found.iter().map(local).collect()
}

async fn save(scene: &Scene, change: ashlar_kernel::Change<Membership, crate::MembershipEvent>) {
    let mut tx = scene.begin().await;
    tx.update_membership(change).await.unwrap();
    tx.commit().await.unwrap();
}

async fn membership(scene: &Scene, tenant: TenantId, user: UserId) -> Option<Membership> {
    scene.begin().await.membership(tenant, user).await.unwrap()
}

/// What is shown of a person is what was written, and only to the tenants they are a member of.
pub async fn a_person_is_seen_in_their_own_tenants_only(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", Some("ada")).await;
    let acme = scene.tenant("acme").await.tenant().id;
    let store = &scene.fixture.store;
    let at_home = DirectoryEntry {
        account: Account::of(&ada, Role::Member),
        status: UserStatus::Active,
        home: TenantId::MAIN,
        member_since: noon(),
        last_login_at: None,
        membership_version: 1,
    };

    assert_eq!(store.person(TenantId::MAIN, ada.id()).await.unwrap(), Some(at_home.clone()));
    assert_eq!(store.person(acme, ada.id()).await.unwrap(), None);
    assert_eq!(store.person(TenantId::MAIN, scene.id()).await.unwrap(), None);

    scene.admit(acme, ada.id(), Role::Staff).await;
    let later = noon() + TimeDelta::milliseconds(7);
    let mut tx = scene.begin().await;
    tx.record_login(LoginAttempt::succeeded(ada.id(), 1, vec!["pwd".to_owned()], later)).await.unwrap();
    tx.commit().await.unwrap();
    let abroad = store.person(acme, ada.id()).await.unwrap().unwrap();
    assert_eq!((abroad.account.role, abroad.home, abroad.last_login_at), (Role::Staff, TenantId::MAIN, Some(later)));
    let query = DirectoryQuery { tenant: acme, ..directory_of(DirectoryFilter::default()) };
    assert_eq!(store.people(&query).await.unwrap().entries, [abroad]);
}

/// By age both ways, to the millisecond, and by address.
pub async fn the_directory_is_sorted_three_ways(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for (name, millis) in [("cyd", 999), ("ada", 1_000), ("bob", 0), ("dan", 1_000)] {
        let at = noon() + TimeDelta::milliseconds(millis);
        scene.person(&format!("{name}@example.org"), None, Role::Member, at).await;
    }
    let sorted = async |sort| names(&scene, &DirectoryQuery { sort, ..directory_of(DirectoryFilter::default()) }).await;

    assert_eq!(sorted(DirectorySort::NewestFirst).await, ["dan", "ada", "cyd", "bob"]);
    assert_eq!(sorted(DirectorySort::OldestFirst).await, ["bob", "cyd", "ada", "dan"]);
    assert_eq!(sorted(DirectorySort::Email).await, ["ada", "bob", "cyd", "dan"]);
}

/// Each filter lets through what it names, all of them together what passes each; a search looks at address, handle and
/// name in every spelling, and takes what people type literally.
pub async fn the_directory_is_filtered_and_searched(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.person("ada@example.org", Some("countess"), Role::Admin, noon()).await;
    let bob = scene.person("bob_1@example.com", None, Role::Staff, noon() + TimeDelta::hours(1)).await;
    scene.person("cyd@example.org", None, Role::Member, noon() + TimeDelta::hours(2)).await;
    let name = Patch::Set(DisplayName::parse("B\u{d6}B 100%\\").unwrap());
    let change = bob.edit_profile(ProfilePatch { display_name: name, ..ProfilePatch::default() }, noon()).unwrap();
    let shut = change.state().clone().disable(noon()).unwrap();
    let mut tx = scene.begin().await;
    tx.update_user(change).await.unwrap();
    tx.update_user(shut).await.unwrap();
    tx.commit().await.unwrap();
    let found = async |filter| names(&scene, &directory_of(filter)).await;
    let none = DirectoryFilter::default;

    assert_eq!(found(DirectoryFilter { status: Some(UserStatus::Disabled), ..none() }).await, ["bob_1"]);
    assert_eq!(found(DirectoryFilter { role: Some(Role::Admin), ..none() }).await, ["ada"]);
    let from = Some(noon() + TimeDelta::hours(1));
    assert_eq!(found(DirectoryFilter { created_from: from, ..none() }).await, ["cyd", "bob_1"]);
    assert_eq!(found(DirectoryFilter { created_before: from, ..none() }).await, ["ada"]);
    assert_eq!(found(DirectoryFilter { created_from: from, role: Some(Role::Member), ..none() }).await, ["cyd"]);
    for (term, expected) in [
        ("example.ORG", vec!["cyd", "ada"]),
        ("Tess", vec!["ada"]),
        ("b\u{f6}b", vec!["bob_1"]),
        ("100%", vec!["bob_1"]),
        ("%\\", vec!["bob_1"]),
        ("_1@", vec!["bob_1"]),
        ("a_a", vec![]),
        ("%", vec!["bob_1"]),
        ("nobody", vec![]),
        ("'or'1'='1", vec![]),
    ] {
        let search = Some(SearchTerm::parse(term).unwrap());
        assert_eq!(found(DirectoryFilter { search, ..none() }).await, expected, "{term}");
    }
    assert_eq!(ada.search_key().lines().count(), 3 - 1, "the name that is missing is an empty line");
}

/// Page by page, everybody is shown once, however the list is sorted and wherever a page ends.
pub async fn pages_of_the_directory_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0_i64..13 {
        let at = noon() + TimeDelta::milliseconds(number / 4);
        scene.person(&format!("p{}@example.org", number * 7 % 13), None, Role::Member, at).await;
    }
    let store = &scene.fixture.store;
    for sort in [DirectorySort::NewestFirst, DirectorySort::OldestFirst, DirectorySort::Email] {
        let whole = DirectoryQuery { sort, ..directory_of(DirectoryFilter::default()) };
        let all = store.people(&whole).await.unwrap().entries;
        assert_eq!(all.len(), 13);
        for size in [1, 5, 13] {
            let pages = paged(&scene, DirectoryQuery { rows: size, ..whole.clone() }, all.len()).await;
            assert_eq!(pages, all, "{sort:?}, pages of {size}");
        }
    }
}

/// Page after page, but not for ever.
async fn paged(scene: &Scene, mut query: DirectoryQuery, most: usize) -> Vec<DirectoryEntry> {
    let mut paged = Vec::new();
    while paged.len() <= most {
        let page = scene.fixture.store.people(&query).await.unwrap().entries;
        let Some(last) = page.last() else { break };
        query.after = Some(DirectoryPosition::of(last, query.sort));
        paged.extend(page);
    }
    paged
}

/// The number is that of the filter, whatever the page, and ends where it was asked to.
pub async fn people_are_counted_as_far_as_asked(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..5 {
        scene.member(&format!("p{number}@example.org"), None).await;
    }
    let counted = async |query: DirectoryQuery| scene.fixture.store.people(&query).await.unwrap().counted;
    let asked = DirectoryQuery { count_up_to: Some(100), rows: 2, ..directory_of(DirectoryFilter::default()) };

    assert_eq!(counted(DirectoryQuery { count_up_to: None, ..asked.clone() }).await, None);
    assert_eq!(counted(asked.clone()).await, Some(5));
    assert_eq!(counted(DirectoryQuery { count_up_to: Some(3), ..asked.clone() }).await, Some(3));
    let admins = DirectoryFilter { role: Some(Role::Admin), ..DirectoryFilter::default() };
    assert_eq!(counted(DirectoryQuery { filter: admins, ..asked.clone() }).await, Some(0));
    let after = DirectoryPosition::Created { at: noon() - TimeDelta::days(1), id: uuid::Uuid::nil() };
    assert_eq!(counted(DirectoryQuery { after: Some(after), ..asked }).await, Some(5), "behind the last page");
}

/// What a request asks about its session says what the person is now. Of two changes of one copy, one is refused.
pub async fn a_changed_role_is_seen_at_once_and_a_stale_copy_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let session = scene.session(ada.id(), noon()).await;
    let copy = membership(&scene, TenantId::MAIN, ada.id()).await.unwrap();
    let later = noon() + TimeDelta::seconds(1);
    scene.forget_events().await;

    save(&scene, copy.clone().change_role(Role::Staff, later).unwrap()).await;

    let found = scene.fixture.store.session(session.id()).await.unwrap().unwrap();
    assert_eq!(found.account.unwrap().role, Role::Staff);
    let stored = membership(&scene, TenantId::MAIN, ada.id()).await.unwrap();
    assert_eq!((stored.role(), stored.version(), stored.updated_at()), (Role::Staff, 2, later));
    assert_eq!(scene.event_names().await, ["identity.membership.role_changed"]);
    let stale = KeepAdminError::Store(StoreError::Stale);
    for late in [copy.clone().change_role(Role::Sales, later).unwrap(), copy.change_role(Role::Admin, later).unwrap()] {
        let refused = scene.begin().await.update_membership(late).await.unwrap_err();
        assert_eq!(refused.to_string(), stale.to_string());
    }
}

/// Neither by a role, nor by the end of the membership, nor by the end of the account is a tenant left without anybody
/// who administers it.
pub async fn the_last_administrator_stays(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.person("ada@example.org", None, Role::Admin, noon()).await;
    let acme = scene.tenant("acme").await.tenant().id;
    scene.admit(acme, ada.id(), Role::Staff).await;
    let stored = membership(&scene, TenantId::MAIN, ada.id()).await.unwrap();
    scene.forget_events().await;
    let demote = || stored.clone().change_role(Role::Staff, noon()).unwrap();

    let refused = scene.begin().await.update_membership(demote()).await;
    assert!(matches!(refused, Err(KeepAdminError::LastAdmin)));
    let refused = scene.begin().await.remove_membership(stored.clone().remove()).await;
    assert!(matches!(refused, Err(KeepAdminError::LastAdmin)));
    let refused = scene.begin().await.shut_user(ada.clone().disable(noon()).unwrap()).await;
    assert!(matches!(refused, Err(KeepAdminError::LastAdmin)));
    let abroad = membership(&scene, acme, ada.id()).await.unwrap();
    save(&scene, abroad.change_role(Role::Member, noon()).unwrap()).await;
    assert_eq!(scene.event_names().await, ["identity.membership.role_changed"], "what needs nobody is done");

    let bob = scene.person("bob@example.org", None, Role::Admin, noon()).await;
    save(&scene, demote()).await;
    let others = membership(&scene, TenantId::MAIN, bob.id()).await.unwrap();
    let refused = scene.begin().await.remove_membership(others.remove()).await;
    assert!(matches!(refused, Err(KeepAdminError::LastAdmin)), "now the other one is the last");
}

/// Who cannot sign in is no substitute.
pub async fn a_shut_administrator_administers_nothing(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.person("ada@example.org", None, Role::Admin, noon()).await;
    let bob = scene.person("bob@example.org", None, Role::Admin, noon()).await;
    let mut tx = scene.begin().await;
    tx.shut_user(bob.clone().disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.stored_user(bob.id()).await.status(), UserStatus::Disabled);

    let refused = scene.begin().await.shut_user(ada.disable(noon()).unwrap()).await;
    assert!(matches!(refused, Err(KeepAdminError::LastAdmin)));
}

/// A second membership is refused by name; who is let go can come back.
pub async fn a_person_is_taken_in_once_and_let_go(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let come = || Membership::create(TenantId::MAIN, ada, Role::Sales, noon());
    scene.forget_events().await;

    assert!(matches!(scene.begin().await.admit(come()).await, Err(AdmitError::AlreadyMember)));
    let stored = membership(&scene, TenantId::MAIN, ada).await.unwrap();
    let mut tx = scene.begin().await;
    tx.remove_membership(stored.clone().remove()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.account(ada).await, None);
    let refused = scene.begin().await.remove_membership(stored.remove()).await;
    assert!(matches!(refused, Err(KeepAdminError::Store(StoreError::Stale))));
    scene.admit(TenantId::MAIN, ada, Role::Sales).await;
    assert_eq!(scene.account(ada).await.unwrap().role, Role::Sales);
    assert_eq!(scene.event_names().await, ["identity.membership.removed", "identity.membership.created"]);
}

/// Those of one tenant or of all, the living ones only, explained by one event.
pub async fn the_sessions_of_a_person_end_together(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let bob = scene.member("bob@example.org", None).await.id();
    let acme = scene.tenant("acme").await.tenant().id;
    scene.admit(acme, ada, Role::Member).await;
    let (one, two) = (scene.session(ada, noon()).await, scene.session(ada, noon()).await);
    let over = scene.session(ada, noon() - POLICY.refresh_absolute).await;
    let others = scene.session(bob, noon()).await;
    let mut tx = scene.begin().await;
    tx.update_session(two.clone().switch_tenant(acme, scene.id()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    scene.forget_events().await;
    let end = async |tenant, reason| {
        let mut tx = scene.begin().await;
        let ended = tx.end_sessions(SessionSweep::of(ada, tenant, reason, noon())).await.unwrap();
        tx.commit().await.unwrap();
        ended
    };

    assert_eq!(end(Some(TenantId::MAIN), RevocationReason::Admin).await, [one.id()]);
    let stored = scene.stored_session(one.id()).await;
    assert_eq!((stored.revoked(), stored.version()), (Some((noon(), RevocationReason::Admin)), 2));
    assert!(scene.stored_session(two.id()).await.is_alive(noon()));
    assert_eq!(end(None, RevocationReason::UserDisabled).await, [two.id()]);
    assert_eq!(end(None, RevocationReason::UserDisabled).await, []);

    assert!(scene.stored_session(over.id()).await.revoked().is_none());
    assert_eq!(scene.fixture.store.sessions(list_of(bob)).await.unwrap()[0].id, others.id());
    let all = "identity.session.revoked_all";
    assert_eq!(scene.event_names().await, [all, all], "nothing ended, nothing to explain");
}

/// The answer that is remembered with the work is that of the work.
pub async fn a_person_is_seen_by_the_work_that_takes_them_in(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let acme = scene.tenant("acme").await.tenant().id;
    let mut tx = scene.begin().await;
    assert_eq!(tx.person(acme, ada).await.unwrap(), None);

    tx.admit(Membership::create(acme, ada, Role::Instructor, noon())).await.unwrap();

    let seen = tx.person(acme, ada).await.unwrap();
    assert_eq!(seen.as_ref().map(|entry| entry.account.role), Some(Role::Instructor));
    assert_eq!(tx.offices(ada, 10).await.unwrap().len(), 1, "a member is nothing more, an instructor is");
    tx.commit().await.unwrap();
    assert_eq!(scene.fixture.store.person(acme, ada).await.unwrap(), seen);
}
