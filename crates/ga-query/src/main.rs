//! Runs Google Analytics reports

fn main() {}
