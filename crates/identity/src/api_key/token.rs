//! The text of an API key: `ash_<brand>_<key id>_<secret>_<checksum>`.
//!
//! The brand is `live` or `dev`, after the installation, or `pub`. The key id, 12 characters of base32, finds the key;
//! the secret, 32 bytes in base64url, proves it; the checksum, CRC-32 in six digits of base62 over everything before,
//! lets what is no key of ours be refused before anybody is asked. Secret scanners know such keys by their beginning.

use std::fmt;

use ashlar_kernel::{Entropy, ExposeSecret, Secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::KeyKind;

const PREFIX: &str = "ash_";
const ID_LENGTH: usize = 12;
const SECRET_BYTES: usize = 32;
const CHECKSUM_LENGTH: usize = 6;
/// Longer than any key of ours.
const LONGEST: usize = 128;

/// RFC 4648, in lower case: no digit that looks like a letter.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Which installation a secret key is of, for the eyes of people: a key of the laptop must not look like one of the
/// production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEnvironment {
    /// In earnest.
    Live,
    /// For development.
    Dev,
}

/// What follows `ash_`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brand {
    Secret(KeyEnvironment),
    Publishable,
}

impl Brand {
    const ALL: [Self; 3] = [Self::Secret(KeyEnvironment::Live), Self::Secret(KeyEnvironment::Dev), Self::Publishable];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Secret(KeyEnvironment::Live) => "live",
            Self::Secret(KeyEnvironment::Dev) => "dev",
            Self::Publishable => "pub",
        }
    }

    const fn of(kind: KeyKind, environment: KeyEnvironment) -> Self {
        match kind {
            KeyKind::Secret => Self::Secret(environment),
            KeyKind::Publishable => Self::Publishable,
        }
    }
}

/// The part of a key that finds it, and is no secret: 12 characters of base32.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// A new one, of 60 random bits.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let random: [u8; ID_LENGTH] = entropy.bytes();
        let digit = |byte: u8| BASE32.get(usize::from(byte & 31)).copied().map_or('a', char::from);
        Self(random.into_iter().map(digit).collect())
    }

    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == ID_LENGTH && text.bytes().all(|byte| BASE32.contains(&byte));
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The part of a key that proves it: 256 random bits.
#[derive(Clone)]
pub struct KeySecret(Zeroizing<[u8; SECRET_BYTES]>);

impl KeySecret {
    /// A new one.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(entropy.bytes()))
    }

    /// What is stored of it. A fast hash is enough: nobody guesses 256 bits.
    pub fn hash(&self) -> KeyHash {
        KeyHash(Sha256::digest(self.0.as_slice()).into())
    }
}

/// SHA-256 of a [`KeySecret`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of nobody's secret, for comparisons that must take as long as any other.
    pub const NOBODYS: Self = Self([0; 32]);

    /// Reads the stored form.
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The stored form.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether it is the same, in constant time.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// A well-formed key whose secret has not been checked yet.
pub struct PresentedApiKey {
    brand: Brand,
    id: KeyId,
    secret: KeySecret,
}

/// The text is no API key of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key")]
pub struct InvalidApiKey;

impl PresentedApiKey {
    /// Whether a text means to be an API key, good or bad: any other kind of credentials begins otherwise.
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// Takes a key apart.
    pub fn parse(text: &Secret) -> Result<Self, InvalidApiKey> {
        Self::read(text.expose_secret()).ok_or(InvalidApiKey)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST || !text.is_ascii() {
            return None;
        }
        let (signed, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_LENGTH + 1)?)?;
        if sum.strip_prefix('_')? != checksum(signed) {
            return None;
        }
        let (brand, rest) = signed.strip_prefix(PREFIX)?.split_once('_')?;
        let brand = Brand::ALL.into_iter().find(|known| known.as_str() == brand)?;
        let (id, secret) = rest.split_once('_')?;
        // Strict: one secret has one spelling.
        let mut bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).ok()?);
        let secret = Zeroizing::new(<[u8; SECRET_BYTES]>::try_from(std::mem::take(&mut *bytes)).ok()?);
        Some(Self { brand, id: KeyId::parse(id)?, secret: KeySecret(secret) })
    }

    /// By which it is found.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Whether it was made as a key of this kind by an installation of this environment.
    pub fn is_of(&self, kind: KeyKind, environment: KeyEnvironment) -> bool {
        self.brand == Brand::of(kind, environment)
    }

    /// What its secret hashes to.
    pub fn hash(&self) -> KeyHash {
        self.secret.hash()
    }
}

/// The text of a key, to be shown once.
pub(crate) fn render(kind: KeyKind, environment: KeyEnvironment, id: &KeyId, secret: &KeySecret) -> Secret {
    let brand = Brand::of(kind, environment).as_str();
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.0.as_slice()));
    let signed = Zeroizing::new(format!("{PREFIX}{brand}_{}_{}", id.as_str(), secret.as_str()));
    Secret::from(format!("{}_{}", signed.as_str(), checksum(&signed)))
}

/// What people see of a key afterwards, to know it again.
pub(crate) fn beginning(kind: KeyKind, environment: KeyEnvironment, id: &KeyId) -> String {
    format!("{PREFIX}{}_{}", Brand::of(kind, environment).as_str(), id.as_str())
}

/// CRC-32 (ISO-HDLC, as in zip files) in six digits of base62.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = usize::try_from(rest % 62).ok().and_then(|at| BASE62.get(at)).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Repeated(u8);
    impl Entropy for Repeated {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    fn key(kind: KeyKind, seed: u8) -> String {
        let (id, secret) = (KeyId::generate(&Repeated(seed)), KeySecret::generate(&Repeated(seed)));
        render(kind, KeyEnvironment::Live, &id, &secret).expose_secret().to_owned()
    }

    fn parse(text: &str) -> Result<PresentedApiKey, InvalidApiKey> {
        PresentedApiKey::parse(&Secret::from(text))
    }

    #[test]
    fn a_key_has_its_form() {
        let key = key(KeyKind::Secret, 255);
        assert_eq!(key, "ash_live_777777777777___________________________________________8_2noqqe");
        let lengths: Vec<usize> = ["ash", "live"].iter().map(|part| part.len()).collect();
        assert_eq!(key.len(), lengths[0] + 1 + lengths[1] + 1 + 12 + 1 + 43 + 1 + 6);
        assert!(self::key(KeyKind::Publishable, 1).starts_with("ash_pub_bbbbbbbbbbbb_AQEBAQ"));
    }

    #[test]
    fn the_checksum_is_that_of_zip_files() {
        // The check value of CRC-32/ISO-HDLC is cbf43926: 3,421,780,262 in base62.
        assert_eq!(checksum("123456789"), "3jZRME");
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn what_is_read_is_what_was_made() {
        let presented = parse(&key(KeyKind::Secret, 7)).unwrap();
        assert_eq!(presented.id().as_str(), "hhhhhhhhhhhh");
        assert!(presented.hash().is(&KeySecret::generate(&Repeated(7)).hash()));
        assert!(!presented.hash().is(&KeyHash::NOBODYS));
        assert!(presented.is_of(KeyKind::Secret, KeyEnvironment::Live));
        assert!(!presented.is_of(KeyKind::Secret, KeyEnvironment::Dev));
        assert!(!presented.is_of(KeyKind::Publishable, KeyEnvironment::Live));
    }

    #[test]
    fn other_forms_are_refused_though_their_checksum_be_right() {
        let key = key(KeyKind::Secret, 7);
        let body = key.rsplit_once('_').unwrap().0;
        let summed = |body: &str| format!("{body}_{}", checksum(body));
        assert_eq!(summed(body), key);
        for bad in [
            body.replace("live", "prod"),
            body.replace("live", ""),
            body.replace("hhhhhhhhhhhh", "hhhhhhhhhhh1"),
            body.replace("hhhhhhhhhhhh", "HHHHHHHHHHHH"),
            body.replace("hhhhhhhhhhhh", "hhhhhhhhhhh"),
            body.replace("ash_", "ghp_"),
            format!("{body}="),
            body.chars().take(body.len() - 1).collect(),
            // The last character of the secret carries two bits too many: another spelling of the same bytes.
            format!("{}d", body.chars().take(body.len() - 1).collect::<String>()),
            "ash_live".to_owned(),
            String::new(),
        ] {
            assert!(parse(&summed(&bad)).is_err(), "{bad}");
        }
        for bad in ["", "ash_", "_", "ash_live_\u{0}", &"x".repeat(1 << 20), &format!("{key}\n"), &format!(" {key}")] {
            assert!(parse(bad).is_err());
        }
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        assert_eq!(format!("{:?}", KeySecret::generate(&Repeated(1)).hash()), "KeyHash(..)");
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_noticed_before_anybody_is_asked(seed: u8, at in 0_usize..72, to in "[!-~]") {
            let key = key(KeyKind::Secret, seed);
            let mut wrong: Vec<char> = key.chars().collect();
            wrong[at] = to.chars().next().unwrap();
            let wrong: String = wrong.into_iter().collect();
            prop_assert_eq!(parse(&wrong).is_ok(), wrong == key);
        }

        #[test]
        fn no_text_of_a_stranger_is_a_key(text in "\\PC{0,200}", tail in "[ -~]{0,120}") {
            prop_assert!(parse(&text).is_err());
            let begun = format!("ash_live_{tail}");
            prop_assert!(parse(&begun).is_err());
        }
    }
}
