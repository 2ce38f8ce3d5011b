use ashlar_kernel::{DomainEvent, Patch, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::*;

fn user() -> User {
    let new = NewUser {
        id: UserId::from_uuid(Uuid::from_u128(1)),
        email: Email::parse("Ada@Example.org").unwrap(),
        username: None,
        password: PasswordHash::restore("hash".to_owned()),
        display_name: None,
        email_verified_at: None,
    };
    User::register(new, Timestamp::UNIX_EPOCH).into_parts().0
}

fn later() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(1)
}

#[test]
fn an_edit_that_changes_nothing_is_no_change() {
    assert!(user().edit_profile(ProfilePatch::default(), later()).is_none());
    let clear = ProfilePatch { locale: Patch::Clear, ..ProfilePatch::default() };
    assert!(user().edit_profile(clear, later()).is_none(), "clearing an empty field");
}

#[test]
fn an_edit_counts_the_version_and_says_what_changed_but_no_personal_data() {
    let patch = ProfilePatch {
        display_name: Patch::Set(DisplayName::parse("Ada Lovelace").unwrap()),
        avatar_url: Patch::Keep,
        locale: Patch::Set(Locale::parse("de-ch").unwrap()),
    };

    let change = user().edit_profile(patch, later()).unwrap();

    assert_eq!(change.state().version(), 2);
    assert_eq!(change.state().updated_at(), later());
    let diff = serde_json::to_string(&change.events()[0].diff()).unwrap();
    assert!(diff.contains("/display_name") && diff.contains("de-CH"), "{diff}");
    assert!(!diff.contains("Lovelace"), "{diff}");
}

#[test]
fn an_account_is_shut_once() {
    let disabled = user().disable(later()).unwrap().into_parts().0;
    assert_eq!(disabled.status(), UserStatus::Disabled);
    assert!(disabled.disable(later()).is_none());
}

#[test]
fn a_stored_account_that_breaks_an_invariant_is_refused_by_name() {
    let row = || UserRow {
        id: Uuid::from_u128(1),
        email: "ada@example.org".to_owned(),
        username: Some("ada".to_owned()),
        email_verified_at: None,
        password: "hash".to_owned(),
        credential_version: 1,
        weak_password_version: None,
        display_name: None,
        avatar_url: None,
        locale: None,
        status: "active".to_owned(),
        operator_since: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        version: 1,
    };
    assert!(User::restore(row()).is_ok());
    let broken = [
        (UserRow { email: "nobody".to_owned(), ..row() }, "user.email"),
        (UserRow { username: Some("-".to_owned()), ..row() }, "user.username"),
        (UserRow { status: "asleep".to_owned(), ..row() }, "user.status"),
        (UserRow { version: -1, ..row() }, "user.version"),
        (UserRow { credential_version: -1, ..row() }, "user.credential_version"),
        (UserRow { weak_password_version: Some(-1), ..row() }, "user.weak_password_version"),
        (UserRow { locale: Some("!".to_owned()), ..row() }, "user.locale"),
    ];
    for (row, what) in broken {
        assert_eq!(User::restore(row).err().unwrap().to_string(), format!("stored {what} breaks an invariant"));
    }
}
