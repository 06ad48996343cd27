//! This process's memory, which holds secrets: it is not dumped into a core file, and no other process of the same user can
//! attach to it or read it. Child processes are not affected.

/// Keeps the memory out of core files and closes it to other processes.
#[cfg(target_os = "linux")]
pub(crate) fn keep_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // Supported since Linux 2.4.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Keeps the memory out of core files. The hard limit stays for child processes.
#[cfg(all(unix, not(target_os = "linux")))]
pub(crate) fn keep_private() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    // Lowering one's own limit is always allowed.
    let _ = setrlimit(Resource::Core, limit);
}

/// Elsewhere there are no core files.
#[cfg(not(unix))]
pub(crate) fn keep_private() {}

/// Runs `act` while this user can open the memory, which `/proc/self/mem` requires.
#[cfg(target_os = "linux")]
pub(crate) fn while_open<T>(act: impl FnOnce() -> T) -> T {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    let result = act();
    keep_private();
    result
}
