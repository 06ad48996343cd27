//! Many processes at once with credentials of several hops: each hop once, one token for all, and no harm from a holder
//! that is killed at whichever hop (B1, B4).

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use gauth_sandbox::{Fault, FaultKind, Provider};
use testkit::{Running, Signal, User, token};

use super::{BIN, holding, impersonated};

const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a process that was started with `--verbose` waits for another.
fn waits(runner: &Running) -> bool {
    runner.has_said("waiting for another process")
}

#[track_caller]
fn until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it did not come to pass");
        thread::sleep(Duration::from_millis(1));
    }
}

#[track_caller]
fn assert_each_hop_once(machine: &User, hops: &[&str]) {
    // The last hop is held, so that nobody can have the token before all have asked for it.
    let last = hops.last().expect("a hop");
    machine.sandbox.fault(Fault::new(last, FaultKind::Hold));
    let runners: Vec<Running> = (0..200).map(|_| Running::start(machine.command(&["--verbose"]))).collect();
    assert!(machine.sandbox.wait_for_held(1, PATIENCE));
    until(|| runners.iter().filter(|runner| waits(runner)).count() == 199);
    machine.sandbox.release();
    let mut said = Vec::new();
    let mut tokens = Vec::new();
    for runner in runners {
        let run = runner.finish().expect(0);
        said.extend_from_slice(&run.output.stderr);
        tokens.push(token(&run));
    }
    testkit::assert_no_secret("stderr of all", &said, &machine.sandbox.secrets());
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    let asked = machine.asked();
    assert_eq!(asked.len(), hops.len(), "{asked:?}");
    for (path, hop) in asked.iter().zip(hops) {
        assert!(path.starts_with(hop), "{asked:?}");
    }
}

#[test]
fn b1_two_hundred_processes_impersonate_once() {
    let machine = holding(impersonated);
    assert_each_hop_once(&machine, &["/token", "/v1/projects/"]);
}

#[test]
fn b1_two_hundred_processes_federate_once() {
    let machine = holding(|m| m.outside(Some(m.sandbox.analyst())));
    assert_each_hop_once(&machine, &["/v1/token", "/v1/projects/"]);
}

#[test]
fn b4_a_holder_killed_at_any_hop_loses_nothing_and_the_next_goes_on_at_once() {
    let rotating = gauth_sandbox::Options { rotate: true, ..gauth_sandbox::Options::default() };
    for (options, make) in [
        (rotating, impersonated as fn(&User) -> _),
        (gauth_sandbox::Options::default(), |m| {
            let source = m.sandbox.url_source();
            m.sandbox.external_account(Provider::Oidc, source, Some(m.sandbox.analyst()))
        }),
    ] {
        let machine = User::new(BIN, options);
        machine.keep(&make(&machine));
        let mut held_at = 0;
        loop {
            // Hold the next hop; if there is none, every hop has been tried.
            let hold = Fault::new("/", FaultKind::Hold).after(held_at);
            machine.sandbox.fault(hold);
            let holder = Running::start(machine.command(&["--refresh"]));
            let ended = || {
                let stat = fs::read_to_string(format!("/proc/{}/stat", holder.id())).unwrap_or_default();
                stat.rsplit_once(") ").is_none_or(|(_, fields)| fields.starts_with('Z'))
            };
            until(|| machine.sandbox.wait_for_held(1, Duration::from_millis(1)) || ended());
            if !machine.sandbox.wait_for_held(1, Duration::ZERO) {
                machine.check(holder.finish()).expect(0);
                break;
            }
            let waiter = Running::start(machine.command(&["--refresh", "--timeout", "20", "--verbose"]));
            until(|| waits(&waiter));
            holder.signal(Signal::KILL);
            assert_eq!(holder.finish().code(), 137);
            machine.check(waiter.finish()).expect(0);
            assert_no_temporary_file(machine.home.path());
            held_at += 1;
        }
        assert!(held_at >= 2, "{held_at}");
    }
}

#[track_caller]
fn assert_no_temporary_file(home: &Path) {
    for directory in [home.join(".cache/gauth"), home.join(".config/gauth")] {
        for file in fs::read_dir(directory).expect("list it").flatten() {
            let path = file.path();
            assert!(path.extension().is_none_or(|e| e != "gauth-tmp"), "{path:?}");
        }
    }
    assert!(Path::new(BIN).is_file());
}
