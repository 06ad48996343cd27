//! `-f id`: only the property numbers, one per line, for `ga-query -p`.

use ga_client::rows::{Format, RowWriter};
use gauth_cli::Failure;

use crate::columns;

pub(crate) const FORMAT: Format = Format::new("id", |_, _| Box::new(Ids));

struct Ids;

impl RowWriter for Ids {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        out.extend_from_slice(cells[columns::PROPERTY]);
        out.push(b'\n');
        Ok(())
    }
}
