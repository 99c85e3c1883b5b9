//! What is sent waits until all others whose turn has come have had it.
//!
//! So what many requests send leaves together, and the safe is woken once and finds enough to do: to wake another process costs as
//! much as all the rest of sending, and costs the sender (`docs/adr/0023-requests-to-the-safe-leave-together.md`). Whoever is alone waits for nobody.

use std::future::poll_fn;
use std::task::Poll;

/// Waits for the end of this round of the runtime.
pub(crate) async fn end_of_round() {
    let mut has_waited = false;
    poll_fn(|context| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        // Behind everybody who is ready now. The runtime's own way of giving way would ask the system for news first.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use tokio::task::{LocalSet, spawn_local};

    use super::*;

    #[tokio::test]
    async fn all_who_are_ready_have_their_turn_before_one_of_them_sends() {
        let order = Rc::<RefCell<Vec<String>>>::default();
        let turn = |number: usize, order: Rc<RefCell<Vec<String>>>| async move {
            order.borrow_mut().push(format!("reads {number}"));
            end_of_round().await;
            order.borrow_mut().push(format!("sends {number}"));
        };
        let local = LocalSet::new();
        local
            .run_until(async {
                let turns: Vec<_> = (0..3).map(|number| spawn_local(turn(number, order.clone()))).collect();
                for turn in turns {
                    turn.await.unwrap();
                }
            })
            .await;
        assert_eq!(order.borrow().join(", "), "reads 0, reads 1, reads 2, sends 0, sends 1, sends 2");
    }
}
