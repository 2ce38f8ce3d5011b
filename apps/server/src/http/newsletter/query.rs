//! Query parameters of the newsletter.

use ashlar_kernel::{Email, InvalidLimit, Limit};
use ashlar_leads::{
    lead::UnknownChoice,
    newsletter::{ListSlug, ListSubscribers, RemoveSubscriber},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::dto::SubscriptionStatus;
use crate::http::{
    problem::Problem,
    query::{invalid, refused},
};

/// The link in a letter.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ConfirmQuery {
    /// What the link in the letter carries.
    #[param(max_length = 100, example = "AbCdEf0123456789AbCdEf0123456789AbCdEf01234")]
    pub(super) token: String,
}

/// Which subscribers to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SubscriberQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Only those of this list, by its short name.
    #[param(example = "newsletter")]
    list: Option<String>,
    /// Only those with this address, however it is spelled.
    #[param(format = "email", max_length = 254, example = "ada@example.org")]
    email: Option<String>,
    /// Only those that stand there.
    #[param(value_type = Option<SubscriptionStatus>)]
    status: Option<String>,
}

impl SubscriberQuery {
    /// What to look for.
    pub(super) fn command(&self) -> Result<ListSubscribers, Problem> {
        let list = self.list.as_deref().map(ListSlug::parse).transpose();
        let email = self.email.as_deref().map(Email::parse).transpose();
        let status = self.status.as_deref().map(str::parse).transpose();
        let limit = self.limit.map_or(Ok(Limit::default()), Limit::parse);
        Ok(ListSubscribers {
            list: list.map_err(|fault| invalid("list", &fault.to_string()))?,
            email: email.map_err(|fault| invalid("email", &fault.to_string()))?,
            status: status.map_err(|fault: UnknownChoice| invalid("status", &fault.to_string()))?,
            limit: limit.map_err(|fault: InvalidLimit| refused("limit", "out_of_range", fault.to_string()))?,
            cursor: self.cursor.clone(),
        })
    }
}

/// Whether to erase them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RemoveQuery {
    /// Erases them, and keeps a hash by which the address is never written to again. Takes the permission
    /// `leads.subscriber.erase` and a sign-in within the last ten minutes.
    purge: Option<bool>,
}

impl RemoveQuery {
    /// How they are taken off.
    pub(super) fn how(&self) -> RemoveSubscriber {
        if self.purge == Some(true) { RemoveSubscriber::Erase } else { RemoveSubscriber::Unsubscribe }
    }
}
