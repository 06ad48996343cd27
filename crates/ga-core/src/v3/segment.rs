//! Segments of Universal Analytics: GA4 has no equivalent for any.
//! <https://developers.google.com/analytics/devguides/reporting/core/v3/segments>

use gauth_text::Typed;

use crate::error::Error;

/// Built-in segments: number, name, and a similar filter.
const BUILT_IN: &[(u8, &str, &str)] = &[
    (1, "all users", ""),
    (2, "new users", "newVsReturning==new"),
    (3, "returning users", "newVsReturning==returning"),
    (4, "paid traffic", ""),
    (5, "organic traffic", "sessionMedium==organic"),
    (6, "search traffic", "sessionDefaultChannelGroup=@Search"),
    (7, "direct traffic", "sessionDefaultChannelGroup==Direct"),
    (8, "referral traffic", "sessionMedium==referral"),
    (9, "sessions with conversions", ""),
    (10, "sessions with transactions", ""),
    (11, "mobile and tablet traffic", "deviceCategory in (mobile, tablet)"),
    (13, "tablet traffic", "deviceCategory==tablet"),
    (14, "mobile traffic", "deviceCategory==mobile"),
];

/// The refusal of a segment, with its name, and with a similar filter if there is one.
pub fn refuse_segment(segment: &str) -> Error {
    let built_in = segment
        .strip_prefix("gaid::-")
        .and_then(|number| number.parse::<u8>().ok())
        .and_then(|number| BUILT_IN.iter().find(|(known, _, _)| *known == number));
    match built_in {
        Some((1, name, _)) => refused(segment, &format!("({name}) has no equivalent"))
            .with_hint("leave out --segment: a report covers all users anyway"),
        Some((_, name, "")) => refused(segment, &format!("({name}) has no equivalent")),
        Some((_, name, filter)) => refused(segment, &format!("({name}) has no equivalent"))
            .with_hint(format!("use a similar filter: --filter '{filter}'")),
        None if segment.starts_with("gaid::") => refused(segment, "was defined in the old view"),
        None => refused(segment, "selects users or sessions, which GA4 reports cannot")
            .with_hint("put conditions on fields of the report into --filter"),
    }
}

fn refused(segment: &str, why: &str) -> Error {
    Error::field(format!("cannot translate the segment: {} {why}", Typed(segment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::filter;

    #[test]
    fn each_segment_is_refused_by_name() {
        for (segment, message, hint) in [
            ("gaid::-5", "gaid::-5 (organic traffic)", "sessionMedium==organic"),
            ("gaid::-1", "(all users)", "leave out --segment"),
            ("gaid::-9", "(sessions with conversions)", ""),
            ("gaid::AbC", "defined in the old view", ""),
            ("sessions::condition::ga:medium==cpc", "sessions::condition", "--filter"),
            ("dynamic::ga:medium==cpc", "dynamic::", "--filter"),
        ] {
            let error = refuse_segment(segment);
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.hint().unwrap_or_default().contains(hint), "{segment}");
        }
    }

    #[test]
    fn every_suggested_filter_is_valid() {
        for (_, _, text) in BUILT_IN.iter().filter(|(_, _, text)| !text.is_empty()) {
            filter::parse(text).unwrap();
        }
    }
}
