//! Edit somebody's profile.

use ashlar_kernel::{Context, Patch, VersionConflict};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{DirectoryEntry, DisplayName, EntryVersion, ProfilePatch, UserId, permission};

/// Edits the profile of somebody in the caller's tenant. The rest of it is its owner's alone.
#[derive(Debug, Clone, Default)]
pub struct EditUser {
    /// What others call them.
    pub display_name: Patch<DisplayName>,
    /// Only if account and membership are at one of these versions; any version if none.
    pub if_version: Option<Vec<EntryVersion>>,
}

impl Identity {
    /// Edits somebody's profile and answers with the person as they are then.
    pub async fn edit_user(
        &self,
        context: &Context,
        user: UserId,
        command: EditUser,
    ) -> Result<DirectoryEntry, AdministrationError> {
        context.require(permission::MANAGE_USERS)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_edit_user(context, user, &command).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => return self.person(context, user).await,
            }
        }
    }

    async fn try_edit_user(
        &self,
        context: &Context,
        user: UserId,
        command: &EditUser,
    ) -> Result<(), AdministrationError> {
        let seen = self.own_person(context, user).await?;
        if command.if_version.as_ref().is_some_and(|versions| !versions.contains(&seen.versions())) {
            return Err(VersionConflict.into());
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        let account = tx.user(user).await?.ok_or(AdministrationError::NotFound)?;
        if command.if_version.is_some() && account.version() != seen.account.version {
            return Err(VersionConflict.into());
        }
        let patch = ProfilePatch { display_name: command.display_name.clone(), ..ProfilePatch::default() };
        if let Some(change) = account.edit_profile(patch, context.now) {
            tx.update_user(change).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
