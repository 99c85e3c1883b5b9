//! Whose connection, and whose request, it is: the address of the client, also from behind proxies that are trusted to say it.
//!
//! An address bounds what one client may take; it is never an identity, and nobody gains a right by having one.

use std::net::{IpAddr, Ipv6Addr};

use http::header::{FORWARDED, HeaderName};
use http::{HeaderMap, HeaderValue};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies in a row that are looked past; nobody has more.
const MAX_HOPS: usize = 16;

/// A client as limits count it: an IPv4 address, or the /64 that an IPv6 host has to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether it speaks for others, and is believed.
    pub(crate) is_proxy: bool,
}

/// Proxies that are believed when they say for whom they ask.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Those whose address is in one of these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn peer(&self, address: IpAddr) -> Peer {
        let address = address.to_canonical();
        Peer { address, is_proxy: self.trusts(address) }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// For whom a request is. Read from the right, where the nearest proxy wrote: the first address that is no proxy of ours.
    ///
    /// `Forwarded` (RFC 7239) and `X-Forwarded-For` may both be there when a proxy writes one and passes the other on as its
    /// client sent it. Where they differ neither is believed, and the request is the proxy's own.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        if !peer.is_proxy {
            return peer.address;
        }
        let forwarded = self.walk(peer, headers, &FORWARDED, forwarded_for);
        let x_forwarded_for = self.walk(peer, headers, &X_FORWARDED_FOR, address);
        match (forwarded, x_forwarded_for) {
            (Some(one), Some(other)) if one != other => peer.address,
            (Some(address), _) | (None, Some(address)) => address,
            (None, None) => peer.address,
        }
    }

    /// `None` where the field is not there. What cannot be read ends the walk: whoever wrote it is the client.
    fn walk(
        &self,
        peer: Peer,
        headers: &HeaderMap,
        name: &HeaderName,
        read: impl Fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        if !headers.contains_key(name) {
            return None;
        }
        let fields: Vec<&HeaderValue> = headers.get_all(name).iter().collect();
        let texts = fields.iter().rev().map(|field| field.to_str().unwrap_or_default());
        let mut nearest = peer.address;
        for entry in texts.flat_map(|text| text.rsplit(',')).take(MAX_HOPS) {
            match read(entry.trim()) {
                Some(address) if self.trusts(address) => nearest = address,
                Some(address) => return Some(address),
                None => break,
            }
        }
        Some(nearest)
    }
}

/// The `for` of an element such as `for=192.0.2.43;proto=https` or `For="[2001:db8::1]:4711"` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut nodes = element.split(';').filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    });
    let node = nodes.next().filter(|_| nodes.next().is_none())?;
    let node = node.strip_prefix('"').map_or(Some(node), |quoted| quoted.strip_suffix('"'))?;
    address(node)
}

/// An address, with or without a port; an IPv6 one with a port stands in brackets.
fn address(node: &str) -> Option<IpAddr> {
    let host = match node.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(host)?
        }
        None => match node.split_once(':') {
            Some((host, port)) if is_port(port) => host,
            _ => node,
        },
    };
    host.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// Digits, or a port that is kept secret (RFC 7239, section 6.3).
fn is_port(port: &str) -> bool {
    let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    let is_secret = port.strip_prefix('_').is_some_and(|secret| {
        !secret.is_empty() && secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    });
    is_number || is_secret
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// Who asks, according to a proxy at 10.0.0.1 that is trusted as all of 10.0.0.0/8 is.
    fn client(fields: &[(&HeaderName, &str)]) -> IpAddr {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        proxies.client(proxies.peer(ip("10.0.0.1")), &headers)
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_the_network_of_an_ipv6_host() {
        assert_ne!(Client::of(ip("192.0.2.1")), Client::of(ip("192.0.2.2")));
        assert_eq!(Client::of(ip("192.0.2.1")), Client::of(ip("::ffff:192.0.2.1")));
        assert_eq!(Client::of(ip("2001:db8:1:2:3::4")), Client::of(ip("2001:db8:1:2:ffff::")));
        assert_ne!(Client::of(ip("2001:db8:1:2::")), Client::of(ip("2001:db8:1:3::")));
    }

    #[test]
    fn nobody_but_a_trusted_proxy_is_believed() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert(X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"));
        headers.insert(FORWARDED, HeaderValue::from_static("for=192.0.2.1"));
        assert_eq!(proxies.client(proxies.peer(ip("198.51.100.7")), &headers), ip("198.51.100.7"));
        assert_eq!(proxies.client(proxies.peer(ip("::ffff:10.1.2.3")), &headers), ip("192.0.2.1"));
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy_of_ours() {
        for (value, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("203.0.113.9, 192.0.2.1", "192.0.2.1"),
            ("192.0.2.1, 10.0.0.2 ,10.0.0.3", "192.0.2.1"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("10.0.0.2, 10.0.0.3", "10.0.0.2"),
            ("192.0.2.1, unknown, 10.0.0.3", "10.0.0.3"),
            ("192.0.2.1,", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(client(&[(&X_FORWARDED_FOR, value)]), ip(expected), "{value}");
        }
        let many = vec!["10.0.0.2"; MAX_HOPS].join(",");
        assert_eq!(client(&[(&X_FORWARDED_FOR, &format!("192.0.2.1,{many}"))]), ip("10.0.0.2"));
        assert_eq!(
            client(&[(&X_FORWARDED_FOR, "192.0.2.1"), (&X_FORWARDED_FOR, "192.0.2.2")]),
            ip("192.0.2.2")
        );
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (value, expected) in [
            ("for=192.0.2.43", "192.0.2.43"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("proto=https ; for=\"192.0.2.60:80\"", "192.0.2.60"),
            ("for=\"192.0.2.60:_hidden-7\"", "192.0.2.60"),
            ("for=\"192.0.2.60:_\"", "10.0.0.1"),
            ("for=198.51.100.1, for=192.0.2.43, for=10.0.0.9", "192.0.2.43"),
            ("for=192.0.2.43, for=_hidden", "10.0.0.1"),
            ("for=192.0.2.43;for=192.0.2.44", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
            ("for=\"192.0.2.43", "10.0.0.1"),
        ] {
            assert_eq!(client(&[(&FORWARDED, value)]), ip(expected), "{value}");
        }
    }

    #[test]
    fn where_two_fields_name_two_clients_neither_is_believed() {
        assert_eq!(
            client(&[(&FORWARDED, "for=192.0.2.1"), (&X_FORWARDED_FOR, "192.0.2.1")]),
            ip("192.0.2.1")
        );
        assert_eq!(client(&[(&FORWARDED, "for=192.0.2.1"), (&X_FORWARDED_FOR, "192.0.2.2")]), ip("10.0.0.1"));
    }
}
