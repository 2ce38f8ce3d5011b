//! Open, suspend and resume tenants: the operators' part.

use ashlar_kernel::{
    AccessError, Class, Classified, Context, FieldError, FieldErrors, Id, Invalid, InvalidCursor, Limit, Once, Page,
    StoreError, Tenant, TenantSlug, resource_codes,
};

use super::{Attempts, Identity, codes};
use crate::{
    Email, Membership, Role, Tenancy, TenancyQuery, TenantName, UserId, permission,
    port::{AdmitError, InsertTenancyError},
};

/// Opens a tenant.
pub struct OpenTenant {
    slug: TenantSlug,
    name: TenantName,
    admin: Email,
    once: Option<Once<Tenancy>>,
}

impl OpenTenant {
    /// A tenant with its first administrator, as typed.
    pub fn parse(slug: &str, name: &str, admin: &str) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let slug = errors.check("/slug", TenantSlug::parse(slug));
        let name = errors.check("/name", TenantName::parse(name));
        let admin = errors.check("/admin_email", Email::parse(admin));
        match (slug, name, admin) {
            (Some(slug), Some(name), Some(admin)) => Ok(Self { slug, name, admin, once: None }),
            _ => Err(errors.into_invalid()),
        }
    }

    /// The same, with the answer remembered in the transaction that opens the tenant.
    #[must_use]
    pub fn once(self, once: Option<Once<Tenancy>>) -> Self {
        Self { once, ..self }
    }
}

/// Why an operator's wish was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such tenant.
    #[error("not found")]
    NotFound,
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// Another tenant has the short name.
    #[error("the short name is taken")]
    SlugTaken,
    /// Nobody has the address of the first administrator.
    #[error("nobody has an account with this address")]
    UnknownAdmin,
    /// The first administrator would be an operator.
    #[error("an operator of the installation is no more than a member of a tenant")]
    Operator,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertTenancyError> for TenantError {
    fn from(error: InsertTenancyError) -> Self {
        match error {
            InsertTenancyError::SlugTaken => Self::SlugTaken,
            InsertTenancyError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AdmitError> for TenantError {
    fn from(error: AdmitError) -> Self {
        match error {
            // Nobody is a member of a tenant that is not there yet.
            AdmitError::AlreadyMember => Self::Store(StoreError::internal("a new tenant has a member")),
            AdmitError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for TenantError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound => Class::Code(&resource_codes::NOT_FOUND),
            Self::Cursor(error) => Class::Inner(error),
            Self::SlugTaken => Class::Code(&codes::SLUG_TAKEN),
            Self::UnknownAdmin => Class::Code(&ashlar_kernel::field_codes::VALIDATION),
            Self::Operator => Class::Code(&codes::OPERATOR_ACCOUNT),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::SlugTaken => vec![FieldError::new("/slug", "taken", self.to_string())],
            Self::UnknownAdmin => vec![FieldError::new("/admin_email", "unknown_account", self.to_string())],
            _ => Vec::new(),
        }
    }
}

const LIST: &str = "tenants";

impl Identity {
    /// The tenants of the installation, by short name.
    pub async fn tenants(
        &self,
        context: &Context,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<Tenancy>, TenantError> {
        context.require(permission::READ_TENANTS)?;
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<String>(context.tenant, LIST, cursor)).transpose()?;
        let after = after.map(|slug| TenantSlug::parse(&slug)).transpose().map_err(|_fault| InvalidCursor)?;
        let rows = self.0.ports.store.tenancies(&TenancyQuery { after, rows: limit.with_one_ahead() }).await?;
        let seal = |last: &Tenancy| cursors.seal(context.tenant, LIST, &last.tenant().slug.as_str());
        Page::try_cut(rows, limit, seal).map_err(|error| StoreError::internal(error).into())
    }

    /// Opens a tenant, and makes somebody who has an account its first administrator.
    pub async fn open_tenant(&self, context: &Context, command: OpenTenant) -> Result<Tenancy, TenantError> {
        context.require(permission::MANAGE_TENANTS)?;
        let admin = self.account_at(context, &command.admin).await?.ok_or(TenantError::UnknownAdmin)?;
        let id = Id::new(&*self.0.ports.ids);
        // What happens to a tenant is kept in its own log.
        let context = Context { tenant: id, ..context.clone() };
        let mut attempts = Attempts::default();
        loop {
            match self.try_open_tenant(&context, admin, &command).await {
                Err(TenantError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_open_tenant(
        &self,
        context: &Context,
        admin: UserId,
        command: &OpenTenant,
    ) -> Result<Tenancy, TenantError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let account = tx.user(admin).await?.ok_or(TenantError::UnknownAdmin)?;
        if account.is_operator() {
            return Err(TenantError::Operator);
        }
        let change = Tenancy::open(context.tenant, command.slug.clone(), &command.name, context.now);
        let tenancy = change.state().clone();
        tx.insert_tenancy(change).await?;
        tx.admit(Membership::create(context.tenant, admin, Role::Admin, context.now)).await?;
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&tenancy)).await?;
        }
        tx.commit().await?;
        Ok(tenancy)
    }

    /// Refuses the members of a tenant from now on, in every process within five seconds; doing it twice is no error.
    pub async fn suspend_tenant(&self, context: &Context, tenant: Id<Tenant>) -> Result<Tenancy, TenantError> {
        self.change_tenant(context, tenant, |tenancy| tenancy.suspend(context.now)).await
    }

    /// Lets the members of a tenant in again; doing it twice is no error.
    pub async fn resume_tenant(&self, context: &Context, tenant: Id<Tenant>) -> Result<Tenancy, TenantError> {
        self.change_tenant(context, tenant, |tenancy| tenancy.resume(context.now)).await
    }

    async fn change_tenant(
        &self,
        context: &Context,
        tenant: Id<Tenant>,
        decide: impl Fn(Tenancy) -> Option<ashlar_kernel::Change<Tenancy, crate::TenantEvent>> + Send + Sync,
    ) -> Result<Tenancy, TenantError> {
        context.require(permission::MANAGE_TENANTS)?;
        let context = Context { tenant, ..context.clone() };
        let mut attempts = Attempts::default();
        let tenancy = loop {
            match self.try_change_tenant(&context, &decide).await {
                Err(TenantError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        // Whoever is signed in to it is looked up again.
        self.0.ports.cache.forget_readings_until(context.now);
        Ok(tenancy)
    }

    async fn try_change_tenant(
        &self,
        context: &Context,
        decide: &(impl Fn(Tenancy) -> Option<ashlar_kernel::Change<Tenancy, crate::TenantEvent>> + Send + Sync),
    ) -> Result<Tenancy, TenantError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let tenancy = tx.tenancy(context.tenant).await?.ok_or(TenantError::NotFound)?;
        let Some(change) = decide(tenancy.clone()) else {
            return Ok(tenancy);
        };
        let tenancy = change.state().clone();
        tx.update_tenancy(change).await?;
        tx.commit().await?;
        Ok(tenancy)
    }
}
