//! The client's address: the socket's, or what trusted proxies say.

use std::net::IpAddr;

use actix_web::http::header::{self, HeaderMap};

/// The address a request comes from.
///
/// `peer` is believed unless it is a trusted proxy; then `X-Forwarded-For`, or `Forwarded` (RFC 7239) without it, is
/// walked from the right over trusted hops. What cannot be read ends the walk at the last hop that was trusted. An
/// IPv4-mapped IPv6 address counts as the IPv4 address.
pub(crate) fn client_ip(peer: IpAddr, headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let peer = peer.to_canonical();
    if !trusts(peer) {
        return peer;
    }
    let mut nearest = peer;
    for hop in forwarded_hops(headers).iter().rev() {
        let Some(address) = parse_hop(hop) else {
            break;
        };
        nearest = address;
        if !trusts(address) {
            break;
        }
    }
    nearest
}

fn forwarded_hops(headers: &HeaderMap) -> Vec<String> {
    let values = |name: header::HeaderName| {
        headers.get_all(name).map(|value| value.to_str().unwrap_or("?").to_owned()).collect::<Vec<_>>().join(",")
    };
    let x_forwarded_for = values(header::X_FORWARDED_FOR);
    if !x_forwarded_for.is_empty() {
        return x_forwarded_for.split(',').map(|hop| hop.trim().to_owned()).collect();
    }
    let forwarded = values(header::FORWARDED);
    forwarded.split(',').filter(|element| !element.trim().is_empty()).map(forwarded_for).collect()
}

/// The `for=` of one element of `Forwarded`, without quotes.
fn forwarded_for(element: &str) -> String {
    let pair = element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| value.trim_matches('"').to_owned())
    });
    pair.unwrap_or_default()
}

/// An address, perhaps with a port, an IPv6 one perhaps in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(address, _port)| address);
    let address = bare.parse().ok().or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn seen(peer: &str, lines: &[(&'static str, &str)], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|ip| ip.parse().unwrap()).collect();
        client_ip(peer.parse().unwrap(), &headers, |ip| trusted.contains(&ip)).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(seen("203.0.113.9", &[("x-forwarded-for", "1.2.3.4")], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &[("forwarded", "for=1.2.3.4")], &["10.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_the_left_is_never_believed() {
        let hops = [("x-forwarded-for", "6.6.6.6, 198.51.100.7")];
        assert_eq!(seen("10.0.0.1", &hops, &["10.0.0.1"]), "198.51.100.7");
        let two = [("x-forwarded-for", "6.6.6.6, 198.51.100.7, 10.0.0.2")];
        assert_eq!(seen("10.0.0.1", &two, &["10.0.0.1", "10.0.0.2"]), "198.51.100.7");
    }

    #[test]
    fn what_cannot_be_read_ends_the_walk() {
        let hops = [("x-forwarded-for", "198.51.100.7, unknown, 10.0.0.2")];
        assert_eq!(seen("10.0.0.1", &hops, &["10.0.0.1", "10.0.0.2"]), "10.0.0.2");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        let forwarded = [("forwarded", "for=\"[2001:db8::1]:4711\";proto=https")];
        assert_eq!(seen("10.0.0.1", &forwarded, &["10.0.0.1"]), "2001:db8::1");
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "198.51.100.7:4711")], &["10.0.0.1"]), "198.51.100.7");
        assert_eq!(seen("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
    }
}
