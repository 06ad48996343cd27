//! Removes a secret from this process's own command line, which every user of the machine can read with `ps`.
//!
//! On Linux the kernel serves `/proc/PID/cmdline` from the process's memory, and a process may write its own
//! memory through `/proc/self/mem` (proc(5)). Elsewhere the program starts itself again with the secret on
//! a pipe.

use std::io;

#[cfg(target_os = "linux")]
use crate::memory;

/// Overwrites every occurrence of `value` in the command line. `false` if that could not be done and verified.
#[cfg(target_os = "linux")]
pub fn erase(value: &str) -> bool {
    use std::os::unix::fs::FileExt;

    let erase = || -> Option<bool> {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the name in brackets and may hold anything; arg_start and arg_end are the
        // 48th and 49th (proc_pid_stat(5)).
        let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(45);
        let start: u64 = fields.next()?.parse().ok()?;
        let end: u64 = fields.next()?.parse().ok()?;
        let open = || std::fs::File::options().read(true).write(true).open("/proc/self/mem");
        let memory = memory::while_open(open).ok()?;
        let mut arguments = vec![0; usize::try_from(end.checked_sub(start)?).ok()?];
        memory.read_exact_at(&mut arguments, start).ok()?;
        while let Some(at) = find(&arguments, value.as_bytes()) {
            let gap = &mut arguments[at..at + value.len()];
            gap.fill(b'*');
            memory.write_all_at(gap, start + at as u64).ok()?;
        }
        let now = std::fs::read("/proc/self/cmdline").ok()?;
        Some(find(&now, value.as_bytes()).is_none())
    };
    // Asterisks would be masked by themselves.
    value.bytes().all(|byte| byte == b'*') || erase().unwrap_or(false)
}

/// Only on Linux can safe code do this.
#[cfg(not(target_os = "linux"))]
pub fn erase(value: &str) -> bool {
    value.is_empty()
}

#[cfg(target_os = "linux")]
fn find(bytes: &[u8], value: &[u8]) -> Option<usize> {
    bytes.windows(value.len()).position(|window| window == value)
}

/// Starts this program again, in this process, with `-` in place of `value` and `value` on standard
/// input. Returns only if that failed. Use it only if nothing else reads standard input.
#[cfg(unix)]
pub fn start_again_with_value_on_stdin(value: &str) -> io::Error {
    use std::io::Write;
    use std::os::unix::process::CommandExt;

    let start = || -> io::Result<io::Error> {
        let (reader, mut writer) = io::pipe()?;
        let attached = format!("={value}");
        let words = std::env::args().skip(1).map(|word| match word.strip_suffix(&attached) {
            _ if word == value => "-".to_owned(),
            Some(option) => format!("{option}=-"),
            None => word,
        });
        let name = std::env::args_os().next().unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_else(|_| name.into());
        let mut command = std::process::Command::new(program);
        command.args(words).stdin(reader);
        // A token is smaller than any pipe.
        writer.write_all(value.as_bytes())?;
        drop(writer);
        Ok(command.exec())
    };
    start().unwrap_or_else(|error| error)
}

/// Elsewhere a process cannot be replaced.
#[cfg(not(unix))]
pub fn start_again_with_value_on_stdin(_value: &str) -> io::Error {
    io::Error::from(io::ErrorKind::Unsupported)
}
