//! See who tried to sign in.

use std::net::IpAddr;

use ashlar_kernel::{Context, Limit, Page, StoreError, Timestamp};

use super::{Identity, ListSessionsError, administration::shortened};
use crate::{
    Identifier, LoginFilter, LoginLine, LoginOutcome, LoginPosition, LoginQuery, LoginScope, UserId, permission,
};

/// Lists attempts to sign in to the caller's tenant.
#[derive(Debug, Clone, Default)]
pub struct ListLogins {
    /// On the account of this person.
    pub user: Option<UserId>,
    /// Failures with this identifier, in whatever spelling, also if nobody has it.
    pub identifier: Option<Identifier>,
    /// That ended so.
    pub outcome: Option<LoginOutcome>,
    /// From this address.
    pub ip: Option<IpAddr>,
    /// Made then or later.
    pub from: Option<Timestamp>,
    /// Made before then.
    pub before: Option<Timestamp>,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
}

impl Identity {
    /// The attempts to sign in to one's own account, in whichever tenant, newest first.
    pub async fn own_logins(
        &self,
        context: &Context,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<LoginLine>, ListSessionsError> {
        let caller = context.require(permission::READ_OWN_LOGINS)?;
        let scope = LoginScope::Person(UserId::from_uuid(caller.user));
        self.logins(context, (scope, LoginFilter::default()), limit, cursor).await
    }

    /// The attempts to sign in to the caller's tenant, newest first.
    pub async fn tenant_logins(
        &self,
        context: &Context,
        command: ListLogins,
    ) -> Result<Page<LoginLine>, ListSessionsError> {
        context.require(permission::READ_LOGINS)?;
        let ListLogins { user, identifier, outcome, ip, from, before, limit, cursor } = command;
        let pseudonym = |identifier: Identifier| identifier.pseudonym(&self.0.pseudonym_key, context.tenant);
        let identifier_hmac = identifier.map(pseudonym);
        let filter = LoginFilter { user, outcome, ip, identifier_hmac, from, before };
        let page = self.logins(context, (LoginScope::Tenant(context.tenant), filter), limit, cursor.as_deref()).await?;
        // Where people are is for them to know; where attacks come from is not.
        let is_theirs =
            |line: &LoginLine| [LoginOutcome::Succeeded, LoginOutcome::DeviceRefused].contains(&line.outcome);
        Ok(page.map(|line| if is_theirs(&line) { LoginLine { ip: line.ip.map(shortened), ..line } } else { line }))
    }

    async fn logins(
        &self,
        context: &Context,
        (scope, filter): (LoginScope, LoginFilter),
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<LoginLine>, ListSessionsError> {
        // Everything that decides which rows there are.
        let list = format!("logins {scope:?} {filter:?}");
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<LoginPosition>(context.tenant, &list, cursor)).transpose()?;
        let query = LoginQuery { scope, filter, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.logins(&query).await?;
        let seal = |line: &LoginLine| cursors.seal(context.tenant, &list, &line.position());
        Page::try_cut(rows, limit, seal).map_err(|error| StoreError::internal(error).into())
    }
}
