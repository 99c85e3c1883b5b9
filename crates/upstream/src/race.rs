//! Several addresses of one server: the next is tried beside the last as soon as that one fails, or lets itself be waited for.
//!
//! RFC 8305 in short. One address that drops every packet would else take the whole time there is, though the next answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

/// How long an address is tried alone, as RFC 8305 recommends: most connections are there by then.
const HEAD_START: Duration = Duration::from_millis(250);

/// What comes first of the attempts at these addresses, which are begun in their order; the last failure where all of them fail.
/// All others are given up.
pub(crate) async fn first_of<T, A>(
    addresses: &[SocketAddr],
    attempt: impl Fn(SocketAddr) -> A,
) -> io::Result<T>
where
    A: Future<Output = io::Result<T>>,
{
    let mut left = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = left.next() {
            attempts.push(attempt(*address));
        }
        tokio::select! {
            // An attempt that has ended is worth more than one that begins.
            biased;
            ended = attempts.next() => match ended {
                Some(Ok(made)) => return Ok(made),
                Some(Err(error)) => failure = error,
                None => return Err(failure),
            },
            () = sleep(HEAD_START), if left.len() > 0 => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::future::pending;

    use tokio::time::{Instant, timeout};

    use super::*;

    /// What becomes of an address, after so many milliseconds.
    #[derive(Clone, Copy)]
    enum Fate {
        Works(u64),
        Fails(u64, io::ErrorKind),
        Drops,
    }

    use Fate::{Drops, Fails, Works};

    async fn meet(fate: Fate) -> io::Result<()> {
        match fate {
            Works(after) => {
                sleep(Duration::from_millis(after)).await;
                Ok(())
            }
            Fails(after, why) => {
                sleep(Duration::from_millis(after)).await;
                Err(why.into())
            }
            Drops => pending().await,
        }
    }

    fn addresses(count: usize) -> Vec<SocketAddr> {
        (0..count).map(|place| SocketAddr::from(([192, 0, 2, 1], u16::try_from(place).unwrap()))).collect()
    }

    /// What comes of it, after how many milliseconds, and which places were tried.
    async fn race(fates: &[Fate]) -> (Result<u16, io::ErrorKind>, u128, Vec<u16>) {
        let tried = RefCell::new(Vec::new());
        let began = Instant::now();
        let first = first_of(&addresses(fates.len()), |address| {
            tried.borrow_mut().push(address.port());
            let fate = fates[usize::from(address.port())];
            async move { meet(fate).await.map(|()| address.port()) }
        })
        .await;
        (first.map_err(|error| error.kind()), began.elapsed().as_millis(), tried.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_drops_packets_costs_a_moment_and_not_the_whole_time() {
        assert_eq!(race(&[Drops, Works(10)]).await, (Ok(1), 260, vec![0, 1]));
        assert_eq!(race(&[Drops, Drops, Works(10)]).await, (Ok(2), 510, vec![0, 1, 2]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_answers_in_time_is_tried_alone() {
        assert_eq!(race(&[Works(100), Works(0)]).await, (Ok(0), 100, vec![0]));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_is_slow_is_not_given_up_for_the_next() {
        assert_eq!(race(&[Works(400), Drops]).await, (Ok(0), 400, vec![0, 1]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_address_does_not_wait_where_one_has_failed() {
        let refused = io::ErrorKind::ConnectionRefused;
        assert_eq!(race(&[Fails(5, refused), Works(10)]).await, (Ok(1), 15, vec![0, 1]));
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_failure_is_told_where_every_address_fails() {
        let (refused, reset) = (io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset);
        assert_eq!(race(&[Fails(5, refused), Fails(5, reset)]).await, (Err(reset), 10, vec![0, 1]));
        assert_eq!(race(&[]).await, (Err(io::ErrorKind::AddrNotAvailable), 0, vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_all_drop_packets_are_waited_for_by_no_deadline_but_the_caller_s() {
        let attempt = |_| pending::<io::Result<()>>();
        assert!(timeout(Duration::from_hours(1), first_of(&addresses(8), attempt)).await.is_err());
    }
}
