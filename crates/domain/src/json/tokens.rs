//! The tokens of a JSON text (RFC 8259), told apart and checked, and nothing built of them.
//!
//! For text that has to pass byte for byte: a reader that turns it into values loses how it was written. Never judges what a
//! name or a value says.

use std::str::Chars;

/// What a string does not hold as it is: quotes, backslashes, control characters. One look a byte, for there are many.
const ENDS_PLAIN_TEXT: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < table.len() {
        table[b] = b < 0x20 || b == b'"' as usize || b == b'\\' as usize;
        b += 1;
    }
    table
};

/// A text, and how far it has been read.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// What comes after white space, which has been read then; `None` at the end.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
        self.next()
    }

    /// Reads this byte, after white space; `false`, and only white space is read, where another stands there.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Reads a string; `None` where there is none, or it is outside the grammar.
    pub(super) fn string(&mut self) -> Option<Text<'t>> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        let mut is_paired = true;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            self.at += rest.iter().position(|b| ENDS_PLAIN_TEXT[usize::from(*b)])?;
            match self.next()? {
                b'"' => break,
                b'\\' => is_paired &= self.escape()?,
                _ => return None,
            }
        }
        let raw = self.text.get(start..self.at)?;
        self.at += 1;
        Some(Text { raw, is_paired })
    }

    /// Reads a string, a number, `true`, `false` or `null`; `None` where there is none of them.
    pub(super) fn scalar(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let is_there = self.text.get(self.at..)?.starts_with(word);
        self.at += word.len();
        is_there.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.next() == Some(b'-'));
        if self.next()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.next() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.next(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.next(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// Reads one digit or more.
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.next().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Reads an escape, or the two of a surrogate pair; whether it is a character. Half a pair is within the grammar and is
    /// none (RFC 8259, section 8.2).
    fn escape(&mut self) -> Option<bool> {
        self.at += 1;
        let kind = self.next()?;
        self.at += 1;
        match kind {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(true),
            b'u' => match self.unit()? {
                0xd800..=0xdbff => self.low_half(),
                0xdc00..=0xdfff => Some(false),
                _ => Some(true),
            },
            _ => None,
        }
    }

    /// Reads the second half of a pair where it stands; whether it does.
    fn low_half(&mut self) -> Option<bool> {
        let start = self.at;
        if self.text.get(self.at..)?.starts_with("\\u") {
            self.at += 2;
            if matches!(self.unit()?, 0xdc00..=0xdfff) {
                return Some(true);
            }
            // An escape of its own.
            self.at = start;
        }
        Some(false)
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        hexadecimal(digits)
    }
}

/// A string as it was written, between its quotes.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    raw: &'t str,
    /// Whether each half of a surrogate pair has its other half.
    is_paired: bool,
}

impl<'t> Text<'t> {
    /// The characters that it says, without its escapes; `None` where it says half a character.
    pub(super) fn letters(self) -> Option<Letters<'t>> {
        self.is_paired.then(|| Letters(self.raw.chars()))
    }
}

/// The characters of a string whose escapes have been checked.
#[derive(Clone)]
pub(super) struct Letters<'t>(Chars<'t>);

impl Letters<'_> {
    fn unit(&mut self) -> u32 {
        let digits = self.0.as_str().get(..4).unwrap_or_default();
        self.0.nth(3);
        hexadecimal(digits).unwrap_or_default()
    }

    fn escaped(&mut self) -> char {
        let unit = self.unit();
        let code = if matches!(unit, 0xd800..=0xdbff) {
            // `\u` between the two halves.
            self.0.nth(1);
            0x1_0000 + ((unit - 0xd800) << 10) + (self.unit() & 0x3ff)
        } else {
            unit
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Iterator for Letters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let letter = self.0.next()?;
        if letter != '\\' {
            return Some(letter);
        }
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.escaped(),
            itself => itself,
        })
    }
}

/// Four hexadecimal digits.
fn hexadecimal(digits: &str) -> Option<u32> {
    digits.chars().try_fold(0, |code, digit| Some(code * 16 + digit.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<String> {
        let mut tokens = Tokens::of(text);
        let string = tokens.string()?;
        assert_eq!(tokens.at(), text.len(), "{text}");
        Some(string.letters()?.collect())
    }

    #[test]
    fn a_string_says_what_serde_json_reads() {
        for text in [
            r#""""#,
            r#""a""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u0000\u0061\u00E9\uFFFF\uffff""#,
            r#""\ud83d\ude00 \uD83D\uDE00 😀 \udbff\udfff""#,
            "\"é\u{7f}\u{2028}\"",
        ] {
            assert_eq!(said(text), Some(serde_json::from_str(text).unwrap()), "{text}");
        }
        for text in
            [r#""\ud800""#, r#""\udc00""#, r#""\ud83dx""#, r#""\ud83d\u0061""#, r#""\ud83d\ud83d\ude00""#]
        {
            assert_eq!(said(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_outside_the_grammar_is_no_token() {
        for text in [
            "",
            "\"",
            "\"a",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u00g0\"",
            "\"\\u+123\"",
            "\"\\u00é\"",
            "\"\t\"",
            "\"\\",
            "tru",
            "nul",
            "True",
            "-",
            "+1",
            ".5",
            "1.",
            "1e",
            "1e+",
            "-a",
            "NaN",
            "Infinity",
            "'a'",
            "é",
            "\u{feff}1",
        ] {
            assert!(Tokens::of(text).scalar().is_none(), "{text}");
        }
        // Digits behind a zero are no part of the number.
        for (text, end) in [("01", 1), ("-0", 2), ("0.10e-05,", 8), ("12E+3]", 5), ("truex", 4)] {
            let mut tokens = Tokens::of(text);
            assert!(tokens.scalar().is_some(), "{text}");
            assert_eq!(tokens.at(), end, "{text}");
        }
    }
}
