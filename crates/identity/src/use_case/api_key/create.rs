//! Make an API key.

use ashlar_kernel::{AccessError, Class, Classified, Context, FieldErrors, FieldFault, Id, Invalid, StoreError};

use super::{IssuedApiKey, longest_life};
use crate::{
    UserId,
    api_key::{
        ApiKey, ApiKeyName, InvalidNetwork, InvalidOrigin, InvalidScope, KeyId, KeyKind, KeySecret, Lifetime,
        MOST_NETWORKS, MOST_ORIGINS, Networks, NewApiKey, Origin, Scope, parse_network, render, scope,
    },
    permission,
    session::insist_on_fresh,
    use_case::Identity,
};

/// Makes a key.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    name: ApiKeyName,
    kind: KeyKind,
    scopes: Vec<Scope>,
    networks: Networks,
    origins: Vec<Origin>,
    days: Option<i64>,
}

/// A key as its owner wants it.
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct CreateApiKeyInput<'a> {
    pub name: &'a str,
    pub kind: Option<&'a str>,
    pub scopes: &'a [String],
    pub ip_allow: &'a [String],
    pub origins: &'a [String],
    pub expires_in_days: Option<i64>,
}

impl TryFrom<CreateApiKeyInput<'_>> for CreateApiKey {
    type Error = Invalid;

    fn try_from(input: CreateApiKeyInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let name = errors.check("/name", ApiKeyName::parse(input.name));
        let kind = input.kind.map_or(Ok(KeyKind::Secret), KeyKind::parse);
        let kind = errors.check("/kind", kind);
        let scopes = each(&mut errors, "/scopes", input.scopes, Scope::parse);
        if input.scopes.is_empty() || input.scopes.len() > scope::MOST {
            errors.refuse("/scopes", &InvalidScope::Count);
        }
        let networks = each(&mut errors, "/ip_allow", input.ip_allow, parse_network);
        if input.ip_allow.len() > MOST_NETWORKS {
            errors.refuse("/ip_allow", &InvalidNetwork::Count);
        }
        let origins = each(&mut errors, "/origins", input.origins, Origin::parse);
        let is_missing = kind.is_some_and(|kind| input.origins.is_empty() == (kind == KeyKind::Publishable));
        if is_missing || input.origins.len() > MOST_ORIGINS {
            errors.refuse("/origins", &InvalidOrigin::Count);
        }
        let (Some(name), Some(kind)) = (name, kind) else { return Err(errors.into_invalid()) };
        errors.finish()?;
        let networks = Networks::new(networks);
        Ok(Self { name, kind, scopes, networks, origins, days: input.expires_in_days })
    }
}

/// Each element of a list, read; what is refused is named by its place. Lists that are too long are refused whole by
/// whoever asks, and not read to their end.
fn each<T, F: FieldFault>(
    errors: &mut FieldErrors,
    pointer: &str,
    list: &[String],
    parse: impl Fn(&str) -> Result<T, F>,
) -> Vec<T> {
    let places = list.iter().take(scope::MOST).enumerate();
    places.filter_map(|(place, text)| errors.check(&format!("{pointer}/{place}"), parse(text))).collect()
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateApiKeyError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The key would be good for too much, or for too long.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for CreateApiKeyError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Invalid(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Makes a key for the caller, who must be a person that has signed in recently. Its text is told this once.
    pub async fn create_api_key(
        &self,
        context: &Context,
        command: CreateApiKey,
    ) -> Result<IssuedApiKey, CreateApiKeyError> {
        let caller = context.require(permission::MANAGE_OWN_API_KEYS)?;
        if command.kind == KeyKind::Publishable {
            context.require(permission::MANAGE_API_KEYS)?;
        }
        insist_on_fresh(context)?;
        let lifetime = judge(context, &command)?;
        let inner = &*self.0;
        let (key_id, secret) = (KeyId::generate(&*inner.ports.entropy), KeySecret::generate(&*inner.ports.entropy));
        let text = render(command.kind, inner.settings.key_environment, &key_id, &secret);
        let new = NewApiKey {
            id: Id::new(&*inner.ports.ids),
            tenant: context.tenant,
            owner: UserId::from_uuid(caller.user),
            key_id,
            kind: command.kind,
            name: command.name,
            scopes: once_each(command.scopes),
            networks: command.networks,
            origins: command.origins,
            lifetime,
            hash: secret.hash(),
        };
        let change = ApiKey::create(new, context.now);
        let key = change.state().clone();
        let mut tx = inner.ports.api_keys.begin(context).await?;
        tx.insert_api_key(change).await?;
        tx.commit().await?;
        Ok(IssuedApiKey { key, text })
    }
}

/// In the order of their names.
fn once_each(mut scopes: Vec<Scope>) -> Vec<Scope> {
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

/// How long the key lives, if the caller may make it.
fn judge(context: &Context, command: &CreateApiKey) -> Result<Lifetime, CreateApiKeyError> {
    let held = &context.require(permission::MANAGE_OWN_API_KEYS)?.permissions;
    let grantable = scope::grantable(command.kind, held);
    let mut errors = FieldErrors::default();
    for (place, scope) in command.scopes.iter().enumerate() {
        if !grantable.iter().any(|permission| permission.as_str() == scope.as_str()) {
            errors.refuse(&format!("/scopes/{place}"), &InvalidScope::NotGrantable);
        }
    }
    let lifetime = command.days.map(|days| Lifetime::parse(days, longest_life(context)));
    let lifetime = errors.check_optional("/expires_in_days", lifetime);
    errors.finish()?;
    Ok(lifetime.unwrap_or(Lifetime::DEFAULT))
}
