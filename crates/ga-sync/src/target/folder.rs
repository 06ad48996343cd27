//! A folder of Parquet files, which is refused until it is there.

use std::path::Path;

use ga_core::property::PropertyNumber;
use gauth_cli::{Failure, Terminal};
use jiff::Timestamp;
use jiff::civil::Date;

use super::Notes;
use crate::days::StoredDay;
use crate::report::Report;
use crate::table::{Name, Table};

pub(crate) struct Folder {
    pub(crate) is_new: bool,
}

pub(crate) struct Claim<'t>(&'t Folder);

fn refused() -> Failure {
    Failure::usage("--into: folders are not supported yet")
}

impl Folder {
    pub(crate) fn look(_path: &Path, _name: &Name, _table: Option<&Table>) -> anyhow::Result<Option<Notes>> {
        Err(refused().into())
    }

    pub(crate) fn open(_path: &Path, _table: &Table, _terminal: &Terminal) -> anyhow::Result<Self> {
        Err(refused().into())
    }

    pub(crate) fn claim(&self, _property: &PropertyNumber) -> Claim<'_> {
        Claim(self)
    }
}

impl Claim<'_> {
    pub(crate) fn days(&mut self) -> anyhow::Result<Vec<StoredDay>> {
        Err(refused().into())
    }

    pub(crate) fn store(&mut self, _report: Report<'_>) -> anyhow::Result<()> {
        Err(refused().into())
    }

    pub(crate) fn fail(&mut self, _day: Date, _error: &str, _tried_at: Timestamp) -> anyhow::Result<()> {
        debug_assert!(!self.0.is_new, "nothing is made yet");
        Err(refused().into())
    }
}
