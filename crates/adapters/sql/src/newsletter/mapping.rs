//! Between rows and the domain's types.

use ashlar_kernel::{StoreError, TenantId};
use ashlar_leads::newsletter::{
    AddressHash, ConfirmToken, MailingList, MailingListId, MailingListRow, SubscriberMailbox, Subscription,
    SubscriptionId, SubscriptionRow, Suppression, SuppressionReason, TokenHash, Wish,
};
use sea_orm::ActiveValue::{NotSet, Set};

use super::entity::{link, list, mailbox, subscription};

pub(super) fn new_list(list: &MailingList) -> list::ActiveModel {
    list::ActiveModel {
        id: Set(list.id.as_uuid()),
        tenant_id: Set(list.tenant.as_uuid()),
        slug: Set(list.slug.as_str().to_owned()),
        name: Set(list.name.as_str().to_owned()),
        opt_in: Set(list.opt_in.as_str().to_owned()),
        visibility: Set(list.visibility.as_str().to_owned()),
        created_at: Set(list.created_at),
    }
}

pub(super) fn restore_list(row: list::Model) -> Result<MailingList, StoreError> {
    MailingList::restore(&MailingListRow {
        id: row.id,
        tenant_id: row.tenant_id,
        slug: row.slug,
        name: row.name,
        opt_in: row.opt_in,
        visibility: row.visibility,
        created_at: row.created_at,
    })
}

/// Every column but those by which the row is found.
pub(super) fn changed_subscription(row: SubscriptionRow) -> subscription::ActiveModel {
    subscription::ActiveModel {
        id: NotSet,
        tenant_id: NotSet,
        list_id: NotSet,
        created_at: NotSet,
        ..new_subscription(row)
    }
}

pub(super) fn new_subscription(row: SubscriptionRow) -> subscription::ActiveModel {
    subscription::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        list_id: Set(row.list_id),
        email: Set(row.email),
        email_key: Set(row.email_key),
        name: Set(row.name),
        status: Set(row.status),
        evidence: Set(row.evidence),
        wish: Set(row.wish),
        asked_at: Set(row.asked_at),
        confirmed_at: Set(row.confirmed_at),
        confirmed_from: Set(row.confirmed_from),
        unsubscribed_at: Set(row.unsubscribed_at),
        reason: Set(row.reason),
        bounce_soft: Set(row.bounce_soft),
        bounce_hard: Set(row.bounce_hard),
        bounced_since: Set(row.bounced_since),
        created_at: Set(row.created_at),
        updated_at: Set(row.updated_at),
        version: Set(row.version),
    }
}

pub(super) fn restore_subscription(row: subscription::Model) -> Result<Subscription, StoreError> {
    Subscription::restore(SubscriptionRow {
        id: row.id,
        tenant_id: row.tenant_id,
        list_id: row.list_id,
        email: row.email,
        email_key: row.email_key,
        name: row.name,
        status: row.status,
        evidence: row.evidence,
        wish: row.wish,
        asked_at: row.asked_at,
        confirmed_at: row.confirmed_at,
        confirmed_from: row.confirmed_from,
        unsubscribed_at: row.unsubscribed_at,
        reason: row.reason,
        bounce_soft: row.bounce_soft,
        bounce_hard: row.bounce_hard,
        bounced_since: row.bounced_since,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

pub(super) fn new_link(token: &ConfirmToken) -> Result<link::ActiveModel, StoreError> {
    Ok(link::ActiveModel {
        hash: Set(token.hash.0.to_vec()),
        tenant_id: Set(token.tenant.as_uuid()),
        subscription_id: Set(token.subscription.as_uuid()),
        list_id: Set(token.list.as_uuid()),
        wish: Set(token.wish.as_ref().map(Wish::to_value).transpose()?),
        created_at: Set(token.created_at),
        expires_at: Set(token.expires_at),
        used_at: Set(token.used_at),
    })
}

pub(super) fn restore_link(row: link::Model) -> Result<ConfirmToken, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    Ok(ConfirmToken {
        hash: TokenHash(row.hash.try_into().map_err(|_length| corrupt("subscription_link.hash"))?),
        tenant: TenantId::from_uuid(row.tenant_id),
        subscription: SubscriptionId::from_uuid(row.subscription_id),
        list: MailingListId::from_uuid(row.list_id),
        wish: row.wish.map(Wish::restore).transpose()?,
        created_at: row.created_at,
        expires_at: row.expires_at,
        used_at: row.used_at,
    })
}

pub(super) fn new_mailbox(mailbox: &SubscriberMailbox) -> Result<mailbox::ActiveModel, StoreError> {
    let suppressed = mailbox.suppressed;
    Ok(mailbox::ActiveModel {
        address_hash: Set(mailbox.address.0.to_vec()),
        tenant_id: Set(mailbox.tenant.as_uuid()),
        letters: Set(serde_json::to_value(&mailbox.letters).map_err(StoreError::internal)?),
        suppressed_reason: Set(suppressed.map(|suppression| suppression.reason.as_str().to_owned())),
        suppressed_at: Set(suppressed.map(|suppression| suppression.at)),
        liftable_since: Set(suppressed.and_then(|suppression| suppression.liftable_since)),
        updated_at: Set(mailbox.updated_at),
        version: Set(i32::try_from(mailbox.version).unwrap_or(i32::MAX)),
    })
}

pub(super) fn restore_mailbox(row: mailbox::Model) -> Result<SubscriberMailbox, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    let reason = |text: &str| SuppressionReason::restore(text).ok_or(corrupt("subscriber_mailbox.suppressed_reason"));
    let reason = row.suppressed_reason.as_deref().map(reason).transpose()?;
    let hash = row.address_hash.try_into().map_err(|_length| corrupt("subscriber_mailbox.address_hash"))?;
    Ok(SubscriberMailbox {
        tenant: TenantId::from_uuid(row.tenant_id),
        address: AddressHash(hash),
        letters: serde_json::from_value(row.letters).map_err(|_shape| corrupt("subscriber_mailbox.letters"))?,
        suppressed: reason.zip(row.suppressed_at).map(|(reason, at)| Suppression {
            reason,
            at,
            liftable_since: row.liftable_since,
        }),
        updated_at: row.updated_at,
        version: u32::try_from(row.version).map_err(|_negative| corrupt("subscriber_mailbox.version"))?,
    })
}
