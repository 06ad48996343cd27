//! Where credentials come from, in the order of Application Default Credentials (AIP-4110) with gauth's own places
//! first. A source that is named is the only one: if it cannot be read, that is an error, and no other is tried.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

const OWN: &str = "gauth-login's file";
const GCLOUD: &str = "gcloud's application default credentials";

/// Where credentials are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--credentials FILE`; `-` is stdin.
    Flag(PathBuf),
    /// A file named by an environment variable.
    Variable(&'static str, PathBuf),
    /// gauth-login's file.
    Own(PathBuf),
    /// What `gcloud auth application-default login` wrote.
    Gcloud(PathBuf),
    /// The metadata server of a machine on Google Cloud, by its host.
    MetadataServer(String),
}

impl Source {
    /// The file, or the metadata server's host.
    pub fn path(&self) -> &Path {
        match self {
            Self::MetadataServer(host) => Path::new(host),
            Self::Flag(path) | Self::Variable(_, path) | Self::Own(path) | Self::Gcloud(path) => path,
        }
    }

    /// Whether the user named it, so that it has to exist.
    pub fn is_named(&self) -> bool {
        matches!(self, Self::Flag(_) | Self::Variable(..))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(_) => f.write_str("--credentials"),
            Self::Variable(name, _) => f.write_str(name),
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

/// The places to look at, in order. One that is named is the only one.
pub fn search(flag: Option<&Path>, env: Lookup<'_>) -> Vec<Place> {
    if let Some(path) = flag {
        return vec![Place::Source(Source::Flag(path.to_owned()))];
    }
    for name in ["GAUTH_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"] {
        if let Some(path) = env(name) {
            return vec![Place::Source(Source::Variable(name, path.into()))];
        }
    }
    let place = |what, source: Option<Source>| {
        let why = if env("HOME").is_none() { "HOME is not set" } else { "HOME is not an absolute path" };
        source.map_or(Place::Unknown { what, why }, Place::Source)
    };
    vec![
        place(OWN, config_dir(env).map(|dir| Source::Own(dir.join("credentials.json")))),
        place(GCLOUD, gcloud_dir(env).map(|dir| Source::Gcloud(dir.join("application_default_credentials.json")))),
    ]
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

    fn found(flag: Option<&str>, variables: &[(&str, &str)]) -> Vec<String> {
        let lookup =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        search(flag.map(Path::new), &lookup)
            .iter()
            .map(|place| match place {
                Place::Source(source) => format!("{source}: {}", source.path().display()),
                Place::Unknown { .. } => place.to_string(),
            })
            .collect()
    }

    #[test]
    fn a_named_source_is_the_only_one_and_the_order_is_kept() {
        let all = [("GAUTH_CREDENTIALS", "/g"), ("GOOGLE_APPLICATION_CREDENTIALS", "/a"), ("HOME", "/h")];
        assert_eq!(found(Some("/f"), &all), ["--credentials: /f"]);
        assert_eq!(found(None, &all), ["GAUTH_CREDENTIALS: /g"]);
        assert_eq!(found(None, &all[1..]), ["GOOGLE_APPLICATION_CREDENTIALS: /a"]);
        assert_eq!(
            found(None, &all[2..]),
            [
                "gauth-login's file: /h/.config/gauth/credentials.json",
                "gcloud's application default credentials: /h/.config/gcloud/application_default_credentials.json",
            ]
        );
    }

    #[test]
    fn a11_relative_or_missing_homes_name_no_file() {
        for (home, why) in [(&[][..], "HOME is not set"), (&[("HOME", "rel")], "HOME is not an absolute path")] {
            assert_eq!(
                found(None, home),
                [format!("gauth-login's file: {why}"), format!("gcloud's application default credentials: {why}")]
            );
        }
        assert_eq!(
            found(None, &[("XDG_CONFIG_HOME", "/x"), ("CLOUDSDK_CONFIG", "/c")]),
            [
                "gauth-login's file: /x/gauth/credentials.json",
                "gcloud's application default credentials: /c/application_default_credentials.json",
            ]
        );
    }
}
