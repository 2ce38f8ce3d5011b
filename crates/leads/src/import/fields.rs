//! Which column of a file is which field of a lead.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::records::{Record, delimiter_of};
use crate::lead::choice::choice;

choice! {
    /// A field that a column can be.
    ImportField, "id, full_name, first_name, last_name, position, company_name, phone_number, email, source, category, notes, owner_id, tags, utm_source, utm_medium, utm_campaign, utm_term, utm_content, custom, status, consent_marketing, consent_text_version, consent_at" {
        /// Which lead it is.
        Id = "id",
        /// What they are called.
        FullName = "full_name",
        /// The first part of what they are called.
        FirstName = "first_name",
        /// The last part of what they are called.
        LastName = "last_name",
        /// What they are where they work.
        Position = "position",
        /// Where they work.
        CompanyName = "company_name",
        /// How they are called.
        PhoneNumber = "phone_number",
        /// Where mail goes.
        Email = "email",
        /// How they came.
        Source = "source",
        /// What they want.
        Category = "category",
        /// What somebody wrote down.
        Notes = "notes",
        /// Who looks after them.
        OwnerId = "owner_id",
        /// By which words they are found.
        Tags = "tags",
        /// A mark of a campaign.
        UtmSource = "utm_source",
        /// A mark of a campaign.
        UtmMedium = "utm_medium",
        /// A mark of a campaign.
        UtmCampaign = "utm_campaign",
        /// A mark of a campaign.
        UtmTerm = "utm_term",
        /// A mark of a campaign.
        UtmContent = "utm_content",
        /// What the installation keeps besides, as a JSON object.
        Custom = "custom",
        /// Where a lead stands that the row becomes.
        Status = "status",
        /// Whether they agreed to be written to.
        ConsentMarketing = "consent_marketing",
        /// Which text they agreed to.
        ConsentTextVersion = "consent_text_version",
        /// When they did.
        ConsentAt = "consent_at",
    }
}

/// What others call them, without what is neither a letter nor a digit.
const ALIASES: [(&str, ImportField); 32] = [
    ("leadid", ImportField::Id),
    ("name", ImportField::FullName),
    ("contactname", ImportField::FullName),
    ("contact", ImportField::FullName),
    ("givenname", ImportField::FirstName),
    ("forename", ImportField::FirstName),
    ("surname", ImportField::LastName),
    ("familyname", ImportField::LastName),
    ("title", ImportField::Position),
    ("jobtitle", ImportField::Position),
    ("role", ImportField::Position),
    ("company", ImportField::CompanyName),
    ("organisation", ImportField::CompanyName),
    ("organization", ImportField::CompanyName),
    ("account", ImportField::CompanyName),
    ("accountname", ImportField::CompanyName),
    ("phone", ImportField::PhoneNumber),
    ("telephone", ImportField::PhoneNumber),
    ("telephonenumber", ImportField::PhoneNumber),
    ("tel", ImportField::PhoneNumber),
    ("mobile", ImportField::PhoneNumber),
    ("mobilephone", ImportField::PhoneNumber),
    ("emailaddress", ImportField::Email),
    ("mail", ImportField::Email),
    ("leadsource", ImportField::Source),
    ("note", ImportField::Notes),
    ("comment", ImportField::Notes),
    ("comments", ImportField::Notes),
    ("message", ImportField::Notes),
    ("owner", ImportField::OwnerId),
    ("tag", ImportField::Tags),
    ("labels", ImportField::Tags),
];

impl ImportField {
    /// The field that a column of this name is, by its own name or by what others call it.
    pub fn of_header(name: &str) -> Option<Self> {
        let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let name: String = plain(name);
        let own = Self::ALL.iter().copied().find(|field| plain(field.as_str()) == name);
        own.or_else(|| ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, field)| *field))
    }
}

/// How a file is read: decided when it is opened, and kept with the import, so that it goes on as it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What parts its cells, as a byte.
    pub delimiter: u8,
    /// Whether its first row names the columns.
    pub has_header: bool,
    /// What its columns are called.
    pub columns: Vec<String>,
    /// Which field each is, by name; none if it is none.
    fields: Vec<Option<String>>,
}

impl Plan {
    /// What parts the cells, unless somebody has said so.
    pub fn delimiter(head: &[u8], given: Option<u8>) -> u8 {
        given.unwrap_or_else(|| delimiter_of(head))
    }

    /// The plan for a file that begins with this row; none if the columns are not what they have to be. `mapping` says
    /// which field a column is, by its name or its number from 1; one that is mapped to nothing is left out.
    pub fn of(
        delimiter: u8,
        has_header: bool,
        first: Option<&Record>,
        mapping: &BTreeMap<String, Option<ImportField>>,
    ) -> Option<Self> {
        let cells = first?.cells.as_ref().ok()?;
        let title = |(index, cell): (usize, &String)| {
            if has_header { cell.trim().to_owned() } else { (index + 1).to_string() }
        };
        let columns: Vec<String> = cells.iter().enumerate().map(title).collect();
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        if !mapping.keys().all(|name| columns.iter().any(|column| same(column, name))) {
            return None;
        }
        let given = |column: &str| mapping.iter().find(|(name, _)| same(name, column)).map(|(_, field)| *field);
        let mut fields: Vec<_> = columns.iter().map(|column| given(column).flatten()).collect();
        // Two columns cannot both be one field, and which of them was meant is not for us to guess.
        let mut once = BTreeSet::new();
        if !fields.iter().flatten().all(|field| once.insert(*field)) {
            return None;
        }
        for (column, index) in columns.iter().zip(0..) {
            let guessed = ImportField::of_header(column).filter(|field| has_header && !fields.contains(&Some(*field)));
            if let (None, Some(field)) = (given(column), fields.get_mut(index)) {
                *field = guessed;
            }
        }
        let is_contact = |field: &Option<ImportField>| {
            matches!(field, Some(ImportField::Id | ImportField::Email | ImportField::PhoneNumber))
        };
        let names = fields.iter().map(|field| field.map(|field| field.as_str().to_owned())).collect();
        fields.iter().any(is_contact).then_some(Self { delimiter, has_header, columns, fields: names })
    }

    /// Which field each column is.
    pub fn fields(&self) -> Vec<Option<ImportField>> {
        self.fields.iter().map(|name| name.as_deref().and_then(ImportField::restore)).collect()
    }
}
