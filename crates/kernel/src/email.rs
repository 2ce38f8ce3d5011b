//! E-mail addresses.

use validator::ValidateEmail;

use crate::{FieldFault, canonical};

/// A deliverable address, and the form by which two spellings of it are recognised as one.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    address: String,
    key: String,
}

/// Why a text is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEmail {
    /// Not of the form `local@domain`, as the HTML standard has it.
    #[error("not an e-mail address")]
    Format,
    /// More than 254 bytes, what fits into an SMTP path (RFC 5321 section 4.5.3.1.3).
    #[error("longer than 254 bytes")]
    TooLong,
}

impl FieldFault for InvalidEmail {
    fn code(&self) -> &'static str {
        match self {
            Self::Format => "invalid_format",
            Self::TooLong => "too_long",
        }
    }
}

impl Email {
    /// Accepts an address, without surrounding blanks.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > canonical::MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        let (local, domain) = canonical::split_address(text).ok_or(InvalidEmail::Format)?;
        let key = canonical::identifier(text).ok_or(InvalidEmail::Format)?;
        if key.len() > canonical::MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        let key_domain = key.rsplit_once('@').map_or("", |(_, domain)| domain);
        // The canonical form has its domain in A-labels, which is what the validator reads best. The local part is
        // judged as written: mail goes there, not to what it folds to.
        if !local.is_ascii() || !is_host_name(key_domain) || !key.validate_email() {
            return Err(InvalidEmail::Format);
        }
        let domain = if domain.is_ascii() { domain.to_owned() } else { idna::domain_to_unicode(key_domain).0 };
        let address = format!("{local}@{domain}");
        // What is kept is read back by the same rules.
        if address.len() > canonical::MAX_BYTES {
            return Err(InvalidEmail::TooLong);
        }
        if address != text && canonical::identifier(&address).as_ref() != Some(&key) {
            return Err(InvalidEmail::Format);
        }
        Ok(Self { address, key })
    }

    /// The address as its owner wrote it, its domain normalised if it is international: where mail goes.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The canonical form: equal for two spellings of one address.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A name with a dot in it whose last label is no number: an IP address is none.
fn is_host_name(domain: &str) -> bool {
    let last = domain.rsplit_once('.').map(|(_, last)| last);
    last.is_some_and(|label| label.starts_with(|c: char| c.is_ascii_alphabetic()))
}

// No `Debug` by derive: addresses are personal data and logs are read by many.
impl std::fmt::Debug for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Email(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_address_share_a_key() {
        let key = |text: &str| Email::parse(text).unwrap().key().to_owned();
        assert_eq!(key(" Ada.Lovelace@EXAMPLE.org "), "ada.lovelace@example.org");
        assert_eq!(key("ada@b\u{fc}cher.example"), key("ada@xn--bcher-kva.example"));
        assert_eq!(key("ada@B\u{dc}CHER.example"), "ada@xn--bcher-kva.example");
        assert_eq!(key("ada\u{ff20}example.org"), "ada@example.org", "a full-width at sign");
        assert_ne!(key("ada+news@example.org"), key("ada@example.org"));
    }

    #[test]
    fn mail_goes_to_the_address_as_written() {
        let address = |text: &str| Email::parse(text).unwrap().address().to_owned();
        assert_eq!(address(" Ada@Example.org "), "Ada@Example.org");
        assert_eq!(address("Ada@\u{ff45}xample\u{3002}org"), "Ada@example.org", "what looks the same is the same");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            " ",
            "ada",
            "@",
            "ada@",
            "@example.org",
            "ada@localhost",
            "a b@example.org",
            "ada@exa mple.org",
            "ada@example..org",
            "ada@-example.org",
            "ada\u{0}@example.org",
            "ada\r\n@example.org",
            "ada@example.org\u{202e}",
            "ada@@example.org",
            "\u{ff41}da@example.org",
            "\u{2100}@example.org",
            "bob@exam\u{fe0f}ple.org",
            "ada@127.0.0.1",
            "ada@example.0x7f",
        ] {
            assert_eq!(Email::parse(bad), Err(InvalidEmail::Format), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("{}@example.org", "a".repeat(243))), Err(InvalidEmail::TooLong));
    }

    #[test]
    fn an_address_is_read_back_as_it_is_kept() {
        // One character of the domain becomes four: what was short is too long.
        let label = "\u{3300}".repeat(8);
        let long = format!("ada@{label}.{label}.{label}.example");
        assert_eq!(Email::parse(&long), Err(InvalidEmail::TooLong));
        let short = Email::parse(&format!("ada@{label}.example")).unwrap();
        assert_eq!(Email::parse(short.address()), Ok(short));
    }

    proptest! {
        #[test]
        fn parsing_any_text_never_panics_and_a_key_is_its_own_key(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                prop_assert_eq!(again.key(), email.key());
                prop_assert_eq!(Email::parse(email.address()), Ok(email));
            }
        }
    }
}
