//! Who wants jobs done when something has happened.

use ashlar_jobs::Subscribers;

use crate::{
    config::Config,
    mail::{ContactNotices, NewsletterNotices, Notices},
    work::{Departures, Erasures},
};

/// All of them, as configured.
pub(super) fn subscribers(config: &Config) -> Subscribers {
    let contacts = ContactNotices { are_wanted: config.leads.contact_mail.is_some() };
    let letters = Subscribers::new().with(Notices).with(NewsletterNotices).with(contacts);
    letters.with(Erasures).with(Departures)
}
