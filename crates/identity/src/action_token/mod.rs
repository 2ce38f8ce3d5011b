//! Links that are mailed: each lets whoever reads somebody's mail do one thing, once.

mod event;
mod keys;

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

pub use event::ActionTokenEvent;
pub(crate) use event::action_token_event_specs;
pub use keys::{ActionKeys, ActionSubject, InvalidActionToken, PresentedActionToken};

use crate::{Email, User, UserId};

/// Identifies an [`ActionToken`].
pub type ActionTokenId = Id<ActionToken>;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionPurpose {
    /// Choosing a new password.
    ResetPassword,
    /// Choosing a password for an account that was imported without one.
    SetPassword,
    /// Proving that the account's address is one's own.
    VerifyEmail,
    /// Making a new address the account's.
    ChangeEmail,
    /// Making the old address the account's again.
    UndoEmailChange,
}

impl ActionPurpose {
    const ALL: [Self; 5] =
        [Self::ResetPassword, Self::SetPassword, Self::VerifyEmail, Self::ChangeEmail, Self::UndoEmailChange];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::SetPassword => "set_password",
            Self::VerifyEmail => "verify_email",
            Self::ChangeEmail => "change_email",
            Self::UndoEmailChange => "undo_email_change",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    /// How long the link is good.
    pub const fn lifetime(self) -> TimeDelta {
        match self {
            Self::ResetPassword => TimeDelta::minutes(30),
            // Nobody has asked for it, so nobody waits for it: people read such a letter when they come to it.
            Self::SetPassword => TimeDelta::days(14),
            Self::VerifyEmail | Self::ChangeEmail => TimeDelta::hours(24),
            Self::UndoEmailChange => TimeDelta::hours(72),
        }
    }
}

/// A link that was mailed to `email`, before it is used. An account has one of each purpose: a new one takes the place of
/// the one before.
///
/// The token itself is nowhere: it follows from the salt here and a key outside the database.
#[derive(Clone, PartialEq, Eq)]
pub struct ActionToken {
    id: ActionTokenId,
    tenant: TenantId,
    user: UserId,
    purpose: ActionPurpose,
    email: Email,
    credential_version: u32,
    salt: [u8; 32],
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// What a new link is made of.
pub struct NewActionToken {
    /// Its id.
    pub id: ActionTokenId,
    /// Where the person asked for it.
    pub tenant: TenantId,
    /// What it is good for.
    pub purpose: ActionPurpose,
    /// Where it is mailed to.
    pub email: Email,
    /// 256 random bits.
    pub salt: [u8; 32],
}

/// A stored link as plain data; [`ActionToken::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `ActionToken`, in their stored form")]
pub struct ActionTokenRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub purpose: String,
    pub email: String,
    pub credential_version: i32,
    pub salt: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl ActionToken {
    /// Makes a link for the account as it is now.
    pub fn issue(new: NewActionToken, user: &User, now: Timestamp) -> Change<Self, ActionTokenEvent> {
        let NewActionToken { id, tenant, purpose, email, salt } = new;
        let event = ActionTokenEvent::Issued { token: id, user: user.id(), purpose };
        let token = Self {
            id,
            tenant,
            user: user.id(),
            purpose,
            email,
            credential_version: user.credential_version(),
            salt,
            created_at: now,
            expires_at: now + purpose.lifetime(),
        };
        Change::new(token, event)
    }

    /// Uses the link up.
    pub fn spend(self) -> Change<Self, ActionTokenEvent> {
        let event = ActionTokenEvent::Used { token: self.id, user: self.user, purpose: self.purpose };
        Change::new(self, event)
    }

    /// Whether the link may still be used. A new password or address makes all links of before worthless, but for the
    /// way back to an old address: the change is what it takes back.
    pub fn is_good_for(&self, user: &User, now: Timestamp) -> bool {
        let is_of_this_state = self.credential_version == user.credential_version();
        let is_current = match self.purpose {
            ActionPurpose::ResetPassword | ActionPurpose::SetPassword | ActionPurpose::VerifyEmail => {
                is_of_this_state && self.email.key() == user.email().key()
            }
            ActionPurpose::ChangeEmail => is_of_this_state,
            ActionPurpose::UndoEmailChange => true,
        };
        is_current && self.user == user.id() && self.expires_at > now
    }

    /// Its id.
    pub const fn id(&self) -> ActionTokenId {
        self.id
    }
    /// Where the person asked for it.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Whose account it is about.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// What it is good for.
    pub const fn purpose(&self) -> ActionPurpose {
        self.purpose
    }
    /// Where it was mailed to.
    pub const fn email(&self) -> &Email {
        &self.email
    }
    /// The secret part that the database holds.
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }
    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// The stored form.
    pub fn to_row(&self) -> ActionTokenRow {
        ActionTokenRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            user_id: self.user.as_uuid(),
            purpose: self.purpose.as_str().to_owned(),
            email: self.email.address().to_owned(),
            credential_version: i32::try_from(self.credential_version).unwrap_or(i32::MAX),
            salt: self.salt.to_vec(),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ActionTokenRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        Ok(Self {
            id: ActionTokenId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            user: UserId::from_uuid(row.user_id),
            purpose: ActionPurpose::restore(&row.purpose).ok_or_else(|| corrupt("action_token.purpose"))?,
            email: Email::parse(&row.email).map_err(|_fault| corrupt("action_token.email"))?,
            credential_version: u32::try_from(row.credential_version)
                .map_err(|_negative| corrupt("action_token.credential_version"))?,
            salt: row.salt.try_into().map_err(|_length| corrupt("action_token.salt"))?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
