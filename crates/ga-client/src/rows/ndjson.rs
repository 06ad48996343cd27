//! One JSON object on a line for each row (<https://github.com/ndjson/ndjson-spec>), with values as in
//! [`super::json`].

use super::json::Objects;
use super::{Format, RowWriter};
use gauth_cli::exit::Failure;

pub(super) const FORMAT: Format = Format {
    extensions: &["ndjson", "jsonl"],
    several: ["", "", ""],
    is_open_ended: true,
    is_compressible: true,
    ..Format::new("ndjson", |layout, _| Box::new(Ndjson(Objects::new(&layout))))
};

struct Ndjson(Objects);

impl RowWriter for Ndjson {
    fn row(&mut self, cells: &[&[u8]], out: &mut Vec<u8>) -> Result<(), Failure> {
        self.0.write(cells, out);
        out.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{two_columns, written};
    use super::*;

    #[test]
    fn a_row_is_one_object_on_one_line() {
        assert_eq!(
            written(&FORMAT, two_columns(), &[&["a\nb", "1"], &["", "x"]]),
            "{\"d\":\"a\\nb\",\"m\":1}\n{\"d\":\"\",\"m\":\"x\"}\n"
        );
        assert_eq!(written(&FORMAT, two_columns(), &[]), "");
    }
}
