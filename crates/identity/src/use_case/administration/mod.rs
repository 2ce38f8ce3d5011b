//! What administrators do with the people of their tenant.

mod create;
mod delete;
mod devices;
mod edit;
mod error;
mod memberships;
mod people;
mod role;
mod second_factor;
mod sessions;
mod suspend;
mod unlock;

use ashlar_kernel::{Context, StoreError, TenantId};

pub use create::{CreateUser, CreateUserError, CreateUserInput};
pub use edit::EditUser;
pub use error::AdministrationError;
pub use memberships::{AddMember, Newcomer};
pub(super) use sessions::shortened;

pub use people::{ListUsers, ListUsersError, UserPage};

use super::Identity;
use crate::{DirectoryEntry, SessionId, SessionQuery, UserId};

/// Sessions of one person in one tenant that this process is told to look up again.
const RELOOKED: u64 = 10_000;

impl Identity {
    /// A member of the caller's tenant; whoever is none is as unknown as who does not exist.
    async fn person(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        let found = self.0.ports.store.person(context.tenant, user).await?;
        found.ok_or(AdministrationError::NotFound)
    }

    /// The same, if the account is this tenant's to look after.
    async fn own_person(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        let entry = self.person(context, user).await?;
        if entry.home == context.tenant { Ok(entry) } else { Err(AdministrationError::Guest) }
    }

    /// Tells this process that sessions have ended.
    fn note_ends(&self, context: &Context, sessions: &[SessionId]) {
        for session in sessions {
            self.0.ports.cache.end(*session, context.now);
        }
    }

    /// Lets this process look up again what a person may do in a tenant. Other processes do so within five seconds.
    pub(super) async fn forget_sessions(
        &self,
        context: &Context,
        tenant: TenantId,
        user: UserId,
    ) -> Result<(), StoreError> {
        let query = SessionQuery { tenant, user, now: context.now, after: None, rows: RELOOKED };
        for line in self.0.ports.store.sessions(query).await? {
            self.0.ports.cache.forget(line.id);
        }
        Ok(())
    }
}
