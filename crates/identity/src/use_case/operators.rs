//! Who operates the installation: decided on the command line, by whoever has the database.

use ashlar_kernel::{Context, StoreError};

use super::{Attempts, Identity};
use crate::{Email, UserId};

/// Why somebody was not made an operator, or is one still.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Nobody has an account with this address.
    #[error("nobody has an account with this address")]
    UnknownAccount,
    /// The person is more than a member of a tenant.
    #[error(
        "the person is {role} of the tenant {tenant}, and nobody holds both powers: make them a member there, or use \
         another account"
    )]
    HasRole {
        /// What they are.
        role: &'static str,
        /// Where.
        tenant: ashlar_kernel::TenantId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Identity {
    /// Makes somebody an operator of the installation: true if they were none. For the command line; nobody is asked
    /// who they are. Sessions the person has act as an operator within five seconds.
    pub async fn make_operator(&self, context: &Context, email: &Email) -> Result<bool, OperatorError> {
        self.decide_on_operator(context, email, true).await
    }

    /// Makes somebody an operator no more: true if they were one.
    pub async fn revoke_operator(&self, context: &Context, email: &Email) -> Result<bool, OperatorError> {
        self.decide_on_operator(context, email, false).await
    }

    async fn decide_on_operator(
        &self,
        context: &Context,
        email: &Email,
        is_to_be: bool,
    ) -> Result<bool, OperatorError> {
        let user = self.account_at(context, email).await?.ok_or(OperatorError::UnknownAccount)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_decide_on_operator(context, user, is_to_be).await {
                Err(OperatorError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_decide_on_operator(
        &self,
        context: &Context,
        user: UserId,
        is_to_be: bool,
    ) -> Result<bool, OperatorError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        // Locked: whoever gives this person a role waits, and then sees what they are.
        let account = tx.user(user).await?.ok_or(OperatorError::UnknownAccount)?;
        let change = if is_to_be {
            if let Some(office) = tx.offices(user, 1).await?.first() {
                return Err(OperatorError::HasRole { role: office.role().as_str(), tenant: office.tenant() });
            }
            account.make_operator(context.now)
        } else {
            account.revoke_operator(context.now)
        };
        let Some(change) = change else {
            return Ok(false);
        };
        tx.update_user(change).await?;
        tx.commit().await?;
        Ok(true)
    }
}
