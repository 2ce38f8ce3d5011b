//! People, moments and shortcuts for the laws.

#![expect(clippy::unwrap_used, reason = "a law reports by panicking")]

use std::net::{IpAddr, Ipv6Addr};

pub(super) use ashlar_kernel::contract::scene::{elsewhere, noon};
use ashlar_kernel::{
    Change, Context, EventRecord, Id, LogReader, TenantId, TenantSlug, Timestamp,
    contract::scene::{RisingIds, nobody_asks},
};
use chrono::TimeDelta;

use super::Fixture;
use crate::{
    Account, Device, DeviceClientId, DeviceName, Email, Identifier, Membership, NewSession, NewUser, PasswordHash,
    Platform, Role, Session, SessionEvent, SessionId, SessionPolicy, SessionQuery, Tenancy, TenantName, User,
    UserEvent, UserId, Username,
    port::{IdentityTx, InsertUserError},
};

pub(super) const POLICY: SessionPolicy = SessionPolicy {
    access_ttl: TimeDelta::minutes(15),
    refresh_idle: TimeDelta::days(7),
    refresh_absolute: TimeDelta::days(30),
    refresh_grace: TimeDelta::seconds(10),
};

/// A fixture in use.
pub(super) struct Scene {
    pub(super) fixture: Fixture,
    ids: RisingIds,
}

impl Scene {
    pub(super) fn new(fixture: Fixture) -> Self {
        Self { fixture, ids: RisingIds::default() }
    }

    pub(super) fn id<T>(&self) -> Id<T> {
        Id::new(&self.ids)
    }

    /// Nobody in particular asks something of the tenant `main`.
    pub(super) fn context(&self) -> Context {
        nobody_asks(&self.ids)
    }

    pub(super) async fn begin(&self) -> Box<dyn IdentityTx> {
        self.fixture.store.begin(&self.context()).await.unwrap()
    }

    /// Somebody who wants an account.
    pub(super) fn newcomer(&self, email: &str, username: Option<&str>) -> Change<User, UserEvent> {
        let new = NewUser {
            id: self.id(),
            email: Email::parse(email).unwrap(),
            username: username.map(|name| Username::parse(name).unwrap()),
            password: PasswordHash::restore(format!("$hash-of${email}")),
            display_name: None,
            email_verified_at: None,
        };
        User::register(new, noon())
    }

    /// Tries to open an account, and commits when it was opened.
    pub(super) async fn try_register(&self, email: &str, username: Option<&str>) -> Result<UserId, InsertUserError> {
        let change = self.newcomer(email, username);
        let id = change.state().id();
        let mut tx = self.begin().await;
        tx.insert_user(change).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Opens an account and makes its owner a member of the tenant `main`.
    pub(super) async fn member(&self, email: &str, username: Option<&str>) -> User {
        self.person(email, username, Role::Member, noon()).await
    }

    /// Opens an account at `at` and gives its owner a role in the tenant `main`.
    pub(super) async fn person(&self, email: &str, username: Option<&str>, role: Role, at: Timestamp) -> User {
        let new = NewUser {
            id: self.id(),
            email: Email::parse(email).unwrap(),
            username: username.map(|name| Username::parse(name).unwrap()),
            password: PasswordHash::restore(format!("$hash-of${email}")),
            display_name: None,
            email_verified_at: None,
        };
        let change = User::register(new, at);
        let user = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_user(change).await.unwrap();
        tx.insert_membership(Membership::create(TenantId::MAIN, user.id(), role, at)).await.unwrap();
        tx.commit().await.unwrap();
        user
    }

    /// Opens another tenant.
    pub(super) async fn tenant(&self, slug: &str) -> Tenancy {
        let name = TenantName::parse(&slug.to_uppercase()).unwrap();
        let change = Tenancy::open(self.id(), TenantSlug::parse(slug).unwrap(), &name, noon());
        let tenancy = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_tenancy(change).await.unwrap();
        tx.commit().await.unwrap();
        tenancy
    }

    /// Takes somebody into a tenant.
    pub(super) async fn admit(&self, tenant: TenantId, user: UserId, role: Role) {
        let mut tx = self.begin().await;
        tx.admit(Membership::create(tenant, user, role, noon())).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A sign-in from a telephone at `at`.
    pub(super) fn sign_in(&self, user: UserId, at: Timestamp) -> Change<Session, SessionEvent> {
        let new = NewSession {
            id: self.id(),
            tenant: TenantId::MAIN,
            user,
            salt: std::array::from_fn(|index| u8::try_from(index).unwrap_or(0)),
            amr: vec!["pwd".to_owned(), "otp".to_owned()],
            device: Some(Device {
                client_id: Some(DeviceClientId::parse("install-7").unwrap()),
                name: Some(DeviceName::parse("Ada's \u{1f4f1}").unwrap()),
                platform: Platform::Android,
            }),
            ip: Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            user_agent: Some("law/1 (\u{e4})".to_owned()),
        };
        Session::begin(new, &POLICY, at)
    }

    /// A committed session that began at `at`.
    pub(super) async fn session(&self, user: UserId, at: Timestamp) -> Session {
        let change = self.sign_in(user, at);
        let session = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_session(change).await.unwrap();
        tx.commit().await.unwrap();
        session
    }

    /// The stored session.
    pub(super) async fn stored_session(&self, id: SessionId) -> Session {
        self.fixture.store.session(id).await.unwrap().unwrap().session
    }

    /// The stored account.
    pub(super) async fn stored_user(&self, id: UserId) -> User {
        self.begin().await.user(id).await.unwrap().unwrap()
    }

    /// What the owner of the account sees in the tenant `main`.
    pub(super) async fn account(&self, user: UserId) -> Option<Account> {
        self.fixture.store.account(TenantId::MAIN, user).await.unwrap()
    }

    /// Whom an identifier belongs to.
    pub(super) async fn whose(&self, identifier: &str) -> Option<UserId> {
        let identifier = Identifier::parse(identifier).unwrap();
        let found = self.fixture.store.credential(TenantId::MAIN, &identifier).await.unwrap();
        found.map(|credential| credential.user)
    }

    /// What the relay has not handled.
    pub(super) async fn events(&self) -> Vec<EventRecord> {
        self.fixture.log.pending(LogReader::Dispatch, 1_000).await.unwrap()
    }

    pub(super) async fn event_names(&self) -> Vec<String> {
        self.events().await.into_iter().map(|event| event.name).collect()
    }

    /// Handles every event there is, for both readers, so that what comes is what comes next.
    pub(super) async fn forget_events(&self) {
        for reader in [LogReader::Seal, LogReader::Dispatch] {
            let events = self.fixture.log.pending(reader, 1_000).await.unwrap();
            let ids: Vec<_> = events.into_iter().map(|event| event.id).collect();
            self.fixture.log.handled(reader, &ids).await.unwrap();
        }
    }
}

/// The first page of what somebody sees at noon.
pub(super) fn list_of(user: UserId) -> SessionQuery {
    SessionQuery { tenant: TenantId::MAIN, user, now: noon(), after: None, rows: 100 }
}
