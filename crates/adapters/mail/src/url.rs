//! Where mail goes out, as one line of configuration.

use std::{fmt, path::PathBuf};

use ashlar_kernel::Secret;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::smtp::{SmtpServer, Tls};

/// `file:<folder>`, `smtp://user:password@host:587`, `smtps://user:password@host:465` or `sendgrid://<key>@<host>`.
#[derive(Clone)]
pub enum MailUrl {
    /// A folder that gets an `.eml` file for each message.
    File(PathBuf),
    /// A server that speaks SMTP.
    Smtp(SmtpServer),
    /// SendGrid's API, version 3.
    SendGrid {
        /// `api.sendgrid.com` or `api.eu.sendgrid.com`.
        host: String,
        /// The API key.
        key: Secret,
    },
}

/// Why a text is no [`MailUrl`]. Never repeats the text, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMailUrl {
    /// Not a URL.
    #[error("is not a URL")]
    Syntax,
    /// Another scheme.
    #[error("is none of file:, smtp://, smtps:// and sendgrid://")]
    Scheme,
    /// No folder.
    #[error("names no folder")]
    Folder,
    /// No host.
    #[error("names no host")]
    Host,
    /// A user without a password or the other way round.
    #[error("has a user without a password, or a password without a user")]
    Credentials,
    /// SendGrid without a key.
    #[error("has no API key before the @")]
    Key,
    /// A parameter nobody knows.
    #[error("has a parameter other than tls=required, tls=opportunistic or tls=none")]
    Parameter,
    /// A path or fragment.
    #[error("has a path or fragment after the host")]
    Rest,
}

impl MailUrl {
    /// Reads a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidMailUrl> {
        let text = text.trim();
        if let Some(folder) = text.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return if folder.is_empty() { Err(InvalidMailUrl::Folder) } else { Ok(Self::File(folder.into())) };
        }
        let url = Url::parse(text).map_err(|_syntax| InvalidMailUrl::Syntax)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(InvalidMailUrl::Rest);
        }
        match url.scheme() {
            "smtp" => smtp(&url, None).map(Self::Smtp),
            "smtps" => smtp(&url, Some(Tls::Wrapped)).map(Self::Smtp),
            "sendgrid" => sendgrid(&url),
            _ => Err(InvalidMailUrl::Scheme),
        }
    }
}

fn smtp(url: &Url, tls: Option<Tls>) -> Result<SmtpServer, InvalidMailUrl> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidMailUrl::Host)?.to_owned();
    let credentials = match (decoded(url.username())?, url.password().map(decoded).transpose()?) {
        (user, Some(password)) if !user.is_empty() => Some((user, Secret::from(password))),
        (user, None) if user.is_empty() => None,
        _ => return Err(InvalidMailUrl::Credentials),
    };
    let mut chosen = None;
    for (name, value) in url.query_pairs() {
        chosen = Some(match (&*name, &*value) {
            ("tls", "required") => Tls::Required,
            ("tls", "opportunistic") => Tls::Opportunistic,
            ("tls", "none") => Tls::None,
            _ => return Err(InvalidMailUrl::Parameter),
        });
    }
    let tls = match (tls, chosen) {
        (Some(wrapped), None) => wrapped,
        (Some(_), Some(_)) => return Err(InvalidMailUrl::Parameter),
        (None, Some(chosen)) => chosen,
        // Nobody listens in on a machine's talk with itself.
        (None, None) if is_loopback(&host) => Tls::None,
        (None, None) => Tls::Required,
    };
    let port = url.port().unwrap_or(if tls == Tls::Wrapped { 465 } else { 587 });
    Ok(SmtpServer { host, port, credentials, tls })
}

fn sendgrid(url: &Url) -> Result<MailUrl, InvalidMailUrl> {
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidMailUrl::Host)?;
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let key = decoded(url.username())?;
    if key.is_empty() || url.password().is_some() {
        return Err(InvalidMailUrl::Key);
    }
    if url.query().is_some() {
        return Err(InvalidMailUrl::Parameter);
    }
    Ok(MailUrl::SendGrid { host, key: Secret::from(key) })
}

fn decoded(text: &str) -> Result<String, InvalidMailUrl> {
    percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_not_utf8| InvalidMailUrl::Syntax)
}

fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(ip)) => ip.is_loopback(),
        Ok(Host::Ipv6(ip)) => ip.is_loopback(),
        Err(_) => false,
    }
}

impl fmt::Display for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(folder) => write!(f, "file:{}", folder.display()),
            Self::Smtp(server) => {
                let scheme = if server.tls == Tls::Wrapped { "smtps" } else { "smtp" };
                write!(f, "{scheme}://{}:{}", server.host, server.port)
            }
            Self::SendGrid { host, .. } => write!(f, "sendgrid://{host}"),
        }
    }
}

impl fmt::Debug for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::ExposeSecret as _;

    use super::*;

    fn server(text: &str) -> SmtpServer {
        match MailUrl::parse(text) {
            Ok(MailUrl::Smtp(server)) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mail_is_encrypted_unless_it_stays_on_the_machine_or_somebody_says_so() {
        let tls = |text| (server(text).tls, server(text).port);
        assert_eq!(tls("smtp://smtp.example.org"), (Tls::Required, 587));
        assert_eq!(tls("smtps://smtp.example.org"), (Tls::Wrapped, 465));
        assert_eq!(tls("smtp://127.0.0.1:2525"), (Tls::None, 2525));
        assert_eq!(tls("smtp://[::1]"), (Tls::None, 587));
        assert_eq!(tls("smtp://localhost?tls=required"), (Tls::Required, 587));
        assert_eq!(tls("smtp://mail.internal:25?tls=none"), (Tls::None, 25));
        assert_eq!(tls("smtp://mail.internal?tls=opportunistic"), (Tls::Opportunistic, 587));
    }

    #[test]
    fn credentials_are_decoded_and_not_shown() {
        let url = MailUrl::parse("smtp://ada%40example.org:s%3Acret%2F@smtp.example.org").unwrap();
        let MailUrl::Smtp(server) = &url else { panic!("{url:?}") };
        let (user, password) = server.credentials.clone().unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("ada@example.org", "s:cret/"));
        let url = format!("{url} {url:?} {:?}", MailUrl::parse("sendgrid://SG.key@api.sendgrid.com").unwrap());
        assert!(!url.contains("cret") && !url.contains("SG.key") && !url.contains("ada"), "{url}");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (text, why) in [
            ("", InvalidMailUrl::Syntax),
            ("mail", InvalidMailUrl::Syntax),
            ("http://example.org", InvalidMailUrl::Scheme),
            ("file:", InvalidMailUrl::Folder),
            ("smtp://", InvalidMailUrl::Host),
            ("smtp://ada@example.org", InvalidMailUrl::Credentials),
            ("smtp://example.org?tls=maybe", InvalidMailUrl::Parameter),
            ("smtps://example.org?tls=none", InvalidMailUrl::Parameter),
            ("smtp://example.org/inbox", InvalidMailUrl::Rest),
            ("sendgrid://api.sendgrid.com", InvalidMailUrl::Key),
        ] {
            assert_eq!(MailUrl::parse(text).err(), Some(why), "{text:?}");
        }
    }
}
