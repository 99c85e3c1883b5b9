//! What every [`Clock`] must do, as far as a look from outside can tell.

use strongroom_ports::Clock;

/// Runs what can be said of any [`Clock`]: it counts milliseconds since 1970 and not another unit or epoch. It may jump,
/// so nothing is said of two looks at it.
///
/// # Panics
///
/// When the time shown is not between 2001 and 2100.
pub fn clock(clock: &dyn Clock) {
    let shown_s = clock.now().secs();
    assert!((978_307_200..4_102_444_800).contains(&shown_s), "{shown_s} is no second of this century");
}
