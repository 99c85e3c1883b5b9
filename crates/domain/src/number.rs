//! Numbers: binary64 values that mean exactly the decimal that was sent.
//!
//! A number is accepted when the shortest decimal of the nearest binary64 is the number that was sent; anything else
//! would come back changed, so it is refused with the hint to send a string. Written in RFC 8785 form (ECMAScript).

use std::fmt;

use thiserror::Error;

/// A finite binary64 number; `-0` is `0`.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(f64);

/// Sound: never NaN, by construction.
impl Eq for Number {}

/// Why a number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not a number in JSON's grammar (RFC 8259, section 6).
    #[error("not a JSON number")]
    Syntax,
    /// Infinite, or not a number.
    #[error("a number is not finite in binary64: send it as a string")]
    NotFinite,
    /// It would come back as another number.
    #[error("a number is not exact in binary64: send it as a string")]
    NotExact,
}

impl Number {
    /// Parses a JSON number and refuses it unless binary64 keeps it exactly.
    ///
    /// # Errors
    ///
    /// [`NumberError`]: not JSON's grammar, beyond the range, or changed by rounding.
    ///
    /// ```
    /// use strongroom_domain::Number;
    /// assert_eq!(Number::parse("1.10")?.to_string(), "1.1");
    /// assert!(Number::parse("9007199254740993").is_err()); // 2^53 + 1
    /// # Ok::<(), strongroom_domain::NumberError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        if let Some(integer) = small_integer(text) {
            return Ok(integer);
        }
        let sent = Decimal::parse(text).ok_or(NumberError::Syntax)?;
        let nearest: f64 = text.parse().map_err(|_| NumberError::Syntax)?;
        let number = Self::from_f64(nearest)?;
        if Decimal::shortest(number.0) == sent { Ok(number) } else { Err(NumberError::NotExact) }
    }

    /// Takes a binary64 as it is.
    ///
    /// # Errors
    ///
    /// [`NumberError::NotFinite`] for infinities and NaN.
    pub fn from_f64(value: f64) -> Result<Self, NumberError> {
        if !value.is_finite() {
            return Err(NumberError::NotFinite);
        }
        Ok(Self(if value == 0.0 { 0.0 } else { value }))
    }

    /// The value.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0
    }

    /// The value as most are: an integer of the range in which each has a binary64 of its own.
    fn as_exact_integer(self) -> Option<i64> {
        let is_exact = self.0.abs() <= LARGEST_EXACT && self.0.fract() == 0.0;
        #[expect(clippy::cast_possible_truncation, reason = "an integer, far within the range of i64")]
        is_exact.then_some(self.0 as i64)
    }
}

/// 2^53 - 1, which ECMAScript calls `MAX_SAFE_INTEGER`.
const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;
/// Digits that any integer may have and still be smaller than that.
const EXACT_DIGITS: usize = 15;

/// An integer in JSON's grammar that is exact whatever its digits are; `None` of any other text, which may be a number all
/// the same.
fn small_integer(text: &str) -> Option<Number> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let fits = match digits {
        [b'0'..=b'9'] => true,
        [b'1'..=b'9', rest @ ..] => rest.len() < EXACT_DIGITS && rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let integer: i64 = text.parse().ok().filter(|_| fits)?;
    #[expect(clippy::cast_precision_loss, reason = "fewer digits than 2^53 has")]
    Some(Number(integer as f64))
}

/// RFC 8785, section 3.2.2.3: ECMAScript's `Number::toString`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(integer) = self.as_exact_integer() {
            return write!(f, "{integer}");
        }
        let decimal = Decimal::shortest(self.0);
        let digits = decimal.digits.as_str();
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        if decimal.negative {
            f.write_str("-")?;
        }
        // `point` is the place of the decimal point, counted from before the first digit (ECMAScript's n).
        let point = decimal.point;
        if digits.is_empty() {
            f.write_str("0")
        } else if count <= point && point <= 21 {
            f.write_str(digits)?;
            (count..point).try_for_each(|_| f.write_str("0"))
        } else if 0 < point && point <= 21 {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
            write!(f, "{whole}.{fraction}")
        } else if -6 < point && point <= 0 {
            f.write_str("0.")?;
            (point..0).try_for_each(|_| f.write_str("0"))?;
            f.write_str(digits)
        } else {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(f, "{first}{dot}{rest}e{:+}", point - 1)
        }
    }
}

/// Printed by its kind alone, like every value.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

/// A decimal in one normal form: `0.digits × 10^point`, no leading or trailing zero digit, zero without digits.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    point: i64,
}

impl Decimal {
    /// Reads JSON's grammar; `None` for anything else. A minus before zero is dropped.
    fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty()
            || (whole.len() > 1 && whole.starts_with('0'))
            || !all_digits(whole)
            || !all_digits(fraction)
        {
            return None;
        }
        let digits = [whole, fraction].concat();
        let significant = digits.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self { negative: false, digits: String::new(), point: 0 });
        }
        let leading_zeros = i64::try_from(digits.len() - significant.len()).ok()?;
        let whole_digits = i64::try_from(whole.len()).ok()?;
        Some(Self {
            negative,
            digits: significant.trim_end_matches('0').to_owned(),
            point: exponent.saturating_add(whole_digits - leading_zeros),
        })
    }

    /// The shortest decimal that reads back as this finite number, the closest of several, the even one of two as close
    /// (ECMAScript's `Number::toString`, notes 1 and 2).
    fn shortest(value: f64) -> Self {
        let zero = Self { negative: false, digits: String::new(), point: 0 };
        // The standard library finds the shortest and closest, and takes the greater of two as close.
        let found = Self::parse(&format!("{value:e}")).unwrap_or(zero);
        found.smaller_neighbour_if_even(value).unwrap_or(found)
    }

    /// The decimal one below this one in its last digit, when `value` lies exactly between the two, that digit is even,
    /// and it reads back as `value` too.
    fn smaller_neighbour_if_even(&self, value: f64) -> Option<Self> {
        // Exactly between means: exactly one digit more, and that a five.
        let count = self.digits.len();
        let between = format!("{value:.count$e}");
        let (mantissa, exponent) = between.split_once('e')?;
        let smaller = mantissa.strip_suffix('5').filter(|rest| rest.ends_with(['0', '2', '4', '6', '8']))?;
        // Formatting may have rounded to that five; all digits there can be tell.
        let exact = Self::parse(&format!("{value:.MAX_FRACTION_DIGITS$e}"))?;
        let smaller = format!("{smaller}e{exponent}");
        let reads_back = smaller.parse() == Ok(value);
        if exact.digits.len() == count + 1 && reads_back { Self::parse(&smaller) } else { None }
    }
}

/// No binary64 has more decimal digits behind its first.
const MAX_FRACTION_DIGITS: usize = 766;

/// An exponent of any length; far beyond binary64 it saturates, which decides the same.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    Some(if negative { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_binary64_keeps_pass_and_come_back_in_rfc_8785_form() {
        for (sent, answered) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999999999999", "0"),
            ("1", "1"),
            ("1.0", "1"),
            ("1e0", "1"),
            ("10e-1", "1"),
            ("0.1", "0.1"),
            ("1.10", "1.1"),
            ("9007199254740992", "9007199254740992"),
            ("-1.5", "-1.5"),
            ("100", "100"),
            ("1e2", "100"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("1e23", "1e+23"),
            ("123e-20", "1.23e-18"),
            ("0.000001", "0.000001"),
            ("0.0000001", "1e-7"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("5e-324", "5e-324"),
            ("333333333.3333333", "333333333.3333333"),
            ("123456789012345680000", "123456789012345680000"),
        ] {
            assert_eq!(Number::parse(sent).unwrap().to_string(), answered, "{sent}");
        }
    }

    #[test]
    fn numbers_that_would_come_back_changed_are_refused() {
        for sent in [
            "9007199254740993",
            "0.1000000000000000055",
            "1e-400",
            "4.9e-324",
            "0.30000000000000001",
            "123456789012345678901",
        ] {
            assert_eq!(Number::parse(sent), Err(NumberError::NotExact), "{sent}");
        }
        for sent in ["1e309", "-1e400", "1e99999999999999999999999"] {
            assert_eq!(Number::parse(sent), Err(NumberError::NotFinite), "{sent}");
        }
    }

    #[test]
    fn of_two_shortest_decimals_as_close_the_even_one_is_the_number() {
        // 2^50 and more in quarters: a quarter lies exactly between two tenths.
        for (even, odd) in [
            ("1424953923781206.2", "1424953923781206.3"),
            ("1424953923781206.8", "1424953923781206.7"),
            ("-1424953923781206.2", "-1424953923781206.3"),
        ] {
            assert_eq!(Number::parse(even).unwrap().to_string(), even);
            assert_eq!(Number::parse(odd), Err(NumberError::NotExact), "{odd}");
        }
    }

    #[test]
    fn what_is_not_a_json_number_is_refused() {
        for sent in [
            "", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x10", "1_0", "NaN", "inf", "1.0.0", " 1",
            "1 ", "1e1.5", "--1",
        ] {
            assert_eq!(Number::parse(sent), Err(NumberError::Syntax), "{sent:?}");
        }
    }
}
