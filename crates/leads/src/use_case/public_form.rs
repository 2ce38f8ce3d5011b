//! A form on a web page: whoever fills it in is thanked, and told nothing about leads.

use ashlar_kernel::{Context, FieldErrors, Id, Once, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use serde_json::Map;

use super::{Attempts, LeadError, LeadForm, Leads};
use crate::{
    Activity, ActivityKind, Details, Lead, StatusChange,
    lead::{Category, Notes, Phone, ShortLine, Source},
    permission::{self, Sight},
    port::SaveLeadError,
};

/// Nobody fills a form in faster.
const FASTEST: TimeDelta = TimeDelta::seconds(2);
/// Of what was got longer ago nobody knows what the page was like. That the stamp is old is no secret: it is told, so that
/// a person who left a page open can load it anew.
const SLOWEST: TimeDelta = TimeDelta::days(7);
/// What stamps are made for. They are the same for every tenant: a page knows its key, and not whose it is.
const STAMP: &str = "public form";

/// A form as it was sent.
pub struct SubmitForm {
    /// What was typed in. Who looks after the lead, its tags and what an installation keeps besides are not for
    /// strangers to say, and not looked at.
    pub form: LeadForm,
    /// A field that people do not see.
    pub honeypot: Option<String>,
    /// The stamp of when the page got the form.
    pub stamp: String,
    /// How the answer is remembered.
    pub once: Option<Once<Received>>,
}

/// What came of it. For the installation to know, not for the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A lead.
    Lead,
    /// A note on the lead that has the address.
    Touch,
    /// Nothing: no person sent it.
    Trapped(Trap),
}

/// What gave the sender away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trap {
    /// It filled in what people do not see.
    Honeypot,
    /// It was faster than people are.
    TooFast,
    /// The stamp is none of ours.
    NoStamp,
}

impl Trap {
    /// Its name in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Honeypot => "honeypot",
            Self::TooFast => "too_fast",
            Self::NoStamp => "no_stamp",
        }
    }
}

impl Leads {
    /// A stamp of now, for a form that somebody begins to fill in.
    pub fn stamp_form(&self, context: &Context) -> Result<String, LeadError> {
        Ok(self.0.cursors.seal(TenantId::MAIN, STAMP, &context.now).map_err(StoreError::internal)?)
    }

    /// Takes a form in: as a lead, or as a note on the lead that has the address. What no person sent costs the same
    /// work, and none of it is kept: neither the answer nor its time tells that it was found out.
    pub async fn submit(&self, context: &Context, command: SubmitForm) -> Result<Received, LeadError> {
        context.authorize(permission::SUBMIT)?;
        let SubmitForm { form, honeypot, stamp, once } = command;
        let trap = self.trap(honeypot.as_deref(), &stamp, context.now)?;
        let form = LeadForm { owner_id: None, tags: Vec::new(), custom: Map::new(), ..form };
        let mut errors = FieldErrors::default();
        let details = self.details(form, Source::Website, context.now, &mut errors);
        let details = match (errors.finish(), details, trap) {
            (Ok(()), Some(details), _) => details,
            (_, _, Some(trap)) => return self.thank(context, Received::Trapped(trap), once.as_ref()).await,
            (refused, _, None) => {
                refused?;
                return Err(FieldErrors::default().into_invalid().into());
            }
        };
        let consent = details.consent.map(|consent| crate::Consent { ip: context.client_ip, ..consent });
        let details = Details { consent, ..details };
        let mut attempts = Attempts::default();
        loop {
            match self.try_submit(context, &details, trap, once.as_ref()).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    fn trap(&self, honeypot: Option<&str>, stamp: &str, now: Timestamp) -> Result<Option<Trap>, LeadError> {
        if honeypot.is_some_and(|text| !text.is_empty()) {
            return Ok(Some(Trap::Honeypot));
        }
        match self.0.cursors.open::<Timestamp>(TenantId::MAIN, STAMP, stamp) {
            Err(_forged) => Ok(Some(Trap::NoStamp)),
            Ok(at) if now - at < FASTEST => Ok(Some(Trap::TooFast)),
            Ok(at) if now - at > SLOWEST => Err(LeadError::FormExpired),
            Ok(_) => Ok(None),
        }
    }

    async fn try_submit(
        &self,
        context: &Context,
        details: &Details,
        trap: Option<Trap>,
        once: Option<&Once<Received>>,
    ) -> Result<Received, LeadError> {
        let change = Lead::create(Id::new(&*self.0.ports.ids), context.tenant, details.clone(), context.now);
        let nobody = Sight { who: uuid::Uuid::nil(), sees_all: false };
        let came = StatusChange { actor: None, ..self.came(context, nobody, change.state()) };
        let added = if trap.is_some() {
            let mut tx = self.0.ports.store.begin(context).await?;
            tx.insert_lead(change, came).await
        } else {
            let receipt = once.map(|once| once.receipt(&Received::Lead));
            self.0.ports.store.add_lead(context, (change, came), receipt).await
        };
        match (added, trap) {
            (Err(SaveLeadError::Store(error)), _) => Err(error.into()),
            (Err(SaveLeadError::Duplicate), _) => self.touch(context, details, trap, once).await,
            (Ok(()), Some(trap)) => self.thank(context, Received::Trapped(trap), once).await,
            (Ok(()), None) => Ok(Received::Lead),
        }
    }

    /// Another lead has the address: what was sent is noted on it, and changes nothing, for anybody may send it.
    async fn touch(
        &self,
        context: &Context,
        details: &Details,
        trap: Option<Trap>,
        once: Option<&Once<Received>>,
    ) -> Result<Received, LeadError> {
        let key = details.email.as_ref().map(|email| email.key().to_owned()).unwrap_or_default();
        let found = self.0.ports.store.lead_at(context.tenant, &key).await?;
        // Whoever held the address may have let go of it meanwhile, and again until the work begins.
        let id = found.ok_or(StoreError::Stale)?.id();
        let mut tx = self.0.ports.store.begin(context).await?;
        let holder = tx.lead(context.tenant, id).await?.filter(Lead::holds_address).ok_or(StoreError::Stale)?;
        let touch = Activity {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            lead: holder.id(),
            kind: ActivityKind::FormTouch,
            body: said(details),
            actor: None,
            at: context.now,
        };
        tx.insert_activity(touch.note()).await?;
        if let Some(trap) = trap {
            drop(tx);
            return self.thank(context, Received::Trapped(trap), once).await;
        }
        if let Some(once) = once {
            tx.remember(once.receipt(&Received::Touch)).await?;
        }
        tx.commit().await?;
        Ok(Received::Touch)
    }

    /// Nothing was kept but how the request was answered, if its sender gave it a name.
    async fn thank(
        &self,
        context: &Context,
        received: Received,
        once: Option<&Once<Received>>,
    ) -> Result<Received, LeadError> {
        if let Some(once) = once {
            let mut tx = self.0.ports.store.begin(context).await?;
            tx.remember(once.receipt(&received)).await?;
            tx.commit().await?;
        }
        Ok(received)
    }
}

/// What a form says, in words.
fn said(details: &Details) -> Option<Notes> {
    let lines = [
        ("full_name", Some(details.full_name.as_str())),
        ("position", details.position.as_ref().map(ShortLine::as_str)),
        ("company_name", details.company_name.as_ref().map(ShortLine::as_str)),
        ("phone_number", details.phone.as_ref().map(Phone::given)),
        ("category", details.category.map(Category::as_str)),
        ("notes", details.notes.as_ref().map(Notes::as_str)),
    ];
    let lines = lines.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text?)));
    let text = lines.collect::<Vec<_>>().join("\n");
    Notes::parse(&text.chars().take(Notes::LONGEST).collect::<String>()).ok()
}
