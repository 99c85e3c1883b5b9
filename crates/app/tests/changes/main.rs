//! What a follower is told, over a safe in memory that rings: each version once, in order, or that there is a gap.
//!
//! `cfg(test)` always holds here; the linter knows by it that helpers are tests too.

#[cfg(test)]
mod doubles;
#[cfg(test)]
mod erased;
#[cfg(test)]
mod folded;
#[cfg(test)]
mod racing;
#[cfg(test)]
mod replayed;
#[cfg(test)]
mod resumed;
#[cfg(test)]
mod troubles;
#[cfg(test)]
mod updated;
