//! Who wants jobs done when something has happened.

use ashlar_jobs::Subscribers;

use crate::{
    config::{Config, NotificationRoute},
    mail::{ContactNotices, NewsletterNotices, Notices, NotificationNotices},
    work::{Departures, Erasures},
};

/// All of them, as configured.
pub(super) fn subscribers(config: &Config) -> Subscribers {
    Subscribers::new()
        .with(Notices)
        .with(NewsletterNotices)
        .with(ContactNotices { are_wanted: config.leads.contact_mail.is_some() })
        .with(NotificationNotices { are_wanted: config.mail.notifications != NotificationRoute::Nobody })
        .with(Erasures)
        .with(Departures)
}
