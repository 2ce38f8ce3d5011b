//! A letter to staff for each message of the contact page.

use std::sync::Arc;

use ashlar_jobs::{Failure, Handler, Idempotence, Job, NewJob, Subscriber};
use ashlar_kernel::{Clock, EventRecord, MailAddress, TenantId};
use ashlar_leads::{ContactId, ContactMessage, Leads};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    letter::{Language, Letter, Written},
    message::{self, Message},
    send::{BACKOFF, Post, failure},
};

const RECEIVED: &str = "leads.contact.received";

/// Tells staff of messages, if they want it.
pub struct ContactNotices {
    /// Whether there is an address to tell.
    pub are_wanted: bool,
}

impl Subscriber for ContactNotices {
    fn name(&self) -> &'static str {
        "contact"
    }

    fn wants(&self, event: &str) -> bool {
        self.are_wanted && event == RECEIVED
    }

    /// The address is the installation's, and the messages of other tenants are none of its business.
    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        if event.tenant != TenantId::MAIN {
            return Vec::new();
        }
        let contact = event.data.get("contact").cloned().map(serde_json::from_value);
        let Some(Ok(contact)) = contact else {
            tracing::error!(event = %event.id, name = event.name, "an event names no message");
            return Vec::new();
        };
        let job = NewJob::new(event.tenant, TellStaff::KIND, 1, &ContactErrand { contact });
        job.inspect_err(|error| tracing::error!(%error, "a letter makes no job")).ok().into_iter().collect()
    }
}

/// Of which message to tell; its id only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContactErrand {
    contact: ContactId,
}

/// Sends the letter.
pub struct TellStaff {
    /// How.
    pub post: Post,
    /// Who keeps the messages.
    pub leads: Leads,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where to; nowhere if none.
    pub to: Option<MailAddress>,
}

#[async_trait]
impl Handler for TellStaff {
    const KIND: &'static str = "contact.tell";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    const BACKOFF: ashlar_jobs::Backoff = BACKOFF;
    type Payload = ContactErrand;

    async fn handle(&self, errand: ContactErrand, job: &Job) -> Result<(), Failure> {
        let found = self.leads.contact_to_tell(job.tenant(), errand.contact).await;
        let found = found.map_err(|error| Failure::Transient(error.to_string()))?;
        let (Some(contact), Some(to)) = (found, self.to.clone()) else {
            tracing::info!("nobody to write to, or nothing to say any more");
            return Ok(());
        };
        let how = (Language::English, self.clock.now());
        let sent = self.post.send(job.id().as_uuid(), to, &ContactLetter(&contact), how).await;
        sent.map_err(|error| failure(error, self.clock.now()))
    }
}

/// What staff are told. It has no other language than English.
struct ContactLetter<'m>(&'m ContactMessage);

impl Letter for ContactLetter<'_> {
    fn write(&self, language: Language) -> Result<Written, askama::Error> {
        let letter = self.0.letter();
        let who = format!("From: {} ({})", letter.name.as_str(), letter.email.address());
        let phone = letter.phone.as_ref().map(|phone| format!("Telephone: {}", phone.given()));
        let about = format!("About: {}", letter.subject.as_str());
        let before =
            [Some("somebody has written to you by the contact page.".to_owned()), Some(who), phone, Some(about)];
        let message = Message {
            subject: "A message from the contact page",
            before: before.into_iter().flatten().collect(),
            link: None,
            after: letter.message.as_str().lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect(),
            stop: None,
        };
        let why = "You get this message because your address is set as the one for the contact page. Answer to the address above.";
        message::write(None, &message, why, language)
    }
}
