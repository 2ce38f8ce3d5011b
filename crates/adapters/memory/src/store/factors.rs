//! Second factors and sign-ins that wait for one.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_identity::{Challenge, ChallengeId, ChallengeRow, SecondFactor, UserId};
use ashlar_kernel::{StoreError, Timestamp};

use super::tables::broken;

/// The two tables. A copy is cheap.
#[derive(Clone, Default)]
pub(super) struct Factors {
    factors: Arc<BTreeMap<UserId, SecondFactor>>,
    challenges: Arc<BTreeMap<ChallengeId, Challenge>>,
}

impl Factors {
    pub(super) fn factor(&self, user: UserId) -> Option<SecondFactor> {
        self.factors.get(&user).cloned()
    }

    pub(super) fn challenge(&self, id: ChallengeId) -> Option<Challenge> {
        self.challenges.get(&id).cloned()
    }

    pub(super) fn put_factor(&mut self, factor: SecondFactor) -> Result<(), StoreError> {
        let stored = self.factors.get(&factor.user()).map_or(0, SecondFactor::version);
        if Some(stored) != factor.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.factors).insert(factor.user(), factor);
        Ok(())
    }

    pub(super) fn delete_factor(&mut self, factor: &SecondFactor) -> Result<(), StoreError> {
        if self.factors.get(&factor.user()).map(SecondFactor::version) != Some(factor.version()) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.factors).remove(&factor.user());
        Ok(())
    }

    pub(super) fn insert_challenge(&mut self, challenge: Challenge) -> Result<(), StoreError> {
        if self.challenges.contains_key(&challenge.id()) {
            return Err(broken("login_challenge primary key"));
        }
        Arc::make_mut(&mut self.challenges).insert(challenge.id(), challenge);
        Ok(())
    }

    /// The challenge with `tries` more or fewer; none if that leaves it below none, or it has run out.
    pub(super) fn change_tries(
        &mut self,
        id: ChallengeId,
        tries: i32,
        now: Option<Timestamp>,
    ) -> Result<Option<Challenge>, StoreError> {
        let found = self.challenges.get(&id).filter(|found| now.is_none_or(|now| found.expires_at() > now));
        let Some(row) = found.map(Challenge::to_row).filter(|row| row.tries_left + tries >= 0) else {
            return Ok(None);
        };
        let changed = Challenge::restore(ChallengeRow { tries_left: row.tries_left + tries, ..row })?;
        Arc::make_mut(&mut self.challenges).insert(id, changed.clone());
        Ok(Some(changed))
    }

    pub(super) fn consume(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        Arc::make_mut(&mut self.challenges).remove(&id).map(drop).ok_or(StoreError::Stale)
    }

    pub(super) fn forget(&mut self, user: UserId) {
        Arc::make_mut(&mut self.factors).remove(&user);
        Arc::make_mut(&mut self.challenges).retain(|_, challenge| challenge.user() != user);
    }

    pub(super) fn purge(&mut self, before: Timestamp, limit: u32) -> u64 {
        let over = self.challenges.values().filter(|found| found.expires_at() < before).map(Challenge::id);
        let over: Vec<_> = over.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let challenges = Arc::make_mut(&mut self.challenges);
        for id in &over {
            challenges.remove(id);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }
}
