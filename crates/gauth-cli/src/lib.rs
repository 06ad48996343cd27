//! The edge that all programs share: arguments, exit codes, files, locks, HTTP, credentials, cache
