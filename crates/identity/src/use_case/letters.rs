//! What the writer of letters has to know. Nobody is asked who they are: it works on behalf of the product.

use ashlar_kernel::{Context, Secret, StoreError, TenantId};
use uuid::Uuid;

use super::{Attempts, Identity};
use crate::{
    Account, ActionPurpose, ActionSubject, ActionToken, ActionTokenId, DirectoryFilter, DirectoryQuery, DirectorySort,
    Email, Identifier, Locale, NewActionToken, RegistrationId, Role, User, UserId, UserStatus,
};

/// A letter with a link in it.
pub struct MailedLink {
    /// Where it goes.
    pub to: Email,
    /// What the person is called.
    pub name: Option<String>,
    /// The language they read.
    pub locale: Option<Locale>,
    /// What the link is good for.
    pub purpose: LinkPurpose,
    /// The secret in the link.
    pub token: Secret,
}

/// What a link in a letter is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Something about an account that exists.
    Account(ActionPurpose),
    /// Opening the account.
    ConfirmRegistration,
    /// A new password, because somebody tried to open an account that exists.
    AlreadyRegistered,
}

impl Identity {
    /// Those who administer a tenant, whose account is the oldest first; at most `limit` of them.
    pub async fn administrators(&self, tenant: TenantId, limit: u64) -> Result<Vec<UserId>, StoreError> {
        let filter =
            DirectoryFilter { status: Some(UserStatus::Active), role: Some(Role::Admin), ..DirectoryFilter::default() };
        let sort = DirectorySort::OldestFirst;
        let query = DirectoryQuery { tenant, filter, sort, after: None, rows: limit, count_up_to: None };
        let found = self.0.ports.store.people(&query).await?.entries;
        Ok(found.into_iter().map(|entry| entry.account.id).collect())
    }

    /// The account of somebody who administers a tenant. None if they do not, or not any more.
    pub async fn administrator(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError> {
        let found = self.0.ports.store.person(tenant, user).await?;
        let found = found.filter(|entry| entry.status == UserStatus::Active && entry.account.role == Role::Admin);
        Ok(found.map(|entry| entry.account))
    }

    /// A link for an account. Asked again with the same `id`, as a job that is done again asks, it is the same link. None
    /// when there is nobody to write to, or nothing to prove.
    pub async fn link(
        &self,
        context: &Context,
        user: UserId,
        purpose: ActionPurpose,
        id: Uuid,
    ) -> Result<Option<MailedLink>, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            match self.try_link(context, user, purpose, ActionTokenId::from_uuid(id)).await {
                Err(error) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_link(
        &self,
        context: &Context,
        user: UserId,
        purpose: ActionPurpose,
        id: ActionTokenId,
    ) -> Result<Option<MailedLink>, StoreError> {
        let made_before = self.0.ports.store.action_token(id).await?;
        let mut tx = self.0.ports.store.begin(context).await?;
        // Locked, so that the account is not deleted in between: the link would outlive everything else of it.
        let Some(user) = tx.user(user).await? else { return Ok(None) };
        let is_pointless = purpose == ActionPurpose::VerifyEmail && user.email_verified_at().is_some();
        if is_pointless || user.status() != UserStatus::Active {
            return Ok(None);
        }
        if let Some(token) = made_before {
            return Ok(Some(self.mailed(&user, &token)));
        }
        let (email, salt) = (user.email().clone(), self.0.ports.entropy.bytes());
        let new = NewActionToken { id, tenant: context.tenant, purpose, email, salt };
        let change = ActionToken::issue(new, &user, context.now);
        let token = change.state().clone();
        tx.put_action_token(change).await?;
        tx.commit().await?;
        Ok(Some(self.mailed(&user, &token)))
    }

    /// The letter of a link that exists; none if it has been replaced or used.
    pub async fn link_of(&self, context: &Context, id: ActionTokenId) -> Result<Option<MailedLink>, StoreError> {
        let Some(token) = self.0.ports.store.action_token(id).await? else { return Ok(None) };
        let user = self.0.ports.store.user(token.user()).await?;
        Ok(user.filter(|user| token.is_good_for(user, context.now)).map(|user| self.mailed(&user, &token)))
    }

    /// The letter that answers an attempt to open an account: a link to verify the address or, if it has an account, one
    /// to a new password for that. None if the attempt is gone.
    pub async fn registration_letter(
        &self,
        context: &Context,
        id: RegistrationId,
        job: Uuid,
    ) -> Result<Option<MailedLink>, StoreError> {
        let Some(registration) = self.0.ports.store.pending_registration(id).await? else { return Ok(None) };
        if !registration.is_open(context.now) {
            return Ok(None);
        }
        let identifier = Identifier::parse(registration.email().address()).map_err(StoreError::internal)?;
        let Some(holder) = self.0.ports.store.credential(context.tenant, &identifier).await? else {
            let token = self.0.action_keys.token(ActionSubject::Registration, id.as_uuid(), registration.salt());
            return Ok(Some(MailedLink {
                to: registration.email().clone(),
                name: registration.display_name().map(|name| name.as_str().to_owned()),
                locale: None,
                purpose: LinkPurpose::ConfirmRegistration,
                token,
            }));
        };
        let Some(link) = self.link(context, holder.user, ActionPurpose::ResetPassword, job).await? else {
            return Ok(None);
        };
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.note_registration(registration.refuse(holder.user)).await?;
        tx.commit().await?;
        Ok(Some(MailedLink { purpose: LinkPurpose::AlreadyRegistered, ..link }))
    }

    fn mailed(&self, user: &User, token: &ActionToken) -> MailedLink {
        let profile = user.profile();
        let handle = || user.username().map(|name| name.as_str().to_owned());
        MailedLink {
            to: token.email().clone(),
            name: profile.display_name.as_ref().map(|name| name.as_str().to_owned()).or_else(handle),
            locale: profile.locale.clone(),
            purpose: LinkPurpose::Account(token.purpose()),
            token: self.0.action_keys.token(ActionSubject::Account, token.id().as_uuid(), token.salt()),
        }
    }
}
