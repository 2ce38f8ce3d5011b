//! What a login is compared with where there is nothing to compare with, and hashes that are out of date.

use ashlar_kernel::{Change, Context};

use super::Identity;
use crate::{
    Identifier, Password, PasswordHash, Rehash, RehashEvent, UserId,
    port::{HashStanding, PasswordHasher},
};

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
