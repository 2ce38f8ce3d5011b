//! Accounts that another system had: what is taken over, and what happens to it here.

mod event;
mod source;

use ashlar_kernel::{Change, TenantId, Timestamp};

pub use event::ImportEvent;
pub(crate) use event::import_event_specs;
pub use source::{ForeignId, ImportSource, InvalidForeignId, InvalidImportSource};

use crate::{
    DisplayName, Email, HashClass, Membership, NewUser, PasswordHash, Role, User, UserId, UserStatus, Username,
};

/// An account with its place in a tenant, and where it comes from. One system's account is taken over once.
#[derive(Clone)]
pub struct ImportedUser {
    user: User,
    membership: Membership,
    last_login_at: Option<Timestamp>,
    source: ImportSource,
    foreign_id: ForeignId,
}

/// What an imported account is made of.
#[expect(missing_docs, reason = "the fields are those of `ImportedUser` and its parts")]
pub struct NewImport {
    pub id: UserId,
    pub tenant: TenantId,
    pub source: ImportSource,
    pub foreign_id: ForeignId,
    pub email: Email,
    pub username: Option<Username>,
    pub display_name: Option<DisplayName>,
    pub password: PasswordHash,
    pub status: UserStatus,
    pub role: Role,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
}

/// Why an account is not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportObstacle {
    /// It was, in an earlier run.
    ImportedBefore,
    /// Somebody has the e-mail address.
    EmailTaken,
    /// Somebody has the handle.
    UsernameTaken,
}

impl ImportedUser {
    /// Takes an account over.
    pub fn import(new: NewImport, now: Timestamp) -> Change<Self, ImportEvent> {
        let event = ImportEvent::Imported {
            user: new.id,
            source: new.source.as_str().to_owned(),
            role: new.role.as_str(),
            status: new.status.as_str(),
            password: HashClass::of(&new.password).to_string(),
        };
        let (membership, _told_by_the_import) = Membership::create(new.tenant, new.id, new.role, now).into_parts();
        let account = NewUser {
            id: new.id,
            email: new.email,
            username: new.username,
            password: new.password,
            display_name: new.display_name,
            // The system they come from has let them in with it.
            email_verified_at: Some(now),
        };
        let imported = Self {
            user: User::take_over(account, new.status, new.created_at, now),
            membership,
            last_login_at: new.last_login_at,
            source: new.source,
            foreign_id: new.foreign_id,
        };
        Change::new(imported, event)
    }

    /// The account.
    pub const fn user(&self) -> &User {
        &self.user
    }
    /// Its place in the tenant.
    pub const fn membership(&self) -> &Membership {
        &self.membership
    }
    /// When its owner last signed in, there.
    pub const fn last_login_at(&self) -> Option<Timestamp> {
        self.last_login_at
    }
    /// Where it comes from.
    pub const fn source(&self) -> &ImportSource {
        &self.source
    }
    /// What it is called there.
    pub const fn foreign_id(&self) -> &ForeignId {
        &self.foreign_id
    }
}
