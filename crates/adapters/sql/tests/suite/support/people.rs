//! Who lives in the databases.

use ashlar_identity::{
    ApiKey, ApiKeyEvent, Email, KeyKind, Membership, NewSession, NewUser, PasswordHash, Role, Session, SessionEvent,
    SessionPolicy, User, UserEvent, UserId,
    api_key::{ApiKeyName, KeyId, KeySecret, Lifetime, Networks, NewApiKey, Scope},
    port::{IdentityStore, InsertUserError},
};
use ashlar_kernel::{Actor, Change, Context, Entropy, Id, RequestId, TenantId, Timestamp};
use ashlar_sql::SqlStore;

use super::RisingIds;

pub(crate) fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

pub(crate) fn context() -> Context {
    Context {
        tenant: TenantId::MAIN,
        actor: Actor::Anonymous,
        request_id: RequestId::new(&RisingIds),
        client_ip: None,
        user_agent: None,
        trace: None,
        now: noon(),
    }
}

pub(crate) fn newcomer(email: &str) -> Change<User, UserEvent> {
    let new = NewUser {
        id: Id::new(&RisingIds),
        email: Email::parse(email).unwrap(),
        username: None,
        password: PasswordHash::restore("$argon2id$".to_owned()),
        display_name: None,
        email_verified_at: None,
    };
    User::register(new, noon())
}

/// Tries to open an account.
pub(crate) async fn register(store: &SqlStore, email: &str) -> Result<UserId, InsertUserError> {
    let change = newcomer(email);
    let id = change.state().id();
    let mut tx = store.begin(&context()).await?;
    tx.insert_user(change).await?;
    tx.commit().await?;
    Ok(id)
}

/// Somebody with an account and a place in the tenant `main`.
pub(crate) async fn member(store: &SqlStore, email: &str) -> UserId {
    let id = register(store, email).await.unwrap();
    let mut tx = store.begin(&context()).await.unwrap();
    tx.insert_membership(Membership::create(TenantId::MAIN, id, Role::Member, noon())).await.unwrap();
    tx.commit().await.unwrap();
    id
}

pub(crate) fn sign_in(user: UserId, at: Timestamp) -> Change<Session, SessionEvent> {
    let new = NewSession {
        id: Id::new(&RisingIds),
        tenant: TenantId::MAIN,
        user,
        salt: [7; 32],
        amr: vec!["pwd".to_owned()],
        device: None,
        ip: None,
        user_agent: None,
    };
    Session::begin(new, &SessionPolicy::default(), at)
}

struct Repeated(u8);

impl Entropy for Repeated {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

/// An API key, told from others by `seed`.
pub(crate) fn key_of(owner: UserId, seed: u8, at: Timestamp) -> Change<ApiKey, ApiKeyEvent> {
    let new = NewApiKey {
        id: Id::new(&RisingIds),
        tenant: TenantId::MAIN,
        owner,
        key_id: KeyId::generate(&Repeated(seed)),
        kind: KeyKind::Secret,
        name: ApiKeyName::parse("Key").unwrap(),
        scopes: vec![Scope::parse("identity.profile.read.own").unwrap()],
        networks: Networks::default(),
        origins: Vec::new(),
        lifetime: Lifetime::DEFAULT,
        hash: KeySecret::generate(&Repeated(seed)).hash(),
    };
    ApiKey::create(new, at)
}
