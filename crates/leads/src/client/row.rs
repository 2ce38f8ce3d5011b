//! The stored forms of clients, contracts and their files.

use ashlar_kernel::{Email, StoreError, TenantId, Timestamp};
use uuid::Uuid;

use super::{
    Client, ClientDetails, ClientId, Contract, ContractDetails, ContractFile, ContractFileId, ContractId,
    ContractStatus, Currency, FileName, FileType, PostalAddress, Term, Title, Value,
};
use crate::{
    LeadId,
    lead::{InvalidText, Line, Notes, ShortLine},
    port::{FileKey, Sha256Sum, StoredFile},
};

/// A stored client as plain data; [`Client::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Client`, in their stored form")]
pub struct ClientRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub lead_id: Option<Uuid>,
    pub company_name: String,
    pub legal_name: Option<String>,
    pub tax_id: Option<String>,
    pub billing_email: Option<String>,
    pub address: Option<String>,
    pub notes: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// A stored contract as plain data; [`Contract::restore`] checks it. Days are those of ISO 8601.
#[expect(missing_docs, reason = "the fields are those of `Contract`, in their stored form")]
pub struct ContractRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub client_id: Uuid,
    pub title: String,
    pub status: String,
    pub value_minor: i64,
    pub currency: String,
    pub starts_on: Option<String>,
    pub ends_on: Option<String>,
    pub signed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

/// A stored file of a contract as plain data; [`ContractFile::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `ContractFile`, in their stored form")]
pub struct ContractFileRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub contract_id: Uuid,
    pub position: i32,
    pub name: String,
    pub file_type: String,
    pub file_key: String,
    pub size: i64,
    pub sha256: Vec<u8>,
    pub created_at: Timestamp,
}

const fn corrupt(what: &'static str) -> StoreError {
    StoreError::Corrupt { what }
}

fn stored_version(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}

fn text<T>(
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, InvalidText>,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    text.map(parse).transpose().map_err(|_fault| corrupt(what))
}

impl Client {
    /// The stored form.
    pub fn to_row(&self) -> ClientRow {
        let ClientDetails { company_name, legal_name, tax_id, billing_email, address, notes } = &self.details;
        ClientRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            lead_id: self.lead.map(|lead| lead.as_uuid()),
            company_name: company_name.as_str().to_owned(),
            legal_name: legal_name.as_ref().map(|name| name.as_str().to_owned()),
            tax_id: tax_id.as_ref().map(|id| id.as_str().to_owned()),
            billing_email: billing_email.as_ref().map(|email| email.address().to_owned()),
            address: address.as_ref().map(|address| address.as_str().to_owned()),
            notes: notes.as_ref().map(|notes| notes.as_str().to_owned()),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: stored_version(self.version),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &ClientRow) -> Result<Self, StoreError> {
        let email = row.billing_email.as_deref().map(Email::parse).transpose();
        Ok(Self {
            id: ClientId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            lead: row.lead_id.map(LeadId::from_uuid),
            details: ClientDetails {
                company_name: ShortLine::parse(&row.company_name).map_err(|_fault| corrupt("client.company_name"))?,
                legal_name: text(row.legal_name.as_deref(), ShortLine::parse, "client.legal_name")?,
                tax_id: text(row.tax_id.as_deref(), Line::parse, "client.tax_id")?,
                billing_email: email.map_err(|_fault| corrupt("client.billing_email"))?,
                address: text(row.address.as_deref(), PostalAddress::parse, "client.address")?,
                notes: text(row.notes.as_deref(), Notes::parse, "client.notes")?,
            },
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("client.version"))?,
        })
    }
}

impl Contract {
    /// The stored form.
    pub fn to_row(&self) -> ContractRow {
        let ContractDetails { title, value, term } = &self.details;
        ContractRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            client_id: self.client.as_uuid(),
            title: title.as_str().to_owned(),
            status: self.status.as_str().to_owned(),
            value_minor: value.minor(),
            currency: value.currency().as_str().to_owned(),
            starts_on: term.starts().map(|day| day.to_string()),
            ends_on: term.ends().map(|day| day.to_string()),
            signed_at: self.signed_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: stored_version(self.version),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &ContractRow) -> Result<Self, StoreError> {
        let currency = Currency::parse(&row.currency).map_err(|_fault| corrupt("contract.currency"))?;
        let day =
            |text: &Option<String>, what| text.as_deref().map(Term::day).transpose().map_err(|_fault| corrupt(what));
        let (starts, ends) = (day(&row.starts_on, "contract.starts_on")?, day(&row.ends_on, "contract.ends_on")?);
        Ok(Self {
            id: ContractId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            client: ClientId::from_uuid(row.client_id),
            details: ContractDetails {
                title: Title::parse(&row.title).map_err(|_fault| corrupt("contract.title"))?,
                value: Value::new(row.value_minor, currency).map_err(|_fault| corrupt("contract.value_minor"))?,
                term: Term::new(starts, ends).map_err(|_fault| corrupt("contract.ends_on"))?,
            },
            status: ContractStatus::restore(&row.status).ok_or(corrupt("contract.status"))?,
            signed_at: row.signed_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("contract.version"))?,
        })
    }
}

impl ContractFile {
    /// The stored form.
    pub fn to_row(&self) -> ContractFileRow {
        ContractFileRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            contract_id: self.contract.as_uuid(),
            position: stored_version(self.position),
            name: self.name.as_str().to_owned(),
            file_type: self.sort.as_str().to_owned(),
            file_key: self.stored.key.as_str().to_owned(),
            size: i64::try_from(self.stored.size).unwrap_or(i64::MAX),
            sha256: self.stored.sha256.0.to_vec(),
            created_at: self.created_at,
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ContractFileRow) -> Result<Self, StoreError> {
        let stored = StoredFile {
            key: FileKey::restore(&row.file_key).ok_or(corrupt("contract_file.file_key"))?,
            size: u64::try_from(row.size).map_err(|_negative| corrupt("contract_file.size"))?,
            sha256: Sha256Sum(row.sha256.try_into().map_err(|_length| corrupt("contract_file.sha256"))?),
        };
        Ok(Self {
            id: ContractFileId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            contract: ContractId::from_uuid(row.contract_id),
            position: u32::try_from(row.position).map_err(|_negative| corrupt("contract_file.position"))?,
            name: FileName::parse(&row.name).map_err(|_fault| corrupt("contract_file.name"))?,
            sort: FileType::restore(&row.file_type).ok_or(corrupt("contract_file.file_type"))?,
            stored,
            created_at: row.created_at,
        })
    }
}
