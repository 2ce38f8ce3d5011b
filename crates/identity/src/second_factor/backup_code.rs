//! Codes on paper, for when the authenticator is lost: ten of 50 bits each, `XXXXX-XXXXX` in Crockford's base32.

use ashlar_kernel::{Entropy, Secret};

use crate::Password;

/// How many there are.
pub(super) const CODES: usize = 10;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 10;

/// A code as it was typed, in the form in which it was hashed.
#[derive(Clone)]
pub struct BackupCode(Password);

impl BackupCode {
    /// A new one.
    pub(super) fn new(entropy: &dyn Entropy) -> Option<Self> {
        let random: [u8; LETTERS] = entropy.bytes();
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
        Self::of(random.iter().filter_map(letter).collect())
    }

    /// Ten letters or digits, in any case, with hyphens and blanks or not; O is read as 0, I and L as 1. None for anything
    /// else.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let plain: String = plain.take(LETTERS + 1).collect();
        let is_code = plain.chars().count() == LETTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
        if is_code { Self::of(plain) } else { None }
    }

    fn of(plain: String) -> Option<Self> {
        Password::parse(Secret::from(plain)).ok().map(Self)
    }

    /// What is hashed.
    pub(crate) const fn as_password(&self) -> &Password {
        &self.0
    }

    /// As it is shown, once.
    pub(crate) fn shown(&self) -> Secret {
        let (first, second) = self.0.expose().split_at(LETTERS / 2);
        Secret::from(format!("{first}-{second}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = BackupCode::parse("0123A-BCDEZ").unwrap();
        for typed in ["0123abcdez", "o1 23a-bcdez", "OI23A BCDEZ", "0L23A-BCDEZ", " 0-1-2-3-a-b-c-d-e-z "] {
            assert_eq!(BackupCode::parse(typed).unwrap().0.expose(), code.0.expose(), "{typed}");
        }
        for bad in ["", "0123A-BCDE", "0123A-BCDEZZ", "0123A-BCDEU", "0123A-BCD\u{e9}Z"] {
            assert!(BackupCode::parse(bad).is_none(), "{bad}");
        }
    }
}
