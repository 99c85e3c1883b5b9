//! The samples of RFC 8785 itself: how numbers (appendix B) and strings (section 3.2.2) are written.

use strongroom_domain::{Limits, Number, NumberError, Patch, Record, Value};

#[test]
fn the_numbers_of_appendix_b_are_written_as_it_says() {
    for (bits, written) in [
        (0x0000_0000_0000_0000_u64, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ] {
        let number = Number::from_f64(f64::from_bits(bits)).unwrap();
        assert_eq!(number.to_string(), written, "{bits:016x}");
        assert_eq!(Number::parse(written), Ok(number), "{written}");
    }
    for bits in [0x7fff_ffff_ffff_ffff, 0x7ff0_0000_0000_0000, 0xfff0_0000_0000_0000] {
        assert_eq!(Number::from_f64(f64::from_bits(bits)), Err(NumberError::NotFinite), "{bits:016x}");
    }
}

#[test]
fn the_numbers_of_section_3_2_2_are_written_as_it_says() {
    for (sent, written) in [("1E30", "1e+30"), ("4.50", "4.5"), ("2e-3", "0.002"), ("1e-27", "1e-27")] {
        assert_eq!(view_of(&[("n", Number::parse(sent).unwrap().into())]), format!(r#"{{"n":{written}}}"#));
    }
    // The first sample of the RFC is one that binary64 rounds: we refuse it rather than answer another number.
    assert_eq!(Number::parse("333333333.33333329"), Err(NumberError::NotExact));
}

#[test]
fn the_string_of_section_3_2_2_is_written_as_it_says() {
    let string = Value::text("\u{20ac}$\u{f}\nA'B\"\\\\\"/").unwrap();
    assert_eq!(view_of(&[("string", string)]), "{\"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

#[test]
fn every_control_character_has_the_escape_that_the_rfc_gives_it() {
    let short = [(0x08, "\\b"), (0x09, "\\t"), (0x0a, "\\n"), (0x0c, "\\f"), (0x0d, "\\r")];
    for control in 0x01_u8..0x20 {
        let escape = short.iter().find(|(code, _)| *code == control);
        let escape = escape.map_or_else(|| format!("\\u{control:04x}"), |(_, escape)| (*escape).to_owned());
        let value = Value::text(char::from(control).to_string()).unwrap();
        assert_eq!(view_of(&[("s", value)]), format!(r#"{{"s":"{escape}"}}"#));
    }
}

#[test]
fn members_are_ordered_bytewise_by_key() {
    let keys = ["b", "a", "B", "a.b", "a-b", "a0", "~", "!", "1", "10", "2"];
    let entries: Vec<_> = keys.iter().map(|key| (*key, Value::Bool(true))).collect();
    let mut ordered = keys;
    ordered.sort_unstable_by_key(|key| key.encode_utf16().collect::<Vec<_>>());
    let members: Vec<_> = ordered.iter().map(|key| format!(r#""{key}":true"#)).collect();
    assert_eq!(view_of(&entries), format!("{{{}}}", members.join(",")));
}

fn view_of(entries: &[(&str, Value)]) -> String {
    let mut patch = Patch::new();
    let mut record = Record::new();
    let set = entries.iter().try_for_each(|(key, value)| patch.set(key, value.clone()));
    assert!(
        set.is_ok() && record.apply(&patch, &Limits::default()).is_ok(),
        "the samples are within the rules"
    );
    record.view().as_json().to_owned()
}
