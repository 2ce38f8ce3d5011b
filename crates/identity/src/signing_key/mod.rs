//! The keys that access tokens are signed with: one signs, others verify already or still.

mod event;
mod ring;
#[cfg(test)]
mod tests;

use ashlar_kernel::{Change, StoreError, Timestamp};

pub use event::SigningKeyEvent;
pub(crate) use event::signing_key_event_specs;
pub use ring::{Due, KeyRotation, SigningKeyRing};

/// The name of a key in token headers and in the published set: 1 to 64 letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid(String);

/// The text names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a key is 1 to 64 letters, digits, - and _")]
pub struct InvalidKid;

impl Kid {
    /// Accepts a name.
    pub fn parse(text: &str) -> Result<Self, InvalidKid> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(is_plain);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidKid) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For whom the private half is sealed: a row cannot be given another one's.
    pub fn owner(&self) -> Vec<u8> {
        [b"signing key ", self.0.as_bytes()].concat()
    }
}

/// What a key is good for. It goes this way and never back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is published and verifies, and signs nothing yet: others have time to learn it.
    Staged,
    /// It signs. There is one.
    Active,
    /// It verifies what it has signed, until that has run out.
    Retiring,
    /// Nobody believes it any more, and its private half is gone.
    Removed,
}

impl KeyState {
    const ALL: [Self; 4] = [Self::Staged, Self::Active, Self::Retiring, Self::Removed];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Removed => "removed",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A key of the installation, with its private half sealed.
///
/// A removed one stays as a row without a private half, so that no copy of the key ever comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    kid: Kid,
    algorithm: String,
    sealed: Option<Vec<u8>>,
    state: KeyState,
    created_at: Timestamp,
    activated_at: Option<Timestamp>,
    retired_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    version: u32,
}

/// What a new key is made of.
#[derive(Clone)]
pub struct NewSigningKey {
    /// Its name.
    pub kid: Kid,
    /// What it signs with (RFC 7518, RFC 8037).
    pub algorithm: String,
    /// Its private half, sealed for [`Kid::owner`].
    pub sealed: Vec<u8>,
}

/// A stored key as plain data; [`SigningKey::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `SigningKey`, in their stored form")]
pub struct SigningKeyRow {
    pub kid: String,
    pub algorithm: String,
    pub sealed: Option<Vec<u8>>,
    pub state: String,
    pub created_at: Timestamp,
    pub activated_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
    pub removed_at: Option<Timestamp>,
    pub version: i32,
}

impl SigningKey {
    /// A key that others are to learn before it signs.
    pub fn stage(new: NewSigningKey, now: Timestamp) -> Change<Self, SigningKeyEvent> {
        let event = SigningKeyEvent::Staged { key: new.kid.as_str().to_owned(), algorithm: new.algorithm.clone() };
        Change::new(Self::new(new, KeyState::Staged, now), event)
    }

    /// A key that signs at once: the first one, or the one in the place of a key that leaked.
    pub fn begin(new: NewSigningKey, now: Timestamp) -> Change<Self, SigningKeyEvent> {
        let event = SigningKeyEvent::Rotated { key: new.kid.as_str().to_owned(), previous: None };
        Change::new(Self { activated_at: Some(now), ..Self::new(new, KeyState::Active, now) }, event)
    }

    fn new(new: NewSigningKey, state: KeyState, now: Timestamp) -> Self {
        Self {
            kid: new.kid,
            algorithm: new.algorithm,
            sealed: Some(new.sealed),
            state,
            created_at: now,
            activated_at: None,
            retired_at: None,
            removed_at: None,
            version: 1,
        }
    }

    /// The staged key takes over from the one that signs, which verifies from now on: both changes, in the order in which
    /// they are saved. None unless the one is staged and the other active.
    pub fn take_over(self, from: Self, now: Timestamp) -> Option<[Change<Self, SigningKeyEvent>; 2]> {
        if (self.state, from.state) != (KeyState::Staged, KeyState::Active) {
            return None;
        }
        let (key, previous) = (self.kid.as_str().to_owned(), from.kid.as_str().to_owned());
        let retiring = SigningKeyEvent::Retiring { key: previous.clone() };
        let rotated = SigningKeyEvent::Rotated { key, previous: Some(previous) };
        let old = Self { state: KeyState::Retiring, retired_at: Some(now), version: from.version + 1, ..from };
        let new = Self { state: KeyState::Active, activated_at: Some(now), version: self.version + 1, ..self };
        Some([Change::new(old, retiring), Change::new(new, rotated)])
    }

    /// Nobody believes it from now on, and its private half is gone; none if that is so. `is_emergency` says that tokens
    /// it has signed may still be about.
    pub fn remove(self, is_emergency: bool, now: Timestamp) -> Option<Change<Self, SigningKeyEvent>> {
        if self.state == KeyState::Removed {
            return None;
        }
        let event = SigningKeyEvent::Removed { key: self.kid.as_str().to_owned(), emergency: is_emergency };
        let removed =
            Self { state: KeyState::Removed, sealed: None, removed_at: Some(now), version: self.version + 1, ..self };
        Some(Change::new(removed, event))
    }

    /// Its name.
    pub const fn kid(&self) -> &Kid {
        &self.kid
    }
    /// What it signs with.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }
    /// Its private half, sealed; none once it was removed.
    pub fn sealed(&self) -> Option<&[u8]> {
        self.sealed.as_deref()
    }
    /// What it is good for.
    pub const fn state(&self) -> KeyState {
        self.state
    }
    /// When it was made.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// Since when it signs, or has signed.
    pub const fn activated_at(&self) -> Option<Timestamp> {
        self.activated_at
    }
    /// Since when it only verifies, or has only verified.
    pub const fn retired_at(&self) -> Option<Timestamp> {
        self.retired_at
    }
    /// Since when nobody believes it.
    pub const fn removed_at(&self) -> Option<Timestamp> {
        self.removed_at
    }
    /// Counts writes, from 1: the guard of every update.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The stored form.
    pub fn to_row(&self) -> SigningKeyRow {
        SigningKeyRow {
            kid: self.kid.as_str().to_owned(),
            algorithm: self.algorithm.clone(),
            sealed: self.sealed.clone(),
            state: self.state.as_str().to_owned(),
            created_at: self.created_at,
            activated_at: self.activated_at,
            retired_at: self.retired_at,
            removed_at: self.removed_at,
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: SigningKeyRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let state = KeyState::restore(&row.state).ok_or(corrupt("signing_key.state"))?;
        if row.sealed.is_none() != (state == KeyState::Removed) {
            return Err(corrupt("signing_key.sealed"));
        }
        let has_signed = row.activated_at.is_some();
        let moments_fit = match state {
            KeyState::Staged => !has_signed,
            KeyState::Active => has_signed && row.retired_at.is_none(),
            KeyState::Retiring => has_signed && row.retired_at.is_some(),
            KeyState::Removed => true,
        };
        if !moments_fit || row.removed_at.is_some() != (state == KeyState::Removed) {
            return Err(corrupt("signing_key moments"));
        }
        Ok(Self {
            kid: Kid::parse(&row.kid).map_err(|_syntax| corrupt("signing_key.kid"))?,
            algorithm: row.algorithm,
            sealed: row.sealed,
            state,
            created_at: row.created_at,
            activated_at: row.activated_at,
            retired_at: row.retired_at,
            removed_at: row.removed_at,
            version: u32::try_from(row.version).map_err(|_range| corrupt("signing_key.version"))?,
        })
    }
}
