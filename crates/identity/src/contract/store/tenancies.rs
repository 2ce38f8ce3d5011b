//! Laws of tenants, of who is in them, and of those who operate the installation.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{StoreError, TenantId, TenantSlug};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, noon},
};
use crate::{
    Identifier, MembershipQuery, Role, Tenancy, TenancyQuery, TenantName, permission::operator_permissions,
    port::InsertTenancyError,
};

async fn stored(scene: &Scene, id: TenantId) -> Option<Tenancy> {
    scene.begin().await.tenancy(id).await.unwrap()
}

async fn save(scene: &Scene, change: ashlar_kernel::Change<Tenancy, crate::TenantEvent>) -> Tenancy {
    let tenancy = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_tenancy(change).await.unwrap();
    tx.commit().await.unwrap();
    tenancy
}

/// What is read is what was written, at every stage.
pub async fn a_tenant_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let acme = scene.tenant("acme").await;
    let id = acme.tenant().id;
    let later = noon() + TimeDelta::milliseconds(7);

    assert_eq!(stored(&scene, id).await, Some(acme.clone()));
    let suspended = save(&scene, acme.suspend(later).unwrap()).await;
    assert_eq!(stored(&scene, id).await, Some(suspended.clone()));
    let resumed = save(&scene, suspended.resume(later).unwrap()).await;
    assert_eq!(stored(&scene, id).await, Some(resumed));
    assert_eq!(stored(&scene, scene.id()).await, None);
    let names = ["created", "suspended", "resumed"].map(|name| format!("identity.tenant.{name}"));
    assert_eq!(scene.event_names().await, names);
}

/// A short name that is taken is reported by name.
pub async fn a_short_name_is_given_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    scene.tenant("acme").await;
    for taken in ["acme", "main"] {
        let name = TenantName::parse("Another").unwrap();
        let change = Tenancy::open(scene.id(), TenantSlug::parse(taken).unwrap(), &name, noon());
        let refused = scene.begin().await.insert_tenancy(change).await;
        assert!(matches!(refused, Err(InsertTenancyError::SlugTaken)), "{taken}");
    }
}

/// Of two changes that began with the same copy, the second is refused.
pub async fn a_stale_copy_of_a_tenant_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.tenant("acme").await;
    save(&scene, copy.clone().suspend(noon()).unwrap()).await;

    let refused = scene.begin().await.update_tenancy(copy.suspend(noon()).unwrap()).await;
    assert!(matches!(refused, Err(StoreError::Stale)));
}

/// Every question a request or a login asks tells whether the tenant lets its members in.
pub async fn members_of_a_suspended_tenant_are_known(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let acme = scene.tenant("acme").await;
    let id = acme.tenant().id;
    scene.admit(id, ada, Role::Member).await;
    let session = scene.session(ada, noon()).await;
    let mut tx = scene.begin().await;
    tx.update_session(session.clone().switch_tenant(id, scene.id()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let store = &scene.fixture.store;
    let identifier = Identifier::parse("ada@example.org").unwrap();
    let seen = async |tenant| {
        let login = store.credential(tenant, &identifier).await.unwrap().unwrap().account.unwrap();
        let account = store.account(tenant, ada).await.unwrap().unwrap();
        let request = store.session(session.id()).await.unwrap().unwrap().account.unwrap();
        [login, account, request].map(|account| account.in_suspended_tenant)
    };
    assert_eq!(seen(id).await, [false; 3]);

    save(&scene, acme.suspend(noon()).unwrap()).await;

    assert_eq!(seen(id).await, [true; 3]);
    assert_eq!(seen(TenantId::MAIN).await, [false, false, true], "the session is in the other one");
}

/// Page by page, everything is shown once.
pub async fn tenants_and_memberships_are_listed_by_short_name(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    for slug in ["zoo", "acme", "m-9"] {
        let tenancy = scene.tenant(slug).await;
        if slug != "zoo" {
            scene.admit(tenancy.tenant().id, ada, Role::Staff).await;
        }
    }
    let store = &scene.fixture.store;
    let (mut all, mut theirs) = (Vec::new(), Vec::new());
    let mut query = TenancyQuery { after: None, rows: 2 };
    for _page in 0..3 {
        let page = store.tenancies(&query).await.unwrap();
        query.after = page.last().map(|last| last.tenant().slug.clone()).or(query.after);
        all.extend(page.into_iter().map(|tenancy| tenancy.tenant().slug.to_string()));
    }
    let mut query = MembershipQuery { user: ada, after: None, rows: 2 };
    for _page in 0..2 {
        let page = store.memberships(&query).await.unwrap();
        query.after = page.last().map(|last| last.tenant.slug.clone()).or(query.after);
        theirs.extend(page.into_iter().map(|line| (line.tenant.slug.to_string(), line.role, line.is_suspended)));
    }

    assert_eq!(all, ["acme", "m-9", "main", "zoo"]);
    let line = |slug: &str, role| (slug.to_owned(), role, false);
    assert_eq!(theirs, [line("acme", Role::Staff), line("m-9", Role::Staff), line("main", Role::Member)]);
}

/// The session keeps its id and its refresh tokens.
pub async fn a_session_moves_to_another_tenant(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let acme = scene.tenant("acme").await.tenant().id;
    let session = scene.session(ada, noon()).await;
    let change = session.switch_tenant(acme, scene.id()).unwrap();
    let moved = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_session(change).await.unwrap();
    tx.commit().await.unwrap();

    assert!(scene.stored_session(moved.id()).await == moved);
    assert!(moved.tenant() == acme && moved.device_id().is_some());
    let found = scene.fixture.store.session(moved.id()).await.unwrap().unwrap();
    assert_eq!(found.account, None, "no member there");
}

/// Whoever asks about a person learns that they operate the installation, and then their role counts for nothing.
pub async fn an_operator_is_told_apart(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let mut tx = scene.begin().await;
    tx.update_user(ada.clone().make_operator(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();

    let account = scene.account(ada.id()).await.unwrap();
    assert!(account.is_operator);
    assert_eq!(account.permissions(), operator_permissions());
    assert_eq!(scene.stored_user(ada.id()).await.operator_since(), Some(noon()));
    let back = scene.stored_user(ada.id()).await.revoke_operator(noon()).unwrap();
    let mut tx = scene.begin().await;
    tx.update_user(back).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.account(ada.id()).await.unwrap().permissions(), Role::Member.permissions());
}
