//! A subscription: somebody asked to be on a list, and where that stands.

use std::net::IpAddr;

use ashlar_kernel::{Change, Email, Id, TenantId, Timestamp};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ConfirmToken, MailingListId, NewsletterError, SubscriptionEvent, SuppressionReason, Wish};
use crate::lead::{Line, choice::choice};

/// Identifies a [`Subscription`].
pub type SubscriptionId = Id<Subscription>;

/// What a subscriber is called.
pub type Name = Line<255>;

/// Which text somebody agreed to.
pub type TextVersion = Line<100>;

choice! {
    /// Where a subscription stands.
    SubscriptionStatus, "pending, confirmed, expired, unsubscribed, bounced, suppressed" {
        /// Asked for, and to be confirmed.
        Pending = "pending",
        /// In force: its owner gets letters.
        Confirmed = "confirmed",
        /// Not confirmed in time.
        Expired = "expired",
        /// Ended by its owner, or by staff.
        Unsubscribed = "unsubscribed",
        /// Letters came back.
        Bounced = "bounced",
        /// The address is not to be written to.
        Suppressed = "suppressed",
    }
}

choice! {
    /// How a subscription ended.
    UnsubscribeReason, "one_click, admin" {
        /// By the link in a letter.
        OneClick = "one_click",
        /// By staff.
        Admin = "admin",
    }
}

/// How a letter came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bounce {
    /// There is no such mailbox.
    Hard,
    /// It is full, or its server away.
    Soft,
}

/// What proves that somebody asked: by which words, when, from where; or who says so.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which text they were shown.
    pub text_version: String,
    /// When.
    pub at: Timestamp,
    /// From where, if they did it themselves.
    pub ip: Option<IpAddr>,
    /// With which program.
    pub user_agent: Option<String>,
    /// Who entered them, if they did not do it themselves.
    pub entered_by: Option<Uuid>,
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evidence(..)")
    }
}

/// How long somebody has to confirm, and how long the link in the letter is good.
pub(super) const PENDING: TimeDelta = TimeDelta::hours(72);
/// How long a subscription that was not confirmed is kept.
pub(super) const KEPT: TimeDelta = TimeDelta::days(30);
/// So many letters that come back softly within [`KEPT`] are as one that comes back hard.
const SOFT_BOUNCES: u32 = 5;

/// A subscription. Of a list no two have one address, however it is spelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    pub(super) id: SubscriptionId,
    pub(super) tenant: TenantId,
    pub(super) list: MailingListId,
    pub(super) email: Email,
    pub(super) name: Option<Name>,
    pub(super) status: SubscriptionStatus,
    pub(super) evidence: Evidence,
    /// Of somebody who has unsubscribed, or whose letters came back: that they, or somebody who typed in their address, ask
    /// again. It changes nothing until it is confirmed.
    pub(super) wish: Option<Wish>,
    pub(super) asked_at: Timestamp,
    pub(super) confirmed_at: Option<Timestamp>,
    pub(super) confirmed_from: Option<IpAddr>,
    pub(super) unsubscribed_at: Option<Timestamp>,
    pub(super) reason: Option<UnsubscribeReason>,
    pub(super) bounce_soft: u32,
    pub(super) bounce_hard: u32,
    pub(super) bounced_since: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: u32,
}

/// What a new subscription is made of.
pub struct NewSubscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// To which list.
    pub list: MailingListId,
    /// Where letters go.
    pub email: Email,
    /// What they are called.
    pub name: Option<Name>,
    /// What proves that they asked.
    pub evidence: Evidence,
}

type SubscriptionChange = Change<Subscription, SubscriptionEvent>;

impl Subscription {
    /// Somebody asks to be on a list.
    pub fn request(new: NewSubscription, now: Timestamp) -> SubscriptionChange {
        let NewSubscription { id, tenant, list, email, name, evidence } = new;
        let subscription = Self {
            id,
            tenant,
            list,
            email,
            name,
            status: SubscriptionStatus::Pending,
            evidence,
            wish: None,
            asked_at: now,
            confirmed_at: None,
            confirmed_from: None,
            unsubscribed_at: None,
            reason: None,
            bounce_soft: 0,
            bounce_hard: 0,
            bounced_since: None,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let event = subscription.requested();
        Change::new(subscription, event)
    }

    /// A list that asks for no confirmation: the first wish is enough.
    pub fn at_once(asked: SubscriptionChange, from: Option<IpAddr>) -> SubscriptionChange {
        let (asked, _) = asked.into_parts();
        let now = asked.asked_at;
        let confirmed =
            Self { status: SubscriptionStatus::Confirmed, confirmed_at: Some(now), confirmed_from: from, ..asked };
        let event = SubscriptionEvent::Confirmed { subscription: confirmed.id, list: confirmed.list };
        let requested = confirmed.requested();
        Change::new(confirmed, requested).and(event)
    }

    /// They ask again. Who is on the list stays there, and a suppressed address stays suppressed: the fact is noted and
    /// nothing else, so that whoever asks learns nothing. Who has unsubscribed, or whose letters came back, stays so until
    /// the wish is confirmed: anybody can type an address in. What never was confirmed waits for that, from now on.
    pub fn request_again(self, name: Option<Name>, evidence: Evidence, now: Timestamp) -> SubscriptionChange {
        let edited = self.edited(now);
        let asked = match self.status {
            SubscriptionStatus::Confirmed | SubscriptionStatus::Suppressed => edited,
            SubscriptionStatus::Unsubscribed | SubscriptionStatus::Bounced => {
                let own = self.name.filter(|_| self.confirmed_at.is_some());
                Self { wish: Some(Wish { name: name.or(own), evidence }), asked_at: now, ..edited }
            }
            SubscriptionStatus::Pending | SubscriptionStatus::Expired => {
                Self { status: SubscriptionStatus::Pending, name, evidence, asked_at: now, ..edited }
            }
        };
        let event = asked.requested();
        Change::new(asked, event)
    }

    /// Staff enter them again. Who has unsubscribed, whose letters come back or whose address is suppressed is not entered
    /// by others; who is on the list stays there.
    pub fn enter_again(
        self,
        name: Option<Name>,
        evidence: Evidence,
        now: Timestamp,
    ) -> Result<SubscriptionChange, NewsletterError> {
        match self.status {
            SubscriptionStatus::Suppressed => Err(NewsletterError::Suppressed),
            SubscriptionStatus::Unsubscribed | SubscriptionStatus::Bounced => Err(NewsletterError::Unsubscribed),
            _ => Ok(self.request_again(name, evidence, now)),
        }
    }

    /// They want another letter to confirm by, also when the time for the last one is over; none if there is nothing to
    /// confirm.
    pub fn ask_for_letter(self, now: Timestamp) -> Option<SubscriptionChange> {
        let edited = Self { asked_at: now, ..self.edited(now) };
        let asked = match self.status {
            SubscriptionStatus::Expired => Self { status: SubscriptionStatus::Pending, ..edited },
            _ if self.waits() => edited,
            _ => return None,
        };
        let event = asked.requested();
        Some(Change::new(asked, event))
    }

    /// They want the link that unsubscribes; none if they are not on the list, nor about to be.
    pub fn ask_for_link(self, now: Timestamp) -> Option<SubscriptionChange> {
        if !self.is_open() {
            return None;
        }
        let event = SubscriptionEvent::LinkRequested { subscription: self.id, list: self.list };
        Some(Change::new(self.edited(now), event))
    }

    /// They mean what they asked last; none if there is nothing to confirm any more.
    pub fn confirm(self, from: Option<IpAddr>, now: Timestamp) -> Option<SubscriptionChange> {
        let wish = self.open_wish()?;
        self.confirm_wish(wish, from, now)
    }

    /// They mean this wish, whatever was asked since; none if there is nothing to confirm any more.
    pub fn confirm_wish(self, wish: Wish, from: Option<IpAddr>, now: Timestamp) -> Option<SubscriptionChange> {
        if !self.waits() {
            return None;
        }
        let event = SubscriptionEvent::Confirmed { subscription: self.id, list: self.list };
        let confirmed = Self {
            status: SubscriptionStatus::Confirmed,
            name: wish.name,
            evidence: wish.evidence,
            wish: None,
            confirmed_at: Some(now),
            confirmed_from: from,
            unsubscribed_at: None,
            reason: None,
            bounce_soft: 0,
            bounce_hard: 0,
            bounced_since: None,
            ..self.edited(now)
        };
        Some(Change::new(confirmed, event))
    }

    /// They want no letters, or never asked for any; none if they get none.
    pub fn unsubscribe(self, reason: UnsubscribeReason, now: Timestamp) -> Option<SubscriptionChange> {
        if !self.is_open() {
            return None;
        }
        let event = SubscriptionEvent::Unsubscribed { subscription: self.id, list: self.list, reason: reason.as_str() };
        let ended = Self {
            status: SubscriptionStatus::Unsubscribed,
            wish: None,
            unsubscribed_at: Some(now),
            reason: Some(reason),
            ..self.edited(now)
        };
        Some(Change::new(ended, event))
    }

    /// Nobody confirmed it; none if somebody did, or has time left. Who had unsubscribed before is as if nobody had asked.
    pub fn expire(self, now: Timestamp) -> Option<SubscriptionChange> {
        if !self.waits() || now - self.asked_at < PENDING {
            return None;
        }
        let event = SubscriptionEvent::Expired { subscription: self.id, list: self.list };
        let status = if self.is_pending() { SubscriptionStatus::Expired } else { self.status };
        Some(Change::new(Self { status, wish: None, ..self.edited(now) }, event))
    }

    /// A letter came back. After one hard bounce, or five soft ones within 30 days, no more are sent; none if they get none
    /// anyway.
    pub fn bounce(self, bounce: Bounce, now: Timestamp) -> Option<SubscriptionChange> {
        if self.status != SubscriptionStatus::Confirmed {
            return None;
        }
        let is_recent = self.bounced_since.is_some_and(|since| now - since < KEPT);
        let (soft, since) = if is_recent { (self.bounce_soft, self.bounced_since) } else { (0, Some(now)) };
        let mut counted = match bounce {
            Bounce::Hard => Self { bounce_hard: self.bounce_hard.saturating_add(1), ..self.edited(now) },
            Bounce::Soft => Self { bounce_soft: soft.saturating_add(1), bounced_since: since, ..self.edited(now) },
        };
        if counted.bounce_hard > 0 || counted.bounce_soft >= SOFT_BOUNCES {
            counted.status = SubscriptionStatus::Bounced;
        }
        let status = counted.status.as_str();
        let event = SubscriptionEvent::Bounced { subscription: counted.id, list: counted.list, status };
        Some(Change::new(counted, event))
    }

    /// The address is not to be written to; none if that is so already.
    pub fn suppress(self, reason: SuppressionReason, now: Timestamp) -> Option<SubscriptionChange> {
        if self.status == SubscriptionStatus::Suppressed {
            return None;
        }
        let event = SubscriptionEvent::Suppressed { subscription: self.id, list: self.list, reason: reason.as_str() };
        Some(Change::new(Self { status: SubscriptionStatus::Suppressed, wish: None, ..self.edited(now) }, event))
    }

    /// The address may be written to again, once its owner asks for that: until then they are as one who has unsubscribed.
    /// None if it is not suppressed.
    pub fn release(self, now: Timestamp) -> Option<SubscriptionChange> {
        if self.status != SubscriptionStatus::Suppressed {
            return None;
        }
        let reason = UnsubscribeReason::Admin;
        let event = SubscriptionEvent::Unsubscribed { subscription: self.id, list: self.list, reason: reason.as_str() };
        let released = Self {
            status: SubscriptionStatus::Unsubscribed,
            unsubscribed_at: self.unsubscribed_at.or(Some(now)),
            reason: self.reason.or(Some(reason)),
            ..self.edited(now)
        };
        Some(Change::new(released, event))
    }

    /// It is erased.
    pub fn erase(self) -> SubscriptionChange {
        let event = SubscriptionEvent::Erased { subscription: self.id, list: self.list };
        Change::new(self, event)
    }

    fn requested(&self) -> SubscriptionEvent {
        let status = if self.waits() { SubscriptionStatus::Pending } else { self.status };
        SubscriptionEvent::Requested { subscription: self.id, list: self.list, status: status.as_str() }
    }

    fn edited(&self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self.clone() }
    }

    /// Whether it was never confirmed, and is to be.
    pub fn is_pending(&self) -> bool {
        self.status == SubscriptionStatus::Pending
    }

    /// Whether there is a wish to be confirmed: of somebody new, or of who has left and asks again.
    pub fn waits(&self) -> bool {
        self.is_pending() || self.wish.is_some()
    }

    /// What is to be confirmed, as it was asked last.
    pub fn open_wish(&self) -> Option<Wish> {
        let new = || Wish { name: self.name.clone(), evidence: self.evidence.clone() };
        self.wish.clone().or_else(|| self.is_pending().then(new))
    }

    /// What a link confirms, if there is something to confirm: the wish its letter was written for. Who has unsubscribed
    /// since then confirms nothing by it.
    pub fn wish_of(&self, token: &ConfirmToken) -> Option<Wish> {
        let is_stale = self.unsubscribed_at.is_some_and(|ended| token.created_at < ended);
        let open = self.open_wish().filter(|_| token.list == self.list && !is_stale)?;
        Some(token.wish.clone().unwrap_or(open))
    }

    /// Whether they are on the list, or about to be.
    pub fn is_open(&self) -> bool {
        self.status == SubscriptionStatus::Confirmed || self.waits()
    }

    /// Its id.
    pub const fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// To which list.
    pub const fn list(&self) -> MailingListId {
        self.list
    }

    /// Where letters go.
    pub const fn email(&self) -> &Email {
        &self.email
    }

    /// What they are called.
    pub const fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// Where it stands.
    pub const fn status(&self) -> SubscriptionStatus {
        self.status
    }

    /// What proves that they asked.
    pub const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// When they last asked.
    pub const fn asked_at(&self) -> Timestamp {
        self.asked_at
    }

    /// When they confirmed it.
    pub const fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// From where.
    pub const fn confirmed_from(&self) -> Option<IpAddr> {
        self.confirmed_from
    }

    /// When it ended.
    pub const fn unsubscribed_at(&self) -> Option<Timestamp> {
        self.unsubscribed_at
    }

    /// How it ended.
    pub const fn reason(&self) -> Option<UnsubscribeReason> {
        self.reason
    }

    /// When they first asked.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// When it last changed.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// How often it was changed, plus one.
    pub const fn version(&self) -> u32 {
        self.version
    }
}
