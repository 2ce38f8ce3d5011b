//! The account of one person.

mod administration;
mod erasure;
mod event;
mod profile;
mod request;
mod username;

use ashlar_kernel::{Change, DiffEntry, Id, Patch, StoreError, Timestamp};

pub use ashlar_kernel::{Email, InvalidEmail};
pub use erasure::{Erasure, HeldLink, Holdings, Origin};
pub use event::UserEvent;
pub(crate) use event::user_event_specs;
pub use profile::{AvatarUrl, DisplayName, InvalidAvatarUrl, InvalidDisplayName, InvalidLocale, Locale};
pub use request::AccountRequest;
pub(crate) use request::account_request_specs;
pub use username::{InvalidUsername, Username};

use crate::password::PasswordHash;

/// Identifies a [`User`].
pub type UserId = Id<User>;

/// Whether an account can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserStatus {
    /// Can sign in.
    Active,
    /// Was shut by an administrator; cannot sign in, and its sessions are dead.
    Disabled,
    /// Was deleted: a tombstone of which little more than the id remains.
    Deleted,
}

impl UserStatus {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled, Self::Deleted].into_iter().find(|status| status.as_str() == text)
    }
}

/// An account: how a person signs in, and what others see of them.
///
/// An account belongs to the installation; what it may do in a tenant is its [membership](crate::Membership).
#[derive(Clone)]
pub struct User {
    id: UserId,
    email: Email,
    username: Option<Username>,
    email_verified_at: Option<Timestamp>,
    password: PasswordHash,
    credential_version: u32,
    weak_password_version: Option<u32>,
    profile: Profile,
    status: UserStatus,
    operator_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
}

/// The fields of an account that its owner edits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// What others call them.
    pub display_name: Option<DisplayName>,
    /// A picture.
    pub avatar_url: Option<AvatarUrl>,
    /// The language they read.
    pub locale: Option<Locale>,
}

/// A change of the profile, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfilePatch {
    /// What others call them.
    pub display_name: Patch<DisplayName>,
    /// A picture.
    pub avatar_url: Patch<AvatarUrl>,
    /// The language they read.
    pub locale: Patch<Locale>,
}

/// What a new account is made of.
pub struct NewUser {
    /// Its id.
    pub id: UserId,
    /// Where mail goes.
    pub email: Email,
    /// The public handle, if they want one.
    pub username: Option<Username>,
    /// The hash of the password.
    pub password: PasswordHash,
    /// What others call them.
    pub display_name: Option<DisplayName>,
    /// When the address was proved to be theirs, if it was.
    pub email_verified_at: Option<Timestamp>,
}

/// A stored account as plain data; [`User::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `User`, in their stored form")]
pub struct UserRow {
    pub id: uuid::Uuid,
    pub email: String,
    pub username: Option<String>,
    pub email_verified_at: Option<Timestamp>,
    pub password: String,
    pub credential_version: i32,
    pub weak_password_version: Option<i32>,
    pub display_name: Option<String>,
    pub avatar_url: Option<String>,
    pub locale: Option<String>,
    pub status: String,
    pub operator_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

impl User {
    /// Opens an account.
    pub fn register(new: NewUser, now: Timestamp) -> Change<Self, UserEvent> {
        let user = Self::take_over(new, UserStatus::Active, now, now);
        let event = UserEvent::Registered { user: user.id };
        Change::new(user, event)
    }

    /// An account that was opened at `created_at`, perhaps elsewhere.
    pub(crate) fn take_over(new: NewUser, status: UserStatus, created_at: Timestamp, now: Timestamp) -> Self {
        Self {
            id: new.id,
            email: new.email,
            username: new.username,
            email_verified_at: new.email_verified_at,
            password: new.password,
            credential_version: 1,
            weak_password_version: None,
            profile: Profile { display_name: new.display_name, ..Profile::default() },
            status,
            operator_since: None,
            created_at,
            updated_at: now,
            version: 1,
        }
    }

    /// Edits the profile; none if nothing would change.
    pub fn edit_profile(self, patch: ProfilePatch, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        let before = self.profile.clone();
        let after = Profile {
            display_name: patch.display_name.apply(before.display_name.clone()),
            avatar_url: patch.avatar_url.apply(before.avatar_url.clone()),
            locale: patch.locale.apply(before.locale.clone()),
        };
        if after == before {
            return None;
        }
        let event = UserEvent::ProfileUpdated { user: self.id, changes: profile_diff(&before, &after) };
        Some(Change::new(Self { profile: after, updated_at: now, version: self.version + 1, ..self }, event))
    }

    /// The owner has proved that the address is theirs; none if that was known.
    pub fn verify_email(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        if self.email_verified_at.is_some() {
            return None;
        }
        let event = UserEvent::EmailVerified { user: self.id };
        let version = self.version + 1;
        Some(Change::new(Self { email_verified_at: Some(now), updated_at: now, version, ..self }, event))
    }

    /// The owner chose another password.
    pub fn change_password(self, password: PasswordHash, now: Timestamp) -> Change<Self, UserEvent> {
        let event = UserEvent::PasswordChanged { user: self.id };
        Change::new(Self { password, ..self.with_new_credentials(now) }, event)
    }

    /// Whoever reads the owner's mail chose another password, which proves the address too.
    pub fn reset_password(self, password: PasswordHash, now: Timestamp) -> Change<Self, UserEvent> {
        let event = UserEvent::PasswordReset { user: self.id };
        let email_verified_at = self.email_verified_at.or(Some(now));
        Change::new(Self { email_verified_at, password, ..self.with_new_credentials(now) }, event)
    }

    /// Another address, which was proved to be the owner's.
    pub fn change_email(self, email: Email, now: Timestamp) -> Change<Self, UserEvent> {
        let event = UserEvent::EmailChanged { user: self.id };
        Change::new(Self { email, email_verified_at: Some(now), ..self.with_new_credentials(now) }, event)
    }

    /// The address of before, whose reader has objected to the change.
    pub fn undo_email_change(self, email: Email, now: Timestamp) -> Change<Self, UserEvent> {
        let event = UserEvent::EmailChangeUndone { user: self.id };
        Change::new(Self { email, email_verified_at: Some(now), ..self.with_new_credentials(now) }, event)
    }

    fn with_new_credentials(self, now: Timestamp) -> Self {
        let (credential_version, version) = (self.credential_version + 1, self.version + 1);
        Self { credential_version, updated_at: now, version, ..self }
    }

    /// The same account under another hash of the same password. No edit, so the version stays; for stores, which are
    /// told of it by [`Rehash`](crate::Rehash).
    #[must_use]
    pub fn with_hash(self, password: PasswordHash) -> Self {
        Self { password, ..self }
    }

    /// The same account, whose password was found to be a common one. No edit, so the version stays; for stores, which are
    /// told of it by [`WeakPassword`](crate::WeakPassword).
    #[must_use]
    pub fn with_weak_password(self) -> Self {
        Self { weak_password_version: Some(self.credential_version), ..self }
    }

    /// Shuts the account; none if it is shut already.
    pub fn disable(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        match self.status {
            UserStatus::Disabled | UserStatus::Deleted => None,
            UserStatus::Active => {
                let event = UserEvent::Disabled { user: self.id };
                let status = UserStatus::Disabled;
                Some(Change::new(Self { status, updated_at: now, version: self.version + 1, ..self }, event))
            }
        }
    }

    /// Its id.
    pub const fn id(&self) -> UserId {
        self.id
    }
    /// Where mail goes.
    pub const fn email(&self) -> &Email {
        &self.email
    }
    /// The public handle.
    pub const fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }
    /// When the address was proved to be the owner's.
    pub const fn email_verified_at(&self) -> Option<Timestamp> {
        self.email_verified_at
    }
    /// Counts changes of password and address, from 1. What was handed out for one state of them is worthless in the
    /// next.
    pub const fn credential_version(&self) -> u32 {
        self.credential_version
    }
    /// Whether the password was found to be a common one. Not known of a new one, nor after a change of the address, until
    /// its owner signs in with it.
    pub fn is_password_weak(&self) -> bool {
        self.weak_password_version == Some(self.credential_version)
    }
    /// The hash of the password.
    pub const fn password(&self) -> &PasswordHash {
        &self.password
    }
    /// What its owner edits.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }
    /// Whether it can be used.
    pub const fn status(&self) -> UserStatus {
        self.status
    }
    /// When it was opened.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it was last edited.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Counts edits, from 1; the `ETag` of the profile.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: UserRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let username = row.username.as_deref().map(Username::parse).transpose();
        let display_name = row.display_name.as_deref().map(DisplayName::parse).transpose();
        let avatar_url = row.avatar_url.as_deref().map(AvatarUrl::parse).transpose();
        let locale = row.locale.as_deref().map(Locale::parse).transpose();
        Ok(Self {
            id: UserId::from_uuid(row.id),
            email: Email::parse(&row.email).map_err(|_fault| corrupt("user.email"))?,
            username: username.map_err(|_fault| corrupt("user.username"))?,
            email_verified_at: row.email_verified_at,
            password: PasswordHash::restore(row.password),
            credential_version: u32::try_from(row.credential_version)
                .map_err(|_negative| corrupt("user.credential_version"))?,
            weak_password_version: row
                .weak_password_version
                .map(u32::try_from)
                .transpose()
                .map_err(|_negative| corrupt("user.weak_password_version"))?,
            profile: Profile {
                display_name: display_name.map_err(|_fault| corrupt("user.display_name"))?,
                avatar_url: avatar_url.map_err(|_fault| corrupt("user.avatar_url"))?,
                locale: locale.map_err(|_fault| corrupt("user.locale"))?,
            },
            status: UserStatus::restore(&row.status).ok_or_else(|| corrupt("user.status"))?,
            operator_since: row.operator_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("user.version"))?,
        })
    }
}

fn profile_diff(before: &Profile, after: &Profile) -> Vec<DiffEntry> {
    let mut diff = Vec::new();
    if before.display_name != after.display_name {
        let (was, is) = (before.display_name.is_some(), after.display_name.is_some());
        diff.push(DiffEntry::personal("/display_name", was, is));
    }
    if before.avatar_url != after.avatar_url {
        diff.push(DiffEntry::personal("/avatar_url", before.avatar_url.is_some(), after.avatar_url.is_some()));
    }
    if before.locale != after.locale {
        let text = |locale: &Option<Locale>| locale.as_ref().map(|locale| locale.as_str().to_owned());
        diff.push(DiffEntry::plain("/locale", text(&before.locale), text(&after.locale)));
    }
    diff
}

#[cfg(test)]
mod tests;
