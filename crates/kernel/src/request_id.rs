//! The name of one request, from the client's header to the last log line.

use std::{fmt, sync::Arc};

use crate::IdSource;

/// 1 to 128 visible ASCII characters: the client's own `X-Request-Id`, or one we made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

/// The text is empty, too long, or holds something other than visible ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request id is 1 to 128 visible ASCII characters")]
pub struct InvalidRequestId;

impl RequestId {
    /// Accepts a client's request id.
    pub fn parse(text: &str) -> Result<Self, InvalidRequestId> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.into())) } else { Err(InvalidRequestId) }
    }

    /// Makes a new one.
    pub fn new(ids: &dyn IdSource) -> Self {
        Self(ids.next().to_string().into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_ascii_up_to_128_characters_is_accepted() {
        assert!(RequestId::parse("a").is_ok());
        assert!(RequestId::parse(&"x".repeat(128)).is_ok());
        for bad in ["", " ", "a b", "a\r\nSet-Cookie: x", "\u{e4}", &"x".repeat(129)] {
            assert_eq!(RequestId::parse(bad), Err(InvalidRequestId), "{bad:?}");
        }
    }
}
