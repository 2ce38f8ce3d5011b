//! Read models: what lists and pages show, read without a unit of work.

use std::net::IpAddr;

use ashlar_kernel::{PermissionSet, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AvatarUrl, Device, DisplayName, Email, Locale, PasswordHash, Role, Session, SessionId, User, UserId, UserStatus,
    Username, permission::operator_permissions,
};

/// An account as its owner sees it in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct Account {
    /// Its id.
    pub id: UserId,
    /// Where mail goes.
    pub email: Email,
    /// The public handle.
    pub username: Option<Username>,
    /// What others call them.
    pub display_name: Option<DisplayName>,
    /// A picture.
    pub avatar_url: Option<AvatarUrl>,
    /// The language they read.
    pub locale: Option<Locale>,
    /// Whether the address was proved to be theirs.
    pub is_email_verified: bool,
    /// Whether the password was found to be one that everybody tries first.
    pub is_password_weak: bool,
    /// What they are in the tenant.
    pub role: Role,
    /// Whether a second factor is asked for when they sign in.
    pub has_second_factor: bool,
    /// Whether they operate the installation; then the role counts for nothing.
    pub is_operator: bool,
    /// Whether the tenant is suspended, and its members are refused.
    pub in_suspended_tenant: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// Counts edits, from 1.
    pub version: u32,
}

impl Account {
    /// The account of `user`, who is `role` in the tenant and has no second factor.
    pub fn of(user: &User, role: Role) -> Self {
        let profile = user.profile().clone();
        Self {
            id: user.id(),
            email: user.email().clone(),
            username: user.username().cloned(),
            display_name: profile.display_name,
            avatar_url: profile.avatar_url,
            locale: profile.locale,
            is_email_verified: user.email_verified_at().is_some(),
            is_password_weak: user.is_password_weak(),
            role,
            has_second_factor: false,
            is_operator: user.is_operator(),
            in_suspended_tenant: false,
            created_at: user.created_at(),
            updated_at: user.updated_at(),
            version: user.version(),
        }
    }

    /// What the person may do: by their role in the tenant, or as an operator of the installation, never both.
    pub fn permissions(&self) -> PermissionSet {
        if self.is_operator { operator_permissions() } else { self.role.permissions() }
    }

    /// Whether the person is refused because their tenant is suspended. Operators are not: they are the ones who can
    /// change that.
    pub const fn is_locked_out(&self) -> bool {
        self.in_suspended_tenant && !self.is_operator
    }
}

/// What a login needs to know about an identifier, read in one statement.
pub struct Credential {
    /// Whose it is.
    pub user: UserId,
    /// The hash to verify.
    pub password: PasswordHash,
    /// Which state of password and address it is from.
    pub version: u32,
    /// Whether the account can be used.
    pub status: UserStatus,
    /// The account in the tenant; none if the person is no member of it.
    pub account: Option<Account>,
}

/// A session together with what its holder is now, read in one statement.
#[derive(Clone)]
pub struct SessionWithHolder {
    /// The session.
    pub session: Session,
    /// Whether the account can be used.
    pub status: UserStatus,
    /// The account in the session's tenant; none if the person is no member any more.
    pub account: Option<Account>,
}

/// One line of the list of a person's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionLine {
    /// Its id.
    pub id: SessionId,
    /// What the client says about its device.
    pub device: Option<Device>,
    /// Where the login came from.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent` at the login.
    pub user_agent: Option<String>,
    /// By which methods the person signed in.
    pub amr: Vec<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
}

/// The position of a line in the list of sessions, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPosition {
    /// When the session began.
    pub created_at: Timestamp,
    /// Its id, for those that began at once.
    pub id: Uuid,
}

/// Which sessions to list: the living ones of one person in one tenant, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionQuery {
    /// In which tenant.
    pub tenant: TenantId,
    /// Whose.
    pub user: UserId,
    /// Alive at this moment.
    pub now: Timestamp,
    /// Older than this line.
    pub after: Option<SessionPosition>,
    /// How many rows at most.
    pub rows: u64,
}
