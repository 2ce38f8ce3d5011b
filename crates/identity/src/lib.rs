//! Accounts, passwords, sessions and tokens.
//!
//! The crate promises: one person has one account however they spell their address; the first account of an embedded
//! installation, and no other, becomes its administrator; a refresh token has exactly one successor however often and
//! in parallel it is presented, and a copy that is used later ends the session; an ended session is refused at once in
//! this process and within five seconds in every other; every change leaves an event that explains it.
//!
//! It is pure: it does no I/O, starts no task and needs no particular async runtime. What it needs from outside are the
//! [ports](port); `ashlar-memory` has all of them in process, `ashlar-sql` and `ashlar-crypto` are the real ones.
//! It deliberately lacks, for now: the second factor, password reset, lockout, API keys and administration.
//!
//! ```
//! use ashlar_identity::{LogIn, Register};
//! use ashlar_memory::{Embedded, anonymous};
//! use futures::executor::block_on; // any executor will do
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let Embedded { identity, clock, .. } = Embedded::new("2030-01-01T00:00:00Z");
//! let context = anonymous(&*clock);
//! let ada = Register::parse("ada@example.org", Some("ada"), "tuba-mint-quarrel-9")?;
//! let ada = block_on(identity.register(&context, ada))?;
//! let login = LogIn::parse("Ada@Example.org", "tuba-mint-quarrel-9")?;
//! let signed_in = block_on(identity.log_in(&context, login))?;
//! assert_eq!(signed_in.account.id, ada.id);
//! # Ok(())
//! # }
//! ```

mod access_token;
mod canonical;
pub mod catalogue;
#[cfg(feature = "contract")]
pub mod contract;
mod identifier;
mod import;
mod login;
mod membership;
pub mod password;
pub mod permission;
pub mod port;
mod query;
mod session;
pub mod use_case;
mod user;

pub use access_token::{AccessClaims, CLAIMS_VERSION, TokenAudience, TokenRefusal};
pub use identifier::{Identifier, InvalidIdentifier};
pub use import::{
    ForeignId, ImportEvent, ImportObstacle, ImportSource, ImportedUser, InvalidForeignId, InvalidImportSource,
    NewImport,
};
pub use login::{LoginAttempt, LoginEvent, LoginFailure};
pub use membership::{Membership, MembershipEvent};
pub use password::{HashClass, InvalidPassword, Password, PasswordHash, PasswordPolicy, Rehash, RehashEvent};
pub use permission::Role;
pub use query::{Account, Credential, SessionLine, SessionPosition, SessionQuery, SessionWithHolder};
pub use session::{
    Device, DeviceClientId, DeviceName, InvalidDevice, InvalidRefreshToken, NewSession, Platform,
    PresentedRefreshToken, Refresh, RefreshKeys, RevocationReason, Session, SessionEvent, SessionId, SessionPolicy,
    SessionRow, summarise_user_agent,
};
pub use use_case::{
    Authenticated, EditProfile, Identity, IdentityPorts, IdentitySettings, LogIn, LogOut, Register, Registration,
    SignedIn,
};
pub use user::{
    AvatarUrl, DisplayName, Email, InvalidAvatarUrl, InvalidDisplayName, InvalidEmail, InvalidLocale, InvalidUsername,
    Locale, NewUser, Profile, ProfilePatch, User, UserEvent, UserId, UserRow, UserStatus, Username,
};
