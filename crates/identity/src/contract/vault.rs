//! The laws every [`Vault`] obeys. [`vault_contract!`](crate::vault_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use crate::port::Vault;

/// What was sealed opens, for its owner.
pub fn what_was_sealed_opens(vault: &dyn Vault, _other: &dyn Vault) {
    for secret in [b"".as_slice(), b"x", &[7; 20], &[9; 1_000]] {
        let sealed = vault.seal(b"ada", secret).unwrap();
        assert_eq!(&**vault.open(b"ada", &sealed).unwrap(), secret);
        assert!(secret.len() < 8 || !sealed.windows(secret.len()).any(|part| part == secret), "it is readable");
    }
}

/// It opens for nobody else, with no other key, and not when a bit of it was changed.
pub fn nothing_else_opens(vault: &dyn Vault, other: &dyn Vault) {
    let sealed = vault.seal(b"ada", &[7; 20]).unwrap();
    assert!(vault.open(b"bob", &sealed).is_err());
    assert!(other.open(b"ada", &sealed).is_err());
    assert!(vault.open(b"ada", &[]).is_err());
    for bit in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(vault.open(b"ada", &changed).is_err(), "bit {bit}");
    }
}

/// Equal secrets are not seen to be equal.
pub fn two_seals_differ(vault: &dyn Vault, _other: &dyn Vault) {
    assert_ne!(vault.seal(b"ada", &[7; 20]).unwrap(), vault.seal(b"ada", &[7; 20]).unwrap());
}

/// Makes one test of each law of [`Vault`](crate::port::Vault). The argument is an expression for two vaults with keys of
/// their own.
#[macro_export]
macro_rules! vault_contract {
    ($vaults:expr) => {
        $crate::vault_contract!(@laws $vaults, what_was_sealed_opens, nothing_else_opens, two_seals_differ);
    };
    (@laws $vaults:expr, $($law:ident),+ $(,)?) => {
        $(
            #[test]
            fn $law() {
                let (vault, other) = $vaults;
                $crate::contract::vault::$law(&vault, &other);
            }
        )+
    };
}
