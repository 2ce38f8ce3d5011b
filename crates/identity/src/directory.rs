//! The people and tenants of an installation as administrators and operators see them: what is asked and what is shown.

use ashlar_kernel::{FieldFault, Tenant, TenantId, TenantSlug, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Account, Membership, Role, User, UserId, UserStatus, canonical};

/// A person as the administrators of one of their tenants see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The account in this tenant.
    pub account: Account,
    /// Whether it can be used.
    pub status: UserStatus,
    /// The tenant in which the account was opened. Its administrators look after the account; elsewhere the person is
    /// a guest.
    pub home: TenantId,
    /// Since when they are a member of this tenant.
    pub member_since: Timestamp,
    /// When they last signed in, anywhere.
    pub last_login_at: Option<Timestamp>,
    /// Counts edits of the membership, from 1.
    pub membership_version: u32,
}

impl DirectoryEntry {
    /// Somebody who has just got an account and has never signed in.
    pub fn newcomer(user: &User, membership: &Membership) -> Self {
        Self {
            account: Account::of(user, membership.role()),
            status: user.status(),
            home: membership.tenant(),
            member_since: membership.created_at(),
            last_login_at: None,
            membership_version: membership.version(),
        }
    }

    /// Which edits of account and membership are in it.
    pub const fn versions(&self) -> EntryVersion {
        EntryVersion { account: self.account.version, membership: self.membership_version }
    }
}

/// Which edits of an account and its membership somebody has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryVersion {
    /// Of the account.
    pub account: u32,
    /// Of the membership.
    pub membership: u32,
}

/// What a search for people looks for: 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm(String);

/// The text cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a search has 1 to 100 characters and no control characters")]
pub struct InvalidSearchTerm;

impl FieldFault for InvalidSearchTerm {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

impl SearchTerm {
    /// Accepts a text, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidSearchTerm> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(canonical::fold(text))) } else { Err(InvalidSearchTerm) }
    }

    /// The form in which it is part of a [search key](crate::User::search_key).
    pub fn key(&self) -> &str {
        &self.0
    }
}

/// Which people to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryFilter {
    /// With this status.
    pub status: Option<UserStatus>,
    /// With this role.
    pub role: Option<Role>,
    /// Whose account was opened then or later.
    pub created_from: Option<Timestamp>,
    /// Whose account was opened before then.
    pub created_before: Option<Timestamp>,
    /// Whose address, handle or name contains this.
    pub search: Option<SearchTerm>,
}

/// In which order to list people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DirectorySort {
    /// By the age of the account, newest first.
    #[default]
    NewestFirst,
    /// By the age of the account, oldest first.
    OldestFirst,
    /// By e-mail address.
    Email,
}

/// The position of a person in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryPosition {
    /// By the age of the account.
    Created {
        /// When it was opened.
        at: Timestamp,
        /// Its id, for those that were opened at once.
        id: Uuid,
    },
    /// By the canonical form of the address, which no two have.
    Email(String),
}

impl DirectoryPosition {
    /// Where `entry` stands in a list sorted by `sort`.
    pub fn of(entry: &DirectoryEntry, sort: DirectorySort) -> Self {
        match sort {
            DirectorySort::NewestFirst | DirectorySort::OldestFirst => {
                Self::Created { at: entry.account.created_at, id: entry.account.id.as_uuid() }
            }
            DirectorySort::Email => Self::Email(entry.account.email.key().to_owned()),
        }
    }
}

/// Which part of a list of people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// The members of which tenant.
    pub tenant: TenantId,
    /// Which of them.
    pub filter: DirectoryFilter,
    /// In which order.
    pub sort: DirectorySort,
    /// After this one.
    pub after: Option<DirectoryPosition>,
    /// How many rows at most.
    pub rows: u64,
    /// Count what the filter lets through, up to this many; nothing is counted if none.
    pub count_up_to: Option<u64>,
}

/// A part of a list of people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectoryRows {
    /// The people.
    pub entries: Vec<DirectoryEntry>,
    /// How many the filter lets through, if it was asked for.
    pub counted: Option<u64>,
}

/// One of the tenants a person is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipLine {
    /// The tenant.
    pub tenant: Tenant,
    /// Whether its members are refused.
    pub is_suspended: bool,
    /// What the person is there.
    pub role: Role,
    /// Since when.
    pub member_since: Timestamp,
}

/// Which memberships to list: those of one person, by the short name of the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipQuery {
    /// Whose.
    pub user: UserId,
    /// After the tenant of this short name.
    pub after: Option<TenantSlug>,
    /// How many rows at most.
    pub rows: u64,
}

/// Which tenants to list: all of them, by short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenancyQuery {
    /// After the tenant of this short name.
    pub after: Option<TenantSlug>,
    /// How many rows at most.
    pub rows: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_folded_as_what_it_looks_through() {
        assert_eq!(SearchTerm::parse(" ADA \u{d6} ").unwrap().key(), "ada \u{f6}");
        for bad in ["", "  ", "a\nb", "a\u{0}", &"x".repeat(101)] {
            assert_eq!(SearchTerm::parse(bad), Err(InvalidSearchTerm), "{bad:?}");
        }
    }
}
