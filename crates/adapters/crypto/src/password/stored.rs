//! The stored form of a hash.

use argon2::{
    Algorithm, Block,
    password_hash::phc::{Error as PhcError, Output, PasswordHash as Phc, Salt},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    params::{Argon2Params, InvalidArgon2Params},
    pepper::Pepper,
};

/// Bytes of salt in hashes we make.
pub(super) const SALT_BYTES: usize = 16;
/// Bytes of output in hashes we make, and the fewest we read.
const OUTPUT_BYTES: usize = 32;
const FEWEST_OUTPUT_BYTES: usize = 16;
/// Argon2 version 1.3.
const VERSION: u32 = 0x13;

/// A stored Argon2 hash, taken apart: `$argon2id$v=19$m=..,t=..,p=..$salt$output`. Those we make are Argon2id; Argon2i
/// is read, too, because older programs made it.
pub(super) struct StoredHash {
    algorithm: Algorithm,
    params: Argon2Params,
    salt: Salt,
    output: Output,
    /// Which pepper the output was seasoned with, if any.
    key_id: Option<String>,
}

/// Why a stored hash is not one we read. Never shows the hash.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnreadableHash {
    #[error("the stored password hash is not a PHC string")]
    Form(#[source] PhcError),
    #[error(
        "the stored password hash is not Argon2id or Argon2i, version 19, with m, t, p, a salt and 16 bytes or more of \
         output"
    )]
    Kind,
    #[error("the stored password hash asks for too much or too little")]
    Params(#[from] InvalidArgon2Params),
}

impl StoredHash {
    /// Takes a PHC string apart.
    pub(super) fn parse(text: &str) -> Result<Self, UnreadableHash> {
        let phc = Phc::new(text).map_err(UnreadableHash::Form)?;
        let algorithm = match phc.algorithm.as_str() {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            _ => return Err(UnreadableHash::Kind),
        };
        if phc.version != Some(VERSION) {
            return Err(UnreadableHash::Kind);
        }
        let (Some(salt), Some(output)) = (phc.salt, phc.hash) else {
            return Err(UnreadableHash::Kind);
        };
        let number = |name: &str| phc.params.get_decimal(name).ok_or(UnreadableHash::Kind);
        let params = Argon2Params::new(number("m")?, number("t")?, number("p")?)?;
        // Each parameter once, in the usual order, and none besides but the pepper: `data` would change the meaning.
        let key_id = match phc.params.as_str().strip_prefix(&params.as_phc()) {
            Some("") => None,
            Some(rest) => {
                let id = rest.strip_prefix(",keyid=").filter(|id| !id.is_empty() && !id.contains([',', '=']));
                Some(id.ok_or(UnreadableHash::Kind)?.to_owned())
            }
            None => return Err(UnreadableHash::Kind),
        };
        let is_seasoned = key_id.is_some();
        if output.len() < FEWEST_OUTPUT_BYTES || (is_seasoned && output.len() != OUTPUT_BYTES) {
            return Err(UnreadableHash::Kind);
        }
        Ok(Self { algorithm, params, salt, output, key_id })
    }

    /// Hashes a new password.
    pub(super) fn make(
        params: Argon2Params,
        password: &[u8],
        (salt, pepper): ([u8; SALT_BYTES], Option<&Pepper>),
        memory: &mut [Block],
    ) -> Result<String, HashingFailed> {
        let (salt, output) = (Salt::new(&salt)?, Output::new(&[0; OUTPUT_BYTES])?);
        let key_id = pepper.map(|pepper| pepper.key_id.clone());
        Self { algorithm: Algorithm::Argon2id, params, salt, output, key_id }.another(password, pepper, memory)
    }

    /// Hashes another password with the same salt, at the same cost; `pepper` is the one of its id.
    pub(super) fn another(
        &self,
        password: &[u8],
        pepper: Option<&Pepper>,
        memory: &mut [Block],
    ) -> Result<String, HashingFailed> {
        let output = self.compute(password, pepper, memory)?;
        let (params, salt, output) = (self.params.as_phc(), &self.salt, Output::new(&output)?);
        let key_id = self.key_id.as_ref().map(|id| format!(",keyid={id}")).unwrap_or_default();
        Ok(format!("${}$v={VERSION}${params}{key_id}${salt}${output}", self.algorithm.as_str()))
    }

    fn compute(
        &self,
        password: &[u8],
        pepper: Option<&Pepper>,
        memory: &mut [Block],
    ) -> Result<Zeroizing<Vec<u8>>, HashingFailed> {
        let mut output = Zeroizing::new(vec![0; self.output.len()]);
        let argon2 = self.params.argon2(self.algorithm, output.len())?;
        argon2.hash_password_into_with_memory(password, &self.salt, &mut output, memory)?;
        Ok(match pepper {
            Some(pepper) => Zeroizing::new(pepper.season(&output).to_vec()),
            None => output,
        })
    }

    /// Which pepper it was made with, if any.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// A hash no password is looked for behind, at the cost of one of `params`.
    pub(super) fn dummy(params: Argon2Params) -> Result<Self, HashingFailed> {
        let (salt, output) = (Salt::new(&[0x5a; SALT_BYTES])?, Output::new(&[0xa5; OUTPUT_BYTES])?);
        Ok(Self { algorithm: Algorithm::Argon2id, params, salt, output, key_id: None })
    }

    /// Whether it is as those we make at `params`, with this pepper.
    pub(super) fn is_like_new_ones(&self, params: Argon2Params, pepper: Option<&Pepper>) -> bool {
        let sizes = (self.salt.len(), self.output.len());
        let is_seasoned_alike = self.key_id.as_ref() == pepper.map(|pepper| &pepper.key_id);
        let is_alike = self.algorithm == Algorithm::Argon2id && self.params == params && is_seasoned_alike;
        is_alike && sizes == (SALT_BYTES, OUTPUT_BYTES)
    }

    /// What it costs to compare with it.
    pub(super) const fn params(&self) -> Argon2Params {
        self.params
    }

    /// Whether `password` is the one behind it, compared in constant time.
    pub(super) fn matches(
        &self,
        password: &[u8],
        pepper: Option<&Pepper>,
        memory: &mut [Block],
    ) -> Result<bool, HashingFailed> {
        let output = self.compute(password, pepper, memory)?;
        Ok(output.ct_eq(self.output.as_bytes()).into())
    }
}

/// Argon2 refused to work; a defect, for everything it could object to was checked before.
#[derive(Debug, thiserror::Error)]
pub(super) enum HashingFailed {
    #[error("Argon2 refused its input")]
    Argon2(#[from] argon2::Error),
    #[error("salt or output do not fit a PHC string")]
    Phc(#[from] PhcError),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: &str = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$FxsYo4ZLQpzsUjrmFBPKn3BtEnYFrOXJAa0mHMOzSRM";

    #[test]
    fn what_is_read_is_what_was_written() {
        let read = StoredHash::parse(GOOD).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.params(), Argon2Params::new(8, 1, 1).unwrap());
        assert_eq!(&*read.salt, b"saltsaltsaltsalt");
        assert_eq!(read.output.len(), 32);
    }

    #[test]
    fn other_algorithms_versions_and_parameters_are_refused() {
        for (from, to) in [
            ("argon2id", "argon2d"),
            ("argon2id", "argon2ix"),
            ("argon2id", "scrypt"),
            ("$v=19", "$v=16"),
            ("$v=19", ""),
            ("m=8", "m=7"),
            ("m=8", "m=08"),
            ("m=8", "m=-8"),
            ("m=8", "m=1048577"),
            ("m=8", "m=4294967296"),
            ("m=8,", ""),
            ("m=8,t=1", "t=1,m=8"),
            ("m=8,", "m=8,m=8,"),
            ("t=1", "t=0"),
            ("t=1", "t=4294967295"),
            ("p=1", "p=0"),
            ("p=1", "p=2"),
            ("p=1", "p=16777215"),
            ("p=1", "p=1,data=c2FsdA"),
            ("p=1", "p=1,keyid=c2FsdA,keyid=c2FsdA"),
            ("m=8", "keyid=c2FsdA,m=8"),
            ("$FxsYo4ZLQpzsUjrmFBPKn3BtEnYFrOXJAa0mHMOzSRM", ""),
            ("FxsYo4ZLQpzsUjrmFBPKn3BtEnYFrOXJAa0mHMOzSRM", "FxsYo4ZLQpzsUjrmFBPKng"),
            ("c2FsdHNhbHRzYWx0c2FsdA", "c2FsdA"),
            ("SRM", "SRM="),
            ("SRM", "SRM$"),
        ] {
            let bad = GOOD.replacen(from, to, 1);
            assert_ne!(bad, GOOD);
            // 22 characters of output are 16 bytes: short, yet long enough.
            assert_eq!(StoredHash::parse(&bad).is_ok(), to.ends_with("Kng"), "{bad}");
        }
    }

    #[test]
    fn the_pepper_is_named_and_its_output_is_whole() {
        let seasoned = GOOD.replacen("p=1", "p=1,keyid=Mg", 1);
        let read = StoredHash::parse(&seasoned).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(read.key_id(), Some("Mg"));
        assert!(StoredHash::parse(GOOD).is_ok_and(|plain| plain.key_id().is_none()));
        let short = seasoned.replacen("FxsYo4ZLQpzsUjrmFBPKn3BtEnYFrOXJAa0mHMOzSRM", "FxsYo4ZLQpzsUjrmFBPKng", 1);
        assert!(StoredHash::parse(&short).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
            drop(StoredHash::parse(&text));
        }

        #[test]
        fn no_damage_makes_the_parser_panic(at in 0_usize..104, character: char) {
            let mut damaged: Vec<char> = GOOD.chars().collect();
            let at = at % damaged.len();
            damaged[at] = character;
            drop(StoredHash::parse(&damaged.into_iter().collect::<String>()));
        }
    }
}
