//! bcrypt: as Node and PHP write it (`$2b$12$…`), and as Django does (`bcrypt$$2b$12$…`, `bcrypt_sha256$$2b$12$…`).

use aws_lc_rs::digest::{SHA256, digest};
use base64::{
    Engine as _,
    alphabet::BCRYPT,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use zeroize::Zeroizing;

use super::{Unreadable, equal, number};

/// 2^16 rounds, some four seconds; Django and Node ask for 2^12 and 2^10.
const MOST_COST: u32 = 16;
const FEWEST_COST: u32 = 4;
/// bcrypt looks at no more of a password; what comes behind is not part of it.
const LONGEST_PASSWORD: usize = 72;
const SALT_BYTES: usize = 16;
/// Letters of the salt; the output follows without a mark between them.
const SALT_LETTERS: usize = 22;
/// One byte less than the algorithm yields, in every program there is.
const OUTPUT_BYTES: usize = 23;

/// Refuses bits that mean nothing, so that one hash has one spelling.
pub(super) const LETTERS: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD);

pub(in super::super) struct Bcrypt {
    /// Whether bcrypt gets the digest of the password, so that it looks at all of it.
    of_digest: bool,
    cost: u32,
    salt: [u8; SALT_BYTES],
    output: [u8; OUTPUT_BYTES],
}

impl Bcrypt {
    /// Of the password itself.
    pub(super) fn plain(rest: &[&str]) -> Result<Self, Unreadable> {
        Self::parse(false, rest)
    }

    /// Of the SHA-256 of the password, in hexadecimal digits.
    pub(super) fn of_digest(rest: &[&str]) -> Result<Self, Unreadable> {
        Self::parse(true, rest)
    }

    fn parse(of_digest: bool, rest: &[&str]) -> Result<Self, Unreadable> {
        let [cost, tail] = *rest else {
            return Err(Unreadable::Malformed);
        };
        // Two digits always.
        let cost = match cost.len() {
            2 => number(cost.strip_prefix('0').unwrap_or(cost))?,
            _ => return Err(Unreadable::Malformed),
        };
        let (salt, output) = tail.split_at_checked(SALT_LETTERS).ok_or(Unreadable::Malformed)?;
        let (salt, output) = (decoded(salt)?, decoded(output)?);
        match cost {
            FEWEST_COST..=MOST_COST => Ok(Self { of_digest, cost, salt, output }),
            0..FEWEST_COST => Err(Unreadable::Malformed),
            _ => Err(Unreadable::TooExpensive),
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut key = Zeroizing::new(Vec::with_capacity(LONGEST_PASSWORD));
        if self.of_digest {
            key.extend_from_slice(hex::encode(digest(&SHA256, password)).as_bytes());
        } else {
            key.extend_from_slice(password);
        }
        // The end of a text in C is part of the key, where there is room.
        key.push(0);
        key.truncate(LONGEST_PASSWORD);
        let output = bcrypt::bcrypt(self.cost, self.salt, &key);
        equal(output.split_at(OUTPUT_BYTES).0, &self.output)
    }
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], Unreadable> {
    let bytes = LETTERS.decode(text).map_err(|_not_base64| Unreadable::Malformed)?;
    bytes.try_into().map_err(|_length| Unreadable::Malformed)
}

/// Salt and output that no password leads to, as far as anybody knows.
pub(super) fn decoy_tail() -> String {
    LETTERS.encode([0x5a; SALT_BYTES]) + &LETTERS.encode([0xa5; OUTPUT_BYTES])
}
