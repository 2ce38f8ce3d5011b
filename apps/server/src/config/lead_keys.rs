//! The rows of [`KEYS`](super::KEYS) about leads.

use super::key::{Key, Kind};

pub(super) const PHONE_REGION: Key = Key::new(
    "phone_region",
    "ASHLAR_PHONE_REGION",
    "phone-region",
    Kind::Other { placeholder: "COUNTRY", accepts: "a country of ISO 3166-1, such as DE" },
    "The country whose telephone numbers are understood without a country code. Without it every number needs one.",
)
.under("Leads");

pub(super) const ALLOWED_DOMAINS: Key = Key::new(
    "disposable_allowed",
    "ASHLAR_DISPOSABLE_ALLOWED",
    "disposable-allowed",
    Kind::Other { placeholder: "LIST", accepts: "domains separated by commas, such as example.org" },
    "Domains of e-mail that leads may use although the built-in list says that their addresses are thrown away.",
)
.under("Leads");
