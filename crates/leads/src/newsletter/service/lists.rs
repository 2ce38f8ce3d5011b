//! Lists: make them, see them.

use ashlar_kernel::{Context, FieldErrors, Id, Once};

use super::{
    super::{ListName, ListSlug, MailingList, OptIn, Visibility},
    Newsletter, NewsletterError,
    subscribe::given,
};
use crate::permission;

/// A list as it was typed in.
#[derive(Debug, Clone, Copy, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct MailingListInput<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub opt_in: Option<&'a str>,
    pub visibility: Option<&'a str>,
}

/// So many lists has a tenant at most.
const MOST: u64 = 100;

impl Newsletter {
    /// Makes a list.
    pub async fn create_list(
        &self,
        context: &Context,
        input: MailingListInput<'_>,
        once: Option<Once<MailingList>>,
    ) -> Result<MailingList, NewsletterError> {
        context.authorize(permission::MANAGE_NEWSLETTER)?;
        let mut errors = FieldErrors::default();
        let slug = errors.check("/slug", ListSlug::parse(input.slug));
        let name = errors.check("/name", ListName::parse(input.name));
        let opt_in = errors.check("/opt_in", given(input.opt_in).map_or(Ok(OptIn::Double), str::parse));
        let visibility = given(input.visibility).map_or(Ok(Visibility::Public), str::parse);
        let visibility = errors.check("/visibility", visibility);
        let (Some(slug), Some(name), Some(opt_in), Some(visibility)) = (slug, name, opt_in, visibility) else {
            return Err(errors.into_invalid().into());
        };
        let lists = self.store().mailing_lists(context.tenant, MOST).await?;
        if lists.len() >= usize::try_from(MOST).unwrap_or(usize::MAX) {
            return Err(NewsletterError::TooManyLists);
        }
        let id = Id::new(&*self.0.ports.ids);
        let list = MailingList { id, tenant: context.tenant, slug, name, opt_in, visibility, created_at: context.now };
        self.insert_list(context, list.clone(), once).await?;
        Ok(list)
    }

    pub(super) async fn insert_list(
        &self,
        context: &Context,
        list: MailingList,
        once: Option<Once<MailingList>>,
    ) -> Result<(), NewsletterError> {
        let mut tx = self.store().begin(context).await?;
        tx.insert_mailing_list(list.clone().create()).await?;
        if let Some(once) = once {
            tx.remember(once.receipt(&list)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Every list of the tenant, by its short name.
    pub async fn lists(&self, context: &Context) -> Result<Vec<MailingList>, NewsletterError> {
        context.authorize(permission::READ_SUBSCRIBERS)?;
        Ok(self.store().mailing_lists(context.tenant, MOST).await?)
    }
}
