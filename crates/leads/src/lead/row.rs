//! The stored form of a lead.

use ashlar_kernel::{Email, StoreError, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Lead, LeadId,
    choice::{Category, LostReason, Source},
    details::{Details, Mark, ShortLine, Utm},
    phone::Phone,
    status::LeadStatus,
    tags::{Custom, Tags},
    text::{FullName, InvalidText, Notes},
};

/// A stored lead as plain data; [`Lead::restore`] checks it. `tags` are joined by blanks, with one at both ends;
/// `name_key`, `company_key`, `email_fold` and `search_key` follow from the rest, and so does `score`.
#[derive(Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of `Lead`, in their stored form")]
pub struct LeadRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub full_name: String,
    pub name_key: String,
    pub position: Option<String>,
    pub company_name: Option<String>,
    pub company_key: Option<String>,
    pub phone_number: Option<String>,
    pub phone_e164: Option<String>,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub email_fold: Option<String>,
    pub source: String,
    pub category: Option<String>,
    pub status: String,
    pub lost_reason: Option<String>,
    pub notes: Option<String>,
    pub owner_id: Option<uuid::Uuid>,
    pub tags: String,
    pub custom: Value,
    pub consent: Option<Value>,
    pub utm_source: Option<String>,
    pub utm_medium: Option<String>,
    pub utm_campaign: Option<String>,
    pub utm_term: Option<String>,
    pub utm_content: Option<String>,
    pub score: i32,
    pub search_key: String,
    pub last_contacted_at: Option<Timestamp>,
    pub converted_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    pub merged_into: Option<uuid::Uuid>,
    pub version: i32,
}

impl Lead {
    /// The stored form.
    pub fn to_row(&self) -> Result<LeadRow, StoreError> {
        let details = &self.details;
        let text = |line: &Option<ShortLine>| line.as_ref().map(|line| line.as_str().to_owned());
        let mark = |mark: &Option<Mark>| mark.as_ref().map(|mark| mark.as_str().to_owned());
        let consent = details.consent.as_ref().map(serde_json::to_value).transpose();
        Ok(LeadRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            full_name: details.full_name.as_str().to_owned(),
            name_key: details.full_name.key(),
            position: text(&details.position),
            company_name: text(&details.company_name),
            company_key: self.company_key(),
            phone_number: details.phone.as_ref().map(|phone| phone.given().to_owned()),
            phone_e164: details.phone.as_ref().map(|phone| phone.e164().to_owned()),
            email: details.email.as_ref().map(|email| email.address().to_owned()),
            email_key: details.email.as_ref().map(|email| email.key().to_owned()),
            email_fold: self.email_fold(),
            source: details.source.as_str().to_owned(),
            category: details.category.map(|category| category.as_str().to_owned()),
            status: self.status.as_str().to_owned(),
            lost_reason: self.lost_reason.map(|reason| reason.as_str().to_owned()),
            notes: details.notes.as_ref().map(|notes| notes.as_str().to_owned()),
            owner_id: details.owner,
            tags: joined(&details.tags),
            custom: details.custom.to_json(),
            consent: consent.map_err(StoreError::internal)?,
            utm_source: mark(&details.utm.source),
            utm_medium: mark(&details.utm.medium),
            utm_campaign: mark(&details.utm.campaign),
            utm_term: mark(&details.utm.term),
            utm_content: mark(&details.utm.content),
            score: i32::from(details.score()),
            search_key: self.search_key(),
            last_contacted_at: self.last_contacted_at,
            converted_at: self.converted_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            merged_into: self.merged_into.map(|into| into.as_uuid()),
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        })
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: LeadRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let reason =
            row.lost_reason.as_deref().map(|text| LostReason::restore(text).ok_or(corrupt("lead.lost_reason")));
        Ok(Self {
            id: LeadId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            status: LeadStatus::restore(&row.status).ok_or(corrupt("lead.status"))?,
            lost_reason: reason.transpose()?,
            last_contacted_at: row.last_contacted_at,
            converted_at: row.converted_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
            merged_into: row.merged_into.map(LeadId::from_uuid),
            version: u32::try_from(row.version).map_err(|_negative| corrupt("lead.version"))?,
            details: restore_details(row)?,
        })
    }
}

/// With a blank at both ends, so that every tag has one before it and one behind it; nothing if there are none.
fn joined(tags: &Tags) -> String {
    tags.iter()
        .fold(String::new(), |joined, tag| if joined.is_empty() { format!(" {tag} ") } else { joined + tag + " " })
}

fn restore_details(row: LeadRow) -> Result<Details, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    let phone = match (row.phone_number, row.phone_e164) {
        (None, None) => None,
        (Some(given), Some(e164)) => Some(Phone::restore(&given, &e164).ok_or(corrupt("lead.phone_e164"))?),
        _ => return Err(corrupt("lead.phone_number")),
    };
    let email = row.email.as_deref().map(Email::parse).transpose().map_err(|_fault| corrupt("lead.email"))?;
    let category = row.category.as_deref().map(|text| Category::restore(text).ok_or(corrupt("lead.category")));
    let consent = row.consent.map(serde_json::from_value).transpose().map_err(|_shape| corrupt("lead.consent"))?;
    let Value::Object(custom) = row.custom else { return Err(corrupt("lead.custom")) };
    let line = |text: Option<String>, what| {
        let line = text.as_deref().map(ShortLine::parse).transpose();
        line.map_err(|_fault: InvalidText| corrupt(what))
    };
    let mark = |text: Option<String>, what| {
        text.as_deref().map(Mark::parse).transpose().map_err(|_fault: InvalidText| corrupt(what))
    };
    Ok(Details {
        full_name: FullName::parse(&row.full_name).map_err(|_fault| corrupt("lead.full_name"))?,
        position: line(row.position, "lead.position")?,
        company_name: line(row.company_name, "lead.company_name")?,
        phone,
        email,
        source: Source::restore(&row.source).ok_or(corrupt("lead.source"))?,
        category: category.transpose()?,
        notes: row.notes.as_deref().map(Notes::parse).transpose().map_err(|_fault| corrupt("lead.notes"))?,
        owner: row.owner_id,
        tags: Tags::parse(row.tags.split_whitespace()).map_err(|_fault| corrupt("lead.tags"))?,
        custom: Custom::restore(custom).map_err(|_fault| corrupt("lead.custom"))?,
        consent,
        utm: Utm {
            source: mark(row.utm_source, "lead.utm_source")?,
            medium: mark(row.utm_medium, "lead.utm_medium")?,
            campaign: mark(row.utm_campaign, "lead.utm_campaign")?,
            term: mark(row.utm_term, "lead.utm_term")?,
            content: mark(row.utm_content, "lead.utm_content")?,
        },
    })
}
