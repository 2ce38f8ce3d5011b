//! What `manage.py dumpdata` writes of a user model.

use ashlar_identity::{
    Role,
    use_case::{ImportInput, ImportUser},
};
use ashlar_kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    elements::Element,
    rows::{Reading, Row, RowNote, id_of, moment, unreadable},
};

#[derive(Deserialize)]
struct Object {
    model: String,
    #[serde(default)]
    pk: Value,
    fields: Value,
}

/// The fields of `AbstractUser`; a model of a site's own may lack some and have others.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    password: String,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default = "yes")]
    is_active: bool,
    #[serde(default)]
    is_staff: bool,
    #[serde(default)]
    is_superuser: bool,
    #[serde(default, deserialize_with = "moment")]
    date_joined: Option<Timestamp>,
    #[serde(default, deserialize_with = "moment")]
    last_login: Option<Timestamp>,
}

fn yes() -> bool {
    true
}

pub(super) fn read(element: &Element, model: &str, grant_admin: bool) -> Reading {
    let object: Object = match serde_json::from_slice(&element.text) {
        Ok(object) => object,
        Err(error) => return unreadable(element, None, &error),
    };
    if !object.model.eq_ignore_ascii_case(model) {
        return Reading::OtherModel(object.model);
    }
    let id = id_of(&object.pk);
    let fields: Fields = match serde_json::from_value(object.fields) {
        Ok(fields) => fields,
        Err(error) => return unreadable(element, id, &error),
    };
    let row = Row::of(element, id);
    let (role, mut notes) = role_of(&fields, grant_admin);
    let username = fields.username.as_deref().map(str::trim).unwrap_or_default();
    let email = fields.email.as_deref().map(str::trim).unwrap_or_default();
    // Sites whose people sign in with their address often keep it as the username only.
    let is_address = email.is_empty() && username.contains('@');
    if is_address {
        notes.push(RowNote::UsernameAsEmail);
    }
    let name = [fields.first_name.as_deref(), fields.last_name.as_deref()].map(|part| part.unwrap_or_default().trim());
    let name = name.join(" ");
    let input = ImportInput {
        id: row.id.as_deref().unwrap_or_default(),
        email: if is_address { username } else { email },
        // What is the address is no handle besides.
        username: Some(username).filter(|name| !is_address && !name.eq_ignore_ascii_case(email)),
        display_name: Some(&name),
        password_hash: Some(&fields.password),
        is_active: fields.is_active,
        role,
        created_at: fields.date_joined,
        last_login_at: fields.last_login,
    };
    match ImportUser::parse(input) {
        Ok(user) => Reading::User { row, user: Box::new(user), notes },
        Err(refusal) => Reading::Refused { row, fault: refusal.into() },
    }
}

fn role_of(fields: &Fields, grant_admin: bool) -> (Role, Vec<RowNote>) {
    match (fields.is_superuser, fields.is_staff) {
        (true, _) if grant_admin => (Role::Admin, Vec::new()),
        (true, _) => (Role::Staff, vec![RowNote::SuperuserAsStaff]),
        (false, true) => (Role::Staff, Vec::new()),
        (false, false) => (Role::Member, Vec::new()),
    }
}
