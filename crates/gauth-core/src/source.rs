//! Where credentials come from, in the order of Application Default Credentials (AIP-4110) with gauth's own places
//! first. A source that is named is the only one: if it cannot be read, that is an error, and no other is tried.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use gauth_text::Seems;

use crate::Error;

const OWN: &str = "gauth-login's file";
const GCLOUD: &str = "gcloud's application default credentials";
const CREDENTIALS: &str = "GAUTH_CREDENTIALS";
const PROFILE: &str = "GAUTH_PROFILE";
/// A command that prints the credentials.
pub const COMMAND: &str = "GAUTH_CREDENTIALS_COMMAND";
const GOOGLE: &str = "GOOGLE_APPLICATION_CREDENTIALS";

/// A login under a name of its own, beside gauth's own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Its credentials file.
    pub path: PathBuf,
}

impl Profile {
    /// The folder of all profiles, below [`config_dir`].
    pub const FOLDER: &str = "profiles";

    /// The option that names it, for a command to paste.
    pub fn option(&self) -> String {
        let equals = if self.name.starts_with('-') { '=' } else { ' ' };
        format!("--profile{equals}{}", self.name)
    }

    /// The profile of this name; `origin` is where the name was given.
    fn named(name: &str, origin: &str, env: Lookup<'_>) -> Result<Self, Error> {
        if let Some(seems) = Seems::of(name).filter(|seems| *seems != Seems::TooLong) {
            return Err(Error::Input(format!("{origin}: this looks like {seems}, not the name of a profile")));
        }
        if !is_profile_name(name) {
            let expected = "expected letters, digits, `-`, `_` and `.`, no `.` at the beginning, 100 at most";
            return Err(Error::Input(format!("{origin}: {expected}")));
        }
        let Some(folder) = config_dir(env) else {
            let reason = "there is no place for profiles: neither XDG_CONFIG_HOME nor HOME is an absolute path";
            return Err(Error::Input(format!("{origin}: {reason}")));
        };
        let path = folder.join(Self::FOLDER).join(format!("{name}.json"));
        Ok(Self { name: name.to_owned(), path })
    }
}

/// Whether a profile can have this name. The file systems of all platforms take it, with room for the names of its lock and
/// of temporary files.
pub fn is_profile_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=100).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(is_allowed)
}

/// What the command line says about the source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags<'a> {
    /// `--credentials FILE`.
    pub credentials: Option<&'a Path>,
    /// `--profile NAME`.
    pub profile: Option<&'a str>,
}

/// Where credentials are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--credentials FILE`; `-` is stdin.
    Flag(PathBuf),
    /// `--profile NAME`, or `GAUTH_PROFILE`.
    Profile(Profile),
    /// A file named by an environment variable.
    Variable(&'static str, PathBuf),
    /// What the command in `GAUTH_CREDENTIALS_COMMAND` prints. It is not kept here: it may hold a secret.
    Command,
    /// gauth-login's file.
    Own(PathBuf),
    /// What `gcloud auth application-default login` wrote.
    Gcloud(PathBuf),
    /// The metadata server of a machine on Google Cloud, by its host.
    MetadataServer(String),
}

impl Source {
    /// The file, or the metadata server's host; of a command's output a name for messages.
    pub fn path(&self) -> &Path {
        match self {
            Self::MetadataServer(host) => Path::new(host),
            Self::Profile(profile) => &profile.path,
            Self::Command => Path::new("the output of GAUTH_CREDENTIALS_COMMAND"),
            Self::Flag(path) | Self::Variable(_, path) | Self::Own(path) | Self::Gcloud(path) => path,
        }
    }

    /// Whether the user named it, so that it has to exist.
    pub fn is_named(&self) -> bool {
        matches!(self, Self::Flag(_) | Self::Profile(_) | Self::Variable(..) | Self::Command)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(_) => f.write_str("--credentials"),
            Self::Profile(profile) => write!(f, "profile {}", profile.name),
            Self::Variable(name, _) => f.write_str(name),
            Self::Command => f.write_str(COMMAND),
            Self::Own(_) => f.write_str(OWN),
            Self::MetadataServer(_) => f.write_str("the metadata server"),
            Self::Gcloud(_) => f.write_str(GCLOUD),
        }
    }
}

/// A place to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A known place.
    Source(Source),
    /// The environment does not say where it is.
    Unknown {
        /// What would be there.
        what: &'static str,
        /// What the environment lacks.
        why: &'static str,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(source) => source.fmt(f),
            Self::Unknown { what, why } => write!(f, "{what}: {why}"),
        }
    }
}

/// A read-only view of the environment; an empty value counts as unset.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The source that flags or gauth's own variables name.
///
/// # Errors
/// [`Error::Input`] for two that exclude each other, or a profile that cannot be.
pub fn named(flags: Flags<'_>, env: Lookup<'_>) -> Result<Option<Source>, Error> {
    match (flags.credentials, flags.profile) {
        (Some(_), Some(_)) => return Err(exclude_each_other("--credentials", "--profile")),
        (Some(path), None) => return Ok(Some(Source::Flag(path.to_owned()))),
        (None, Some(name)) => return Profile::named(name, "--profile", env).map(Source::Profile).map(Some),
        (None, None) => {}
    }
    let variables = [CREDENTIALS, PROFILE, COMMAND].map(|name| (name, env(name)));
    let mut set = variables.into_iter().filter_map(|(name, value)| Some((name, value?)));
    match (set.next(), set.next()) {
        (Some((one, _)), Some((other, _))) => Err(exclude_each_other(one, other)),
        (Some((PROFILE, name)), None) => {
            Profile::named(&name.to_string_lossy(), PROFILE, env).map(Source::Profile).map(Some)
        }
        (Some((COMMAND, _)), None) => Ok(Some(Source::Command)),
        (Some((_, path)), None) => Ok(Some(Source::Variable(CREDENTIALS, path.into()))),
        (None, _) => Ok(None),
    }
}

fn exclude_each_other(one: &str, other: &str) -> Error {
    Error::Input(format!("{one} and {other} exclude each other"))
}

/// The places to look at, in order. One that is named is the only one.
///
/// # Errors
/// As [`named`].
pub fn search(flags: Flags<'_>, env: Lookup<'_>) -> Result<Vec<Place>, Error> {
    let google = || Some(Source::Variable(GOOGLE, env(GOOGLE)?.into()));
    if let Some(source) = named(flags, env)?.or_else(google) {
        return Ok(vec![Place::Source(source)]);
    }
    let place = |what, source: Option<Source>| {
        let why = if env("HOME").is_none() { "HOME is not set" } else { "HOME is not an absolute path" };
        source.map_or(Place::Unknown { what, why }, Place::Source)
    };
    Ok(vec![
        place(OWN, own_file(env).map(Source::Own)),
        place(GCLOUD, gcloud_dir(env).map(|dir| Source::Gcloud(dir.join("application_default_credentials.json")))),
    ])
}

/// gauth-login's file.
pub fn own_file(env: Lookup<'_>) -> Option<PathBuf> {
    config_dir(env).map(|dir| dir.join("credentials.json"))
}

/// `$XDG_CONFIG_HOME/gauth`; `None` when neither that variable nor HOME is an absolute path.
pub fn config_dir(env: Lookup<'_>) -> Option<PathBuf> {
    base_dir(env, "XDG_CONFIG_HOME", ".config").map(|dir| dir.join("gauth"))
}

/// `$XDG_CACHE_HOME/gauth`, as [`config_dir`].
pub fn cache_dir(env: Lookup<'_>) -> Option<PathBuf> {
    base_dir(env, "XDG_CACHE_HOME", ".cache").map(|dir| dir.join("gauth"))
}

/// XDG Base Directory Specification: a relative path in the variable is to be ignored.
fn base_dir(env: Lookup<'_>, variable: &str, below_home: &str) -> Option<PathBuf> {
    absolute(env, variable).or_else(|| absolute(env, "HOME").map(|home| home.join(below_home)))
}

fn gcloud_dir(env: Lookup<'_>) -> Option<PathBuf> {
    env("CLOUDSDK_CONFIG").map(PathBuf::from).or_else(|| absolute(env, "HOME").map(|home| home.join(".config/gcloud")))
}

fn absolute(env: Lookup<'_>, variable: &str) -> Option<PathBuf> {
    env(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(flags: Flags<'_>, variables: &[(&str, &str)]) -> Result<Vec<Place>, Error> {
        let lookup =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        search(flags, &lookup)
    }

    fn found(flags: Flags<'_>, variables: &[(&str, &str)]) -> Vec<String> {
        let places = searched(flags, variables).unwrap();
        let shown = places.iter().map(|place| match place {
            Place::Source(source) => format!("{source}: {}", source.path().display()),
            Place::Unknown { .. } => place.to_string(),
        });
        shown.collect()
    }

    const NONE: Flags<'_> = Flags { credentials: None, profile: None };

    fn profile(name: &str) -> Flags<'_> {
        Flags { profile: Some(name), ..NONE }
    }

    #[test]
    fn a_named_source_is_the_only_one_and_the_order_is_kept() {
        let all = [("GAUTH_CREDENTIALS", "/g"), ("GOOGLE_APPLICATION_CREDENTIALS", "/a"), ("HOME", "/h")];
        let flag = Flags { credentials: Some(Path::new("/f")), ..NONE };
        assert_eq!(found(flag, &all), ["--credentials: /f"]);
        assert_eq!(found(profile("a-b_c.d"), &all), ["profile a-b_c.d: /h/.config/gauth/profiles/a-b_c.d.json"]);
        assert_eq!(found(NONE, &all), ["GAUTH_CREDENTIALS: /g"]);
        let by_variable = [("GAUTH_PROFILE", "p"), ("GOOGLE_APPLICATION_CREDENTIALS", "/a"), ("XDG_CONFIG_HOME", "/x")];
        assert_eq!(found(NONE, &by_variable), ["profile p: /x/gauth/profiles/p.json"]);
        assert_eq!(found(NONE, &all[1..]), ["GOOGLE_APPLICATION_CREDENTIALS: /a"]);
        assert_eq!(
            found(NONE, &all[2..]),
            [
                "gauth-login's file: /h/.config/gauth/credentials.json",
                "gcloud's application default credentials: /h/.config/gcloud/application_default_credentials.json",
            ]
        );
    }

    #[test]
    fn two_sources_of_one_level_exclude_each_other() {
        let flags = Flags { credentials: Some(Path::new("/f")), profile: Some("p") };
        let variables =
            [("GAUTH_CREDENTIALS", "/g"), ("GAUTH_PROFILE", "p"), ("GAUTH_CREDENTIALS_COMMAND", "x"), ("HOME", "/h")];
        for (flags, set, one, other) in [
            (flags, &variables[..], "--credentials", "--profile"),
            (NONE, &variables, "GAUTH_CREDENTIALS", "GAUTH_PROFILE"),
            (NONE, &variables[1..], "GAUTH_PROFILE", "GAUTH_CREDENTIALS_COMMAND"),
        ] {
            let message = searched(flags, set).unwrap_err().to_string();
            assert_eq!(message, format!("{one} and {other} exclude each other"));
        }
        assert!(searched(profile("p"), &variables).is_ok());
        assert_eq!(searched(NONE, &variables[2..]).unwrap(), [Place::Source(Source::Command)]);
    }

    #[test]
    fn a13_the_name_of_a_profile_is_no_path() {
        let home = [("HOME", "/h")];
        let long = "x".repeat(101);
        for name in ["", ".", "..", ".hidden", "../x", "a/b", "a b", "a\0", "é", "a\nb", "a:b", &long, &"x".repeat(300)]
        {
            let message = searched(profile(name), &home).unwrap_err().to_string();
            assert!(message.starts_with("--profile: expected letters"), "{message}");
        }
        for name in ["ya29.x", "GOCSPX-x", "eyJhbGciOiJSUzI1NiJ9", "1//x", "{}"] {
            let message = searched(profile(name), &home).unwrap_err().to_string();
            assert!(message.starts_with("--profile: this looks like") && !message.contains(name), "{message}");
        }
        for name in ["a", "A-1", "-x", "a..b", &long[1..]] {
            assert_eq!(searched(profile(name), &home).unwrap().len(), 1, "{name}");
        }
    }

    #[test]
    fn a11_relative_or_missing_homes_name_no_file() {
        assert!(searched(profile("p"), &[("HOME", "rel")]).unwrap_err().to_string().contains("XDG_CONFIG_HOME"));
        for (home, why) in [(&[][..], "HOME is not set"), (&[("HOME", "rel")], "HOME is not an absolute path")] {
            assert_eq!(
                found(NONE, home),
                [format!("gauth-login's file: {why}"), format!("gcloud's application default credentials: {why}")]
            );
        }
        assert_eq!(
            found(NONE, &[("XDG_CONFIG_HOME", "/x"), ("CLOUDSDK_CONFIG", "/c")]),
            [
                "gauth-login's file: /x/gauth/credentials.json",
                "gcloud's application default credentials: /c/application_default_credentials.json",
            ]
        );
    }
}
