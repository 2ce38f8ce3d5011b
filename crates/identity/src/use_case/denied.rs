//! Note what somebody asked for and may not.

use ashlar_kernel::{Actor, Context, StoreError};

use super::Identity;
use crate::{AccountRequest, UserId};

impl Identity {
    /// Notes that the caller lacked a permission, `count` times. For whoever answers them; API keys have a note of their
    /// own.
    pub async fn note_denied(&self, context: &Context, permission: &str, count: u32) -> Result<(), StoreError> {
        let Actor::User(person) = &context.actor else { return Ok(()) };
        let user = UserId::from_uuid(person.user);
        self.note(context, AccountRequest::Denied { user, permission: permission.to_owned(), count }).await
    }
}
