//! What is no compact token: segments, base64url, text (RFC 7515, sections 2, 3.1 and 5.2).

use std::fmt::Write as _;

use jsonwebtoken::Algorithm;

use super::cast::{Cast, SHARED};
use super::pairs::{b64, from_b64};
use super::signer::Signer;
use super::{Attack, token};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn attacks(cast: &Cast) -> Vec<Attack> {
    let mut attacks = segments(cast.key("ed"));
    attacks.extend(segments(cast.signer(SHARED, Algorithm::HS512)));
    attacks.extend(spellings(cast.key("ed")));
    attacks.extend(text(cast.signer(SHARED, Algorithm::HS256)));
    attacks.extend(sizes(cast.signer(SHARED, Algorithm::HS256)));
    for (at, junk) in [
        "a",
        ".",
        "..",
        "...",
        "....",
        "null",
        "undefined",
        "{}",
        "-",
        "=",
        "AAAA.AAAA.AAAA",
        "e30.e30.e30",
        "*",
    ]
    .into_iter()
    .enumerate()
    {
        attacks.push(token(format!("junk {at}"), junk));
    }
    attacks
}

/// Segments that are missing, empty, doubled, swapped.
fn segments(signer: &Signer) -> Vec<Attack> {
    let good = signer.good();
    let [h, c, s] = split(&good);
    let other = signer.good();
    [
        ("the header alone", h.to_owned()),
        ("two segments", format!("{h}.{c}")),
        ("no signature", format!("{h}.{c}.")),
        ("no header", format!(".{c}.{s}")),
        ("no claims", format!("{h}..{s}")),
        ("claims alone", format!(".{c}.")),
        ("the signature alone", format!("..{s}")),
        ("a dot behind", format!("{good}.")),
        ("a dot before", format!(".{good}")),
        ("two dots between", format!("{h}..{c}.{s}")),
        ("a fourth segment", format!("{good}.{s}")),
        ("a fifth segment", format!("{good}.{s}.{s}")),
        ("header and claims swapped", format!("{c}.{h}.{s}")),
        ("claims and signature swapped", format!("{h}.{s}.{c}")),
        ("twice in a row", format!("{good}{good}")),
        ("twice with a dot", format!("{good}.{good}")),
        ("the first letter gone", good[1..].to_owned()),
        ("the last letter gone", good[..good.len() - 1].to_owned()),
        ("claims of another token", format!("{h}.{}.{s}", split(&other)[1])),
        ("in upper case", good.to_uppercase()),
        ("in lower case", good.to_lowercase()),
        ("backwards", good.chars().rev().collect()),
        ("empty, and well signed", signer.seal(".")),
        ("empty claims, and well signed", signer.seal(&format!("{h}."))),
        ("an empty header, and well signed", signer.seal(&format!(".{c}"))),
        ("four segments, and well signed", signer.seal(&format!("{h}.{c}.{c}"))),
    ]
    .map(|(what, text)| token(format!("{what} ({:?})", signer.algorithm), text))
    .into()
}

/// Texts that a lenient reader takes for the same bytes; signed as they stand where they are part of what is signed.
fn spellings(signer: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let good = signer.good();
    let [h, c, s] = split(&good);
    for (at, what) in ["header", "claims", "signature"].into_iter().enumerate() {
        let mut changed = |how: &str, change: &dyn Fn(&str) -> String| {
            let mut parts = [h, c, s].map(str::to_owned);
            parts[at] = change(&parts[at]);
            let text =
                if at < 2 { signer.seal(&format!("{}.{}", parts[0], parts[1])) } else { parts.join(".") };
            attacks.push(token(format!("{what} {how}"), text));
        };
        changed("with padding", &|text| format!("{text}="));
        changed("with two of padding", &|text| format!("{text}=="));
        changed("with padding in percent", &|text| format!("{text}%3D"));
        // Behind the signature it is the field's, and no part of the token.
        if at < 2 {
            changed("with a space", &|text| format!("{text} "));
        }
        changed("with a space inside", &|text| format!("{} {}", &text[..4], &text[4..]));
        changed("with a tab inside", &|text| format!("{}\t{}", &text[..4], &text[4..]));
        changed("with letters behind", &|text| format!("{text}AAAAA"));
        changed("with a star inside", &|text| format!("{}*{}", &text[..4], &text[4..]));
        changed("with a plus", &|text| format!("+{}", &text[1..]));
        changed("with a slash", &|text| format!("/{}", &text[1..]));
        changed("with a backslash", &|text| format!("{text}\\"));
        changed("with a letter of UTF-8", &|text| format!("{text}\u{e9}"));
        changed("with a full-width letter", &|text| format!("\u{ff21}{}", &text[1..]));
        changed("in hexadecimal", &|text| hex(&from_b64(text)));
    }
    attacks.extend(unused_bits(signer));
    for (what, text) in [
        ("dots in percent", good.replace('.', "%2E")),
        ("full-width dots", good.replace('.', "\u{ff0e}")),
        ("commas for dots", good.replace('.', ",")),
        ("quotes around", format!("\"{good}\"")),
        ("single quotes around", format!("'{good}'")),
        ("angles around", format!("<{good}>")),
        ("a semicolon behind", format!("{good};")),
        ("a tilde behind, as SD-JWT has it", format!("{good}~")),
        ("a byte order mark before", format!("\u{feff}{good}")),
        ("a zero-width space behind", format!("{good}\u{200b}")),
        ("a no-break space behind", format!("{good}\u{a0}")),
        ("base64 of the whole", b64(&good)),
    ] {
        attacks.push(token(what, text));
    }
    attacks.push(token("a byte that is no UTF-8", [good.as_bytes(), b"\xff"].concat()));
    attacks.push(token("half a letter of UTF-8", [good.as_bytes(), b"\xc3"].concat()));
    attacks.push(token(
        "an overlong dot",
        good.replace('.', "\0").into_bytes().into_iter().flat_map(overlong).collect::<Vec<_>>(),
    ));
    attacks
}

/// The dot in two bytes, as no UTF-8 has it.
fn overlong(byte: u8) -> Vec<u8> {
    if byte == 0 { vec![0xc0, 0xae] } else { vec![byte] }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The last letter of a segment may carry two or four bits that mean nothing: they are zero, or it is another token.
fn unused_bits(signer: &Signer) -> Vec<Attack> {
    let mut attacks = Vec::new();
    let header = |spaces: usize| b64(signer.header.text() + &" ".repeat(spaces));
    let claims = |spaces: usize| b64(signer.claims().text() + &" ".repeat(spaces));
    for spaces in 0..3 {
        let (h, c) = (header(spaces), claims(spaces));
        if let Some(h) = with_unused_bits(&h) {
            attacks.push(token(
                format!("unused bits in the header, {spaces}"),
                signer.seal(&format!("{h}.{c}")),
            ));
        }
        if let Some(c) = with_unused_bits(&c) {
            attacks.push(token(
                format!("unused bits in the claims, {spaces}"),
                signer.seal(&format!("{h}.{c}")),
            ));
        }
    }
    let good = signer.good();
    attacks
        .push(token("unused bits in the signature", with_unused_bits(&good).expect("64 bytes leave some")));
    assert_eq!(attacks.len(), 5);
    attacks
}

/// The same text for a reader who does not look; `None` where every bit is in use.
fn with_unused_bits(text: &str) -> Option<String> {
    let last = *text.as_bytes().last()?;
    let value = ALPHABET.iter().position(|letter| *letter == last)?;
    let segment = text.rsplit('.').next()?;
    let unused = match segment.len() % 4 {
        2 => 0b1111,
        3 => 0b11,
        _ => return None,
    };
    assert_eq!(value & unused, 0, "as it was encoded");
    Some(format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[value | 1])))
}

/// Segments that are base64url of what is no JSON in UTF-8.
fn text(signer: &Signer) -> Vec<Attack> {
    let (header, claims) = (signer.header.text(), signer.claims().text());
    let mut attacks = Vec::new();
    for (what, damage) in [
        ("a byte that is no UTF-8", b"\xff".as_slice()),
        ("an overlong slash", b"\xc0\xaf"),
        ("a surrogate in UTF-8", b"\xed\xa0\x80"),
        ("half a letter", b"\xe2\x82"),
        ("a byte past Unicode", b"\xf5\x80\x80\x80"),
        ("a control character", b"\x01"),
        ("a NUL", b"\0"),
        ("a line end", b"\n"),
        ("half a surrogate pair, escaped", br"\ud800"),
        ("an escape that is none", br"\x41"),
    ] {
        let damaged = |text: &str| {
            let member = [b",\"x\":\"".as_slice(), damage, b"\"}"].concat();
            [&text.as_bytes()[..text.len() - 1], &member].concat()
        };
        attacks.push(token(format!("{what} in the header"), signer.token(damaged(&header), &claims)));
        attacks.push(token(format!("{what} in the claims"), signer.token(&header, damaged(&claims))));
    }
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    for (what, text) in [
        ("a byte order mark", [b"\xef\xbb\xbf", claims.as_bytes()].concat()),
        ("UTF-16", utf_16(&claims)),
        ("a NUL behind", [claims.as_bytes(), b"\0"].concat()),
        ("a NUL before", [b"\0", claims.as_bytes()].concat()),
    ] {
        attacks.push(token(format!("{what} in the claims"), signer.token(&header, text)));
    }
    for (what, text) in [
        ("a byte order mark", [b"\xef\xbb\xbf", header.as_bytes()].concat()),
        ("UTF-16", utf_16(&header)),
        ("a NUL behind", [header.as_bytes(), b"\0"].concat()),
    ] {
        attacks.push(token(format!("{what} in the header"), signer.token(text, &claims)));
    }
    attacks
}

/// As long as the head of a request lets them be.
fn sizes(signer: &Signer) -> Vec<Attack> {
    let long = "A".repeat(12_000);
    let (header, claims) = (signer.header.text(), signer.claims().text());
    let with = |text: &str, more: String| format!("{},{more}}}", &text[..text.len() - 1]);
    // The first token of at least this many bytes.
    let padded = |bytes: usize| {
        let padding = |len: usize| with(&claims, format!(r#""x":"{}""#, "y".repeat(len * 3)));
        let mut tokens = (bytes / 5..bytes).map(|len| signer.token(&header, padding(len)));
        tokens.find(|token| token.len() >= bytes).expect("a token of this size")
    };
    [
        ("a byte over the limit, and well signed", padded(8193)),
        ("a huge token, well signed", padded(12_000)),
        ("a huge header, well signed", signer.token(with(&header, format!(r#""x":"{long}""#)), &claims)),
        ("a huge signature", signer.unsigned() + "." + &long),
        ("a long signature", signer.unsigned() + "." + &long[..6000]),
        ("a huge header that is nothing", format!("{long}.AAAA.AAAA")),
        ("huge claims that are nothing", format!("AAAA.{long}.AAAA")),
        ("nothing but letters", long.clone()),
        ("nothing but dots", ".".repeat(12_000)),
        ("dots within the limit", ".".repeat(8_000)),
        ("many small segments", "A.".repeat(4_000)),
        (
            "arrays within arrays",
            signer.token(&header, with(&claims, format!(r#""x":{}"#, "[".repeat(4_000)))),
        ),
        (
            "arrays within arrays, closed",
            signer
                .token(&header, with(&claims, format!(r#""x":{}{}"#, "[".repeat(2_000), "]".repeat(2_000)))),
        ),
        (
            "objects within objects",
            signer.token(
                &header,
                with(&claims, format!(r#""x":{}1{}"#, r#"{"x":"#.repeat(500), "}".repeat(500))),
            ),
        ),
        (
            "nine levels",
            signer.token(&header, with(&claims, format!(r#""x":{}{}"#, "[".repeat(8), "]".repeat(8)))),
        ),
        (
            "nine levels in the header",
            signer.token(with(&header, format!(r#""x":{}{}"#, "[".repeat(8), "]".repeat(8))), &claims),
        ),
        ("a number of 4000 digits for a date", signer.claiming(|it| it.with("exp", "9".repeat(4_000)))),
        (
            "a fraction of 4000 digits that is past",
            signer.claiming(|it| it.with("exp", format!("0.{}", "9".repeat(4_000)))),
        ),
        (
            "an exponent of 4000 digits",
            signer.claiming(|it| it.with("exp", format!("1e{}", "9".repeat(4_000)))),
        ),
    ]
    .map(|(what, text)| token(what, text))
    .into()
}

fn split(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().expect("three segments")
}
