//! Ctrl-C and its like, in the phases of a login.

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use gauth_sandbox::{Fault, FaultKind};
use rustix::process::Signal;

use crate::{consenting, log_in, start};

const SIGNALS: [(Signal, i32); 3] = [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)];

#[test]
fn b9_a_signal_while_waiting_closes_the_port_and_leaves_no_file() {
    for (signal, code) in SIGNALS {
        let person = consenting();
        let login = start(&person, &[]);
        let address = login.address();
        login.running.signal(signal);
        person.check(login.running.finish()).expect_failure(code);
        assert!(TcpStream::connect(address).is_err());
        assert_eq!(fs::read_dir(person.home.config().join("gauth")).expect("list it").count(), 0);
    }
}

#[test]
fn b9_a_signal_during_the_exchange_leaves_the_old_file() {
    for (signal, code) in SIGNALS {
        let person = consenting();
        log_in(&person, &[]);
        let old = fs::read(&person.credentials).expect("the file");
        person.sandbox.fault(Fault::new("/token", FaultKind::Hold));
        let login = start(&person, &[]);
        let target = login.target();
        let address = login.address();
        let tab = std::thread::spawn(move || crate::send(address, crate::request(address, &target, "").as_bytes()));
        assert!(person.sandbox.wait_for_held(1, Duration::from_secs(30)));
        login.running.signal(signal);
        person.check(login.running.finish()).expect_failure(code);
        assert_eq!(tab.join().expect("no answer"), "");
        assert_eq!(fs::read(&person.credentials).expect("the file"), old);
        person.sandbox.release();
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let person = consenting();
    let mut command = person.home.command("sh");
    command
        .args(["-c", "trap '' HUP; exec \"$0\" --no-browser", crate::BIN])
        .env("GAUTH_CLIENT_SECRETS", person.sandbox.client_secrets());
    let login = crate::Login::start(command);
    login.running.signal(Signal::HUP);
    testkit::visit(&login.url);
    login.running.finish().expect(0);
}
