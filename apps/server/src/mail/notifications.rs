//! Letters to administrators about what needs attention now.
//!
//! Something critical that begins leads to a job that decides, once, who is written to; the event of that decision leads to a
//! letter for each. So nobody gets two letters about one thing, wherever a process ends.

use std::sync::Arc;

use ashlar_admin::{Notification, NotificationId, Notifications, Readers, Severity};
use ashlar_identity::{Identity, Locale, UserId};
use ashlar_jobs::{Failure, Handler, Idempotence, InvalidJob, Job, NewJob, Subscriber, scrub};
use ashlar_kernel::{Clock, EventRecord, Id, MailAddress, StoreError, TenantId};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    letter::{Language, Letter, Written},
    message::{self, Link, Message},
    send::{BACKOFF, Post, failure, name_of, time},
};
use crate::{config::NotificationRoute, work::context_of};

const RAISED: &str = "admin.notification.raised";
const ANNOUNCED: &str = "admin.notification.announced";

/// Hears of what is critical, and of who is to be written to.
pub struct NotificationNotices {
    /// Whether anybody is.
    pub are_wanted: bool,
}

impl Subscriber for NotificationNotices {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn wants(&self, event: &str) -> bool {
        self.are_wanted && [RAISED, ANNOUNCED].contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let Some(jobs) = jobs(event) else {
            tracing::error!(event = %event.id, name = event.name, "an event names no notification");
            return Vec::new();
        };
        jobs.into_iter()
            .filter_map(|job| job.inspect_err(|error| tracing::error!(%error, "a letter makes no job")).ok())
            .collect()
    }
}

/// What follows from an event; none if it does not say what it should.
fn jobs(event: &EventRecord) -> Option<Vec<Result<NewJob, InvalidJob>>> {
    let notification: NotificationId = event.targets.first()?.id.parse().ok()?;
    if event.name == RAISED {
        let is_critical = event.data.get("severity")?.as_str()? == Severity::Critical.as_str();
        let job = || NewJob::new(event.tenant, TellAdministrators::KIND, 1, &Which { notification });
        return Some(is_critical.then(job).into_iter().collect());
    }
    let people: Vec<UserId> = serde_json::from_value(event.data.get("people")?.clone()).ok()?;
    let address = event.data.get("address")?.as_bool()?;
    let readers = people.into_iter().map(Some).chain(address.then_some(None));
    let letter = |person: Option<UserId>| {
        let job = NewJob::new(event.tenant, SendNotification::KIND, 1, &LetterTo { notification, person })?;
        // One whose mailbox is away keeps nobody else waiting.
        let name = person.map_or_else(|| "address".to_owned(), |person| person.to_string());
        job.in_turn(format!("notifications/{notification}/{name}"))
    };
    Some(readers.map(letter).collect())
}

/// Of which notification; its id only.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Which {
    notification: NotificationId,
}

/// Decides who is written to.
pub struct TellAdministrators {
    /// What needs attention.
    pub notifications: Notifications,
    /// Who administers.
    pub identity: Identity,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is written to.
    pub route: NotificationRoute,
}

impl TellAdministrators {
    /// The address is the installation's, and what concerns other tenants is none of its business.
    async fn readers(&self, tenant: TenantId) -> Result<Option<Readers>, StoreError> {
        Ok(match &self.route {
            NotificationRoute::Nobody => None,
            NotificationRoute::Address(_) if tenant == TenantId::MAIN => {
                Some(Readers { people: Vec::new(), address: true })
            }
            NotificationRoute::Address(_) | NotificationRoute::Administrators => {
                let people = self.identity.administrators(tenant, Notifications::READERS).await?;
                Some(Readers { people: people.iter().map(Id::as_uuid).collect(), address: false })
            }
        })
    }
}

#[async_trait]
impl Handler for TellAdministrators {
    const KIND: &'static str = "notification.tell";
    const IDEMPOTENCE: Idempotence = Idempotence::CompareAndSet("notification.announced_at is null");
    type Payload = Which;

    async fn handle(&self, Which { notification }: Which, job: &Job) -> Result<(), Failure> {
        let transient = |error: StoreError| Failure::Transient(error.to_string());
        let context = context_of(job, "notifications", self.clock.now())?;
        if let Some(readers) = self.readers(job.tenant()).await.map_err(transient)? {
            self.notifications.announce(&context, notification, readers).await.map_err(transient)?;
        }
        Ok(())
    }
}

/// About which notification, and to whom; ids only.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct LetterTo {
    notification: NotificationId,
    /// An administrator; the address of the installation if none.
    person: Option<UserId>,
}

/// Sends one letter.
pub struct SendNotification {
    /// How.
    pub post: Post,
    /// What needs attention.
    pub notifications: Notifications,
    /// Who administers.
    pub identity: Identity,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who is written to.
    pub route: NotificationRoute,
}

/// Who a letter is for.
struct Reader {
    to: String,
    name: Option<String>,
    language: Language,
}

impl SendNotification {
    /// Who it is for; none if they administer nothing any more, or letters are not wanted any more.
    async fn reader(&self, tenant: TenantId, person: Option<UserId>) -> Result<Option<Reader>, StoreError> {
        let Some(person) = person else {
            let NotificationRoute::Address(to) = &self.route else { return Ok(None) };
            return Ok(Some(Reader { to: to.as_str().to_owned(), name: None, language: Language::English }));
        };
        let account = self.identity.administrator(tenant, person).await?;
        Ok(account.filter(|_| self.route != NotificationRoute::Nobody).map(|account| Reader {
            to: account.email.address().to_owned(),
            name: Some(name_of(&account)),
            language: Language::closest_to(account.locale.as_ref().map(Locale::as_str)),
        }))
    }
}

#[async_trait]
impl Handler for SendNotification {
    const KIND: &'static str = "notification.mail";
    const IDEMPOTENCE: Idempotence = Idempotence::RemoteKey;
    const BACKOFF: ashlar_jobs::Backoff = BACKOFF;
    type Payload = LetterTo;

    async fn handle(&self, LetterTo { notification, person }: LetterTo, job: &Job) -> Result<(), Failure> {
        let transient = |error: StoreError| Failure::Transient(error.to_string());
        let context = context_of(job, "mail", self.clock.now())?;
        let reader = self.reader(job.tenant(), person).await.map_err(transient)?;
        let about = self.notifications.to_tell(&context, notification).await.map_err(transient)?;
        let (Some(reader), Some(about)) = (reader, about) else {
            tracing::info!("nobody to write to, or nothing to say any more");
            return Ok(());
        };
        let to = MailAddress::parse(&reader.to).map_err(|error| Failure::Permanent(error.to_string()))?;
        let letter = NotificationLetter { about: &about, name: reader.name.as_deref(), base: &self.post.base };
        let sent = self.post.send(job.id().as_uuid(), to, &letter, (reader.language, context.now)).await;
        sent.map_err(|error| failure(error, context.now))
    }
}

/// What somebody is told: what the program itself says of it, and where to look.
struct NotificationLetter<'n> {
    about: &'n Notification,
    name: Option<&'n str>,
    base: &'n str,
}

impl Letter for NotificationLetter<'_> {
    fn write(&self, language: Language) -> Result<Written, askama::Error> {
        let why = match (language, self.name) {
            (Language::English, Some(_)) => "You get this message because you are an administrator.",
            (Language::English, None) => {
                "You get this message because your address is set as the one for notifications."
            }
            (Language::German, _) => "Sie erhalten diese Nachricht, weil Sie Administrator sind.",
        };
        message::write(self.name, &self.message(language), why, language)
    }
}

impl NotificationLetter<'_> {
    fn message(&self, language: Language) -> Message {
        let row = self.about.row();
        // Both are the program's own words. Should they ever hold more, it does not leave the house.
        let (title, key) = (scrub(&row.title), scrub(&row.dedupe_key));
        let (since, until) = (time(row.first_at), row.resolved_at.map(time));
        let (subject, first, since, label, after) = match language {
            Language::English => (
                "Something needs your attention now",
                "something critical was noticed:",
                match until {
                    None => format!("It was noticed at {since}."),
                    Some(until) => format!("It was noticed at {since}, and is over since {until}."),
                },
                "See what is the matter",
                format!(
                    "It is called {key} in the list of notifications. Say there that you look after it; it is resolved by itself when it is over."
                ),
            ),
            Language::German => (
                "Etwas braucht jetzt Ihre Aufmerksamkeit",
                "etwas Kritisches ist aufgefallen:",
                match until {
                    None => format!("Aufgefallen ist es am {since}."),
                    Some(until) => format!("Aufgefallen ist es am {since}, und seit {until} ist es vorbei."),
                },
                "Nachsehen, was los ist",
                format!(
                    "In der Liste der Meldungen heißt es {key}. Sagen Sie dort, dass Sie sich kümmern; wenn es vorbei ist, erledigt es sich von selbst."
                ),
            ),
        };
        Message {
            subject,
            before: vec![first.to_owned(), title, since],
            link: Some(Link { label, url: format!("{}/api/v1/admin/notifications?severity=critical", self.base) }),
            after: vec![after],
            stop: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use ashlar_admin::NotificationRow;
    use ashlar_kernel::{Target, Timestamp};
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn event(name: &str, data: Value) -> EventRecord {
        let targets = vec![Target::new("notification", Uuid::from_u128(2))];
        EventRecord { targets, ..crate::testing::event(name, data) }
    }

    fn kinds(name: &str, data: Value) -> usize {
        NotificationNotices { are_wanted: true }.jobs_for(&event(name, data)).len()
    }

    #[test]
    fn it_waits_for_events_that_exist() {
        for name in [RAISED, ANNOUNCED] {
            assert!(ashlar_admin::events().iter().any(|event| event.name == name), "{name}");
            assert!(NotificationNotices { are_wanted: true }.wants(name));
            assert!(!NotificationNotices { are_wanted: false }.wants(name));
        }
    }

    #[test]
    fn only_what_is_critical_leads_to_letters_and_each_reader_has_one() {
        assert_eq!(kinds(RAISED, json!({ "key": "k", "severity": "warning" })), 0);
        assert_eq!(kinds(RAISED, json!({ "key": "k", "severity": "critical" })), 1);
        let people = [Uuid::from_u128(7), Uuid::from_u128(8)];
        assert_eq!(kinds(ANNOUNCED, json!({ "key": "k", "people": people, "address": false })), 2);
        assert_eq!(kinds(ANNOUNCED, json!({ "key": "k", "people": [], "address": true })), 1);
        assert_eq!(kinds(ANNOUNCED, json!({ "key": "k", "people": [], "address": false })), 0);
        assert_eq!(kinds(ANNOUNCED, json!({})), 0);
    }

    fn written(title: &str, resolved_at: Option<Timestamp>, language: Language) -> Written {
        let row = NotificationRow {
            id: Uuid::from_u128(2),
            tenant_id: TenantId::MAIN.as_uuid(),
            severity: "critical".to_owned(),
            source: "audit".to_owned(),
            dedupe_key: "audit.seal_lag".to_owned(),
            title: title.to_owned(),
            count: 1,
            first_at: Timestamp::UNIX_EPOCH,
            last_at: Timestamp::UNIX_EPOCH,
            announced_at: None,
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_at,
            version: 1,
        };
        let about = Notification::restore(row).unwrap();
        let base = "https://api.example.org";
        NotificationLetter { about: &about, name: Some("<b>Ada"), base }.write(language).unwrap()
    }

    #[test]
    fn letters_say_what_is_the_matter_and_where_to_look_in_both_languages() {
        let url = "https://api.example.org/api/v1/admin/notifications?severity=critical";
        let [english, german] = [Language::English, Language::German].map(|to| written("Events wait", None, to));
        assert_ne!(english.subject, german.subject);
        for Written { subject, text, html } in [english, german] {
            assert_eq!(text.matches(url).count(), 1, "{text}");
            assert!(html.contains(&format!("href=\"{url}\"")), "{html}");
            assert!(html.contains(&format!("<title>{subject}</title>")), "{html}");
            for part in ["Events wait", "1970-01-01 00:00 UTC", "audit.seal_lag"] {
                assert!(text.contains(part) && html.contains(part), "{part}: {text}");
            }
            assert!(html.contains("&#60;b&#62;Ada") && !html.contains("<b>Ada"), "{html}");
            assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
        }
    }

    #[test]
    fn letters_say_that_it_is_over_when_it_is() {
        let over = Some(Timestamp::UNIX_EPOCH + chrono::TimeDelta::hours(1));
        // Lines end wherever they are full.
        let text =
            |language| written("Events wait", over, language).text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text(Language::English).contains("over since 1970-01-01 01:00 UTC"));
        assert!(text(Language::German).contains("seit 1970-01-01 01:00 UTC"));
    }

    #[test]
    fn addresses_and_secrets_in_a_title_do_not_leave_the_house() {
        let title = "Jobs of ada@example.org with asa1_4eC39HqLyjWDarjtT1zdp7dc fail";
        let Written { text, html, .. } = written(title, None, Language::English);
        for said in [text, html] {
            assert!(!said.contains("example.org with") && !said.contains("ada@") && !said.contains("asa1_"), "{said}");
        }
    }
}
