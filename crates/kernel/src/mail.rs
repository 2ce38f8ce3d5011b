//! Mail: a message that is valid by construction, and the port that sends it.

use std::fmt;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Timestamp;

/// Where mail goes: `local@domain`, at most 254 bytes (RFC 5321), ASCII before the at sign, a domain in A-labels.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

/// What a message cannot be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMail {
    /// Not an address mail can be sent to.
    #[error("not an e-mail address")]
    Address,
    /// A display name of more than 128 characters, or with control characters.
    #[error("a display name has at most 128 characters and no control characters")]
    Name,
    /// A subject that is empty, longer than 200 characters, or has control characters such as line breaks.
    #[error("a subject has 1 to 200 characters and no line breaks")]
    Subject,
    /// Not an address of the web, or more than 900 visible ASCII characters.
    #[error("a link to unsubscribe is an http address of at most 900 visible ASCII characters")]
    Unsubscribe,
    /// A text of more than 1 MiB.
    #[error("a text has at most 1 MiB")]
    Text,
}

impl MailAddress {
    /// Reads an address. International domains become A-labels, which every server understands.
    pub fn parse(text: &str) -> Result<Self, InvalidMail> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidMail::Address)?;
        let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        let is_local = (1..=64).contains(&local.len()) && local.bytes().all(is_atext) && !dots;
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_not_a_host| InvalidMail::Address)?;
        let address = format!("{local}@{domain}");
        if is_local && !domain.is_empty() && address.len() <= 254 {
            Ok(Self(address))
        } else {
            Err(InvalidMail::Address)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the at sign.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Addresses are personal data, and do not belong into logs.
impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailAddress(..@{})", self.domain())
    }
}

/// An address with a name people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: MailAddress,
}

impl Mailbox {
    /// A mailbox without a name.
    pub const fn bare(address: MailAddress) -> Self {
        Self { name: None, address }
    }

    /// A mailbox with a name.
    pub fn named(name: &str, address: MailAddress) -> Result<Self, InvalidMail> {
        let name = name.trim();
        if name.chars().count() > 128 || name.chars().any(char::is_control) {
            return Err(InvalidMail::Name);
        }
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address })
    }

    /// Reads `ada@example.org` or `Ada <ada@example.org>`.
    pub fn parse(text: &str) -> Result<Self, InvalidMail> {
        match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => Self::named(name.trim().trim_matches('"'), MailAddress::parse(address.trim())?),
            None => Ok(Self::bare(MailAddress::parse(text.trim())?)),
        }
    }

    /// The name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    pub const fn address(&self) -> &MailAddress {
        &self.address
    }
}

/// Where one request unsubscribes whoever gets a letter: `List-Unsubscribe` with `List-Unsubscribe-Post` (RFC 8058).
#[derive(Clone, PartialEq, Eq)]
pub struct OneClick(String);

impl OneClick {
    /// What `List-Unsubscribe-Post` says.
    pub const POST: &'static str = "List-Unsubscribe=One-Click";

    /// Reads an address. The standard asks for https; who serves by http on a machine of their own may have less.
    pub fn parse(url: &str) -> Result<Self, InvalidMail> {
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        let is_visible = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,\"".contains(&byte));
        // A line of a message has 998 characters at most (RFC 5322 section 2.1.1).
        if is_web && is_visible && url.len() <= 900 { Ok(Self(url.to_owned())) } else { Err(InvalidMail::Unsubscribe) }
    }

    /// What `List-Unsubscribe` says: the address in angle brackets.
    pub fn header(&self) -> String {
        format!("<{}>", self.0)
    }
}

/// Who has the address can unsubscribe somebody.
impl fmt::Debug for OneClick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneClick(..)")
    }
}

/// The largest body, in bytes.
const TEXT_MAX: usize = 1024 * 1024;

/// A message to one recipient. Its parts cannot break out of their headers: line breaks and other control characters
/// are refused where the parts are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingMail {
    id: Uuid,
    from: Mailbox,
    to: MailAddress,
    reply_to: Option<Mailbox>,
    subject: String,
    text: String,
    html: Option<String>,
    date: Timestamp,
    unsubscribe: Option<OneClick>,
}

impl OutgoingMail {
    /// A message. `id` is that of the job that sends it: an attempt that is repeated sends the same message, and who
    /// gets it twice can tell.
    pub fn draft(id: Uuid, from: Mailbox, to: MailAddress, date: Timestamp) -> MailDraft {
        MailDraft { id, from, to, date, reply_to: None, unsubscribe: None }
    }

    /// `Message-ID`, without angle brackets: the id, at the sender's domain.
    pub fn message_id(&self) -> String {
        format!("{}@{}", self.id, self.from.address().domain())
    }

    /// The id of the job.
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// `From`.
    pub const fn from(&self) -> &Mailbox {
        &self.from
    }

    /// `To`.
    pub const fn to(&self) -> &MailAddress {
        &self.to
    }

    /// `Reply-To`.
    pub const fn reply_to(&self) -> Option<&Mailbox> {
        self.reply_to.as_ref()
    }

    /// `Subject`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What people without HTML read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same as HTML.
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }

    /// `List-Unsubscribe` and `List-Unsubscribe-Post`.
    pub const fn unsubscribe(&self) -> Option<&OneClick> {
        self.unsubscribe.as_ref()
    }

    /// `Date`.
    pub const fn date(&self) -> Timestamp {
        self.date
    }
}

/// A message that lacks what it says.
#[derive(Debug, Clone)]
pub struct MailDraft {
    id: Uuid,
    from: Mailbox,
    to: MailAddress,
    date: Timestamp,
    reply_to: Option<Mailbox>,
    unsubscribe: Option<OneClick>,
}

impl MailDraft {
    /// Answers go there, and not to the sender.
    #[must_use]
    pub fn reply_to(self, mailbox: Mailbox) -> Self {
        Self { reply_to: Some(mailbox), ..self }
    }

    /// Whoever gets it can unsubscribe there by one request.
    #[must_use]
    pub fn unsubscribed_at(self, one_click: OneClick) -> Self {
        Self { unsubscribe: Some(one_click), ..self }
    }

    /// What it says.
    pub fn saying(self, subject: &str, text: String, html: Option<String>) -> Result<OutgoingMail, InvalidMail> {
        let subject = subject.trim();
        if !(1..=200).contains(&subject.chars().count()) || subject.chars().any(char::is_control) {
            return Err(InvalidMail::Subject);
        }
        if text.len() > TEXT_MAX || html.as_ref().is_some_and(|html| html.len() > TEXT_MAX) {
            return Err(InvalidMail::Text);
        }
        let Self { id, from, to, date, reply_to, unsubscribe } = self;
        Ok(OutgoingMail { id, from, to, reply_to, subject: subject.to_owned(), text, html, date, unsubscribe })
    }
}

/// Why a message was not taken. The texts are for operators and name no person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may be taken later.
    #[error("mail cannot be sent at present: {0}")]
    Transient(String),
    /// The other side will listen again after so many seconds.
    #[error("mail is sent too fast: {note}")]
    RateLimited {
        /// How long to wait.
        retry_after: u32,
        /// What it said.
        note: String,
    },
    /// This message will never be taken.
    #[error("this mail is refused: {0}")]
    Permanent(String),
    /// No message will be taken until an operator changes something: credentials, sender, address of the server.
    #[error("mail is not configured rightly: {0}")]
    Misconfigured(String),
}

/// Sends mail. It is called from jobs only: the other side may take its time.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands a message over. A message may be handed over again; it keeps its `Message-ID`.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_cannot_carry_anything_else() {
        let parsed = |text: &str| MailAddress::parse(text).map(|address| address.as_str().to_owned());
        assert_eq!(parsed("ada+x@example.org"), Ok("ada+x@example.org".to_owned()));
        assert_eq!(parsed("ada@b\u{fc}cher.example"), Ok("ada@xn--bcher-kva.example".to_owned()));
        for bad in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada\r\n@example.org",
            "<ada@example.org>",
            "a..b@example.org",
            ".a@example.org",
            "\u{e9}@example.org",
            "ada@example.org, eve@example.org",
            &format!("{}@example.org", "a".repeat(65)),
        ] {
            assert_eq!(parsed(bad), Err(InvalidMail::Address), "{bad:?}");
        }
    }

    #[test]
    fn mailboxes_have_names() {
        let named = Mailbox::parse("\"Ashlar, Inc.\" <no-reply@example.org>").unwrap();
        assert_eq!((named.name(), named.address().as_str()), (Some("Ashlar, Inc."), "no-reply@example.org"));
        assert_eq!(Mailbox::parse("no-reply@example.org").unwrap().name(), None);
        assert_eq!(Mailbox::parse("A\r\nBcc: e <a@example.org>"), Err(InvalidMail::Name));
        assert_eq!(Mailbox::parse("Ashlar"), Err(InvalidMail::Address));
    }

    #[test]
    fn a_subject_is_one_line() {
        let draft = || {
            let from = Mailbox::parse("a@example.org").unwrap();
            OutgoingMail::draft(Uuid::nil(), from, MailAddress::parse("b@example.org").unwrap(), Timestamp::UNIX_EPOCH)
        };
        for bad in ["", "  ", "a\nb", "a\r\nBcc: c@example.org", &"x".repeat(201)] {
            assert_eq!(draft().saying(bad, String::new(), None), Err(InvalidMail::Subject), "{bad:?}");
        }
        assert_eq!(draft().saying("Hi", "x".repeat(TEXT_MAX + 1), None), Err(InvalidMail::Text));
        let mail = draft().saying(" Grüße ", String::new(), None).unwrap();
        assert_eq!(
            (mail.subject(), mail.message_id().as_str()),
            ("Grüße", "00000000-0000-0000-0000-000000000000@example.org")
        );
    }

    #[test]
    fn an_address_to_unsubscribe_cannot_carry_anything_else() {
        let good = OneClick::parse("https://example.org/u/u1.a.b").unwrap();
        assert_eq!(
            (good.header().as_str(), format!("{good:?}").as_str()),
            ("<https://example.org/u/u1.a.b>", "OneClick(..)")
        );
        let long = format!("https://example.org/{}", "x".repeat(900));
        for bad in ["", "mailto:a@example.org", "https://a b", "https://a\r\nBcc: b", "https://a>,<b", long.as_str()] {
            assert_eq!(OneClick::parse(bad), Err(InvalidMail::Unsubscribe), "{bad:?}");
        }
    }

    #[test]
    fn addresses_stay_out_of_logs() {
        let address = MailAddress::parse("ada@example.org").unwrap();
        assert_eq!(format!("{address:?}"), "MailAddress(..@example.org)");
    }
}
