//! Serves Google's endpoints on loopback.

fn main() {}
