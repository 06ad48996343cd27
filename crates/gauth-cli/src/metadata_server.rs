//! Whether this machine is on Google Cloud, found out without a packet: `NO_GCE_CHECK` says it is not; else the user says
//! so by `GCE_METADATA_HOST` (or `GCE_METADATA_ROOT`, its older name), or the firmware does by its product name.

use std::path::Path;

use crate::environment;
use crate::exit::Failure;

const DEFAULT_HOST: &str = "metadata.google.internal";
/// Linux shows the firmware's product name here.
const PRODUCT_NAME: &str = "/sys/class/dmi/id/product_name";

/// The metadata server's host, perhaps with a port and a path; `None` off Google Cloud.
pub fn host() -> Result<Option<String>, Failure> {
    let forbidden = environment::text("NO_GCE_CHECK")?
        .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1"));
    if forbidden {
        return Ok(None);
    }
    for name in ["GCE_METADATA_HOST", "GCE_METADATA_ROOT"] {
        if let Some(host) = environment::text(name)? {
            return Ok(Some(host));
        }
    }
    if !product_is_google(Path::new(PRODUCT_NAME)) {
        return Ok(None);
    }
    // On such a machine the address works where the name does not resolve.
    let address = environment::text("GCE_METADATA_IP")?;
    Ok(Some(address.unwrap_or_else(|| DEFAULT_HOST.to_owned())))
}

/// Google Compute Engine, or plain Google on older machines.
fn product_is_google(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|name| name.trim_start().starts_with("Google"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firmware_tells_a_machine_of_googles() {
        let directory = tempfile::tempdir().unwrap();
        for (name, google) in
            [("Google Compute Engine\n", true), ("Google\n", true), ("VirtualBox\n", false), ("", false)]
        {
            let file = directory.path().join("product_name");
            std::fs::write(&file, name).unwrap();
            assert_eq!(product_is_google(&file), google, "{name:?}");
        }
        assert!(!product_is_google(&directory.path().join("none")));
    }
}
