//! How to connect, as libpq reads it (PostgreSQL's manual, "Connection Strings", "Environment Variables", "The Password File"
//! and "The Connection Service File"): the URL decides, then the service, then the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gauth_cli::files::{self, shown};
use gauth_cli::{Failure, Terminal, argv, environment};
use gauth_core::Secret;
use gauth_text::Masks;
use percent_encoding::percent_decode_str;
use postgres::{Client, Config};

use super::failure::Failing;
use super::tls::{self, Check};

/// Longer than any file of services or passwords.
const LIMIT: usize = 1 << 20;

/// Each setting that is understood, and its variable.
const KNOWN: [(&str, &str); 21] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("service", "PGSERVICE"),
    ("options", "PGOPTIONS"),
    ("application_name", "PGAPPNAME"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("tcp_user_timeout", ""),
    ("keepalives", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("keepalives_retries", ""),
];

/// How to connect. It has no `Debug`, since it may hold a password.
#[derive(Clone)]
pub(crate) struct Settings {
    values: BTreeMap<String, Secret>,
    /// What may help if the login fails.
    pub(super) hint: Option<String>,
}

/// Removes the password in `--into` from the command line, where every user of the machine could read it.
pub(crate) fn hide_password(into: &str, terminal: &Terminal) {
    let after = into.split_once("://").map_or("", |(_, after)| after);
    let user_info = after.rsplit_once('@').and_then(|(user_info, _)| user_info.split_once(':'));
    // With what is around it, so that a short password does not erase everything that looks like it.
    let of_user = user_info.map(|(_, password)| format!(":{password}@"));
    let parameters = after.split_once('?').map_or("", |(_, parameters)| parameters);
    let parameter = parameters.split('&').find(|parameter| parameter.starts_with("password="));
    for secret in of_user.iter().map(String::as_str).chain(parameter) {
        if !argv::erase(secret) {
            terminal.warn("the password is visible in the process list: pass it in PGPASSWORD or ~/.pgpass");
        }
    }
}

impl Settings {
    /// Reads `postgres:` or a URL, and what it leaves to the environment.
    ///
    /// # Errors
    /// What cannot be understood, as a usage error that does not repeat it.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        let mut values = from_url(text)?;
        let service = match values.remove("service") {
            Some(service) => Some(service),
            None => environment::text("PGSERVICE")?,
        };
        if let Some(service) = service {
            for (key, value) in of_service(&service)? {
                values.entry(key).or_insert(value);
            }
        }
        for (key, variable) in KNOWN.iter().filter(|(key, variable)| !variable.is_empty() && *key != "service") {
            if let Some(value) = environment::secret(variable)? {
                values.entry((*key).to_owned()).or_insert(value);
            }
        }
        values.retain(|_, value| !value.is_empty());
        complete(&mut values);
        let hint = add_password(&mut values)?;
        let values = values.into_iter().map(|(key, value)| (key, Secret::new(value))).collect();
        Ok(Self { values, hint })
    }

    pub(super) fn connect(&self) -> Result<Client, Failure> {
        let (mode, check, roots) = self.security()?;
        let mut text = format!("sslmode={mode}");
        for (key, value) in &self.values {
            if !["sslmode", "sslrootcert", "passfile"].contains(&&**key) {
                let value = value.expose().replace('\\', "\\\\").replace('\'', "\\'");
                text.push_str(&format!(" {key}='{value}'"));
            }
        }
        let config: Config = text.parse().map_err(|error: postgres::Error| {
            use std::error::Error as _;
            let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            Failure::usage(self.masked(&format!("--into: PostgreSQL: {why}")))
        })?;
        let failing = Failing { settings: self, verb: "connect to" };
        config.connect(tls::connector(check, roots.as_deref())?).map_err(|error| failing.because(error))
    }

    /// The mode of the connection, what is asked of the certificate, and whose file of authorities is used.
    fn security(&self) -> Result<(&'static str, Check, Option<PathBuf>), Failure> {
        let given = self.value("sslrootcert");
        let default = home().map(|home| home.join(".postgresql/root.crt")).filter(|path| path.exists());
        let file = match given {
            Some("system") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => default,
        };
        let is_system = given == Some("system");
        let mode = self.value("sslmode").unwrap_or(if is_system { "verify-full" } else { "prefer" });
        let (mode, check) = match mode {
            "disable" => ("disable", Check::Nothing),
            "allow" | "prefer" => ("prefer", Check::Nothing),
            // With a file of authorities it means more, as ever.
            "require" if file.is_some() => ("require", Check::Authority),
            "require" => ("require", Check::Nothing),
            "verify-ca" => ("require", Check::Authority),
            "verify-full" => ("require", Check::AuthorityAndHost),
            _ => {
                let text = "sslmode: expected disable, allow, prefer, require, verify-ca or verify-full";
                return Err(Failure::usage(text));
            }
        };
        if is_system && check != Check::AuthorityAndHost {
            return Err(Failure::usage("sslrootcert=system goes with sslmode=verify-full"));
        }
        if check != Check::Nothing && file.is_none() && !is_system {
            let text = "sslmode: there is no ~/.postgresql/root.crt with the authority of the server's certificate";
            return Err(Failure::usage(text).hint("name a file in sslrootcert, or set it to system"));
        }
        Ok((mode, check, file))
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(Secret::expose)
    }

    /// Which server, for a message.
    pub(super) fn place(&self) -> String {
        match self.value("host") {
            Some(host) => format!(" at {}", shown(Path::new(host))),
            None => String::new(),
        }
    }

    /// A text without the password.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut masks = Masks::default();
        masks.add(self.value("password").unwrap_or_default());
        masks.apply(text)
    }
}

/// What a URL says.
fn from_url(text: &str) -> Result<BTreeMap<String, String>, Failure> {
    let mut values = BTreeMap::new();
    let (_, rest) = text.split_once(':').unwrap_or_default();
    if rest.is_empty() {
        return Ok(values);
    }
    let Some(rest) = rest.strip_prefix("//") else {
        return Err(Failure::usage("--into: expected postgres://USER@HOST/DATABASE, or postgres: alone"));
    };
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (user_info, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    if database.contains('@') || user_info.contains('@') {
        return Err(Failure::usage("--into: in a user name, a password or a database, write %40 for @ and %2F for /"));
    }
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((name, port)) => (name, port.strip_prefix(':').unwrap_or(port)),
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(name);
        ports.push(port);
    }
    let join =
        |parts: Vec<&str>| if parts.iter().all(|part| part.is_empty()) { String::new() } else { parts.join(",") };
    let (names, ports) = (join(names), join(ports));
    for (key, value) in
        [("user", user), ("password", password), ("host", &names), ("port", &ports), ("dbname", database)]
    {
        values.insert(key.to_owned(), decoded(value)?);
    }
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let Some((key, _)) = KNOWN.iter().find(|(known, _)| *known == key) else {
            return Err(Failure::usage("--into: the URL has a parameter that is not known here"));
        };
        values.insert((*key).to_owned(), decoded(value)?);
    }
    values.retain(|_, value| !value.is_empty());
    Ok(values)
}

fn decoded(text: &str) -> Result<String, Failure> {
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|_| Failure::usage("--into: the URL is not UTF-8 when decoded"))?;
    Ok(decoded.into_owned())
}

fn home() -> Option<PathBuf> {
    environment::variable("HOME").map(PathBuf::from)
}

/// The settings of a service: in the user's own file, or in the system's.
fn of_service(service: &str) -> Result<Vec<(String, String)>, Failure> {
    let own = environment::variable("PGSERVICEFILE").map(PathBuf::from);
    let own = own.or_else(|| Some(home()?.join(".pg_service.conf")));
    let system = environment::variable("PGSYSCONFDIR").map_or_else(|| "/etc/postgresql-common".into(), PathBuf::from);
    for path in own.into_iter().chain([system.join("pg_service.conf")]) {
        let bytes = files::read_default(&path, LIMIT)?.unwrap_or_default();
        if let Some(settings) = section(&String::from_utf8_lossy(&bytes), service) {
            return match settings.iter().find(|(key, _)| !KNOWN.iter().any(|(known, _)| known == key)) {
                Some(_) => Err(Failure::usage(format!("{}: a setting that is not known here", shown(&path)))),
                None => Ok(settings),
            };
        }
    }
    Err(Failure::usage("PostgreSQL: there is no such service").hint("services are in ~/.pg_service.conf"))
}

/// The lines of a section of a service file.
fn section(text: &str, service: &str) -> Option<Vec<(String, String)>> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.find(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(service))?;
    let settings = lines.take_while(|line| !line.starts_with('['));
    Some(settings.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect())
}

/// What libpq assumes where nothing is said.
fn complete(values: &mut BTreeMap<String, String>) {
    if !values.contains_key("host") {
        let sockets = ["/var/run/postgresql", "/tmp"];
        let socket = sockets.into_iter().find(|path| cfg!(unix) && Path::new(path).is_dir()).unwrap_or("localhost");
        let host = values.get("hostaddr").cloned().unwrap_or_else(|| socket.to_owned());
        values.insert("host".to_owned(), host);
    }
    if !values.contains_key("user")
        && let Ok(name) = whoami::username()
    {
        values.insert("user".to_owned(), name);
    }
    values.entry("application_name".to_owned()).or_insert_with(|| "ga-sync".to_owned());
    // A server that is gone is noticed, as the server notices us.
    values.entry("keepalives_idle".to_owned()).or_insert_with(|| "60".to_owned());
    values.entry("keepalives_interval".to_owned()).or_insert_with(|| "10".to_owned());
    values.entry("keepalives_retries".to_owned()).or_insert_with(|| "3".to_owned());
}

/// Looks the password up in the password file, unless there is one. If that cannot be used, a hint.
fn add_password(values: &mut BTreeMap<String, String>) -> Result<Option<String>, Failure> {
    if values.contains_key("password") {
        return Ok(None);
    }
    let named = values.get("passfile").map(PathBuf::from);
    let Some(path) = named.or_else(|| Some(home()?.join(".pgpass"))) else {
        return Ok(None);
    };
    let Some(content) = files::load_default(&path, LIMIT)? else {
        return Ok(None);
    };
    if let Some(problem) = content.loose_permissions(&path) {
        return Ok(Some(problem));
    }
    let first = |key: &str, default: &str| {
        let value = values.get(key).map_or(default, |value| value.split(',').next().unwrap_or(default));
        if value.is_empty() { default } else { value }.to_owned()
    };
    let host = first("host", "");
    let host = if host == "/var/run/postgresql" || host == "/tmp" { "localhost".to_owned() } else { host };
    let user = first("user", "");
    let wanted = [host, first("port", "5432"), first("dbname", &user), user];
    if let Some(password) = password(&String::from_utf8_lossy(&content.bytes), &wanted) {
        values.insert("password".to_owned(), password);
    }
    Ok(None)
}

/// The password on the first line of a password file whose host, port, database and user are the wanted ones.
fn password(text: &str, wanted: &[String; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let matches = |(field, wanted): (&String, &String)| field == "*" || field == wanted;
        (fields.len() >= 5 && fields.iter().zip(wanted).all(matches)).then(|| fields[4].clone())
    })
}

/// The fields of a line, where a backslash makes the next character ordinary.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field) = (Vec::new(), String::new());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => fields.push(std::mem::take(&mut field)),
            '\\' => field.extend(characters.next()),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_url(text: &str, expected: &[(&str, &str)]) {
        let values = from_url(text).unwrap();
        let values: Vec<_> = values.iter().map(|(key, value)| (&**key, &**value)).collect();
        assert_eq!(values, expected, "{text}");
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        assert_url("postgres:", &[]);
        assert_url("postgresql://", &[]);
        let all = [("dbname", "d"), ("host", "h"), ("password", "p/:@"), ("port", "5"), ("user", "u")];
        assert_url("postgres://u:p%2F%3A%40@h:5/d", &all);
        assert_url("postgres://[::1]:5/", &[("host", "::1"), ("port", "5")]);
        assert_url("postgres://a,b:6", &[("host", "a,b"), ("port", ",6")]);
        assert_url(
            "postgres:///d?host=/run/x&sslmode=require",
            &[("dbname", "d"), ("host", "/run/x"), ("sslmode", "require")],
        );
        assert_url("postgres://%2Frun%2Fx/d", &[("dbname", "d"), ("host", "/run/x")]);
        for text in ["postgres:h", "postgres://u:p@ss@h", "postgres://u:p/a@h", "postgres://h?secret=x"] {
            let failure = from_url(text).unwrap_err().to_string();
            assert!(!failure.contains("ss@h") && !failure.contains("p/a") && !failure.contains("secret"), "{failure}");
        }
    }

    #[test]
    fn the_first_line_that_matches_has_the_password() {
        let text = "# h:5432:d:u:comment\nh:5432:other:u:no\nh\\:x:*:*:u:ye\\:s:x\n*:*:*:*:any\n";
        let of = |host: &str| password(text, &[host, "5432", "d", "u"].map(str::to_owned));
        assert_eq!((of("h:x").as_deref(), of("h").as_deref()), (Some("ye:s"), Some("any")));
    }

    #[test]
    fn a_service_is_a_section() {
        let text = "[other]\nhost=no\n# comment\n[mine]\nhost=h\n\nport=5\n[third]\nuser=no\n";
        let expected = [("host", "h"), ("port", "5")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(section(text, "mine").unwrap(), expected);
        assert_eq!(section(text, "absent"), None);
    }
}
