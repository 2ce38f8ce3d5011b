//! The stored form of a message.

use ashlar_kernel::{Email, StoreError, TenantId, Timestamp};

use super::{ContactId, ContactMessage, ContactStatus, Letter, Message, Origin, Subject};
use crate::{
    LeadId,
    lead::{FullName, Phone},
};

/// A stored message as plain data; [`ContactMessage::restore`] checks it.
#[derive(Clone)]
#[expect(missing_docs, reason = "the fields are those of `ContactMessage`, in their stored form")]
pub struct ContactRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub name: String,
    pub email: String,
    pub phone_number: Option<String>,
    pub phone_e164: Option<String>,
    pub subject: String,
    pub message: String,
    pub status: String,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub referrer: Option<String>,
    pub lead_id: Option<uuid::Uuid>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

impl ContactMessage {
    /// The stored form.
    pub fn to_row(&self) -> ContactRow {
        let Letter { name, email, phone, subject, message } = &self.letter;
        ContactRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            name: name.as_str().to_owned(),
            email: email.address().to_owned(),
            phone_number: phone.as_ref().map(|phone| phone.given().to_owned()),
            phone_e164: phone.as_ref().map(|phone| phone.e164().to_owned()),
            subject: subject.as_str().to_owned(),
            message: message.as_str().to_owned(),
            status: self.status.as_str().to_owned(),
            ip: self.origin.ip.map(|ip| ip.to_string()),
            user_agent: self.origin.user_agent.clone(),
            referrer: self.origin.referrer.clone(),
            lead_id: self.lead.map(|lead| lead.as_uuid()),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: ContactRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let phone = match (&row.phone_number, &row.phone_e164) {
            (Some(given), Some(e164)) => {
                Some(Phone::restore(given, e164).ok_or(corrupt("contact_message.phone_e164"))?)
            }
            (None, None) => None,
            _ => return Err(corrupt("contact_message.phone_number")),
        };
        let ip = row.ip.as_deref().map(str::parse).transpose().map_err(|_syntax| corrupt("contact_message.ip"))?;
        let letter = Letter {
            name: FullName::parse(&row.name).map_err(|_fault| corrupt("contact_message.name"))?,
            email: Email::parse(&row.email).map_err(|_fault| corrupt("contact_message.email"))?,
            phone,
            subject: Subject::parse(&row.subject).map_err(|_fault| corrupt("contact_message.subject"))?,
            message: Message::parse(&row.message).map_err(|_fault| corrupt("contact_message.message"))?,
        };
        Ok(Self {
            id: ContactId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            letter,
            origin: Origin { ip, user_agent: row.user_agent, referrer: row.referrer },
            status: ContactStatus::restore(&row.status).ok_or(corrupt("contact_message.status"))?,
            lead: row.lead_id.map(LeadId::from_uuid),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: u32::try_from(row.version).map_err(|_negative| corrupt("contact_message.version"))?,
        })
    }
}
