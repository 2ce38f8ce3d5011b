//! The permissions of this domain. Who holds them is decided by the roles of the identity domain.

use ashlar_kernel::{AccessError, Context, Permission};
use uuid::Uuid;

/// See leads: one's own, and those that are nobody's.
pub const READ: Permission = Permission::new("leads.lead.read");
/// See everybody's leads, and work with them.
pub const READ_ALL: Permission = Permission::new("leads.lead.read_all");
/// Enter leads.
pub const CREATE: Permission = Permission::new("leads.lead.create");
/// Edit leads, move them along, and note what was done about them.
pub const UPDATE: Permission = Permission::new("leads.lead.update");
/// Put leads away.
pub const DELETE: Permission = Permission::new("leads.lead.delete");
/// Say that a lead was no spam.
pub const UNSPAM: Permission = Permission::new("leads.lead.unspam");
/// Go back on what was won.
pub const REOPEN: Permission = Permission::new("leads.lead.reopen");
/// Erase leads for good.
pub const PURGE: Permission = Permission::new("leads.lead.purge");
/// Import leads from files.
pub const IMPORT: Permission = Permission::new("leads.lead.import");
/// Take leads along as files.
pub const EXPORT: Permission = Permission::new("leads.lead.export");
/// See mailing lists and who is on them.
pub const READ_SUBSCRIBERS: Permission = Permission::new("leads.subscriber.read");
/// Make mailing lists, enter subscribers and take them off.
pub const MANAGE_NEWSLETTER: Permission = Permission::new("leads.newsletter.manage");
/// Erase subscribers for good.
pub const ERASE_SUBSCRIBERS: Permission = Permission::new("leads.subscriber.erase");

/// Let the owners of addresses that are not to be written to ask for letters again.
pub const LIFT_SUPPRESSION: Permission = Permission::new("leads.suppression.lift");

/// Make one lead of several.
pub const MERGE: Permission = Permission::new("leads.lead.merge");
/// See messages of the page for contact.
pub const READ_CONTACTS: Permission = Permission::new("leads.contact.read");
/// Say how far messages have come, and make leads of their senders.
pub const UPDATE_CONTACTS: Permission = Permission::new("leads.contact.update");
/// Ask to be on a mailing list, and stop the letters of one. A scope of publishable keys; no role holds it, and who sends no
/// key needs none.
pub const SUBSCRIBE: Permission = Permission::new("newsletter:subscribe");
/// Send a form of a web page, and nothing else. A scope of publishable keys; no role holds it.
pub const SUBMIT: Permission = Permission::new("leads:create");

/// See clients, the contracts with them, and their files.
pub const READ_CLIENTS: Permission = Permission::new("leads.client.read");
/// Enter and edit clients, the contracts with them, and their files.
pub const UPDATE_CLIENTS: Permission = Permission::new("leads.client.update");

/// Every permission of this domain with its meaning, for the documentation.
pub const ALL: &[(Permission, &str)] = &[
    (READ, "See leads: one's own, and those that are nobody's."),
    (READ_ALL, "See everybody's leads, and work with them."),
    (CREATE, "Enter leads."),
    (UPDATE, "Edit leads, move them along, and note what was done about them."),
    (DELETE, "Put leads away."),
    (UNSPAM, "Say that a lead was no spam."),
    (REOPEN, "Go back on what was won."),
    (PURGE, "Erase leads for good."),
    (IMPORT, "Import leads from files."),
    (EXPORT, "Take leads along as files."),
    (READ_SUBSCRIBERS, "See mailing lists and who is on them."),
    (MANAGE_NEWSLETTER, "Make mailing lists, enter subscribers and take them off."),
    (ERASE_SUBSCRIBERS, "Erase subscribers for good."),
    (LIFT_SUPPRESSION, "Let the owners of addresses that are not to be written to ask for letters again."),
    (MERGE, "Make one lead of several."),
    (READ_CONTACTS, "See messages of the page for contact."),
    (UPDATE_CONTACTS, "Say how far messages have come, and make leads of their senders."),
    (READ_CLIENTS, "See clients, the contracts with them, and their files."),
    (UPDATE_CLIENTS, "Enter and edit clients, the contracts with them, and their files."),
];

/// Which leads somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Who, or on whose behalf a program works.
    pub who: Uuid,
    /// Whether they see everybody's, and not only their own and nobody's.
    pub sees_all: bool,
}

impl Sight {
    /// What the caller sees, if they may do `what`.
    pub(crate) fn of(context: &Context, what: Permission) -> Result<Self, AccessError> {
        let who = context.authorize(what)?;
        Ok(Self { who, sees_all: context.authorize(READ_ALL).is_ok() })
    }

    /// Whether a lead of `owner` is seen.
    pub fn takes_in(self, owner: Option<Uuid>) -> bool {
        self.sees_all || owner.is_none_or(|owner| owner == self.who)
    }
}
