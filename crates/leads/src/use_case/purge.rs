//! Erase a lead, or a message, for good.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{Change, Context, Email, NotFound, StoreError, TenantId, Timestamp, VersionConflict};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Attempts, LeadError, Leads};
use crate::{
    ContactId, Lead, LeadEvent, LeadId,
    import::RowFault,
    lead::Phone,
    newsletter::{
        AddressHash, SubscriberMailbox, Subscription, SubscriptionEvent, SubscriptionStatus, SuppressionReason,
    },
    permission,
    port::{BETWEEN_DIGITS, LeadTx, RefusedRow, Traces},
};

/// Who erases has proved who they are within this time.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// By so many of its last digits a number is looked for where people may have left its beginning out.
const END: usize = 7;

impl Leads {
    /// Erases a lead with everything that was noted about it, the leads that became a part of it, what their person wrote,
    /// and what imports refused of them; also one that was put away. Who wanted no letters gets none after that: a hash of
    /// the address stays, and the subscriptions that ended go, and so does what was answered about any of them. Needs a recent sign-in: what is erased does not come back.
    pub async fn purge(&self, context: &Context, id: LeadId, if_version: Option<&[u32]>) -> Result<(), LeadError> {
        context.require(permission::PURGE)?;
        context.require_recent_sign_in(FRESH)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_purge(context, id, if_version).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_purge(&self, context: &Context, id: LeadId, if_version: Option<&[u32]>) -> Result<(), LeadError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let lead = tx.lead(context.tenant, id).await?.ok_or(NotFound)?;
        if if_version.is_some_and(|versions| !versions.contains(&lead.version())) {
            return Err(VersionConflict.into());
        }
        let mut leads = tx.parts_of(context.tenant, id).await?;
        leads.push(lead.clone());
        let mut erased: Vec<_> = leads.iter().map(|lead| lead.id().as_uuid()).collect();
        erased.extend(self.let_rest(&mut *tx, (context.tenant, context.now), &leads).await?);
        self.empty_rows(&mut *tx, context.tenant, &leads).await?;
        tx.purge_lead(lead.purge()).await?;
        tx.forget_answers(context.tenant, &erased).await?;
        Ok(tx.commit().await?)
    }

    /// Who has unsubscribed is not written to again, though nobody knows any more who they were. Answers which subscriptions
    /// were erased.
    async fn let_rest(
        &self,
        tx: &mut dyn LeadTx,
        (tenant, now): (TenantId, Timestamp),
        leads: &[Lead],
    ) -> Result<Vec<Uuid>, StoreError> {
        let emails = leads.iter().filter_map(|lead| lead.details().email.as_ref());
        let emails: BTreeMap<_, _> = emails.map(|email| (email.key().to_owned(), email)).collect();
        if emails.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = emails.keys().cloned().collect();
        let ended = tx.subscriptions_of(tenant, &keys).await?;
        let ended = ended.into_iter().filter(|one| one.status() == SubscriptionStatus::Unsubscribed);
        let (mut suppressed, mut erased) = (BTreeSet::new(), Vec::new());
        for one in ended {
            if let Some(email) = emails.get(one.email().key()).filter(|email| suppressed.insert(email.key())) {
                self.suppress(tx, (tenant, now), (email, &one)).await?;
            }
            erased.push(one.id().as_uuid());
            tx.erase_subscription(one.erase()).await?;
        }
        Ok(erased)
    }

    async fn suppress(
        &self,
        tx: &mut dyn LeadTx,
        (tenant, now): (TenantId, Timestamp),
        (email, ended): (&Email, &Subscription),
    ) -> Result<(), StoreError> {
        let address = AddressHash::of(&self.0.addresses, tenant, email);
        let known = tx.mailbox_of(tenant, address).await?;
        let mailbox = known.unwrap_or_else(|| SubscriberMailbox::unknown(tenant, address, now));
        let reason = SuppressionReason::Erasure;
        let event =
            SubscriptionEvent::Suppressed { subscription: ended.id(), list: ended.list(), reason: reason.as_str() };
        tx.put_mailbox(mailbox.suppress(reason, event, now)).await
    }

    /// Rows that imports refused and that hold the address or the number of one of these leads.
    async fn empty_rows(&self, tx: &mut dyn LeadTx, tenant: TenantId, leads: &[Lead]) -> Result<(), StoreError> {
        let traces = traces(leads);
        let Some(lead) = leads.last().map(Lead::id).filter(|_| !traces.is_empty()) else { return Ok(()) };
        let found = tx.refused_rows(tenant, &traces).await?;
        let theirs = found.into_iter().filter(|(_, row)| self.is_about(row, leads));
        let rows: Vec<RefusedRow> = theirs.map(|(import, row)| (import, row.number)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        let event = LeadEvent::RowsEmptied { lead, rows: rows.len() };
        tx.empty_rows(Change::new(rows, event)).await
    }

    fn is_about(&self, row: &RowFault, leads: &[Lead]) -> bool {
        let region = self.0.settings.region;
        row.cells.iter().any(|cell| {
            let email = Email::parse(cell).ok();
            let phone = Phone::parse(cell, region).ok();
            leads.iter().map(Lead::details).any(|known| {
                is_same(email.as_ref(), known.email.as_ref(), Email::key)
                    || is_same(phone.as_ref(), known.phone.as_ref(), Phone::e164)
            })
        })
    }

    /// Erases a message, whether or not its sender is a lead. Needs a recent sign-in, as for leads.
    pub async fn erase_contact(
        &self,
        context: &Context,
        id: ContactId,
        if_version: Option<&[u32]>,
    ) -> Result<(), LeadError> {
        context.require(permission::PURGE)?;
        context.require_recent_sign_in(FRESH)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_erase_contact(context, id, if_version).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_erase_contact(
        &self,
        context: &Context,
        id: ContactId,
        if_version: Option<&[u32]>,
    ) -> Result<(), LeadError> {
        let message = self.0.ports.store.contact(context.tenant, id).await?.ok_or(NotFound)?;
        if if_version.is_some_and(|versions| !versions.contains(&message.version())) {
            return Err(VersionConflict.into());
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.erase_contact(message.erase()).await?;
        Ok(tx.commit().await?)
    }
}

fn is_same<T>(one: Option<&T>, other: Option<&T>, key: impl Fn(&T) -> &str) -> bool {
    one.is_some_and(|one| other.is_some_and(|other| key(one) == key(other)))
}

/// What rows about these leads have in them, however the address is spelled and whether or not the number has its country.
fn traces(leads: &[Lead]) -> Traces {
    let known = || leads.iter().map(Lead::details);
    // Of an address only its part before the sign: a domain may be spelled in two alphabets.
    let local = |email: &Email| email.key().split('@').next().map(|local| format!("{local}@"));
    let end = |phone: &Phone| {
        let digits = phone.e164().trim_start_matches('+');
        digits.get(digits.len().saturating_sub(END)..).map(str::to_owned)
    };
    let numbers = known().filter_map(|known| known.phone.as_ref().and_then(end));
    Traces {
        addresses: known().filter_map(|known| known.email.as_ref().and_then(local)).collect(),
        numbers: numbers.filter(|end| !end.contains(BETWEEN_DIGITS)).collect(),
    }
}
