//! Interactive consent: writes a credentials file

fn main() {}
