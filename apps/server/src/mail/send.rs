//! The job that writes a letter and hands it over.

use std::sync::Arc;

use ashlar_identity::{Account, Identity, UserId};
use ashlar_jobs::{Backoff, Failure, Handler, Idempotence, InvalidJob, Job, NewJob};
use ashlar_kernel::{Clock, MailAddress, MailError, Mailbox, Mailer, OutgoingMail, TenantId, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::letter::{Language, Letter, SessionReuse};

/// How letters leave the house.
#[derive(Clone)]
pub struct Post {
    /// Who takes them.
    pub mailer: Arc<dyn Mailer>,
    /// Who they are from.
    pub from: Mailbox,
    /// Where links in them lead.
    pub base: String,
}

impl Post {
    /// Writes a letter and hands it over; `id` names it for good.
    pub async fn send(
        &self,
        id: Uuid,
        to: MailAddress,
        letter: &dyn Letter,
        how: (Language, Timestamp),
    ) -> Result<(), MailError> {
        let (language, now) = how;
        let unwritable = |error: &dyn std::error::Error| MailError::Permanent(format!("it cannot be written: {error}"));
        let written = letter.write(language).map_err(|error| unwritable(&error))?;
        let draft = OutgoingMail::draft(id, self.from.clone(), to, now);
        let mail = draft.saying(&written.subject, written.text, Some(written.html));
        self.mailer.send(&mail.map_err(|error| unwritable(&error))?).await
    }
}

/// What to write to whom; ids only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Errand {
    /// An old refresh token was presented.
    SessionReuse {
        /// Whose.
        user: UserId,
        /// When.
        at: Timestamp,
    },
}

/// Sends mail. The `Message-ID` is made of the job's id, so that a message that is sent again is the same message.
pub struct SendMail {
    /// How.
    pub post: Post,
    /// Who knows whom to write to.
    pub identity: Identity,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SendMail {
    /// The job that does this errand.
    pub fn job(tenant: TenantId, errand: &Errand) -> Result<NewJob, InvalidJob> {
        NewJob::new(tenant, Self::KIND, 1, errand)
    }

    fn letter(&self, errand: &Errand, account: &Account) -> impl Letter + use<> {
        match errand {
            Errand::SessionReuse { at, .. } => SessionReuse {
                name: name_of(account),
                when: at.format("%Y-%m-%d %H:%M UTC").to_string(),
                base: self.post.base.clone(),
            },
        }
    }

    fn failure(&self, error: MailError) -> Failure {
        match error {
            MailError::Permanent(note) => Failure::Permanent(note),
            MailError::RateLimited { retry_after, note } => {
                Failure::RateLimited { until: self.clock.now() + TimeDelta::seconds(retry_after.into()), note }
            }
            // An operator may have mended it by the next attempt.
            error @ (MailError::Transient(_) | MailError::Misconfigured(_)) => Failure::Transient(error.to_string()),
        }
    }
}

/// What we call somebody.
fn name_of(account: &Account) -> String {
    let display_name = account.display_name.as_ref().map(|name| name.as_str().to_owned());
    let username = || account.username.as_ref().map(|name| name.as_str().to_owned());
    display_name.or_else(username).unwrap_or_else(|| account.email.address().to_owned())
}

#[async_trait]
impl Handler for SendMail {
    const KIND: &'static str = "mail.send";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    // Ten attempts in about a day: mail servers are away for hours.
    const BACKOFF: Backoff = Backoff { base: TimeDelta::minutes(3), cap: TimeDelta::hours(6) };
    type Payload = Errand;

    async fn handle(&self, errand: Errand, job: &Job) -> Result<(), Failure> {
        let Errand::SessionReuse { user, .. } = errand;
        let account = self.identity.account_of(job.tenant(), user).await;
        let Some(account) = account.map_err(|error| Failure::Transient(error.to_string()))? else {
            tracing::info!("nobody to write to: the account is gone");
            return Ok(());
        };
        let to = MailAddress::parse(account.email.address());
        let to = to.map_err(|error| Failure::Permanent(error.to_string()))?;
        let language = Language::closest_to(account.locale.as_ref().map(ashlar_identity::Locale::as_str));
        let letter = self.letter(&errand, &account);
        let sent = self.post.send(job.id().as_uuid(), to, &letter, (language, self.clock.now())).await;
        sent.map_err(|error| self.failure(error))
    }
}
