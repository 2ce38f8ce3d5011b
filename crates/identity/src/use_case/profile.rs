//! Read and edit one's own account.

use ashlar_kernel::{AccessError, Class, Classified, Context, NotFound, StoreError, TenantId, VersionConflict};

use super::{Attempts, Identity};
use crate::{Account, ProfilePatch, UserId, permission};

/// Edits one's own profile.
#[derive(Debug, Clone, Default)]
pub struct EditProfile {
    /// What to change.
    pub patch: ProfilePatch,
    /// Only if the account is at one of these versions; any version if none.
    pub if_version: Option<Vec<u32>>,
}

/// Why the account cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadProfileError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ReadProfileError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Why the profile was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditProfileError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The caller's copy is out of date.
    #[error(transparent)]
    Conflict(#[from] VersionConflict),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for EditProfileError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Conflict(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// One's own account.
    pub async fn profile(&self, context: &Context) -> Result<Account, ReadProfileError> {
        let user = UserId::from_uuid(context.authorize(permission::READ_OWN_PROFILE)?);
        Ok(self.0.ports.store.account(context.tenant, user).await?.ok_or(NotFound)?)
    }

    /// Edits one's own profile and answers with the account as it is then. An edit that changes nothing is no edit.
    pub async fn edit_profile(&self, context: &Context, command: EditProfile) -> Result<Account, EditProfileError> {
        let user = UserId::from_uuid(context.authorize(permission::UPDATE_OWN_PROFILE)?);
        let mut attempts = Attempts::default();
        loop {
            match self.try_edit(context, user, &command).await {
                Err(EditProfileError::Store(error)) if attempts.again(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => return self.edited(context.tenant, user).await,
            }
        }
    }

    async fn try_edit(&self, context: &Context, user: UserId, command: &EditProfile) -> Result<(), EditProfileError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(user).await?.ok_or(NotFound)?;
        if command.if_version.as_ref().is_some_and(|versions| !versions.contains(&user.version())) {
            return Err(VersionConflict.into());
        }
        if let Some(change) = user.edit_profile(command.patch.clone(), context.now) {
            tx.update_user(change).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn edited(&self, tenant: TenantId, user: UserId) -> Result<Account, EditProfileError> {
        Ok(self.0.ports.store.account(tenant, user).await?.ok_or(NotFound)?)
    }
}
