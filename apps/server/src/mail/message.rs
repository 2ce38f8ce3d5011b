//! Letters of one form: a greeting, a few paragraphs, perhaps a link, and why one gets it.

use askama::Template;

use super::letter::{Language, Letter, Written};

/// A link in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// What it does.
    pub label: &'static str,
    /// Where it leads.
    pub url: String,
}

/// What a letter says in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// The subject.
    pub subject: &'static str,
    /// What it says first.
    pub before: Vec<String>,
    /// What there is to do.
    pub link: Option<Link>,
    /// What it says after that.
    pub after: Vec<String>,
    /// How to have no more such letters.
    pub stop: Option<Link>,
}

/// A letter of this form to somebody.
pub(super) struct MessageTo<F> {
    /// What they are called; nothing if we do not know.
    pub name: Option<String>,
    /// What it says in which language.
    pub message: F,
}

#[derive(Template)]
#[template(path = "mail/message.txt", escape = "none")]
struct Text<'m> {
    greeting: &'m str,
    before: &'m [String],
    link: Option<&'m Link>,
    after: &'m [String],
    stop: Option<&'m Link>,
    why: &'m str,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'m> {
    subject: &'m str,
    language: &'static str,
    greeting: &'m str,
    before: &'m [String],
    link: Option<&'m Link>,
    after: &'m [String],
    stop: Option<&'m Link>,
    why: &'m str,
}

/// The longest line of text that every reader shows whole (RFC 5322 section 2.1.1).
const LINE: usize = 76;

impl<F: Fn(Language) -> Message + Send + Sync> Letter for MessageTo<F> {
    fn write(&self, language: Language) -> Result<Written, askama::Error> {
        let why = match language {
            Language::English => "You get this message because it is about the safety of your account.",
            Language::German => "Sie erhalten diese Nachricht, weil es um die Sicherheit Ihres Kontos geht.",
        };
        write(self.name.as_deref(), &(self.message)(language), why, language)
    }
}

/// Says a message to somebody, and why they get it.
pub(super) fn write(
    name: Option<&str>,
    Message { subject, before, link, after, stop }: &Message,
    why: &str,
    language: Language,
) -> Result<Written, askama::Error> {
    let (code, hello) = match language {
        Language::English => ("en", "Hello"),
        Language::German => ("de", "Hallo"),
    };
    let greeting = name.map_or_else(|| format!("{hello},"), |name| format!("{hello} {name},"));
    let html = Html {
        subject,
        language: code,
        greeting: &greeting,
        before,
        link: link.as_ref(),
        after,
        stop: stop.as_ref(),
        why,
    };
    let lines = |paragraphs: &[String]| paragraphs.iter().map(|text| textwrap::fill(text, LINE)).collect::<Vec<_>>();
    let why_lines = textwrap::fill(why, LINE);
    let text = Text {
        greeting: &greeting,
        before: &lines(before),
        link: link.as_ref(),
        after: &lines(after),
        stop: stop.as_ref(),
        why: &why_lines,
    };
    Ok(Written { subject: (*subject).to_owned(), text: text.render()?, html: html.render()? })
}
