//! What would be sent, without a token and without the network: `--dry-run` and `--curl`.

use std::io::Write;

use ga_core::property::{Property, PropertyNumber};
use ga_core::request;
use gauth_cli::Terminal;
use gauth_cli::terminal::stdout;

use crate::resume::quoted;
use crate::task::Task;

/// The first request of each property.
fn requests(base: &str, task: &Task) -> anyhow::Result<Vec<http::Request<Vec<u8>>>> {
    let body = task.first_body();
    let mut requests = Vec::new();
    for property in &task.properties {
        let number = match property {
            Property::Number(number) => number.clone(),
            // Which one is first, only the network can tell.
            Property::First => PropertyNumber::parse("0")?,
        };
        requests.push(request::report(base, &number, task.method, &body)?);
    }
    Ok(requests)
}

/// Prints the body, which is the same for every property and fit for `--request -`; method and URLs go to stderr.
pub(crate) fn dry_run(base: &str, task: &Task, terminal: &Terminal) -> anyhow::Result<()> {
    for request in requests(base, task)? {
        terminal.note(&format!("{} {}", request.method(), request.uri()));
    }
    let mut out = stdout();
    out.write_all(&serde_json::to_vec_pretty(&task.body())?)?;
    out.write_all(b"\n")?;
    Ok(out.finish()?)
}

/// Prints a command line for each property.
pub(crate) fn curl(base: &str, task: &Task, quota_project: Option<&str>) -> anyhow::Result<()> {
    let mut out = stdout();
    for request in requests(base, task)? {
        let project = quota_project
            .map_or_else(String::new, |project| format!(" -H {}", quoted(&format!("X-Goog-User-Project: {project}"))));
        writeln!(
            out,
            "gauth-token --format curl | curl -sS --fail-with-body -K - -H 'Content-Type: application/json'{project} -d {} {}",
            quoted(&String::from_utf8_lossy(request.body())),
            quoted(&request.uri().to_string())
        )?;
    }
    Ok(out.finish()?)
}
