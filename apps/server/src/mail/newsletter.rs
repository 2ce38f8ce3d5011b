//! Letters to people on mailing lists.

use std::sync::Arc;

use ashlar_jobs::{Backoff, Failure, Handler, Idempotence, InvalidJob, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, Context, EventRecord, ExposeSecret as _, MailAddress, OneClick, RequestId, TenantId};
use ashlar_leads::newsletter::{LetterKind, Newsletter, SubscriberLetter, SubscriptionId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    letter::{Language, Letter, Written},
    message::{self, Link, Message},
    send::{BACKOFF, Post, failure},
};

/// Writes to people who want letters, or no more of them.
pub struct NewsletterNotices;

const REQUESTED: &str = "leads.subscription.requested";
const LINK_REQUESTED: &str = "leads.subscription.link_requested";

impl Subscriber for NewsletterNotices {
    fn name(&self) -> &'static str {
        "newsletter"
    }

    fn wants(&self, event: &str) -> bool {
        [REQUESTED, LINK_REQUESTED].contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let letter = if event.name == LINK_REQUESTED { LetterKind::Unsubscribe } else { LetterKind::Confirm };
        let subscription = event.data.get("subscription").cloned().map(serde_json::from_value);
        let Some(Ok(subscription)) = subscription else {
            tracing::error!(event = %event.id, name = event.name, "an event names nobody to write to");
            return Vec::new();
        };
        // Who is on the list already has nothing to confirm. The answer to whoever asked was the same.
        if letter == LetterKind::Confirm && event.data["status"] != "pending" {
            return Vec::new();
        }
        let job = SendNewsletter::job(event.tenant, &ListErrand { letter, subscription });
        job.inspect_err(|error| tracing::error!(%error, "a letter makes no job")).ok().into_iter().collect()
    }
}

/// What to write to whom; ids only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListErrand {
    letter: LetterKind,
    subscription: SubscriptionId,
}

/// Sends letters to people on mailing lists. Whether there is something to write, whether the address may be written to and
/// has not been written to enough is asked when the letter is sent, and not when it was thought of.
pub struct SendNewsletter {
    /// How.
    pub post: Post,
    /// Who knows whom to write to.
    pub newsletter: Newsletter,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SendNewsletter {
    /// The job that does this errand.
    pub fn job(tenant: TenantId, errand: &ListErrand) -> Result<NewJob, InvalidJob> {
        NewJob::new(tenant, Self::KIND, 1, errand)
    }
}

#[async_trait]
impl Handler for SendNewsletter {
    const KIND: &'static str = "newsletter.send";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    const BACKOFF: Backoff = BACKOFF;
    type Payload = ListErrand;

    async fn handle(&self, errand: ListErrand, job: &Job) -> Result<(), Failure> {
        let permanent = |error: &dyn std::error::Error| Failure::Permanent(error.to_string());
        let (id, now) = (job.id().as_uuid(), self.clock.now());
        let request = RequestId::parse(&job.id().to_string()).map_err(|error| permanent(&error))?;
        let context = Context::system("newsletter", job.tenant(), request, now);
        let letter = self.newsletter.letter(&context, errand.subscription, (errand.letter, id)).await;
        let Some(letter) = letter.map_err(|error| Failure::Transient(error.to_string()))? else {
            tracing::info!("nobody to write to, nothing to say any more, or letters enough");
            return Ok(());
        };
        let to = MailAddress::parse(letter.to.address()).map_err(|error| permanent(&error))?;
        let letter = ListLetter { letter, base: &self.post.base };
        let one_click = OneClick::parse(&letter.unsubscribe_url()).map_err(|error| permanent(&error))?;
        let how = (Language::English, now);
        let sent = self.post.send_to_subscriber(id, to, &letter, (how, one_click)).await;
        sent.map_err(|error| failure(error, now))
    }
}

/// A letter to somebody on a list, or about to be. It has no other language than English.
struct ListLetter<'l> {
    letter: SubscriberLetter,
    base: &'l str,
}

impl ListLetter<'_> {
    fn unsubscribe_url(&self) -> String {
        format!("{}/api/v1/newsletter/u/{}", self.base, self.letter.unsubscribe.expose_secret())
    }
}

impl Letter for ListLetter<'_> {
    fn write(&self, language: Language) -> Result<Written, askama::Error> {
        let (list, unsubscribe) = (&self.letter.list, self.unsubscribe_url());
        let message = match &self.letter.confirm {
            Some(token) => Message {
                subject: "Please confirm your subscription",
                before: vec![format!(
                    "somebody has asked for letters of \u{201c}{list}\u{201d} to be sent to this address. If it was you, \
                     confirm it within 72 hours."
                )],
                link: Some(Link {
                    label: "Confirm subscription",
                    url: format!("{}/api/v1/newsletter/confirm?token={}", self.base, token.expose_secret()),
                }),
                after: vec![
                    "If it was not you, you need not do anything: without this link you get no letters.".to_owned(),
                ],
                stop: Some(Link { label: "Unsubscribe", url: unsubscribe }),
            },
            None => Message {
                subject: "Your link to unsubscribe",
                before: vec![format!(
                    "somebody has asked how to stop the letters of \u{201c}{list}\u{201d} to this address. If it was you, \
                     use this link."
                )],
                link: Some(Link { label: "Unsubscribe", url: unsubscribe }),
                after: vec![
                    "If it was not you, you need not do anything: nothing changes without this link.".to_owned(),
                ],
                stop: None,
            },
        };
        let why = "You get this message because somebody has typed in your address.";
        message::write(self.letter.name.as_deref(), &message, why, language)
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{Email, Secret};
    use ashlar_leads::catalogue;

    use super::*;

    fn letter(confirm: Option<&str>) -> Written {
        let letter = SubscriberLetter {
            to: Email::parse("ada@example.org").unwrap(),
            name: Some("<b>Ada</b>".to_owned()),
            list: "News & <i>more</i>".to_owned(),
            confirm: confirm.map(Secret::from),
            unsubscribe: Secret::from("u1.k.s.m"),
        };
        ListLetter { letter, base: "https://api.example.org" }.write(Language::German).unwrap()
    }

    #[test]
    fn it_waits_for_events_that_exist() {
        for name in [REQUESTED, LINK_REQUESTED] {
            assert!(catalogue::events().iter().any(|event| event.name == name), "{name}");
            assert!(NewsletterNotices.wants(name));
        }
        assert!(!NewsletterNotices.wants("leads.subscription.confirmed"));
    }

    #[test]
    fn what_people_and_lists_are_called_is_text_in_html_too() {
        let written = letter(Some("t0k"));
        assert!(
            written.text.contains("https://api.example.org/api/v1/newsletter/confirm?token=t0k"),
            "{}",
            written.text
        );
        let stop = "https://api.example.org/api/v1/newsletter/u/u1.k.s.m";
        assert!(written.text.contains(stop) && written.html.contains(stop), "{}", written.text);
        assert!(!written.html.contains("<b>Ada") && !written.html.contains("<i>more"), "{}", written.html);
        let written = letter(None);
        assert!(written.text.contains("https://api.example.org/api/v1/newsletter/u/u1.k.s.m"), "{}", written.text);
    }
}
