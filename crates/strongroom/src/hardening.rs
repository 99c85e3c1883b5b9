//! What a process that holds other people's secrets does first: it leaves no image of its memory behind, and takes the
//! file descriptors that it may have.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Switches core dumps off for this process, and attaching to it and reading its memory by processes of
/// the same user.
///
/// # Errors
///
/// What the operating system answers; the caller warns and goes on, for a sandbox may forbid even this.
pub(crate) fn forbid_memory_dumps() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Raises the number of files that may be open to what the system allows this process, and returns it; `None` is no limit.
///
/// A shell gives 1024 by default, and each connection takes one. Where it cannot be raised, it stays.
pub(crate) fn raise_open_files() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return limit.current;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        let raised = raise_open_files();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!((limit.current, limit.current), (raised, limit.maximum));
    }

    #[test]
    fn no_core_is_written_once_dumps_are_forbidden() {
        forbid_memory_dumps().unwrap();
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(
            rustix::process::dumpable_behavior().unwrap(),
            rustix::process::DumpableBehavior::NotDumpable
        );
    }
}
