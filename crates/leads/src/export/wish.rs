//! Which leads somebody takes along, and how that is stored until it is done.

use ashlar_kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{ExportColumn, ExportEvent, ExportFormat};
use crate::{Category, LeadFilter, LeadSearch, LeadStatus, Source};

/// Takes the leads that the caller sees along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportLeads {
    /// Which of them.
    pub filter: LeadFilter,
    /// Which columns; all if none.
    pub columns: Vec<ExportColumn>,
    /// In which form.
    pub format: ExportFormat,
}

/// The stored form.
#[derive(Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Stored {
    format: String,
    columns: Vec<String>,
    status: Vec<String>,
    source: Vec<String>,
    category: Vec<String>,
    owner: Vec<Option<Uuid>>,
    tag: Vec<String>,
    created_from: Option<Timestamp>,
    created_to: Option<Timestamp>,
    updated_from: Option<Timestamp>,
    updated_to: Option<Timestamp>,
    has_email: Option<bool>,
    has_phone: Option<bool>,
    company: Option<String>,
    search: Option<String>,
}

impl ExportLeads {
    /// With every column, if none was named.
    pub(crate) fn with_columns(self) -> Self {
        let columns = if self.columns.is_empty() { ExportColumn::ALL.to_vec() } else { self.columns };
        Self { columns, ..self }
    }

    /// The fact that somebody has leads taken along so.
    pub(crate) fn created(&self, export: Uuid) -> ExportEvent {
        ExportEvent::Created {
            export,
            format: self.format.as_str(),
            columns: self.columns.iter().map(|column| column.as_str()).collect(),
            is_filtered: self.filter != LeadFilter::default(),
        }
    }

    /// The stored form.
    pub fn to_json(&self) -> Value {
        let Self { filter, columns, format } = self.clone();
        let stored = Stored {
            format: format.as_str().to_owned(),
            columns: columns.iter().map(|column| column.as_str().to_owned()).collect(),
            status: filter.status.iter().map(|status| status.as_str().to_owned()).collect(),
            source: filter.source.iter().map(|source| source.as_str().to_owned()).collect(),
            category: filter.category.iter().map(|category| category.as_str().to_owned()).collect(),
            owner: filter.owner,
            tag: filter.tag,
            created_from: filter.created_from,
            created_to: filter.created_to,
            updated_from: filter.updated_from,
            updated_to: filter.updated_to,
            has_email: filter.has_email,
            has_phone: filter.has_phone,
            company: filter.company,
            search: filter.search.as_ref().map(LeadSearch::text),
        };
        // Texts, numbers and moments are always JSON.
        serde_json::to_value(stored).unwrap_or_default()
    }

    /// Reads the stored form; none if it is none.
    pub fn restore(json: &Value) -> Option<Self> {
        let stored = Stored::deserialize(json).ok()?;
        let filter = LeadFilter {
            status: all(&stored.status, LeadStatus::restore)?,
            source: all(&stored.source, Source::restore)?,
            category: all(&stored.category, Category::restore)?,
            owner: stored.owner,
            tag: stored.tag,
            created_from: stored.created_from,
            created_to: stored.created_to,
            updated_from: stored.updated_from,
            updated_to: stored.updated_to,
            has_email: stored.has_email,
            has_phone: stored.has_phone,
            company: stored.company,
            search: stored.search.as_deref().map(LeadSearch::restore),
        };
        let columns = all(&stored.columns, ExportColumn::restore)?;
        Some(Self { filter, columns, format: ExportFormat::restore(&stored.format)? })
    }
}

fn all<T>(texts: &[String], restore: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    texts.iter().map(|text| restore(text)).collect()
}
