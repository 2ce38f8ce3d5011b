//! Messages of a page for contact: anybody writes, staff read, and make leads of the senders.

use ashlar_kernel::{
    Actor, Context, Email, FieldErrors, Id, Limit, NotFound, Once, Page, StoreError, TenantId, Timestamp,
    VersionConflict,
};

use super::{Attempts, Created, LeadError, Leads, Trap, form::given};
use crate::{
    Activity, ActivityKind, ContactId, ContactMessage, ContactQuery, ContactStatus, Lead, LeadId, NotePosition,
    contact::{Letter, Message, Origin, Subject},
    lead::FullName,
    permission::{self, Sight},
    port::{LeadTx, SaveLeadError},
};

/// The most characters that are kept of where somebody came from.
const REFERRER: usize = 512;

/// A message as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct ContactForm {
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub subject: String,
    pub message: String,
}

/// Sends a message.
pub struct SendContact {
    /// What was typed in.
    pub form: ContactForm,
    /// A field that people do not see.
    pub honeypot: Option<String>,
    /// The page before, as the browser tells it.
    pub referrer: Option<String>,
    /// How the answer is remembered.
    pub once: Option<Once<Option<Trap>>>,
}

impl Leads {
    /// Takes a message in, of whoever sends it. What no person sent costs the same work and is not kept; the answer is
    /// the trap it fell into.
    pub async fn receive_contact(&self, context: &Context, command: SendContact) -> Result<Option<Trap>, LeadError> {
        // Everybody may write; a key only if it was made for forms.
        if let Actor::ApiKey(_) = context.actor {
            context.authorize(permission::SUBMIT)?;
        }
        let SendContact { form, honeypot, referrer, once } = command;
        let trap = honeypot.is_some_and(|text| !text.is_empty()).then_some(Trap::Honeypot);
        let letter = self.letter(&form)?;
        let referrer = referrer.map(|text| text.chars().filter(|c| !c.is_control()).take(REFERRER).collect());
        let user_agent = context.user_agent.as_deref().map(str::to_owned);
        let origin = Origin { ip: context.client_ip, user_agent, referrer };
        let id = Id::new(&*self.0.ports.ids);
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_contact(ContactMessage::receive(id, context.tenant, (letter, origin), context.now)).await?;
        if trap.is_some() {
            drop(tx);
            if once.is_none() {
                return Ok(trap);
            }
            tx = self.0.ports.store.begin(context).await?;
        }
        if let Some(once) = once {
            tx.remember(once.receipt(&trap)).await?;
        }
        tx.commit().await?;
        Ok(trap)
    }

    fn letter(&self, form: &ContactForm) -> Result<Letter, LeadError> {
        let mut errors = FieldErrors::default();
        let name = errors.check("/name", FullName::parse(&form.name));
        let email = errors.check("/email", Email::parse(&form.email));
        let phone = errors.check_optional("/phone", given(form.phone.as_deref()).map(|text| self.phone(text)));
        let subject = errors.check("/subject", Subject::parse(&form.subject));
        let message = errors.check("/message", Message::parse(&form.message));
        let letter = (|| Some(Letter { name: name?, email: email?, phone, subject: subject?, message: message? }))();
        errors.finish()?;
        letter.ok_or_else(|| FieldErrors::default().into_invalid().into())
    }

    /// A message.
    pub async fn contact(&self, context: &Context, id: ContactId) -> Result<ContactMessage, LeadError> {
        context.authorize(permission::READ_CONTACTS)?;
        self.contact_of(context, id).await
    }

    /// A message, for the letter that tells staff of it; none if it is gone, or nobody has to be told any more.
    pub async fn contact_to_tell(&self, tenant: TenantId, id: ContactId) -> Result<Option<ContactMessage>, StoreError> {
        let found = self.0.ports.store.contact(tenant, id).await?;
        Ok(found.filter(|message| message.status() != ContactStatus::Spam))
    }

    async fn contact_of(&self, context: &Context, id: ContactId) -> Result<ContactMessage, LeadError> {
        Ok(self.0.ports.store.contact(context.tenant, id).await?.ok_or(NotFound)?)
    }

    /// Some of the messages, newest first.
    pub async fn contacts(
        &self,
        context: &Context,
        status: Vec<ContactStatus>,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<ContactMessage>, LeadError> {
        context.authorize(permission::READ_CONTACTS)?;
        let list = format!("contacts {status:?}");
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<NotePosition>(context.tenant, &list, cursor)).transpose()?;
        let query = ContactQuery { tenant: context.tenant, status, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.contacts(&query).await?;
        let seal = |last: &ContactMessage| cursors.seal(context.tenant, &list, &NotePosition::of_contact(last));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// Says how far a message has come, if it is at one of the versions `if_version`, or whatever version it is at.
    pub async fn mark_contact(
        &self,
        context: &Context,
        id: ContactId,
        (status, if_version): (ContactStatus, Option<&[u32]>),
    ) -> Result<ContactMessage, LeadError> {
        context.authorize(permission::UPDATE_CONTACTS)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_mark(context, id, (status, if_version)).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_mark(
        &self,
        context: &Context,
        id: ContactId,
        (status, if_version): (ContactStatus, Option<&[u32]>),
    ) -> Result<ContactMessage, LeadError> {
        let message = self.contact_of(context, id).await?;
        if if_version.is_some_and(|versions| !versions.contains(&message.version())) {
            return Err(VersionConflict.into());
        }
        let Some(change) = message.clone().mark(status, context.now) else { return Ok(message) };
        let marked = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_contact(change).await?;
        tx.commit().await?;
        Ok(marked)
    }

    /// Makes a lead of the sender of a message, or finds the one that has the address, and notes on it what was written.
    /// However often and however many at once, one lead comes of it.
    pub async fn contact_to_lead(
        &self,
        context: &Context,
        id: ContactId,
        once: Option<Once<Created>>,
    ) -> Result<Created, LeadError> {
        context.authorize(permission::UPDATE_CONTACTS)?;
        let sight = Sight::of(context, permission::CREATE)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_to_lead(context, sight, id, once.as_ref()).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_to_lead(
        &self,
        context: &Context,
        sight: Sight,
        id: ContactId,
        once: Option<&Once<Created>>,
    ) -> Result<Created, LeadError> {
        let message = self.contact_of(context, id).await?;
        if let Some(lead) = self.linked(context, &message).await? {
            let created = Created::Existing(lead);
            let tx = self.0.ports.store.begin(context).await?;
            return self.conclude(tx, created, once).await;
        }
        let change = Lead::create(Id::new(&*self.0.ports.ids), context.tenant, message.details(), context.now);
        let created = Created::New(change.state().clone());
        let came = self.came(context, sight, created.lead());
        let mut tx = self.0.ports.store.begin(context).await?;
        match tx.insert_lead(change, came).await {
            Err(SaveLeadError::Store(error)) => return Err(error.into()),
            Err(SaveLeadError::Duplicate) => drop(tx),
            Ok(()) => {
                tx.update_contact(message.link(created.lead().id(), context.now)).await?;
                return self.conclude(tx, created, once).await;
            }
        }
        let key = message.letter().email.key();
        let existing = self.0.ports.store.lead_at(context.tenant, key).await?.ok_or(StoreError::Stale)?;
        if !sight.takes_in(existing.owner()) {
            return Err(LeadError::Duplicate { existing: None });
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        let held = tx.lead(context.tenant, existing.id()).await?.filter(Lead::holds_address);
        let existing = held.ok_or(StoreError::Stale)?;
        let written = self.written(sight, &message, (existing.id(), context.now));
        tx.insert_activity(written.note()).await?;
        tx.update_contact(message.link(existing.id(), context.now)).await?;
        self.conclude(tx, Created::Existing(existing), once).await
    }

    /// The lead that a message led to, unless it was put away.
    async fn linked(&self, context: &Context, message: &ContactMessage) -> Result<Option<Lead>, LeadError> {
        let Some(id) = message.lead() else { return Ok(None) };
        Ok(self.0.ports.store.lead(context.tenant, id).await?)
    }

    fn written(&self, sight: Sight, message: &ContactMessage, (lead, at): (LeadId, Timestamp)) -> Activity {
        Activity {
            id: Id::new(&*self.0.ports.ids),
            tenant: message.tenant(),
            lead,
            kind: ActivityKind::FormTouch,
            body: message.said(),
            actor: Some(sight.who),
            at,
        }
    }

    async fn conclude(
        &self,
        mut tx: Box<dyn LeadTx>,
        created: Created,
        once: Option<&Once<Created>>,
    ) -> Result<Created, LeadError> {
        if let Some(once) = once {
            tx.remember(once.receipt(&created)).await?;
        }
        tx.commit().await?;
        Ok(created)
    }
}
