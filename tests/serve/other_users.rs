//! Other users of the machine, who can connect to any port of it. Only root can be two users.

use std::path::Path;
use std::process::Command;

use testkit::{run, tool};

use crate::{BIN, FLAVOR, Response, Served, TOKEN, logged_in};

/// Nobody has this number.
const OTHER: u32 = 4_242_424;

/// A program that runs as that user; `None` where there cannot be one.
fn as_other(program: &Path) -> Option<Command> {
    if !rustix::process::getuid().is_root() {
        println!("skipped: no second user, only root can be one");
        return None;
    }
    let mut command = Command::new(tool("setpriv")?);
    let id = OTHER.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program);
    Some(command)
}

#[test]
fn i6_another_user_gets_403_and_nobody_is_asked_for_a_token() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let Some(curl) = tool("curl") else { return };
    for path in ["/", TOKEN] {
        let Some(mut command) = as_other(&curl) else { return };
        command.args(["-si", "--max-time", "30", "--noproxy", "*", "-H", FLAVOR.trim()]);
        let output = command.arg(format!("http://{}{path}", served.address)).output().expect("run curl");
        let response = Response::read(&String::from_utf8_lossy(&output.stdout));
        assert_eq!((response.status, response.body.as_str()), (403, "this server is another user's\n"));
    }
    assert!(user.requests_to("/token").is_empty());
    served.end();
}

#[test]
fn i6_connections_of_another_user_do_not_keep_this_one_out() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    let Some(bash) = tool("bash") else { return };
    let Some(mut command) = as_other(&bash) else { return };
    let script = format!(
        "for i in {{10..300}}; do eval \"exec $i<>/dev/tcp/127.0.0.1/{}\" || exit; done; echo open; read -r line",
        served.address.port()
    );
    command.args(["-c", &script]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut other = command.spawn().expect("run bash");
    let mut line = String::new();
    let stdout = other.stdout.take().expect("a pipe");
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).expect("read");
    assert_eq!(line, "open\n");
    assert!(served.token("").starts_with("ya29."));
    drop(other.stdin.take());
    other.wait().expect("it ends");
    served.end();
}

#[test]
fn i6_two_hundred_connections_in_a_row_are_known_as_ones_own() {
    let user = logged_in();
    let served = Served::start(&user, &[]);
    for _ in 0..200 {
        assert_eq!(served.get_with("/", "").status, 200);
    }
    served.end();
}

#[test]
fn i6_where_the_system_does_not_show_users_it_refuses_to_start() {
    let Some(unshare) = tool("unshare") else { return };
    let hidden = "mount -t tmpfs none /proc && ! test -e /proc/net/tcp";
    let possible = Command::new(&unshare).args(["-rm", "sh", "-c", hidden]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        println!("skipped: no mount namespaces");
        return;
    }
    let user = logged_in();
    let mut command = user.home.command(unshare);
    command.args(["-rm", "sh", "-c", &format!("{hidden} && exec \"$0\" -- touch ran"), BIN]);
    command.envs(user.environment.iter().cloned());
    let run = run(command).expect_failure(2);
    assert!(run.stderr().contains("does not show which user holds a connection"), "{}", run.stderr());
    assert!(!user.home.path().join("ran").exists());
}
