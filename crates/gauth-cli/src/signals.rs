//! Which signals were ignored when the program started (nohup, a shell's background job): they stay ignored.

/// Whether the process ignores the signal of this number, by the mask of proc_pid_status(5); `false` where there is none.
pub fn is_ignored(number: i32) -> bool {
    let mask = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    };
    mask().unwrap_or(0) >> (number - 1) & 1 == 1
}
