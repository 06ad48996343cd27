//! A list whose rows are all known before the first is written, to stdout or a file: nothing is printed of a
//! list that could not be fetched to its end.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Instant;

use super::target::{Place, Target};
use super::{Column, FORMATS, Format, Key, Layout, choose};
use gauth_cli::exit::Failure;
use gauth_cli::terminal::{Terminal, width};

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
    target: Target,
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
        let (format, is_compressed) = choose(requested.format, path, is_terminal, formats, Key::of)?;
        Ok(Self {
            format,
            target: Target::open(Place { path, is_compressed, is_drawing: false }, deadline)?,
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
    pub fn write(mut self, columns: &[&str], rows: &[Vec<String>], terminal: &Terminal) -> anyhow::Result<()> {
        let columns = columns.iter().map(|name| Column::new(name, false)).collect();
        let layout = Layout { columns, ..Layout::of_terminal(self.terminal_width) };
        if self.format.is_drawing {
            self.target = self.target.of_drawing();
        }
        let out = &mut self.target.buffer;
        let mut writer = (self.format.begin)(layout, out);
        for row in rows {
            let cells: Vec<&[u8]> = row.iter().map(String::as_bytes).collect();
            writer.row(&cells, out)?;
        }
        writer.end(out)?;
        if let Some(loss) = writer.loss() {
            terminal.note(&loss);
        }
        self.target.flush()?;
        Ok(self.target.commit()?)
    }
}
