//! Mail by SMTP (RFC 5321, submission by RFC 6409).

use std::{fmt, time::Duration};

use ashlar_kernel::{ExposeSecret as _, MailError, Mailer, OutgoingMail, Secret};
use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    transport::smtp::{
        Error, PoolConfig,
        authentication::Credentials,
        client::{Tls as LettreTls, TlsParameters},
    },
};

use crate::message::message;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte on (`smtps:`, RFC 8314).
    Wrapped,
    /// By STARTTLS, or not at all.
    Required,
    /// By STARTTLS where the server offers it. Whoever stands between can take the offer away.
    Opportunistic,
    /// Not.
    None,
}

/// A server to hand mail to.
#[derive(Clone)]
pub struct SmtpServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// User and password.
    pub credentials: Option<(String, Secret)>,
    /// How the connection is encrypted.
    pub tls: Tls,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({}:{}, {:?})", self.host, self.port, self.tls)
    }
}

/// Connections kept open for the next message.
const CONNECTIONS: u32 = 4;
/// Servers hang up after minutes.
const IDLE: Duration = Duration::from_secs(30);

/// Hands mail to a server. Connections are kept for a while and used again.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}

impl SmtpMailer {
    /// A mailer that waits `patience` for each message at most. Nothing is connected yet.
    pub fn new(server: &SmtpServer, patience: Duration) -> Result<Self, MailError> {
        let parameters = || {
            TlsParameters::new(server.host.clone())
                .map_err(|error| MailError::Misconfigured(format!("TLS with {}: {error}", server.host)))
        };
        let tls = match server.tls {
            Tls::Wrapped => LettreTls::Wrapper(parameters()?),
            Tls::Required => LettreTls::Required(parameters()?),
            Tls::Opportunistic => LettreTls::Opportunistic(parameters()?),
            Tls::None => LettreTls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
            .port(server.port)
            .tls(tls)
            .timeout(Some(patience))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE));
        if let Some((user, password)) = &server.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { transport: builder.build(), patience })
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let message = message(mail)?;
        // The transport's own limit is for each step, of which there are many.
        match tokio::time::timeout(self.patience, self.transport.send(message)).await {
            Ok(outcome) => outcome.map(drop).map_err(|error| sorted(&error)),
            Err(_elapsed) => Err(MailError::Transient("the mail server takes too long".to_owned())),
        }
    }
}

/// What helps against an error, by its code (RFC 5321 section 4.2, RFC 4954 section 6).
fn sorted(error: &Error) -> MailError {
    let code = error.status().map(|code| code.to_string());
    let note = code.as_ref().map_or_else(|| kind_of(error).to_owned(), |code| format!("the mail server said {code}"));
    match code.as_deref() {
        Some("530" | "534" | "535" | "538") => MailError::Misconfigured(note),
        Some(code) if code.starts_with('5') => MailError::Permanent(note),
        _ if error.is_tls() || error.is_client() => MailError::Misconfigured(format!("{note}: {}", causes(error))),
        _ => MailError::Transient(format!("{note}{}", detail(error))),
    }
}

fn kind_of(error: &Error) -> &'static str {
    if error.is_timeout() {
        "the mail server takes too long"
    } else if error.is_tls() {
        "no TLS with the mail server"
    } else if error.is_client() {
        "the mail server cannot do what is asked of it"
    } else {
        "the connection to the mail server failed"
    }
}

/// Why a connection failed; what a server said may repeat an address and is left out.
fn detail(error: &Error) -> String {
    if error.status().is_some() { String::new() } else { format!(": {}", causes(error)) }
}

fn causes(error: &Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.dedup();
    causes.join(": ")
}
