//! The rows of [`KEYS`](super::KEYS) about mail.

use ashlar_kernel::MailAddress;

use super::{
    key::{Key, Kind},
    lead_keys,
};

pub(super) const MAIL_URL: Key = Key::new(
    "mail_url",
    "ASHLAR_MAIL_URL",
    "mail-url",
    Kind::Other {
        placeholder: "URL",
        accepts: "file:<folder>, smtp://user:password@host:587 (with ?tls=required, opportunistic or none), \
                  smtps://user:password@host:465, or sendgrid://<key>@api.sendgrid.com",
    },
    "Where mail goes: into a folder, to a server, or to SendGrid.",
)
.default("file:<data_dir>/mail")
.secret()
.under("Mail");

pub(super) const MAIL_FROM: Key = Key::new(
    "mail_from",
    "ASHLAR_MAIL_FROM",
    "mail-from",
    Kind::Other {
        placeholder: "MAILBOX",
        accepts: "an address, also with a name, such as Example <no-reply@example.com>",
    },
    "Who mail is from.",
)
.default("Ashlar <no-reply@<host>>")
.under("Mail");

pub(super) const NOTIFICATIONS_MAIL: Key = Key::new(
    "notifications_mail",
    "ASHLAR_NOTIFICATIONS_MAIL",
    "notifications-mail",
    Kind::Other { placeholder: "WHO", accepts: "administrators, off, or an e-mail address" },
    "Who gets a letter when something critical begins: the administrators of the tenant it concerns, nobody, or one address in \
     the place of the administrators of `main`. What concerns the installation concerns `main`.",
)
.default("administrators")
.under("Mail");

/// Who gets a letter when something critical begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotificationRoute {
    /// The administrators of the tenant it concerns.
    Administrators,
    /// Nobody.
    Nobody,
    /// One address in the place of the administrators of `main`; of other tenants, these.
    Address(MailAddress),
}

/// Reads a route.
pub(super) fn route(text: &str) -> Result<NotificationRoute, String> {
    match text.trim() {
        "administrators" => Ok(NotificationRoute::Administrators),
        "off" => Ok(NotificationRoute::Nobody),
        text => {
            let address = lead_keys::address(text)?;
            address.map(NotificationRoute::Address).ok_or_else(|| "says nobody".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_a_word_or_an_address() {
        assert_eq!(route(" off "), Ok(NotificationRoute::Nobody));
        assert_eq!(route("administrators"), Ok(NotificationRoute::Administrators));
        let address = MailAddress::parse("desk@example.com").unwrap();
        assert_eq!(route("desk@example.com"), Ok(NotificationRoute::Address(address)));
        for bad in ["", "on", "admins", "desk@", "a@example.com,b@example.com"] {
            assert!(route(bad).is_err(), "{bad}");
        }
    }
}
