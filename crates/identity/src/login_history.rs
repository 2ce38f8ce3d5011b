//! Attempts to sign in as they are looked up later: by the person on whose account they were made, and by administrators.

use std::{net::IpAddr, str::FromStr};

use ashlar_kernel::{EventRecord, FieldFault, LogEntry, TenantId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{LoginFailure, UserId};

/// How an attempt to sign in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The person is in.
    Succeeded,
    /// Identifier or password were refused.
    Failed,
    /// The password was right and the code of the second factor was not.
    SecondFactorFailed,
    /// Whatever was asked for was right, and there was no place for one more device.
    DeviceRefused,
}

/// The text names no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of succeeded, failed, second_factor_failed and device_refused")]
pub struct InvalidLoginOutcome;

impl FieldFault for InvalidLoginOutcome {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

impl LoginOutcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Failed, Self::SecondFactorFailed, Self::DeviceRefused];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::SecondFactorFailed => "second_factor_failed",
            Self::DeviceRefused => "device_refused",
        }
    }

    /// The event that says so.
    const fn event(self) -> &'static str {
        match self {
            Self::Succeeded => "identity.login.succeeded",
            Self::Failed => "identity.login.failed",
            Self::SecondFactorFailed => "identity.mfa.failed",
            Self::DeviceRefused => "identity.login.device_refused",
        }
    }
}

impl FromStr for LoginOutcome {
    type Err = InvalidLoginOutcome;

    fn from_str(text: &str) -> Result<Self, InvalidLoginOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text).ok_or(InvalidLoginOutcome)
    }
}

impl LoginFailure {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::UnknownIdentifier,
        Self::WrongPassword,
        Self::Disabled,
        Self::NoMembership,
        Self::EmailUnverified,
        Self::TenantSuspended,
    ];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownIdentifier => "unknown_identifier",
            Self::WrongPassword => "wrong_password",
            Self::Disabled => "disabled",
            Self::NoMembership => "no_membership",
            Self::EmailUnverified => "email_unverified",
            Self::TenantSuspended => "tenant_suspended",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// One attempt to sign in. It has the id of the event that tells of it, and says no more than that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLine {
    /// Its id.
    pub id: Uuid,
    /// In which tenant.
    pub tenant: TenantId,
    /// On whose account; none if nobody has the identifier.
    pub user: Option<UserId>,
    /// Of a failure: the pseudonym of what was typed.
    pub identifier_hmac: Option<String>,
    /// From where.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// How it ended.
    pub outcome: LoginOutcome,
    /// Of a failure: why. Never told to whoever tried.
    pub reason: Option<LoginFailure>,
    /// When.
    pub at: Timestamp,
}

impl LoginLine {
    /// The attempt that an event tells of; none if it tells of something else. For stores that keep events as they are;
    /// others do the same in their own way.
    pub fn of(entry: &LogEntry) -> Option<Self> {
        let event = &entry.event;
        let outcome = LoginOutcome::ALL.into_iter().find(|outcome| outcome.event() == event.name)?;
        let reason: Option<String> = member(event, "reason");
        Some(Self {
            id: event.id,
            tenant: event.tenant,
            user: member(event, "user"),
            identifier_hmac: member(event, "identifier_hmac"),
            ip: entry.ip(),
            user_agent: entry.user_agent().map(str::to_owned),
            outcome,
            reason: reason.as_deref().and_then(LoginFailure::restore),
            at: event.occurred_at,
        })
    }

    /// Where it stands in a list.
    pub const fn position(&self) -> LoginPosition {
        LoginPosition { at: self.at, id: self.id }
    }
}

fn member<T: DeserializeOwned>(event: &EventRecord, name: &str) -> Option<T> {
    serde_json::from_value(event.data.get(name)?.clone()).ok()
}

/// The position of an attempt in a list, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LoginPosition {
    /// When it was made.
    pub at: Timestamp,
    /// Its id, for those that were made at once.
    pub id: Uuid,
}

/// Whose attempts to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginScope {
    /// Those on the account of one person, in whichever tenant.
    Person(UserId),
    /// Those in one tenant.
    Tenant(TenantId),
}

/// Which attempts to list. All of it has to be true of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginFilter {
    /// On this account.
    pub user: Option<UserId>,
    /// That ended so.
    pub outcome: Option<LoginOutcome>,
    /// From this address.
    pub ip: Option<IpAddr>,
    /// Failures with the identifier of this pseudonym.
    pub identifier_hmac: Option<String>,
    /// Made then or later.
    pub from: Option<Timestamp>,
    /// Made before then.
    pub before: Option<Timestamp>,
}

/// Which part of a list of attempts to read, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginQuery {
    /// Whose.
    pub scope: LoginScope,
    /// Which of them.
    pub filter: LoginFilter,
    /// Older than this one.
    pub after: Option<LoginPosition>,
    /// How many rows at most.
    pub rows: u64,
}

impl LoginQuery {
    /// Whether it lets an attempt through. For stores without a query language.
    pub fn lets_through(&self, line: &LoginLine) -> bool {
        let LoginFilter { user, outcome, ip, identifier_hmac, from, before } = &self.filter;
        let is_in_scope = match self.scope {
            LoginScope::Person(user) => line.user == Some(user),
            LoginScope::Tenant(tenant) => line.tenant == tenant,
        };
        is_in_scope
            && self.after.is_none_or(|after| line.position() < after)
            && user.is_none_or(|user| line.user == Some(user))
            && outcome.is_none_or(|outcome| line.outcome == outcome)
            && ip.is_none_or(|ip| line.ip == Some(ip))
            && identifier_hmac.as_ref().is_none_or(|pseudonym| line.identifier_hmac.as_ref() == Some(pseudonym))
            && from.is_none_or(|from| line.at >= from)
            && before.is_none_or(|before| line.at < before)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalogue;

    #[test]
    fn what_is_stored_is_read_again() {
        for outcome in LoginOutcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        for reason in LoginFailure::ALL {
            assert_eq!(LoginFailure::restore(reason.as_str()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), json!(reason.as_str()));
        }
        assert_eq!("locked".parse::<LoginOutcome>(), Err(InvalidLoginOutcome));
    }

    #[test]
    fn events_that_tell_of_attempts_exist() {
        for outcome in LoginOutcome::ALL {
            assert!(catalogue::events().iter().any(|event| event.name == outcome.event()), "{}", outcome.event());
        }
    }
}
