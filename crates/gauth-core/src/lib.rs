//! OAuth 2.0 for Google as pure functions: values to requests, responses to values
