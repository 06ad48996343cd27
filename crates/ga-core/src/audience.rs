//! Audience exports: the users of an audience at one time, as a list that the server takes some 15 minutes to make.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-basics>
//!
//! [`Preparation`] reuses an export or creates one, and says what to request until it can be read. Its rows are then paged
//! like those of a report ([`crate::paging`]). Sending, waiting and the clock are left to the caller.

use std::time::Duration;

use gauth_text::Typed;
use http::Request;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::account::PageTokens;
use crate::catalogue::edit_distance;
use crate::error::Error;
use crate::property::PropertyNumber;
use crate::request::{get, percent_encoded, post};
use crate::response::or_default;

/// The dimensions of exports, which no report has.
/// <https://developers.google.com/analytics/devguides/reporting/data/v1/audience-export-api-schema>
pub const DIMENSIONS: [&str; 4] = ["deviceId", "isAdsPersonalizationAllowed", "isLimitedAdTracking", "userId"];
/// Those of an export for which none are named: an identifier must not be used for advertising without the other.
pub const DEFAULT_DIMENSIONS: [&str; 2] = ["deviceId", "isAdsPersonalizationAllowed"];

/// An older export is not reused. Memberships change once a day, and a job that runs daily must not get yesterday's.
const REUSED_FOR: Duration = Duration::from_secs(12 * 3600);
/// The pauses between two looks at the export: the first, which then doubles, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The most digits of an audience's number.
const DIGITS: usize = 18;

/// An audience by its number, and its property if that was named with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    property: Option<PropertyNumber>,
    number: String,
}

impl Audience {
    /// Reads `123` or `properties/N/audiences/123`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (property, number) = match text.strip_prefix("properties/").and_then(|rest| rest.split_once("/audiences/"))
        {
            Some((property, number)) => (PropertyNumber::parse(property).ok(), number),
            None => (None, text),
        };
        let is_number = (1..=DIGITS).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number || (property.is_none() && number != text) {
            let what = "--audience: expected digits or properties/N/audiences/DIGITS";
            return Err(Error::usage(format!("{what}, got {:?}", Typed(text)))
                .with_hint("run ga-query -p PROPERTY -d audienceId,audienceName -m totalUsers to list them"));
        }
        Ok(Self { property, number: number.to_owned() })
    }

    /// Its number.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Its resource name at `property`, which must be its own.
    pub fn name_at(&self, property: &PropertyNumber) -> Result<String, Error> {
        match &self.property {
            Some(own) if own != property => {
                Err(Error::usage(format!("the audience belongs to property {own}, not to property {property}")))
            }
            _ => Ok(format!("properties/{property}/audiences/{}", self.number)),
        }
    }
}

/// Checks that these are dimensions of exports.
pub fn check_dimensions(names: &[String]) -> Result<(), Error> {
    let Some(unknown) = names.iter().find(|name| !DIMENSIONS.contains(&name.as_str())) else {
        return Ok(());
    };
    let near = DIMENSIONS.iter().map(|known| (edit_distance(&known.to_lowercase(), &unknown.to_lowercase()), known));
    let hint = match near.min().filter(|(distance, _)| *distance <= 3) {
        Some((_, known)) => format!("did you mean `{known}`?"),
        None => "add --no-check to send the name as is".to_owned(),
    };
    let known = DIMENSIONS.join(", ");
    let text = format!("{} is not a dimension of audience exports; expected {known}", Typed(unknown));
    Err(Error::field(text).with_hint(hint))
}

/// `AudienceExport`, as the server describes it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Export {
    /// `properties/N/audienceExports/M`.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `properties/N/audiences/A`.
    #[serde(deserialize_with = "or_default")]
    audience: String,
    /// What Analytics calls the audience.
    #[serde(deserialize_with = "or_default")]
    pub audience_display_name: String,
    #[serde(deserialize_with = "or_default")]
    dimensions: Vec<Dimension>,
    #[serde(deserialize_with = "or_default")]
    state: String,
    begin_creating_time: Option<String>,
    /// What it cost, once it is made.
    pub creation_quota_tokens_charged: Option<i64>,
    /// How much of it is made, from 0 to 100.
    pub percentage_completed: Option<f64>,
    #[serde(deserialize_with = "or_default")]
    error_message: String,
}

/// `AudienceDimension`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Dimension {
    #[serde(deserialize_with = "or_default")]
    dimension_name: String,
}

/// `ListAudienceExportsResponse`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct List {
    #[serde(deserialize_with = "or_default")]
    audience_exports: Vec<Export>,
    next_page_token: Option<String>,
}

/// `Operation`. Google's example has the export in it before it is made.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Operation {
    error: Option<Value>,
    response: Option<Export>,
}

impl Export {
    /// Its columns.
    pub fn dimension_names(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().map(|dimension| &*dimension.dimension_name)
    }

    /// How long ago it was requested.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let begun: Timestamp = self.begin_creating_time.as_deref()?.parse().ok()?;
        // The server's clock may be ahead.
        Some(Duration::try_from(now.duration_since(begun)).unwrap_or_default())
    }

    fn is_active(&self) -> bool {
        self.state == "ACTIVE"
    }

    /// Whether it is being made; anything but that and `ACTIVE` is an error.
    fn is_creating(&self) -> Result<bool, Error> {
        match &*self.state {
            "ACTIVE" => Ok(false),
            "CREATING" => Ok(true),
            "FAILED" => Err(Error::Export(self.error_message.clone())),
            state => Err(Error::response(format!("the export has the unknown state {:?}", Typed(state)))),
        }
    }
}

/// What an export must be of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The property.
    pub property: PropertyNumber,
    /// The audience.
    pub audience: Audience,
    /// The columns.
    pub dimensions: Vec<String>,
}

impl Wanted {
    /// `POST v1beta/properties/{id}/audienceExports` below `base`, which is [`crate::request::DATA_API`] or a sandbox.
    pub fn create(&self, base: &str) -> Result<Request<Vec<u8>>, Error> {
        let path = format!("v1beta/properties/{}/audienceExports?prettyPrint=false", self.property);
        post(base, &path, &self.body()?)
    }

    /// The body of that request, an `AudienceExport`.
    pub fn body(&self) -> Result<Value, Error> {
        let dimensions = self.dimensions.iter().map(|name| json!({ "dimensionName": name }));
        Ok(json!({"audience": self.audience.name_at(&self.property)?, "dimensions": dimensions.collect::<Vec<_>>()}))
    }

    /// Whether `export` can stand for a new one.
    fn is_met_by(&self, export: &Export, now: Timestamp) -> bool {
        let is_same = self.audience.name_at(&self.property).is_ok_and(|name| name == export.audience)
            && export.dimension_names().eq(self.dimensions.iter().map(String::as_str));
        let is_made = export.is_active() || export.is_creating().is_ok();
        is_same && is_made && export.age(now).is_some_and(|age| age < REUSED_FOR)
    }

    /// Checks that a name, which becomes a part of URLs, is that of an export of the property.
    fn check_name(&self, export: &Export) -> Result<(), Error> {
        let id = export.name.strip_prefix(&format!("properties/{}/audienceExports/", self.property));
        let is_id =
            |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        if id.is_some_and(is_id) {
            return Ok(());
        }
        Err(Error::response(format!("the response has an export with the invalid name {:?}", Typed(&export.name))))
    }
}

/// The way to an export that can be read.
#[derive(Debug)]
pub struct Preparation {
    base: String,
    wanted: Wanted,
    state: State,
    /// Whether one has been created.
    is_new: bool,
}

#[derive(Debug)]
enum State {
    /// Looking through the property's exports.
    Listing {
        tokens: PageTokens,
        page_token: Option<String>,
        found: Option<Export>,
    },
    /// There is none.
    Creating,
    Waiting {
        export: Export,
        looks: u32,
    },
}

/// What to do next.
pub enum Step<'a> {
    /// Send this, and pass the body of the answer to [`Preparation::answer`].
    Send(Request<Vec<u8>>),
    /// The same with the request that creates an export.
    Create(Request<Vec<u8>>),
    /// The same after a [`pause`].
    Look {
        /// The request.
        request: Request<Vec<u8>>,
        /// What is known so far.
        export: &'a Export,
        /// How often it has been looked at before.
        looks: u32,
        /// Whether it was created by this.
        is_new: bool,
    },
    /// Read its rows.
    Ready {
        /// What is known.
        export: &'a Export,
        /// Whether it was created by this.
        is_new: bool,
    },
}

impl Preparation {
    /// Begins with the list of exports below `base`, which is [`crate::request::DATA_API`] or a sandbox.
    pub fn new(base: &str, wanted: Wanted) -> Self {
        Self { base: base.to_owned(), wanted, state: State::listing(), is_new: false }
    }

    /// What to do next.
    pub fn next(&self) -> Result<Step<'_>, Error> {
        let is_new = self.is_new;
        match &self.state {
            State::Listing { page_token, .. } => {
                let token = page_token.as_deref().map(|token| format!("&pageToken={}", percent_encoded(token)));
                let token = token.unwrap_or_default();
                let path = format!(
                    "v1beta/properties/{}/audienceExports?pageSize=1000&prettyPrint=false{token}",
                    self.wanted.property
                );
                Ok(Step::Send(get(&self.base, &path)?))
            }
            State::Creating => Ok(Step::Create(self.wanted.create(&self.base)?)),
            State::Waiting { export, .. } if export.is_active() => Ok(Step::Ready { export, is_new }),
            State::Waiting { export, looks } => {
                let request = get(&self.base, &format!("v1beta/{}?prettyPrint=false", export.name))?;
                Ok(Step::Look { request, export, looks: *looks, is_new })
            }
        }
    }

    /// How often the export has been looked at.
    pub fn looks(&self) -> u32 {
        if let State::Waiting { looks, .. } = &self.state { *looks } else { 0 }
    }

    /// Whether an export is known, so that the next run would find it.
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Takes the body of the answer to the request of the last step, which arrived at `now`.
    pub fn answer(&mut self, body: &[u8], now: Timestamp) -> Result<(), Error> {
        let state = std::mem::replace(&mut self.state, State::Creating);
        self.state = match state {
            State::Listing { mut tokens, found, .. } => {
                let list: List = parse(body, "a list of exports")?;
                let ours = list.audience_exports.into_iter().filter(|export| self.wanted.is_met_by(export, now));
                let found =
                    ours.chain(found).max_by_key(|export| (export.is_active(), std::cmp::Reverse(export.age(now))));
                match (tokens.next(list.next_page_token.as_deref())?, found) {
                    (page_token @ Some(_), found) => State::Listing { tokens, page_token, found },
                    (None, Some(export)) => self.waiting(export, 0)?,
                    (None, None) if self.is_new => {
                        return Err(Error::response("the server does not list the export that it has created"));
                    }
                    (None, None) => State::Creating,
                }
            }
            State::Creating => {
                let operation: Operation = parse(body, "an operation")?;
                self.is_new = true;
                match (operation.error, operation.response) {
                    (Some(error), _) => {
                        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
                        return Err(Error::Export(message.to_owned()));
                    }
                    (None, Some(export)) => self.waiting(export, 0)?,
                    // It has begun, but only the list says under which name.
                    (None, None) => State::listing(),
                }
            }
            State::Waiting { looks, .. } => {
                self.waiting(parse(body, "an audience export")?, looks.saturating_add(1))?
            }
        };
        Ok(())
    }

    fn waiting(&self, export: Export, looks: u32) -> Result<State, Error> {
        self.wanted.check_name(&export)?;
        export.is_creating()?;
        Ok(State::Waiting { export, looks })
    }
}

impl State {
    fn listing() -> Self {
        Self::Listing { tokens: PageTokens::default(), page_token: None, found: None }
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::response(format!("the response is not {what}: {error}")))
}

/// The pause before the next look, after so many: it doubles up to half a minute; `random`, from 0 to 1, takes off up to
/// half of it.
pub fn pause(looks: u32, random: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(looks)).min(LONGEST_PAUSE);
    doubled.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

/// `POST v1beta/{name}:query` below `base`: a page of the rows of the export of that name, which [`Preparation`] has checked.
pub fn rows(base: &str, name: &str, body: &Value) -> Result<Request<Vec<u8>>, Error> {
    post(base, &format!("v1beta/{name}:query?prettyPrint=false"), body)
}

/// Whether the server refused the request to create an export because of what it named.
pub fn is_about_audience(error: &Error) -> bool {
    matches!(error, Error::Refusal(refusal) if matches!(refusal.status, 400 | 404))
}

#[cfg(test)]
mod tests;
