//! What administrators and operators read and write. Parts of [`IdentityStore`](super::IdentityStore) and
//! [`IdentityTx`](super::IdentityTx), in files of their own.

use ashlar_kernel::{Change, StoreError, TenantId, UnitOfWork};
use async_trait::async_trait;

use crate::{
    DirectoryEntry, DirectoryQuery, DirectoryRows, Membership, MembershipEvent, MembershipLine, MembershipQuery,
    SessionEvent, SessionId, SessionSweep, Tenancy, TenancyQuery, TenantEvent, User, UserEvent, UserId,
};

/// Reads of administrators and operators. One statement each.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Some of the members of a tenant.
    async fn people(&self, query: &DirectoryQuery) -> Result<DirectoryRows, StoreError>;

    /// A member of a tenant.
    async fn person(&self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError>;

    /// Some of the tenants a person is a member of.
    async fn memberships(&self, query: &MembershipQuery) -> Result<Vec<MembershipLine>, StoreError>;

    /// Some of the tenants.
    async fn tenancies(&self, query: &TenancyQuery) -> Result<Vec<Tenancy>, StoreError>;
}

/// Why a change that takes an administrator away is not saved.
#[derive(Debug, thiserror::Error)]
pub enum KeepAdminError {
    /// Nobody else administers one of the tenants concerned.
    #[error("the last administrator of a tenant stays")]
    LastAdmin,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a person is not taken into a tenant.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// They are a member.
    #[error("the person is a member already")]
    AlreadyMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a tenant is not opened.
#[derive(Debug, thiserror::Error)]
pub enum InsertTenancyError {
    /// Another has the short name.
    #[error("the short name is taken")]
    SlugTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes of administrators and operators.
///
/// Where it says that the last administrator stays, this holds however many changes are made at once: of two
/// administrators who demote each other, one succeeds. Shut accounts administer nothing.
#[async_trait]
pub trait AdministrationTx: UnitOfWork {
    /// A membership, to be changed.
    async fn membership(&mut self, tenant: TenantId, user: UserId) -> Result<Option<Membership>, StoreError>;

    /// A member of a tenant, as this work sees it.
    async fn person(&mut self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError>;

    /// The tenants in which a person is more than a member: at most `limit` of them.
    async fn offices(&mut self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError>;

    /// Takes a person into a tenant.
    async fn admit(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), AdmitError>;

    /// Saves a changed membership; [`Stale`](StoreError::Stale) unless the stored version is the one before. The last
    /// administrator stays.
    async fn update_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError>;

    /// Removes a membership; [`Stale`](StoreError::Stale) unless it is stored as it is given. The last administrator
    /// stays.
    async fn remove_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError>;

    /// Saves a shut account, as [`update_user`](super::IdentityTx::update_user) does. The last administrator of any
    /// tenant stays.
    async fn shut_user(&mut self, change: Change<User, UserEvent>) -> Result<(), KeepAdminError>;

    /// Ends every living session of a person, and answers which. Nothing is saved when there is none.
    async fn end_sessions(&mut self, change: Change<SessionSweep, SessionEvent>) -> Result<Vec<SessionId>, StoreError>;

    /// A tenant, to be changed.
    async fn tenancy(&mut self, id: TenantId) -> Result<Option<Tenancy>, StoreError>;

    /// Adds a tenant.
    async fn insert_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), InsertTenancyError>;

    /// Saves a changed tenant; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), StoreError>;
}
