//! Inputs for laws: keys, values, writes, numbers, limits. Names come from a small pool more often than not, so that writes
//! meet each other.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, any};
use proptest::sample::select;
use proptest::strategy::{Strategy, Union};
use strongroom_domain::{Generation, Limits, Revision};

use super::foreign::{Foreign, ForeignMember};
use super::model::{Plain, Write};

/// A name that is a readable key.
pub fn readable_key() -> impl Strategy<Value = String> + Clone {
    let pool = select(vec!["a", "b", "c", "email", "language", "optin", "optin.newsletter", "privateer"]);
    let any_legal = "[!#-\\-/-\\[\\]-~]{1,6}(\\.[!#-\\-/-\\[\\]-~]{1,6}){0,2}";
    Union::new_weighted(vec![
        (3, pool.prop_map(str::to_owned).boxed()),
        // Too short for `private`; `safe.` is the safe's own.
        (
            1,
            any_legal
                .prop_map(|name| if name.starts_with("safe.") { format!("k{name}") } else { name })
                .boxed(),
        ),
    ])
}

/// A name that is a write-only key.
pub fn write_only_key() -> impl Strategy<Value = String> + Clone {
    let pool =
        select(vec!["private.a", "private.b", "private.apiKey", "private.safe.x", "private.private.a"]);
    Union::new_weighted(vec![
        (3, pool.prop_map(str::to_owned).boxed()),
        (1, readable_key().prop_map(|name| format!("private.{name}")).boxed()),
    ])
}

/// A name that is a key.
pub fn key() -> impl Strategy<Value = String> + Clone {
    Union::new_weighted(vec![(2, readable_key().boxed()), (1, write_only_key().boxed())])
}

/// A name that is no key: look-alikes of `private.`, characters and dots out of place, reserved or too long.
pub fn refused_key() -> impl Strategy<Value = String> {
    let look_alike =
        ("(private|ｐｒｉｖａｔｅ)", any::<u8>(), "(|[.．\u{3002}]x)").prop_map(|(word, mask, rest)| {
            let cased = word
                .chars()
                .enumerate()
                .map(|(i, c)| if mask >> i & 1 == 1 { c.to_ascii_uppercase() } else { c });
            // One letter at least in upper case, or no exact dot behind it: else it is a good name.
            let name: String = cased.chain(rest.chars()).collect();
            if name.starts_with("private.") { format!(" {name}") } else { name }
        });
    Union::new(vec![
        look_alike.boxed(),
        (readable_key(), select(vec![' ', '"', '\\', '\n', '\0', '\u{7f}', 'é', '\u{200b}', '．']))
            .prop_map(|(name, letter)| format!("{name}{letter}x"))
            .boxed(),
        (key(), select(vec![".{}", "{}.", "a..{}"]))
            .prop_map(|(name, dots)| dots.replace("{}", &name))
            .boxed(),
        select(vec!["", ".", "__proto__", "constructor", "prototype", "safe.x"])
            .prop_map(str::to_owned)
            .boxed(),
        key().prop_map(|name| name.repeat(129)).boxed(),
    ])
}

/// Any name at all, near to keys more often than not.
pub fn any_name() -> impl Strategy<Value = String> {
    let near = "[ \tpP]?[rR]iv[aA]te?[ ]?[.．]{0,2}[a-z .]{0,3}";
    Union::new(vec![
        key().boxed(),
        refused_key().boxed(),
        near.boxed(),
        "[ -~]{0,12}".boxed(),
        "\\PC{0,6}".boxed(),
    ])
}

/// A value; texts are full of what JSON escapes and of what it must not.
pub fn value() -> impl Strategy<Value = Plain> + Clone {
    let letters = vec![
        'a', 'b', '/', ' ', '"', '\\', '\u{1}', '\u{8}', '\t', '\n', '\u{c}', '\r', '\u{1f}', '\u{7f}', 'é',
        '€', '\u{2028}', '😀',
    ];
    let text = vec(select(letters), 0..12).prop_map(|letters| Plain::Text(letters.into_iter().collect()));
    Union::new(vec![
        text.boxed(),
        select(vec!["true", "1", ""]).prop_map(|text| Plain::Text(text.to_owned())).boxed(),
        any::<bool>().prop_map(Plain::Bool).boxed(),
        decimal().prop_map(Plain::Number).boxed(),
    ])
}

/// A write of a few keys of both kinds.
pub fn write() -> impl Strategy<Value = Write> + Clone {
    btree_map(key(), proptest::option::weighted(0.7, value()), 0..6)
}

/// A write of a few readable keys.
pub fn readable_write() -> impl Strategy<Value = Write> + Clone {
    btree_map(readable_key(), proptest::option::weighted(0.7, value()), 0..6)
}

/// A few writes, one after the other.
pub fn writes() -> impl Strategy<Value = Vec<Write>> {
    vec(write(), 1..6)
}

/// Limits so tight that writes of this module meet them.
pub fn limits() -> impl Strategy<Value = Limits> {
    (0..16_usize, 0..6_usize, 0..80_usize).prop_map(|(value_bytes, record_keys, record_bytes)| Limits {
        value_bytes,
        record_keys,
        record_bytes,
    })
}

/// A decimal that binary64 keeps, in RFC 8785 form and without an exponent: at most fifteen significant digits.
pub fn decimal() -> impl Strategy<Value = String> + Clone {
    let whole = -999_999_999_999_999..=999_999_999_999_999_i64;
    Union::new(vec![
        select(vec!["0", "1", "-1", "0.1", "9007199254740991"]).prop_map(str::to_owned).boxed(),
        whole.prop_map(|whole| whole.to_string()).boxed(),
        (-99_999_999..=99_999_999_i32, "[0-9]{0,5}[1-9]")
            .prop_map(|(whole, fraction)| format!("{whole}.{fraction}"))
            .boxed(),
    ])
}

/// Any finite binary64, the edges of its range often.
pub fn finite_f64() -> impl Strategy<Value = f64> {
    use proptest::num::f64::{NEGATIVE, NORMAL, POSITIVE, SUBNORMAL, ZERO};
    let edges = vec![f64::MAX, f64::MIN_POSITIVE, 5e-324, 9_007_199_254_740_992.0, 1e21, 1e-7, 1e-6, -0.0];
    Union::new(vec![select(edges).boxed(), (NORMAL | SUBNORMAL | ZERO | POSITIVE | NEGATIVE).boxed()])
}

/// A JSON number of any length and exponent, whether binary64 keeps it or not.
pub fn number_text() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?([eE][+-]?[0-9]{1,3})?"
}

/// A revision of any generation and version.
pub fn revision() -> impl Strategy<Value = Revision> {
    (any::<[u8; 16]>(), Union::new(vec![(1..200_u64).boxed(), Just(u64::MAX).boxed()]))
        .prop_map(|(bytes, version)| Revision { generation: Generation::from_bytes(bytes), version })
}

/// A text that is a revision, or nearly.
pub fn revision_like() -> impl Strategy<Value = String> {
    Union::new(vec![
        "[0-9a-f]{31,33}\\.[0-9]{1,21}".boxed(),
        "[0-9a-fA-F+]{32}\\.[1-9]".boxed(),
        "[0-9a-f]{32}\\.[+0]?[0-9]".boxed(),
        revision().prop_map(|revision| revision.to_string()).boxed(),
        "\\PC{0,8}".boxed(),
    ])
}

/// A number, by its digits and a power of ten, and other spellings of it.
pub fn spellings() -> impl Strategy<Value = (String, Vec<String>)> {
    (-999_999_999_999_999..=999_999_999_999_999_i64, -9..9_i32, 1..4_usize).prop_map(
        |(digits, shift, zeros)| {
            let exact = format!("{digits}e{shift}");
            let zeros = "0".repeat(zeros);
            let spellings = vec![
                exact.to_uppercase(),
                format!("{digits}.{zeros}e{shift}"),
                format!("{digits}.{zeros}E{shift:+}"),
                format!("{digits}{zeros}e{}", shift - i32::try_from(zeros.len()).unwrap_or(0)),
                format!("{digits}e{}{zeros}{}", if shift < 0 { "-" } else { "+" }, shift.abs()),
            ];
            (exact, spellings)
        },
    )
}

/// The members of an object as a safe that is not ours may answer it: nested, with names twice, private and like private.
pub fn foreign_members() -> impl Strategy<Value = Vec<ForeignMember>> {
    let words =
        vec!["null", "true", "false", "0", "-0.0", "1E400", "9007199254740993", "0.1000000000000000055"];
    let scalar = Union::new(vec![
        select(words).prop_map(|word| Foreign::Word(word.to_owned())).boxed(),
        select(vec!["", "private.x", "\"private.x\":1,", "}]", "\\", "é😀", "\0"])
            .prop_map(|text| Foreign::Text(text.to_owned()))
            .boxed(),
    ]);
    let value = scalar.prop_recursive(4, 24, 4, |inner| {
        Union::new(vec![
            vec(inner.clone(), 0..4).prop_map(Foreign::List).boxed(),
            vec(foreign_member(inner), 0..4).prop_map(Foreign::Object).boxed(),
        ])
    });
    vec(foreign_member(value), 0..5)
}

fn foreign_member(value: impl Strategy<Value = Foreign>) -> impl Strategy<Value = ForeignMember> {
    let passing = vec![
        "",
        "a",
        "a",
        "private_x",
        "my.private.x",
        "privateer",
        "safe",
        "Safe.x",
        "é",
        "\0",
        "..",
        "рrivate.x",
    ];
    let hidden = vec![
        "private",
        "private.x",
        "private.x",
        "PRIVATE.x",
        "private．x",
        "ｐｒｉｖａｔｅ.x",
        "𝐩𝐫𝐢𝐯𝐚𝐭𝐞.x",
        "pri\u{200b}vate.x",
        "㏚ⅳate",
        "private\0.x",
        "safe.x",
        "ｓａｆｅ.x",
    ];
    let name = Union::new(vec![
        marked_name(passing, false).boxed(),
        marked_name(hidden, true).boxed(),
        readable_key().prop_map(|name| (name, false)).boxed(),
        write_only_key().prop_map(|name| (name, true)).boxed(),
    ]);
    (name, value).prop_map(|((name, hidden), value)| ForeignMember { name, hidden, value })
}

fn marked_name(names: Vec<&'static str>, hidden: bool) -> impl Strategy<Value = (String, bool)> {
    select(names).prop_map(move |name| (name.to_owned(), hidden))
}
