//! Registrations that wait until somebody proves that the address is theirs.
//!
//! Each attempt stands for itself: whoever registers an address that is not theirs gains nothing, because its owner
//! verifies an attempt of their own, or knows that they made none. The account is made of exactly the attempt whose link
//! was used, and only with that attempt's password.

mod event;

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

pub use event::RegistrationEvent;
pub(crate) use event::registration_event_specs;

use crate::{DisplayName, Email, PasswordHash, UserId, Username};

/// Identifies a [`PendingRegistration`].
pub type RegistrationId = Id<PendingRegistration>;

/// How long an attempt waits.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// An attempt to open an account.
#[derive(Clone)]
pub struct PendingRegistration {
    id: RegistrationId,
    tenant: TenantId,
    email: Email,
    username: Option<Username>,
    password: PasswordHash,
    display_name: Option<DisplayName>,
    salt: [u8; 32],
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// What an attempt is made of.
pub struct NewRegistration {
    /// Its id.
    pub id: RegistrationId,
    /// Where the account is to be a member.
    pub tenant: TenantId,
    /// The address to verify.
    pub email: Email,
    /// The public handle, if they want one.
    pub username: Option<Username>,
    /// The hash of the password.
    pub password: PasswordHash,
    /// What others call them.
    pub display_name: Option<DisplayName>,
    /// 256 random bits.
    pub salt: [u8; 32],
}

/// A stored attempt as plain data; [`PendingRegistration::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `PendingRegistration`, in their stored form")]
pub struct PendingRegistrationRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub email: String,
    pub username: Option<String>,
    pub password: String,
    pub display_name: Option<String>,
    pub salt: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl PendingRegistration {
    /// Somebody asks for an account.
    pub fn request(new: NewRegistration, now: Timestamp) -> Change<Self, RegistrationEvent> {
        let event = RegistrationEvent::Requested { registration: new.id };
        let registration = Self {
            id: new.id,
            tenant: new.tenant,
            email: new.email,
            username: new.username,
            password: new.password,
            display_name: new.display_name,
            salt: new.salt,
            created_at: now,
            expires_at: now + LIFETIME,
        };
        Change::new(registration, event)
    }

    /// The address is verified: the attempt becomes the account `user`.
    pub fn accept(self, user: UserId) -> Change<Self, RegistrationEvent> {
        let event = RegistrationEvent::Accepted { registration: self.id, user };
        Change::new(self, event)
    }

    /// The address has an account already.
    pub fn refuse(self, user: UserId) -> Change<Self, RegistrationEvent> {
        let event = RegistrationEvent::Duplicate { registration: self.id, user };
        Change::new(self, event)
    }

    /// Whether it still waits.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.expires_at > now
    }

    /// Its id.
    pub const fn id(&self) -> RegistrationId {
        self.id
    }
    /// Where the account is to be a member.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// The address to verify.
    pub const fn email(&self) -> &Email {
        &self.email
    }
    /// The public handle.
    pub const fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }
    /// The hash of the password.
    pub const fn password(&self) -> &PasswordHash {
        &self.password
    }
    /// What others call them.
    pub const fn display_name(&self) -> Option<&DisplayName> {
        self.display_name.as_ref()
    }
    /// The secret part of the link that the database holds.
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// The stored form.
    pub fn to_row(&self) -> PendingRegistrationRow {
        PendingRegistrationRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            email: self.email.address().to_owned(),
            username: self.username.as_ref().map(|name| name.as_str().to_owned()),
            password: self.password.as_str().to_owned(),
            display_name: self.display_name.as_ref().map(|name| name.as_str().to_owned()),
            salt: self.salt.to_vec(),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: PendingRegistrationRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let username = row.username.as_deref().map(Username::parse).transpose();
        let display_name = row.display_name.as_deref().map(DisplayName::parse).transpose();
        Ok(Self {
            id: RegistrationId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            email: Email::parse(&row.email).map_err(|_fault| corrupt("pending_registration.email"))?,
            username: username.map_err(|_fault| corrupt("pending_registration.username"))?,
            password: PasswordHash::restore(row.password),
            display_name: display_name.map_err(|_fault| corrupt("pending_registration.display_name"))?,
            salt: row.salt.try_into().map_err(|_length| corrupt("pending_registration.salt"))?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
