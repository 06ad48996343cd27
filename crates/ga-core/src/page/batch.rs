//! Reads the response of a batch, `{"reports": [report, …]}`, while it arrives; pivot reports are under `pivotReports`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/batchRunReports>

use std::collections::VecDeque;

use super::json::{Cursor, Stop};
use super::{Page, PageDecoder, State as InReport};
use crate::block::Block;
use crate::error::Error;

/// Takes the bytes of a response in pieces of any size.
#[derive(Debug)]
pub struct BatchDecoder {
    state: State,
    /// One for each report that is not complete; the first is being read.
    reports: VecDeque<PageDecoder>,
    buffer: Vec<u8>,
}

/// What has been read.
#[derive(Debug)]
pub enum Piece {
    /// Rows of the report that ends next.
    Rows(Block),
    /// The end of a report.
    Report(Box<Page>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    FirstMember,
    Member,
    FirstReport,
    Report,
    AfterReport,
    AfterMember,
    End,
}

impl BatchDecoder {
    /// With a decoder for each requested report, in order.
    pub fn new(reports: impl IntoIterator<Item = PageDecoder>) -> Self {
        let nested = |report| PageDecoder { is_nested: true, ..report };
        Self { state: State::Start, reports: reports.into_iter().map(nested).collect(), buffer: Vec::new() }
    }

    /// Takes the next bytes; what is complete is appended to `pieces`.
    pub fn feed(&mut self, chunk: &[u8], pieces: &mut Vec<Piece>) -> Result<(), Error> {
        self.buffer.extend_from_slice(chunk);
        loop {
            if self.state == State::Report {
                if !self.read_report(pieces)? {
                    return Ok(());
                }
            } else if !self.read_around()? {
                return Ok(());
            }
        }
    }

    /// After the last bytes.
    pub fn finish(mut self, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        if let Some(report) = self.reports.front_mut() {
            report.wait_for = 0;
        }
        self.feed(&[], pieces)?;
        match (self.state, self.reports.len()) {
            (State::End, 0) => Ok(()),
            (State::End, missing) => Err(Error::Incomplete(format!("{missing} reports of the batch are missing"))),
            _ => Err(Error::Truncated),
        }
    }

    /// Passes the buffer to the current report; returns whether that has ended.
    fn read_report(&mut self, pieces: &mut Vec<Piece>) -> Result<bool, Error> {
        let Some(report) = self.reports.front_mut() else {
            return Err(wrong("more reports than requested"));
        };
        let mut blocks = Vec::new();
        report.feed(&std::mem::take(&mut self.buffer), &mut blocks)?;
        pieces.extend(blocks.into_iter().map(Piece::Rows));
        if report.state != InReport::End {
            return Ok(false);
        }
        if let Some(mut report) = self.reports.pop_front() {
            self.buffer = std::mem::take(&mut report.buffer);
            let mut blocks = Vec::new();
            let page = report.finish(&mut blocks)?;
            pieces.extend(blocks.into_iter().map(Piece::Rows));
            pieces.push(Piece::Report(Box::new(page)));
        }
        self.state = State::AfterReport;
        Ok(true)
    }

    /// Reads up to the next report; returns whether there is one.
    fn read_around(&mut self) -> Result<bool, Error> {
        let buffer = std::mem::take(&mut self.buffer);
        let mut cursor = Cursor { bytes: &buffer, at: 0 };
        while self.state != State::Report {
            let start = cursor.at;
            match self.step(&mut cursor) {
                Ok(state) => self.state = state,
                Err(Stop::More) => {
                    self.buffer = buffer[start..].to_vec();
                    return Ok(false);
                }
                Err(Stop::Wrong(why)) => return Err(wrong(why)),
            }
        }
        self.buffer = buffer[cursor.at..].to_vec();
        Ok(true)
    }

    fn step(&self, cursor: &mut Cursor<'_>) -> Result<State, Stop> {
        Ok(match self.state {
            State::Start => {
                cursor.expect(b'{', "not a JSON object")?;
                State::FirstMember
            }
            State::FirstMember | State::AfterMember if cursor.take(b'}')? => State::End,
            State::AfterMember => {
                cursor.expect(b',', "expected `,`")?;
                State::Member
            }
            State::FirstMember | State::Member => {
                let key = cursor.key()?;
                match &*key {
                    b"reports" | b"pivotReports" => {
                        cursor.expect(b'[', "expected a list of reports")?;
                        State::FirstReport
                    }
                    b"error" => return Err(Stop::Wrong("an error with status 200")),
                    _ => {
                        cursor.value()?;
                        State::AfterMember
                    }
                }
            }
            State::FirstReport | State::AfterReport if cursor.take(b']')? => State::AfterMember,
            State::FirstReport => State::Report,
            State::AfterReport => {
                cursor.expect(b',', "expected `,` between reports")?;
                State::Report
            }
            State::Report => State::Report,
            State::End => {
                cursor.peek()?;
                return Err(Stop::Wrong("unexpected data after the end"));
            }
        })
    }
}

fn wrong(why: &str) -> Error {
    Error::response(format!("cannot read the batch response: {why}"))
}

#[cfg(test)]
mod tests {
    use super::super::RowKey;
    use super::*;
    use crate::error::Kind;

    fn report(rows: usize) -> String {
        let row = r#"{"metricValues":[{"value":"1"}]}"#;
        format!(
            r#"{{"rows":[{}],"metricHeaders":[{{"name":"sessions"}}],"rowCount":{rows}}}"#,
            vec![row; rows].join(",")
        )
    }

    /// The rows of each report, read in pieces of `step` bytes.
    fn read(response: &str, reports: usize, step: usize) -> Result<Vec<u64>, Error> {
        let mut decoder = BatchDecoder::new((0..reports).map(|_| PageDecoder::new(RowKey::Unknown)));
        let mut pieces = Vec::new();
        for chunk in response.as_bytes().chunks(step) {
            decoder.feed(chunk, &mut pieces)?;
        }
        decoder.finish(&mut pieces)?;
        let rows = pieces.into_iter().filter_map(|piece| match piece {
            Piece::Rows(_) => None,
            Piece::Report(page) => Some(page.rows),
        });
        Ok(rows.collect())
    }

    #[test]
    fn reports_come_out_one_by_one_for_any_size_of_pieces() {
        let response =
            format!(r#" {{"kind":"k" , "reports" : [ {} , {},{}] , "more":[{{}}]}} "#, report(2), report(0), report(3));
        for step in [1, 7, 64, 10_000] {
            assert_eq!(read(&response, 3, step).unwrap(), [2, 0, 3], "{step}");
        }
        for end in 1..response.trim_end().len() {
            assert!(read(&response[..end], 3, 9).is_err(), "{end}");
        }
    }

    #[test]
    fn reports_that_are_missing_or_too_many_are_errors() {
        let response = format!(r#"{{"pivotReports":[{},{}]}}"#, report(1), report(1));
        assert_eq!(read(&response, 2, 5).unwrap(), [1, 1]);
        assert_eq!(read(&response, 3, 5).unwrap_err().kind(), Kind::Incomplete);
        assert_eq!(read(&response, 1, 5).unwrap_err().kind(), Kind::Failed);
        assert_eq!(read("{}", 1, 5).unwrap_err().kind(), Kind::Incomplete);
        for wrong in ["[]", r#"{"reports":{}}"#, r#"{"error":{}}"#, "{}x"] {
            assert!(read(wrong, 0, 5).is_err(), "{wrong}");
        }
    }
}
