//! A private key and what it signs with.

use std::{fmt, str::FromStr};

use ashlar_identity::{
    port::{KeyMaterial, KeyRingError},
    signing_key::Kid,
};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use zeroize::Zeroizing;

use super::public::{PublicParts, VerifyingKey};

/// How tokens are signed. A key has one algorithm and is good for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518), the one every client understands. New keys have 3,072 bits, which is
    /// 128 bits of strength; keys of 2,048 bits and more are read.
    Rs256,
    /// RSASSA-PSS with SHA-256 (RFC 7518): the same keys, and a padding that ASVS 5.0 does not advise against.
    Ps256,
    /// ECDSA over P-256 with SHA-256 (RFC 7518): signs as fast as Ed25519, and hardware knows it.
    Es256,
    /// Ed25519 (RFC 8037): signs fifty times faster, in half as many characters.
    EdDsa,
}

/// The text names no algorithm we sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("tokens are signed with RS256, PS256, ES256 or EdDSA")]
pub struct UnknownKeyAlgorithm;

impl KeyAlgorithm {
    /// All there are.
    pub const ALL: &[Self] = &[Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its name in `alg` (RFC 7518, RFC 8037).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownKeyAlgorithm> {
        Self::ALL.iter().copied().find(|known| known.as_str() == text).ok_or(UnknownKeyAlgorithm)
    }
}

/// Why a key cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The cryptographic library failed; it gives no reason.
    #[error("the cryptographic library failed")]
    Library(#[source] Unspecified),
    /// It is not a private key of this algorithm in PKCS#8, or too short.
    #[error("{algorithm} needs {} in PKCS#8, and this is none", needed(*.algorithm))]
    Rejected {
        /// What it was to be used for.
        algorithm: KeyAlgorithm,
        /// What the library objects to.
        #[source]
        source: KeyRejected,
    },
}

const fn needed(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256 => "an RSA private key of 2048 to 8192 bits",
        KeyAlgorithm::Es256 => "a private key of the curve P-256",
        KeyAlgorithm::EdDsa => "an Ed25519 private key",
    }
}

/// A private key, parsed once: parsing an RSA key costs a third of a signature. Its `Debug` shows the public half only.
#[derive(Debug)]
pub struct SigningKey {
    pair: Pair,
    public: VerifyingKey,
}

#[derive(Debug)]
enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key: RSA of 3,072 bits, P-256 or Ed25519.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256 => RsaKeyPair::generate(KeySize::Rsa3072).map(Pair::Rsa),
            KeyAlgorithm::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            KeyAlgorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
        };
        pair.map(|pair| Self::new(algorithm, pair)).map_err(KeyError::Library)
    }

    /// Reads a private key in PKCS#8 (RFC 5208, RFC 5958), DER.
    pub fn from_pkcs8(algorithm: KeyAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match algorithm {
            KeyAlgorithm::Rs256 | KeyAlgorithm::Ps256 => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa),
            KeyAlgorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256),
            KeyAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed25519),
        };
        pair.map(|pair| Self::new(algorithm, pair)).map_err(|source| KeyError::Rejected { algorithm, source })
    }

    /// The key in PKCS#8, version 1, which OpenSSL reads too.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => {
                AsDer::<Pkcs8V1Der<'static>>::as_der(pair).map(|der| Zeroizing::new(der.as_ref().to_vec()))
            }
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
        };
        der.map_err(KeyError::Library)
    }

    /// The key as it is kept in a ring.
    pub fn material(&self) -> Result<KeyMaterial, KeyRingError> {
        let kid = Kid::parse(self.public.kid()).map_err(KeyRingError::new)?;
        let private = self.to_pkcs8().map_err(KeyRingError::new)?;
        Ok(KeyMaterial { kid, algorithm: self.public.algorithm().to_string(), private })
    }

    /// The public half.
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// The raw public key, if it is one of Ed25519.
    pub(crate) fn ed25519_public(&self) -> Option<[u8; 32]> {
        match &self.pair {
            Pair::Rsa(_) | Pair::P256(_) => None,
            Pair::Ed25519(pair) => pair.public_key().as_ref().try_into().ok(),
        }
    }

    /// The signature of `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding =
                    if self.public.algorithm() == KeyAlgorithm::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature).map(|()| signature)
            }
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        };
        signature.map_err(KeyError::Library)
    }

    fn new(algorithm: KeyAlgorithm, pair: Pair) -> Self {
        let parts = match &pair {
            Pair::Rsa(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                PublicParts::Rsa { n, e }
            }
            Pair::P256(pair) => PublicParts::P256 { point: pair.public_key().as_ref().to_vec() },
            Pair::Ed25519(pair) => PublicParts::Ed25519 { x: pair.public_key().as_ref().to_vec() },
        };
        Self { pair, public: VerifyingKey::new(algorithm, &parts) }
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    fn pkcs8(pem: &str) -> Vec<u8> {
        pem::parse(pem).unwrap().into_contents()
    }

    fn rejection(algorithm: KeyAlgorithm, pem: &str) -> String {
        match SigningKey::from_pkcs8(algorithm, &pkcs8(pem)) {
            Err(KeyError::Rejected { source, .. }) => source.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_signature_of_rfc_8037_appendix_a_4_is_made() {
        let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let key =
            SigningKey::new(KeyAlgorithm::EdDsa, Pair::Ed25519(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()));
        assert_eq!(key.public().jwk().x.as_deref(), Some("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));

        let signature = key.sign(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc").unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn new_keys_survive_pkcs8_and_new_rsa_keys_have_3072_bits() {
        for algorithm in KeyAlgorithm::ALL.iter().copied() {
            let made = SigningKey::generate(algorithm).unwrap();
            let read = SigningKey::from_pkcs8(algorithm, &made.to_pkcs8().unwrap()).unwrap();
            assert_eq!((made.public().algorithm(), read.public().jwk().alg), (algorithm, algorithm.as_str()));
            assert_eq!(read.public().jwk(), made.public().jwk());
            if let Some(modulus) = &made.public().jwk().n {
                assert_eq!(URL_SAFE_NO_PAD.decode(modulus).unwrap().len() * 8, 3_072);
            }

            let signature = URL_SAFE_NO_PAD.encode(made.sign(b"message").unwrap());
            assert!(read.public().verifies(b"message", &signature));
            assert!(!read.public().verifies(b"messagf", &signature));
        }
    }

    #[test]
    fn short_keys_and_keys_of_another_kind_are_refused() {
        let rsa_1024 = include_str!("../../tests/keys/rsa-1024.pem");
        let rsa_2048 = include_str!("../../tests/keys/rsa-2048.pem");
        let ec = include_str!("../../tests/keys/ec-p256.pem");

        assert!(SigningKey::from_pkcs8(KeyAlgorithm::Rs256, &pkcs8(rsa_2048)).is_ok());
        assert_eq!(rejection(KeyAlgorithm::Rs256, rsa_1024), "TooSmall");
        assert_eq!(rejection(KeyAlgorithm::Rs256, ec), "WrongAlgorithm");
        assert_eq!(rejection(KeyAlgorithm::EdDsa, rsa_2048), "WrongAlgorithm");
        assert!(SigningKey::from_pkcs8(KeyAlgorithm::Es256, &pkcs8(ec)).is_ok());
        assert!(SigningKey::from_pkcs8(KeyAlgorithm::Es256, &pkcs8(rsa_2048)).is_err());
        assert_eq!(rejection(KeyAlgorithm::Ps256, ec), "WrongAlgorithm");
        assert!(SigningKey::from_pkcs8(KeyAlgorithm::EdDsa, b"").is_err());
    }

    #[test]
    fn debug_output_hides_the_private_half() {
        let key =
            SigningKey::from_pkcs8(KeyAlgorithm::Rs256, &pkcs8(include_str!("../../tests/keys/rsa-2048.pem"))).unwrap();
        let private = key.to_pkcs8().unwrap();
        let tail = hex::encode(&private[private.len() - 32..]);
        assert!(!format!("{key:?}").to_lowercase().contains(&tail));
        assert!(format!("{key:?}").len() < 3_000);
    }

    #[test]
    fn algorithms_are_read_by_their_exact_name() {
        assert_eq!("RS256".parse(), Ok(KeyAlgorithm::Rs256));
        for known in KeyAlgorithm::ALL {
            assert_eq!(known.as_str().parse(), Ok(*known));
        }
        for other in ["", "none", "rs256", "HS256", "ES384", "PS512"] {
            assert_eq!(other.parse::<KeyAlgorithm>(), Err(UnknownKeyAlgorithm));
        }
    }
}
