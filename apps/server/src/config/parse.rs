//! From text to value. An error is the end of a sentence whose subject is the text.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ashlar_kernel::{RatePolicy, Secret};
use ashlar_leads::Region;
use bytesize::ByteSize;
use ipnet::IpNet;
use sentry::types::Dsn;
use url::Url;

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("is neither true nor false".to_owned()),
    }
}

/// A length of time with its unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("is not a time ({error})"))
}

/// A number of bytes, with or without a unit.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    ByteSize::from_str(text).map_err(|_unclear| "is not a number of bytes".to_owned())
}

/// A whole number.
pub(super) fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|error| format!("is not a whole number ({error})"))
}

/// An IP address with its port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_unclear| "is not an IP address with a port".to_owned())
}

/// An IP address with its port, or none.
pub(super) fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let neither = |_| "is neither an IP address with a port nor off".to_owned();
    address(text).map(Some).map_err(neither)
}

/// A path that is not empty.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(text.into())
}

/// A rate such as `100/1m`, as the policy of this name; `off` is none.
pub(super) fn rate(name: &'static str, text: &str) -> Result<Option<RatePolicy>, String> {
    if text.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    let (limit, window) = text.split_once('/').ok_or("is neither a rate nor off")?;
    let limit = limit.trim().parse().map_err(|error| format!("does not begin with a whole number ({error})"))?;
    let window = duration(window.trim())?;
    let refused = "counts nothing, is longer than 31 days, or regains more than one request each millisecond";
    RatePolicy::new(name, limit, window).map(Some).ok_or_else(|| refused.to_owned())
}

/// A Redis; none if there is no text.
pub(super) fn redis_url(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).map_err(|_unclear| "is no URL".to_owned())?;
    if !matches!(url.scheme(), "redis" | "rediss") {
        return Err("does not begin with redis:// or rediss://".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host".to_owned());
    }
    Ok(Some(Secret::from(text)))
}

/// A Sentry project; none if there is no text.
pub(super) fn sentry_dsn(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    // Their messages quote nothing, and neither does this one.
    text.parse::<Dsn>().map_err(|error| format!("is no DSN ({error})"))?;
    Ok(Some(Secret::from(text)))
}

/// Where mail goes; the adapter that takes it reads the rest.
pub(super) fn mail_url(text: &str) -> Result<Secret, String> {
    let schemes = ["file:", "smtp://", "smtps://", "sendgrid://"];
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        Ok(Secret::from(text))
    } else {
        Err("begins with none of file:, smtp://, smtps:// and sendgrid://".to_owned())
    }
}

/// An absolute http or https URL to put paths behind.
pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let url = web_url(text)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("holds a query or fragment".to_owned());
    }
    Ok(url)
}

/// The same, or nothing.
pub(super) fn account_url(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() { Ok(None) } else { public_url(text).map(Some) }
}

/// One origin (RFC 6454) in the form in which browsers send it.
pub(super) fn origin(text: &str) -> Result<String, String> {
    let url = public_url(text)?;
    if url.path() != "/" {
        return Err("holds a path; an origin is scheme, host and port".to_owned());
    }
    Ok(url.origin().ascii_serialization())
}

/// A network, or one address as a network of its own.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_unclear| "is not an IP address or network".to_owned())
}

pub(super) fn region(text: &str) -> Result<Option<Region>, String> {
    let text = text.trim();
    let region = Some(text).filter(|text| !text.is_empty()).map(str::parse).transpose();
    region.map_err(|_unknown: ashlar_leads::lead::InvalidRegion| "is no country of ISO 3166-1, such as DE".to_owned())
}

pub(super) fn domain(text: &str) -> Result<String, String> {
    let address = ashlar_kernel::Email::parse(&format!("a@{text}"));
    let domain = address.ok().and_then(|email| email.key().strip_prefix("a@").map(str::to_owned));
    domain.ok_or_else(|| "is not a domain".to_owned())
}

/// The elements of a comma-separated list; the first bad one is the error.
pub(super) fn list<T>(text: &str, element: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| element(part).map_err(|what| format!("holds {part:?}, which {what}")))
        .collect()
}

fn web_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is neither http nor https".to_owned());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_their_unit() {
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_mins(90)));
        for text in ["", "15", "15 minuts", "-1s", "1e9s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_bytes_with_or_without_unit() {
        assert_eq!(size("1MiB").map(|size| size.as_u64()), Ok(1_048_576));
        assert_eq!(size("65536").map(|size| size.as_u64()), Ok(65_536));
        for text in ["", "much", "-1"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn origins_are_brought_into_the_form_that_browsers_send() {
        let browser_form = |text| origin(text).unwrap();

        assert_eq!(browser_form("https://App.Example.com/"), "https://app.example.com");
        assert_eq!(browser_form("https://example.com:443"), "https://example.com");
        assert_eq!(browser_form("http://localhost:3000"), "http://localhost:3000");
        for text in ["example.com", "null", "https://example.com/app", "ftp://h", "https://*.h/x"] {
            assert!(origin(text).is_err(), "{text}");
        }
    }

    #[test]
    fn proxies_are_networks_or_single_addresses() {
        let networks = list("10.0.0.0/8, ::1,", network).unwrap();

        assert_eq!(networks, ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let error = list("10.0.0.0/8,proxy", network).unwrap_err();
        assert_eq!(error, r#"holds "proxy", which is not an IP address or network"#);
    }
}
