//! What a login is compared with where there is nothing to compare with, and hashes that are out of date.

use ashlar_kernel::{Change, Context, StoreError};

use super::Identity;
use crate::{
    Account, Identifier, Password, PasswordHash, Rehash, RehashEvent, UserId, WeakPassword, WeakPasswordEvent,
    port::{HashStanding, IdentityTx, PasswordHasher},
};

/// What was found out about a right password.
#[derive(Clone, Default)]
pub(super) struct Findings {
    weak: Option<Change<WeakPassword, WeakPasswordEvent>>,
    rehash: Option<Change<Rehash, RehashEvent>>,
}

impl Findings {
    /// Whether the password turned out to be one that everybody tries first.
    pub(super) const fn is_weak(&self) -> bool {
        self.weak.is_some()
    }

    /// Somebody else may have changed the password or hashed it again meanwhile: then that stands.
    pub(super) async fn save(self, tx: &mut dyn IdentityTx) -> Result<(), StoreError> {
        if let Some(weak) = self.weak {
            let _is_noted = tx.note_weak_password(weak).await?;
        }
        if let Some(rehash) = self.rehash {
            let _is_replaced = tx.rehash_password(rehash).await?;
        }
        Ok(())
    }
}

impl Identity {
    /// The hash that stands in when nobody has `identifier`, or has no password; none stands for one as new ones are.
    ///
    /// Accounts that were imported cost what their hashes cost until their owners have signed in once. So do as many of
    /// the names nobody has, each always the same.
    pub(super) async fn decoy(&self, context: &Context, identifier: &Identifier) -> Option<PasswordHash> {
        let inner = &*self.0;
        // Before anything is known of the identifier, so that its time tells nothing.
        if inner.hash_mix.is_due(context.now)
            && let Ok(mut classes) = inner.ports.store.password_classes().await
        {
            // In one order in every process, so that a name costs the same in all of them.
            classes.sort();
            let known = classes.into_iter().filter(|(class, _)| !class.is_unusable());
            inner.hash_mix.set(known.map(|(class, accounts)| (inner.ports.hasher.decoy(&class), accounts)).collect());
        }
        let tenant = context.tenant.as_uuid();
        inner.hash_mix.draw(inner.decoy_key.tag(&[tenant.as_bytes(), identifier.canonical().as_bytes()]))
    }

    /// What a right password gives occasion for, besides letting its owner in.
    pub(super) async fn findings(
        &self,
        (account, credential_version): &(Account, u32),
        password: &Password,
        hash: Option<PasswordHash>,
    ) -> Findings {
        let is_news = !account.is_password_weak && self.0.settings.passwords.is_listed(password);
        let rehash = match hash {
            Some(hash) => self.rehash(account.id, password, hash).await,
            None => None,
        };
        Findings { weak: is_news.then(|| WeakPassword::found(account.id, *credential_version)), rehash }
    }

    /// The password under a new hash, if the one it was compared with is out of date. Where hashing is not possible just
    /// now, the old hash is good for one more login.
    pub(super) async fn rehash(
        &self,
        user: UserId,
        password: &Password,
        before: PasswordHash,
    ) -> Option<Change<Rehash, RehashEvent>> {
        let hasher: &dyn PasswordHasher = &*self.0.ports.hasher;
        if hasher.examine(&before) != HashStanding::Outdated {
            return None;
        }
        let after = hasher.hash(password).await.ok()?;
        Some(Rehash::replace(user, before, after))
    }
}
