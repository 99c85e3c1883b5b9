//! What requests to a safe and to an identity service are told alike.

use std::net::{IpAddr, Ipv4Addr};

/// Whoever asks for plain JSON alone is told problems as plain JSON, and the type is lost (`api.md`, section 7).
pub(crate) const JSON_OR_PROBLEM: &str = "application/json, application/problem+json";

/// `for=192.0.2.43`, or `for="[2001:db8::17]"` (RFC 7239, section 6).
pub(crate) fn forwarded(client: IpAddr) -> String {
    match client.to_canonical() {
        IpAddr::V4(address) => forwarded_v4(address),
        IpAddr::V6(address) => format!("for=\"[{address}]\""),
    }
}

/// Without the formatter, which takes a tenth of all that a request to a safe is built with.
fn forwarded_v4(address: Ipv4Addr) -> String {
    let mut value = String::with_capacity("for=255.255.255.255".len());
    value.push_str("for=");
    for (place, octet) in address.octets().into_iter().enumerate() {
        if place > 0 {
            value.push('.');
        }
        for (unit, least) in [(100, 100), (10, 10), (1, 0)] {
            if octet >= least {
                value.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_as_rfc_7239_writes_addresses() {
        for (client, value) in [
            ("192.0.2.43", "for=192.0.2.43"),
            ("0.9.10.99", "for=0.9.10.99"),
            ("100.101.200.255", "for=100.101.200.255"),
            ("::ffff:192.0.2.43", "for=192.0.2.43"),
            ("2001:db8::17", "for=\"[2001:db8::17]\""),
        ] {
            assert_eq!(forwarded(client.parse().unwrap()), value);
        }
        for octet in 0..=u8::MAX {
            let address = Ipv4Addr::new(octet, 1, 1, 1);
            assert_eq!(forwarded_v4(address), format!("for={address}"));
        }
    }
}
