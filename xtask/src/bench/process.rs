//! What Linux says of a process and of the machine, from `/proc`.

use std::time::Duration;

use crate::workspace::Outcome;

/// The unit of processor time in `/proc/PID/stat`: `USER_HZ`, 100 on every Linux there is.
const TICK: Duration = Duration::from_millis(10);

/// Processor time of the process since its start, its own and the kernel's for it, all threads, in steps of 10 ms.
///
/// # Errors
///
/// There is no such process, or no `/proc`.
pub(super) fn cpu_time(pid: u32) -> Outcome<Duration> {
    let ticks =
        ticks(&std::fs::read_to_string(format!("/proc/{pid}/stat"))?).ok_or("no times in /proc/PID/stat")?;
    Ok(TICK.saturating_mul(ticks))
}

/// `utime` + `stime`, fields 14 and 15. The name, field 2, may hold anything, so counting starts behind it.
fn ticks(stat: &str) -> Option<u32> {
    let mut after_name = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u32 = after_name.next()?.parse().ok()?;
    let kernel: u32 = after_name.next()?.parse().ok()?;
    user.checked_add(kernel)
}

/// Memory of the process that is in RAM, KiB.
///
/// # Errors
///
/// There is no such process, or no `/proc`.
pub(super) fn resident_kib(pid: u32) -> Outcome<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS in /proc/PID/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The processor's name and how many of them this process may use.
pub(super) fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("an unnamed processor");
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores", name.trim_start_matches([' ', '\t', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_are_found_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 1 2";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_very_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(resident_kib(pid).unwrap() > 0);
        assert!(cpu_time(pid).is_ok());
    }
}
