//! An answer on its way: bytes go in, in whatever pieces they come, and one whole answer comes out. No input, no clock, no output.
//!
//! Interim answers are skipped. Whatever the other side says, a head and a body have their limits, and so has all of it.

use bytes::Bytes;
use http::StatusCode;

use crate::answer_head::{self, AnswerHead, Framing, Parsed, Unreadable};
use crate::chunks::{Chunks, NotInChunks};
use crate::failure::RequestFailure;
use crate::scrub::Scrubbed;

/// What comes beside the body of an answer: its head, interim answers, the sizes of its chunks.
const MAX_OVERHEAD_BYTES: usize = 4 * answer_head::MAX_BYTES;

/// Room for a body that has been told of and not come.
const FIRST_ROOM_BYTES: usize = 64 * 1024;

/// A whole answer. Its body is printed by its length alone, and overwritten when it is dropped.
#[derive(Debug)]
pub struct Answer {
    pub(crate) head: AnswerHead,
    pub(crate) body: Scrubbed,
}

impl Answer {
    /// Its status, which is none of an interim answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// Its body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, for whoever it is for.
    pub(crate) fn into_body(self) -> Bytes {
        strongroom_ports::scrubbed(self.body.into_inner().into())
    }
}

/// How an answer fails to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Lost on the way: another try may end better.
    Lost(RequestFailure),
    /// It came too late, is more than may be read, or cannot be told from one that was cut off: no second try.
    Failed(RequestFailure),
}

impl From<NotInChunks> for Broken {
    fn from(_: NotInChunks) -> Self {
        Self::Lost(RequestFailure::Broken)
    }
}

impl From<Unreadable> for Broken {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Broken => Self::Lost(RequestFailure::Broken),
            Unreadable::Endless => Self::Failed(RequestFailure::Broken),
        }
    }
}

/// One answer.
#[derive(Debug)]
pub struct Incoming {
    stage: Stage,
    /// The most of a body.
    body_bytes: usize,
    /// What may still be read, of whatever kind.
    left: usize,
}

#[derive(Debug)]
enum Stage {
    /// What has come of a head that is not whole.
    Head(Scrubbed),
    Body(Begun),
}

/// An answer whose head is there.
#[derive(Debug)]
struct Begun {
    head: AnswerHead,
    is_persistent: bool,
    rest: Rest,
    body: Scrubbed,
}

#[derive(Debug)]
enum Rest {
    Bytes(usize),
    Chunks(Chunks),
}

/// A whole answer, and whether another may follow on the same connection.
#[derive(Debug)]
pub struct Whole {
    /// The answer.
    pub answer: Answer,
    /// Whether it may.
    pub is_persistent: bool,
}

impl Incoming {
    /// An answer with so many bytes of a body at most.
    #[must_use]
    pub fn new(body_bytes: usize) -> Self {
        let left = body_bytes.saturating_add(MAX_OVERHEAD_BYTES);
        Self { stage: Stage::Head(Scrubbed::default()), body_bytes, left }
    }

    /// Whether its head is there.
    #[must_use]
    pub fn has_head(&self) -> bool {
        matches!(self.stage, Stage::Body(_))
    }

    /// Takes what has come, and gives the answer when it is whole: then it must not be given any more.
    ///
    /// # Errors
    ///
    /// [`Broken`] when there will be no answer.
    pub fn take(&mut self, mut bytes: &[u8]) -> Result<Option<Whole>, Broken> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(Broken::Failed(RequestFailure::TooLong))?;
        while let Stage::Head(held) = &mut self.stage {
            let Some((length, parsed)) = head(held, bytes)? else { return Ok(None) };
            bytes = bytes.get(length..).unwrap_or_default();
            if !answer_head::is_interim(parsed.head.status) {
                self.stage = Stage::Body(Begun::new(parsed, self.body_bytes)?);
            } else if bytes.is_empty() {
                return Ok(None);
            }
        }
        let Stage::Body(begun) = &mut self.stage else { return Ok(None) };
        let Some(taken) = begun.take(bytes, self.body_bytes)? else { return Ok(None) };
        let over = std::mem::replace(&mut self.stage, Stage::Head(Scrubbed::default()));
        let Stage::Body(Begun { head, is_persistent, body, .. }) = over else { return Ok(None) };
        // What comes behind it was not asked for.
        let is_persistent = is_persistent && taken == bytes.len();
        Ok(Some(Whole { answer: Answer { head, body }, is_persistent }))
    }
}

/// Reads a head of which some may have come before: how many of these bytes are its own, and the head.
fn head(held: &mut Scrubbed, bytes: &[u8]) -> Result<Option<(usize, Parsed)>, Broken> {
    // Nearly every head comes whole, and is read where it is.
    if held.is_empty() {
        let parsed = answer_head::parse(bytes)?;
        if parsed.is_none() {
            held.add(bytes, answer_head::MAX_BYTES);
        }
        return Ok(parsed.map(|parsed| (parsed.length, parsed)));
    }
    let before = held.len();
    let room = answer_head::MAX_BYTES.saturating_sub(before);
    held.add(bytes.get(..room).unwrap_or(bytes), answer_head::MAX_BYTES);
    // Whoever sends a byte at a time does not have all of them read each time.
    let may_be_whole = has_end(held.get(before.saturating_sub(2)..).unwrap_or_default());
    if !may_be_whole && held.len() < answer_head::MAX_BYTES {
        return Ok(None);
    }
    let parsed = answer_head::parse(held)?;
    if parsed.is_some() {
        held.clear();
    }
    Ok(parsed.map(|parsed| (parsed.length.saturating_sub(before), parsed)))
}

/// Whether a line ends here with an empty one behind it, by the ends of lines that the parser takes.
fn has_end(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\n\n") || bytes.windows(3).any(|three| three == b"\n\r\n")
}

impl Begun {
    fn new(parsed: Parsed, body_bytes: usize) -> Result<Self, Broken> {
        let Parsed { head, framing, is_persistent, .. } = parsed;
        let (rest, body) = match framing {
            Framing::Chunks => (Rest::Chunks(Chunks::default()), Scrubbed::default()),
            Framing::Length(length) => {
                let length = usize::try_from(length).ok().filter(|length| *length <= body_bytes);
                let length = length.ok_or(Broken::Failed(RequestFailure::TooLong))?;
                (Rest::Bytes(length), Scrubbed::with_room(length.min(FIRST_ROOM_BYTES)))
            }
        };
        Ok(Self { head, is_persistent, rest, body })
    }

    /// Takes bytes of the body; how many, when it is whole.
    fn take(&mut self, bytes: &[u8], body_bytes: usize) -> Result<Option<usize>, Broken> {
        let Self { rest, body, .. } = self;
        match rest {
            Rest::Bytes(left) => {
                let piece = bytes.get(..*left).unwrap_or(bytes);
                body.add(piece, body.len() + *left);
                *left -= piece.len();
                Ok((*left == 0).then_some(piece.len()))
            }
            Rest::Chunks(chunks) => {
                let taken = chunks.take(bytes, |piece| {
                    if body_bytes - body.len() < piece.len() {
                        return Err(Broken::Failed(RequestFailure::TooLong));
                    }
                    body.add(piece, body_bytes);
                    Ok(())
                })?;
                Ok((*chunks == Chunks::Over).then_some(taken))
            }
        }
    }
}

#[cfg(test)]
mod tests;
