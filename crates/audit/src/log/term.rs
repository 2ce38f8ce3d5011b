//! What events are looked up by, where not every text will do.

use std::str::FromStr;

use ashlar_kernel::{EventRecord, FieldFault};
use uuid::Uuid;

/// What happened: one name of the catalogue, or every one that begins so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// This one.
    Named(String),
    /// Every one that begins so; written with a star at its end.
    Beginning(String),
}

/// Why a text cannot be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerm {
    /// It names no action.
    #[error("not the name of an event, nor the beginning of one with a star behind it")]
    Action,
    /// It is no id of a trace.
    #[error("the id of a trace has 32 hexadecimal digits")]
    Trace,
    /// It is empty, too long, or holds control characters.
    #[error("1 to 128 characters without control characters")]
    Mention,
}

impl FieldFault for InvalidTerm {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

fn is_name(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
    (1..=128).contains(&text.len()) && text.bytes().all(is_letter)
}

impl FromStr for Action {
    type Err = InvalidTerm;

    fn from_str(text: &str) -> Result<Self, InvalidTerm> {
        let (name, is_beginning) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
        match (is_name(name), is_beginning) {
            (true, false) => Ok(Self::Named(name.to_owned())),
            (true, true) => Ok(Self::Beginning(name.to_owned())),
            (false, _) => Err(InvalidTerm::Action),
        }
    }
}

impl Action {
    /// Whether it includes the event of this name.
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::Named(action) => action == name,
            Self::Beginning(action) => name.starts_with(action.as_str()),
        }
    }
}

/// The id of a distributed trace (W3C Trace Context): 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceId(String);

impl FromStr for TraceId {
    type Err = InvalidTerm;

    fn from_str(text: &str) -> Result<Self, InvalidTerm> {
        let fits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidTerm::Trace) }
    }
}

impl TraceId {
    /// The digits, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a `traceparent` is one of this trace.
    pub fn is_of(&self, traceparent: Option<&str>) -> bool {
        traceparent.and_then(|text| text.get(3..35)) == Some(self.as_str())
    }
}

/// Something that an event has to do with, whatever it is: the id of an event, an actor, a target or a request, or the
/// beginning of an event's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention(String);

impl FromStr for Mention {
    type Err = InvalidTerm;

    fn from_str(text: &str) -> Result<Self, InvalidTerm> {
        let text = text.trim();
        let fits = (1..=128).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidTerm::Mention) }
    }
}

impl Mention {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same as the id of an event, if it is one.
    pub fn id(&self) -> Option<Uuid> {
        self.0.parse().ok()
    }

    /// The same as the beginning of an event's name, if it may be one.
    pub fn action(&self) -> Option<Action> {
        is_name(&self.0).then(|| Action::Beginning(self.0.clone()))
    }

    /// Whether an event has to do with it.
    pub fn is_in(&self, event: &EventRecord) -> bool {
        self.id() == Some(event.id)
            || event.actor.id.as_deref() == Some(self.as_str())
            || event.request_id == self.0
            || event.targets.iter().any(|target| target.id == self.0)
            || self.action().is_some_and(|action| action.includes(&event.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_names_or_beginnings() {
        assert_eq!("identity.user.registered".parse(), Ok(Action::Named("identity.user.registered".to_owned())));
        assert_eq!("identity.user.*".parse(), Ok(Action::Beginning("identity.user.".to_owned())));
        for bad in ["", "*", "Identity", "a%", "a*b", "identity user"] {
            assert_eq!(bad.parse::<Action>(), Err(InvalidTerm::Action), "{bad}");
        }
    }

    #[test]
    fn traces_are_found_in_what_was_handed_on() {
        let trace: TraceId = "4BF92F3577B34DA6A3CE929D0E0E4736".parse().unwrap();
        assert!(trace.is_of(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")));
        assert!(!trace.is_of(Some("00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")));
        assert!(!trace.is_of(Some("00")) && !trace.is_of(None));
        assert_eq!("4bf9".parse::<TraceId>(), Err(InvalidTerm::Trace));
    }

    #[test]
    fn mentions_are_taken_as_they_are() {
        assert_eq!(" 50% ".parse::<Mention>().unwrap().as_str(), "50%");
        assert_eq!("50%".parse::<Mention>().unwrap().action(), None);
        for bad in ["", "  ", "a\0b", &"x".repeat(129)] {
            assert_eq!(bad.parse::<Mention>(), Err(InvalidTerm::Mention), "{bad:?}");
        }
    }
}
