//! The grammar of an origin, as browsers send it (RFC 6454, section 6.2), and whom it may belong to.
//!
//! Origins are compared byte for byte, so one that no browser would ever send is refused rather than never matched.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Checks `scheme://host[:port]`: `https`, or `http` on this machine; lower case; nothing behind it; not the scheme's own
/// port. The host is the tenant's domain or lies under it; the addresses of loopback belong to `localhost`.
pub(super) fn check_origin(origin: &str, rp_id: &str) -> Result<(), String> {
    let host = host_of(origin)?;
    let is_own = host == rp_id
        || host.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.'))
        || (rp_id == "localhost" && is_loopback_address(host));
    if is_own {
        Ok(())
    } else {
        Err("an origin's host must be the tenant's rp_id or lie under it".to_owned())
    }
}

/// The host of a well-formed origin.
pub(super) fn host_of(origin: &str) -> Result<&str, String> {
    let (scheme, authority) =
        origin.split_once("://").ok_or("expected scheme://host or scheme://host:port")?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !is_host(host) {
        return Err("expected a host in lower case behind the scheme, and no path".to_owned());
    }
    let own_port = match scheme {
        "https" => 443,
        "http" if is_loopback(host) => 80,
        "http" => {
            return Err("http is for this machine only (localhost, 127.0.0.1, [::1]): use https".to_owned());
        }
        _ => return Err("expected https:// or, on this machine, http://".to_owned()),
    };
    match port.map(|port| (port, port.parse::<u16>())) {
        None => Ok(host),
        Some((_, Ok(number))) if number == own_port => {
            Err("browsers leave the scheme's own port away: leave it away, too".to_owned())
        }
        Some((text, Ok(number))) if number > 0 && number.to_string() == text => Ok(host),
        Some(_) => Err("expected a port from 1 to 65535".to_owned()),
    }
}

/// A domain in lower case, which an address is not.
pub(super) fn is_domain(host: &str) -> bool {
    let last_label = host.rsplit('.').next().unwrap_or_default();
    strongroom_ports::TenantId::parse(host).is_ok() && !last_label.bytes().all(|b| b.is_ascii_digit())
}

fn is_host(host: &str) -> bool {
    is_domain(host) || is_loopback_address(host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || is_loopback_address(host)
}

fn is_loopback_address(host: &str) -> bool {
    host == Ipv4Addr::LOCALHOST.to_string() || host == format!("[{}]", Ipv6Addr::LOCALHOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_would_send_for_the_tenant() {
        for (origin, rp_id) in [
            ("https://shop.example", "shop.example"),
            ("https://app.shop.example:8443", "shop.example"),
            ("http://localhost:8080", "localhost"),
            ("http://app.localhost", "localhost"),
            ("http://127.0.0.1:3000", "localhost"),
            ("http://[::1]:3000", "localhost"),
            ("http://[::1]", "localhost"),
        ] {
            assert_eq!(check_origin(origin, rp_id), Ok(()), "{origin}");
        }
    }

    #[test]
    fn an_origin_that_no_browser_sends_or_that_is_another_s_is_refused() {
        for origin in [
            "",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/app",
            "https://shop.example?x",
            "https://Shop.example",
            "HTTPS://shop.example",
            "https://user@shop.example",
            "https://shop.example:",
            "https://shop.example:443",
            "https://shop.example:0",
            "https://shop.example:08443",
            "https://shop.example:65536",
            "http://shop.example",
            "ftp://shop.example",
            "https://notshop.example",
            "https://example",
            "https://shop.example.evil",
            "https://127.0.0.1",
            "https://*.shop.example",
            "null",
        ] {
            assert!(check_origin(origin, "shop.example").is_err(), "{origin}");
        }
    }
}
