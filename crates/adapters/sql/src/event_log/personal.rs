//! What stands beside the log, on its way out and in.

use ashlar_kernel::{LogEntry, PersonalValue, StoreError};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sea_orm::{DbBackend, FromQueryResult, QueryResult, QuerySelect, Select, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{entity::row, record_of};
use crate::errors::store_error;

/// A personal value as a document, for statements that take or give several.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(default)]
    event_id: Uuid,
    path: String,
    #[serde(default)]
    tenant_id: Uuid,
    subject_id: Option<Uuid>,
    /// In hexadecimal: documents have no bytes.
    salt: String,
    value: String,
}

impl Kept {
    /// Those of an entry.
    pub(super) fn of(entry: &LogEntry) -> impl Iterator<Item = Self> {
        entry.personal.iter().map(|value| Self {
            event_id: entry.event.id,
            path: value.path.clone(),
            tenant_id: entry.event.tenant.as_uuid(),
            subject_id: value.subject,
            salt: HEXLOWER.encode(&value.salt),
            value: value.value.clone(),
        })
    }

    fn restore(self) -> Option<PersonalValue> {
        let salt = HEXLOWER_PERMISSIVE.decode(self.salt.as_bytes()).ok()?.try_into().ok()?;
        Some(PersonalValue { path: self.path, subject: self.subject_id, salt, value: self.value })
    }
}

/// The same question, with what stands beside each event in the same answer.
pub(crate) fn with_personal(backend: DbBackend, events: Select<row::Entity>) -> Select<row::Entity> {
    let beside = match backend {
        DbBackend::Postgres => POSTGRES,
        _ => SQLITE,
    };
    events.expr_as(Expr::cust(beside), BESIDE)
}

const BESIDE: &str = "personal";
const POSTGRES: &str = "(SELECT jsonb_agg(jsonb_build_object('path', path, 'subject_id', subject_id, \
    'salt', encode(salt, 'hex'), 'value', value) ORDER BY path)::text FROM audit_pii WHERE event_id = event.id)";
const SQLITE: &str = "(SELECT json_group_array(json_object('path', path, 'subject_id', nullif(lower(hex(subject_id)), ''), \
    'salt', lower(hex(salt)), 'value', value) ORDER BY path) FROM audit_pii WHERE event_id = event.id)";

/// The entry in a row of such an answer, or of one without anything beside.
pub(crate) fn entry_of(row: &QueryResult, with_personal: bool) -> Result<LogEntry, StoreError> {
    let event = record_of(row::Model::from_query_result(row, "").map_err(store_error)?)?;
    let mut entry = LogEntry::from(event);
    let beside: Option<String> = if with_personal { row.try_get("", BESIDE).map_err(store_error)? } else { None };
    if let Some(beside) = beside {
        let corrupt = || StoreError::Corrupt { what: "audit_pii" };
        let kept: Vec<Kept> = serde_json::from_str(&beside).map_err(|_shape| corrupt())?;
        entry.personal = kept.into_iter().map(Kept::restore).collect::<Option<_>>().ok_or_else(corrupt)?;
    }
    Ok(entry)
}
