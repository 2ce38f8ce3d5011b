//! Delete somebody's account.

use ashlar_kernel::Context;

use super::{super::DeleteAccountError, AdministrationError, Identity};
use crate::UserId;

impl Identity {
    /// Deletes an account of the caller's tenant for good, as its owner would. Not the caller's own, and not that of an
    /// operator; the last administrator of a tenant stays.
    pub async fn delete_user(&self, context: &Context, user: UserId) -> Result<(), AdministrationError> {
        let entry = self.account_to_relieve(context, user).await?;
        if entry.account.is_operator {
            return Err(AdministrationError::Operator);
        }
        let ended = self.erase(context, user, true).await.map_err(|error| match error {
            DeleteAccountError::LastAdmin => AdministrationError::LastAdmin,
            DeleteAccountError::Store(error) => AdministrationError::Store(error),
            // Whoever was there a moment ago is gone, or has risen. Nobody was asked for anything else.
            _ => AdministrationError::NotFound,
        })?;
        self.note_ends(context, &ended);
        Ok(())
    }
}
