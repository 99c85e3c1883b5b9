//! What Linux says of a process and of the machine, from `/proc`.

use std::time::Duration;

use crate::workspace::Outcome;

/// Processor time of the process's threads since each began, their own and the kernel's for them, to the nanosecond. A thread
/// that has ended counts no more: a server's live as long as it does.
///
/// # Errors
///
/// There is no such process, or no `/proc`.
pub(super) fn cpu_time(pid: u32) -> Outcome<Duration> {
    let mut time = Duration::ZERO;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let schedstat = match std::fs::read_to_string(thread?.path().join("schedstat")) {
            Ok(schedstat) => schedstat,
            // It has ended since it was listed; a process that has is told by its directory.
            Err(error) if has_ended(&error) => continue,
            Err(error) => return Err(error.into()),
        };
        time += on_cpu(&schedstat).ok_or("no time in /proc/PID/task/TID/schedstat")?;
    }
    Ok(time)
}

/// `ENOENT` where the thread was gone before its file was opened, `ESRCH` where it went between.
fn has_ended(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound || error.raw_os_error() == Some(ESRCH)
}

/// "No such process" (errno(3)).
const ESRCH: i32 = 3;

/// The first of three numbers: nanoseconds on a processor.
fn on_cpu(schedstat: &str) -> Option<Duration> {
    schedstat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// How many threads of the process have a name that begins so.
///
/// # Errors
///
/// There is no such process, or no `/proc`.
pub(super) fn threads_named(pid: u32, prefix: &str) -> Outcome<usize> {
    let mut count = 0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        count += usize::from(std::fs::read_to_string(thread?.path().join("comm"))?.starts_with(prefix));
    }
    Ok(count)
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

/// Which Linux this is.
pub(super) fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_on_a_processor_is_the_first_number() {
        assert_eq!(on_cpu("1500000 20 3\n"), Some(Duration::from_micros(1500)));
        assert_eq!(on_cpu(""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_very_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(resident_kib(pid).unwrap() > 0);
        // Threads of other tests end meanwhile.
        let ending: Vec<_> = (0..100).map(|_| std::thread::spawn(|| ())).collect();
        for _ in 0..100 {
            cpu_time(pid).unwrap();
        }
        for thread in ending {
            thread.join().unwrap();
        }
    }
}
