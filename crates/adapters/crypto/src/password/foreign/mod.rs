//! Hashes that other systems made. They are read and never made.
//!
//! Each algorithm has bounds: whoever can write a hash into a table that is imported could otherwise have the server
//! work for hours at each login. A hash beyond them is not evaluated, ever.

pub(super) mod argon2;
mod bcrypt;
mod pbkdf2;
mod scrypt;
#[cfg(test)]
mod tests;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq;

/// A hash of an algorithm other than Argon2, taken apart and within bounds.
pub(super) enum ForeignHash {
    Pbkdf2(pbkdf2::Pbkdf2),
    Scrypt(scrypt::Scrypt),
    Bcrypt(bcrypt::Bcrypt),
}

/// Why a hash of a known algorithm is not read. Never shows the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the stored password hash is damaged")]
    Malformed,
    #[error("the stored password hash asks for more work than anybody is given")]
    TooExpensive,
}

/// No algorithm makes longer ones.
const LONGEST: usize = 512;

impl ForeignHash {
    /// Takes a hash apart; none if its algorithm is not among those known here.
    pub(super) fn parse(text: &str) -> Option<Result<Self, Unreadable>> {
        if text.len() > LONGEST {
            return None;
        }
        let parts: Vec<&str> = text.split('$').collect();
        Some(match *parts.as_slice() {
            ["pbkdf2_sha256", ref rest @ ..] => pbkdf2::Pbkdf2::sha256(rest).map(Self::Pbkdf2),
            ["pbkdf2_sha1", ref rest @ ..] => pbkdf2::Pbkdf2::sha1(rest).map(Self::Pbkdf2),
            ["scrypt", ref rest @ ..] => scrypt::Scrypt::of_django(rest).map(Self::Scrypt),
            ["", "scrypt", ref rest @ ..] => scrypt::Scrypt::of_phc(rest).map(Self::Scrypt),
            // The three are names of one algorithm; 2x is that of a broken one.
            ["bcrypt_sha256", "", "2a" | "2b" | "2y", ref rest @ ..] => {
                bcrypt::Bcrypt::of_digest(rest).map(Self::Bcrypt)
            }
            ["bcrypt", "", "2a" | "2b" | "2y", ref rest @ ..] | ["", "2a" | "2b" | "2y", ref rest @ ..] => {
                bcrypt::Bcrypt::plain(rest).map(Self::Bcrypt)
            }
            _ => return None,
        })
    }

    /// Whether `password` is the one behind it, compared in constant time.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Bcrypt(hash) => hash.matches(password),
        }
    }
}

/// A hash of a class of these algorithms that no password is behind.
pub(super) fn decoy(class: &str) -> Option<String> {
    match *class.split('$').collect::<Vec<_>>().as_slice() {
        ["pbkdf2_sha256", _] => Some(format!("{class}$salt${}", decoy_output(32))),
        ["pbkdf2_sha1", _] => Some(format!("{class}$salt${}", decoy_output(20))),
        ["scrypt", n, "", r, p] => Some(format!("scrypt${n}$salt${r}${p}${}", decoy_output(64))),
        ["", _, _] | ["bcrypt" | "bcrypt_sha256", "", _, _] => Some(format!("{class}${}", bcrypt::decoy_tail())),
        _ => None,
    }
}

/// Output that no password leads to, as far as anybody knows.
pub(super) fn decoy_output(bytes: usize) -> String {
    STANDARD.encode(vec![0xa5; bytes])
}

/// A whole number as programs write it: digits, and no zero before them.
fn number(text: &str) -> Result<u32, Unreadable> {
    let is_plain =
        text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() && (text == "0" || !text.starts_with('0'));
    match text.parse() {
        Ok(number) if is_plain => Ok(number),
        // More digits than fit are a number all the same.
        Err(_) if is_plain => Err(Unreadable::TooExpensive),
        _ => Err(Unreadable::Malformed),
    }
}

/// Base64 in the standard alphabet, padded, and in the one spelling that bytes have.
fn padded(text: &str) -> Result<Vec<u8>, Unreadable> {
    STANDARD.decode(text).map_err(|_not_base64| Unreadable::Malformed)
}

fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
