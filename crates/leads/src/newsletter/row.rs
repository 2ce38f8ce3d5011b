//! Subscriptions as they are stored.

use ashlar_kernel::{Email, StoreError, TenantId, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{
    MailingListId, Subscription, SubscriptionId, Wish,
    subscription::{Name, SubscriptionStatus, UnsubscribeReason},
};

/// A stored subscription as plain data; [`Subscription::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Subscription`, in their stored form")]
pub struct SubscriptionRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub list_id: Uuid,
    pub email: String,
    pub email_key: String,
    pub name: Option<String>,
    pub status: String,
    pub evidence: Value,
    pub wish: Option<Value>,
    pub asked_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub confirmed_from: Option<String>,
    pub unsubscribed_at: Option<Timestamp>,
    pub reason: Option<String>,
    pub bounce_soft: i32,
    pub bounce_hard: i32,
    pub bounced_since: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: i32,
}

impl Subscription {
    /// The stored form.
    pub fn to_row(&self) -> Result<SubscriptionRow, StoreError> {
        let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Ok(SubscriptionRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            list_id: self.list.as_uuid(),
            email: self.email.address().to_owned(),
            email_key: self.email.key().to_owned(),
            name: self.name.as_ref().map(|name| name.as_str().to_owned()),
            status: self.status.as_str().to_owned(),
            evidence: serde_json::to_value(&self.evidence).map_err(StoreError::internal)?,
            wish: self.wish.as_ref().map(Wish::to_value).transpose()?,
            asked_at: self.asked_at,
            confirmed_at: self.confirmed_at,
            confirmed_from: self.confirmed_from.map(|ip| ip.to_string()),
            unsubscribed_at: self.unsubscribed_at,
            reason: self.reason.map(|reason| reason.as_str().to_owned()),
            bounce_soft: number(self.bounce_soft),
            bounce_hard: number(self.bounce_hard),
            bounced_since: self.bounced_since,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: number(self.version),
        })
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: SubscriptionRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let number = |count: i32, what| u32::try_from(count).map_err(|_negative| corrupt(what));
        let name = row.name.as_deref().map(Name::parse).transpose();
        let reason = |text: &str| UnsubscribeReason::restore(text).ok_or(corrupt("subscription.reason"));
        let from = row.confirmed_from.as_deref().map(str::parse).transpose();
        Ok(Self {
            id: SubscriptionId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            list: MailingListId::from_uuid(row.list_id),
            email: Email::parse(&row.email).map_err(|_fault| corrupt("subscription.email"))?,
            name: name.map_err(|_fault| corrupt("subscription.name"))?,
            status: SubscriptionStatus::restore(&row.status).ok_or(corrupt("subscription.status"))?,
            evidence: serde_json::from_value(row.evidence).map_err(|_shape| corrupt("subscription.evidence"))?,
            wish: row.wish.map(Wish::restore).transpose()?,
            asked_at: row.asked_at,
            confirmed_at: row.confirmed_at,
            confirmed_from: from.map_err(|_syntax| corrupt("subscription.confirmed_from"))?,
            unsubscribed_at: row.unsubscribed_at,
            reason: row.reason.as_deref().map(reason).transpose()?,
            bounce_soft: number(row.bounce_soft, "subscription.bounce_soft")?,
            bounce_hard: number(row.bounce_hard, "subscription.bounce_hard")?,
            bounced_since: row.bounced_since,
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: number(row.version, "subscription.version")?,
        })
    }
}
