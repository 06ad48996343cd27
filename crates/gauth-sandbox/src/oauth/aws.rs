//! An AWS account as Google's federation sees it: the keys of a role, the instance metadata service (only version 2)
//! that returns them below `/latest/`, and the check of a signed GetCallerIdentity request (AWS Signature Version 4).

use hyper::Method;
use ring::{digest, hmac};
use serde::Deserialize;
use serde_json::json;
use time::PrimitiveDateTime;
use time::format_description::parse_borrowed;

use crate::fail_if;
use crate::http::{self, Request, Response, json};
use crate::oauth::google::Google;
use crate::oauth::random;

const ROLE: &str = "reports";
const ZONE: &str = "us-east-2b";
const ARN: &str = "arn:aws:sts::123456789012:assumed-role/reports/i-0123456789abcdef0";
/// How far AWS lets the time of a request be off, in seconds.
const SKEW: i64 = 900;

pub(crate) struct AwsAccount {
    pub(crate) key_id: String,
    pub(crate) secret_key: String,
    pub(crate) session_token: String,
    /// The session token that the metadata service requires on every request but the first.
    pub(crate) metadata_token: String,
}

impl AwsAccount {
    pub(crate) fn new() -> Self {
        Self {
            key_id: "ASIA0SANDBOX00000000".to_owned(),
            secret_key: random::text(40),
            session_token: random::text(160),
            metadata_token: random::text(56),
        }
    }

    /// The ARN of a subject token, which is a signed request for `audience`, valid at `time`, as percent-encoded JSON;
    /// or what is wrong with it.
    pub(crate) fn verify(&self, subject_token: &str, audience: &str, time: i64) -> Result<&'static str, &'static str> {
        let text = percent_decode(subject_token).ok_or("the subject token is not percent-encoded")?;
        let request: SignedRequest = serde_json::from_str(&text).map_err(|_| "the subject token is not a request")?;
        let header = |name| request.header(name).ok_or("a header is missing");
        fail_if(
            header("x-goog-cloud-target-resource")? != audience,
            "x-goog-cloud-target-resource is not the audience",
        )?;
        fail_if(header("x-amz-security-token")? != self.session_token, "the security token is invalid")?;
        let sent = header("x-amz-date")?;
        fail_if((seconds(sent).ok_or("x-amz-date is no date")? - time).abs() > SKEW, "the signature has expired")?;
        let authorization = Authorization::parse(header("authorization")?).ok_or("the signature is malformed")?;
        let [day, region, service, end] = authorization.scope;
        fail_if(authorization.key_id != self.key_id, "the access key is unknown")?;
        fail_if(
            !sent.starts_with(day) || service != "sts" || end != "aws4_request",
            "the credential's scope is wrong",
        )?;
        let signed: Vec<&str> = authorization.signed_headers.split(';').collect();
        // Some of Google's libraries leave their own header unsigned.
        fail_if(!["host", "x-amz-date"].iter().all(|name| signed.contains(name)), "a header is not signed")?;
        let host = header("host")?;
        let is_sts = request.method == "POST" && host == format!("sts.{region}.amazonaws.com");
        fail_if(!is_sts, "not a request to the region's STS")?;
        let query = request
            .url
            .strip_prefix("https://")
            .and_then(|rest| rest.strip_prefix(host))
            .and_then(|rest| rest.strip_prefix("/").unwrap_or(rest).strip_prefix('?'))
            .ok_or("not a request to the region's STS")?;
        let mut parameters: Vec<&str> = query.split('&').collect();
        parameters.sort_unstable();
        fail_if(parameters != ["Action=GetCallerIdentity", "Version=2011-06-15"], "not a GetCallerIdentity request")?;
        let mut canonical = format!("POST\n/\n{}\n", parameters.join("&"));
        for name in &signed {
            let value = request.header(name).ok_or("a signed header is missing")?;
            canonical += &format!("{name}:{}\n", value.trim());
        }
        canonical += &format!("\n{}\n{}", signed.join(";"), hash(""));
        let scope = authorization.scope.join("/");
        let to_sign = format!("AWS4-HMAC-SHA256\n{sent}\n{scope}\n{}", hash(&canonical));
        let first = format!("AWS4{}", self.secret_key).into_bytes();
        let key = authorization.scope.iter().fold(first, |key, part| sign(&key, part));
        if hex(&sign(&key, &to_sign)) == authorization.signature {
            Ok(ARN)
        } else {
            Err("the signature does not match")
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedRequest {
    url: String,
    method: String,
    headers: Vec<Header>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    key: String,
    value: String,
}

impl SignedRequest {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.key.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
    }
}

/// `AWS4-HMAC-SHA256 Credential=ID/DAY/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=HEX`
struct Authorization<'a> {
    key_id: &'a str,
    scope: [&'a str; 4],
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("AWS4-HMAC-SHA256 ")?.split(',').map(str::trim);
        let (key_id, scope) = parts.next()?.strip_prefix("Credential=")?.split_once('/')?;
        let scope: Vec<&str> = scope.split('/').collect();
        Some(Self {
            key_id,
            scope: scope.try_into().ok()?,
            signed_headers: parts.next()?.strip_prefix("SignedHeaders=")?,
            signature: parts.next()?.strip_prefix("Signature=")?,
        })
    }
}

fn seconds(date: &str) -> Option<i64> {
    let format = parse_borrowed::<2>("[year][month][day]T[hour][minute][second]Z").ok()?;
    let time = PrimitiveDateTime::parse(date, &format).ok()?;
    Some(time.assume_utc().unix_timestamp())
}

/// Percent-decoding, in which `+` stays.
pub(crate) fn percent_decode(text: &str) -> Option<String> {
    let field = format!("x={}", text.replace('+', "%2B"));
    let mut fields = form_urlencoded::parse(field.as_bytes());
    let (_, value) = fields.next()?;
    fields.next().is_none().then(|| value.into_owned())
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The instance metadata service.
pub(crate) fn answer(google: &Google, request: &Request) -> Response {
    const KEYS: &str = "/latest/meta-data/iam/security-credentials";
    let account = &google.outside.aws;
    let header = |name| request.headers().get(name).map(|value| value.as_bytes());
    let path = request.uri().path();
    if (request.method(), path) == (&Method::PUT, "/latest/api/token") {
        let life = header("x-aws-ec2-metadata-token-ttl-seconds")
            .and_then(|value| std::str::from_utf8(value).ok()?.parse::<u32>().ok());
        return match life {
            Some(1..=21_600) => text(200, &account.metadata_token),
            _ => text(400, "Bad Request"),
        };
    }
    if header("x-aws-ec2-metadata-token") != Some(account.metadata_token.as_bytes()) {
        return text(401, "Unauthorized");
    }
    match (request.method(), path.trim_end_matches('/')) {
        (&Method::GET, "/latest/meta-data/placement/availability-zone") => text(200, ZONE),
        (&Method::GET, KEYS) => text(200, ROLE),
        (&Method::GET, path) if path.strip_prefix(KEYS) == Some("/reports") => json(
            200,
            &json!({
                "Code": "Success",
                "Type": "AWS-HMAC",
                "LastUpdated": "2026-01-31T09:08:07Z",
                "Expiration": "2036-01-31T09:08:07Z",
                "AccessKeyId": account.key_id,
                "SecretAccessKey": account.secret_key,
                "Token": account.session_token,
            }),
        ),
        _ => text(404, "Not Found"),
    }
}

fn text(status: u16, body: &str) -> Response {
    http::text(status, "text/plain", body)
}

#[cfg(test)]
mod tests;
