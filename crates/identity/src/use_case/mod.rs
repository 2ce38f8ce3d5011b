//! What can be done: one file each, with its command, its errors, and a function on [`Identity`].

mod administration;
mod api_key;
mod authenticate;
mod bootstrap;
pub mod codes;
mod denied;
mod devices;
mod email;
mod enrol_at_login;
mod erasure;
mod export;
mod guess;
mod hashes;
mod import_users;
mod issue;
mod letters;
mod log_in;
mod log_out;
mod login_history;
mod my_tenants;
mod operators;
mod password;
mod profile;
mod purge;
mod reauthenticate;
mod refresh;
mod register;
mod second_factor;
mod second_step;
mod sessions;
mod signing_keys;
mod stuffing;
mod tenants;
mod verify_first;

use std::sync::Arc;

use ashlar_kernel::{
    Actor, Context, CursorSigner, Entropy, IdSource, MacKey, Principal, StoreError, Tenant, TenantId, TenantSlug,
};

pub use administration::{
    AddMember, AdministrationError, CreateUser, CreateUserError, CreateUserInput, EditUser, ListUsers, ListUsersError,
    Newcomer, UserPage,
};

pub use api_key::{
    ApiKeyChanged, ApiKeyUse, AuthenticateApiKeyError, AuthenticatedKey, CreateApiKey, CreateApiKeyError,
    CreateApiKeyInput, IssuedApiKey, ListApiKeysError, ReadApiKeyError, RevokeApiKeyError, RotateApiKeyError,
    api_key_codes,
};
pub use authenticate::{AuthenticateError, Authenticated};
pub use bootstrap::{BootstrapError, FirstAdministrator};
pub use devices::{DevicesError, MyDevices};
pub use email::{ChangeEmailError, VerifyEmailError};
pub use enrol_at_login::EnrolledLogIn;
pub use erasure::{DeleteAccount, DeleteAccountError};
pub use export::PersonalData;
pub use guess::GuessError;
pub use import_users::{
    ImportInput, ImportNote, ImportOutcome, ImportRefusal, ImportUser, ImportUsersError, Imported, UserImport,
};
pub use issue::SignedIn;
pub use letters::{LinkPurpose, MailedLink};
pub use log_in::{LogIn, LogInError};
pub use log_out::{LogOut, LogOutError};
pub use login_history::ListLogins;
pub use my_tenants::MyTenantsError;
pub use operators::OperatorError;
pub use password::{ChangePassword, ChangePasswordError, ResetPasswordError};
pub use profile::{EditProfile, EditProfileError, ReadProfileError};
pub use reauthenticate::{EndSessionsError, Reauthenticate, ReauthenticateError};
pub use refresh::{KnownRefreshToken, RefreshError};
pub use register::{Register, RegisterError, RegisterInput, Registered};
pub use second_factor::{Enrolment, SecondFactorCode, SecondFactorError};
pub use second_step::{LoggedIn, PendingLogin, SecondStep, SecondStepError};
pub use sessions::{ListSessionsError, RevokeSessionError};
use signing_keys::KeyLook;
pub use signing_keys::SigningKeysError;
pub use tenants::{OpenTenant, TenantError};
pub use verify_first::VerifyEmail;

use crate::{
    Account, ActionKeys, KeyEnvironment, PasswordPolicy, RefreshKeys, SecondFactorPolicy, Session, SessionPolicy,
    TokenAudience, UserId,
    device::DevicePolicy,
    password::HashMix,
    port::{
        ApiKeyStore, IdentityStore, JwkSet, KeyRing, PasswordHasher, Pause, SessionCache, SignInCounters,
        SigningKeyStore, Vault,
    },
};

/// Counts how often a unit of work was tried that may lose races.
#[derive(Default)]
struct Attempts(u8);

impl Attempts {
    /// Whether work that failed with `error` is worth another attempt: it lost a race, and not for the fifth time.
    fn again(&mut self, error: &StoreError) -> bool {
        self.0 += 1;
        error.is_retryable() && self.0 < 5
    }
}

/// Who may open an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// Anybody, at once. Tells whoever asks whether an address is taken.
    Instant,
    /// Anybody who proves that the address is theirs. Tells nobody whether an address is taken.
    VerifyFirst,
    /// Nobody.
    Closed,
}

/// What the service is made of.
#[derive(Clone)]
pub struct IdentityPorts {
    /// Where accounts and sessions are kept.
    pub store: Arc<dyn IdentityStore>,
    /// Where API keys are kept.
    pub api_keys: Arc<dyn ApiKeyStore>,
    /// How passwords become hashes.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Where the keys of access tokens are kept.
    pub signing_keys: Arc<dyn SigningKeyStore>,
    /// How access tokens are signed.
    pub signer: Arc<dyn KeyRing>,
    /// What this process remembers about sessions.
    pub cache: Arc<dyn SessionCache>,
    /// Where failed attempts are counted.
    pub counters: Arc<dyn SignInCounters>,
    /// Where secrets are kept that have to be read again.
    pub vault: Arc<dyn Vault>,
    /// How to wait.
    pub pause: Arc<dyn Pause>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
    /// Where salts come from.
    pub entropy: Arc<dyn Entropy>,
}

/// How the service behaves.
pub struct IdentitySettings {
    /// Who may open an account.
    pub registration: Registration,
    /// Whether people get in only after they have proved that the address is theirs.
    pub needs_verified_email: bool,
    /// Whether the first account becomes the administrator: embedded installations only.
    pub first_account_is_admin: bool,
    /// How long things last.
    pub sessions: SessionPolicy,
    /// On how many devices a person may be signed in.
    pub devices: DevicePolicy,
    /// Who makes the tokens and for whom.
    pub audience: TokenAudience,
    /// Who has to have a second factor.
    pub second_factor: SecondFactorPolicy,
    /// What authenticator apps call this installation.
    pub issuer_name: String,
    /// What the secret API keys of this installation say they are.
    pub key_environment: KeyEnvironment,
    /// Which passwords are good enough.
    pub passwords: Arc<PasswordPolicy>,
    /// The root of refresh tokens, cursors and pseudonyms; lives outside the database.
    pub root_key: MacKey,
}

/// The identity domain as a service. Cheap to clone.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    ports: IdentityPorts,
    settings: IdentitySettings,
    refresh_keys: RefreshKeys,
    pseudonym_key: MacKey,
    device_key: MacKey,
    action_keys: ActionKeys,
    decoy_key: MacKey,
    bootstrap_key: MacKey,
    hash_mix: HashMix,
    cursors: CursorSigner,
    key_look: KeyLook,
}

impl Identity {
    /// Puts the service together.
    pub fn new(ports: IdentityPorts, settings: IdentitySettings) -> Self {
        let refresh_keys = RefreshKeys::single(settings.root_key.derive("refresh token"));
        let pseudonym_key = settings.root_key.derive("identifier");
        let device_key = settings.root_key.derive("trusted device");
        let action_keys = ActionKeys::new(settings.root_key.derive("action token"));
        let decoy_key = settings.root_key.derive("decoy");
        let bootstrap_key = settings.root_key.derive("bootstrap token");
        let cursors = CursorSigner::new(&settings.root_key);
        let hash_mix = HashMix::default();
        Self(Arc::new(Inner {
            ports,
            settings,
            refresh_keys,
            pseudonym_key,
            device_key,
            action_keys,
            decoy_key,
            bootstrap_key,
            hash_mix,
            cursors,
            key_look: KeyLook::default(),
        }))
    }

    /// The public keys others verify our access tokens with.
    pub fn public_keys(&self) -> JwkSet {
        self.0.ports.signer.public_keys()
    }

    /// Whether anybody has an account in this installation.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        self.0.ports.store.has_accounts().await
    }

    /// An account, for whoever writes to its holder or works on its behalf; nobody is asked who they are.
    pub async fn account_of(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError> {
        self.0.ports.store.account(tenant, user).await
    }

    /// The tenant of a short name.
    pub async fn tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        self.0.ports.store.tenant(slug).await
    }

    /// The context in which `account` acts through `session`.
    fn acting_as(&self, context: &Context, account: &Account, session: &Session) -> Context {
        let (permissions, withheld) = self.0.settings.second_factor.divide(account, account.permissions());
        let actor = Actor::User(Principal {
            user: account.id.as_uuid(),
            session: session.id().as_uuid(),
            authenticated_at: session.authenticated_at(),
            permissions,
            withheld,
        });
        Context { tenant: session.tenant(), actor, ..context.clone() }
    }
}
