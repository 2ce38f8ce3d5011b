//! What a stored hash is of: its algorithm and what it costs, without anything secret.

use super::PasswordHash;

/// The algorithm and the parameters of a stored hash: the hash without its salt and its output.
///
/// Two hashes of one class cost the same to compare with. It reads as the hash does: `$argon2id$v=19$m=19456,t=2,p=1`,
/// `pbkdf2_sha256$1000000`, `scrypt$16384$$8$5`, `bcrypt_sha256$$2b$12`. A class says nothing about whether the hash
/// can be believed or afforded; that is for the hasher.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashClass(String);

/// The longest part of a hash that names an algorithm or its parameters.
const LONGEST_PART: usize = 64;

impl HashClass {
    /// No password is behind hashes of this class.
    pub const UNUSABLE: &'static str = "unusable";
    /// Hashes nobody here knows.
    pub const OTHER: &'static str = "other";

    /// The class of a stored hash.
    pub fn of(hash: &PasswordHash) -> Self {
        Self(label(hash.as_str()).unwrap_or_else(|| Self::OTHER.to_owned()))
    }

    /// What a store has kept.
    pub const fn restore(label: String) -> Self {
        Self(label)
    }

    /// The stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no password is behind it.
    pub fn is_unusable(&self) -> bool {
        self.0 == Self::UNUSABLE
    }
}

impl std::fmt::Display for HashClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The parts of a hash that are neither salt nor output: which those are is known by the algorithm.
fn label(text: &str) -> Option<String> {
    if text.starts_with(PasswordHash::UNUSABLE) {
        return Some(HashClass::UNUSABLE.to_owned());
    }
    let parts: Vec<&str> = text.split('$').collect();
    let shown: Vec<&str> = match *parts.as_slice() {
        ["", name @ ("argon2id" | "argon2i" | "argon2d"), version, params, _, _] => vec!["", name, version, params],
        ["argon2", name, version, params, _, _] => vec!["argon2", name, version, params],
        ["", "scrypt", params, _, _] => vec!["", "scrypt", params],
        ["scrypt", n, _, r, p, _] => vec!["scrypt", n, "", r, p],
        [name @ ("pbkdf2_sha256" | "pbkdf2_sha1"), iterations, _, _] => vec![name, iterations],
        ["", version @ ("2a" | "2b" | "2y"), cost, _] => vec!["", version, cost],
        [name @ ("bcrypt" | "bcrypt_sha256"), "", version, cost, _] => vec![name, "", version, cost],
        // A PHC string without parameters.
        ["", name, _, _] => vec!["", name],
        _ => return None,
    };
    let is_plain = |part: &&str| part.len() <= LONGEST_PART && part.bytes().all(|b| b.is_ascii_graphic());
    shown.iter().all(is_plain).then(|| shown.join("$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> String {
        HashClass::of(&PasswordHash::restore(text.to_owned())).as_str().to_owned()
    }

    #[test]
    fn a_class_is_the_hash_without_salt_and_output() {
        for (hash, shown) in [
            ("$argon2id$v=19$m=19456,t=2,p=1$SALT$OUT", "$argon2id$v=19$m=19456,t=2,p=1"),
            ("argon2$argon2i$v=19$m=512,t=2,p=2$SALT$OUT", "argon2$argon2i$v=19$m=512,t=2,p=2"),
            ("$scrypt$ln=14,r=8,p=1$SALT$OUT", "$scrypt$ln=14,r=8,p=1"),
            ("scrypt$16384$SALT$8$5$OUT", "scrypt$16384$$8$5"),
            ("pbkdf2_sha256$1000000$SALT$OUT", "pbkdf2_sha256$1000000"),
            ("pbkdf2_sha1$1000000$SALT$OUT", "pbkdf2_sha1$1000000"),
            ("bcrypt_sha256$$2b$12$SALTOUT", "bcrypt_sha256$$2b$12"),
            ("bcrypt$$2b$12$SALTOUT", "bcrypt$$2b$12"),
            ("$2y$10$SALTOUT", "$2y$10"),
            ("$insecure$SALT$OUT", "$insecure"),
            ("!SALT", "unusable"),
        ] {
            assert_eq!(class(hash), shown);
        }
    }

    #[test]
    fn what_is_not_known_shows_nothing() {
        let long = format!("$argon2id$v=19${}$s$o", "m".repeat(65));
        for hash in ["", "secret", "md5$salt$out", "5f4dcc3b5aa765d61d8327deb882cf99", "$a\u{e4}$b$c", &long, "$$$$$$$"]
        {
            assert_eq!(class(hash), HashClass::OTHER, "{hash}");
        }
    }
}
