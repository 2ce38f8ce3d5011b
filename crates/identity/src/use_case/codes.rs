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
    }
}

pub use list::*;
