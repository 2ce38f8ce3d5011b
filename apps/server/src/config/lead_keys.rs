//! The rows of [`KEYS`](super::KEYS) about leads.

use ashlar_kernel::{MacKey, MailAddress};

use super::{
    key::{Key, Kind},
    keys::RATE,
};

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

pub(super) const RATE_LIMIT_UPLOAD: Key = Key::new(
    "rate_limit_upload",
    "ASHLAR_RATE_LIMIT_UPLOAD",
    "rate-limit-upload",
    RATE,
    "Files that one user, or one API key, sends: files of contracts, and imports.",
)
.default("10/1h")
.under("Rate limits");

pub(super) const FORMER_ROOT_KEYS: Key = Key::new(
    "former_root_keys",
    "ASHLAR_FORMER_ROOT_KEYS",
    "former-root-keys",
    Kind::Other { placeholder: "KEYS", accepts: "contents of former `root.key` files, with commas between them" },
    "Root keys that were in use before, so that links to unsubscribe in old letters go on to work, and addresses that were not \
     to be written to stay so. Nothing else is read with them. Flags show in the process list: give them by environment or by \
     file.",
)
.default("")
.secret()
.under("Leads");

pub(super) const CONTACT_MAIL: Key = Key::new(
    "contact_mail",
    "ASHLAR_CONTACT_MAIL",
    "contact-mail",
    Kind::Other { placeholder: "ADDRESS", accepts: "an e-mail address" },
    "Who gets a letter for each message of the contact page, of the tenant `main` only. Without it nobody is written to: the \
     messages wait under `/api/v1/contacts`.",
)
.under("Mail");

/// An address that letters go to; none if there is no text.
pub(super) fn address(text: &str) -> Result<Option<MailAddress>, String> {
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    text.map(MailAddress::parse).transpose().map_err(|error| format!("is {error}"))
}

/// The keys; none if there is no text.
pub(super) fn root_keys(text: &str) -> Result<Vec<MacKey>, String> {
    let key = |digits: &str| {
        let mut key = [0; 32];
        let decoded = hex::decode_to_slice(digits.trim(), &mut key);
        decoded.map(|()| MacKey::from_bytes(key)).map_err(|_not_hex| "has a key that is not 64 hexadecimal digits")
    };
    let texts = text.split(',').filter(|_| !text.trim().is_empty());
    Ok(texts.map(key).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_keys_are_whole() {
        let (one, other) = ("1a".repeat(32), "2b".repeat(32));
        let count = |text: &str| root_keys(text).map(|keys| keys.len());
        assert_eq!((count(""), count(" ")), (Ok(0), Ok(0)));
        assert_eq!(count(&format!("{one}, {other}\n")), Ok(2));
        for bad in [format!("{one}1a"), format!("{one},"), format!("a:{one}"), "x".repeat(64)] {
            assert!(count(&bad).is_err_and(|what| !what.contains("1a1a1a1a")), "{bad}");
        }
    }
}
