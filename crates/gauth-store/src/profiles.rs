//! Profiles: logins under names of their own, a credentials file each in one folder. What a name may be is in gauth-core.

use std::io;
use std::path::PathBuf;

use gauth_cli::environment;
use gauth_cli::exit::{Failure, Kind, reason};
use gauth_cli::files::{listing, shown};
use gauth_core::source::{Profile, is_profile_name};

/// The profiles that exist, in alphabetical order; a dangling link counts.
///
/// # Errors
/// Usage errors for a folder that cannot be listed.
pub fn all() -> Result<Vec<Profile>, Failure> {
    let Some(folder) = environment::config_dir().map(|dir| dir.join(Profile::FOLDER)) else {
        return Ok(Vec::new());
    };
    let names = match listing::names(&folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => Vec::new(),
        names => names.map_err(|error| {
            Failure::usage(format!("cannot list the profiles in {}: {}", shown(&folder), reason(&error)))
        })?,
    };
    let profile = |file: PathBuf| {
        let name = file.to_str()?.strip_suffix(".json").filter(|name| is_profile_name(name))?;
        Some(Profile { name: name.to_owned(), path: folder.join(&file) })
    };
    let mut profiles: Vec<Profile> = names.into_iter().filter_map(|name| profile(name.into())).collect();
    profiles.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(profiles)
}

/// The failure that there is no such profile, which names those that exist.
pub(crate) fn missing(profile: &Profile) -> Failure {
    let names = |profiles: Vec<Profile>| profiles.into_iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
    let existing = match all() {
        Ok(profiles) if profiles.is_empty() => "there are no profiles".to_owned(),
        Ok(profiles) => format!("the profiles are {}", names(profiles)),
        Err(failure) => failure.to_string(),
    };
    Failure::new(Kind::Login, format!("no profile {}: {existing}", profile.name))
        .hint(format!("run gauth-login {}", profile.option()))
}
