//! The database's address, which may hold a password: it shows itself only masked.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::nearest;

const MASK: &str = "***";

/// The kinds of database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// One file, one process.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the database is. `Display` and `Debug` hide the password.
#[derive(Clone)]
pub struct DatabaseUrl {
    backend: Backend,
    text: SecretString,
}

impl DatabaseUrl {
    /// Takes `sqlite:path` or `postgres://…`; the error says what is wrong without repeating it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let backend = match text.split_once(':') {
            Some(("sqlite", path)) => sqlite(path)?,
            Some(("postgres" | "postgresql", _)) => postgres(text)?,
            _ => return Err("is neither a sqlite: nor a postgres:// URL".to_owned()),
        };
        Ok(Self { backend, text: text.into() })
    }

    /// The kind of database.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The URL with its password, for the adapter that connects.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// Whether the URL holds a password.
    pub fn has_password(&self) -> bool {
        self.backend == Backend::Postgres && masked(self.expose()) != self.expose()
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(self.expose()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

fn sqlite(path: &str) -> Result<Backend, String> {
    let file = path.trim_start_matches('/');
    if file.is_empty() || file.starts_with('?') {
        return Err("names no file".to_owned());
    }
    if path.contains(":memory:") || path.contains("mode=memory") {
        return Err("is a database in memory, which would be lost with each connection".to_owned());
    }
    Ok(Backend::Sqlite)
}

fn postgres(text: &str) -> Result<Backend, String> {
    let url = Url::parse(text)
        .map_err(|error| format!("is not a URL ({error}); percent-encode / ? # @ and : in the password"))?;
    if url.cannot_be_a_base() {
        return Err("lacks the two slashes after postgres:".to_owned());
    }
    for (name, value) in url.query_pairs() {
        parameter(&name, &value)?;
    }
    Ok(Backend::Postgres)
}

/// What may stand behind the question mark, as libpq calls it. The driver would ignore everything else, and whoever
/// misspells `sslmode` would talk in the clear without knowing.
const PARAMETERS: [&str; 13] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];
/// How much TLS is insisted on.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

fn parameter(name: &str, value: &str) -> Result<(), String> {
    let known = |word: &str, words: &[&'static str], what: &str| {
        if words.contains(&word) {
            return Ok(());
        }
        let meant = nearest(word, words.iter().copied());
        Err(meant.map_or_else(
            || format!("has an unknown {what}; known are {}", words.join(", ")),
            |meant| format!("has an unknown {what}; did you mean {meant}?"),
        ))
    };
    if name.starts_with("options[") {
        return Ok(());
    }
    known(name, &PARAMETERS, "parameter")?;
    if name == "sslmode" { known(value, &SSL_MODES, "sslmode") } else { Ok(()) }
}

/// A secret URL fit to be printed: the password starred, or everything when it cannot be told
/// where the password is.
pub(super) fn masked(text: &str) -> String {
    if text.is_empty() || text.starts_with("sqlite:") || text.starts_with("file:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    // An at sign behind the host is the end of a password that holds a slash, question mark or hash.
    let behind_host = [Some(url.path()), url.query(), url.fragment()];
    let torn = behind_host.iter().flatten().any(|part| part.contains('@'));
    if torn || url.cannot_be_a_base() {
        return MASK.to_owned();
    }
    // SendGrid's key and Sentry's stand where others have a user.
    let is_key = matches!(url.scheme(), "sendgrid" | "https" | "http") && !url.username().is_empty();
    if is_key && url.set_username(MASK).is_err() {
        return MASK.to_owned();
    }
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query_pairs().any(|(name, _)| is_secret_parameter(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                let secret = is_secret_parameter(&name);
                let shown = if secret { MASK.into() } else { value };
                (name.into_owned(), shown.into_owned())
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.into()
}

fn is_secret_parameter(name: &str) -> bool {
    name.to_ascii_lowercase().contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_starred_wherever_it_stands() {
        for (text, shown) in [
            ("postgres://user:pw@host:5432/db?sslmode=require", "postgres://user:***@host:5432/db?sslmode=require"),
            ("postgres://user@host/db", "postgres://user@host/db"),
            ("postgres://host/db?user=u&password=pw", "postgres://host/db?user=u&password=***"),
            ("postgres://user:p@w@host/db", "postgres://user:***@host/db"),
            ("sqlite:./a b.db", "sqlite:./a b.db"),
            ("https://key@sentry.example.com/1", "https://***@sentry.example.com/1"),
        ] {
            assert_eq!(masked(text), shown);
        }
    }

    #[test]
    fn everything_is_starred_when_the_password_cannot_be_found() {
        for text in [
            "hunter2",
            "postgres://user:1/2@host/db",
            "postgres://user:1?2@host/db",
            "postgres://user:1#2@host/db",
            "postgres:user:pw@host",
            "postgres://user:p/w@host/db",
        ] {
            assert_eq!(masked(text), "***", "{text}");
        }
    }

    #[test]
    fn neither_debug_nor_display_shows_the_password() {
        let url = DatabaseUrl::parse("postgres://user:hunter2@host/db").unwrap();

        assert!(url.has_password());
        assert!(!format!("{url} {url:?}").contains("hunter2"));
        assert!(url.expose().contains("hunter2"));
    }

    #[test]
    fn misspelt_parameters_are_refused_and_not_repeated() {
        let refused = |query: &str| DatabaseUrl::parse(&format!("postgres://host/db?{query}")).unwrap_err();
        assert_eq!(refused("sslmod=require"), "has an unknown parameter; did you mean sslmode?");
        assert_eq!(refused("sslmode=verify_full"), "has an unknown sslmode; did you mean verify-full?");
        assert!(!refused("hunter2=hunter2").contains("hunter2"));
        let good = "sslmode=verify-full&sslrootcert=/etc/ca.pem&options[search_path]=app&application_name=x";
        assert!(DatabaseUrl::parse(&format!("postgres://host/db?{good}")).is_ok());
    }

    #[test]
    fn other_databases_and_empty_names_are_refused() {
        for text in [
            "",
            "mysql://h/db",
            "sqlite:",
            "sqlite://",
            "sqlite::memory:",
            "postgres:db",
            "postgres://user:p/w@host/db",
        ] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
        let url = DatabaseUrl::parse("sqlite:data/ashlar.db").unwrap();
        assert_eq!(url.backend(), Backend::Sqlite);
    }
}
