//! What must not be found where the product writes: in its database, its event log and its log.
//!
//! Every journey is searched when its product stops, so that a leak on any path that any test takes is found.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{LazyLock, Mutex, Once},
};

use regex::bytes::Regex;
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use crate::PASSWORD;

/// Everything this product gives out that lets its holder in, by how it begins: access tokens, refresh tokens, tokens of
/// letters and sign-ins, device tokens, bootstrap tokens, API keys with their secret.
const TOKENS: &str = r"eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.|as[rabd]1_[A-Za-z0-9_-]{24,}|ash_[a-z]+_[a-z0-9]{12}_[A-Za-z0-9_-]{43}";

static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(TOKENS).expect("a pattern"));
/// Secrets without a shape of their own: secrets of authenticators and codes on paper, as answers have shown them.
static SEEN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static LOGGING: Once = Once::new();

/// Keeps what this process logs from now on, in more detail than anybody is advised to.
pub(crate) fn keep_the_log() {
    struct Kept;
    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            LOG.lock().expect("nobody panics here").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    LOGGING.call_once(|| {
        let detail = EnvFilter::new("debug,ashlar=trace,hyper=info,reqwest=info,h2=info");
        let log = tracing_subscriber::fmt().with_ansi(false).with_env_filter(detail).with_writer(|| Kept);
        // A test that listens itself has its own: then it looks for itself.
        let _kept = log.try_init();
    });
}

/// Remembers the secrets in an answer that cannot be told by their form.
pub(crate) fn note(answer: &Value) {
    let mut seen = SEEN.lock().expect("nobody panics here");
    seen.extend(answer["secret_base32"].as_str().map(str::to_owned));
    let codes = answer["backup_codes"].as_array().into_iter().flatten();
    for code in codes.filter_map(Value::as_str) {
        seen.extend([code.to_owned(), code.replace('-', "")]);
    }
}

/// The first secret in `text`, with what stands around it.
pub fn first_in(text: &[u8]) -> Option<String> {
    let seen = SEEN.lock().expect("nobody panics here");
    let known = seen.iter().map(String::as_str).chain([PASSWORD]);
    let mut known = known.map(|secret| Regex::new(&regex::escape(secret)).expect("a literal"));
    let found = PATTERN.find(text).or_else(|| known.find_map(|secret| secret.find(text)))?;
    let around = &text[found.start().saturating_sub(80)..text.len().min(found.end() + 80)];
    Some(String::from_utf8_lossy(around).into_owned())
}

/// Fails if this process has logged a secret, or a database in `folder` holds one in the clear.
pub(crate) fn insist_on_none(folder: &Path) {
    let logged = first_in(&LOG.lock().expect("nobody panics here"));
    assert_eq!(logged, None, "the log has a secret");
    for file in databases(folder) {
        let Ok(bytes) = fs::read(&file) else { continue };
        assert_eq!(first_in(&bytes), None, "{} has a secret", file.display());
    }
}

/// Also what is about to be written to it.
fn databases(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let below = files.flat_map(|path| if path.is_dir() { databases(&path) } else { vec![path] });
    below.filter(|path| path.to_string_lossy().contains(".db")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_and_the_rest_is_not() {
        let token = format!("x asr1_{} y", "A".repeat(40));
        let key = format!("ash_dev_{}_{}", "a".repeat(12), "B".repeat(43));
        note(&serde_json::json!({ "secret_base32": "GEZDGNBVGY3TQOJQ", "backup_codes": ["7K3QD-9XWPA"] }));
        for leak in [token.as_str(), &key, PASSWORD, "..GEZDGNBVGY3TQOJQ..", "7K3QD9XWPA"] {
            assert!(first_in(leak.as_bytes()).is_some(), "{leak}");
        }
        for fine in ["asr1_", "ash_dev_aaaaaaaaaaaa", "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA", ""] {
            assert_eq!(first_in(fine.as_bytes()), None, "{fine}");
        }
    }
}
