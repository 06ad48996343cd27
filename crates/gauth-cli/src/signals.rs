//! Which signals were ignored when the program started (nohup, a shell's background job): they stay ignored.

use std::sync::OnceLock;

/// Whether the process ignored the signal of this number at the first call, by the mask of proc_pid_status(5); `false` where
/// there is none.
pub fn is_ignored(number: i32) -> bool {
    static IGNORED: OnceLock<u64> = OnceLock::new();
    let mask = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    IGNORED.get_or_init(|| mask().unwrap_or(0)) >> (number - 1) & 1 == 1
}
