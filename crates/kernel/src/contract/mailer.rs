//! The laws every [`Mailer`] obeys. [`mailer_contract!`](crate::mailer_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{collections::BTreeSet, pin::Pin, sync::Arc};

use chrono::TimeDelta;
use futures::future::join_all;
use uuid::Uuid;

use crate::{MailAddress, Mailbox, Mailer, OneClick, OutgoingMail, Timestamp};

/// What arrived, as somebody else's parser understands it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrived {
    /// `Message-ID`, without angle brackets.
    pub message_id: String,
    /// `From`: name and address.
    pub from: (Option<String>, String),
    /// `To`: addresses.
    pub to: Vec<String>,
    /// `Reply-To`: the address.
    pub reply_to: Option<String>,
    /// `Subject`.
    pub subject: String,
    /// The plain text, lines ended by `\n`, without blanks at the end.
    pub text: String,
    /// The HTML, likewise.
    pub html: Option<String>,
    /// `Date`, in seconds since 1970; none where the other side sets it.
    pub date: Option<i64>,
    /// `List-Unsubscribe` and `List-Unsubscribe-Post`.
    pub unsubscribe: Option<(String, String)>,
}

/// Everything that has arrived so far.
pub type Inbox = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<Arrived>> + Send>> + Send + Sync>;

/// A mailer with an empty inbox behind it.
#[derive(Clone)]
pub struct Fixture {
    /// The mailer.
    pub mailer: Arc<dyn Mailer>,
    /// What arrived.
    pub inbox: Inbox,
}

fn mail(number: u128, subject: &str, text: &str, html: Option<&str>) -> OutgoingMail {
    let from = Mailbox::parse("Ashlar, Grüße <no-reply@example.org>").unwrap();
    let to = MailAddress::parse("ada+tag@example.net").unwrap();
    let date = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
    let draft = OutgoingMail::draft(Uuid::from_u128(number), from, to, date);
    let draft = draft.reply_to(Mailbox::parse("help@example.org").unwrap());
    draft.saying(subject, text.to_owned(), html.map(str::to_owned)).unwrap()
}

fn expected(mail: &OutgoingMail) -> Arrived {
    let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    Arrived {
        message_id: mail.message_id(),
        from: (mail.from().name().map(str::to_owned), mail.from().address().as_str().to_owned()),
        to: vec![mail.to().as_str().to_owned()],
        reply_to: mail.reply_to().map(|mailbox| mailbox.address().as_str().to_owned()),
        subject: mail.subject().to_owned(),
        text: lines(mail.text()),
        html: mail.html().map(lines),
        date: Some(mail.date().timestamp()),
        unsubscribe: mail.unsubscribe().map(|one_click| (one_click.header(), OneClick::POST.to_owned())),
    }
}

async fn arrives(fixture: &Fixture, mail: &OutgoingMail) {
    fixture.mailer.send(mail).await.unwrap();
    let arrived = (fixture.inbox)().await;
    let mut found: Vec<_> = arrived.into_iter().filter(|one| one.message_id == mail.message_id()).collect();
    assert_eq!(found.len(), 1, "{mail:?}");
    let found = found.remove(0);
    assert_eq!(found, Arrived { date: found.date.and(Some(mail.date().timestamp())), ..expected(mail) });
}

/// A message arrives as it was sent, with both its bodies.
pub async fn a_message_arrives_whole(fixture: Fixture) {
    arrives(&fixture, &mail(1, "Hello", "Hello Ada.\n\nGood-bye.\n", Some("<p>Hello <b>Ada</b>.</p>\n"))).await;
    arrives(&fixture, &mail(2, "Only text", "Nothing but text.\n", None)).await;
}

/// Letters of all languages survive, in headers and bodies.
pub async fn letters_of_all_languages_survive(fixture: Fixture) {
    let subject = "Grüße, Ζωή, 名前, 👋 ".repeat(7);
    let text = "Schöne Grüße — Ζωή — 名前 — 👋\n".repeat(40);
    arrives(&fixture, &mail(1, subject.trim(), &text, Some(&format!("<p>{text}</p>")))).await;
}

/// Lines that mean something to SMTP or MIME mean nothing here.
pub async fn lines_that_look_like_protocol_are_text(fixture: Fixture) {
    let text = "first\n.\n..\n.dot\nQUIT\n--boundary--\nFrom somebody\nSubject: none\n=3D =\nend";
    arrives(&fixture, &mail(1, "Dots", text, Some(text))).await;
    let long = "x".repeat(5_000);
    arrives(&fixture, &mail(2, "Long", &long, Some(&long))).await;
    arrives(&fixture, &mail(3, "CRLF", "one\r\ntwo\r\n", None)).await;
}

/// Who gets a letter of a list can unsubscribe by one request (RFC 8058): both headers arrive, each in one piece.
pub async fn a_letter_of_a_list_says_how_to_unsubscribe(fixture: Fixture) {
    let from = Mailbox::parse("no-reply@example.org").unwrap();
    let to = MailAddress::parse("ada@example.net").unwrap();
    for (number, rest) in [(1, "x".to_owned()), (2, "long-".repeat(40))] {
        let url = format!("https://api.example.org/api/v1/newsletter/u/u1.{rest}");
        let draft = OutgoingMail::draft(Uuid::from_u128(number), from.clone(), to.clone(), Timestamp::UNIX_EPOCH);
        let draft = draft.unsubscribed_at(OneClick::parse(&url).unwrap());
        arrives(&fixture, &draft.saying("News", "News.\n".to_owned(), None).unwrap()).await;
    }
}

/// A message that is sent again is the same message.
pub async fn a_message_sent_again_keeps_its_id(fixture: Fixture) {
    let mail = mail(1, "Again", "again", None);
    fixture.mailer.send(&mail).await.unwrap();
    fixture.mailer.send(&mail).await.unwrap();

    let ids: BTreeSet<_> = (fixture.inbox)().await.into_iter().map(|arrived| arrived.message_id).collect();
    assert_eq!(ids, BTreeSet::from([mail.message_id()]));
}

/// Messages that are sent at the same time all arrive.
pub async fn messages_sent_at_once_all_arrive(fixture: Fixture) {
    let mails: Vec<_> = (0..20).map(|number| mail(number, &format!("Number {number}"), "text", None)).collect();

    let sent = join_all(mails.iter().map(|mail| fixture.mailer.send(mail))).await;

    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let arrived: BTreeSet<_> = (fixture.inbox)().await.into_iter().map(|one| (one.message_id, one.subject)).collect();
    assert_eq!(arrived, mails.iter().map(|mail| (mail.message_id(), mail.subject().to_owned())).collect());
}

/// Makes one test of each law. The argument is the path of a function `async fn() -> Option<Fixture>`. The crate that
/// calls it needs tokio.
#[macro_export]
macro_rules! mailer_contract {
    ($fixture:path) => {
        $crate::mailer_contract!(@laws $fixture,
            a_message_arrives_whole,
            letters_of_all_languages_survive,
            lines_that_look_like_protocol_are_text,
            a_letter_of_a_list_says_how_to_unsubscribe,
            a_message_sent_again_keeps_its_id,
            messages_sent_at_once_all_arrive,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::mailer::$law(fixture).await;
                }
            }
        )+
    };
}
