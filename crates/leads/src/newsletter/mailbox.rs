//! What is known of a mailbox: how often it was written to, and whether it may be.

use ashlar_kernel::{Change, Email, MacKey, TenantId, Timestamp};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::SubscriptionEvent;
use crate::lead::choice::choice;

/// A keyed hash of the form of an address that is equal for every spelling: it recognises an address and does not tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressHash(pub [u8; 32]);

impl AddressHash {
    /// The key of hashes, from the root of all keys.
    pub fn key(root: &MacKey) -> MacKey {
        root.derive("newsletter addresses")
    }

    /// Of an address of a tenant.
    pub fn of(key: &MacKey, tenant: TenantId, email: &Email) -> Self {
        Self(key.tag(&[b"address", tenant.as_uuid().as_bytes(), email.key().as_bytes()]))
    }
}

choice! {
    /// Why an address is not to be written to.
    SuppressionReason, "complaint, erasure" {
        /// Its owner complained.
        Complaint = "complaint",
        /// Its owner was erased, and did not want letters.
        Erasure = "erasure",
    }
}

/// That an address is not to be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppression {
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub at: Timestamp,
    /// Since when its owner may ask for letters again, and end this by confirming it: never, unless an administrator has
    /// said so.
    pub liftable_since: Option<Timestamp>,
}

/// A letter that was written. One that is written again, because it was not taken, is the same letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentLetter {
    /// Which.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
}

/// Why a letter is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// The address is not to be written to.
    #[error("the address is suppressed")]
    Suppressed,
    /// It was written to a moment ago, or often enough today.
    #[error("the address has had letters enough")]
    Enough,
}

/// No letter sooner than this after another.
const GAP: TimeDelta = TimeDelta::minutes(10);
/// So many letters within [`DAY`], whoever asked for them and for however many lists.
const PER_DAY: usize = 3;
/// A day.
const DAY: TimeDelta = TimeDelta::hours(24);

/// Who wants a letter to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterWish {
    /// The owner of the address, to confirm that they want letters. Nobody else's wish ends a suppression.
    Own,
    /// Anybody.
    Other,
}

/// A mailbox, known by the hash of its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberMailbox {
    /// Whose it is.
    pub tenant: TenantId,
    /// Which.
    pub address: AddressHash,
    /// The letters of the last 24 hours, oldest first.
    pub letters: Vec<SentLetter>,
    /// Whether it may be written to.
    pub suppressed: Option<Suppression>,
    /// When something was noted.
    pub updated_at: Timestamp,
    /// How often something was noted.
    pub version: u32,
}

impl SubscriberMailbox {
    /// One that nothing is known of: it is not stored yet.
    pub const fn unknown(tenant: TenantId, address: AddressHash, now: Timestamp) -> Self {
        Self { tenant, address, letters: Vec::new(), suppressed: None, updated_at: now, version: 0 }
    }

    /// Takes a letter in, if it may be written now.
    pub fn take(self, (letter, wish): (Uuid, LetterWish), now: Timestamp) -> Result<Self, NotNow> {
        let may_lift = |one: Suppression| one.liftable_since.is_some() && wish == LetterWish::Own;
        if self.suppressed.is_some_and(|one| !may_lift(one)) {
            return Err(NotNow::Suppressed);
        }
        let mut letters = self.letters;
        letters.retain(|sent| now - sent.at < DAY);
        if !letters.iter().any(|sent| sent.id == letter) {
            if letters.len() >= PER_DAY || letters.iter().any(|sent| now - sent.at < GAP) {
                return Err(NotNow::Enough);
            }
            letters.push(SentLetter { id: letter, at: now });
        }
        Ok(Self { letters, updated_at: now, version: self.version + 1, ..self })
    }

    /// Somebody typed its address in, and there is nothing to do for it: the same work as if there were.
    pub fn ask_in_vain(self, now: Timestamp) -> Change<Self, SubscriptionEvent> {
        Change::new(Self { updated_at: now, version: self.version + 1, ..self }, SubscriptionEvent::InVain {})
    }

    /// Its owner may ask for letters again; none if nothing keeps them from it.
    pub fn allow_lift(self, now: Timestamp) -> Option<Change<Self, SubscriptionEvent>> {
        let suppressed = self.suppressed.filter(|one| one.liftable_since.is_none())?;
        let event = SubscriptionEvent::LiftAllowed { reason: suppressed.reason.as_str() };
        let liftable = Suppression { liftable_since: Some(now), ..suppressed };
        let mailbox = Self { suppressed: Some(liftable), updated_at: now, version: self.version + 1, ..self };
        Some(Change::new(mailbox, event))
    }

    /// Its owner has asked for letters again and confirmed it, as `event` says; none if it is not suppressed, or nobody has
    /// allowed that.
    pub fn lift(self, event: SubscriptionEvent, now: Timestamp) -> Option<Change<Self, SubscriptionEvent>> {
        self.suppressed?.liftable_since?;
        Some(Change::new(Self { suppressed: None, updated_at: now, version: self.version + 1, ..self }, event))
    }

    /// It is not to be written to any more; `event` says so. The first reason stays, and what was allowed is not.
    pub fn suppress(
        self,
        reason: SuppressionReason,
        event: SubscriptionEvent,
        now: Timestamp,
    ) -> Change<Self, SubscriptionEvent> {
        let first = self.suppressed.unwrap_or(Suppression { reason, at: now, liftable_since: None });
        let suppressed = Some(Suppression { liftable_since: None, ..first });
        Change::new(Self { suppressed, updated_at: now, version: self.version + 1, ..self }, event)
    }
}
