//! The rows of [`KEYS`](super::KEYS) about mail.

use super::key::{Key, Kind};

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
