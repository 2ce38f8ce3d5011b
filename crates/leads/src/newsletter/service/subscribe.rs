//! Ask to be on a list, and ask for the letter once more.

use ashlar_kernel::{Actor, Context, Email, FieldErrors, Id, Invalid, NotFound, StoreError};

use super::{
    super::{
        Evidence, ListName, ListSlug, MailingList, NewSubscription, OptIn, Subscription, Visibility,
        subscription::{Name, TextVersion},
    },
    Newsletter, NewsletterError, persist,
};
use crate::Trap;

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
    /// the subscription and one unit of work, and there is one answer. What no person sent costs the same work and is not
    /// kept; the answer is the trap it fell into.
    pub async fn subscribe(&self, context: &Context, command: &Subscribe) -> Result<Option<Trap>, NewsletterError> {
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
        let mut tx = self.store().begin(context).await?;
        let evidence = Evidence {
            text_version: command.text_version.as_str().to_owned(),
            at: context.now,
            ip: context.client_ip,
            user_agent: context.user_agent.as_deref().map(str::to_owned),
            entered_by: None,
        };
        let name = command.name.clone();
        if let Some(known) = known {
            tx.update_subscription(known.request_again(name, evidence, context.now)).await?;
        } else {
            let new = NewSubscription {
                id: Id::new(&*self.0.ports.ids),
                tenant: context.tenant,
                list: list.id,
                email: command.email.clone(),
                name,
                evidence,
            };
            let asked = Subscription::request(new, context.now);
            let is_at_once = list.opt_in == OptIn::Single;
            let asked = if is_at_once { Subscription::at_once(asked, context.client_ip) } else { asked };
            tx.insert_subscription(asked).await?;
        }
        if command.is_trapped {
            return Ok(());
        }
        Ok(tx.commit().await?)
    }

    /// Asks for another letter to confirm by. Whoever asks learns nothing about the address.
    pub async fn resend(&self, context: &Context, email: &str, list: Option<&str>) -> Result<(), NewsletterError> {
        let (email, list) = addressed(email, list)?;
        let list = self.public_list(context, &list).await?;
        persist(|| self.try_resend(context, &list, &email)).await
    }

    async fn try_resend(&self, context: &Context, list: &MailingList, email: &Email) -> Result<(), NewsletterError> {
        let known = self.store().subscription_at(list.id, email.key()).await?;
        let mut tx = self.store().begin(context).await?;
        let asked = known.and_then(|known| known.ask_for_letter(context.now));
        let Some(asked) = asked else { return Ok(()) };
        tx.update_subscription(asked).await?;
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
