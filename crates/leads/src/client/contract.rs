//! A contract with a client, and where it stands.

use ashlar_kernel::{Change, DiffEntry, Id, Patch, TenantId, Timestamp};
use chrono::NaiveDate;

use super::{
    ClientId,
    event::ContractEvent,
    value::{InvalidDate, Term, Title, Value},
};
use crate::lead::choice::choice;

/// Identifies a [`Contract`].
pub type ContractId = Id<Contract>;

choice! {
    /// Where a contract stands.
    ContractStatus, "draft, sent, signed, expired, terminated" {
        /// It is being written.
        Draft = "draft",
        /// The client has it.
        Sent = "sent",
        /// Both have signed it.
        Signed = "signed",
        /// Its time is over.
        Expired = "expired",
        /// Somebody has ended it.
        Terminated = "terminated",
    }
}

impl ContractStatus {
    /// Where it may go.
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Draft => &[Self::Sent],
            Self::Sent => &[Self::Signed],
            Self::Signed => &[Self::Expired, Self::Terminated],
            Self::Expired | Self::Terminated => &[],
        }
    }

    /// Whether what it says may be changed: what was signed stands.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Sent)
    }
}

/// What a contract says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractDetails {
    /// What it is called.
    pub title: Title,
    /// What it is worth.
    pub value: Value,
    /// From when to when it holds.
    pub term: Term,
}

/// What to edit of a contract.
#[derive(Debug, Clone, Default)]
pub struct ContractPatch {
    /// Another title.
    pub title: Option<Title>,
    /// Another value.
    pub value: Option<Value>,
    /// Another first day.
    pub starts_on: Patch<NaiveDate>,
    /// Another last day.
    pub ends_on: Patch<NaiveDate>,
    /// Where it is to stand.
    pub status: Option<ContractStatus>,
}

/// Why a contract is not edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It was signed.
    Signed,
    /// It cannot go there from where it stands.
    IllegalMove {
        /// Where it can go.
        allowed: &'static [ContractStatus],
    },
    /// It would end before it begins.
    Term(InvalidDate),
}

/// A contract with a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub(super) id: ContractId,
    pub(super) tenant: TenantId,
    pub(super) client: ClientId,
    pub(super) details: ContractDetails,
    pub(super) status: ContractStatus,
    pub(super) signed_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: u32,
}

impl Contract {
    /// Drafts a contract.
    pub fn draft(
        id: ContractId,
        (tenant, client): (TenantId, ClientId),
        details: ContractDetails,
        now: Timestamp,
    ) -> Change<Self, ContractEvent> {
        let status = ContractStatus::Draft;
        let contract =
            Self { id, tenant, client, details, status, signed_at: None, created_at: now, updated_at: now, version: 1 };
        Change::new(contract, ContractEvent::Created { contract: id, client })
    }

    /// Edits what it says, and moves it; none if nothing is different.
    pub fn edit(self, patch: ContractPatch, now: Timestamp) -> Result<Option<Change<Self, ContractEvent>>, Settled> {
        let was = self.details.clone();
        let term = Term::new(patch.starts_on.apply(was.term.starts()), patch.ends_on.apply(was.term.ends()));
        let details = ContractDetails {
            title: patch.title.unwrap_or(was.title),
            value: patch.value.unwrap_or(was.value),
            term: term.map_err(Settled::Term)?,
        };
        let changes = self.details.differences(&details);
        if !changes.is_empty() && !self.status.is_open() {
            return Err(Settled::Signed);
        }
        let (id, from) = (self.id, self.status);
        let to = patch.status.unwrap_or(from);
        if to != from && !from.next().contains(&to) {
            return Err(Settled::IllegalMove { allowed: from.next() });
        }
        let signed_at = if to == ContractStatus::Signed { self.signed_at.or(Some(now)) } else { self.signed_at };
        let edited = Self { details, status: to, signed_at, updated_at: now, version: self.version + 1, ..self };
        let edit = (!changes.is_empty()).then_some(ContractEvent::Updated { contract: id, changes });
        let moved = (to != from).then_some(match to {
            ContractStatus::Signed => ContractEvent::Signed { contract: id, client: edited.client },
            _ => ContractEvent::StatusChanged { contract: id, from: from.as_str(), to: to.as_str() },
        });
        Ok(match (edit, moved) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(Change::new(edited, one)),
            (Some(edit), Some(moved)) => Some(Change::new(edited, edit).and(moved)),
        })
    }

    /// Its id.
    pub const fn id(&self) -> ContractId {
        self.id
    }
    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// With whom.
    pub const fn client(&self) -> ClientId {
        self.client
    }
    /// What it says.
    pub const fn details(&self) -> &ContractDetails {
        &self.details
    }
    /// Where it stands.
    pub const fn status(&self) -> ContractStatus {
        self.status
    }
    /// When it was signed.
    pub const fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }
    /// When it was drafted.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it was last edited.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Counts edits, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

impl ContractDetails {
    fn differences(&self, other: &Self) -> Vec<DiffEntry> {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        let mut found = Vec::new();
        let mut plain = |path: &str, was: Option<String>, is: Option<String>| {
            if was != is {
                found.push(DiffEntry::plain(path, was, is));
            }
        };
        let worth = |value: Value| Some(format!("{} {}", value.minor(), value.currency().as_str()));
        plain("/value", worth(self.value), worth(other.value));
        plain("/starts_on", day(self.term.starts()), day(other.term.starts()));
        plain("/ends_on", day(self.term.ends()), day(other.term.ends()));
        if self.title != other.title {
            found.push(DiffEntry::personal("/title", true, true));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Currency;

    fn draft() -> Contract {
        let details = ContractDetails {
            title: Title::parse("Web site").unwrap(),
            value: Value::new(100, Currency::parse("EUR").unwrap()).unwrap(),
            term: Term::default(),
        };
        let ids = (TenantId::MAIN, ClientId::from_uuid(uuid::Uuid::nil()));
        Contract::draft(ContractId::from_uuid(uuid::Uuid::nil()), ids, details, Timestamp::UNIX_EPOCH).state().clone()
    }

    fn moved(contract: &Contract, to: ContractStatus) -> Result<Contract, Settled> {
        let patch = ContractPatch { status: Some(to), ..ContractPatch::default() };
        let change = contract.clone().edit(patch, Timestamp::UNIX_EPOCH)?;
        Ok(change.map_or_else(|| contract.clone(), |change| change.state().clone()))
    }

    #[test]
    fn contracts_go_one_way() {
        let contract = draft();
        assert_eq!(
            moved(&contract, ContractStatus::Signed),
            Err(Settled::IllegalMove { allowed: &[ContractStatus::Sent] })
        );
        let sent = moved(&contract, ContractStatus::Sent).unwrap();
        let signed = moved(&sent, ContractStatus::Signed).unwrap();
        assert!(signed.signed_at().is_some());
        for end in [ContractStatus::Expired, ContractStatus::Terminated] {
            let ended = moved(&signed, end).unwrap();
            for to in ContractStatus::ALL.iter().filter(|to| **to != end) {
                assert_eq!(moved(&ended, *to), Err(Settled::IllegalMove { allowed: &[] }), "{to:?}");
            }
        }
    }

    #[test]
    fn what_was_signed_stands() {
        let signed = moved(&moved(&draft(), ContractStatus::Sent).unwrap(), ContractStatus::Signed).unwrap();
        let patch = ContractPatch { title: Title::parse("Other").ok(), ..ContractPatch::default() };
        assert_eq!(signed.clone().edit(patch, Timestamp::UNIX_EPOCH).err(), Some(Settled::Signed));
        let same = ContractPatch { title: Title::parse("Web site").ok(), ..ContractPatch::default() };
        assert!(signed.edit(same, Timestamp::UNIX_EPOCH).unwrap().is_none());
    }
}
