//! Laws of numbers.

use proptest::test_runner::TestCaseResult;
use proptest::{prop_assert, prop_assert_eq};
use strongroom_domain::Number;

/// Any finite binary64 is written and read back as itself, to the bit but for the sign of zero.
///
/// # Errors
///
/// When the law is broken.
pub fn numbers_round_trip(value: f64) -> TestCaseResult {
    let number = Number::from_f64(value);
    let written = number.map(|number| number.to_string());
    let read = written.clone().and_then(|text| Number::parse(&text));
    prop_assert_eq!(read, number, "{:e} is written {:?}", value, written);
    for taken in [number, read] {
        let bits = taken.map(|number| number.as_f64().to_bits());
        prop_assert_eq!(bits, Ok((value + 0.0).to_bits()), "{:e} is written {:?}", value, written);
    }
    Ok(())
}

/// However a number is spelled, it is one value with one written form.
///
/// # Errors
///
/// When the law is broken.
pub fn every_spelling_is_one_number(exact: &str, spellings: &[String]) -> TestCaseResult {
    let number = Number::parse(exact);
    prop_assert!(number.is_ok(), "fifteen digits are exact: {exact}");
    for spelling in spellings {
        let read = Number::parse(spelling);
        prop_assert_eq!(read, number, "{}", spelling);
        prop_assert_eq!(
            read.map(|read| read.to_string()),
            number.map(|number| number.to_string()),
            "{}",
            spelling
        );
    }
    Ok(())
}

/// A number is accepted exactly when the nearest binary64, written out, is the decimal that was sent.
///
/// # Errors
///
/// When the law is broken.
pub fn a_number_is_accepted_exactly_when_it_comes_back(text: &str) -> TestCaseResult {
    let nearest = text.parse::<f64>().ok().and_then(|nearest| Number::from_f64(nearest).ok());
    let comes_back = nearest.is_some_and(|number| scaled(&number.to_string()) == scaled(text));
    let read = Number::parse(text);
    prop_assert_eq!(read.is_ok(), comes_back, "{}", text);
    prop_assert!(read.is_err() || read.ok() == nearest, "{text} is read as its nearest");
    Ok(())
}

/// A decimal as a sign, an integer without trailing zeros, and the power of ten it is multiplied by.
fn scaled(text: &str) -> Option<(bool, String, i32)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{}{fraction}", whole.trim_start_matches('-'));
    let digits = digits.trim_start_matches('0');
    let integer = digits.trim_end_matches('0');
    if integer.is_empty() {
        return Some((false, String::new(), 0));
    }
    let moved = i32::try_from(digits.len() - integer.len()).ok()? - i32::try_from(fraction.len()).ok()?;
    Some((text.starts_with('-'), integer.to_owned(), exponent.parse::<i32>().ok()? + moved))
}
