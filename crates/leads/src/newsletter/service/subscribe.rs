//! Ask to be on a list, and ask for the letter once more.

use ashlar_kernel::{
    AccessError, Actor, Change, Context, Email, FieldErrors, Id, Invalid, NotFound, StoreError, TenantId,
};

use super::{
    super::{
        ConfirmSecret, Evidence, ListName, ListSlug, MailingList, NewSubscription, OptIn, Subscription,
        SubscriptionEvent, Visibility,
        subscription::{Name, TextVersion},
    },
    Newsletter, NewsletterError, persist, within,
};
use crate::{Trap, permission};

/// Asks to be on a list.
pub struct Subscribe {
    email: Email,
    name: Option<Name>,
    list: ListSlug,
    text_version: TextVersion,
    is_trapped: bool,
}

/// What was typed in. Texts with nothing in them count as absent.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct SubscribeInput<'a> {
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub list: Option<&'a str>,
    pub consent_text_version: &'a str,
    /// What people do not see and programs fill in.
    pub trap: Option<&'a str>,
}

pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}

/// Which list is meant.
pub(super) fn list_of(text: Option<&str>, errors: &mut FieldErrors) -> Option<ListSlug> {
    errors.check("/list", ListSlug::parse(given(text).unwrap_or(ListSlug::DEFAULT)))
}

impl TryFrom<SubscribeInput<'_>> for Subscribe {
    type Error = Invalid;

    fn try_from(input: SubscribeInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let email = errors.check("/email", Email::parse(input.email));
        let name = errors.check_optional("/name", given(input.name).map(Name::parse));
        let list = list_of(input.list, &mut errors);
        let text_version = errors.check("/consent_text_version", TextVersion::parse(input.consent_text_version));
        let (Some(email), Some(list), Some(text_version)) = (email, list, text_version) else {
            return Err(errors.into_invalid());
        };
        errors.finish()?;
        Ok(Self { email, name, list, text_version, is_trapped: given(input.trap).is_some() })
    }
}

impl Subscribe {
    /// The address that was typed in, for whoever counts.
    pub const fn email(&self) -> &Email {
        &self.email
    }
}

impl Newsletter {
    /// Asks to be on a list. Whoever asks learns nothing about the address: each outcome is one read of the list, one of
    /// the subscription, one of the mailbox and one unit of work, and there is one answer. What no person sent costs the same work and is not
    /// kept; the answer is the trap it fell into.
    pub async fn subscribe(&self, context: &Context, command: &Subscribe) -> Result<Option<Trap>, NewsletterError> {
        may_ask(context)?;
        let list = self.public_list(context, &command.list).await?;
        persist(|| self.try_subscribe(context, &list, command)).await?;
        Ok(command.is_trapped.then_some(Trap::Honeypot))
    }

    async fn try_subscribe(
        &self,
        context: &Context,
        list: &MailingList,
        command: &Subscribe,
    ) -> Result<(), NewsletterError> {
        let known = self.store().subscription_at(list.id, command.email.key()).await?;
        let mailbox = self.known_mailbox(context.tenant, &command.email, context.now).await?;
        let mut tx = self.store().begin(context).await?;
        if mailbox.suppressed.is_some_and(|one| one.liftable_since.is_none()) {
            // Nothing is known of who is erased but the hash, and so it stays, whoever types the address in.
            tx.put_mailbox(mailbox.ask_in_vain(context.now)).await?;
        } else if let Some(known) = known {
            let evidence = evidence(context, command);
            tx.update_subscription(known.request_again(command.name.clone(), evidence, context.now)).await?;
        } else {
            // What ends a suppression is confirmed, on every list.
            let is_at_once = list.opt_in == OptIn::Single && mailbox.suppressed.is_none();
            let asked = self.first_wish(context, list, command);
            let asked = if is_at_once { Subscription::at_once(asked, context.client_ip) } else { asked };
            tx.insert_subscription(asked).await?;
        }
        if command.is_trapped {
            return Ok(());
        }
        Ok(tx.commit().await?)
    }

    fn first_wish(
        &self,
        context: &Context,
        list: &MailingList,
        command: &Subscribe,
    ) -> Change<Subscription, SubscriptionEvent> {
        let new = NewSubscription {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            list: list.id,
            email: command.email.clone(),
            name: command.name.clone(),
            evidence: evidence(context, command),
        };
        Subscription::request(new, context.now)
    }

    /// Asks for another letter to confirm by. Whoever asks learns nothing about the address.
    pub async fn resend(&self, context: &Context, email: &str, list: Option<&str>) -> Result<(), NewsletterError> {
        may_ask(context)?;
        let (email, list) = addressed(email, list)?;
        let list = self.public_list(context, &list).await?;
        persist(|| self.try_resend(context, &list, &email)).await
    }

    async fn try_resend(&self, context: &Context, list: &MailingList, email: &Email) -> Result<(), NewsletterError> {
        let known = self.store().subscription_at(list.id, email.key()).await?;
        let asked = known.and_then(|known| known.ask_for_letter(context.now));
        self.save_or_not(context, (list.tenant, email), asked).await
    }

    /// The same for the page of a link that is not good any more: `token` is of the list and the tenant that are meant. A
    /// text that never was a link of ours is about the list that is meant where none is named.
    pub async fn resend_by_link(&self, context: &Context, email: &str, token: &str) -> Result<(), NewsletterError> {
        let secret = ConfirmSecret::parse(token);
        let token = match &secret {
            Some(secret) => self.store().confirm_token(secret.hash()).await?,
            None => None,
        };
        let found = match &token {
            Some(token) => self.store().subscription(token.subscription).await?,
            None => None,
        };
        let Some((_, list)) = found else { return self.resend(context, email, None).await };
        let (email, _) = addressed(email, None)?;
        persist(|| self.try_resend(context, &list, &email)).await
    }

    /// Saves a wish, or, where there is none, that somebody asked in vain: the same statements, and a commit in any case.
    pub(super) async fn save_or_not(
        &self,
        context: &Context,
        (tenant, email): (TenantId, &Email),
        asked: Option<Change<Subscription, SubscriptionEvent>>,
    ) -> Result<(), NewsletterError> {
        let mailbox = self.known_mailbox(tenant, email, context.now).await?;
        let mut tx = self.store().begin(&within(context, tenant)).await?;
        match asked {
            Some(asked) => tx.update_subscription(asked).await?,
            None => tx.put_mailbox(mailbox.ask_in_vain(context.now)).await?,
        }
        Ok(tx.commit().await?)
    }

    /// A list that everybody may ask to be on. The one that is meant where none is named is made when it is first needed.
    pub(super) async fn public_list(&self, context: &Context, slug: &ListSlug) -> Result<MailingList, NewsletterError> {
        let found = self.store().mailing_list(context.tenant, slug.as_str()).await?;
        match found {
            Some(list) if list.visibility == Visibility::Public => Ok(list),
            None if slug.is_default() => self.make_default_list(context).await,
            _ => Err(NotFound.into()),
        }
    }

    /// The list that is meant where none is named, made if it is not there yet: for demonstration data.
    pub async fn default_list(&self, context: &Context) -> Result<MailingList, NewsletterError> {
        let slug = ListSlug::parse(ListSlug::DEFAULT).map_err(StoreError::internal)?;
        self.any_list(context, &slug).await
    }

    /// A list that staff enter people on.
    pub(super) async fn any_list(&self, context: &Context, slug: &ListSlug) -> Result<MailingList, NewsletterError> {
        let found = self.store().mailing_list(context.tenant, slug.as_str()).await?;
        match found {
            Some(list) => Ok(list),
            None if slug.is_default() => self.make_default_list(context).await,
            None => Err(NotFound.into()),
        }
    }

    async fn make_default_list(&self, context: &Context) -> Result<MailingList, NewsletterError> {
        let slug = ListSlug::parse(ListSlug::DEFAULT).map_err(StoreError::internal)?;
        let name = ListName::parse("Newsletter").map_err(StoreError::internal)?;
        let list = MailingList {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            slug,
            name,
            opt_in: OptIn::Double,
            visibility: Visibility::Public,
            created_at: context.now,
        };
        let context = Context { actor: Actor::System("newsletter"), ..context.clone() };
        match self.insert_list(&context, list.clone(), None).await {
            Ok(()) => Ok(list),
            // Somebody else needed it at the same time.
            Err(NewsletterError::ListTaken) => {
                let made = self.store().mailing_list(context.tenant, ListSlug::DEFAULT).await?;
                Ok(made.ok_or(NotFound)?)
            }
            Err(error) => Err(error),
        }
    }
}

/// An address and the list it is about.
pub(super) fn addressed(email: &str, list: Option<&str>) -> Result<(Email, ListSlug), Invalid> {
    let mut errors = FieldErrors::default();
    let email = errors.check("/email", Email::parse(email));
    let list = list_of(list, &mut errors);
    match (email, list) {
        (Some(email), Some(list)) => Ok((email, list)),
        _ => Err(errors.into_invalid()),
    }
}

/// Everybody may ask; a key only for what it was made for.
pub(super) fn may_ask(context: &Context) -> Result<(), AccessError> {
    match context.actor {
        Actor::ApiKey(_) => context.authorize(permission::SUBSCRIBE).map(drop),
        _ => Ok(()),
    }
}

fn evidence(context: &Context, command: &Subscribe) -> Evidence {
    Evidence {
        text_version: command.text_version.as_str().to_owned(),
        at: context.now,
        ip: context.client_ip,
        user_agent: context.user_agent.as_deref().map(str::to_owned),
        entered_by: None,
    }
}
