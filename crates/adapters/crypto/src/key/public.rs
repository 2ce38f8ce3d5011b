//! A public key: what others verify our tokens with, and we as well.

use ashlar_identity::port::Jwk;
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::KeyAlgorithm;

/// How much of the thumbprint names a key: 96 bits.
const KID_CHARACTERS: usize = 16;

/// The numbers of a public key, big-endian without leading zeros.
pub(super) enum PublicParts {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// As SEC 1 writes an uncompressed point: 4, x, y.
    P256 {
        point: Vec<u8>,
    },
    Ed25519 {
        x: Vec<u8>,
    },
}

/// The two halves of an uncompressed point, in base64url.
fn halves(point: &[u8]) -> (String, String) {
    let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
    (base64url(x), base64url(y))
}

/// A public key that verifies signatures of one algorithm.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    algorithm: KeyAlgorithm,
    jwk: Jwk,
    key: DecodingKey,
}

impl VerifyingKey {
    pub(super) fn new(algorithm: KeyAlgorithm, parts: &PublicParts) -> Self {
        let bare = |kty| Jwk {
            kty,
            usage: "sig",
            alg: algorithm.as_str(),
            kid: thumbprint(parts).chars().take(KID_CHARACTERS).collect(),
            n: None,
            e: None,
            crv: None,
            x: None,
            y: None,
        };
        let (jwk, key) = match parts {
            PublicParts::Rsa { n, e } => (
                Jwk { n: Some(base64url(n)), e: Some(base64url(e)), ..bare("RSA") },
                DecodingKey::from_rsa_raw_components(n, e),
            ),
            PublicParts::P256 { point } => {
                let (x, y) = halves(point);
                (Jwk { crv: Some("P-256"), x: Some(x), y: Some(y), ..bare("EC") }, DecodingKey::from_ec_der(point))
            }
            PublicParts::Ed25519 { x } => {
                (Jwk { crv: Some("Ed25519"), x: Some(base64url(x)), ..bare("OKP") }, DecodingKey::from_ed_der(x))
            }
        };
        Self { algorithm, jwk, key }
    }

    /// Its name in token headers and in the published set: the first 16 characters of its thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.jwk.kid
    }

    /// What it verifies.
    pub const fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// Its published form (RFC 7517).
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Whether `signature`, in base64url, is this key's for `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let algorithm = match self.algorithm {
            KeyAlgorithm::Rs256 => Algorithm::RS256,
            KeyAlgorithm::Ps256 => Algorithm::PS256,
            KeyAlgorithm::Es256 => Algorithm::ES256,
            KeyAlgorithm::EdDsa => Algorithm::EdDSA,
        };
        jsonwebtoken::crypto::verify(signature, message, &self.key, algorithm).unwrap_or(false)
    }
}

/// The thumbprint of a key (RFC 7638; RFC 8037 for Ed25519): SHA-256 over its required members in alphabetical order.
fn thumbprint(parts: &PublicParts) -> String {
    let members = match parts {
        PublicParts::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, base64url(e), base64url(n)),
        PublicParts::P256 { point } => {
            let (x, y) = halves(point);
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        PublicParts::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, base64url(x)),
    };
    base64url(digest(&SHA256, members.as_bytes()).as_ref())
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(base64url: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(base64url).unwrap()
    }

    #[test]
    fn the_thumbprint_of_rsa_is_that_of_rfc_7638_section_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV\
                 4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0\
                 zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
                 Cur-kEgU8awapJzKnqDKgw";
        let parts = PublicParts::Rsa { n: bytes(n), e: bytes("AQAB") };
        assert_eq!(thumbprint(&parts), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");

        let key = VerifyingKey::new(KeyAlgorithm::Rs256, &parts);
        assert_eq!(key.kid(), "NzbLsXh8uDCcd-6M");
        assert_eq!((key.jwk().n.as_deref(), key.jwk().e.as_deref()), (Some(n), Some("AQAB")));
    }

    #[test]
    fn the_thumbprint_of_ed25519_is_that_of_rfc_8037_appendix_a_3() {
        let parts = PublicParts::Ed25519 { x: bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") };
        assert_eq!(thumbprint(&parts), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_signature_of_rfc_8037_appendix_a_5_verifies() {
        let parts = PublicParts::Ed25519 { x: bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo") };
        let key = VerifyingKey::new(KeyAlgorithm::EdDsa, &parts);
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert!(key.verifies(message, signature));
        assert!(!key.verifies(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd", signature));
        assert!(!key.verifies(message, "not base64url!"));
        assert!(!key.verifies(message, ""));
    }

    #[test]
    fn the_signature_of_rfc_7515_appendix_a_3_verifies() {
        let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let point = [vec![4], bytes(x), bytes(y)].concat();
        let key = VerifyingKey::new(KeyAlgorithm::Es256, &PublicParts::P256 { point });
        assert_eq!((key.jwk().x.as_deref(), key.jwk().y.as_deref(), key.jwk().crv), (Some(x), Some(y), Some("P-256")));
        let message = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290\
Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(key.verifies(message, signature));
        assert!(!key.verifies(b"another message", signature));
    }
}
