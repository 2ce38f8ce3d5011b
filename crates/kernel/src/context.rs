//! The circumstances of one request.

use std::{net::IpAddr, sync::Arc};

use chrono::TimeDelta;

use uuid::Uuid;

use crate::{Actor, Class, Classified, Permission, Principal, RequestId, TenantId, Timestamp, error_codes};

/// Who asks, for which tenant, from where and when: the first argument of every use case.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whose data this is about.
    pub tenant: TenantId,
    /// Who asks.
    pub actor: Actor,
    /// The request's name in logs, events and problem documents.
    pub request_id: RequestId,
    /// The client's address, after trusted proxies.
    pub client_ip: Option<IpAddr>,
    /// The client's `User-Agent`, at most 512 bytes.
    pub user_agent: Option<Arc<str>>,
    /// Where the request stands in a distributed trace, as a W3C `traceparent`, for the jobs that follow from it.
    pub trace: Option<Arc<str>>,
    /// The moment the request began; one request sees one time.
    pub now: Timestamp,
}

/// Why the caller may not do this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Nobody has signed in.
    #[error("authentication is required")]
    AuthenticationRequired,
    /// The caller's roles do not include the permission.
    #[error("the permission {permission} is required")]
    PermissionDenied {
        /// The missing permission.
        permission: Permission,
    },
    /// The caller's roles include the permission, but it is withheld until they have a second factor.
    #[error("the permission {permission} is withheld until you have set up a second factor")]
    SecondFactorRequired {
        /// The withheld permission.
        permission: Permission,
    },
    /// The last proof of identity is too old for a sensitive action.
    #[error("this needs a sign-in within the last {} seconds", max_age.num_seconds())]
    ReauthenticationRequired {
        /// How recent the proof has to be.
        max_age: TimeDelta,
    },
    /// The API key is good for less than this.
    #[error("the API key needs the scope {required}, and its owner the permission")]
    InsufficientScope {
        /// The scope that is missing, or that the owner has lost.
        required: Permission,
    },
    /// An API key was sent for what only people may do.
    #[error("this is for people who have signed in, not for API keys")]
    PersonRequired,
}

error_codes! {
    /// Codes of [`AccessError`].
    pub mod access_codes {
        AUTHENTICATION_REQUIRED = "authentication_required", Unauthenticated, "Authentication required",
            "The request carries no credentials. Send `Authorization: Bearer <access token>`; to refresh or to sign out, the refresh token will do, as `refresh_token` in the body or in the cookie `__Host-refresh`.";
        PERMISSION_DENIED = "permission_denied", Forbidden, "Permission denied",
            "You are signed in, but none of your roles in this tenant includes the permission that `required` names.";
        MFA_REQUIRED_BY_POLICY = "mfa_required_by_policy", Forbidden, "Second factor required",
            "This installation asks people like you to have a second factor. Without one you may not do this, and with one you may not give it up. Set one up at `/api/v1/me/2fa/totp`.";
        REAUTHENTICATION_REQUIRED = "reauthentication_required", Forbidden, "Recent sign-in required",
            "This action needs a proof of identity that is not older than `max_age` seconds. Log in again, by one of `methods`, and repeat the request.";
        INSUFFICIENT_SCOPE = "insufficient_scope", Forbidden, "Insufficient scope",
            "The API key is good, but not for this: `required` names the scope it lacks, or the permission its owner does not have any more.";
        PERSON_REQUIRED = "person_required", Forbidden, "Only for people",
            "No API key may do this, whatever its scopes: passwords, sessions, members and keys are the business of people. Send the access token of a login.";
    }
}

impl Classified for AccessError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::AuthenticationRequired => Class::Code(&access_codes::AUTHENTICATION_REQUIRED),
            Self::PermissionDenied { .. } => Class::Code(&access_codes::PERMISSION_DENIED),
            Self::SecondFactorRequired { .. } => Class::Code(&access_codes::MFA_REQUIRED_BY_POLICY),
            Self::ReauthenticationRequired { .. } => Class::Code(&access_codes::REAUTHENTICATION_REQUIRED),
            Self::InsufficientScope { .. } => Class::Code(&access_codes::INSUFFICIENT_SCOPE),
            Self::PersonRequired => Class::Code(&access_codes::PERSON_REQUIRED),
        }
    }

    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut members = serde_json::Map::new();
        if let Self::ReauthenticationRequired { max_age } = self {
            members.insert("max_age".to_owned(), max_age.num_seconds().into());
            members.insert("methods".to_owned(), serde_json::json!(["password"]));
        }
        if let Self::InsufficientScope { required }
        | Self::PermissionDenied { permission: required }
        | Self::SecondFactorRequired { permission: required } = self
        {
            members.insert("required".to_owned(), required.as_str().into());
        }
        members
    }
}

impl Context {
    /// A context of the product itself, for jobs and the command line.
    pub fn system(name: &'static str, tenant: TenantId, request_id: RequestId, now: Timestamp) -> Self {
        Self { tenant, actor: Actor::System(name), request_id, client_ip: None, user_agent: None, trace: None, now }
    }

    /// The signed-in caller, who must hold `permission`: for what people do themselves, and no program on their behalf.
    ///
    /// The product itself is nobody's [`Principal`] and is refused, and so are API keys.
    pub fn require(&self, permission: Permission) -> Result<&Principal, AccessError> {
        match &self.actor {
            Actor::User(principal) if principal.permissions.allows(permission) => Ok(principal),
            Actor::User(principal) if principal.withheld.allows(permission) => {
                Err(AccessError::SecondFactorRequired { permission })
            }
            Actor::User(_) => Err(AccessError::PermissionDenied { permission }),
            Actor::ApiKey(_) => Err(AccessError::PersonRequired),
            Actor::Anonymous | Actor::System(_) => Err(AccessError::AuthenticationRequired),
        }
    }

    /// The user on whose behalf `permission` is used: the signed-in caller who holds it, or the owner of an API key that
    /// is good for it. A use case that asks this instead of [`require`](Self::require) opens itself to programs.
    pub fn authorize(&self, permission: Permission) -> Result<Uuid, AccessError> {
        match &self.actor {
            Actor::ApiKey(key) if key.permissions.allows(permission) => Ok(key.owner),
            Actor::ApiKey(_) => Err(AccessError::InsufficientScope { required: permission }),
            _ => self.require(permission).map(|principal| principal.user),
        }
    }

    /// The signed-in caller, whose last proof of identity must not be older than `max_age`.
    pub fn require_recent_sign_in(&self, max_age: TimeDelta) -> Result<(), AccessError> {
        match &self.actor {
            Actor::User(principal) if self.now - principal.authenticated_at <= max_age => Ok(()),
            Actor::User(_) => Err(AccessError::ReauthenticationRequired { max_age }),
            Actor::ApiKey(_) => Err(AccessError::PersonRequired),
            Actor::Anonymous | Actor::System(_) => Err(AccessError::AuthenticationRequired),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, KeyPrincipal};

    const READ: Permission = Permission::new("demo.read");
    const WITHHELD: Permission = Permission::new("demo.delete");

    fn context(actor: Actor) -> Context {
        Context {
            tenant: TenantId::MAIN,
            actor,
            request_id: RequestId::parse("r").unwrap(),
            client_ip: None,
            user_agent: None,
            trace: None,
            now: Timestamp::UNIX_EPOCH + TimeDelta::hours(1),
        }
    }

    fn user(permissions: &[Permission]) -> Actor {
        Actor::User(Principal {
            user: Uuid::nil(),
            session: Uuid::nil(),
            authenticated_at: Timestamp::UNIX_EPOCH,
            permissions: permissions.iter().copied().collect(),
            withheld: [WITHHELD].into_iter().collect(),
        })
    }

    #[test]
    fn nobody_has_permissions() {
        assert_eq!(context(Actor::Anonymous).require(READ), Err(AccessError::AuthenticationRequired));
    }

    #[test]
    fn the_missing_permission_is_named() {
        let refused = context(user(&[])).require(READ).unwrap_err();
        assert_eq!(refused.to_string(), "the permission demo.read is required");
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        assert!(context(user(&[READ])).require(READ).is_ok());
    }

    #[test]
    fn what_is_withheld_is_refused_with_what_is_missing() {
        let refused = context(user(&[READ])).require(WITHHELD).unwrap_err();
        assert_eq!(refused, AccessError::SecondFactorRequired { permission: WITHHELD });
        assert_eq!((refused.kind(), &refused.extensions()["required"]), (ErrorKind::Forbidden, &"demo.delete".into()));
    }

    #[test]
    fn an_old_sign_in_is_not_recent() {
        let context = context(user(&[]));
        assert!(context.require_recent_sign_in(TimeDelta::hours(1)).is_ok());
        let refused = context.require_recent_sign_in(TimeDelta::minutes(59)).unwrap_err();
        assert_eq!(refused.extensions()["max_age"], 3540);
    }
    #[test]
    fn a_key_may_do_what_its_scopes_say_and_nothing_that_is_for_people() {
        let owner = Uuid::from_u128(7);
        let permissions = [READ].into_iter().collect();
        let context = context(Actor::ApiKey(KeyPrincipal { key: Uuid::nil(), owner, permissions }));
        let other = Permission::new("demo.write");

        assert_eq!(context.authorize(READ), Ok(owner));
        let refused = context.authorize(other).unwrap_err();
        assert_eq!((refused.kind(), &refused.extensions()["required"]), (ErrorKind::Forbidden, &"demo.write".into()));
        assert_eq!(context.require(READ), Err(AccessError::PersonRequired));
        assert_eq!(context.require_recent_sign_in(TimeDelta::MAX), Err(AccessError::PersonRequired));
    }

    #[test]
    fn people_need_no_key() {
        assert_eq!(context(user(&[READ])).authorize(READ), Ok(Uuid::nil()));
        assert_eq!(context(Actor::Anonymous).authorize(READ), Err(AccessError::AuthenticationRequired));
        let denied = Err(AccessError::PermissionDenied { permission: READ });
        assert_eq!(context(user(&[])).authorize(READ), denied);
    }
}
