//! Random bytes from the system, through ring.

use ring::rand::{SecureRandom, SystemRandom};

use crate::exit::{Failure, Kind};

/// New random bytes, suitable for secrets.
pub fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Failure::new(Kind::Failed, "cannot get random bytes from the system"))?;
    Ok(bytes)
}

/// Where they come from, for a key.
pub fn source() -> SystemRandom {
    SystemRandom::new()
}

/// A random number from 0 to 1.
pub fn fraction() -> f64 {
    bytes::<4>().map_or(0.5, |bytes| f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX))
}
