//! A workload on AWS: the subject token is a signed GetCallerIdentity request (AWS Signature Version 4) that Google's
//! security token service sends on. Keys and region come from the environment, else from the instance metadata
//! service, version 2 where the file names its session URL.

use std::time::SystemTime;

use gauth_text::percent_encoded;
use http::{HeaderValue, Method};
use ring::hmac;

use super::{Setting, Source, Subject, SubjectMachine, SubjectSource};
use crate::credentials::Context;
use crate::document::Document;
use crate::endpoint::{Endpoint, Policy, Role, is_region};
use crate::error::Call;
use crate::exchange::{Answer, Step};
use crate::{Error, Request, Response, Secret, cache, form, timestamp};

pub(super) const SOURCE: Source =
    Source { field: "environment_id", read: |source, setting| Ok(Box::new(Aws::read(source, setting)?)) };

#[derive(Clone)]
struct Aws {
    audience: String,
    session_url: Option<Endpoint>,
    region_url: Option<Endpoint>,
    keys_url: Option<Endpoint>,
    verification: Verification,
    region: Option<String>,
    keys: Option<Keys>,
    session: Option<Secret>,
    role_url: Option<String>,
    requested: Option<Requested>,
}

#[derive(Clone)]
struct Keys {
    id: String,
    secret: Secret,
    session: Option<Secret>,
}

/// The purpose of the last request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Requested {
    Session,
    Region,
    Role,
    Keys,
}

impl Aws {
    fn read(source: &Document, setting: &Setting<'_>) -> Result<Self, Error> {
        let Context { policy, env } = *setting.context;
        if source.text("environment_id")? != "aws1" {
            return Err(Error::field("credential_source.environment_id", "expected aws1"));
        }
        let url = |name: &str| -> Result<Option<Endpoint>, Error> {
            let field = format!("field credential_source.{name}");
            source.optional_text(name)?.map(|url| policy.receiver(Role::AwsMetadata, url, &field)).transpose()
        };
        let service = [url("imdsv2_session_token_url")?, url("region_url")?, url("url")?];
        let mut origins = service.iter().flatten().map(Endpoint::origin);
        if let Some(first) = origins.next()
            && origins.any(|origin| origin != first)
        {
            return Err(Error::Input("field credential_source: its metadata URLs have different hosts".to_owned()));
        }
        let [session_url, region_url, keys_url] = service;
        let text = |name: &str| -> Option<String> { env(name)?.into_string().ok() };
        let keys = match (text("AWS_ACCESS_KEY_ID"), text("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => {
                Some(Keys { id, secret: Secret::new(secret), session: text("AWS_SESSION_TOKEN").map(Secret::new) })
            }
            _ => None,
        };
        let region = text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION"));
        if region.as_deref().is_some_and(|region| !is_region(region)) {
            return Err(Error::Input("AWS_REGION or AWS_DEFAULT_REGION: not the name of a region".to_owned()));
        }
        Ok(Self {
            audience: setting.service.audience().to_owned(),
            session_url,
            region_url,
            keys_url,
            verification: Verification::read(source, policy)?,
            region,
            keys,
            session: None,
            role_url: None,
            requested: None,
        })
    }

    /// The next request to the metadata service; `None` if nothing is missing.
    fn next(&mut self) -> Result<Option<Request>, Error> {
        let needs_service = self.region.is_none() || self.keys.is_none();
        let (requested, request) = match (&self.session_url, &self.session) {
            (Some(url), None) if needs_service => {
                let request = http::Request::builder()
                    .method(Method::PUT)
                    .uri(url.as_str())
                    .header("x-aws-ec2-metadata-token-ttl-seconds", "300")
                    .body(Vec::new());
                (Requested::Session, request)
            }
            _ if self.region.is_none() => {
                let url = self.region_url.as_ref().ok_or_else(|| {
                    Error::field("credential_source.region_url", "missing, and AWS_REGION is not set")
                })?;
                (Requested::Region, self.get(url.as_str()))
            }
            _ if self.keys.is_none() => match &self.role_url {
                Some(url) => (Requested::Keys, self.get(url)),
                None => {
                    let url = self.keys_url.as_ref().ok_or_else(|| {
                        Error::field("credential_source.url", "missing, and AWS_ACCESS_KEY_ID is not set")
                    })?;
                    (Requested::Role, self.get(url.as_str()))
                }
            },
            _ => return Ok(None),
        };
        self.requested = Some(requested);
        request.map(Some).map_err(|_| Error::Input("AWS metadata service: expected the name of a role".to_owned()))
    }

    fn get(&self, url: &str) -> Result<Request, http::Error> {
        let mut request = http::Request::get(url);
        if let Some(session) = &self.session {
            let mut value = HeaderValue::from_str(session.expose())?;
            value.set_sensitive(true);
            request = request.header("x-aws-ec2-metadata-token", value);
        }
        request.body(Vec::new())
    }

    fn receive(&mut self, requested: Requested, response: &Response) -> Result<(), Error> {
        let unexpected =
            |problem: &str| Error::bad_response(Call::SubjectToken, format!("AWS metadata service: {problem}"));
        if !response.status().is_success() {
            return Err(Error::status(Call::SubjectToken, response));
        }
        let word = || {
            std::str::from_utf8(response.body())
                .map(str::trim)
                .ok()
                .filter(|text| !text.is_empty() && crate::document::is_word(text))
                .ok_or_else(|| unexpected("expected one word"))
        };
        match requested {
            Requested::Session => self.session = Some(Secret::new(word()?)),
            Requested::Region => {
                // A zone such as us-east-2b: the region and a letter.
                let zone = word()?;
                let region = zone.trim_end_matches(|c: char| c.is_ascii_lowercase());
                if !is_region(region) {
                    return Err(unexpected("expected the name of a zone"));
                }
                self.region = Some(region.to_owned());
            }
            Requested::Role => {
                let url = self.keys_url.as_ref().map_or("", Endpoint::as_str);
                self.role_url = Some(format!("{}/{}", url.trim_end_matches('/'), word()?));
            }
            Requested::Keys => {
                let named = |e: Error| unexpected(&e.to_string());
                let keys = Document::parse(response.body()).map_err(named)?;
                self.keys = Some(Keys {
                    id: keys.word("AccessKeyId").map_err(named)?.to_owned(),
                    secret: keys.secret("SecretAccessKey").map_err(named)?,
                    session: keys.optional_secret("Token").map_err(named)?,
                });
            }
        }
        Ok(())
    }

    /// The signed request as the subject token.
    fn subject_token(&self, region: &str, keys: &Keys, now: SystemTime) -> Result<Secret, Error> {
        let (written, url) = self.verification.at(region)?;
        let time = amz_date(now).ok_or_else(|| Error::field(Verification::FIELD, "the date is out of range"))?;
        let mut headers = vec![
            ("host", url.host().to_owned()),
            ("x-amz-date", time.clone()),
            ("x-goog-cloud-target-resource", self.audience.clone()),
        ];
        if let Some(session) = &keys.session {
            headers.insert(2, ("x-amz-security-token", session.expose().to_owned()));
        }
        let authorization = sign(&url, region, keys, &headers, &time);
        headers.push(("Authorization", authorization));
        let request = serde_json::json!({
            "url": written,
            "method": "POST",
            "headers": headers
                .iter()
                .map(|(key, value)| serde_json::json!({"key": key, "value": value}))
                .collect::<Vec<_>>(),
        });
        Ok(Secret::new(percent_encoded(&request.to_string())))
    }
}

/// The URL whose signed request is the subject token: Google sends it on, so it must do nothing but prove the identity.
#[derive(Clone)]
struct Verification {
    /// As in the file, with `{region}` in place of the region.
    template: String,
    policy: Policy,
}

impl Verification {
    const FIELD: &str = "credential_source.regional_cred_verification_url";

    fn read(source: &Document, policy: &Policy) -> Result<Self, Error> {
        let template = source.text("regional_cred_verification_url")?.to_owned();
        let read = Self { template, policy: policy.clone() };
        // Checked before anything is requested; the region makes no difference.
        read.at("us-east-1")?;
        Ok(read)
    }

    /// The URL as written, and as parsed.
    fn at(&self, region: &str) -> Result<(String, Endpoint), Error> {
        let written = self.template.replace("{region}", region);
        let url = self.policy.receiver(Role::AwsVerification, &written, &format!("field {}", Self::FIELD))?;
        Ok((written, url))
    }
}

impl SubjectSource for Aws {
    fn start(&self) -> Box<dyn SubjectMachine> {
        Box::new(self.clone())
    }

    fn describe(&self) -> String {
        "AWS".to_owned()
    }

    fn environment(&self) -> String {
        let keys = self
            .keys
            .as_ref()
            .map(|keys| format!("{} {}", keys.id, cache::secrets_digest(&[Some(&keys.secret), keys.session.as_ref()])));
        format!("{} {}", keys.unwrap_or_default(), self.region.as_deref().unwrap_or_default())
    }
}

impl SubjectMachine for Aws {
    fn step(&mut self, answer: Option<Answer>, now: SystemTime) -> Result<Subject, Error> {
        if let (Some(requested), Some(answer)) = (self.requested, answer) {
            self.receive(requested, &answer.response())?;
        }
        if let Some(request) = self.next()? {
            return Ok(Subject::next(Step::Send(request)));
        }
        match (&self.region, &self.keys) {
            (Some(region), Some(keys)) => self.subject_token(region, keys, now).map(Subject::Token),
            _ => unreachable!("nothing is missing when there is nothing to request"),
        }
    }
}

/// `20260131T090807Z`.
fn amz_date(now: SystemTime) -> Option<String> {
    let time = timestamp::rfc3339(timestamp::unix_seconds(now))?;
    Some(time.replace(['-', ':'], ""))
}

/// The Authorization header of a POST without a body. `headers` are sorted, with names in lower case.
fn sign(url: &Endpoint, region: &str, keys: &Keys, headers: &[(&str, String)], time: &str) -> String {
    let (path, query) = url.path().split_once('?').unwrap_or_else(|| (url.path(), ""));
    let mut parameters: Vec<_> = form::decode(query)
        .unwrap_or_default()
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
        .collect();
    parameters.sort();
    let canonical_headers: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let signed: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let signed = signed.join(";");
    let canonical =
        format!("POST\n{path}\n{}\n{canonical_headers}\n{signed}\n{}", parameters.join("&"), cache::digest(b""));
    let service = url.host().split('.').next().unwrap_or_default();
    let day = &time[..8];
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", cache::digest(canonical.as_bytes()));
    let first = format!("AWS4{}", keys.secret.expose());
    let key = [day, region, service, "aws4_request"].iter().fold(first.into_bytes(), |key, part| mac(&key, part));
    let signature = cache::hex(&mac(&key, &to_sign));
    format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed}, Signature={signature}", keys.id)
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}
