//! `[server]`: where it listens, on how many cores, and how long it takes to leave.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use ipnet::IpNet;

use super::reader::Section;
use super::tls::Tls;

/// More listeners or workers than any machine needs.
const MAX_LISTENERS: usize = 16;
const MAX_WORKERS: u32 = 1024;
/// Supervisors kill after 30 or 90 seconds; ten minutes is for those who told theirs.
const MAX_DRAIN_S: u32 = 600;

/// The listeners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// `listen`: one or more distinct addresses; port 0 lets the system choose.
    pub(crate) listen: Vec<SocketAddr>,
    /// `admin_listen`: health and readiness; `None` when it is switched off.
    pub(crate) admin_listen: Option<SocketAddr>,
    /// `workers`: runtimes, each on a core; `None` is one per core.
    pub(crate) workers: Option<NonZeroUsize>,
    /// `trusted_proxies`: networks whose word on their clients' addresses is taken.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// `drain_s`: how long requests in hand may take after SIGTERM.
    pub(crate) drain: Duration,
    /// `[server.tls]`: `None` when connections are in the clear. The admin listener's always are.
    pub(crate) tls: Option<Tls>,
}

impl Server {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let listen = section.list("listen", &["127.0.0.1:8080"], address);
        let admin_listen = section.read("admin_listen", "127.0.0.1:9090", |raw| match raw.text()? {
            "" => Ok(None),
            text => address(text).map(Some),
        });
        let workers = section.read("workers", 0, |raw| raw.size(0..=MAX_WORKERS));
        let trusted_proxies = section.list("trusted_proxies", &[], network);
        let drain = section.read("drain_s", 20, |raw| raw.seconds(1..=MAX_DRAIN_S));
        let tls = section.subsection("tls", Tls::read);

        let server = Self {
            listen: listen?,
            admin_listen: admin_listen?,
            workers: NonZeroUsize::new(workers?),
            trusted_proxies: trusted_proxies?,
            drain: drain?,
            tls: tls.ok()?,
        };
        if server.listen.is_empty() || server.listen.len() > MAX_LISTENERS {
            return section.refuse("listen", format!("expected 1 to {MAX_LISTENERS} addresses"));
        }
        for (index, address) in server.listen.iter().enumerate() {
            if address.port() != 0 && server.listen[..index].contains(address) {
                section.refuse::<()>(&format!("listen[{index}]"), "named twice");
            }
        }
        if server.admin_listen.is_some_and(|admin| admin.port() != 0 && server.listen.contains(&admin)) {
            return section.refuse("admin_listen", "the same address as a listener for everybody");
        }
        Some(server)
    }

    /// Whether nobody but this machine can reach the main listeners.
    pub(crate) fn is_loopback_only(&self) -> bool {
        self.listen.iter().all(|address| address.ip().is_loopback())
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "expected an address and a port, such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

/// A network in CIDR notation (RFC 4632), or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let network = text.parse::<IpNet>().or_else(|_| address());
    match network {
        Ok(network) if network == network.trunc() => Ok(network),
        Ok(_) => Err("has bits behind its prefix: which network is meant?".to_owned()),
        Err(_) => Err("expected an address or a network, such as 10.0.0.0/8 or fd00::/8".to_owned()),
    }
}
