//! Argon2 as Django writes it: a PHC string behind the word `argon2`.

/// The PHC string of an Argon2 hash, Django's or anybody's; none if it is of another algorithm. Its bounds are those of
/// our own hashes.
pub(in super::super) fn phc(text: &str) -> Option<&str> {
    let phc = text.strip_prefix("argon2").filter(|rest| rest.starts_with("$argon2")).unwrap_or(text);
    phc.starts_with("$argon2").then_some(phc)
}
