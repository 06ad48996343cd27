//! Other users of the machine, who can read the consent URL in the list of processes. Only root can be two users.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use testkit::{Pty, Running, tool};

use crate::{Login, WORKED, consenting, request, start, status};

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

/// What a browser of that user gets to see; with its status line.
fn visited_by_other(url: &str) -> Option<String> {
    let mut command = as_other(&tool("curl")?)?;
    command.args(["-si", "--max-time", "30", "--noproxy", "*", url]);
    let output = command.output().expect("run curl");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn c22_another_users_answer_and_refusal_change_nothing_and_are_reported_once() {
    let person = consenting();
    let login = start(&person, &[]);
    let state = login.parameter("state");
    let uri = login.redirect_uri();
    for query in [
        format!("code=4%2F0Aforeign&state={state}"),
        format!("error=access_denied&state={state}"),
        "code=4%2F0Aforeign&state=wrong".to_owned(),
    ] {
        let Some(page) = visited_by_other(&format!("{uri}/?{query}")) else { return };
        let expected = if query.ends_with("wrong") { "400" } else { "403" };
        assert_eq!(status(&page), expected, "{page}");
    }
    login.running.stderr_line(|line| line.contains(&format!("a browser of user {OTHER} answered; it was ignored")));
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(testkit::visit(&login.url).body.contains(WORKED));
    let run = person.check(login.running.finish()).expect(0);
    assert_eq!(run.stderr().matches("a browser of user").count(), 1, "{}", run.stderr());
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c22_the_address_of_another_users_browser_can_be_pasted() {
    let person = consenting();
    let mut pty = Pty::start(person.command(&["--no-browser"]), 80);
    let shown = pty.wait_for("paste that page's address here");
    let url = shown.lines().find(|line| line.starts_with("http")).expect("a URL").trim_end().to_owned();
    let Some(seen) = visited_by_other(&url) else { return };
    let location = seen.lines().find_map(|line| line.strip_prefix("location: ")).expect("a redirect").trim_end();
    let Some(page) = visited_by_other(location) else { return };
    assert!(page.contains("paste the address of this page"), "{page}");
    pty.wait_for(&format!("a browser of user {OTHER} answered; paste its address here"));
    pty.type_in(&format!("{location}\n"));
    let (ended, shown) = pty.finish();
    assert!(ended.success(), "{shown}");
    assert!(person.credentials.exists());
}

#[test]
fn c22_behind_sudo_the_user_who_called_it_may_answer() {
    let person = consenting();
    let mut command = person.command(&["--no-browser"]);
    command.env("SUDO_UID", OTHER.to_string());
    let login = Login::start(command);
    let Some(page) = visited_by_other(&login.callback()) else { return };
    assert!(page.contains(WORKED), "{page}");
    person.check(login.running.finish()).expect(0);
}

#[test]
fn c22_ones_own_browser_and_that_of_root_may_answer_whoever_one_is() {
    for answered_by_root in [false, true] {
        let person = consenting();
        let place = person.home.path();
        // The build directory may be closed to other users.
        let program = place.join("gauth-login");
        let Some(mut command) = as_other(&program) else { return };
        fs::copy(crate::BIN, &program).expect("copy the program");
        let client = place.join("client.json");
        fs::copy(person.sandbox.client_secrets(), &client).expect("copy the client file");
        for path in [place, &program, &client] {
            chown(path, Some(OTHER), Some(OTHER)).expect("give it away");
        }
        let environment = person.command(&[]);
        command.env_clear().current_dir(place);
        command.envs(environment.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("GAUTH_CLIENT_SECRETS", &client).arg("--no-browser");
        let login = Login::start(command);
        let callback = login.callback();
        let page = match answered_by_root {
            true => testkit::visit(&callback).body,
            false => visited_by_other(&callback).expect("a page"),
        };
        assert!(page.contains(WORKED), "{page}");
        person.check(login.running.finish()).expect(0);
    }
}

/// Stops a program and waits until it has stopped.
pub(crate) fn stop(running: &Running) {
    running.signal(Signal::STOP);
    let status = || fs::read_to_string(format!("/proc/{}/stat", running.id())).expect("its status");
    while !status().rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')) {
        std::thread::yield_now();
    }
}

/// The kernel shows the socket of a process that has closed it as root's.
#[test]
fn c22_a_sender_that_has_gone_does_not_pass_for_root() {
    let person = consenting();
    let login = start(&person, &[]);
    let good = login.target();
    stop(&login.running);
    let mut gone = TcpStream::connect(login.address()).expect("connect");
    gone.write_all(request(login.address(), &good, "").as_bytes()).expect("send the answer");
    drop(gone);
    login.running.signal(Signal::CONT);
    // Later than the one above in every queue.
    assert_eq!(status(&login.get("/?state=wrong")), "400");
    assert_eq!(person.requests_to("/token").len(), 0);
    assert!(login.get(&good).contains(WORKED));
    person.check(login.running.finish()).expect(0);
    assert_eq!(person.requests_to("/token").len(), 1);
}

#[test]
fn c22_without_socket_tables_the_state_is_enough() {
    let Some(unshare) = tool("unshare") else { return };
    let hidden = "mount -t tmpfs none /proc && ! test -e /proc/net/tcp";
    let possible = Command::new(&unshare).args(["-rm", "sh", "-c", hidden]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        println!("skipped: no mount namespaces");
        return;
    }
    let person = consenting();
    let mut command = person.home.command(unshare);
    let script = format!("{hidden} && exec \"$0\" --no-browser");
    command.args(["-rm", "sh", "-c", &script, crate::BIN]);
    command.env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
    let login = Login::start(command);
    assert!(testkit::visit(&login.url).body.contains(WORKED));
    person.check(login.running.finish()).expect(0);
}
