//! What is sent and answered about the newsletter.

use ashlar_kernel::Page;
use ashlar_leads::newsletter::{MailingList as DomainList, MailingListId, Subscription, SubscriptionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::page::{PageInfo, moment};

/// Who wants letters.
#[derive(Deserialize, ToSchema)]
pub(super) struct SubscribeRequest {
    /// Where letters go.
    #[schema(format = "email", max_length = 254, example = "ada@example.org")]
    pub(super) email: String,
    /// What they are called.
    #[schema(max_length = 255, example = "Ada Lovelace")]
    pub(super) name: Option<String>,
    /// Which list, by its short name.
    #[schema(default = "newsletter", pattern = "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$", example = "newsletter")]
    pub(super) list: Option<String>,
    /// Which text they were shown beside the button.
    #[schema(min_length = 1, max_length = 100, example = "2026-01")]
    pub(super) consent_text_version: String,
    /// Leave it empty, and hide the field: people do not see it, and programs that fill in every field give themselves away.
    #[schema(max_length = 2000, example = "")]
    pub(super) website_url: Option<String>,
}

/// Who wants the letter once more.
#[derive(Deserialize, ToSchema)]
pub(super) struct ResendConfirmationRequest {
    /// Where letters go.
    #[schema(format = "email", max_length = 254, example = "ada@example.org")]
    pub(super) email: String,
    /// Which list, by its short name.
    #[schema(default = "newsletter", pattern = "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$", example = "newsletter")]
    pub(super) list: Option<String>,
}

/// Who wants no letters: by the link they have, or by an address to send it to.
#[derive(Deserialize, ToSchema)]
pub(super) struct UnsubscribeRequest {
    /// Where to send the link.
    #[schema(format = "email", max_length = 254, example = "ada@example.org")]
    pub(super) email: Option<String>,
    /// Of which list, by its short name.
    #[schema(default = "newsletter", pattern = "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$")]
    pub(super) list: Option<String>,
    /// The last part of the link in a letter.
    #[schema(max_length = 200)]
    pub(super) token: Option<String>,
}

/// It was received. Whether there is a letter to send is nobody's business but the owner's.
#[derive(Serialize, ToSchema)]
pub(super) struct NewsletterReceived {
    /// Always true.
    #[schema(example = true)]
    pub(super) received: bool,
}

/// Where a subscription stands.
#[derive(Serialize, ToSchema)]
#[schema(example = "confirmed")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum SubscriptionStatus {
    /// Asked for, and to be confirmed.
    Pending,
    /// In force: its owner gets letters.
    Confirmed,
    /// Not confirmed in time.
    Expired,
    /// Ended.
    Unsubscribed,
    /// Letters came back.
    Bounced,
    /// The address is not to be written to.
    Suppressed,
}

/// Where the subscription stands now.
#[derive(Serialize, ToSchema)]
pub(super) struct SubscriptionState {
    /// Where.
    #[schema(value_type = SubscriptionStatus)]
    pub(super) status: &'static str,
}

/// Somebody who asked to be on a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Subscriber {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7aa1")]
    id: SubscriptionId,
    /// To which list.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7aa2")]
    list_id: MailingListId,
    /// Where letters go.
    #[schema(format = "email", example = "ada@example.org")]
    email: String,
    /// What they are called.
    #[schema(required, example = "Ada Lovelace")]
    name: Option<String>,
    /// Where it stands.
    #[schema(value_type = SubscriptionStatus)]
    status: &'static str,
    /// What proves that they asked.
    consent: SubscriptionConsent,
    /// When they confirmed it.
    #[schema(required, format = "date-time", example = "2030-01-01T12:00:00.000Z")]
    confirmed_at: Option<String>,
    /// From where they confirmed it.
    #[schema(required, example = "203.0.113.7")]
    confirmed_from: Option<String>,
    /// When it ended.
    #[schema(required, format = "date-time", example = json!(null))]
    unsubscribed_at: Option<String>,
    /// When they first asked.
    #[schema(format = "date-time", example = "2030-01-01T12:00:00.000Z")]
    created_at: String,
    /// When it last changed.
    #[schema(format = "date-time", example = "2030-01-01T12:00:00.000Z")]
    updated_at: String,
}

/// What proves that somebody asked.
#[derive(Serialize, ToSchema)]
pub(super) struct SubscriptionConsent {
    /// Which text they were shown.
    #[schema(example = "2026-01")]
    text_version: String,
    /// When.
    #[schema(format = "date-time", example = "2030-01-01T12:00:00.000Z")]
    at: String,
    /// From where, if they did it themselves.
    #[schema(required, example = "203.0.113.7")]
    ip: Option<String>,
    /// With which program, if they did it themselves.
    #[schema(required, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// Who entered them, if they did not do it themselves.
    #[schema(required, example = json!(null))]
    entered_by: Option<Uuid>,
}

impl From<&Subscription> for Subscriber {
    fn from(one: &Subscription) -> Self {
        let evidence = one.evidence();
        Self {
            id: one.id(),
            list_id: one.list(),
            email: one.email().address().to_owned(),
            name: one.name().map(|name| name.as_str().to_owned()),
            status: one.status().as_str(),
            consent: SubscriptionConsent {
                text_version: evidence.text_version.clone(),
                at: moment(evidence.at),
                ip: evidence.ip.map(|ip| ip.to_string()),
                user_agent: evidence.user_agent.clone(),
                entered_by: evidence.entered_by,
            },
            confirmed_at: one.confirmed_at().map(moment),
            confirmed_from: one.confirmed_from().map(|ip| ip.to_string()),
            unsubscribed_at: one.unsubscribed_at().map(moment),
            created_at: moment(one.created_at()),
            updated_at: moment(one.updated_at()),
        }
    }
}

/// A page of subscribers.
#[derive(Serialize, ToSchema)]
pub(super) struct SubscriberPage {
    /// The subscribers.
    data: Vec<Subscriber>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<Subscription>> for SubscriberPage {
    fn from(page: Page<Subscription>) -> Self {
        Self { data: page.data.iter().map(Subscriber::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// Somebody who is to be on a list, if they confirm it.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddSubscriberRequest {
    /// Where letters go.
    #[schema(format = "email", max_length = 254, example = "ada@example.org")]
    pub(super) email: String,
    /// What they are called.
    #[schema(max_length = 255, example = "Ada Lovelace")]
    pub(super) name: Option<String>,
    /// Which list, by its short name.
    #[schema(default = "newsletter", pattern = "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$", example = "newsletter")]
    pub(super) list: Option<String>,
    /// How you know that they want it: the text they were shown, the form they signed.
    #[schema(min_length = 1, max_length = 100, example = "fair 2026, paper form")]
    pub(super) consent_text_version: String,
}

/// How people come to be on a list.
#[derive(Serialize, ToSchema)]
#[schema(example = "double")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum MailingListOptIn {
    /// They ask, and confirm it by a letter.
    Double,
    /// They ask.
    Single,
}

/// Who may ask to be on a list.
#[derive(Serialize, ToSchema)]
#[schema(example = "public")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum MailingListVisibility {
    /// Everybody.
    Public,
    /// Nobody: staff enter them.
    Private,
}

/// A list that people may be on.
#[derive(Serialize, ToSchema)]
pub(super) struct MailingList {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7aa0")]
    id: MailingListId,
    /// Its short name.
    #[schema(example = "newsletter")]
    slug: String,
    /// What it is called.
    #[schema(example = "Newsletter")]
    name: String,
    /// How people come to be on it.
    #[schema(value_type = MailingListOptIn)]
    opt_in: &'static str,
    /// Who may ask to be.
    #[schema(value_type = MailingListVisibility)]
    visibility: &'static str,
    /// Since when it is there.
    #[schema(format = "date-time", example = "2030-01-01T12:00:00.000Z")]
    created_at: String,
}

impl From<&DomainList> for MailingList {
    fn from(list: &DomainList) -> Self {
        Self {
            id: list.id,
            slug: list.slug.as_str().to_owned(),
            name: list.name.as_str().to_owned(),
            opt_in: list.opt_in.as_str(),
            visibility: list.visibility.as_str(),
            created_at: moment(list.created_at),
        }
    }
}

/// Every list; a tenant has at most 100.
#[derive(Serialize, ToSchema)]
pub(super) struct MailingListPage {
    /// The lists.
    data: Vec<MailingList>,
    /// There is no next page.
    page: PageInfo,
}

impl From<&[DomainList]> for MailingListPage {
    fn from(lists: &[DomainList]) -> Self {
        Self { data: lists.iter().map(MailingList::from).collect(), page: PageInfo::after(None) }
    }
}

/// A list to be made.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateMailingListRequest {
    /// Its short name.
    #[schema(pattern = "^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$", example = "product-news")]
    pub(super) slug: String,
    /// What it is called. Letters say so.
    #[schema(min_length = 1, max_length = 120, example = "Product news")]
    pub(super) name: String,
    /// How people come to be on it; `double` if absent.
    #[schema(value_type = Option<MailingListOptIn>)]
    pub(super) opt_in: Option<String>,
    /// Who may ask to be; `public` if absent.
    #[schema(value_type = Option<MailingListVisibility>)]
    pub(super) visibility: Option<String>,
}

/// Whose address is to be written to again, once they ask for that.
#[derive(Deserialize, ToSchema)]
pub(super) struct AllowLiftRequest {
    /// Their address.
    #[schema(format = "idn-email", max_length = 254, example = "ada@example.org")]
    pub(super) email: String,
}
