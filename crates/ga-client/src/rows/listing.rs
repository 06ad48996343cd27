//! A list whose rows are all known before the first is written, to stdout or a file: nothing is printed of a
//! list that could not be fetched to its end.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use super::{Column, FORMATS, Format, Layout, Measure, choose, replaced_nul_note};
use gauth_cli::exit::Failure;
use gauth_cli::files::Report;
use gauth_cli::terminal::{Terminal, draws_unicode, stdout, width};

/// What the command line says about the output.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// `-f`.
    pub format: Option<&'a str>,
    /// `-o`.
    pub output: Option<&'a str>,
}

/// An opened output.
pub struct Listing {
    format: Format,
    file: Option<Report>,
    terminal_width: Option<usize>,
    /// Whether a person will read it who has not chosen the format.
    is_for_people: bool,
}

impl Listing {
    /// Chooses the format from [`FORMATS`] and the program's `own`. Opens the file, so that a bad path is found before the
    /// work; a FIFO must have a reader by `deadline`.
    ///
    /// # Errors
    /// An unknown format or a file that cannot be written, as usage errors.
    pub fn open(requested: Requested<'_>, own: &[Format], deadline: Option<Instant>) -> Result<Self, Failure> {
        let path = requested.output.map(Path::new);
        let is_terminal = path.is_none() && std::io::stdout().is_terminal();
        let formats = FORMATS.iter().chain(own).copied().collect();
        let key = |format: &Format| (format.name, format.extensions);
        Ok(Self {
            format: choose(requested.format, path, is_terminal, formats, key)?,
            file: path.map(|path| Report::create(path, deadline)).transpose()?,
            terminal_width: is_terminal.then(width),
            is_for_people: is_terminal && requested.format.is_none(),
        })
    }

    /// On a terminal, writes in this format instead of a table, unless `-f` names one.
    pub fn prefer(&mut self, format: Format) {
        if self.is_for_people {
            self.format = format;
        }
    }

    /// The format's name.
    pub fn format(&self) -> &'static str {
        self.format.name
    }

    /// Writes the whole list; each row has a cell for each column.
    ///
    /// # Errors
    /// When the output takes no more.
    pub fn write(self, columns: &[&str], rows: &[Vec<String>], terminal: &Terminal) -> anyhow::Result<()> {
        let column = |name: &str| Column {
            name: name.to_owned(),
            heading: name.to_owned(),
            is_metric: false,
            is_integer: false,
            measure: Measure::Number,
        };
        let layout = Layout {
            columns: columns.iter().copied().map(column).collect(),
            header: true,
            excel: false,
            terminal_width: self.terminal_width,
            is_ascii: !draws_unicode(),
        };
        let mut out = Vec::new();
        let mut writer = (self.format.begin)(layout, &mut out);
        for row in rows {
            let cells: Vec<&[u8]> = row.iter().map(String::as_bytes).collect();
            writer.row(&cells, &mut out)?;
        }
        writer.end(&mut out);
        if writer.replaced_nul() {
            terminal.note(&replaced_nul_note(self.format.name));
        }
        match self.file {
            Some(mut file) => {
                file.write_all(&out)?;
                Ok(file.commit()?)
            }
            None => {
                let mut stdout = stdout();
                stdout.write_all(&out)?;
                Ok(stdout.finish()?)
            }
        }
    }
}
