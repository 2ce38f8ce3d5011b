//! Take along everything that is held about oneself.

use ashlar_kernel::{Context, NotFound};

use super::{Identity, ReadProfileError};
use crate::{
    AccountRequest, Holdings, LoginFilter, LoginLine, LoginQuery, LoginScope, MembershipLine, MembershipQuery,
    SecondFactorStatus, User, UserId, permission,
};

/// Rows of one statement.
const ROWS: u64 = 1_000;
/// Statements of one list. An account is neither a member of so many tenants nor tried so often.
const STATEMENTS: u32 = 100;

/// Everything that is held about a person, but for the event log, and for secrets, of which nobody is told.
pub struct PersonalData {
    /// The account.
    pub user: User,
    /// Sessions, keys, links and where it comes from.
    pub holdings: Holdings,
    /// The tenants they are a member of.
    pub memberships: Vec<MembershipLine>,
    /// Their second factor.
    pub second_factor: Option<SecondFactorStatus>,
    /// Attempts to sign in to the account, newest first.
    pub logins: Vec<LoginLine>,
}

impl Identity {
    /// Everything that is held about the caller, in every tenant. It is noted who took it along.
    pub async fn export_own_data(&self, context: &Context) -> Result<PersonalData, ReadProfileError> {
        let caller = context.require(permission::EXPORT_OWN_ACCOUNT)?;
        crate::insist_on_fresh(context)?;
        let id = UserId::from_uuid(caller.user);
        let store = &self.0.ports.store;
        let data = PersonalData {
            user: self.present(id).await?.ok_or(NotFound)?,
            holdings: store.holdings(id).await?,
            memberships: self.all_memberships(id).await?,
            second_factor: store.second_factor(id).await?.map(|factor| factor.status()),
            logins: self.all_logins(id).await?,
        };
        self.note(context, AccountRequest::Export { user: id }).await?;
        Ok(data)
    }

    async fn all_memberships(&self, user: UserId) -> Result<Vec<MembershipLine>, ashlar_kernel::StoreError> {
        let mut all: Vec<MembershipLine> = Vec::new();
        for _statement in 0..STATEMENTS {
            let after = all.last().map(|line| line.tenant.slug.clone());
            let some = self.0.ports.store.memberships(&MembershipQuery { user, after, rows: ROWS }).await?;
            let is_last = (some.len() as u64) < ROWS;
            all.extend(some);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn all_logins(&self, user: UserId) -> Result<Vec<LoginLine>, ashlar_kernel::StoreError> {
        let mut all: Vec<LoginLine> = Vec::new();
        for _statement in 0..STATEMENTS {
            let after = all.last().map(LoginLine::position);
            let query =
                LoginQuery { scope: LoginScope::Person(user), filter: LoginFilter::default(), after, rows: ROWS };
            let some = self.0.ports.store.logins(&query).await?;
            let is_last = (some.len() as u64) < ROWS;
            all.extend(some);
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}
