//! From an object of a file to an account that may be taken over.

use ashlar_identity::use_case::{ImportRefusal, ImportUser};
use ashlar_kernel::Timestamp;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use super::{django, elements::Element, node};

/// What wrote a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Django's `dumpdata`.
    Django {
        /// The user model, `app.model` in lower case.
        model: String,
        /// Whether superusers become administrators.
        grant_admin: bool,
    },
    /// Plain objects.
    Node,
}

/// Where an account stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which object of the file it is, from 1: many files have one line only.
    pub number: u64,
    /// The line it begins on.
    pub line: u64,
    /// Its id there, if it has one.
    pub id: Option<String>,
}

impl Row {
    pub(super) const fn of(element: &Element, id: Option<String>) -> Self {
        Self { number: element.number, line: element.line, id }
    }
}

/// Why a row becomes no account.
#[derive(Debug, thiserror::Error)]
pub enum RowFault {
    /// It is not written as its format says.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// It is no account here.
    #[error(transparent)]
    Refused(#[from] ImportRefusal),
}

impl RowFault {
    /// A stable name, for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Refused(refusal) => refusal.code(),
        }
    }
}

/// What the format of the file says about a row, and the account does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowNote {
    /// A superuser becomes staff.
    #[error("a superuser, imported as staff; --grant-admin makes administrators of them")]
    SuperuserAsStaff,
    /// The handle is the address.
    #[error("has no e-mail address, so that the username, which is one, was taken for it")]
    UsernameAsEmail,
}

impl RowNote {
    /// A stable name, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SuperuserAsStaff => "superuser_as_staff",
            Self::UsernameAsEmail => "username_as_email",
        }
    }
}

/// What an object of the file is.
pub(super) enum Reading {
    /// An account.
    User { row: Row, user: Box<ImportUser>, notes: Vec<RowNote> },
    /// One that is refused.
    Refused { row: Row, fault: RowFault },
    /// Something else than an account.
    OtherModel(String),
}

impl Format {
    /// Reads one object.
    pub(super) fn read(&self, element: &Element) -> Reading {
        match self {
            Self::Django { model, grant_admin } => django::read(element, model, *grant_admin),
            Self::Node => node::read(element),
        }
    }
}

/// An object that is not written as its format says. What serde says of it names members and places, no values.
pub(super) fn unreadable(element: &Element, id: Option<String>, error: &serde_json::Error) -> Reading {
    let category = match error.classify() {
        serde_json::error::Category::Data => {
            // `invalid type: string "x", expected a boolean` shows a value: the part behind the comma does not.
            let text = error.to_string();
            text.rsplit_once("expected ").map_or_else(|| shown(&text), |(_, expected)| format!("expected {expected}"))
        }
        _ => "not JSON".to_owned(),
    };
    Reading::Refused { row: Row::of(element, id), fault: RowFault::Unreadable(category) }
}

/// The first words of a message, without the place within the object.
fn shown(text: &str) -> String {
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// An id: a number or a text.
pub(super) fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A moment with or without an offset: programs that know no time zones write none, and mean that of their server, which
/// cannot be known here. It is read as UTC.
pub(super) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let aware = DateTime::parse_from_rfc3339(&text).map(|moment| moment.with_timezone(&Utc));
    let naive = || text.replacen(' ', "T", 1).parse::<NaiveDateTime>().map(|moment| moment.and_utc());
    aware.or_else(|_no_offset| naive()).map(Some).map_err(|_no_moment| D::Error::custom("expected a moment"))
}
