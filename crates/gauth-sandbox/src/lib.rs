//! A stand-in for Google's OAuth and Analytics endpoints on loopback.

#![allow(dead_code)]

mod analytics;
mod api;
