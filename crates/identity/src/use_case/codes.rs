//! The error codes of the use cases.

ashlar_kernel::error_codes! {
    /// Codes of signing up, signing in and staying signed in.
    pub mod list {
        REGISTRATION_CLOSED = "registration_closed", Forbidden, "Registration is closed",
            "This installation does not let people open accounts themselves. Ask its administrator for one.";
        IDENTIFIER_TAKEN = "identifier_taken", Conflict, "Already taken",
            "Another account has this e-mail address or username; `field` says which. Choose another, or log in.";
        INVALID_CREDENTIALS = "invalid_credentials", Unauthenticated, "Wrong credentials",
            "No active account has this combination of identifier and password. The answer is the same whatever is wrong.";
        TOKEN_INVALID = "token_invalid", Unauthenticated, "Invalid access token",
            "The access token was not made by this server for this use. Log in again.";
        TOKEN_EXPIRED = "token_expired", Unauthenticated, "Access token expired",
            "Exchange the refresh token at `/api/v1/auth/refresh` for a new pair and repeat the request.";
        SESSION_REVOKED = "session_revoked", Unauthenticated, "Session ended",
            "The session was ended: by a sign-out, from another device, by an administrator, or because a refresh token was used twice. Log in again.";
        REFRESH_TOKEN_INVALID = "refresh_token_invalid", Unauthenticated, "Invalid refresh token",
            "The refresh token was not made by this server. Log in again.";
        REFRESH_TOKEN_EXPIRED = "refresh_token_expired", Unauthenticated, "Refresh token expired",
            "The session was idle for too long or reached its end. Log in again.";
        REFRESH_TOKEN_REUSED = "refresh_token_reused", Unauthenticated, "Refresh token used twice",
            "This refresh token had been exchanged before, so somebody else may hold a copy. The session and all its tokens are now dead; log in again, and look at your sessions.";
        TENANT_MISMATCH = "tenant_mismatch", Forbidden, "Token of another tenant",
            "The access token belongs to another tenant than the one named by `X-Tenant`.";
        SELF_ROLE_CHANGE = "self_role_change", Forbidden, "Your own role",
            "Nobody changes their own role or membership. Ask another administrator of the tenant.";
        SELF_SUSPENSION = "self_suspension", Forbidden, "Your own account",
            "Nobody suspends their own account. Ask another administrator of the tenant.";
        LAST_ADMIN = "last_admin", Conflict, "Last administrator",
            "Nobody else administers the tenant: the last administrator can be neither demoted nor removed nor suspended. Make somebody else an administrator first.";
        GUEST_ACCOUNT = "guest_account", Forbidden, "Account of another tenant",
            "The account was opened in another tenant, and only the administrators there edit, suspend or activate it. In this tenant you may change the person's role, end their sessions, or remove their membership.";
        OPERATOR_ACCOUNT = "operator_account", Conflict, "Account of an operator",
            "The person operates the installation, and an operator is no more than a member of a tenant: nobody holds both powers. Use another account.";
        ALREADY_MEMBER = "already_member", Conflict, "Already a member",
            "The person is a member of this tenant already. Change their role instead.";
        TENANT_SUSPENDED = "tenant_suspended", Forbidden, "Tenant suspended",
            "The tenant is suspended, and its members are refused until an operator of the installation resumes it. If you are a member of another tenant, sign in there.";
        SLUG_TAKEN = "slug_taken", Conflict, "Short name taken",
            "Another tenant has this short name. Choose another.";
    }
}

pub use list::*;
