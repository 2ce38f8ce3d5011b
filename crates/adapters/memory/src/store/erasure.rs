//! What people take with them and leave behind.

use std::sync::Arc;

use ashlar_identity::{
    Erasure, Holdings, Session, SessionId, User, UserEvent, UserId,
    port::{ErasureTx, Estates, KeepAdminError},
};
use ashlar_kernel::{Change, StoreError, Timestamp};
use async_trait::async_trait;

use super::{MemoryStore, tables::Tables, transaction::MemoryTx};

impl Tables {
    fn holdings(&self, user: UserId) -> Holdings {
        let Some(home) = self.homes.get(&user) else { return Holdings::default() };
        let theirs = self.sessions.values().filter(|session| session.user() == user);
        let mut sessions: Vec<_> = theirs.cloned().collect();
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse((session.created_at(), session.id().as_uuid())));
        let successes = self.logins().iter().filter(|login| login.has_succeeded() && login.user() == Some(user));
        Holdings {
            home: Some(*home),
            last_login_at: successes.map(ashlar_identity::LoginAttempt::at).next_back(),
            sessions,
            devices: self.devices.held(user),
            api_keys: self.api_keys.of_person(user),
            links: self.links.of_person(user),
            origins: self.imports.of_person(user),
        }
    }

    fn erase_user(&mut self, erasure: &Erasure) -> Result<Vec<SessionId>, KeepAdminError> {
        let user = erasure.user().clone();
        let id = user.id();
        self.keep_admins(id, None)?;
        self.links.forget(id, user.email().key());
        self.update_user(user)?;
        Arc::make_mut(&mut self.releases).insert(id, erasure.release_at());
        let ended = self.sessions.values().filter(|session| session.user() == id).map(Session::id).collect();
        Arc::make_mut(&mut self.sessions).retain(|_, session| session.user() != id);
        Arc::make_mut(&mut self.memberships).retain(|(_, member), _| *member != id);
        self.api_keys.forget(id);
        self.factors.forget(id);
        self.attempts.forget(id);
        self.devices.forget(id);
        self.forget_logins(id);
        Ok(ended)
    }

    fn release_identifiers(&mut self, user: User) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.releases).remove(&user.id());
        self.update_user(user)
    }
}

#[async_trait]
impl Estates for MemoryStore {
    async fn holdings(&self, user: UserId) -> Result<Holdings, StoreError> {
        Ok(self.shared.lock().tables.holdings(user))
    }

    async fn due_releases(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError> {
        let tables = &self.shared.lock().tables;
        let due = tables.releases.iter().filter(|(_, at)| **at <= now).map(|(user, _)| *user);
        Ok(due.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }
}

#[async_trait]
impl ErasureTx for MemoryTx {
    async fn erase_user(&mut self, change: Change<Erasure, UserEvent>) -> Result<Vec<SessionId>, KeepAdminError> {
        self.write(change, |tables, erasure| tables.erase_user(&erasure))
    }

    async fn release_identifiers(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError> {
        self.write(change, Tables::release_identifiers)
    }
}
