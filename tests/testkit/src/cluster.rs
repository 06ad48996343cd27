//! A PostgreSQL cluster for one test: in a temporary folder, on a Unix socket, run by a user other than root.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, fs};

use tempfile::TempDir;

use crate::home::Home;
use crate::run::run;
use crate::tool;

/// Dropping it stops the server.
pub struct Cluster {
    folder: TempDir,
    initdb: PathBuf,
    /// PostgreSQL refuses to run as root.
    is_root: bool,
    port: u16,
    /// Until it is stopped.
    server: Option<Child>,
}

impl Cluster {
    /// Starts a server, if PostgreSQL is installed.
    pub fn start() -> Option<Self> {
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
        let mut cluster = Self { folder, initdb, is_root, port: 5432, server: None };
        let mut create = cluster.command("initdb");
        create.args(["--auth=trust", "--username=ga", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        create.arg("-D").arg(cluster.data());
        run(create).expect(0);
        cluster.serve(&["listen_addresses="]);
        Some(cluster)
    }

    /// Starts the server, with these settings, after it was stopped. It listens on its socket at least.
    pub fn serve(&mut self, settings: &[&str]) {
        let mut serve = self.command("postgres");
        serve.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path()).args(["-c", "fsync=off"]);
        serve.args(["-p", &self.port.to_string()]);
        for setting in settings {
            serve.args(["-c", setting]);
        }
        serve.stdout(Stdio::null()).stderr(Stdio::null());
        self.server = Some(serve.spawn().expect("start PostgreSQL"));
        self.wait();
    }

    /// Starts it on a port of the loopback as well, which is the result.
    pub fn serve_on_loopback(&mut self, settings: &[&str]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("find a free port");
        self.port = listener.local_addr().expect("a port").port();
        drop(listener);
        self.serve(&[&["listen_addresses=127.0.0.1"], settings].concat());
        self.port
    }

    /// Waits until it listens.
    fn wait(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        loop {
            let mut command = Command::new(self.initdb.with_file_name("pg_isready"));
            command.arg("-q").args(["-p", &self.port.to_string()]).arg("-h").arg(self.folder.path());
            if run(command).output.status.success() {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "PostgreSQL does not start");
            std::thread::yield_now();
        }
    }

    /// Stops the server without waiting for clients.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT: at once. It may have ended by itself.
            let mut kill = Command::new("kill");
            let _ = kill.arg("-QUIT").arg(server.id().to_string()).status();
            let _ = server.wait();
        }
    }

    /// Where the server's socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server's, as its user.
    fn command(&self, program: &str) -> Command {
        let program = self.initdb.with_file_name(program);
        let mut command = match self.is_root {
            true => Command::new("setpriv"),
            false => Command::new(&program),
        };
        if self.is_root {
            let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
            command.args(user).arg(program);
        }
        command.current_dir(self.folder.path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    /// Writes a file of the server's, which nobody else may read.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        fs::write(&path, content).expect("write a file of the server's");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("protect it");
        if self.is_root {
            let mut command = Command::new("chown");
            command.arg("postgres").arg(path);
            run(command).expect(0);
        }
    }

    /// psql, which stops at the first error and reads no settings.
    pub fn psql(&self, home: &Home, options: &[&str]) -> Command {
        let mut command = home.command("psql");
        command
            .args(["-X", "-v", "ON_ERROR_STOP=1", "-U", "ga", "-d", "postgres", "-p", &self.port.to_string(), "-h"])
            .arg(self.folder.path())
            .args(options)
            .env("PGOPTIONS", "--client-min-messages=warning");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
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
