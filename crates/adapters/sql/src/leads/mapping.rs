//! Between rows and the domain's types.

use ashlar_kernel::StoreError;
use ashlar_leads::{Activity, ActivityRow, Lead, LeadRow, LeadStatus, StatusChange, StatusChangeRow};
use sea_orm::ActiveValue::{NotSet, Set};

use super::entity::{activity, lead, status_change};

/// Every column but those by which the row is found, and when the lead was last spoken to, which is an observation.
pub(super) fn changed_lead(row: LeadRow) -> lead::ActiveModel {
    lead::ActiveModel { id: NotSet, tenant_id: NotSet, created_at: NotSet, last_contacted_at: NotSet, ..new_lead(row) }
}

pub(super) fn new_lead(row: LeadRow) -> lead::ActiveModel {
    lead::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        full_name: Set(row.full_name),
        name_key: Set(row.name_key),
        position: Set(row.position),
        company_name: Set(row.company_name),
        company_key: Set(row.company_key),
        phone_number: Set(row.phone_number),
        phone_e164: Set(row.phone_e164),
        email: Set(row.email),
        email_key: Set(row.email_key),
        email_fold: Set(row.email_fold),
        source: Set(row.source),
        category: Set(row.category),
        status: Set(row.status),
        lost_reason: Set(row.lost_reason),
        notes: Set(row.notes),
        owner_id: Set(row.owner_id),
        tags: Set(row.tags),
        custom: Set(row.custom),
        consent: Set(row.consent),
        utm_source: Set(row.utm_source),
        utm_medium: Set(row.utm_medium),
        utm_campaign: Set(row.utm_campaign),
        utm_term: Set(row.utm_term),
        utm_content: Set(row.utm_content),
        score: Set(row.score),
        search_key: Set(row.search_key),
        last_contacted_at: Set(row.last_contacted_at),
        converted_at: Set(row.converted_at),
        created_at: Set(row.created_at),
        updated_at: Set(row.updated_at),
        deleted_at: Set(row.deleted_at),
        merged_into: Set(row.merged_into),
        version: Set(row.version),
    }
}

pub(super) fn restore_lead(row: lead::Model) -> Result<Lead, StoreError> {
    Lead::restore(row_of(row))
}

pub(super) fn row_of(row: lead::Model) -> LeadRow {
    LeadRow {
        id: row.id,
        tenant_id: row.tenant_id,
        full_name: row.full_name,
        name_key: row.name_key,
        position: row.position,
        company_name: row.company_name,
        company_key: row.company_key,
        phone_number: row.phone_number,
        phone_e164: row.phone_e164,
        email: row.email,
        email_key: row.email_key,
        email_fold: row.email_fold,
        source: row.source,
        category: row.category,
        status: row.status,
        lost_reason: row.lost_reason,
        notes: row.notes,
        owner_id: row.owner_id,
        tags: row.tags,
        custom: row.custom,
        consent: row.consent,
        utm_source: row.utm_source,
        utm_medium: row.utm_medium,
        utm_campaign: row.utm_campaign,
        utm_term: row.utm_term,
        utm_content: row.utm_content,
        score: row.score,
        search_key: row.search_key,
        last_contacted_at: row.last_contacted_at,
        converted_at: row.converted_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        merged_into: row.merged_into,
        version: row.version,
    }
}

pub(super) fn new_activity(activity: &Activity) -> activity::ActiveModel {
    activity::ActiveModel {
        id: Set(activity.id.as_uuid()),
        tenant_id: Set(activity.tenant.as_uuid()),
        lead_id: Set(activity.lead.as_uuid()),
        kind: Set(activity.kind.as_str().to_owned()),
        body: Set(activity.body.as_ref().map(|body| body.as_str().to_owned())),
        actor_id: Set(activity.actor),
        created_at: Set(activity.at),
    }
}

pub(super) fn restore_activity(row: activity::Model) -> Result<Activity, StoreError> {
    Activity::restore(&ActivityRow {
        id: row.id,
        tenant_id: row.tenant_id,
        lead_id: row.lead_id,
        kind: row.kind,
        body: row.body,
        actor_id: row.actor_id,
        created_at: row.created_at,
    })
}

pub(super) fn new_status_change(change: &StatusChange) -> status_change::ActiveModel {
    status_change::ActiveModel {
        id: Set(change.id.as_uuid()),
        tenant_id: Set(change.tenant.as_uuid()),
        lead_id: Set(change.lead.as_uuid()),
        from_status: Set(change.from.map(|status| LeadStatus::as_str(status).to_owned())),
        to_status: Set(change.to.as_str().to_owned()),
        reason: Set(change.reason.as_ref().map(|reason| reason.as_str().to_owned())),
        actor_id: Set(change.actor),
        created_at: Set(change.at),
    }
}

pub(super) fn restore_status_change(row: status_change::Model) -> Result<StatusChange, StoreError> {
    StatusChange::restore(StatusChangeRow {
        id: row.id,
        tenant_id: row.tenant_id,
        lead_id: row.lead_id,
        from_status: row.from_status,
        to_status: row.to_status,
        reason: row.reason,
        actor_id: row.actor_id,
        created_at: row.created_at,
    })
}
