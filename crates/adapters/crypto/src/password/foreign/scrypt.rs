//! scrypt (RFC 7914), as Django writes it (`scrypt$N$salt$r$p$output`) and as a PHC string
//! (`$scrypt$ln=..,r=..,p=..$salt$output`).

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use scrypt::Params;

use super::{Unreadable, equal, number, padded};

/// N = 2^20.
const MOST_LOG_N: u32 = 20;
/// As for Argon2: 1 GiB of memory, and 4 GiB written over all parts together.
const MOST_MEMORY: u64 = 1 << 30;
const MOST_WORK: u64 = 4 << 30;
/// Bytes that N, r and p are counted in.
const BLOCK: u64 = 128;
const FEWEST_OUTPUT_BYTES: usize = 16;

pub(in super::super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Scrypt {
    pub(super) fn of_django(rest: &[&str]) -> Result<Self, Unreadable> {
        let [n, salt, r, p, output] = *rest else {
            return Err(Unreadable::Malformed);
        };
        let n = number(n)?;
        if !n.is_power_of_two() {
            return Err(Unreadable::Malformed);
        }
        // Django uses the letters of the salt as they are.
        Self::bounded((n.ilog2(), number(r)?, number(p)?), salt.as_bytes().to_vec(), padded(output)?)
    }

    pub(super) fn of_phc(rest: &[&str]) -> Result<Self, Unreadable> {
        let [params, salt, output] = *rest else {
            return Err(Unreadable::Malformed);
        };
        let parameter = |text: &str, name: &str| text.strip_prefix(name).map_or(Err(Unreadable::Malformed), number);
        let [log_n, r, p] = *params.split(',').collect::<Vec<_>>().as_slice() else {
            return Err(Unreadable::Malformed);
        };
        let cost = (parameter(log_n, "ln=")?, parameter(r, "r=")?, parameter(p, "p=")?);
        let bytes = |text| STANDARD_NO_PAD.decode(text).map_err(|_not_base64| Unreadable::Malformed);
        Self::bounded(cost, bytes(salt)?, bytes(output)?)
    }

    fn bounded((log_n, r, p): (u32, u32, u32), salt: Vec<u8>, output: Vec<u8>) -> Result<Self, Unreadable> {
        if log_n == 0 || r == 0 || p == 0 || salt.is_empty() || output.len() < FEWEST_OUTPUT_BYTES {
            return Err(Unreadable::Malformed);
        }
        // 32 bits of r, 7 of the block and 21 of N fit.
        let memory = (u64::from(r) * BLOCK) << log_n.min(MOST_LOG_N + 1);
        if log_n > MOST_LOG_N || memory > MOST_MEMORY || memory.saturating_mul(u64::from(p)) > MOST_WORK {
            return Err(Unreadable::TooExpensive);
        }
        let log_n = u8::try_from(log_n).map_err(|_range| Unreadable::TooExpensive)?;
        let params = Params::new(log_n, r, p).map_err(|_invalid| Unreadable::Malformed)?;
        Ok(Self { params, salt, output })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let done = scrypt::scrypt(password, &self.salt, &self.params, &mut output);
        done.is_ok() && equal(&output, &self.output)
    }
}
