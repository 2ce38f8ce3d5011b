//! Units of work: a copy of the tables, which a commit swaps in.

use std::{
    collections::HashSet,
    sync::{Arc, MutexGuard},
};

use ashlar_audit::{log::Erasure, retention::Expiry};
use ashlar_identity::{
    AccountRequest, ActionToken, ActionTokenEvent, BootstrapEvent, BootstrapToken, Challenge, ChallengeId, ImportEvent,
    ImportedUser, LockoutEvent, LoginAttempt, LoginEvent, Membership, MembershipEvent, PendingRegistration,
    RegistrationEvent, Rehash, RehashEvent, SecondFactor, SecondFactorEvent, Session, SessionEvent, SessionId, User,
    UserEvent, UserId, WeakPassword, WeakPasswordEvent,
    port::{FirstAdmin, IdentityTx, InsertUserError},
};
use ashlar_kernel::{Change, DomainEvent, Journal, LogEntry, Receipt, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;
use futures::lock::OwnedMutexGuard;
use uuid::Uuid;

use super::{
    Committed, Shared, imports,
    tables::{Tables, broken},
};

/// The one writer of its time, as on SQLite: it holds the turn until it is committed or dropped.
pub(super) struct MemoryTx {
    _turn: OwnedMutexGuard<()>,
    shared: Arc<Shared>,
    journal: Journal,
    pub(super) draft: Tables,
    pub(super) written: Vec<LogEntry>,
    /// What is deleted beside the log with this work.
    erased: Vec<Erasure>,
    /// What expires with this work, and the event that accounts for it.
    pub(super) expiring: Vec<(Uuid, Expiry)>,
    /// The events whose expiries are done with this work, and the bodies that go.
    pub(super) expired: Vec<(Uuid, HashSet<Uuid>)>,
    /// A refused write spoils the whole work, as on PostgreSQL: what a caller does on top of it cannot be saved.
    is_spoilt: bool,
}

impl MemoryTx {
    pub(super) fn begin(turn: OwnedMutexGuard<()>, shared: Arc<Shared>, journal: Journal) -> Self {
        let draft = shared.lock().tables.clone();
        Self {
            _turn: turn,
            shared,
            journal,
            draft,
            written: Vec::new(),
            erased: Vec::new(),
            expiring: Vec::new(),
            expired: Vec::new(),
            is_spoilt: false,
        }
    }

    /// What was committed last.
    pub(super) fn committed(&self) -> MutexGuard<'_, Committed> {
        self.shared.lock()
    }

    /// Saves the state of a change by `save`, and its events with it.
    pub(super) fn write<T, E, R, F>(
        &mut self,
        change: Change<T, E>,
        save: impl FnOnce(&mut Tables, T) -> Result<R, F>,
    ) -> Result<R, F>
    where
        E: DomainEvent,
        F: From<StoreError>,
    {
        let opened = self.journal.open(change).map_err(F::from);
        let saved = opened.and_then(|(state, events)| Ok((save(&mut self.draft, state)?, events)));
        self.is_spoilt |= saved.is_err();
        let (answer, events) = saved?;
        self.written.extend(events);
        Ok(answer)
    }

    /// The same, where nothing may be left to save, and then no event either: whether there was.
    pub(super) fn write_if<T, E: DomainEvent>(
        &mut self,
        change: Change<T, E>,
        save: impl FnOnce(&mut Tables, T) -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        let written_before = self.written.len();
        let is_saved = self.write(change, save)?;
        if !is_saved {
            self.written.truncate(written_before);
        }
        Ok(is_saved)
    }

    /// What is to go from beside the log when this is committed; how much of it there is.
    pub(super) fn erase_beside_the_log(&mut self, erasure: Erasure) -> u64 {
        self.erased.push(erasure);
        self.shared.lock().log.beside(erasure)
    }

    pub(super) fn require_tenant(&self, id: TenantId) -> Result<(), StoreError> {
        if self.draft.tenants.contains_key(&id) { Ok(()) } else { Err(broken("foreign key to tenant")) }
    }
}

#[async_trait]
impl UnitOfWork for MemoryTx {
    async fn remember(&mut self, receipt: Receipt) -> Result<(), StoreError> {
        if self.draft.ledger.answer(&receipt) {
            return Ok(());
        }
        self.is_spoilt = true;
        Err(StoreError::Stale)
    }

    async fn forget_answers(&mut self, tenant: TenantId, about: &[Uuid]) -> Result<u64, StoreError> {
        Ok(self.draft.ledger.forget(tenant, about))
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.is_spoilt {
            return Err(StoreError::internal("a write of this unit of work was refused"));
        }
        let mut draft = self.draft;
        draft.attempts.note(&self.written);
        let mut committed = self.shared.lock();
        committed.tables = draft;
        for erasure in self.erased {
            committed.log.erase(erasure);
        }
        committed.log.append(self.written);
        for (by, expiry) in self.expiring {
            committed.trail.expire(by, &expiry);
        }
        for (by, bodies) in self.expired {
            committed.trail.expiring.remove(&by);
            committed.log.expire(&bodies);
        }
        Ok(())
    }
}

#[async_trait]
impl IdentityTx for MemoryTx {
    async fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.draft.user(id).cloned())
    }

    async fn insert_user(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError> {
        let home = self.journal.context().tenant;
        self.write(change, |tables, user| tables.insert_user(user, home))
    }

    async fn update_user(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError> {
        self.write(change, Tables::update_user)
    }

    async fn change_email(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError> {
        self.write(change, Tables::change_email)
    }

    async fn put_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, token| {
            tables.require_user(token.user())?;
            tables.links.put_token(token);
            Ok(())
        })
    }

    async fn spend_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, token| tables.links.spend_token(&token))
    }

    async fn insert_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables, registration| tables.links.insert_registration(registration))
    }

    async fn accept_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables, registration| tables.links.accept_registration(&registration))
    }

    async fn note_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |_tables, _registration| Ok(()))
    }

    async fn note_request(&mut self, change: Change<(), AccountRequest>) -> Result<(), StoreError> {
        self.write(change, |_tables, ()| Ok(()))
    }

    async fn claim_first_admin(&mut self, change: Change<FirstAdmin, UserEvent>) -> Result<bool, StoreError> {
        self.write_if(change, Tables::claim_first_admin)
    }

    async fn insert_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<bool, StoreError> {
        self.write_if(change, |tables, token| Ok(tables.insert_bootstrap_token(token)))
    }

    async fn replace_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables, token| {
            tables.replace_bootstrap_token(token);
            Ok(())
        })
    }

    async fn spend_bootstrap_token(&mut self, digest: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.draft.spend_bootstrap_token(digest, now))
    }

    async fn insert_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables, membership| tenant.and_then(|()| tables.insert_membership(membership)))
    }

    async fn session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.draft.session(id).cloned())
    }

    async fn insert_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables, session| tenant.and_then(|()| tables.insert_session(session)))
    }

    async fn update_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError> {
        self.write(change, Tables::update_session)
    }

    async fn note_refresh_retry(&mut self, change: Change<SessionId, SessionEvent>) -> Result<(), StoreError> {
        self.write(change, |_tables, _session| Ok(()))
    }

    async fn put_second_factor(&mut self, change: Change<SecondFactor, SecondFactorEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, factor| {
            tables.require_user(factor.user())?;
            tables.factors.put_factor(factor)
        })
    }

    async fn delete_second_factor(
        &mut self,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables, factor| tables.factors.delete_factor(&factor))
    }

    async fn note_second_factor(&mut self, change: Change<(), SecondFactorEvent>) -> Result<(), StoreError> {
        self.write(change, |_tables, ()| Ok(()))
    }

    async fn insert_challenge(&mut self, change: Change<Challenge, SecondFactorEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, challenge| {
            tables.require_user(challenge.user())?;
            tables.factors.insert_challenge(challenge)
        })
    }

    async fn consume_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        let consumed = self.draft.factors.consume(id);
        self.is_spoilt |= consumed.is_err();
        consumed
    }

    async fn note_lockout(&mut self, change: Change<(), LockoutEvent>) -> Result<(), StoreError> {
        self.write(change, |_tables, ()| Ok(()))
    }

    async fn rehash_password(&mut self, change: Change<Rehash, RehashEvent>) -> Result<bool, StoreError> {
        let written_before = self.written.len();
        let is_replaced = self.write(change, |tables, rehash| Ok::<_, StoreError>(tables.rehash_password(&rehash)))?;
        if !is_replaced {
            self.written.truncate(written_before);
        }
        Ok(is_replaced)
    }

    async fn note_weak_password(
        &mut self,
        change: Change<WeakPassword, WeakPasswordEvent>,
    ) -> Result<bool, StoreError> {
        let written_before = self.written.len();
        let is_noted = self.write(change, |tables, weak| Ok::<_, StoreError>(tables.note_weak_password(&weak)))?;
        if !is_noted {
            self.written.truncate(written_before);
        }
        Ok(is_noted)
    }

    async fn import_users(&mut self, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError> {
        for change in changes {
            let tenant = self.require_tenant(change.state().membership().tenant());
            self.write(change, |tables, user| tenant.and_then(|()| imports::save(tables, &user)))?;
        }
        Ok(())
    }

    async fn record_login(&mut self, change: Change<LoginAttempt, LoginEvent>) -> Result<(), StoreError> {
        self.write(change, Tables::insert_login)
    }
}
