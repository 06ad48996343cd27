//! The pages of the site, by number: some forty written by hand, including some that careless programs cannot handle,
//! and as many generated ones as the rows need.

use super::data::DATA;

const SECTIONS: &[&str] = &["blog", "shop/lamps", "shop/chairs", "guides", "magazin", "projects", "shop/tables"];
const FIRST: &[&str] =
    &["oak", "steel", "linen", "glass", "warm", "quiet", "nordic", "small", "grün", "été", "bright", "folding"];
const SECOND: &[&str] =
    &["lamp", "chair", "table", "shelf", "bench", "cord", "shade", "stool", "frame", "tray", "mirror"];

/// The number among the generated pages.
fn made(page: u32) -> Option<u32> {
    page.checked_sub(DATA.pages.len() as u32)
}

/// The path of page number `page`.
pub(in crate::analytics) fn path(page: u32) -> String {
    let Some(number) = made(page) else {
        return DATA.pages[page as usize].0.clone();
    };
    let (section, first, second) = words(number);
    format!("/{section}/{first}-{second}-{number}")
}

/// The title of page number `page`. Several pages may share one.
pub(in crate::analytics) fn title(page: u32) -> String {
    let Some(number) = made(page) else {
        return DATA.pages[page as usize].1.clone();
    };
    let (_, first, second) = words(number);
    format!("The {first} {second}, model {} | Nordwind", number % 97)
}

/// The part of the site that the page belongs to.
pub(in crate::analytics) fn section(page: u32) -> &'static str {
    match made(page) {
        Some(number) => words(number).0,
        None => "main",
    }
}

/// Whether something is sold on the page.
pub(in crate::analytics) fn is_product(page: u32) -> bool {
    matches!(page, 2 | 3 | 8 | 9) || section(page).starts_with("shop/")
}

fn words(made: u32) -> (&'static str, &'static str, &'static str) {
    let pick = |list: &[&'static str], turn: u32| list[(made / turn) as usize % list.len()];
    (pick(SECTIONS, 1), pick(FIRST, 7), pick(SECOND, 84))
}
