//! The tenants of an installation, as its operators see them.

use ashlar_kernel::{
    Change, DomainEvent, EventSpec, FieldFault, StoreError, Target, Tenant, TenantId, TenantSlug, Timestamp,
};
use serde::Serialize;

use crate::canonical;

/// What people call a tenant: 1 to 100 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantName(String);

/// Why a text is no name of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTenantName {
    /// Nothing but blanks.
    #[error("empty")]
    Empty,
    /// More than 100 characters.
    #[error("longer than 100 characters")]
    TooLong,
    /// Control characters, or ones that change the direction of the text around them.
    #[error("holds control characters")]
    ControlCharacter,
}

impl FieldFault for InvalidTenantName {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "too_short",
            Self::TooLong => "too_long",
            Self::ControlCharacter => "control_character",
        }
    }
}

impl TenantName {
    /// Accepts a name, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidTenantName> {
        let name = text.trim();
        match name.chars().count() {
            0 => Err(InvalidTenantName::Empty),
            101.. => Err(InvalidTenantName::TooLong),
            _ if name.chars().any(canonical::is_deceptive) => Err(InvalidTenantName::ControlCharacter),
            _ => Ok(Self(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tenant, and whether its members are let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenancy {
    tenant: Tenant,
    suspended_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
}

/// A stored tenant as plain data; [`Tenancy::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Tenancy`, in their stored form")]
#[derive(Debug)]
pub struct TenancyRow {
    pub id: uuid::Uuid,
    pub slug: String,
    pub name: String,
    pub suspended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

impl Tenancy {
    /// Opens a tenant.
    pub fn open(id: TenantId, slug: TenantSlug, name: &TenantName, now: Timestamp) -> Change<Self, TenantEvent> {
        let event = TenantEvent::Created { tenant: id, slug: slug.as_str().to_owned() };
        let tenant = Tenant { id, slug, name: name.as_str().to_owned() };
        Change::new(Self { tenant, suspended_at: None, created_at: now, updated_at: now, version: 1 }, event)
    }

    /// Refuses its members from now on; none if they are refused already.
    pub fn suspend(self, now: Timestamp) -> Option<Change<Self, TenantEvent>> {
        if self.is_suspended() {
            return None;
        }
        let event = TenantEvent::Suspended { tenant: self.tenant.id };
        Some(Change::new(Self { suspended_at: Some(now), updated_at: now, version: self.version + 1, ..self }, event))
    }

    /// Lets its members in again; none if they are let in.
    pub fn resume(self, now: Timestamp) -> Option<Change<Self, TenantEvent>> {
        if !self.is_suspended() {
            return None;
        }
        let event = TenantEvent::Resumed { tenant: self.tenant.id };
        Some(Change::new(Self { suspended_at: None, updated_at: now, version: self.version + 1, ..self }, event))
    }

    /// Its id, short name and name.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }
    /// Since when its members are refused, if they are.
    pub const fn suspended_at(&self) -> Option<Timestamp> {
        self.suspended_at
    }
    /// Whether its members are refused.
    pub const fn is_suspended(&self) -> bool {
        self.suspended_at.is_some()
    }
    /// When it was opened.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it was last changed.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Counts changes, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: TenancyRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let slug = TenantSlug::parse(&row.slug).map_err(|_fault| corrupt("tenant.slug"))?;
        Ok(Self {
            tenant: Tenant { id: TenantId::from_uuid(row.id), slug, name: row.name },
            suspended_at: row.suspended_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("tenant.version"))?,
        })
    }
}

/// A fact about a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum TenantEvent {
    /// A tenant was opened.
    Created {
        /// Which.
        tenant: TenantId,
        /// Its short name.
        slug: String,
    },
    /// Its members are refused.
    Suspended {
        /// Which.
        tenant: TenantId,
    },
    /// Its members are let in again.
    Resumed {
        /// Which.
        tenant: TenantId,
    },
}

const TENANT: (&str, &str) = ("tenant", "Id of the tenant.");

const CREATED: EventSpec = EventSpec {
    name: "identity.tenant.created",
    schema_version: 1,
    summary: "An operator opened a tenant.",
    targets: &["tenant"],
    data: &[TENANT, ("slug", "Its short name.")],
};
const SUSPENDED: EventSpec = EventSpec {
    name: "identity.tenant.suspended",
    schema_version: 1,
    summary: "An operator suspended the tenant: its members are refused until it is resumed.",
    targets: &["tenant"],
    data: &[TENANT],
};
const RESUMED: EventSpec = EventSpec {
    name: "identity.tenant.resumed",
    schema_version: 1,
    summary: "An operator resumed the tenant: its members are let in again.",
    targets: &["tenant"],
    data: &[TENANT],
};

impl DomainEvent for TenantEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CREATED.name,
            Self::Suspended { .. } => SUSPENDED.name,
            Self::Resumed { .. } => RESUMED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { tenant, .. } | Self::Suspended { tenant } | Self::Resumed { tenant }) = self;
        vec![Target::new("tenant", tenant)]
    }
}

/// The catalogue entries of [`TenantEvent`].
pub(crate) const fn tenant_event_specs() -> &'static [EventSpec] {
    &[CREATED, SUSPENDED, RESUMED]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_suspended_and_resumed_once() {
        let now = Timestamp::UNIX_EPOCH;
        let name = TenantName::parse(" Acme ").unwrap();
        let acme = Tenancy::open(TenantId::MAIN, TenantSlug::parse("acme").unwrap(), &name, now).into_parts().0;
        assert_eq!(acme.tenant().name, "Acme");
        assert!(acme.clone().resume(now).is_none());

        let suspended = acme.suspend(now).unwrap().into_parts().0;
        assert!(suspended.is_suspended() && suspended.clone().suspend(now).is_none());
        let resumed = suspended.resume(now).unwrap().into_parts().0;
        assert_eq!((resumed.is_suspended(), resumed.version()), (false, 3));
    }

    #[test]
    fn names_hold_no_control_characters() {
        for (bad, why) in [
            (" ".to_owned(), InvalidTenantName::Empty),
            ("x".repeat(101), InvalidTenantName::TooLong),
            ("a\nb".to_owned(), InvalidTenantName::ControlCharacter),
        ] {
            assert_eq!(TenantName::parse(&bad), Err(why));
        }
    }
}
