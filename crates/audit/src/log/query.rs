//! Which events to look up.

use std::net::IpAddr;

use ashlar_kernel::{EventRecord, LogEntry, Outcome, Target, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Action, Mention, TraceId};

/// Which events to look up. All of it has to be true of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Done by this sort of actor.
    pub actor_type: Option<String>,
    /// Done by this one.
    pub actor_id: Option<String>,
    /// That this happened.
    pub action: Option<Action>,
    /// To this sort of thing, among others.
    pub target_type: Option<String>,
    /// To this thing, among others.
    pub target_id: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// From there.
    pub ip: Option<IpAddr>,
    /// In this request.
    pub request_id: Option<String>,
    /// In this distributed trace.
    pub trace_id: Option<TraceId>,
    /// Then or later.
    pub from: Option<Timestamp>,
    /// Before then.
    pub to: Option<Timestamp>,
    /// That have to do with this.
    pub mention: Option<Mention>,
}

impl EventFilter {
    /// Everything that happened to one thing.
    pub fn of_target(target: Target) -> Self {
        Self { target_type: Some(target.kind), target_id: Some(target.id), ..Self::default() }
    }

    /// The names of the filters that are used.
    pub fn names(&self) -> Vec<&'static str> {
        let used = [
            ("actor_type", self.actor_type.is_some()),
            ("actor_id", self.actor_id.is_some()),
            ("action", self.action.is_some()),
            ("target_type", self.target_type.is_some()),
            ("target_id", self.target_id.is_some()),
            ("outcome", self.outcome.is_some()),
            ("ip", self.ip.is_some()),
            ("request_id", self.request_id.is_some()),
            ("trace_id", self.trace_id.is_some()),
            ("from", self.from.is_some()),
            ("to", self.to.is_some()),
            ("q", self.mention.is_some()),
        ];
        used.into_iter().filter(|(_, is_used)| *is_used).map(|(name, _)| name).collect()
    }

    /// Whether it lets an event through. For stores without a query language.
    pub fn lets_through(&self, entry: &LogEntry) -> bool {
        let event = &entry.event;
        self.knows_who(event)
            && self.ip.is_none_or(|ip| entry.ip() == Some(ip))
            && self.knows_what(event)
            && self.request_id.as_ref().is_none_or(|request| event.request_id == *request)
            && self.trace_id.as_ref().is_none_or(|trace| trace.is_of(event.trace.as_deref()))
            && self.from.is_none_or(|from| event.occurred_at >= from)
            && self.to.is_none_or(|to| event.occurred_at < to)
            && self.mention.as_ref().is_none_or(|mention| mention.is_in(event))
    }

    fn knows_who(&self, event: &EventRecord) -> bool {
        self.actor_type.as_ref().is_none_or(|kind| event.actor.kind == *kind)
            && self.actor_id.as_ref().is_none_or(|id| event.actor.id.as_ref() == Some(id))
    }

    fn knows_what(&self, event: &EventRecord) -> bool {
        let is_target = |target: &Target| {
            self.target_type.as_ref().is_none_or(|kind| target.kind == *kind)
                && self.target_id.as_ref().is_none_or(|id| target.id == *id)
        };
        let wants_target = self.target_type.is_some() || self.target_id.is_some();
        self.action.as_ref().is_none_or(|action| action.includes(&event.name))
            && (!wants_target || event.targets.iter().any(is_target))
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
    }
}

/// In which order events are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// The position of an event in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventPosition {
    /// When it happened.
    pub at: Timestamp,
    /// Its id, for those that happened at once.
    pub id: Uuid,
}

impl EventPosition {
    /// Where an event stands.
    pub const fn of(event: &EventRecord) -> Self {
        Self { at: event.occurred_at, id: event.id }
    }
}

/// Which part of the log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventQuery {
    /// Of which tenant.
    pub tenant: TenantId,
    /// Which of its events.
    pub filter: EventFilter,
    /// In which order.
    pub order: EventOrder,
    /// Behind this one.
    pub after: Option<EventPosition>,
    /// How many rows at most.
    pub rows: u64,
    /// Whether the values that are kept beside the events are wanted with them.
    pub with_personal: bool,
}

impl EventQuery {
    /// Whether it lets an event through. For stores without a query language.
    pub fn lets_through(&self, entry: &LogEntry) -> bool {
        let event = &entry.event;
        let position = EventPosition::of(event);
        let follows = self.after.is_none_or(|after| match self.order {
            EventOrder::NewestFirst => position < after,
            EventOrder::OldestFirst => position > after,
        });
        event.tenant == self.tenant && follows && self.filter.lets_through(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_are_used_have_names() {
        assert_eq!(EventFilter::default().names(), [""; 0]);
        assert_eq!(EventFilter::of_target(Target::new("user", 7)).names(), ["target_type", "target_id"]);
    }
}
