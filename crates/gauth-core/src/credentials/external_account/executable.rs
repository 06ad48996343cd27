//! A subject token from a program (AIP-4117, executable-sourced). It runs only if the user has allowed that by
//! GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1, without a shell; a response in the `output_file` is used while it is valid.

use std::time::{Duration, SystemTime};

use super::subject_token::LIMIT;
use super::{Setting, Source, Subject, SubjectMachine, SubjectSource};
use crate::document::Document;
use crate::exchange::{Answer, Executable, Step};
use crate::{Error, Secret, timestamp};

pub(super) const SOURCE: Source = Source {
    field: "executable",
    read: |source, setting| {
        let allowed = (setting.context.env)(ALLOW).is_some_and(|value| value == "1");
        if !allowed {
            return Err(Error::Unsupported {
                reason: "field credential_source.executable: a file is not allowed to run a program".to_owned(),
                hint: Some(format!("if you trust the file: export {ALLOW}=1")),
            });
        }
        let options = source
            .optional_object("executable")?
            .ok_or_else(|| Error::field("credential_source.executable", "missing"))?;
        Ok(Box::new(ExecutableSource::read(&options, setting)?))
    },
};

const ALLOW: &str = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

#[derive(Clone)]
struct ExecutableSource {
    executable: Executable,
    output_file: Option<String>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Start,
    ReadingFile,
    Running,
}

impl ExecutableSource {
    fn read(options: &Document, setting: &Setting<'_>) -> Result<Self, Error> {
        const TIMEOUT: &str = "timeout_millis";
        let argv: Vec<String> = options.text("command")?.split_whitespace().map(str::to_owned).collect();
        if argv.is_empty() {
            return Err(Error::field("credential_source.executable.command", "empty"));
        }
        let timeout = options.optional_number(TIMEOUT)?.unwrap_or(30_000);
        if !(5_000..=120_000).contains(&timeout) {
            return Err(Error::field(TIMEOUT, "must be from 5000 to 120000"));
        }
        let output_file = options.optional_text("output_file")?.map(str::to_owned);
        let variable = |name: &str, value: &str| (format!("GOOGLE_EXTERNAL_ACCOUNT_{name}"), value.to_owned());
        let mut environment = vec![
            variable("AUDIENCE", setting.service.audience()),
            variable("TOKEN_TYPE", setting.service.subject_token_type()),
            variable("INTERACTIVE", "0"),
        ];
        if let Some(target) = setting.target {
            environment.push(variable("IMPERSONATED_EMAIL", target.email()));
        }
        if let Some(file) = &output_file {
            environment.push(variable("OUTPUT_FILE", file));
        }
        Ok(Self {
            executable: Executable { argv, environment, timeout: Duration::from_millis(timeout), limit: LIMIT },
            output_file,
            state: State::Start,
        })
    }

    fn run(&mut self) -> Subject {
        self.state = State::Running;
        Subject::next(Step::Run(self.executable.clone()))
    }
}

impl SubjectSource for ExecutableSource {
    fn start(&self) -> Box<dyn SubjectMachine> {
        Box::new(self.clone())
    }

    fn describe(&self) -> String {
        format!("program {}", self.executable.argv[0])
    }
}

impl SubjectMachine for ExecutableSource {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Subject, Error> {
        match (self.state, answer) {
            (State::Start, _) => match &self.output_file {
                Some(path) => {
                    self.state = State::ReadingFile;
                    Ok(Subject::next(Step::ReadFile { path: path.into(), limit: LIMIT }))
                }
                None => Ok(self.run()),
            },
            (State::ReadingFile, Some(Answer::File(Some(bytes)))) => match read_response(&bytes, now, Expiry::Required)
            {
                Ok(token) => Ok(Subject::Token(token)),
                Err(_) => Ok(self.run()),
            },
            (State::ReadingFile, _) => Ok(self.run()),
            (State::Running, Some(Answer::Output(bytes))) => {
                read_response(&bytes, now, Expiry::Optional).map(Subject::Token)
            }
            (State::Running, _) => unreachable!("a program returns its output"),
        }
    }
}

/// Whether a response has to say when its token expires. A stored one that does not would be used for ever.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expiry {
    Required,
    Optional,
}

/// The program's response: version 1, and a token of the type it names, or what went wrong.
fn read_response(bytes: &[u8], now: SystemTime, expiry: Expiry) -> Result<Secret, Error> {
    let problem = |text: &str| Error::Input(format!("the program's response: {text}"));
    let named = |e: Error| problem(&e.to_string());
    let answer = Document::parse(bytes).map_err(named)?;
    if answer.optional_number("version").map_err(named)? != Some(1) {
        return Err(problem("field version: expected 1"));
    }
    if answer.value("success").and_then(serde_json::Value::as_bool) != Some(true) {
        let code = answer.optional_text("code").map_err(named)?;
        let message = answer.optional_text("message").map_err(named)?;
        return Err(problem(&format!("{}: {}", code.unwrap_or("no code"), message.unwrap_or("no message"))));
    }
    match answer.optional_number("expiration_time").map_err(named)? {
        Some(end) if end <= timestamp::unix_seconds(now) => {
            return Err(problem("the token in it has expired"));
        }
        None if expiry == Expiry::Required => return Err(problem("field expiration_time: missing")),
        _ => {}
    }
    let field = match answer.text("token_type").map_err(named)? {
        "urn:ietf:params:oauth:token-type:saml2" => "saml_response",
        "urn:ietf:params:oauth:token-type:id_token" | "urn:ietf:params:oauth:token-type:jwt" => "id_token",
        _ => {
            return Err(problem("field token_type: expected id_token, jwt or saml2"));
        }
    };
    answer.text(field).map(Secret::new).map_err(named)
}
