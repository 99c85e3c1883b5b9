//! Addresses of names: one look-up of a name at a time, on a thread of its own, and its answer is good for a while.
//!
//! The system's resolver blocks, and knows no deadline. Whoever asked may have given up long before it answers: so nobody
//! starts a second look-up behind one that hangs, and no runtime that ends waits for it. Where it fails, what was found last
//! stands for a few minutes more: a resolver that blinks takes no server down.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long an answer is good. A name that moves is followed this late at most; a burst of new connections asks once.
const FRESH: Duration = Duration::from_secs(5);
/// How long, from the first failed look-up, what was found before stands in. A resolver is restarted within that; a name that is
/// gone for good is believed a little longer, and it is TLS that says who is there.
const STALE: Duration = Duration::from_mins(5);
/// The most addresses of a name that are kept, and tried.
const MAX_ADDRESSES: usize = 8;

type LookUp = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// What is known of one name, and who waits for more.
type Name = Arc<watch::Sender<Known>>;

/// By host and port.
type Names = HashMap<(Box<str>, u16), Name>;

/// What is known of names. One entry for each name of the configuration: nobody else's are asked for.
#[derive(Clone)]
pub(crate) struct Addresses {
    names: Arc<Mutex<Names>>,
    look_up: Arc<LookUp>,
    fresh: Duration,
    stale: Duration,
}

/// What is known of one.
#[derive(Default)]
struct Known {
    found: Option<(Arc<[SocketAddr]>, Instant)>,
    /// Since when every look-up has failed.
    failing: Option<Instant>,
    is_asked: bool,
}

impl Addresses {
    /// Asks the system.
    pub(crate) fn of_the_system() -> Self {
        Self::by(FRESH, STALE, |host, port| Ok((host, port).to_socket_addrs()?.take(MAX_ADDRESSES).collect()))
    }

    /// Asks whoever this is: what is found is good for as long as `fresh`, and for `stale` more while nothing is.
    pub(crate) fn by(
        fresh: Duration,
        stale: Duration,
        look_up: impl Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self { names: Arc::default(), look_up: Arc::new(look_up), fresh, stale }
    }

    /// The addresses of a host, by no deadline but the caller's own; none where there are none, or nobody can say, or could for
    /// minutes. A literal address is its own.
    pub(crate) async fn of(&self, (host, port): (&str, u16)) -> Arc<[SocketAddr]> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Arc::new([SocketAddr::new(address, port)]);
        }
        let name = self.name(host, port);
        let mut seen = name.subscribe();
        let must_ask = name.send_if_modified(|known| {
            let is_fresh = known.found.as_ref().is_some_and(|(_, since)| since.elapsed() < self.fresh);
            let must_ask = !is_fresh && !known.is_asked;
            known.is_asked |= must_ask;
            must_ask
        });
        if must_ask {
            self.ask(host.into(), port, name);
        }
        // What was waited for is good, however long ago it came.
        let known = seen.wait_for(|known| !known.is_asked).await;
        known.ok().and_then(|known| Some(known.found.as_ref()?.0.clone())).unwrap_or_default()
    }

    fn name(&self, host: &str, port: u16) -> Name {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry((host.into(), port)).or_insert_with(|| Arc::new(watch::Sender::default())).clone()
    }

    /// Not a thread of the runtime's: that one would wait for it at its end.
    fn ask(&self, host: Box<str>, port: u16, name: Name) {
        let look_up = self.look_up.clone();
        // Dropped at the latest with the closure, started or not.
        let answer = Answer { name, found: None, stale: self.stale };
        let ask = move || answer.is(look_up(&host, port).ok().filter(|found| !found.is_empty()));
        // Without a thread there is no answer, as with a resolver that has none.
        drop(thread::Builder::new().name("look-up".to_owned()).spawn(ask));
    }
}

/// Printed without the names, which the configuration has.
impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Addresses")
    }
}

/// Tells those who wait, however the look-up ends.
struct Answer {
    name: Name,
    found: Option<Vec<SocketAddr>>,
    stale: Duration,
}

impl Answer {
    fn is(mut self, found: Option<Vec<SocketAddr>>) {
        self.found = found;
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        let now = Instant::now();
        self.name.send_modify(|known| {
            known.is_asked = false;
            if let Some(found) = self.found.take() {
                known.found = Some((Arc::from(found), now));
                known.failing = None;
                return;
            }
            let since = *known.failing.get_or_insert(now);
            if now.duration_since(since) >= self.stale {
                known.found = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const NAME: (&str, u16) = ("safe.example", 443);

    /// A resolver that answers only what and when a test tells it, and how often it was asked.
    fn held(fresh: Duration) -> (Addresses, mpsc::Sender<io::Result<Vec<SocketAddr>>>, Arc<AtomicUsize>) {
        held_with(fresh, STALE)
    }

    fn held_with(
        fresh: Duration,
        stale: Duration,
    ) -> (Addresses, mpsc::Sender<io::Result<Vec<SocketAddr>>>, Arc<AtomicUsize>) {
        let (teller, told) = mpsc::channel();
        let (told, asked) = (Mutex::new(told), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        let addresses = Addresses::by(fresh, stale, move |_, _| {
            count.fetch_add(1, SeqCst);
            told.lock().unwrap().recv().unwrap_or_else(|_| Ok(Vec::new()))
        });
        (addresses, teller, asked)
    }

    fn some(last: u8) -> Vec<SocketAddr> {
        vec![SocketAddr::from(([192, 0, 2, last], 443))]
    }

    fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_look_up_that_hangs_is_waited_for_by_all_and_repeated_by_none() {
        let (addresses, teller, asked) = held(FRESH);
        for _ in 0..100 {
            // Each gives up at once, as at a deadline.
            assert!(poll_once(addresses.of(NAME)).is_pending());
        }
        teller.send(Ok(some(7))).unwrap();
        let (one, other) = tokio::join!(addresses.of(NAME), addresses.of(NAME));
        assert_eq!((&*one, &*other), (&*some(7), &*some(7)));
        assert_eq!(asked.load(SeqCst), 1);
    }

    #[tokio::test]
    async fn an_answer_is_good_for_a_while_and_a_failure_is_not_remembered() {
        let (addresses, teller, asked) = held(Duration::MAX);
        for (told, expected, looked_up) in [
            (Some(Err(io::ErrorKind::NotFound.into())), vec![], 1),
            (Some(Ok(Vec::new())), vec![], 2),
            (Some(Ok(some(7))), some(7), 3),
            (None, some(7), 3),
        ] {
            if let Some(told) = told {
                teller.send(told).unwrap();
            }
            assert_eq!(*addresses.of(NAME).await, *expected);
            assert_eq!(asked.load(SeqCst), looked_up);
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_too_old_is_asked_for_again() {
        let (addresses, teller, _) = held(Duration::ZERO);
        for last in [7, 8] {
            teller.send(Ok(some(last))).unwrap();
            assert_eq!(*addresses.of(NAME).await, *some(last));
        }
    }

    #[tokio::test]
    async fn what_was_found_stands_in_while_the_resolver_fails_and_not_for_ever() {
        let fails = || Err(io::ErrorKind::TimedOut.into());
        for (stale, expected) in [(Duration::MAX, some(7)), (Duration::ZERO, vec![])] {
            let (addresses, teller, asked) = held_with(Duration::ZERO, stale);
            teller.send(Ok(some(7))).unwrap();
            assert_eq!(*addresses.of(NAME).await, *some(7));
            for told in [fails(), Ok(Vec::new()), fails()] {
                teller.send(told).unwrap();
                assert_eq!(*addresses.of(NAME).await, *expected);
            }
            assert_eq!(asked.load(SeqCst), 4, "the resolver is asked all the while");
            teller.send(Ok(some(8))).unwrap();
            assert_eq!(*addresses.of(NAME).await, *some(8), "and believed as soon as it answers");
        }
    }

    #[tokio::test]
    async fn a_look_up_that_succeeds_begins_the_time_anew() {
        let (addresses, teller, _) = held(Duration::ZERO);
        teller.send(Ok(some(7))).unwrap();
        addresses.of(NAME).await;
        let failing = || addresses.name(NAME.0, NAME.1).borrow().failing.is_some();
        for (told, is_failing) in [(Ok(Vec::new()), true), (Ok(some(7)), false)] {
            teller.send(told).unwrap();
            addresses.of(NAME).await;
            assert_eq!(failing(), is_failing);
        }
    }

    #[tokio::test]
    async fn a_literal_address_is_looked_up_nowhere() {
        let (addresses, _teller, asked) = held(FRESH);
        for (host, address) in [("127.0.0.1", "127.0.0.1:443"), ("::1", "[::1]:443")] {
            assert_eq!(*addresses.of((host, 443)).await, [address.parse().unwrap()]);
        }
        assert_eq!(asked.load(SeqCst), 0);
    }

    #[test]
    fn a_runtime_that_ends_does_not_wait_for_a_look_up() {
        let (addresses, teller, _) = held(FRESH);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { assert!(poll_once(addresses.of(NAME)).is_pending()) });
        // Hangs here if it does.
        drop(runtime);
        drop(teller);
    }

    #[tokio::test]
    async fn whoever_waits_for_a_look_up_that_breaks_is_told() {
        let broken = Addresses::by(FRESH, STALE, |_, _| std::panic::resume_unwind(Box::new(())));
        assert_eq!(*broken.of(NAME).await, []);
    }
}
