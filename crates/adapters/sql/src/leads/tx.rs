//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    Activity, ActivityEvent, Lead, LeadEvent, LeadId, LeadStatus, StatusChange,
    port::{LeadTx, SaveLeadError},
};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, QueryFilter, QuerySelect, sea_query::LockType,
};

use super::{
    entity::{activity, lead, status_change},
    mapping,
    transfer::insert_tags,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

pub(super) const ADDRESS: UniqueKey =
    UniqueKey { constraint: "lead_email_key_key", columns: "lead.tenant_id, lead.email_key" };

#[async_trait]
impl LeadTx for SqlTx {
    async fn lead(&mut self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError> {
        self.enter()?;
        let found = lead::Entity::find_by_id(id.as_uuid())
            .filter(lead::Column::TenantId.eq(tenant.as_uuid()))
            .lock(LockType::Update)
            .one(&self.tx)
            .await;
        let row = found.map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_lead).transpose()
    }

    async fn insert_lead(&mut self, change: Change<Lead, LeadEvent>, came: StatusChange) -> Result<(), SaveLeadError> {
        let (lead, events) = self.open(change)?;
        let row = lead.to_row()?;
        let added = lead::Entity::insert(mapping::new_lead(row.clone())).exec_without_returning(&self.tx).await;
        added.map_err(|error| self.save_error(error))?;
        insert_tags(&self.tx, std::slice::from_ref(&row)).await.map_err(|error| self.write_error(error))?;
        self.note_move(&came).await?;
        self.count_newcomers(&[row]).await?;
        Ok(self.explain(events).await?)
    }

    async fn update_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), SaveLeadError> {
        let (lead, events) = self.open(change)?;
        self.replace_lead(&lead, None).await?;
        Ok(self.explain(events).await?)
    }

    async fn move_lead(&mut self, change: Change<Lead, LeadEvent>, moved: StatusChange) -> Result<(), SaveLeadError> {
        let (lead, events) = self.open(change)?;
        self.replace_lead(&lead, moved.from).await?;
        self.note_move(&moved).await?;
        if moved.to.is_contact() {
            self.note_contact(lead.id(), moved.at).await.map_err(|error| self.write_error(error))?;
        }
        Ok(self.explain(events).await?)
    }

    async fn purge_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), StoreError> {
        let (lead, events) = self.open(change)?;
        self.recount(&lead.to_row()?, true).await?;
        // What was noted about it goes with it, and so do its parts, by their foreign keys.
        let done = lead::Entity::delete_many()
            .filter(lead::Column::Id.eq(lead.id().as_uuid()))
            .filter(lead::Column::Version.eq(lead.to_row()?.version))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn insert_activity(&mut self, change: Change<Activity, ActivityEvent>) -> Result<(), StoreError> {
        let (activity, events) = self.open(change)?;
        let row = mapping::new_activity(&activity);
        activity::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if activity.kind.is_contact() {
            self.note_contact(activity.lead, activity.at).await.map_err(|error| self.write_error(error))?;
        }
        self.explain(events).await
    }
}

impl SqlTx {
    pub(super) fn save_error(&self, error: DbErr) -> SaveLeadError {
        if ADDRESS.is_broken_by(&error) { SaveLeadError::Duplicate } else { self.write_error(error).into() }
    }

    /// Replaces the version before by this one, if it stood at `from`.
    async fn replace_lead(&self, lead: &Lead, from: Option<LeadStatus>) -> Result<(), SaveLeadError> {
        let row = lead.to_row()?;
        let before = row.version - 1;
        self.recount(&row, false).await?;
        let done = lead::Entity::update_many()
            .set(mapping::changed_lead(row))
            .filter(lead::Column::Id.eq(lead.id().as_uuid()))
            .filter(lead::Column::Version.eq(before))
            .filter(Condition::all().add_option(from.map(|from| lead::Column::Status.eq(from.as_str()))))
            .exec(&self.tx)
            .await
            .map_err(|error| self.save_error(error))?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale.into()) }
    }

    async fn note_move(&self, change: &StatusChange) -> Result<(), StoreError> {
        let row = mapping::new_status_change(change);
        let noted = status_change::Entity::insert(row).exec_without_returning(&self.tx).await;
        noted.map(drop).map_err(|error| self.write_error(error))
    }

    /// An observation on the lead, and no edit: nobody's copy of it goes stale.
    async fn note_contact(&self, id: LeadId, at: Timestamp) -> Result<(), DbErr> {
        let last = lead::Column::LastContactedAt;
        let spoken_to = lead::ActiveModel { last_contacted_at: Set(Some(at)), ..Default::default() };
        lead::Entity::update_many()
            .set(spoken_to)
            .filter(lead::Column::Id.eq(id.as_uuid()))
            .filter(Condition::any().add(last.is_null()).add(last.lt(at)))
            .exec(&self.tx)
            .await
            .map(drop)
    }
}
