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
        TOO_MANY_ATTEMPTS = "too_many_attempts", TooMany, "Too many failed attempts",
            "There were too many failures in a row, so nothing is tried for a while, not even what is right. Wait `Retry-After` seconds, or reset the password; where a password is asked for within a session, signing in anew helps too. Devices that have signed in before, and send their `device_token`, are not held up by strangers.";
        CURRENT_PASSWORD_INVALID = "current_password_invalid", Forbidden, "Wrong password",
            "The password that was sent as proof is another. You stay signed in; wrong passwords are counted, and after five in a row none is looked at for a while.";
        BOOTSTRAP_TOKEN_INVALID = "bootstrap_token_invalid", Malformed, "Token not valid",
            "The token to become the first administrator is unknown, used, older than a day, or replaced by a newer one, or there was a first administrator before. Whoever operates the installation makes another with `ashlar users bootstrap-token`.";
        RESET_TOKEN_INVALID = "reset_token_invalid", Malformed, "Link not valid",
            "The link to a new password is unknown, used, older than thirty minutes, or replaced by a newer one. Ask for another.";
        VERIFICATION_TOKEN_INVALID = "verification_token_invalid", Malformed, "Link not valid",
            "The link that proves an address is unknown, used, too old, or replaced by a newer one. Ask for another.";
        CHALLENGE_INVALID = "challenge_invalid", Unauthenticated, "Sign-in has to begin anew",
            "The `challenge_token` is unknown, used, older than five minutes, out of tries, or from before a new password. Log in again.";
        MFA_CODE_INVALID = "mfa_code_invalid", Unauthenticated, "Wrong code",
            "The code is wrong, or was used before: each counts once. `attempts_left` says how many this sign-in may still try.";
        MFA_LOCKED = "mfa_locked", TooMany, "Too many wrong codes",
            "There were ten wrong codes in a row, so none is tried for a while, not even a right one. Wait `Retry-After` seconds.";
        TOTP_CODE_INVALID = "totp_code_invalid", Invalid, "Wrong code",
            "The code is wrong, or was used before: each counts once. Check the clock of the device that shows it.";
        TOTP_ALREADY_ENABLED = "totp_already_enabled", Conflict, "Already set up",
            "An authenticator is set up already. Give it up first to set up another one.";
        TOTP_NOT_PENDING = "totp_not_pending", Conflict, "Nothing to confirm",
            "No authenticator waits for its first code: none was set up, ten minutes have passed, or five codes were wrong. Begin anew.";
        TOTP_NOT_ENABLED = "totp_not_enabled", Conflict, "Not set up",
            "No authenticator is set up, so there is nothing to give up and no use for codes on paper.";
        EMAIL_UNVERIFIED = "email_unverified", Forbidden, "Address not verified",
            "The password is right, and this installation lets people in only after they have proved that the e-mail address is theirs. Use the link in the letter, or ask for another one.";
        TOKEN_INVALID = "token_invalid", Unauthenticated, "Invalid access token",
            "The access token was not made by this server for this use, or the key that signed it was withdrawn. Exchange the refresh token once; if that is refused, log in again.";
        TOKEN_EXPIRED = "token_expired", Unauthenticated, "Access token expired",
            "Exchange the refresh token at `/api/v1/auth/refresh` for a new pair and repeat the request.";
        SESSION_REVOKED = "session_revoked", Unauthenticated, "Session ended",
            "The session was ended: by a sign-out, from another device, because a device was removed or replaced, by a new password, by an administrator, because the account was deleted, or because a refresh token was used twice. Log in again.";
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
        SELF_ADMINISTRATION = "self_administration", Forbidden, "Your own account",
            "Nobody lifts the lock of their own account, takes their own second factor or a device of theirs away, or deletes their own account as an administrator. Use what every account has for it, or ask another administrator of the tenant.";
        LAST_ADMIN = "last_admin", Conflict, "Last administrator",
            "Nobody else administers the tenant: the last administrator can be neither demoted nor removed nor suspended nor deleted. Make somebody else an administrator first.";
        GUEST_ACCOUNT = "guest_account", Forbidden, "Account of another tenant",
            "The account was opened in another tenant, and only the administrators there edit, suspend, activate or delete it, take its second factor away, or unlock it after a hundred failures. In this tenant you may change the person's role, lift their lock, end their sessions, remove their devices, or remove their membership.";
        OPERATOR_ACCOUNT = "operator_account", Conflict, "Account of an operator",
            "The person operates the installation. An operator is no more than a member of a tenant, for nobody holds both powers: use another account. And no administrator of a tenant deletes the account of an operator, or takes their second factor away.";
        ALREADY_MEMBER = "already_member", Conflict, "Already a member",
            "The person is a member of this tenant already. Change their role instead.";
        TENANT_SUSPENDED = "tenant_suspended", Forbidden, "Tenant suspended",
            "The tenant is suspended, and its members are refused until an operator of the installation resumes it. If you are a member of another tenant, sign in there.";
        DEVICE_LIMIT = "device_limit", Conflict, "Too many devices",
            "You have as many devices as this installation allows; signing out does not free one. Remove one at `/api/v1/me/devices`, from a device you are signed in on, or ask an administrator to remove one that you have lost, and sign in here again.";
        DEVICE_TRANSFER_LIMIT = "device_transfer_limit", Conflict, "Devices exchanged too often",
            "A device may make room for another only so often in thirty days. Use one of the devices you have; it is possible again after `Retry-After` seconds.";
        SLUG_TAKEN = "slug_taken", Conflict, "Short name taken",
            "Another tenant has this short name. Choose another.";
    }
}

pub use list::*;
