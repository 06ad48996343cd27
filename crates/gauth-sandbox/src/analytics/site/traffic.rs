//! How visitors come and what with: sources and campaigns, devices, browsers.

pub(in crate::analytics) struct Source {
    pub(in crate::analytics) source: &'static str,
    pub(in crate::analytics) medium: &'static str,
    pub(in crate::analytics) campaign: &'static str,
    pub(in crate::analytics) campaign_id: &'static str,
    pub(in crate::analytics) channel: &'static str,
    /// Of a thousand visits, how many come this way.
    pub(in crate::analytics) share: u32,
}

const fn source(
    source: &'static str,
    medium: &'static str,
    campaign: &'static str,
    campaign_id: &'static str,
    channel: &'static str,
    share: u32,
) -> Source {
    Source { source, medium, campaign, campaign_id, channel, share }
}

/// Number of the paid Google source, which alone has advertising cost.
pub(in crate::analytics) const GOOGLE_ADS: u32 = 2;
/// Number of the organic Google source, which alone has Search Console figures.
pub(in crate::analytics) const GOOGLE_ORGANIC: u32 = 0;

pub(in crate::analytics) const SOURCES: &[Source] = &[
    source("google", "organic", "(organic)", "(not set)", "Organic Search", 330),
    source("(direct)", "(none)", "(direct)", "(not set)", "Direct", 250),
    source("google", "cpc", "Brand, exact \"Nordwind\"", "18446744073", "Paid Search", 80),
    source("newsletter", "email", "Frühling, 2026", "nl-2026-04", "Email", 60),
    source("bing", "organic", "(organic)", "(not set)", "Organic Search", 50),
    source("facebook.com", "paid_social", "summer\nsale", "23850000000000001", "Paid Social", 40),
    source("m.facebook.com", "referral", "(referral)", "(not set)", "Organic Social", 35),
    source("news.ycombinator.com", "referral", "(referral)", "(not set)", "Referral", 30),
    source("chatgpt.com", "referral", "(referral)", "(not set)", "Referral", 25),
    source("partner", "affiliate", "=SUM(A1:A9)", "aff-1", "Affiliates", 15),
    source("partner", "affiliate", "+10 % weekend", "aff-2", "Affiliates", 12),
    source("partner", "affiliate", "-50 % Rabatt", "aff-3", "Affiliates", 10),
    source("partner", "affiliate", "@home", "aff-4", "Affiliates", 9),
    source("yandex.ru", "organic", "Жёлтая осень", "(not set)", "Organic Search", 9),
    source("t.co", "social", "東京キャンペーン", "tw-7", "Organic Social", 14),
    source("youtube.com", "video", "Löwe; der Film", "yt-3", "Organic Video", 15),
    source("(not set)", "(not set)", "(not set)", "(not set)", "Unassigned", 16),
];

pub(in crate::analytics) struct Device {
    pub(in crate::analytics) category: &'static str,
    pub(in crate::analytics) system: &'static str,
    pub(in crate::analytics) version: &'static str,
    pub(in crate::analytics) browser: &'static str,
    pub(in crate::analytics) brand: &'static str,
    pub(in crate::analytics) model: &'static str,
    pub(in crate::analytics) screen: &'static str,
    pub(in crate::analytics) share: u32,
}

const fn device(
    category: &'static str,
    system: (&'static str, &'static str),
    browser: &'static str,
    model: (&'static str, &'static str),
    screen: &'static str,
    share: u32,
) -> Device {
    Device { category, system: system.0, version: system.1, browser, brand: model.0, model: model.1, screen, share }
}

const NO_MODEL: (&str, &str) = ("(not set)", "(not set)");

pub(in crate::analytics) const DEVICES: &[Device] = &[
    device("desktop", ("Windows", "11"), "Chrome", NO_MODEL, "1920x1080", 240),
    device("mobile", ("iOS", "26.1"), "Safari", ("Apple", "iPhone"), "390x844", 230),
    device("mobile", ("Android", "16"), "Chrome", ("Samsung", "SM-S936B"), "412x915", 200),
    device("desktop", ("Macintosh", "Intel 10.15"), "Safari", ("Apple", "(not set)"), "1512x982", 90),
    device("desktop", ("Windows", "10"), "Edge", NO_MODEL, "1536x864", 70),
    device("mobile", ("Android", "15"), "Samsung Internet", ("Samsung", "SM-A546B"), "360x800", 50),
    device("desktop", ("Linux", "x86_64"), "Firefox", NO_MODEL, "2560x1440", 45),
    device("tablet", ("iOS", "18.7"), "Safari", ("Apple", "iPad"), "820x1180", 40),
    device("mobile", ("Android", "16"), "Firefox", ("Google", "Pixel 10"), "412x924", 25),
    device("smart tv", ("Tizen", "9.0"), "Samsung Internet", ("Samsung", "(not set)"), "1920x1080", 10),
];

/// The entry of a list of shares in a thousand that `draw` (0..1000) falls on.
pub(in crate::analytics) fn by_share(shares: impl Iterator<Item = u32>, draw: u32) -> u32 {
    let mut upto = 0;
    let mut last = 0;
    for (index, share) in shares.enumerate() {
        upto += share;
        last = index as u32;
        if draw < upto {
            break;
        }
    }
    last
}

/// What is sold: name, brand, category, price in millionths.
pub(in crate::analytics) const ITEMS: &[(&str, &str, &str, i64)] = &[
    ("Aurora", "Nordwind", "Lamps", 129_900_000),
    ("Löwe", "Nordwind", "Chairs", 349_000_000),
    ("12\" desk lamp", "Hellerau", "Lamps", 59_950_000),
    ("Table, oak", "Hellerau", "Tables", 899_000_000),
    ("Cord (3 m)", "Nordwind", "Parts", 12_490_000),
    ("Lampe d’été", "Maison Été", "Lamps", 74_333_333),
];

/// The events that the site records.
pub(in crate::analytics) const EVENTS: &[&str] = &[
    "page_view",
    "session_start",
    "first_visit",
    "user_engagement",
    "scroll",
    "click",
    "view_item",
    "add_to_cart",
    "begin_checkout",
    "purchase",
    "sign_up",
];
