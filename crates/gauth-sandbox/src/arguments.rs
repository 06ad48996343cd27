//! The command line: one table, from which `--help`, the completions and the man page are made.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use gauth_sandbox::Options;

use crate::environment::{self, Export};

/// a local mock of the Google APIs that gauth and other clients use
#[derive(FromArgs, ArgsInfo)]
pub(crate) struct Arguments {
    /// listen on this port of 127.0.0.1; default: any free port
    #[argh(option, arg_name = "N", default = "0")]
    port: u16,

    /// write the credentials files here; default: a folder that ends with the sandbox
    #[argh(option, arg_name = "DIR")]
    dir: Option<PathBuf>,

    /// rows of a report by date, country and page over the default dates; default 1000
    #[argh(option, arg_name = "N", default = "1000")]
    rows: u64,

    /// consent without showing the page; inside, BROWSER follows the redirect
    #[argh(switch)]
    auto_consent: bool,

    /// refuse consent without showing the page
    #[argh(switch)]
    deny: bool,

    /// give a new refresh token with every refresh; the old one must not come back
    #[argh(switch)]
    rotate: bool,

    /// print, or set for COMMAND, also what Google's client libraries and gcloud need: env or shell
    #[argh(option, arg_name = "FORMAT", from_str_fn(environment::export))]
    pub(crate) export: Option<Export>,

    /// run this command, after --, with everything set for it, and end with its status
    #[argh(positional, greedy, arg_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

impl Arguments {
    /// What the sandbox is to be like.
    pub(crate) fn sandbox(&self) -> Options {
        Options {
            port: self.port,
            dir: self.dir.clone(),
            rows: self.rows,
            auto_consent: self.auto_consent,
            deny: self.deny,
            rotate: self.rotate,
            tls: false,
        }
    }

    /// Whether no person answers the consent page.
    pub(crate) fn is_automatic(&self) -> bool {
        self.auto_consent || self.deny
    }
}
