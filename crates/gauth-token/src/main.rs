//! Prints a fresh Google access token

fn main() {}
