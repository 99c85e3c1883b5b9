//! How long the safe in this process is waited for.
//!
//! It fails quickly where it can; a disk that hangs says nothing at all, and must not hold every place there is. What must be
//! done to its end is, whoever has stopped waiting for it.

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use tokio::time::timeout;

use crate::places::Places;
use crate::problem::Problem;

/// Longer than any disk takes that works. A remote safe has deadlines of its own.
const SAFE_TIME: Duration = Duration::from_mins(1);

/// What this process itself answers, or 503. The clock is asked only where the answer is not there at once.
pub(crate) async fn in_safe_time<T, E: Into<Problem>>(
    asked: impl Future<Output = Result<T, E>>,
) -> Result<T, Problem> {
    let mut asked = pin!(asked);
    match poll!(asked.as_mut()) {
        Poll::Ready(answer) => answer.map_err(Into::into),
        Poll::Pending => {
            timeout(SAFE_TIME, asked).await.map_err(|_| Problem::Unavailable)?.map_err(Into::into)
        }
    }
}

/// The same of what ends sessions: it goes on when its time is over or its client is gone, so that the tokens of what has ended
/// in the store are forgotten here as well.
pub(crate) async fn to_its_end<T, E>(
    places: &Arc<Places>,
    asked: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    let errand = places.errand()?;
    let mut asked = Box::pin(async move {
        let _errand = errand;
        asked.await
    });
    if let Poll::Ready(answer) = poll!(asked.as_mut()) {
        return answer.map_err(Into::into);
    }
    match timeout(SAFE_TIME, tokio::spawn(asked)).await {
        Ok(Ok(answer)) => answer.map_err(Into::into),
        Ok(Err(ended)) => match ended.try_into_panic() {
            // Counted where every panic of a request is.
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Problem::Unavailable),
        },
        Err(_) => Err(Problem::Unavailable),
    }
}
