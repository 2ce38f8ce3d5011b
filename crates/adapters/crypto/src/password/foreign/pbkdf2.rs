//! PBKDF2 (RFC 8018) as Django writes it: `pbkdf2_sha256$iterations$salt$output`.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm, PBKDF2_HMAC_SHA1, PBKDF2_HMAC_SHA256};

use super::{Unreadable, equal, number, padded};

/// Five times what Django 5.2 asks for, and half a second.
const MOST_ITERATIONS: u32 = 5_000_000;

pub(in super::super) struct Pbkdf2 {
    algorithm: Algorithm,
    iterations: NonZeroU32,
    /// Django uses its letters as they are.
    salt: String,
    output: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn sha256(rest: &[&str]) -> Result<Self, Unreadable> {
        Self::parse(PBKDF2_HMAC_SHA256, 32, rest)
    }

    pub(super) fn sha1(rest: &[&str]) -> Result<Self, Unreadable> {
        Self::parse(PBKDF2_HMAC_SHA1, 20, rest)
    }

    fn parse(algorithm: Algorithm, bytes: usize, rest: &[&str]) -> Result<Self, Unreadable> {
        let [iterations, salt, output] = *rest else {
            return Err(Unreadable::Malformed);
        };
        let iterations = NonZeroU32::new(number(iterations)?).ok_or(Unreadable::Malformed)?;
        if iterations.get() > MOST_ITERATIONS {
            return Err(Unreadable::TooExpensive);
        }
        let output = padded(output)?;
        if salt.is_empty() || output.len() != bytes {
            return Err(Unreadable::Malformed);
        }
        Ok(Self { algorithm, iterations, salt: salt.to_owned(), output })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        pbkdf2::derive(self.algorithm, self.iterations, self.salt.as_bytes(), password, &mut output);
        equal(&output, &self.output)
    }
}
