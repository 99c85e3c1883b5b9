//! Connections that are kept: what the safe does to them meanwhile costs nobody a failure, and nobody holds on to them.

use std::time::Duration;

use futures_util::future::join_all;

use crate::scripted::{Scripted, jane, safe};

/// More than a task may read from in one go without giving way to others (the runtime's budget).
const MANY: usize = 200;

#[tokio::test]
async fn a_read_is_served_however_many_kept_connections_the_safe_has_closed() {
    let server = Scripted::start([]).await;
    let upstream = server.upstream();
    let reads = join_all((0..MANY).map(|_| async { safe(&upstream).read(&jane()).await })).await;
    assert!(reads.iter().all(|read| *read == Ok(None)));
    assert_eq!(server.connections(), MANY, "all of them at once");
    server.hang_up().await;
    assert_eq!(safe(&upstream).read(&jane()).await, Ok(None));
}

#[tokio::test]
async fn a_kept_connection_that_the_safe_has_closed_is_let_go_though_nobody_asks() {
    let server = Scripted::start([]).await;
    let upstream = server.upstream();
    safe(&upstream).read(&jane()).await.unwrap();
    assert_eq!(upstream.figures().connections_kept(), 1);
    server.hang_up().await;
    tokio::time::pause();
    for _ in 0..100 {
        if upstream.figures().connections_kept() == 0 {
            break;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(upstream.figures().connections_kept(), 0);
}
