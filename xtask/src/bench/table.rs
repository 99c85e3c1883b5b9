//! Figures as a Markdown table: the median of the rounds, and their lowest and highest.

use std::fmt::Write;

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    name: &'static str,
    unit: &'static str,
    sorted: Vec<f64>,
}

impl Figure {
    pub(super) fn new(name: &'static str, unit: &'static str, mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { name, unit, sorted: values }
    }

    /// The middle value, or the mean of the middle two; 0 of nothing.
    pub(super) fn median(&self) -> f64 {
        let middle = self.sorted.len() / 2;
        match (self.sorted.get(middle), self.sorted.len() % 2) {
            (None, _) => 0.0,
            (Some(value), 1) => *value,
            (Some(value), _) => f64::midpoint(self.sorted[middle - 1], *value),
        }
    }

    /// The median with its unit.
    pub(super) fn middle(&self) -> String {
        format!("{} {}", short(self.median()), self.unit).trim_end().to_owned()
    }

    /// The lowest and the highest; nothing where there is one value.
    pub(super) fn spread(&self) -> String {
        match self.sorted.as_slice() {
            [lowest, .., highest] => format!("{}–{}", short(*lowest), short(*highest)),
            _ => String::new(),
        }
    }
}

pub(super) fn micros(name: &'static str, values: Vec<f64>) -> Figure {
    Figure::new(name, "µs", values)
}

pub(super) fn millis(name: &'static str, values: Vec<f64>) -> Figure {
    Figure::new(name, "ms", values)
}

#[expect(clippy::cast_precision_loss, reason = "memory of a process, far below 2^53 KiB")]
pub(super) fn kib(name: &'static str, kib: u64) -> Figure {
    Figure::new(name, "MiB", vec![kib as f64 / 1024.0])
}

#[expect(clippy::cast_precision_loss, reason = "size of a file, far below 2^53 bytes")]
pub(super) fn mib(name: &'static str, bytes: u64) -> Figure {
    Figure::new(name, "MiB", vec![bytes as f64 / (1024.0 * 1024.0)])
}

/// The value that so many of a hundred are below; 0 of nothing.
pub(super) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// All of them, ready to be pasted.
pub(super) fn markdown(figures: &[Figure]) -> String {
    let mut text = String::from("| figure | median | lowest–highest |\n|---|---:|---:|\n");
    for figure in figures {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {} | {} |", figure.name, figure.middle(), figure.spread());
    }
    text
}

/// Three digits that matter, and no decimals on whole numbers.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 || size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_middle_two() {
        assert_eq!(short(micros("", vec![9.5, 1.25, 3.0]).median()), "3");
        assert_eq!(short(micros("", vec![4.0, 1.0, 3.0, 2.0]).median()), "2.50");
        assert_eq!(short(micros("", vec![]).median()), "0");
        assert_eq!([-12.34, -150.6].map(short), ["-12.3", "-151"]);
    }

    #[test]
    fn the_percentile_of_a_hundred_is_its_rank() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let at = |percent| format!("{}", percentile(&hundred, percent));
        assert_eq!((at(50), at(99)), ("51".to_owned(), "100".to_owned()));
        assert_eq!(format!("{}, {}", percentile(&[7.0], 99), percentile(&[], 50)), "7, 0");
    }

    #[test]
    fn a_row_has_its_unit_and_its_spread_and_a_single_value_has_none() {
        let table =
            markdown(&[micros("read", vec![12.34, 10.0, 150.6]), Figure::new("crates", "", vec![99.0])]);
        assert!(table.ends_with("| read | 12.3 µs | 10–151 |\n| crates | 99 |  |\n"), "{table}");
    }
}
