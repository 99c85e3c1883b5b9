//! Binding: one listening socket per core on each address (`SO_REUSEPORT`), and never beside another process.
//!
//! `SO_REUSEPORT` alone would let a second server of the same user share our callers. Two guards rule that out: a socket
//! bound without the option, which fails while anybody listens; and an abstract Unix socket named by the address, held
//! for the life of the process, which closes the moment between the two.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener};

use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;

/// Connections that wait to be accepted, per socket; the kernel caps it at `somaxconn`.
const BACKLOG: i32 = 1024;

/// The sockets of a server: for each core one on each address.
#[derive(Debug)]
pub struct Listeners {
    pub(crate) per_core: Vec<Vec<TcpListener>>,
    addresses: Vec<SocketAddr>,
    /// The names held for the addresses; dropped when the server ends.
    pub(crate) names: Vec<UnixListener>,
}

/// An address could not be had.
#[derive(Debug, Error)]
pub enum BindError {
    /// Another process listens there.
    #[error("{0} is in use by another process")]
    InUse(SocketAddr),
    /// The system refused.
    #[error("could not listen on {address}: {source}")]
    System {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl Listeners {
    /// Binds every address once for each of `cores`. Port 0 takes a free port.
    ///
    /// # Errors
    ///
    /// [`BindError`]; nothing stays bound.
    pub fn bind(addresses: &[SocketAddr], cores: usize) -> Result<Self, BindError> {
        let mut bound = Self {
            per_core: (0..cores).map(|_| Vec::new()).collect(),
            addresses: Vec::new(),
            names: Vec::new(),
        };
        for address in addresses {
            let system = |source: io::Error| match source.kind() {
                io::ErrorKind::AddrInUse => BindError::InUse(*address),
                _ => BindError::System { address: *address, source },
            };
            if address.port() != 0 {
                bound.names.push(hold(*address).map_err(system)?);
                probe(*address).map_err(system)?;
            }
            let mut actual = *address;
            for sockets in &mut bound.per_core {
                let listener = listen(actual).map_err(system)?;
                if actual.port() == 0 {
                    actual = listener.local_addr().map_err(system)?;
                    bound.names.push(hold(actual).map_err(system)?);
                }
                sockets.push(listener);
            }
            bound.addresses.push(actual);
        }
        Ok(bound)
    }

    /// The addresses, with the ports that were taken.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

/// Held for the life of the process; two of our servers cannot hold the same name. Ends with the process, however that
/// ends, and leaves no file.
fn hold(address: SocketAddr) -> io::Result<UnixListener> {
    UnixListener::bind_addr(&UnixAddr::from_abstract_name(format!("strongroom-listens-{address}"))?)
}

/// Fails while any process listens on the address, with or without `SO_REUSEPORT`.
fn probe(address: SocketAddr) -> io::Result<()> {
    let socket = socket(address)?;
    socket.bind(&address.into())?;
    socket.listen(1)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    socket.set_reuse_port(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn socket(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of a server that has just ended linger in TIME_WAIT and must not keep the next from starting.
    socket.set_reuse_address(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_on_the_same_port_is_refused() {
        let any = "127.0.0.1:0".parse().unwrap();
        let first = Listeners::bind(&[any], 2).unwrap();
        let address = first.addresses()[0];
        assert!(matches!(Listeners::bind(&[address], 2), Err(BindError::InUse(at)) if at == address));
        drop(first);
        assert!(Listeners::bind(&[address], 2).is_ok());
    }

    #[test]
    fn a_foreign_server_that_shares_its_port_is_noticed() {
        let socket = socket("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.set_reuse_port(true).unwrap();
        socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.listen(1).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        assert!(matches!(Listeners::bind(&[address], 1), Err(BindError::InUse(_))));
    }
}
