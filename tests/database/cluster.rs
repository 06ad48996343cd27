//! A PostgreSQL cluster for one test: in a temporary folder, on a Unix socket, run by a user other than root.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use tempfile::TempDir;
use testkit::{Home, run, tool};

/// Dropping it stops the server.
pub(crate) struct Cluster {
    folder: TempDir,
    server: Child,
}

impl Cluster {
    /// Starts a server, if PostgreSQL is installed.
    pub(crate) fn start() -> Option<Self> {
        tool("psql")?;
        let initdb = server_program("initdb")?;
        let folder = tempfile::tempdir().expect("create a folder for the cluster");
        let is_root = run(id(&["-u"])).expect(0).stdout().trim() == "0";
        if is_root {
            let mut command = Command::new("chown");
            command.arg("postgres").arg(folder.path());
            run(command).expect(0);
        }
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), mode).expect("let psql reach the socket");
        let command = |program: &PathBuf| {
            let mut command = match is_root {
                true => Command::new("setpriv"),
                false => Command::new(program),
            };
            if is_root {
                let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
                command.args(user).arg(program);
            }
            command.current_dir(folder.path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
            command
        };
        let data = folder.path().join("data");
        let mut create = command(&initdb);
        let options = ["--auth=trust", "--username=ga", "--encoding=UTF8"];
        create.args(options).args(["--locale=C", "--no-sync"]);
        run({
            create.arg("-D").arg(&data);
            create
        })
        .expect(0);
        let mut serve = command(&initdb.with_file_name("postgres"));
        serve
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=off"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = serve.spawn().expect("start PostgreSQL");
        let cluster = Self { folder, server };
        cluster.wait(&initdb);
        Some(cluster)
    }

    /// Waits until it listens.
    fn wait(&self, initdb: &std::path::Path) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let mut command = Command::new(initdb.with_file_name("pg_isready"));
            command.arg("-q").arg("-h").arg(self.folder.path());
            if run(command).output.status.success() {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "PostgreSQL does not start");
            std::thread::yield_now();
        }
    }

    /// psql, which stops at the first error and reads no settings.
    pub(crate) fn psql(&self, home: &Home, options: &[&str]) -> Command {
        let mut command = home.command("psql");
        command
            .args(["-X", "-v", "ON_ERROR_STOP=1", "-U", "ga", "-d", "postgres", "-h"])
            .arg(self.folder.path())
            .args(options)
            .env("PGOPTIONS", "--client-min-messages=warning");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGINT: without waiting for clients. It may have ended by itself.
        let mut kill = Command::new("kill");
        let _ = kill.arg("-INT").arg(self.server.id().to_string()).status();
        let _ = self.server.wait();
    }
}

fn id(arguments: &[&str]) -> Command {
    let mut command = Command::new("id");
    command.args(arguments);
    command
}

/// A program on the PATH, or in Debian's folder of a PostgreSQL version.
fn server_program(name: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter_map(|folder| fs::canonicalize(folder.join(name)).ok());
    let found =
        folders.into_iter().rev().map(|folder| folder.join(name)).chain(on_path).find(|program| program.is_file());
    if found.is_none() {
        println!("skipped: no {name}");
    }
    found
}
