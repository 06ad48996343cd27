//! Whether this machine is on Google Cloud, without sending a packet: not if `NO_GCE_CHECK` is set; else by
//! `GCE_METADATA_HOST` (or `GCE_METADATA_ROOT`, its older name), by the product name of the firmware, or by the variables of
//! a serverless product.

use std::path::Path;

use gauth_cli::environment;
use gauth_cli::exit::{Failure, reason};
use gauth_core::endpoint::METADATA_HOST;

/// Linux shows the firmware's product name here.
const PRODUCT_NAME: &str = "/sys/class/dmi/id/product_name";

/// Variables of Google's serverless products, whose sandboxes show no firmware.
const SERVERLESS: [&str; 5] = ["K_SERVICE", "CLOUD_RUN_JOB", "CLOUD_RUN_WORKER_POOL", "FUNCTION_NAME", "GAE_SERVICE"];

/// The metadata server's host, perhaps with a port and a path; else why there is none.
///
/// # Errors
/// Usage errors for variables that cannot be read.
pub fn find() -> Result<Result<String, String>, Failure> {
    let forbidden = environment::text("NO_GCE_CHECK")?
        .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"));
    if forbidden {
        return Ok(Err("NO_GCE_CHECK is set".to_owned()));
    }
    for name in ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"] {
        if let Some(host) = environment::text(name)? {
            return Ok(Ok(host));
        }
    }
    let is_serverless = SERVERLESS.iter().any(|name| environment::variable(name).is_some());
    if !is_serverless && let Err(why_not) = made_by_google(Path::new(PRODUCT_NAME)) {
        return Ok(Err(why_not));
    }
    // On such a machine the address works where the name does not resolve.
    let address = environment::text("GCE_METADATA_IP")?;
    Ok(Ok(address.unwrap_or_else(|| METADATA_HOST.to_owned())))
}

/// Google Compute Engine, or plain Google on older machines.
fn made_by_google(product_name: &Path) -> Result<(), String> {
    match std::fs::read_to_string(product_name) {
        Ok(name) if name.trim_start().starts_with("Google") => Ok(()),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot read {}: {}", product_name.display(), reason(&error)))
        }
        _ => Err("this machine is not on Google Cloud".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firmware_identifies_a_machine_of_google() {
        let directory = tempfile::tempdir().unwrap();
        for (name, google) in
            [("Google Compute Engine\n", true), ("Google\n", true), ("VirtualBox\n", false), ("", false)]
        {
            let file = directory.path().join("product_name");
            std::fs::write(&file, name).unwrap();
            assert_eq!(made_by_google(&file).is_ok(), google, "{name:?}");
        }
        let none = made_by_google(&directory.path().join("none")).unwrap_err();
        assert_eq!(none, "this machine is not on Google Cloud");
        let unreadable = made_by_google(directory.path()).unwrap_err();
        assert!(unreadable.ends_with(": is a directory"), "{unreadable}");
    }
}
