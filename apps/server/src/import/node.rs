//! Plain objects, as a program in Node or any other language writes them from its table of users.

use ashlar_identity::{
    Role,
    use_case::{ImportInput, ImportUser},
};
use ashlar_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    elements::Element,
    rows::{Reading, Row, id_of, moment, unreadable},
};

/// Names as databases spell them, and as JavaScript does.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default, alias = "passwordHash")]
    password_hash: Option<String>,
    #[serde(default = "yes", alias = "isActive")]
    is_active: bool,
    #[serde(default, alias = "createdAt", deserialize_with = "moment")]
    created_at: Option<Timestamp>,
    #[serde(default, alias = "lastLoginAt", deserialize_with = "moment")]
    last_login_at: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

pub(super) fn read(element: &Element) -> Reading {
    let object: Value = match serde_json::from_slice(&element.text) {
        Ok(object) => object,
        Err(error) => return unreadable(element, None, &error),
    };
    let id = object.get("id").and_then(id_of);
    let object: Object = match serde_json::from_value(object) {
        Ok(object) => object,
        Err(error) => return unreadable(element, id, &error),
    };
    let row = Row::of(element, id);
    let input = ImportInput {
        id: row.id.as_deref().unwrap_or_default(),
        email: object.email.as_deref().unwrap_or_default(),
        username: object.username.as_deref(),
        display_name: object.name.as_deref(),
        password_hash: object.password_hash.as_deref(),
        is_active: object.is_active,
        role: Role::Member,
        created_at: object.created_at,
        last_login_at: object.last_login_at,
    };
    match ImportUser::parse(input) {
        Ok(user) => Reading::User { row, user: Box::new(user), notes: Vec::new() },
        Err(refusal) => Reading::Refused { row, fault: refusal.into() },
    }
}
