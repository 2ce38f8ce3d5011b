//! The job that writes a letter and hands it over.

use std::sync::Arc;

use ashlar_identity::{
    Account, ActionPurpose, ActionTokenId, Email, Identity, Locale, MailedLink, RegistrationId, UserId,
    device::DeviceId,
};
use ashlar_jobs::{Backoff, Failure, Handler, Idempotence, InvalidJob, Job, NewJob};
use ashlar_kernel::{
    Clock, Context, ExposeSecret as _, MailAddress, MailError, Mailbox, Mailer, OneClick, OutgoingMail, RequestId,
    StoreError, TenantId, Timestamp,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    letter::{Language, Letter, SessionReuse},
    message::MessageTo,
    words,
};

/// How letters leave the house.
#[derive(Clone)]
pub struct Post {
    /// Who takes them.
    pub mailer: Arc<dyn Mailer>,
    /// Who they are from.
    pub from: Mailbox,
    /// Where the product is.
    pub base: String,
    /// Below which links in them lead.
    pub pages: String,
    /// Where people look through their devices: a page of the front end, if there is one.
    pub devices: Option<String>,
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
        self.hand_over(id, to, letter, (how, None)).await
    }

    /// The same to somebody on a mailing list, who can stop such letters by one request.
    pub async fn send_to_subscriber(
        &self,
        id: Uuid,
        to: MailAddress,
        letter: &dyn Letter,
        (how, unsubscribe): ((Language, Timestamp), OneClick),
    ) -> Result<(), MailError> {
        self.hand_over(id, to, letter, (how, Some(unsubscribe))).await
    }

    async fn hand_over(
        &self,
        id: Uuid,
        to: MailAddress,
        letter: &dyn Letter,
        ((language, now), unsubscribe): ((Language, Timestamp), Option<OneClick>),
    ) -> Result<(), MailError> {
        let unwritable = |error: &dyn std::error::Error| MailError::Permanent(format!("it cannot be written: {error}"));
        let written = letter.write(language).map_err(|error| unwritable(&error))?;
        let draft = OutgoingMail::draft(id, self.from.clone(), to, now);
        let draft = match unsubscribe {
            Some(one_click) => draft.unsubscribed_at(one_click),
            None => draft,
        };
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
    /// The password is another one.
    PasswordChanged {
        /// Whose.
        user: UserId,
        /// Since when.
        at: Timestamp,
    },
    /// Somebody guesses.
    Locked {
        /// Whose password.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// Somebody who is signed in guesses.
    ProofsLocked {
        /// Whose password.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// Somebody signed in on a device that was not known.
    NewDevice {
        /// Whose account.
        user: UserId,
        /// Which.
        device: DeviceId,
        /// When.
        at: Timestamp,
    },
    /// An administrator has removed a device.
    DeviceRemoved {
        /// Whose.
        user: UserId,
        /// When.
        at: Timestamp,
    },
    /// Something about the second factor.
    SecondFactor {
        /// Whose.
        user: UserId,
        /// What.
        what: FactorNews,
        /// When.
        at: Timestamp,
    },
    /// The account is gone.
    Deleted {
        /// Whose it was.
        user: UserId,
        /// Since when.
        at: Timestamp,
    },
    /// A link to verify the address.
    VerifyEmail {
        /// Whose.
        user: UserId,
    },
    /// A link to a new password.
    ResetPassword {
        /// Whose.
        user: UserId,
    },
    /// A link to the first password of an account that was imported without one.
    SetPassword {
        /// Whose.
        user: UserId,
    },
    /// A link that exists already.
    Link {
        /// Which.
        token: ActionTokenId,
    },
    /// The answer to an attempt to open an account.
    Registration {
        /// Which.
        registration: RegistrationId,
    },
}

/// What there is to say about a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorNews {
    /// A code is asked for from now on.
    SetUp,
    /// None is asked for any more.
    GivenUp,
    /// An administrator has taken it away.
    Reset,
    /// Somebody knows the password and not the code.
    Guessed,
    /// It is time for new codes on paper.
    FewCodes,
}

/// A letter and who it is for.
struct Addressed {
    to: Email,
    locale: Option<Locale>,
    letter: Box<dyn Letter>,
}

/// Ten attempts in about a day: mail servers are away for hours.
pub(super) const BACKOFF: Backoff = Backoff { base: TimeDelta::minutes(3), cap: TimeDelta::hours(6) };

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

    /// What to write; none if there is nobody to write to any more.
    async fn letter(&self, errand: Errand, job: &Job) -> Result<Option<Addressed>, StoreError> {
        let context = self.context(job)?;
        let identity = &self.identity;
        match errand {
            Errand::SessionReuse { user, at } => {
                let base = self.post.base.clone();
                self.notice(job, user, |name| Box::new(SessionReuse { name, when: time(at), base })).await
            }
            Errand::PasswordChanged { user, at } => {
                let base = self.post.base.clone();
                let message = move |to| words::password_changed(&time(at), &base, to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::Locked { user, at } => {
                let message = move |to| words::locked(&time(at), to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::ProofsLocked { user, at } => {
                let base = self.post.base.clone();
                let message = move |to| words::proofs_locked(&time(at), &base, to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::NewDevice { user, device, at } => {
                let known = identity.device_of(job.tenant(), user, device).await?;
                let what = known.map(|known| words::device(&known)).unwrap_or_default();
                let devices = self.post.devices.clone();
                let message = move |to| words::new_device(&what, &time(at), devices.as_deref(), to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::DeviceRemoved { user, at } => {
                let base = self.post.base.clone();
                let message = move |to| words::device_removed(&time(at), &base, to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::SecondFactor { user, what, at } => {
                let message = move |to| words::second_factor(what, &time(at), to);
                self.notice(job, user, |name| Box::new(MessageTo { name: Some(name), message })).await
            }
            Errand::Deleted { user, at } => {
                // Nobody's account any more, and for a while there is still an address.
                let letter = MessageTo { name: None, message: move |to| words::deleted(&time(at), to) };
                let known = identity.last_address_of(user).await?;
                Ok(known.map(|(to, locale)| Addressed { to, locale, letter: Box::new(letter) }))
            }
            Errand::VerifyEmail { user } => self.linked(job, user, ActionPurpose::VerifyEmail).await,
            Errand::ResetPassword { user } => self.linked(job, user, ActionPurpose::ResetPassword).await,
            Errand::SetPassword { user } => self.linked(job, user, ActionPurpose::SetPassword).await,
            Errand::Link { token } => Ok(identity.link_of(&context, token).await?.map(|link| self.with_link(link))),
            Errand::Registration { registration } => {
                let link = identity.registration_letter(&context, registration, job.id().as_uuid()).await?;
                Ok(link.map(|link| self.with_link(link)))
            }
        }
    }

    /// A letter without a link to somebody who has an account.
    async fn notice(
        &self,
        job: &Job,
        user: UserId,
        letter: impl FnOnce(String) -> Box<dyn Letter> + Send,
    ) -> Result<Option<Addressed>, StoreError> {
        let account = self.identity.account_of(job.tenant(), user).await?;
        Ok(account.map(|account| {
            let letter = letter(name_of(&account));
            Addressed { to: account.email, locale: account.locale, letter }
        }))
    }

    /// A letter with a link that is made for it.
    async fn linked(&self, job: &Job, user: UserId, purpose: ActionPurpose) -> Result<Option<Addressed>, StoreError> {
        let link = self.identity.link(&self.context(job)?, user, purpose, job.id().as_uuid()).await?;
        Ok(link.map(|link| self.with_link(link)))
    }

    fn with_link(&self, link: MailedLink) -> Addressed {
        let MailedLink { to, name, locale, purpose, token } = link;
        // In the fragment, which browsers send to nobody.
        let url = format!("{}/{}#token={}", self.post.pages, words::page(purpose), token.expose_secret());
        let letter = Box::new(MessageTo { name, message: move |language| words::link(purpose, &url, language) });
        Addressed { to, locale, letter }
    }

    /// The product itself, on behalf of whom the letter is about.
    fn context(&self, job: &Job) -> Result<Context, StoreError> {
        let request = RequestId::parse(&job.id().to_string()).map_err(StoreError::internal)?;
        Ok(Context::system("mail", job.tenant(), request, self.clock.now()))
    }
}

/// What it means to a job that a letter was not taken.
pub(super) fn failure(error: MailError, now: Timestamp) -> Failure {
    match error {
        MailError::Permanent(note) => Failure::Permanent(note),
        MailError::RateLimited { retry_after, note } => {
            Failure::RateLimited { until: now + TimeDelta::seconds(retry_after.into()), note }
        }
        // An operator may have mended it by the next attempt.
        error @ (MailError::Transient(_) | MailError::Misconfigured(_)) => Failure::Transient(error.to_string()),
    }
}

/// What we call somebody.
pub(super) fn name_of(account: &Account) -> String {
    let display_name = account.display_name.as_ref().map(|name| name.as_str().to_owned());
    let username = || account.username.as_ref().map(|name| name.as_str().to_owned());
    display_name.or_else(username).unwrap_or_else(|| account.email.address().to_owned())
}

#[async_trait]
impl Handler for SendMail {
    const KIND: &'static str = "mail.send";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    const BACKOFF: Backoff = BACKOFF;
    type Payload = Errand;

    async fn handle(&self, errand: Errand, job: &Job) -> Result<(), Failure> {
        let addressed = self.letter(errand, job).await;
        let Some(addressed) = addressed.map_err(|error| Failure::Transient(error.to_string()))? else {
            tracing::info!("nobody to write to, or nothing to say any more");
            return Ok(());
        };
        let to = MailAddress::parse(addressed.to.address());
        let to = to.map_err(|error| Failure::Permanent(error.to_string()))?;
        let language = Language::closest_to(addressed.locale.as_ref().map(Locale::as_str));
        let sent = self.post.send(job.id().as_uuid(), to, &*addressed.letter, (language, self.clock.now())).await;
        sent.map_err(|error| failure(error, self.clock.now()))
    }
}

/// As people read it.
pub(super) fn time(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
