//! This process's memory, which holds secrets: no core file is made of it, and no other process of the same user can
//! attach to it or read it. Programs that are started from here are not affected.

/// Keeps the memory out of core files and out of other processes' reach.
#[cfg(target_os = "linux")]
pub(crate) fn keep_private() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    // The kernel knows this since version 2.4.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Keeps the memory out of core files. The hard limit stays for those who are started from here.
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

/// Runs `act` while the memory can be opened by this user, which is what `/proc/self/mem` asks.
#[cfg(target_os = "linux")]
pub(crate) fn while_open<T>(act: impl FnOnce() -> T) -> T {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    let _ = set_dumpable_behavior(DumpableBehavior::Dumpable);
    let result = act();
    keep_private();
    result
}
