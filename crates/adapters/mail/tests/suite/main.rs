//! The laws of mail on a folder, on an SMTP server and on a stand-in for SendGrid; and what happens when they fail.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod folder;
mod script;
mod sendgrid;
mod smtp;

use std::time::Duration;

use ashlar_kernel::{MailAddress, Mailbox, OutgoingMail, Timestamp, contract::mailer::Arrived};
use mail_parser::MessageParser;
use uuid::Uuid;

/// Short, so that servers that say nothing cost little.
const PATIENCE: Duration = Duration::from_secs(2);

/// A message of no interest.
fn mail() -> OutgoingMail {
    let from = Mailbox::parse("Ashlar <no-reply@example.org>").unwrap();
    let to = MailAddress::parse("ada@example.net").unwrap();
    let draft = OutgoingMail::draft(Uuid::from_u128(7), from, to, Timestamp::UNIX_EPOCH);
    draft.saying("Hello", "Hello Ada.\n".to_owned(), Some("<p>Hello Ada.</p>".to_owned())).unwrap()
}

/// What a message says, as read by a parser that is not ours.
fn read(raw: &[u8]) -> Arrived {
    let message = MessageParser::default().parse(raw).unwrap_or_else(|| panic!("no message: {raw:?}"));
    let addresses = |list: Option<&mail_parser::Address<'_>>| -> Vec<(Option<String>, String)> {
        let each = list.into_iter().flat_map(|list| list.iter());
        each.map(|one| (one.name().map(str::to_owned), one.address().unwrap().to_owned())).collect()
    };
    let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    let html = message.html_part(0).filter(|part| part.is_text_html());
    let header = |name: &str| message.header_raw(name).map(|text| text.trim().to_owned());
    assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
    Arrived {
        message_id: message.message_id().unwrap().to_owned(),
        from: addresses(message.from()).remove(0),
        to: addresses(message.to()).into_iter().map(|(_, address)| address).collect(),
        reply_to: addresses(message.reply_to()).pop().map(|(_, address)| address),
        subject: message.subject().unwrap().to_owned(),
        text: lines(&message.body_text(0).unwrap()),
        html: html.and_then(|part| part.text_contents()).map(lines),
        date: message.date().map(mail_parser::DateTime::to_timestamp),
        unsubscribe: header("List-Unsubscribe").zip(header("List-Unsubscribe-Post")),
    }
}
