//! Clients: who has bought something, and the contracts with them.

mod contract;
mod event;
mod file;
mod row;
mod value;

use ashlar_kernel::{Change, DiffEntry, Email, Id, Patch, TenantId, Timestamp};

pub use contract::{Contract, ContractDetails, ContractId, ContractPatch, ContractStatus, Settled};
pub(crate) use event::client_event_specs;
pub use event::{ClientEvent, ContractEvent, ContractFileEvent};
pub use file::{ContractFile, ContractFileId, FileName, FileType, InvalidFile, MAX_FILE_SIZE, MAX_FILES, Sniffer};
pub use row::{ClientRow, ContractFileRow, ContractRow};
pub use value::{Currency, InvalidDate, InvalidValue, Term, Title, Value};

use crate::{
    LeadId,
    lead::{InvalidText, Line, Notes, ShortLine},
};

/// Identifies a [`Client`].
pub type ClientId = Id<Client>;

/// An address to write to: 1 to 500 characters in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostalAddress(Notes);

impl PostalAddress {
    const LONGEST: usize = 500;

    /// Accepts a text, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let lines = Notes::parse(text)?;
        let fits = lines.as_str().chars().count() <= Self::LONGEST;
        if fits { Ok(Self(lines)) } else { Err(InvalidText::TooLong(Self::LONGEST)) }
    }

    /// The lines.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What is known of a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientDetails {
    /// What it is called.
    pub company_name: ShortLine,
    /// What it is called in contracts.
    pub legal_name: Option<ShortLine>,
    /// What tax offices know it by.
    pub tax_id: Option<Line<32>>,
    /// Where invoices go.
    pub billing_email: Option<Email>,
    /// Where letters go.
    pub address: Option<PostalAddress>,
    /// What else there is to say.
    pub notes: Option<Notes>,
}

/// What to edit of a client.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of `ClientDetails`")]
pub struct ClientPatch {
    pub company_name: Option<ShortLine>,
    pub legal_name: Patch<ShortLine>,
    pub tax_id: Patch<Line<32>>,
    pub billing_email: Patch<Email>,
    pub address: Patch<PostalAddress>,
    pub notes: Patch<Notes>,
}

impl ClientPatch {
    fn apply(self, details: ClientDetails) -> ClientDetails {
        ClientDetails {
            company_name: self.company_name.unwrap_or(details.company_name),
            legal_name: self.legal_name.apply(details.legal_name),
            tax_id: self.tax_id.apply(details.tax_id),
            billing_email: self.billing_email.apply(details.billing_email),
            address: self.address.apply(details.address),
            notes: self.notes.apply(details.notes),
        }
    }
}

impl ClientDetails {
    fn differences(&self, other: &Self) -> Vec<DiffEntry> {
        let mut found = Vec::new();
        let mut personal = |path: &str, is_changed: bool, was: bool, is: bool| {
            if is_changed {
                found.push(DiffEntry::personal(path, was, is));
            }
        };
        let (was, is) = (self, other);
        personal("/company_name", was.company_name != is.company_name, true, true);
        personal("/legal_name", was.legal_name != is.legal_name, was.legal_name.is_some(), is.legal_name.is_some());
        personal("/tax_id", was.tax_id != is.tax_id, was.tax_id.is_some(), is.tax_id.is_some());
        let mail = (was.billing_email.is_some(), is.billing_email.is_some());
        personal("/billing_email", was.billing_email != is.billing_email, mail.0, mail.1);
        personal("/address", was.address != is.address, was.address.is_some(), is.address.is_some());
        personal("/notes", was.notes != is.notes, was.notes.is_some(), is.notes.is_some());
        found
    }
}

/// Who has bought something.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    id: ClientId,
    tenant: TenantId,
    lead: Option<LeadId>,
    details: ClientDetails,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
}

impl Client {
    /// Takes a client in, perhaps one that was a lead.
    pub fn create(
        id: ClientId,
        tenant: TenantId,
        lead: Option<LeadId>,
        details: ClientDetails,
        now: Timestamp,
    ) -> Change<Self, ClientEvent> {
        let client = Self { id, tenant, lead, details, created_at: now, updated_at: now, version: 1 };
        Change::new(client, ClientEvent::Created { client: id, lead })
    }

    /// Edits what is known; none if nothing is different.
    pub fn edit(self, patch: ClientPatch, now: Timestamp) -> Option<Change<Self, ClientEvent>> {
        let details = patch.apply(self.details.clone());
        let changes = self.details.differences(&details);
        let event = ClientEvent::Updated { client: self.id, changes: changes.clone() };
        let edited = Self { details, updated_at: now, version: self.version + 1, ..self };
        (!changes.is_empty()).then(|| Change::new(edited, event))
    }

    /// Its id.
    pub const fn id(&self) -> ClientId {
        self.id
    }
    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Which lead it was.
    pub const fn lead(&self) -> Option<LeadId> {
        self.lead
    }
    /// What is known of it.
    pub const fn details(&self) -> &ClientDetails {
        &self.details
    }
    /// When it came.
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
