//! What a safe that is not ours answers to a read, without what must not leave: members whose name is private, looks private,
//! or is under `safe.` are cut out, at any depth.
//!
//! All else is byte for byte as it came: numbers, escapes, white space, and names that are no keys of ours. Nothing is parsed
//! into values, and a text is gone through once, without recursion.

use std::fmt;

use thiserror::Error;

use super::tokens::Tokens;
use crate::key::stays_behind;
use crate::value::scrub;

/// How many objects and arrays may be open at once in an answer. A record is flat; what readers commonly take is this much,
/// and a bit for each level fits into a register.
pub const MAX_FOREIGN_DEPTH: u32 = 128;

/// The text is not exactly one JSON object in UTF-8 (RFC 8259), is nested deeper than [`MAX_FOREIGN_DEPTH`], or has a name with
/// half a surrogate pair, which names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not one JSON object")]
pub struct NotOneObject;

/// What the filter made of an answer.
#[derive(Debug)]
pub struct Filtered {
    /// How many members were cut out. What is inside a member that was cut out is not counted.
    pub dropped: usize,
    /// Whether the object has no member, or none any more: nothing is readable.
    pub is_empty: bool,
    /// The answer without them; `None` when nothing was cut out, and the answer may pass as it is.
    pub rest: Option<ForeignView>,
}

/// What is left of an answer. Overwritten when dropped.
pub struct ForeignView(Vec<u8>);

impl ForeignView {
    /// The JSON text, for whoever overwrites it.
    #[must_use]
    pub fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl AsRef<[u8]> for ForeignView {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Printed by its length alone.
impl fmt::Debug for ForeignView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignView").field("bytes", &self.0.len()).finish()
    }
}

impl Drop for ForeignView {
    fn drop(&mut self) {
        scrub(std::mem::take(&mut self.0));
    }
}

/// Takes out of the answer of a foreign safe, one JSON object, every member whose decoded name is private, looks private, or is
/// under `safe.` or looks so. The caller has bounded `answer` in bytes.
///
/// With a member goes one comma, and the white space between the two. It takes time in proportion to the text. Where nothing
/// is cut out it allocates nothing; else once, as much as the text is long.
///
/// ```
/// use strongroom_domain::filter_foreign;
///
/// let answer = br#"{"language":"fr", "priv\u0061te.apiKey":"secret-api-key-12345", "n":1.50}"#;
/// let filtered = filter_foreign(answer)?;
/// assert_eq!(filtered.dropped, 1);
/// assert_eq!(filtered.rest.unwrap().as_ref(), br#"{"language":"fr", "n":1.50}"#);
///
/// // Nothing to cut out: the answer passes as it came.
/// assert!(filter_foreign(br#"{"language":"fr"}"#)?.rest.is_none());
/// # Ok::<(), strongroom_domain::NotOneObject>(())
/// ```
///
/// # Errors
///
/// [`NotOneObject`].
pub fn filter_foreign(answer: &[u8]) -> Result<Filtered, NotOneObject> {
    filter_text(std::str::from_utf8(answer).map_err(|_| NotOneObject)?)
}

/// The same of what is known to be UTF-8.
pub(crate) fn filter_text(answer: &str) -> Result<Filtered, NotOneObject> {
    Walk::through(answer).ok_or(NotOneObject)
}

/// A way through a text from its first byte to its last. Its steps answer `None` where the text is none of ours.
struct Walk<'t> {
    tokens: Tokens<'t>,
    /// How many objects and arrays are open.
    depth: u32,
    /// A bit for each level: whether it is an object, and not an array.
    objects: u128,
    /// A bit for each level: whether one of its members has been kept.
    kept: u128,
    /// The level of the member that is being cut out. Whatever is inside goes with it.
    dropping: Option<u32>,
    /// Where a cut begins, until it is known how far it reaches.
    cut_from: Option<usize>,
    /// Where the last value ended that is to be cut out.
    cut_to: usize,
    dropped: usize,
    cuts: Cuts<'t>,
}

impl<'t> Walk<'t> {
    fn through(text: &'t str) -> Option<Filtered> {
        let mut walk = Self {
            tokens: Tokens::of(text),
            depth: 0,
            objects: 0,
            kept: 0,
            dropping: None,
            cut_from: None,
            cut_to: 0,
            dropped: 0,
            cuts: Cuts { text: text.as_bytes(), rest: None, done: 0 },
        };
        if walk.tokens.peek()? != b'{' {
            return None;
        }
        while !walk.value()? || walk.next_value()? {}
        if walk.tokens.peek().is_some() {
            return None;
        }
        Some(Filtered { dropped: walk.dropped, is_empty: walk.kept & 1 == 0, rest: walk.cuts.finish() })
    }

    /// Reads a value, or of one that holds others the beginning, up to the first of them; whether it is at its end.
    fn value(&mut self) -> Option<bool> {
        let is_object = match self.tokens.peek()? {
            b'{' => true,
            b'[' => false,
            _ => return self.tokens.scalar().map(|()| true),
        };
        self.open(is_object)?;
        if self.closes() {
            return Some(true);
        }
        if is_object {
            self.name(self.tokens.at())?;
        }
        Some(false)
    }

    /// Behind a value: reads up to the next one; whether there is one.
    fn next_value(&mut self) -> Option<bool> {
        while self.depth > 0 {
            self.end_member();
            if self.tokens.take(b',') {
                if self.is_set(self.objects) {
                    self.name(self.tokens.at() - 1)?;
                }
                return Some(true);
            }
            if !self.closes() {
                return None;
            }
        }
        Some(false)
    }

    fn open(&mut self, is_object: bool) -> Option<()> {
        self.tokens.take(if is_object { b'{' } else { b'[' });
        self.depth += 1;
        if self.depth > MAX_FOREIGN_DEPTH {
            return None;
        }
        let level = self.level();
        self.objects = if is_object { self.objects | level } else { self.objects & !level };
        self.kept &= !level;
        Some(())
    }

    /// Reads the end of the innermost object or array; whether it stands there.
    fn closes(&mut self) -> bool {
        if !self.tokens.take(if self.is_set(self.objects) { b'}' } else { b']' }) {
            return false;
        }
        // None of its members has been kept, so there is no comma to take with them.
        if self.dropping.is_none()
            && let Some(from) = self.cut_from.take()
        {
            self.cuts.cut(from, self.cut_to);
        }
        self.depth -= 1;
        true
    }

    /// Reads the name of a member and its colon, and decides about the member. `comma` is where the one before it stands.
    fn name(&mut self, comma: usize) -> Option<()> {
        self.tokens.peek()?;
        let start = self.tokens.at();
        let letters = self.tokens.string()?.letters()?;
        if !self.tokens.take(b':') {
            return None;
        }
        if self.dropping.is_some() {
            return Some(());
        }
        if stays_behind(letters) {
            self.dropped += 1;
            self.dropping = Some(self.depth);
            let from = if self.is_set(self.kept) { comma } else { start };
            self.cut_from.get_or_insert(from);
        } else {
            // Those before it go up to here, with the comma behind them.
            if let Some(from) = self.cut_from.take() {
                self.cuts.cut(from, start);
            }
            self.kept |= self.level();
        }
        Some(())
    }

    /// Behind the value of a member that is being cut out, and nowhere else, does what is left to do.
    fn end_member(&mut self) {
        if self.dropping != Some(self.depth) {
            return;
        }
        self.dropping = None;
        self.cut_to = self.tokens.at();
        if self.is_set(self.kept)
            && let Some(from) = self.cut_from.take()
        {
            self.cuts.cut(from, self.cut_to);
        }
    }

    /// The bit of the innermost level.
    fn level(&self) -> u128 {
        1_u128.checked_shl(self.depth.saturating_sub(1)).unwrap_or_default()
    }

    fn is_set(&self, bits: u128) -> bool {
        bits & self.level() != 0
    }
}

/// The text without what has been cut out of it so far.
struct Cuts<'t> {
    text: &'t [u8],
    rest: Option<ForeignView>,
    /// Up to where the text has been kept or cut out.
    done: usize,
}

impl Cuts<'_> {
    fn cut(&mut self, from: usize, to: usize) {
        // It never grows, so that no half of it stays behind in freed memory.
        let rest = self.rest.get_or_insert_with(|| ForeignView(Vec::with_capacity(self.text.len())));
        rest.0.extend_from_slice(self.text.get(self.done..from).unwrap_or_default());
        self.done = to;
    }

    fn finish(self) -> Option<ForeignView> {
        let mut rest = self.rest?;
        rest.0.extend_from_slice(self.text.get(self.done..).unwrap_or_default());
        Some(rest)
    }
}

#[cfg(test)]
mod tests;
