//! `-f record`: a block of lines for each field, for people. Empty values are left out.

use ga_client::rows::{Format, Layout, RowWriter};
use gauth_cli::Failure;
use gauth_cli::terminal::sanitise;

pub(crate) const FORMAT: Format = Format::new("record", |layout, _| Box::new(Record { layout, is_first: true }));

struct Record {
    layout: Layout,
    is_first: bool,
}

impl RowWriter for Record {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        if !self.is_first {
            out.push(b'\n');
        }
        self.is_first = false;
        let names = self.layout.columns.iter().map(|column| &*column.name);
        let widest = names.clone().map(str::len).max().unwrap_or(0);
        for (place, (name, cell)) in names.zip(cells).enumerate() {
            let text = sanitise(&String::from_utf8_lossy(cell));
            match (place, &*text) {
                (0, text) => out.extend_from_slice(text.as_bytes()),
                (_, "") => continue,
                (_, text) => {
                    out.extend_from_slice(format!("  {name:widest$}  {text}").as_bytes());
                }
            }
            out.push(b'\n');
        }
        Ok(())
    }
}
