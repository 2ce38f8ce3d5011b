//! A message in the form of RFC 5322 and MIME.

use ashlar_kernel::{MailError, Mailbox, OneClick, OutgoingMail};
use lettre::{
    Address, Message,
    message::{
        Mailbox as LettreMailbox, MultiPart, SinglePart,
        header::{Header, HeaderName, HeaderValue},
    },
};

/// Nobody's holiday notice should answer to it (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// How to unsubscribe by one request (RFC 8058): the first says where, the second that a request will do.
///
/// Written as it is: an address is one word, which no line may be folded in.
macro_rules! plain_header {
    ($header:ident, $name:literal) => {
        #[derive(Clone)]
        struct $header(String);

        impl Header for $header {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self(text.to_owned()))
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), self.0.clone())
            }
        }
    };
}

plain_header!(ListUnsubscribe, "List-Unsubscribe");
plain_header!(ListUnsubscribePost, "List-Unsubscribe-Post");

pub(crate) fn message(mail: &OutgoingMail) -> Result<Message, MailError> {
    let refused = |error: &dyn std::error::Error| MailError::Permanent(format!("it cannot be written: {error}"));
    let to = address(mail.to().as_str())?;
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}>", mail.message_id())))
        .date(mail.date().into())
        .from(mailbox(mail.from())?)
        .to(LettreMailbox::new(None, to))
        .subject(mail.subject())
        .header(AutoSubmitted);
    if let Some(reply_to) = mail.reply_to() {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    if let Some(one_click) = mail.unsubscribe() {
        builder = builder.header(ListUnsubscribe(one_click.header()));
        builder = builder.header(ListUnsubscribePost(OneClick::POST.to_owned()));
    }
    let text = SinglePart::plain(mail.text().to_owned());
    let message = match mail.html() {
        Some(html) => {
            let html = SinglePart::html(html.to_owned());
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
        }
        None => builder.singlepart(text),
    };
    message.map_err(|error| refused(&error))
}

fn mailbox(mailbox: &Mailbox) -> Result<LettreMailbox, MailError> {
    Ok(LettreMailbox::new(mailbox.name().map(str::to_owned), address(mailbox.address().as_str())?))
}

fn address(text: &str) -> Result<Address, MailError> {
    // Its message repeats the address.
    text.parse().map_err(|_address| MailError::Permanent("the address is none".to_owned()))
}
