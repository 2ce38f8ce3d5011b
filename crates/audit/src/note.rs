//! Signed notes (C2SP signed-note): a text, and who stands by it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

/// The kind of key in the format: Ed25519.
const ED25519: u8 = 0x01;
/// What signature lines begin with.
const DASH: &str = "\u{2014} ";

/// An Ed25519 key to verify notes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

/// Not a verification key of a signed note: `<name>+<id>+<key>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a verification key: <name>+<8 hexadecimal digits>+<base64>")]
pub struct InvalidKey;

impl PublicKey {
    /// The raw key.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The four bytes by which a key is told from others under this name.
    pub fn id(&self, name: &str) -> [u8; 4] {
        let digest = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(self.0).finalize();
        std::array::from_fn(|index| digest[index])
    }

    /// The key as text, for whoever verifies notes of this name.
    pub fn to_text(self, name: &str) -> String {
        let mut typed = vec![ED25519];
        typed.extend_from_slice(&self.0);
        format!("{name}+{}+{}", HEXLOWER.encode(&self.id(name)), STANDARD.encode(typed))
    }

    /// Reads a name and its key from [text](Self::to_text).
    pub fn parse(text: &str) -> Result<(String, Self), InvalidKey> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidKey);
        };
        let bytes = STANDARD.decode(key).map_err(|_not_base64| InvalidKey)?;
        let (ED25519, key) = bytes.split_first().map(|(kind, key)| (*kind, key)).ok_or(InvalidKey)? else {
            return Err(InvalidKey);
        };
        let key = Self(key.try_into().map_err(|_length| InvalidKey)?);
        if is_name(name) && HEXLOWER.encode(&key.id(name)) == id { Ok((name.to_owned(), key)) } else { Err(InvalidKey) }
    }
}

/// Signs notes. The key stays where it is.
pub trait NoteSigner: Send + Sync {
    /// The key that verifies what this signs.
    fn public_key(&self) -> PublicKey;

    /// The Ed25519 signature of `message`.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningFailed>;
}

/// The key did not sign; a defect, or a device that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the audit key did not sign")]
pub struct SigningFailed;

/// Verifies Ed25519 signatures.
pub trait SignatureCheck: Send + Sync {
    /// Whether `signature` is that of `message` by `key`.
    fn is_good(&self, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool;
}

/// A text with its signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// Not a signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a signed note")]
pub struct InvalidNote;

impl Note {
    /// A note of `text`, which ends with a line break, signed in the name of `name`.
    pub fn sign(text: String, name: &str, signer: &dyn NoteSigner) -> Result<Self, SigningFailed> {
        let bytes = signer.sign(text.as_bytes())?.to_vec();
        let signature = Signature { name: name.to_owned(), id: signer.public_key().id(name), bytes };
        Ok(Self { text, signatures: vec![signature] })
    }

    /// Reads a note. Whether anybody stands by it is another question: [`is_signed_by`](Self::is_signed_by).
    pub fn parse(note: &str) -> Result<Self, InvalidNote> {
        let has_control = |line: &str| line.chars().any(char::is_control);
        if note.split_inclusive('\n').any(|line| has_control(line.strip_suffix('\n').unwrap_or("\0"))) {
            return Err(InvalidNote);
        }
        // The last blank line: the text may have some itself.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(InvalidNote)?;
        let signatures: Vec<_> = lines.lines().map(Signature::parse).collect::<Result<_, _>>()?;
        if signatures.is_empty() || text.is_empty() {
            return Err(InvalidNote);
        }
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the key of this name has signed it. Signatures of other keys neither help nor hurt.
    pub fn is_signed_by(&self, name: &str, key: &PublicKey, check: &dyn SignatureCheck) -> bool {
        let id = key.id(name);
        let mut of_key = self.signatures.iter().filter(|signature| signature.name == name && signature.id == id);
        of_key.next().is_some_and(|signature| check.is_good(key, self.text.as_bytes(), &signature.bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for Signature { name, id, bytes } in &self.signatures {
            writeln!(f, "{DASH}{name} {}", STANDARD.encode([id, bytes.as_slice()].concat()))?;
        }
        Ok(())
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Self, InvalidNote> {
        let (name, blob) = line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(InvalidNote)?;
        let blob = STANDARD.decode(blob).map_err(|_not_base64| InvalidNote)?;
        let (id, bytes) = blob.split_first_chunk().ok_or(InvalidNote)?;
        if !is_name(name) || bytes.is_empty() {
            return Err(InvalidNote);
        }
        Ok(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

/// Names of keys are not empty, and have neither spaces nor plus signs.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+' || c.is_control())
}
