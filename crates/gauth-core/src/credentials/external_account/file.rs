//! A subject token in a file, as Kubernetes and many CI systems provide it.

use std::path::PathBuf;
use std::time::SystemTime;

use super::subject_token::{Format, LIMIT};
use super::{Source, Subject, SubjectMachine, SubjectSource};
use crate::Error;
use crate::exchange::{Answer, Step};

pub(super) const SOURCE: Source = Source {
    field: "file",
    read: |source, _| Ok(Box::new(FileSource { path: source.text("file")?.into(), format: Format::read(source)? })),
};

#[derive(Clone)]
struct FileSource {
    path: PathBuf,
    format: Format,
}

impl SubjectSource for FileSource {
    fn start(&self) -> Box<dyn SubjectMachine> {
        Box::new(self.clone())
    }

    fn describe(&self) -> String {
        format!("file {}", self.path.display())
    }
}

impl SubjectMachine for FileSource {
    fn step(&mut self, answer: Option<Answer>, _now: SystemTime) -> Result<Subject, Error> {
        let place = || format!("{:?}", self.path);
        match answer {
            Some(Answer::File(Some(bytes))) => self.format.token(&bytes, &place()).map(Subject::Token),
            Some(_) => Err(Error::Input(format!("subject token from {}: no such file", place()))),
            None => Ok(Subject::next(Step::ReadFile { path: self.path.clone(), limit: LIMIT })),
        }
    }
}
