//! Tables of what is cut out of a foreign answer, what is not, and what is no answer at all.

use super::*;

/// What is left of an answer, and how many members were cut out.
fn filtered(answer: &str) -> (String, usize) {
    let filtered = filter_foreign(answer.as_bytes()).unwrap_or_else(|_| panic!("{answer}"));
    assert_eq!(filtered.rest.is_none(), filtered.dropped == 0, "{answer}");
    let rest = filtered.rest.map_or_else(|| answer.as_bytes().to_vec(), ForeignView::into_bytes);
    (String::from_utf8(rest).unwrap(), filtered.dropped)
}

fn is_untouched(answer: &str) -> bool {
    filtered(answer) == (answer.to_owned(), 0)
}

#[test]
fn a_private_member_is_cut_out_however_its_name_is_spelled() {
    for name in [
        "private.apiKey",
        "private.",
        "private..x",
        "private.a b",
        "private",
        "Private.x",
        "PRIVATE.X",
        " private.x",
        "private .x",
        "private．x",
        "ｐｒｉｖａｔｅ.x",
        "𝗽𝗿𝗶𝘃𝗮𝘁𝗲.x",
        "㏚ⅳate.x",
        "private…x",
        "pri\u{200b}vate.x",
        "\u{feff}private.x",
        r"\u0070rivate.x",
        r"\u0050RIVATE.x",
        r"private\u002ex",
        r"private\u002Ex",
        r"\u0070\u0072\u0069\u0076\u0061\u0074\u0065\u002e\u0078",
        r"\tprivate.x",
        r"private\u0000.x",
        r"\u0000private.x",
        r"private\uff0ex",
        r"\ud835\udc29rivate.x",
        r"pri\u00advate.x",
        "safe.version",
        "safe.",
        r"\u0073afe.x",
        "ｓａｆｅ.x",
        " safe.x",
    ] {
        let answer = format!(r#"{{"a":1,"{name}":"s","b":2}}"#);
        assert_eq!(filtered(&answer), (r#"{"a":1,"b":2}"#.to_owned(), 1), "{name}");
    }
}

#[test]
fn what_is_not_private_is_untouched_even_outside_our_grammar() {
    for answer in [
        "{}",
        " {\t} \r\n",
        r#"{"language":"fr","optin.newsletter":true}"#,
        r#"{"privateer":1,"my.private.key":2,"privat":3,"x private.y":4}"#,
        r#"{"safe":1,"Safe.x":2,"safety":3,"unsafe.x":4}"#,
        r#"{"__proto__":1,"constructor":2,"":3,"a b":4,"..":5,"é":6,"\u0000":7}"#,
        r#"{"a":1,"a":2,"a":"\u0061"}"#,
        r#"{"n":[0.1,1.10,1E400,-0,9007199254740993,123456789012345678901234567890]}"#,
        r#"{"s":"private.x","t":["private.x","safe.x"],"u":"\"private.x\":1,"}"#,
        r#"{"s":"\/\u0041\ud83d\ude00 \ud83d \u0000"}"#,
        r#"{ "a" : [ { } , [ ] , { "b" : [ null , true , false ] } ] }"#,
    ] {
        assert!(is_untouched(answer), "{answer}");
    }
}

#[test]
fn a_member_goes_with_one_comma_wherever_it_stands() {
    for (answer, rest, dropped) in [
        (r#"{"private.x":1}"#, "{}", 1),
        (r#"{"private.x":1,"a":2}"#, r#"{"a":2}"#, 1),
        (r#"{"a":2,"private.x":1}"#, r#"{"a":2}"#, 1),
        (r#"{"a":2,"private.x":1,"b":3}"#, r#"{"a":2,"b":3}"#, 1),
        (r#"{"private.x":1,"private.x":2,"private.y":3}"#, "{}", 3),
        (r#"{"private.x":1,"safe.x":2,"a":3}"#, r#"{"a":3}"#, 2),
        (r#"{"a":3,"private.x":1,"private.x":2}"#, r#"{"a":3}"#, 2),
        (r#"{"private.x":1,"a":2,"private.x":3,"b":4,"private.x":5}"#, r#"{"a":2,"b":4}"#, 3),
    ] {
        assert_eq!(filtered(answer), (rest.to_owned(), dropped), "{answer}");
    }
}

#[test]
fn a_member_goes_whatever_its_value_is() {
    for value in [
        "null",
        "true",
        "-1.5e+300",
        r#""a\"},{b""#,
        "[]",
        "{}",
        r#"[{"a":[1,{"b":2}]},"]"]"#,
        r#"{"private.y":{"private.z":1},"a":[{"safe.x":2}]}"#,
    ] {
        let answer = format!(r#"{{"private.x":{value},"a":1,"private.x":{value}}}"#);
        assert_eq!(filtered(&answer), (r#"{"a":1}"#.to_owned(), 2), "{value}");
    }
}

#[test]
fn members_are_cut_out_at_any_depth() {
    for (answer, rest, dropped) in [
        (r#"{"a":{"private.x":1}}"#, r#"{"a":{}}"#, 1),
        (r#"{"a":[{"private.x":1},2,{"b":3,"private.x":[4]}]}"#, r#"{"a":[{},2,{"b":3}]}"#, 2),
        (r#"{"a":[[[{"b":{"c":1,"safe.x":2}}]]],"private":3}"#, r#"{"a":[[[{"b":{"c":1}}]]]}"#, 2),
        (r#"{"private.x":0,"a":{"private.x":1,"b":2},"private.y":3}"#, r#"{"a":{"b":2}}"#, 3),
        (r#"{"a":{"b":1},"private.x":{"c":2},"d":{"private.y":3}}"#, r#"{"a":{"b":1},"d":{}}"#, 2),
    ] {
        assert_eq!(filtered(answer), (rest.to_owned(), dropped), "{answer}");
    }
    let deep = |inside: &str| format!("{}{inside}{}", r#"{"a":["#.repeat(63), "]}".repeat(63));
    assert_eq!(filtered(&deep(r#"{"private.x":[1],"b":2}"#)), (deep(r#"{"b":2}"#), 1));
}

#[test]
fn white_space_stays_but_between_a_member_and_its_comma() {
    for (answer, rest) in [
        ("{\n  \"a\": 1,\n  \"private.x\": 2,\n  \"b\": 3\n}\n", "{\n  \"a\": 1,\n  \"b\": 3\n}\n"),
        ("{\n  \"private.x\": 2,\n  \"b\": 3\n}", "{\n  \"b\": 3\n}"),
        ("{\n  \"b\": 3,\n  \"private.x\": 2\n}", "{\n  \"b\": 3\n}"),
        ("{ \"private.x\" : 2 }", "{  }"),
        (" { \"private.x\" : 2 , \"private.y\" : { } } ", " {  } "),
        ("\t{ \"a\" : 1 , \"private.x\"\r\n:\t2 , \"b\" : 3 }", "\t{ \"a\" : 1  , \"b\" : 3 }"),
    ] {
        assert_eq!(filtered(answer).0, rest, "{answer}");
    }
}

#[test]
fn an_answer_of_which_nothing_is_left_is_empty() {
    for (answer, is_empty) in [
        ("{}", true),
        (" { } ", true),
        (r#"{"private.x":{"a":1},"private.y":2}"#, true),
        (r#"{"a":{}}"#, false),
        (r#"{"a":{"private.x":1}}"#, false),
        (r#"{"private.x":1,"a":null}"#, false),
    ] {
        assert_eq!(filter_foreign(answer.as_bytes()).unwrap().is_empty, is_empty, "{answer}");
    }
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    for text in [
        "",
        " ",
        "null",
        "1",
        "\"private.x\"",
        "[]",
        r#"[{"a":1}]"#,
        "{",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1"#,
        r#"{"a":1,"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1,,"b":2}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a" 1}"#,
        r"{a:1}",
        r"{'a':1}",
        r"{1:1}",
        r#"{"a":[}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1}"#,
        r#"{"a":{]}"#,
        r#"{"a":01}"#,
        r#"{"a":+1}"#,
        r#"{"a":NaN}"#,
        r#"{"a":tru}"#,
        r#"{"a":"\x"}"#,
        "{\"a\":\"\t\"}",
        r#"{"\ud800":1}"#,
        r#"{"\udc00private.x":1}"#,
        r#"{"private.x":{"\ud800":1}}"#,
        r"{} {}",
        r"{}x",
        "{}\0",
        "\u{feff}{}",
        "{\u{a0}}",
        "{}//",
        // A member that is cut out is no less JSON.
        r#"{"private.x":01}"#,
        r#"{"private.x":1,}"#,
        r#"{"private.x":[}"#,
        r#"{"private.x":1"#,
    ] {
        assert_eq!(filter_foreign(text.as_bytes()).err(), Some(NotOneObject), "{text}");
    }
    for bytes in [&b"{\"a\":\"\xff\"}"[..], b"{\"\xed\xa0\x80\":1}", b"\xff\xfe{\0}\0"] {
        assert_eq!(filter_foreign(bytes).err(), Some(NotOneObject));
    }
}

#[test]
fn no_more_than_so_many_levels_are_taken() {
    let nested = |levels: usize, open: &str, close: &str| {
        format!("{{\"a\":{}{}}}", open.repeat(levels - 1), close.repeat(levels - 1))
    };
    let most = usize::try_from(MAX_FOREIGN_DEPTH).unwrap();
    assert!(is_untouched(&nested(most, "[", "]")));
    assert!(is_untouched(&nested(most, r#"{"a":"#, "}").replace(":}", ":1}")));
    for text in [nested(most + 1, "[", "]"), nested(100_000, "[", "]"), "{\"a\":".repeat(100_000)] {
        assert_eq!(filter_foreign(text.as_bytes()).err(), Some(NotOneObject));
    }
}

#[test]
fn what_is_left_is_printed_by_its_length_alone() {
    let filtered = filter_foreign(br#"{"canary":"canary","private.canary":1}"#).unwrap();
    let printed = format!("{filtered:?} {NotOneObject:?} {NotOneObject}");
    assert!(!printed.contains("canary") && printed.contains("19"), "{printed}");
}
