//! A sign-in that waits for its second step.

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

use crate::{Device, SecondFactorEvent, UserId};

/// Identifies a [`Challenge`].
pub type ChallengeId = Id<Challenge>;

/// How long the second step may take.
pub const CHALLENGE: TimeDelta = TimeDelta::minutes(5);
const TRIES: u32 = 5;

/// A sign-in whose password was right. Its token follows from the salt here and a key outside the database.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    id: ChallengeId,
    tenant: TenantId,
    user: UserId,
    credential_version: u32,
    device: Option<Device>,
    tries_left: u32,
    salt: [u8; 32],
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// What a challenge is made of.
pub struct NewChallenge {
    /// Its id.
    pub id: ChallengeId,
    /// Where the person signs in.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// With which state of password and address.
    pub credential_version: u32,
    /// On which device.
    pub device: Option<Device>,
    /// 256 random bits.
    pub salt: [u8; 32],
}

/// A stored challenge as plain data; [`Challenge::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Challenge`, in their stored form")]
pub struct ChallengeRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub credential_version: i32,
    pub device_client_id: Option<String>,
    pub device_name: Option<String>,
    pub device_platform: Option<String>,
    pub tries_left: i32,
    pub salt: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Challenge {
    /// The password was right.
    pub fn begin(new: NewChallenge, now: Timestamp) -> Change<Self, SecondFactorEvent> {
        let event = SecondFactorEvent::Challenged { user: new.user };
        let challenge = Self {
            id: new.id,
            tenant: new.tenant,
            user: new.user,
            credential_version: new.credential_version,
            device: new.device,
            tries_left: TRIES,
            salt: new.salt,
            created_at: now,
            expires_at: now + CHALLENGE,
        };
        Change::new(challenge, event)
    }

    /// Its id.
    pub const fn id(&self) -> ChallengeId {
        self.id
    }
    /// Where the person signs in.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Who.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// With which state of password and address.
    pub const fn credential_version(&self) -> u32 {
        self.credential_version
    }
    /// On which device.
    pub const fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }
    /// How many codes may still be tried.
    pub const fn tries_left(&self) -> u32 {
        self.tries_left
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
    pub fn to_row(&self) -> ChallengeRow {
        let device = self.device.as_ref();
        ChallengeRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            user_id: self.user.as_uuid(),
            credential_version: i32::try_from(self.credential_version).unwrap_or(i32::MAX),
            device_client_id: device.and_then(|d| d.client_id.as_ref()).map(|id| id.as_str().to_owned()),
            device_name: device.and_then(|d| d.name.as_ref()).map(|name| name.as_str().to_owned()),
            device_platform: device.map(|d| d.platform.as_str().to_owned()),
            tries_left: i32::try_from(self.tries_left).unwrap_or(0),
            salt: self.salt.to_vec(),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ChallengeRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let (device_id, device_name) = (row.device_client_id.as_deref(), row.device_name.as_deref());
        let device = row.device_platform.as_deref().map(|platform| Device::restore(device_id, device_name, platform));
        Ok(Self {
            id: ChallengeId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            user: UserId::from_uuid(row.user_id),
            credential_version: u32::try_from(row.credential_version)
                .map_err(|_negative| corrupt("login_challenge.credential_version"))?,
            device: device.transpose().map_err(|_fault| corrupt("login_challenge.device"))?,
            tries_left: u32::try_from(row.tries_left).map_err(|_negative| corrupt("login_challenge.tries_left"))?,
            salt: row.salt.try_into().map_err(|_length| corrupt("login_challenge.salt"))?,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}
