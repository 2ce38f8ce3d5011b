//! Between rows and the domain's types. What comes out of a row has passed the domain's checks again.

use ashlar_identity::{
    Account, HashClass, Membership, MembershipRow, Rehash, Role, Session, SessionLine, SessionRow, Tenancy, TenancyRow,
    User, UserRow, Username,
};
use ashlar_kernel::{StoreError, Tenant, TenantId, TenantSlug, Timestamp};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    FromQueryResult,
};
use uuid::Uuid;

use super::entity::{membership, session, tenant, user};

/// An account without its password's hash, and what it is in one tenant.
#[derive(FromQueryResult)]
pub(crate) struct HolderRow {
    id: Uuid,
    email: String,
    username: Option<String>,
    display_name: Option<String>,
    avatar_url: Option<String>,
    locale: Option<String>,
    email_verified_at: Option<Timestamp>,
    credential_version: i32,
    weak_password_version: Option<i32>,
    status: String,
    operator_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i32,
    role: Option<String>,
    tenant_suspended_at: Option<Timestamp>,
    factor_confirmed_at: Option<Timestamp>,
}

impl HolderRow {
    /// The columns of the account, in the order of the fields; the role comes from the membership, and whether it
    /// counts from the tenant.
    pub(super) const COLUMNS: [user::Column; 14] = [
        user::Column::Id,
        user::Column::Email,
        user::Column::Username,
        user::Column::DisplayName,
        user::Column::AvatarUrl,
        user::Column::Locale,
        user::Column::EmailVerifiedAt,
        user::Column::CredentialVersion,
        user::Column::WeakPasswordVersion,
        user::Column::Status,
        user::Column::OperatorSince,
        user::Column::CreatedAt,
        user::Column::UpdatedAt,
        user::Column::Version,
    ];

    /// The account, and what it is in the tenant it was read for, if anything. `password` is its hash, where it was
    /// read too.
    pub(crate) fn restore(self, password: String) -> Result<(User, Option<Account>), StoreError> {
        let role =
            self.role.as_deref().map(|text| Role::restore(text).ok_or(StoreError::Corrupt { what: "membership.role" }));
        let role = role.transpose()?;
        let user = User::restore(UserRow {
            id: self.id,
            email: self.email,
            username: self.username,
            email_verified_at: self.email_verified_at,
            password,
            credential_version: self.credential_version,
            weak_password_version: self.weak_password_version,
            display_name: self.display_name,
            avatar_url: self.avatar_url,
            locale: self.locale,
            status: self.status,
            operator_since: self.operator_since,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })?;
        let in_suspended_tenant = self.tenant_suspended_at.is_some();
        let has_second_factor = self.factor_confirmed_at.is_some();
        let account = role.map(|role| Account { in_suspended_tenant, has_second_factor, ..Account::of(&user, role) });
        Ok((user, account))
    }
}

/// Every column that an owner or an administrator changes.
pub(super) fn changed_user(user: &User) -> Result<user::ActiveModel, StoreError> {
    let profile = user.profile();
    Ok(user::ActiveModel {
        email: Set(user.email().address().to_owned()),
        email_key: Set(user.email().key().to_owned()),
        username: Set(user.username().map(|name| name.as_str().to_owned())),
        username_key: Set(user.username().map(Username::key)),
        email_verified_at: Set(user.email_verified_at()),
        password_hash: Set(user.password().as_str().to_owned()),
        credential_version: Set(version(user.credential_version())?),
        password_class: Set(Some(HashClass::of(user.password()).to_string())),
        display_name: Set(profile.display_name.as_ref().map(|name| name.as_str().to_owned())),
        avatar_url: Set(profile.avatar_url.as_ref().map(|url| url.as_str().to_owned())),
        locale: Set(profile.locale.as_ref().map(|locale| locale.as_str().to_owned())),
        status: Set(user.status().as_str().to_owned()),
        operator_since: Set(user.operator_since()),
        search_key: Set(user.search_key()),
        updated_at: Set(user.updated_at()),
        version: Set(version(user.version())?),
        ..Default::default()
    })
}

/// The columns that another hash of the same password changes. No edit: the version stays, or everybody's copy of the
/// profile would go stale when they sign in.
pub(super) fn rehashed_user(rehash: &Rehash) -> user::ActiveModel {
    user::ActiveModel {
        password_hash: Set(rehash.after().as_str().to_owned()),
        password_class: Set(Some(HashClass::of(rehash.after()).to_string())),
        ..Default::default()
    }
}

/// A new account, whose home is `tenant`.
pub(super) fn new_user(user: &User, tenant: TenantId) -> Result<user::ActiveModel, StoreError> {
    Ok(user::ActiveModel {
        id: Set(user.id().as_uuid()),
        tenant_id: Set(tenant.as_uuid()),
        created_at: Set(user.created_at()),
        last_login_at: NotSet,
        ..changed_user(user)?
    })
}

pub(super) fn restore_user(row: user::Model) -> Result<User, StoreError> {
    User::restore(UserRow {
        id: row.id,
        email: row.email,
        username: row.username,
        email_verified_at: row.email_verified_at,
        password: row.password_hash,
        credential_version: row.credential_version,
        weak_password_version: row.weak_password_version,
        display_name: row.display_name,
        avatar_url: row.avatar_url,
        locale: row.locale,
        status: row.status,
        operator_since: row.operator_since,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

pub(super) fn new_membership(membership: &Membership, id: Uuid) -> membership::ActiveModel {
    membership::ActiveModel {
        id: Set(id),
        tenant_id: Set(membership.tenant().as_uuid()),
        user_id: Set(membership.user().as_uuid()),
        role: Set(membership.role().as_str().to_owned()),
        created_at: Set(membership.created_at()),
        updated_at: Set(membership.updated_at()),
        version: Set(1),
    }
}

/// A stored membership.
pub(super) fn restore_membership(row: membership::Model) -> Result<Membership, StoreError> {
    Membership::restore(&MembershipRow {
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        role: row.role,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

/// Every column that changes in the life of a session.
pub(super) fn changed_session(row: SessionRow, now: Timestamp) -> session::ActiveModel {
    session::ActiveModel {
        tenant_id: Set(row.tenant_id),
        device_id: Set(row.device_id),
        generation: Set(row.generation),
        authenticated_at: Set(row.authenticated_at),
        rotated_at: Set(row.rotated_at),
        last_seen_at: Set(row.last_seen_at),
        idle_expires_at: Set(row.idle_expires_at),
        absolute_expires_at: Set(row.absolute_expires_at),
        revoked_at: Set(row.revoked_at),
        revoked_reason: Set(row.revoked_reason),
        updated_at: Set(now),
        version: Set(row.version),
        ..Default::default()
    }
}

pub(super) fn new_session(row: SessionRow, now: Timestamp) -> session::ActiveModel {
    session::ActiveModel {
        id: Set(row.id),
        user_id: Set(row.user_id),
        salt: Set(row.salt.clone()),
        amr: Set(row.amr.clone()),
        device_client_id: Set(row.device_client_id.clone()),
        device_name: Set(row.device_name.clone()),
        device_platform: Set(row.device_platform.clone()),
        ip: Set(row.ip.clone()),
        user_agent: Set(row.user_agent.clone()),
        created_at: Set(row.created_at),
        ..changed_session(row, now)
    }
}

pub(super) fn restore_session(row: session::Model) -> Result<Session, StoreError> {
    Session::restore(SessionRow {
        id: row.id,
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        salt: row.salt,
        generation: row.generation,
        amr: row.amr,
        device_client_id: row.device_client_id,
        device_name: row.device_name,
        device_platform: row.device_platform,
        device_id: row.device_id,
        ip: row.ip,
        user_agent: row.user_agent,
        created_at: row.created_at,
        authenticated_at: row.authenticated_at,
        rotated_at: row.rotated_at,
        last_seen_at: row.last_seen_at,
        idle_expires_at: row.idle_expires_at,
        absolute_expires_at: row.absolute_expires_at,
        revoked_at: row.revoked_at,
        revoked_reason: row.revoked_reason,
        version: row.version,
    })
}

pub(super) fn session_line(row: session::Model) -> Result<SessionLine, StoreError> {
    let session = restore_session(row)?;
    Ok(SessionLine {
        id: session.id(),
        device: session.device().cloned(),
        ip: session.ip(),
        user_agent: session.user_agent().map(str::to_owned),
        amr: session.amr().to_vec(),
        created_at: session.created_at(),
        last_seen_at: session.last_seen_at(),
        expires_at: session.idle_expires_at(),
    })
}

pub(super) fn restore_tenant(row: tenant::Model) -> Result<Tenant, StoreError> {
    let slug = TenantSlug::parse(&row.slug).map_err(|_fault| StoreError::Corrupt { what: "tenant.slug" })?;
    Ok(Tenant { id: TenantId::from_uuid(row.id), slug, name: row.name })
}

pub(super) fn restore_tenancy(row: tenant::Model) -> Result<Tenancy, StoreError> {
    Tenancy::restore(TenancyRow {
        id: row.id,
        slug: row.slug,
        name: row.name,
        suspended_at: row.suspended_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

/// A tenant as it is.
pub(super) fn tenancy(tenancy: &Tenancy) -> Result<tenant::ActiveModel, StoreError> {
    let tenant = tenancy.tenant();
    Ok(tenant::ActiveModel {
        id: Set(tenant.id.as_uuid()),
        slug: Set(tenant.slug.to_string()),
        name: Set(tenant.name.clone()),
        suspended_at: Set(tenancy.suspended_at()),
        created_at: Set(tenancy.created_at()),
        updated_at: Set(tenancy.updated_at()),
        version: Set(version(tenancy.version())?),
    })
}

/// A version in its stored form.
pub(super) fn version(version: u32) -> Result<i32, StoreError> {
    i32::try_from(version).map_err(StoreError::internal)
}
