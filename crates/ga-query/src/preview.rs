//! What would be sent, without a token and without the network: `--dry-run` and `--curl`.

use std::io::Write;

use ga_core::paging;
use ga_core::property::{Property, PropertyNumber};
use ga_core::request;
use gauth_cli::Terminal;
use gauth_cli::terminal::stdout;

use crate::question::Question;

/// The first request of each property.
fn requests(base: &str, question: &Question) -> anyhow::Result<Vec<http::Request<Vec<u8>>>> {
    let body = paging::body(&question.request, paging::first(&question.request), true);
    let mut requests = Vec::new();
    for property in &question.properties {
        let number = match property {
            Property::Number(number) => number.clone(),
            // Which one is first, only the network can tell.
            Property::First => PropertyNumber::parse("0")?,
        };
        requests.push(request::run_report(base, &number, &body)?);
    }
    Ok(requests)
}

/// Prints the body, which is the same for every property; method and URLs go to stderr.
pub(crate) fn dry_run(base: &str, question: &Question, terminal: &Terminal) -> anyhow::Result<()> {
    for request in requests(base, question)? {
        terminal.note(&format!("{} {}", request.method(), request.uri()));
    }
    let body = paging::body(&question.request, paging::first(&question.request), true);
    let mut out = stdout();
    out.write_all(&serde_json::to_vec_pretty(&body)?)?;
    out.write_all(b"\n")?;
    Ok(out.finish()?)
}

/// Prints a command line for each property.
pub(crate) fn curl(
    base: &str,
    question: &Question,
    quota_project: Option<&str>,
) -> anyhow::Result<()> {
    let mut out = stdout();
    for request in requests(base, question)? {
        let project = quota_project.map_or_else(String::new, |project| {
            format!(" -H {}", quoted(&format!("X-Goog-User-Project: {project}")))
        });
        writeln!(
            out,
            "gauth-token --format curl | curl -K - -H 'Content-Type: application/json'{project} -d {} {}",
            quoted(&String::from_utf8_lossy(request.body())),
            quoted(&request.uri().to_string())
        )?;
    }
    Ok(out.finish()?)
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
