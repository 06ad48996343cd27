//! Dimensions: each shows a trait of a visit as text. A trait is a small number (its *code*), so that visits are
//! grouped by numbers and each text is formatted once. Dimensions for which this site has no data are always "(not
//! set)", as on a real property without the linked product.

mod calendar;

use super::audiences::AUDIENCES;
use super::site::data::{DATA, Device, GOOGLE_ADS, Place, Source};
use super::site::{Visit, pages};
use calendar::TIME;

pub(super) const NOT_SET: &str = "(not set)";

/// A dimension's values: the code of a visit, and the text of a code.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) code: Code,
    pub(super) text: fn(u32) -> String,
}

#[derive(Clone, Copy)]
pub(super) enum Code {
    Visit(fn(&Visit) -> u32),
    /// The number of the event: the dimension splits each visit into its events.
    Event,
    /// The number of the pass, which is that of the cohort or date range.
    Pass,
}

const fn of_visit(code: fn(&Visit) -> u32, text: fn(u32) -> String) -> Column {
    Column { code: Code::Visit(code), text }
}

/// The column of a dimension without data.
const UNSET: Column = of_visit(|_| 0, |_| NOT_SET.to_owned());

/// The column of a dimension that is in the catalogue.
pub(super) fn column(name: &str) -> Column {
    let found = [TIME, PLACE, PAGE, DEVICE, OTHER].into_iter().flatten().find(|(known, _)| *known == name);
    match found {
        Some((_, column)) => *column,
        None => traffic(name).unwrap_or(UNSET),
    }
}

const PLACE: &[(&str, Column)] = &[
    ("country", of_visit(country, |code| place(code).country.to_owned())),
    ("countryId", of_visit(country, |code| place(code).id.to_owned())),
    ("continent", of_visit(country, |code| place(code).continent.to_owned())),
    ("continentId", of_visit(country, |code| place(code).continent_id.to_owned())),
    ("language", of_visit(country, |code| place(code).language.to_owned())),
    ("languageCode", of_visit(country, |code| place(code).language_code.to_owned())),
    ("city", of_visit(city, |code| town(code).0.to_owned())),
    ("region", of_visit(city, |code| town(code).1.to_owned())),
    ("cityId", of_visit(city, |code| (1_000_000 + code * 37).to_string())),
];

const PAGE: &[(&str, Column)] = &[
    ("pagePath", of_visit(page, pages::path)),
    ("unifiedPagePathScreen", of_visit(page, pages::path)),
    ("pageTitle", of_visit(page, pages::title)),
    ("unifiedScreenName", of_visit(page, pages::title)),
    ("unifiedScreenClass", of_visit(page, pages::title)),
    ("contentGroup", of_visit(page, |code| pages::section(code).to_owned())),
    ("pagePathPlusQueryString", of_visit(tagged_page, |code| pages::path(code / 4) + QUERIES[code as usize % 4])),
    (
        "pageLocation",
        of_visit(tagged_page, |code| format!("https://{HOST}{}{}", pages::path(code / 4), QUERIES[code as usize % 4])),
    ),
    ("fullPageUrl", of_visit(page, |code| HOST.to_owned() + &pages::path(code))),
    ("hostName", of_visit(|_| 0, |_| HOST.to_owned())),
    ("landingPage", of_visit(Visit::landing_page, pages::path)),
    (
        "landingPagePlusQueryString",
        of_visit(
            |visit| visit.landing_page() * 4 + visit.draw(33, 4),
            |code| pages::path(code / 4) + QUERIES[code as usize % 4],
        ),
    ),
    // Empty, not "(not set)", for visitors who typed the address.
    (
        "pageReferrer",
        of_visit(Visit::source, |code| match source(code).medium.as_str() {
            "(none)" | NOT_SET => String::new(),
            _ => format!("https://{}/", source(code).source),
        }),
    ),
    (
        "customEvent:author",
        of_visit(|visit| visit.page % 4, |code| ["Ada", "Børge", "Zoë, Ltd.", NOT_SET][code as usize].to_owned()),
    ),
    ("customEvent:word_count", of_visit(|_| 0, |_| "417".to_owned())),
];

const DEVICE: &[(&str, Column)] = &[
    ("deviceCategory", of_visit(Visit::device, |code| device(code).category.to_owned())),
    ("operatingSystem", of_visit(Visit::device, |code| device(code).system.to_owned())),
    ("operatingSystemVersion", of_visit(Visit::device, |code| device(code).version.to_owned())),
    (
        "operatingSystemWithVersion",
        of_visit(Visit::device, |code| format!("{} {}", device(code).system, device(code).version)),
    ),
    ("browser", of_visit(Visit::device, |code| device(code).browser.to_owned())),
    ("mobileDeviceBranding", of_visit(Visit::device, |code| device(code).brand.to_owned())),
    ("mobileDeviceModel", of_visit(Visit::device, |code| device(code).model.to_owned())),
    ("deviceModel", of_visit(Visit::device, |code| device(code).model.to_owned())),
    ("screenResolution", of_visit(Visit::device, |code| device(code).screen.to_owned())),
    ("platform", of_visit(|_| 0, |_| "web".to_owned())),
    ("platformDeviceCategory", of_visit(Visit::device, |code| format!("web / {}", device(code).category))),
];

const OTHER: &[(&str, Column)] = &[
    ("eventName", Column { code: Code::Event, text: |code| DATA.events[code as usize].clone() }),
    (
        "isKeyEvent",
        Column {
            code: Code::Event,
            text: |code| matches!(DATA.events[code as usize].as_str(), "purchase" | "sign_up").to_string(),
        },
    ),
    (
        "newVsReturning",
        of_visit(
            |visit| visit.draw(34, 100),
            |code| match code {
                0..48 => "new".to_owned(),
                48..95 => "returning".to_owned(),
                _ => NOT_SET.to_owned(),
            },
        ),
    ),
    (
        "customUser:membership",
        of_visit(
            |visit| visit.draw(35, 4),
            |code| ["none", "silver", "gold, lifetime", NOT_SET][code as usize].to_owned(),
        ),
    ),
    (
        "userAgeBracket",
        of_visit(
            |visit| visit.draw(36, 8),
            |code| ["18-24", "25-34", "35-44", "45-54", "55-64", "65+", "unknown", "unknown"][code as usize].to_owned(),
        ),
    ),
    ("userGender", of_visit(|visit| visit.draw(37, 3), |code| ["female", "male", "unknown"][code as usize].to_owned())),
    ("itemName", of_visit(Visit::item, |code| DATA.items[code as usize].0.to_owned())),
    ("itemBrand", of_visit(Visit::item, |code| DATA.items[code as usize].1.to_owned())),
    ("itemCategory", of_visit(Visit::item, |code| DATA.items[code as usize].2.to_owned())),
    ("itemId", of_visit(Visit::item, |code| format!("SKU-{:04}", 1001 + code))),
    ("customItem:colour", of_visit(Visit::item, |code| ["oak", "grün", "black & white"][code as usize % 3].to_owned())),
    ("audienceId", of_visit(audience, |code| AUDIENCES[code as usize].0.to_string())),
    ("audienceName", of_visit(audience, |code| AUDIENCES[code as usize].1.to_owned())),
    ("cohort", OF_PASS),
    ("dateRange", OF_PASS),
    ("streamId", of_visit(|_| 0, |_| "3344556677".to_owned())),
    ("streamName", of_visit(|_| 0, |_| "Nordwind web".to_owned())),
    ("currencyCode", of_visit(|_| 0, |_| "EUR".to_owned())),
];

/// The passes are named by the request.
const OF_PASS: Column = Column { code: Code::Pass, text: |code| code.to_string() };

const HOST: &str = "www.nordwind.example";
const QUERIES: [&str; 4] = ["", "", "?utm_source=newsletter&utm_campaign=Fr%C3%BChling", "?q=\"oak, table\""];

/// The traffic dimensions exist three times: for the event, the session and the first session.
fn traffic(name: &str) -> Option<Column> {
    let (code, rest): (fn(&Visit) -> u32, &str) = match name {
        _ if name.starts_with("firstUser") => (Visit::first_source, &name["firstUser".len()..]),
        _ if name.starts_with("session") => (Visit::source, &name["session".len()..]),
        _ => (Visit::credited_source, name),
    };
    let mut rest = rest.to_owned();
    rest.get_mut(..1)?.make_ascii_lowercase();
    let text: fn(u32) -> String = match rest.as_str() {
        "source" | "manualSource" => |code| source(code).source.to_owned(),
        "medium" | "manualMedium" => |code| source(code).medium.to_owned(),
        "sourceMedium" | "manualSourceMedium" => |code| format!("{} / {}", source(code).source, source(code).medium),
        "campaignName" | "manualCampaignName" => |code| source(code).campaign.to_owned(),
        "campaignId" | "manualCampaignId" => |code| source(code).campaign_id.to_owned(),
        "defaultChannelGroup" | "primaryChannelGroup" => |code| source(code).channel.to_owned(),
        "sourcePlatform" => |code| match code {
            GOOGLE_ADS => "Google Ads".to_owned(),
            _ => "Manual".to_owned(),
        },
        "googleAdsCampaignName" => |code| ads(code, &source(code).campaign),
        "googleAdsCampaignId" => |code| ads(code, &source(code).campaign_id),
        "googleAdsAccountName" => |code| ads(code, "Nordwind GmbH"),
        "googleAdsAdGroupName" => |code| ads(code, "Lamps | exact"),
        "googleAdsKeyword" => |code| ads(code, "+nordwind +lamp"),
        "googleAdsAdNetworkType" => |code| ads(code, "Google search"),
        _ => return None,
    };
    Some(of_visit(code, text))
}

fn ads(code: u32, text: &str) -> String {
    match code {
        GOOGLE_ADS => text.to_owned(),
        _ => NOT_SET.to_owned(),
    }
}

fn source(code: u32) -> &'static Source {
    &DATA.sources[code as usize]
}

fn device(code: u32) -> &'static Device {
    &DATA.devices[code as usize]
}

fn place(code: u32) -> &'static Place {
    &DATA.places[code as usize]
}

fn country(visit: &Visit) -> u32 {
    visit.country
}

fn city(visit: &Visit) -> u32 {
    let cities = place(visit.country).cities.len() as u32;
    visit.country * 8 + visit.draw(30, cities)
}

/// City and region.
fn town(code: u32) -> &'static (String, String) {
    &place(code / 8).cities[code as usize % 8]
}

/// Of its audiences, one.
fn audience(visit: &Visit) -> u32 {
    visit.draw(38, AUDIENCES.len() as u32)
}

fn page(visit: &Visit) -> u32 {
    visit.page
}

fn tagged_page(visit: &Visit) -> u32 {
    visit.page * 4 + visit.draw(32, 4)
}

#[cfg(test)]
mod tests;
