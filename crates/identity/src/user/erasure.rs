//! Leaving: what the installation holds about a person, and how it forgets them.

use ashlar_kernel::{Change, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{Email, Locale, Profile, User, UserEvent, UserStatus};
use crate::{ActionPurpose, ApiKey, PasswordHash, Session, device::KnownDevice};

/// For so long nobody else gets the address and the handle of an account that was deleted.
const RESERVED: TimeDelta = TimeDelta::days(30);

/// An account that is being deleted: what remains of it, a tombstone.
pub struct Erasure {
    user: User,
    release_at: Timestamp,
}

impl Erasure {
    /// What remains: an id, and for a while the address and the handle, so that nobody else gets them at once.
    pub const fn user(&self) -> &User {
        &self.user
    }

    /// When address and handle are to be forgotten too.
    pub const fn release_at(&self) -> Timestamp {
        self.release_at
    }
}

impl User {
    /// Deletes the account; none if it is deleted. Name, picture, password and powers are gone at once.
    pub fn erase(self, now: Timestamp) -> Option<Change<Erasure, UserEvent>> {
        if self.status == UserStatus::Deleted {
            return None;
        }
        let event = UserEvent::Deleted { user: self.id };
        let profile = Profile { locale: self.profile.locale.clone(), ..Profile::default() };
        let user = Self {
            profile,
            password: PasswordHash::unusable(),
            email_verified_at: None,
            operator_since: None,
            status: UserStatus::Deleted,
            ..self.with_new_credentials(now)
        };
        Some(Change::new(Erasure { user, release_at: now + RESERVED }, event))
    }

    /// Forgets address and handle of an account that was deleted; none if it was not.
    pub fn release_identifiers(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        if self.status != UserStatus::Deleted {
            return None;
        }
        // A name that no address has (RFC 2606), and that no other tombstone has.
        let nobody = Email::parse(&format!("{}@deleted.invalid", self.id.as_uuid().simple())).ok()?;
        let event = UserEvent::IdentifiersReleased { user: self.id };
        let user = Self {
            email: nobody,
            username: None,
            profile: Profile::default(),
            updated_at: now,
            version: self.version + 1,
            ..self
        };
        Some(Change::new(user, event))
    }

    /// Where a letter about the deletion goes, as long as that is known.
    pub fn last_address(&self) -> Option<(&Email, Option<&Locale>)> {
        let is_known = self.status == UserStatus::Deleted && !self.email.key().ends_with("@deleted.invalid");
        is_known.then_some((&self.email, self.profile.locale.as_ref()))
    }
}

/// What is held about a person besides their account, memberships, second factor and attempts to sign in.
#[derive(Clone, Default)]
pub struct Holdings {
    /// Where the account was opened.
    pub home: Option<TenantId>,
    /// When they last signed in.
    pub last_login_at: Option<Timestamp>,
    /// Sessions, dead or alive, in every tenant, newest first.
    pub sessions: Vec<Session>,
    /// Devices, known or not any more, in every tenant, last seen first.
    pub devices: Vec<KnownDevice>,
    /// API keys, dead or alive, in every tenant, newest first.
    pub api_keys: Vec<ApiKey>,
    /// Links that were mailed and not used.
    pub links: Vec<HeldLink>,
    /// Which accounts of other systems it was made of.
    pub origins: Vec<Origin>,
}

/// A link that was mailed and not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLink {
    /// What it is good for.
    pub purpose: ActionPurpose,
    /// Where it went.
    pub email: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// An account of another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Which system.
    pub source: String,
    /// What it was called there.
    pub source_id: String,
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::Id;
    use uuid::Uuid;

    use super::*;
    use crate::{DisplayName, NewUser, Username};

    fn ada() -> User {
        let new = NewUser {
            id: Id::from_uuid(Uuid::from_u128(1)),
            email: Email::parse("ada@example.org").unwrap(),
            username: Some(Username::parse("ada").unwrap()),
            password: PasswordHash::restore("$hash".to_owned()),
            display_name: Some(DisplayName::parse("Ada").unwrap()),
            email_verified_at: Some(Timestamp::UNIX_EPOCH),
        };
        User::register(new, Timestamp::UNIX_EPOCH).into_parts().0
    }

    #[test]
    fn what_is_deleted_is_gone_at_once_and_its_names_later() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(1);
        assert!(ada().release_identifiers(now).is_none());
        let (erasure, events) = ada().erase(now).unwrap().into_parts();
        assert_eq!(events, [UserEvent::Deleted { user: ada().id() }]);
        assert_eq!(erasure.release_at(), now + TimeDelta::days(30));
        let tombstone = erasure.user().clone();
        assert_eq!((tombstone.status(), tombstone.credential_version()), (UserStatus::Deleted, 2));
        assert!(tombstone.password().is_unusable() && tombstone.profile().display_name.is_none());
        assert_eq!(tombstone.last_address().unwrap().0.address(), "ada@example.org");
        assert!(tombstone.clone().erase(now).is_none() && tombstone.clone().enable(now).is_none());

        let (released, _) = tombstone.release_identifiers(now).unwrap().into_parts();
        assert!(released.username().is_none() && released.last_address().is_none());
        assert!(!released.search_key().contains("ada"));
    }
}
