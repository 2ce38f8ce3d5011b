//! How an attempt fails.

use ashlar_kernel::Timestamp;

/// Why an attempt failed, and what follows from it. The text is for operators; see [`scrub`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It may work later: try again after a wait.
    Transient(String),
    /// It will never work: no further attempt.
    Permanent(String),
    /// The other side says when it will listen again (`Retry-After`).
    RateLimited {
        /// Not before this moment.
        until: Timestamp,
        /// What it said.
        note: String,
    },
}

impl Failure {
    /// What went wrong, as the handler put it.
    pub fn note(&self) -> &str {
        match self {
            Self::Transient(note) | Self::Permanent(note) | Self::RateLimited { note, .. } => note,
        }
    }
}

/// The longest text that is kept of a failure, in characters.
pub const NOTE_MAX: usize = 300;

/// A word this long that mixes letters and digits is taken for a token.
const TOKEN_MIN: usize = 24;

/// A failure's text as it may be stored and shown to operators: one short line without addresses of people, without
/// what looks like a token or key, and with no more of a URL than scheme and host.
///
/// A net under the handlers, not a licence: they put ids into their messages, never secrets.
pub fn scrub(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.map(scrub_word).collect::<Vec<_>>().join(" ");
    line.chars().take(NOTE_MAX).collect()
}

fn scrub_word(word: &str) -> String {
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        return format!("{scheme}://{host}");
    }
    if word.contains('@') {
        return "[address]".to_owned();
    }
    if word.split(['=', ':', ',', ';', '"', '\'', '(', ')']).any(is_token) {
        return "[token]".to_owned();
    }
    word.to_owned()
}

fn is_token(part: &str) -> bool {
    let is_uuid = part.parse::<uuid::Uuid>().is_ok();
    let has = |of: fn(&char) -> bool| part.chars().any(|c| of(&c));
    part.len() >= TOKEN_MIN && !is_uuid && has(char::is_ascii_alphabetic) && has(char::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_tokens_and_paths_of_urls_are_withheld_and_ids_are_not() {
        for (raw, kept) in [
            ("550 mailbox <ada@example.org> full", "550 mailbox [address] full"),
            ("GET https://u:p@api.example/v1?key=1 failed", "GET https://api.example failed"),
            ("bearer sk_live_4eC39HqLyjWDarjtT1zdp7dc refused", "bearer [token] refused"),
            ("key=4eC39HqLyjWDarjtT1zdp7dc99 refused", "[token] refused"),
            ("order 0190a5c4-8b7e-7cc3-8f00-2d6f3c1e9a10", "order 0190a5c4-8b7e-7cc3-8f00-2d6f3c1e9a10"),
            ("two\n\tlines\u{0}", "two lines"),
        ] {
            assert_eq!(scrub(raw), kept);
        }
        assert_eq!(scrub(&"é ".repeat(1_000)).chars().count(), NOTE_MAX);
    }
}
