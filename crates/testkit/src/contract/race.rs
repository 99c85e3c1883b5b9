//! Many callers at one time, each on a thread of its own.

use std::sync::{Arc, Barrier, Mutex, PoisonError};

use super::{BlockOn, present};

/// Starts `count` threads at once and collects what each of them answers. `handles` are given out in turn.
pub(super) fn race<S, T, W, F>(handles: &[Arc<S>], block_on: BlockOn, count: usize, work: W) -> Vec<T>
where
    S: ?Sized + Send + Sync,
    T: Send + 'static,
    W: Fn(usize, Arc<S>) -> F + Sync,
    F: Future<Output = T> + Send + 'static,
{
    let start = Barrier::new(count);
    let answers = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for (number, handle) in (0..count).zip(handles.iter().cycle()) {
            let (work, start, answers) = (&work, &start, Arc::clone(&answers));
            let job = work(number, Arc::clone(handle));
            scope.spawn(move || {
                start.wait();
                block_on(Box::pin(async move {
                    let answer = job.await;
                    answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer);
                }));
            });
        }
    });
    std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Runs one future to its end.
pub(super) fn alone<T, F>(block_on: BlockOn, job: F) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let answer = Arc::new(Mutex::new(None));
    let place = Arc::clone(&answer);
    block_on(Box::pin(async move {
        let value = job.await;
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }));
    let value = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    present("`block_on` runs a future to its end", value)
}
