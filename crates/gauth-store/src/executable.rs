//! Running the program of an executable-sourced credential (AIP-4117): no shell, no stdin, no stderr, a process group of its
//! own that is killed at the deadline, and a response of limited size.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gauth_core::exchange::Executable;

use gauth_cli::child;
use gauth_cli::exit::{Failure, Kind, reason};

/// Variables with tokens for gauth, which a program that a file names does not need.
const NOT_PASSED_ON: [&str; 2] = ["GAUTH_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN"];

/// Runs the program and returns its stdout.
///
/// # Errors
/// [`Kind::Usage`] if it cannot be started, [`Kind::Temporary`] at the deadline, [`Kind::Failed`] if it prints too much, or
/// fails without output.
pub(crate) fn run(executable: &Executable, left: Duration) -> Result<Vec<u8>, Failure> {
    let Some((program, arguments)) = executable.argv.split_first() else {
        return Err(Failure::usage("cannot run the credential's program: no command"));
    };
    let what = format!("cannot run the credential's program {program:?}");
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(executable.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    for name in NOT_PASSED_ON {
        command.env_remove(name);
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|e| Failure::of_system(&what, &e, Kind::Usage))?;
    let deadline = Instant::now() + executable.timeout.min(left);
    let output = child::output(&mut child, executable.limit, Some(deadline));
    end_group(&mut child);
    let status = child.wait();
    match output.map_err(|e| Failure::new(Kind::Failed, format!("{what}: {}", reason(&e))))? {
        None => Err(Failure::new(Kind::Temporary, format!("{what}: timed out"))),
        Some(bytes) if bytes.len() > executable.limit => {
            Err(Failure::new(Kind::Failed, format!("{what}: it wrote more than {} KiB", executable.limit >> 10)))
        }
        Some(bytes) => match status {
            Ok(status) if !status.success() && bytes.is_empty() => {
                Err(Failure::new(Kind::Failed, format!("{what}: {status}")))
            }
            _ => Ok(bytes),
        },
    }
}

/// Kills the program's own children that are still running.
#[cfg(unix)]
fn end_group(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The group may be gone already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    let _ = child.kill();
}
