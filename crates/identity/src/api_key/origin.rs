//! Which web pages may use a publishable key.

use ashlar_kernel::FieldFault;
use url::Url;

/// The origin of a web page (RFC 6454): scheme, host and port, as browsers write it in the header `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOrigin {
    /// A publishable key needs some, a secret key may have none.
    #[error("a publishable key has 1 to 32 origins, a secret key none")]
    Count,
    /// It is not written like one.
    #[error("not the origin of a web page, such as https://www.example.org")]
    Format,
}

impl FieldFault for InvalidOrigin {
    fn code(&self) -> &'static str {
        match self {
            Self::Count => "out_of_range",
            Self::Format => "invalid_format",
        }
    }
}

/// The most origins of a key.
pub(crate) const MOST: usize = 32;
const LONGEST: usize = 255;

impl Origin {
    /// Accepts an origin, or the URL of a site without a path.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let is_plain = text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
        let url = Url::parse(text).ok().filter(|_| is_plain).ok_or(InvalidOrigin::Format)?;
        let is_site = matches!(url.scheme(), "https" | "http") && url.path() == "/";
        let is_bare = url.query().is_none() && url.fragment().is_none();
        let is_nobodys = url.username().is_empty() && url.password().is_none();
        if is_site && is_bare && is_nobodys && !text.contains('*') {
            Ok(Self(url.origin().ascii_serialization()))
        } else {
            Err(InvalidOrigin::Format)
        }
    }

    /// As browsers write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_do() {
        for (text, written) in [
            ("https://www.Example.org", "https://www.example.org"),
            ("https://www.example.org:443/", "https://www.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), written);
        }
        for bad in [
            "",
            "null",
            "*",
            "https://*.example.org",
            "www.example.org",
            "https://example.org/a",
            "https://example.org/?a",
            "https://example.org/#a",
            "https://a:b@example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://example.org\n",
            "javascript:alert(1)",
        ] {
            assert_eq!(Origin::parse(bad), Err(InvalidOrigin::Format), "{bad}");
        }
    }
}
