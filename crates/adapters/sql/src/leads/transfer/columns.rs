//! The columns of what comes in great numbers, in one order for both databases.

use ashlar_leads::{LeadRow, LeadStatus, StatusChange, lead::Notes};
use sea_orm::sea_query::Value;

use crate::postgres::{CopyRows, Field};

/// A table, and the columns that are written.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
}

/// Writes the columns of leads once, for both databases.
macro_rules! lead_columns {
    ($($column:ident),+ $(,)?) => {
        pub(super) const LEAD: Table = Table { name: "lead", columns: &[$(stringify!($column)),+] };

        /// For PostgreSQL.
        pub(super) fn copy_of_leads(rows: &[LeadRow]) -> Vec<u8> {
            let mut copy = CopyRows::with_capacity(rows.len() * LEAD_BYTES);
            for row in rows {
                let fields: &[&dyn Field] = &[$(&row.$column),+];
                copy.push(fields);
            }
            copy.finish()
        }

        /// For SQLite.
        pub(super) fn values_of_lead(row: LeadRow) -> Vec<Value> {
            vec![$(row.$column.into()),+]
        }
    };
}

/// About what a lead takes.
const LEAD_BYTES: usize = 768;

lead_columns!(
    id,
    tenant_id,
    full_name,
    name_key,
    position,
    company_name,
    company_key,
    phone_number,
    phone_e164,
    email,
    email_key,
    email_fold,
    source,
    category,
    status,
    lost_reason,
    notes,
    owner_id,
    tags,
    custom,
    consent,
    utm_source,
    utm_medium,
    utm_campaign,
    utm_term,
    utm_content,
    score,
    search_key,
    last_contacted_at,
    converted_at,
    created_at,
    updated_at,
    deleted_at,
    version,
);

pub(super) const MOVE: Table = Table {
    name: "lead_status_change",
    columns: &["id", "tenant_id", "lead_id", "from_status", "to_status", "reason", "actor_id", "created_at"],
};

pub(super) const TAG: Table = Table { name: "lead_tag", columns: &["tenant_id", "tag", "created_at", "lead_id"] };

/// About what a note takes that a lead came.
const MOVE_BYTES: usize = 128;

/// For PostgreSQL.
pub(super) fn copy_of_moves(moves: &[StatusChange]) -> Vec<u8> {
    let mut copy = CopyRows::with_capacity(moves.len() * MOVE_BYTES);
    for change in moves {
        let fields: &[&dyn Field] = &[
            &change.id.as_uuid(),
            &change.tenant.as_uuid(),
            &change.lead.as_uuid(),
            &change.from.map(LeadStatus::as_str),
            &change.to.as_str(),
            &change.reason.as_ref().map(Notes::as_str),
            &change.actor,
            &change.at,
        ];
        copy.push(fields);
    }
    copy.finish()
}

/// For SQLite.
pub(super) fn values_of_move(change: &StatusChange) -> Vec<Value> {
    vec![
        change.id.as_uuid().into(),
        change.tenant.as_uuid().into(),
        change.lead.as_uuid().into(),
        change.from.map(LeadStatus::as_str).into(),
        change.to.as_str().into(),
        change.reason.as_ref().map(Notes::as_str).into(),
        change.actor.into(),
        change.at.into(),
    ]
}
