//! Mailed links and registrations that wait.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_identity::{ActionToken, ActionTokenId, HeldLink, PendingRegistration, RegistrationId, UserId};
use ashlar_kernel::{StoreError, Timestamp};

use super::tables::broken;

/// The two tables. A copy is cheap.
#[derive(Clone, Default)]
pub(super) struct Links {
    tokens: Arc<BTreeMap<ActionTokenId, ActionToken>>,
    registrations: Arc<BTreeMap<RegistrationId, PendingRegistration>>,
}

impl Links {
    pub(super) fn token(&self, id: ActionTokenId) -> Option<ActionToken> {
        self.tokens.get(&id).cloned()
    }

    pub(super) fn registration(&self, id: RegistrationId) -> Option<PendingRegistration> {
        self.registrations.get(&id).cloned()
    }

    pub(super) fn of_person(&self, user: UserId) -> Vec<HeldLink> {
        let mut tokens: Vec<_> = self.tokens.values().filter(|token| token.user() == user).collect();
        tokens.sort_unstable_by_key(|token| token.to_row().created_at);
        let held = |token: &ActionToken| {
            let row = token.to_row();
            let (created_at, expires_at) = (row.created_at, row.expires_at);
            HeldLink { purpose: token.purpose(), email: row.email, created_at, expires_at }
        };
        tokens.into_iter().map(held).collect()
    }

    pub(super) fn forget(&mut self, user: UserId, email: &str) {
        Arc::make_mut(&mut self.tokens).retain(|_, token| token.user() != user);
        Arc::make_mut(&mut self.registrations).retain(|_, waiting| waiting.email().key() != email);
    }

    /// In the place of the account's one of the same purpose.
    pub(super) fn put_token(&mut self, token: ActionToken) {
        let tokens = Arc::make_mut(&mut self.tokens);
        tokens.retain(|_, other| other.user() != token.user() || other.purpose() != token.purpose());
        tokens.insert(token.id(), token);
    }

    pub(super) fn spend_token(&mut self, token: &ActionToken) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.tokens).remove(&token.id()).map(drop).ok_or(StoreError::Stale)
    }

    pub(super) fn insert_registration(&mut self, registration: PendingRegistration) -> Result<(), StoreError> {
        if self.registrations.contains_key(&registration.id()) {
            return Err(broken("pending_registration primary key"));
        }
        Arc::make_mut(&mut self.registrations).insert(registration.id(), registration);
        Ok(())
    }

    pub(super) fn accept_registration(&mut self, registration: &PendingRegistration) -> Result<(), StoreError> {
        let registrations = Arc::make_mut(&mut self.registrations);
        registrations.remove(&registration.id()).ok_or(StoreError::Stale)?;
        registrations.retain(|_, other| other.email().key() != registration.email().key());
        Ok(())
    }

    pub(super) fn purge(&mut self, before: Timestamp, limit: u32) -> u64 {
        let over = self.registrations.values().filter(|registration| !registration.is_open(before));
        // What ends at the moment itself is not over before it.
        let over = over.filter(|registration| registration.to_row().expires_at < before).map(PendingRegistration::id);
        let over: Vec<_> = over.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let registrations = Arc::make_mut(&mut self.registrations);
        for id in &over {
            registrations.remove(id);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }
}
