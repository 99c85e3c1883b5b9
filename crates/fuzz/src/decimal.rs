//! Decimal numbers by their digits, for the models: what a JSON number says, whatever binary64 makes of it.

use std::fmt;

/// `0.digits × 10^point`, without zeros at either end; zero has no digits and no sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal {
    is_negative: bool,
    digits: String,
    point: i64,
}

impl Decimal {
    /// What a text in JSON's grammar says. `None` for what is not in it, as far as a reader of JSON has not seen to that.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let unsigned = text.trim_start_matches('-');
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        // Far beyond binary64 one exponent is like another.
        let most = 1_000_000_000;
        let limit = if exponent.starts_with('-') { -most } else { most };
        let exponent = exponent.parse::<i64>().unwrap_or(limit).clamp(-most, most);
        let point =
            exponent + i64::try_from(whole.len()).ok()? - i64::try_from(all.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0').to_owned();
        let is_zero = digits.is_empty();
        let is_negative = !is_zero && unsigned.len() < text.len();
        Some(Self { is_negative, digits, point: if is_zero { 0 } else { point } })
    }

    /// Whether this is the shortest decimal that reads as `value`; `None` where another is as short.
    pub(crate) fn is_shortest_of(&self, value: f64) -> Option<bool> {
        let shortest = Self::of(&format!("{value:e}"))?;
        if shortest.digits.len() == self.digits.len() && shortest != *self && self.reads_as(value) {
            return None;
        }
        let has_rival = |step| shortest.neighbour(step).is_some_and(|other| other.reads_as(value));
        if shortest == *self && (has_rival(1) || has_rival(-1)) { None } else { Some(shortest == *self) }
    }

    fn reads_as(&self, value: f64) -> bool {
        let sign = if self.is_negative { "-" } else { "" };
        format!("{sign}0.{}e{}", self.digits, self.point).parse() == Ok(value)
    }

    /// The decimal of as many digits that is one more or less in its last.
    fn neighbour(&self, step: i128) -> Option<Self> {
        let digits = (self.digits.parse::<i128>().ok()? + step).to_string();
        (digits.len() == self.digits.len()).then(|| Self { digits, ..self.clone() })
    }
}

/// As ECMAScript writes it (RFC 8785, section 3.2.2.3).
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_negative, digits, point } = self;
        let sign = if *is_negative { "-" } else { "" };
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
        let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        match *point {
            _ if count == 0 => f.write_str("0"),
            point if (count..=21).contains(&point) => write!(f, "{sign}{digits}{}", zeros(point - count)),
            point if (1..=21).contains(&point) => {
                let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default());
                write!(f, "{sign}{whole}.{fraction}")
            }
            point if (-5..=0).contains(&point) => write!(f, "{sign}0.{}{digits}", zeros(-point)),
            point => {
                let (first, rest) = digits.split_at(1);
                let dot = if rest.is_empty() { "" } else { "." };
                write!(f, "{sign}{first}{dot}{rest}e{:+}", point - 1)
            }
        }
    }
}
