//! A stand-in for Google's OAuth and Analytics endpoints on loopback

fn main() {}
