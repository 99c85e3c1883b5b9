//! What the speed table promises: a row, the figure it is judged by, how good that must be at first and how good it shall
//! become.

use std::fmt::Write;

use super::table::{Figure, short};

/// How good a figure must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    direction: Direction,
    at_first: f64,
    aim: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    AtMost,
    AtLeast,
}

/// What of it was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Aim,
    AtFirst,
    Missed,
}

impl Bound {
    pub(super) fn at_most(at_first: f64, aim: f64) -> Self {
        Self { direction: Direction::AtMost, at_first, aim }
    }

    pub(super) fn at_least(at_first: f64, aim: f64) -> Self {
        Self { direction: Direction::AtLeast, at_first, aim }
    }

    fn verdict(self, value: f64) -> Verdict {
        let is_met = |bound: f64| match self.direction {
            Direction::AtMost => value <= bound,
            Direction::AtLeast => value >= bound,
        };
        match (is_met(self.aim), is_met(self.at_first)) {
            (true, _) => Verdict::Aim,
            (false, true) => Verdict::AtFirst,
            (false, false) => Verdict::Missed,
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub(super) struct Row {
    what: &'static str,
    ours: Figure,
    /// Who else, and its figure.
    peer: Option<(&'static str, Figure)>,
    judged: Figure,
    bound: Bound,
}

impl Row {
    /// Judged by ours through the peer's, round by round.
    pub(super) fn ratio(
        what: &'static str,
        unit: &'static str,
        ours: &[f64],
        (peer, of_peer): (&'static str, &[f64]),
        bound: Bound,
    ) -> Self {
        Self {
            what,
            ours: Figure::new("", unit, ours.to_vec()),
            peer: Some((peer, Figure::new("", unit, of_peer.to_vec()))),
            judged: Figure::new("", "×", ratios(ours, of_peer)),
            bound,
        }
    }

    /// Judged by what it is.
    pub(super) fn alone(what: &'static str, ours: Figure, bound: Bound) -> Self {
        Self { what, judged: ours.clone(), ours, peer: None, bound }
    }
}

/// The one through the other, of each round.
pub(super) fn ratios(of: &[f64], through: &[f64]) -> Vec<f64> {
    of.iter().zip(through).map(|(of, through)| of / through).collect()
}

/// All of them, ready to be pasted.
pub(super) fn markdown(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | ours | peer | judged by | lowest–highest | at first | aim | reached |\n\
         |---|---:|---:|---:|---:|---:|---:|---|\n",
    );
    for Row { what, ours, peer, judged, bound } in rows {
        let peer =
            peer.as_ref().map_or("–".to_owned(), |(name, figure)| format!("{name}: {}", figure.middle()));
        let sign = if bound.direction == Direction::AtMost { "≤" } else { "≥" };
        let reached = match bound.verdict(judged.median()) {
            Verdict::Aim => "the aim",
            Verdict::AtFirst => "at first",
            Verdict::Missed => "**no**",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {what} | {} | {peer} | {} | {} | {sign} {} | {sign} {} | {reached} |",
            ours.middle(),
            judged.middle(),
            judged.spread(),
            short(bound.at_first),
            short(bound.aim),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_itself_is_still_met() {
        let cpu = Bound::at_most(1.25, 0.95);
        let verdicts = [0.95, 0.96, 1.25, 1.26].map(|value| cpu.verdict(value));
        assert_eq!(verdicts, [Verdict::Aim, Verdict::AtFirst, Verdict::AtFirst, Verdict::Missed]);
    }

    #[test]
    fn of_what_should_be_much_more_is_better() {
        let speed = Bound::at_least(1.0, 2.0);
        let verdicts = [2.0, 1.5, 0.99].map(|value| speed.verdict(value));
        assert_eq!(verdicts, [Verdict::Aim, Verdict::AtFirst, Verdict::Missed]);
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_and_not_the_ratio_of_the_medians() {
        let row =
            Row::ratio("read", "µs", &[1.0, 2.0, 9.0], ("peer", &[1.0, 4.0, 3.0]), Bound::at_most(0.5, 0.25));
        assert!(
            markdown(&[row])
                .ends_with("| read | 2 µs | peer: 3 µs | 1 × | 0.50–3 | ≤ 0.50 | ≤ 0.25 | **no** |\n")
        );
    }

    #[test]
    fn a_row_without_a_peer_is_judged_by_itself() {
        let row = Row::alone("start", Figure::new("", "ms", vec![12.0]), Bound::at_most(20.0, 10.0));
        let line = "| start | 12 ms | – | 12 ms |  | ≤ 20 | ≤ 10 | at first |\n";
        assert!(markdown(&[row]).ends_with(line));
    }
}
