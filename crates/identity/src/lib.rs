//! Accounts, passwords, sessions and tokens.
//!
//! The crate promises: one person has one account however they spell their address; the first account of an embedded
//! installation, and no other, becomes its administrator; a refresh token has exactly one successor however often and
//! in parallel it is presented, and a copy that is used later ends the session; an ended session is refused at once in
//! this process and within five seconds in every other; an API key is never good for more than its owner is now, and an
//! ended one is refused at once; every change leaves an event that explains it.
//!
//! It is pure: it does no I/O, starts no task and needs no particular async runtime. What it needs from outside are the
//! [ports](port); `ashlar-memory` has all of them in process, `ashlar-sql` and `ashlar-crypto` are the real ones.
//! It deliberately lacks, for now: passkeys, other identity providers and impersonation.
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
//! block_on(identity.register(&context, ada))?;
//! let login = LogIn::parse("Ada@Example.org", "tuba-mint-quarrel-9")?;
//! let signed_in = block_on(identity.log_in(&context, login))?.signed_in().expect("no second factor is set up");
//! assert_eq!(signed_in.account.email.address(), "ada@example.org");
//! # Ok(())
//! # }
//! ```

mod access_token;
mod action_token;
pub mod api_key;
mod bootstrap;
pub mod catalogue;
mod challenge;
#[cfg(feature = "contract")]
pub mod contract;
pub mod device;
mod directory;
mod identifier;
mod import;
mod lockout;
mod login;
mod login_history;
mod membership;
pub mod password;
pub mod permission;
pub mod port;
mod query;
mod registration;
mod second_factor;
mod session;
pub mod signing_key;
mod tenancy;
pub mod use_case;
mod user;

use ashlar_kernel::canonical;

pub use access_token::{AccessClaims, CLAIMS_VERSION, TokenAudience, TokenRefusal};
pub use action_token::{
    ActionKeys, ActionPurpose, ActionSubject, ActionToken, ActionTokenEvent, ActionTokenId, ActionTokenRow,
    InvalidActionToken, NewActionToken, PresentedActionToken,
};
pub use api_key::{
    ApiKey, ApiKeyEvent, ApiKeyId, ApiKeyPosition, ApiKeyQuery, ApiKeyRow, ApiKeyWithOwner, InvalidApiKey,
    KeyEnvironment, KeyKind, KeyStatus, PresentedApiKey,
};
pub use bootstrap::{Bootstrap, BootstrapEvent, BootstrapSecret, BootstrapToken};
pub use challenge::{CHALLENGE, Challenge, ChallengeId, ChallengeRow, NewChallenge};
pub use directory::{
    DirectoryEntry, DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectoryRows, DirectorySort, EntryVersion,
    InvalidSearchTerm, MembershipLine, MembershipQuery, SearchTerm, TenancyQuery,
};
pub use identifier::{Identifier, InvalidIdentifier};
pub use import::{
    ForeignId, ImportEvent, ImportObstacle, ImportSource, ImportedUser, InvalidForeignId, InvalidImportSource,
    NewImport,
};
pub use lockout::{CounterKey, Entry, Ladder, Lock, LockoutEvent, SignInCounter, Slot, TrustedDevice};
pub use login::{LoginAttempt, LoginEvent, LoginFailure};
pub use login_history::{
    InvalidLoginOutcome, LoginFilter, LoginLine, LoginOutcome, LoginPosition, LoginQuery, LoginScope,
};
pub use membership::{Membership, MembershipEvent, MembershipRow};
pub use password::{
    HashClass, InvalidPassword, Password, PasswordHash, PasswordPolicy, Rehash, RehashEvent, WeakPassword,
    WeakPasswordEvent,
};
pub use permission::{InvalidRole, Role};
pub use query::{Account, Credential, SessionLine, SessionPosition, SessionQuery, SessionWithHolder};
pub use registration::{
    NewRegistration, PendingRegistration, PendingRegistrationRow, RegistrationEvent, RegistrationId,
};
pub use second_factor::{
    BackupCode, ENROLMENT, SecondFactor, SecondFactorEvent, SecondFactorPolicy, SecondFactorRow, SecondFactorStatus,
    TotpCode, TotpSecret,
};
pub use session::{
    Device, DeviceClientId, DeviceName, InvalidDevice, InvalidRefreshToken, NewSession, Platform,
    PresentedRefreshToken, Refresh, RefreshKeys, RevocationReason, Session, SessionEvent, SessionId, SessionPolicy,
    SessionRow, SessionSweep, insist_on_fresh, summarise_user_agent,
};
pub use tenancy::{InvalidTenantName, Tenancy, TenancyRow, TenantEvent, TenantName};
pub use use_case::{
    AddMember, Authenticated, ChangePassword, CreateUser, CreateUserInput, DeleteAccount, EditProfile, EditUser,
    Enrolment, Identity, IdentityPorts, IdentitySettings, LinkPurpose, ListLogins, ListUsers, LogIn, LogOut, LoggedIn,
    MailedLink, Newcomer, OpenTenant, PendingLogin, PersonalData, Reauthenticate, Register, Registered, Registration,
    SecondFactorCode, SecondStep, SignedIn, UserPage, VerifyEmail,
};
pub use user::{
    AccountRequest, AvatarUrl, DisplayName, Email, Erasure, HeldLink, Holdings, InvalidAvatarUrl, InvalidDisplayName,
    InvalidEmail, InvalidLocale, InvalidUsername, Locale, NewUser, Origin, Profile, ProfilePatch, User, UserEvent,
    UserId, UserRow, UserStatus, Username,
};
