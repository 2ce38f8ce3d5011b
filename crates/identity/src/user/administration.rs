//! What administrators and operators do with accounts.

use ashlar_kernel::{Change, Timestamp};

use super::{NewUser, User, UserEvent, UserStatus};
use crate::{Username, canonical};

impl User {
    /// Opens an account for somebody else.
    pub fn create(new: NewUser, now: Timestamp) -> Change<Self, UserEvent> {
        let (user, _registered) = Self::register(new, now).into_parts();
        let event = UserEvent::CreatedByAdmin { user: user.id };
        Change::new(user, event)
    }

    /// Opens a shut account again; none if it is open.
    pub fn enable(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        if self.status != UserStatus::Disabled {
            return None;
        }
        let event = UserEvent::Enabled { user: self.id };
        Some(Change::new(Self { status: UserStatus::Active, ..self.edited(now) }, event))
    }

    /// Makes the person an operator of the installation; none if they are one.
    pub fn make_operator(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        if self.is_operator() {
            return None;
        }
        let event = UserEvent::OperatorGranted { user: self.id };
        Some(Change::new(Self { operator_since: Some(now), ..self.edited(now) }, event))
    }

    /// Makes the person an operator no more; none if they are none.
    pub fn revoke_operator(self, now: Timestamp) -> Option<Change<Self, UserEvent>> {
        if !self.is_operator() {
            return None;
        }
        let event = UserEvent::OperatorRevoked { user: self.id };
        Some(Change::new(Self { operator_since: None, ..self.edited(now) }, event))
    }

    /// Whether the person operates the installation.
    pub const fn is_operator(&self) -> bool {
        self.operator_since.is_some()
    }

    /// Since when the person operates the installation.
    pub const fn operator_since(&self) -> Option<Timestamp> {
        self.operator_since
    }

    /// What a search for people looks through: address, handle and name, in the form that is equal for every spelling,
    /// each on a line of its own.
    pub fn search_key(&self) -> String {
        let username = self.username.as_ref().map(Username::key).unwrap_or_default();
        let name = self.profile.display_name.as_ref().map(|name| canonical::fold(name.as_str())).unwrap_or_default();
        format!("{}\n{username}\n{name}", self.email.key())
    }

    fn edited(self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::Id;
    use uuid::Uuid;

    use super::*;
    use crate::{DisplayName, Email, PasswordHash};

    fn ada() -> User {
        let new = NewUser {
            id: Id::from_uuid(Uuid::from_u128(1)),
            email: Email::parse("Ada@Example.org").unwrap(),
            username: Some(Username::parse("Ada.L").unwrap()),
            password: PasswordHash::restore("$hash".to_owned()),
            display_name: Some(DisplayName::parse("ADA \u{d6}ST").unwrap()),
            email_verified_at: None,
        };
        User::create(new, Timestamp::UNIX_EPOCH).into_parts().0
    }

    #[test]
    fn a_shut_account_opens_again_and_an_open_one_is_left_alone() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(ada().enable(now).is_none());
        let (shut, _) = ada().disable(now).unwrap().into_parts();
        let (open, events) = shut.enable(now).unwrap().into_parts();
        assert_eq!((open.status(), open.version()), (UserStatus::Active, 3));
        assert_eq!(events, [UserEvent::Enabled { user: open.id() }]);
    }

    #[test]
    fn operators_come_and_go_once() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(ada().revoke_operator(now).is_none());
        let (operator, _) = ada().make_operator(now).unwrap().into_parts();
        assert!(operator.is_operator() && operator.clone().make_operator(now).is_none());
        assert!(!operator.revoke_operator(now).unwrap().state().is_operator());
    }

    #[test]
    fn people_are_searched_for_in_every_spelling() {
        assert_eq!(ada().search_key(), "ada@example.org\nada.l\nada \u{f6}st");
    }
}
