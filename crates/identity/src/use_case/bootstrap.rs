//! Let the first administrator of an installation in.

use ashlar_kernel::{Context, Secret, StoreError, Timestamp};

use super::Identity;
use crate::{BootstrapSecret, BootstrapToken};

/// What whoever starts a production installation should know about its first administrator.
pub enum FirstAdministrator {
    /// There was one.
    HasCome,
    /// Whoever registers with this token becomes it. It is shown this once.
    Token {
        /// The token.
        token: Secret,
        /// Until when it is good.
        until: Timestamp,
    },
    /// A token was shown before, good until then, or no more.
    Awaited {
        /// Until when.
        until: Timestamp,
    },
}

/// Why there is no token to be the first administrator.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// There was one, and there is one in the life of a database.
    #[error("the first administrator has come; administrators make others administrators")]
    HasCome,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Identity {
    /// Makes a token at the first start of an installation, for whoever started it. Of several processes that start at
    /// once, one makes it.
    pub async fn await_first_administrator(&self, context: &Context) -> Result<FirstAdministrator, StoreError> {
        let found = self.0.ports.store.bootstrap().await?;
        if found.is_claimed {
            return Ok(FirstAdministrator::HasCome);
        }
        if let Some(until) = found.token_until {
            return Ok(FirstAdministrator::Awaited { until });
        }
        let secret = BootstrapSecret::new(&*self.0.ports.entropy);
        let change = BootstrapToken::issue(&secret, &self.0.bootstrap_key, context.now);
        let until = change.state().expires_at();
        let mut tx = self.0.ports.store.begin(context).await?;
        if !tx.insert_bootstrap_token(change).await? {
            return Ok(FirstAdministrator::Awaited { until });
        }
        tx.commit().await?;
        Ok(FirstAdministrator::Token { token: secret.shown(), until })
    }

    /// Makes a token in the place of the one shown before.
    pub async fn issue_bootstrap_token(&self, context: &Context) -> Result<(Secret, Timestamp), BootstrapError> {
        if self.0.ports.store.bootstrap().await?.is_claimed {
            return Err(BootstrapError::HasCome);
        }
        let secret = BootstrapSecret::new(&*self.0.ports.entropy);
        let change = BootstrapToken::issue(&secret, &self.0.bootstrap_key, context.now);
        let until = change.state().expires_at();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.replace_bootstrap_token(change).await?;
        tx.commit().await?;
        Ok((secret.shown(), until))
    }
}
