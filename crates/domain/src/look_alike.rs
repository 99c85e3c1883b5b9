//! Names that a reader could take for `private.` or `safe.`: after trimming, case folding and compatibility folding
//! (NFKC, Unicode Standard Annex 15), and with what cannot be seen taken away.
//!
//! Exact for the letters of the two words, which is all that is compared; a name is never allocated, and never shown.

/// Keys that begin with this belong to the safe itself and are refused.
pub const RESERVED_PREFIX: &str = "safe.";

/// Whether a reader could take this name for a write-only one, the exact spelling included.
pub(crate) fn looks_private(name: impl Iterator<Item = char>) -> bool {
    let mut folded = name.flat_map(spelled).map(|c| c.to_lowercase().next().unwrap_or(c));
    "private".chars().all(|expected| folded.next() == Some(expected))
        && matches!(folded.next(), None | Some('.'))
}

/// Whether a reader could take this name for one under `safe.`, the exact spelling included. Case counts here: `Safe.x` is a
/// readable key of our own.
#[cfg(feature = "json")]
pub(crate) fn looks_reserved(name: impl Iterator<Item = char>) -> bool {
    let mut folded = name.flat_map(spelled);
    RESERVED_PREFIX.chars().all(|expected| folded.next() == Some(expected))
}

/// Whether a first letter settles it: it can be seen, spells itself alone, and neither word begins with it. So do most names.
#[cfg(feature = "json")]
pub(crate) fn begins_neither(first: char) -> bool {
    first.is_ascii_graphic() && !matches!(first, 'p' | 'P' | 's' | 'S')
}

/// What a letter spells: itself, the ASCII letters that NFKC makes of it, or nothing where it cannot be seen. Of several
/// dots the first is enough.
fn spelled(c: char) -> impl Iterator<Item = char> {
    let one = |c| [Some(c), None];
    let letters = match c {
        c if is_unseen(c) => [None, None],
        '\0'..='\u{7f}' => one(c),
        // Lists of the alphabet, both cases or one: mathematical, circled, squared, outlined.
        '\u{1d400}'..='\u{1d6a3}' => one(letter(c, '\u{1d400}')),
        '\u{24b6}'..='\u{24e9}' => one(letter(c, '\u{24b6}')),
        '\u{1f130}'..='\u{1f149}' => one(letter(c, '\u{1f130}')),
        '\u{1ccd6}'..='\u{1ccef}' => one(letter(c, '\u{1ccd6}')),
        // The full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => one(char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)),
        // Dots; the ideographic ones are no compatibility forms, but domain names take them for dots.
        '․' | '‥' | '…' | '。' | '︙' | '︰' | '﹒' | '｡' => one('.'),
        'Ⅳ' => [Some('I'), Some('V')],
        'ⅳ' => [Some('i'), Some('v')],
        '㏚' => [Some('P'), Some('R')],
        'ᴬ' => one('A'),
        'ª' | 'ᵃ' | 'ₐ' => one('a'),
        'ᴱ' | 'ℰ' => one('E'),
        'ᵉ' | 'ₑ' | 'ℯ' | 'ⅇ' => one('e'),
        'ℱ' | 'ꟳ' => one('F'),
        'ᶠ' => one('f'),
        'ᴵ' | 'ℐ' | 'ℑ' | 'Ⅰ' => one('I'),
        'ᵢ' | 'ⁱ' | 'ℹ' | 'ⅈ' | 'ⅰ' => one('i'),
        'ᴾ' | 'ℙ' => one('P'),
        'ᵖ' | 'ₚ' => one('p'),
        'ᴿ' | 'ℛ' | 'ℜ' | 'ℝ' | '🄬' => one('R'),
        'ʳ' | 'ᵣ' => one('r'),
        '\u{a7f1}' => one('S'),
        'ſ' | 'ˢ' | 'ₛ' => one('s'),
        'ᵀ' => one('T'),
        'ᵗ' | 'ₜ' => one('t'),
        'Ⅴ' | 'ⱽ' => one('V'),
        'ᵛ' | 'ᵥ' | 'ⅴ' => one('v'),
        c => one(c),
    };
    letters.into_iter().flatten()
}

/// The letter at this place of an alphabet in capitals, then in small letters, and again, that begins at `first`.
fn letter(c: char, first: char) -> char {
    let place = u8::try_from((u32::from(c) - u32::from(first)) % 52).unwrap_or_default();
    char::from(if place < 26 { b'A' + place } else { b'a' + place - 26 })
}

/// White space, controls, and what Unicode lets a display ignore (`Default_Ignorable_Code_Point`).
fn is_unseen(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

    use super::*;

    /// Whether these letters can stand somewhere in a name that begins as one of the two words.
    fn can_spell(letters: &str) -> bool {
        ["private.", "safe."].iter().any(|word| {
            (0..word.len()).any(|at| letters.starts_with(&word[at..]) || word[at..].starts_with(letters))
        })
    }

    #[test]
    fn every_letter_of_unicode_spells_what_nfkc_makes_of_it() {
        let mut folded = 0;
        // What comes behind are ideographs, tags and private use.
        for c in ('\u{80}'..='\u{2ffff}').filter(|c| !is_unseen(*c)) {
            if is_nfkc_quick([c].into_iter()) == IsNormalized::Yes && spelled(c).eq([c]) {
                continue;
            }
            let nfkc: String = c.nfkc().collect();
            let ours: String = spelled(c).collect();
            if can_spell(&nfkc.to_lowercase()) {
                let first_dot = if nfkc.starts_with('.') { "." } else { &nfkc };
                assert_eq!(ours, first_dot, "U+{:04X}", u32::from(c));
                folded += 1;
            } else {
                // The mathematical alphabets have gaps, where the letter had a place already.
                let is_gap = nfkc.chars().eq([c]) && matches!(c, '\u{1d400}'..='\u{1d6a3}');
                let is_kept = ours.chars().eq([c]) || ours == nfkc || is_gap || matches!(c, '。' | '｡');
                assert!(is_kept || !can_spell(&ours.to_lowercase()), "U+{:04X}", u32::from(c));
            }
        }
        assert!(folded > 300, "{folded}");
    }

    #[test]
    fn what_cannot_be_seen_spells_nothing() {
        for unseen in
            ["\0", "\t", " ", "\u{85}", "\u{ad}", "\u{200d}", "\u{2028}", "\u{2061}", "\u{fe0f}", "\u{e0020}"]
        {
            let name = format!("{unseen}pri{unseen}vate{unseen}.x");
            assert!(looks_private(name.chars()), "{name:?}");
        }
    }

    #[test]
    fn letters_of_other_alphabets_and_accents_are_others() {
        // Cyrillic er, Greek rho, dotless i, accents apart and composed, a fraction of the word, and a dot elsewhere.
        for name in
            ["рrivate.x", "ρrivate.x", "prıvate.x", "private\u{301}.x", "privaté.x", "privat", "priv.ate", ""]
        {
            assert!(!looks_private(name.chars()), "{name}");
        }
    }

    #[cfg(feature = "json")]
    #[test]
    fn a_first_letter_that_settles_it_begins_no_name_that_looks_like_either_word() {
        for first in ('\0'..='\u{ff}').filter(|first| begins_neither(*first)) {
            assert!(spelled(first).eq([first]), "U+{:04X}", u32::from(first));
            for word in ["rivate", "private", "afe.x", "safe.x"] {
                let name = format!("{first}{word}");
                assert!(!looks_private(name.chars()) && !looks_reserved(name.chars()), "{name}");
            }
        }
        assert!(begins_neither('e') && !begins_neither(' ') && !begins_neither('ᵖ'));
    }

    #[cfg(feature = "json")]
    #[test]
    fn a_readable_key_never_looks_reserved() {
        for name in ["Safe.x", "SAFE.x", "safe", "safety", "sa.fe", "my.safe.x"] {
            assert!(!looks_reserved(name.chars()), "{name}");
            assert!(matches!(crate::Key::parse(name), Ok(crate::Key::Readable(_))), "{name}");
        }
        for name in [
            "safe.",
            "safe.x",
            " safe.x",
            "safe．x",
            "ｓａｆｅ.x",
            "𝐬𝐚𝐟𝐞.x",
            "ſafe.x",
            "sa\u{200b}fe.x",
            "safe…",
        ] {
            assert!(looks_reserved(name.chars()), "{name}");
        }
    }
}
