//! The pages of the site, by number: some forty written by hand, among them those that break careless programs, and as
//! many more as the number of rows needs.

/// Path and title.
const BY_HAND: &[(&str, &str)] = &[
    ("/", "Nordwind: lamps & chairs"),
    ("/shop", "Shop"),
    ("/shop/lamps/aurora", "Aurora, the lamp | Nordwind"),
    ("/shop/chairs/löwe", "Löwe, der Stuhl | Nordwind"),
    ("/blog", "Blog"),
    ("/blog/2026/how-we-build-a-chair", "How we build a chair"),
    ("/über-uns", "Über uns"),
    ("/pricing", "Prices, terms & delivery"),
    ("/shop/lamps/12\"-desk", "The 12\" desk lamp"),
    ("/produkte/größe,farbe", "Größe, Farbe, \"Sonderwunsch\""),
    ("/contact", "Contact"),
    ("/search", "Search"),
    ("/checkout", "Checkout"),
    ("/checkout/thank-you", "Thank you!"),
    ("/日本語/ランプ", "ランプ — 北風"),
    ("/блог/зима", "Зима приходит"),
    ("/help/faq;jsessionid=1", "Questions; answers"),
    ("/downloads/catalogue.pdf", "Catalogue (PDF)"),
    ("/-50%", "-50 % on everything"),
    ("/=1+1", "=1+1"),
    ("/@home", "@home with Nordwind"),
    ("/+plus", "+plus: the club"),
    ("/press\\archive", "Press \\ archive"),
    ("/tabs", "Lamps\tand\tchairs"),
    ("/two-lines", "First line\nsecond line"),
    ("/carriage-return", "First line\r\nsecond line"),
    ("/emoji/🪑", "🪑 of the month"),
    ("/r%C3%A9sum%C3%A9", "Résumé"),
    ("/arabic/مصباح", "مصباح"),
    ("/<b>bold</b>", "<script>alert(1)</script>"),
    ("/it's", "It's here"),
    ("/spaces in path ", " Spaces around "),
    ("/null", "null"),
    ("/true", "true"),
    ("/007", "007"),
    ("/1e5", "1e5"),
    ("/404", "(not set)"),
    ("(not set)", "(not set)"),
    ("/jobs", "Jobs"),
    ("/imprint", "Impressum"),
];

const SECTIONS: &[&str] = &["blog", "shop/lamps", "shop/chairs", "guides", "magazin", "projects", "shop/tables"];
const FIRST: &[&str] =
    &["oak", "steel", "linen", "glass", "warm", "quiet", "nordic", "small", "grün", "été", "bright", "folding"];
const SECOND: &[&str] =
    &["lamp", "chair", "table", "shelf", "bench", "cord", "shade", "stool", "frame", "tray", "mirror"];

/// The path of page number `page`.
pub(in crate::analytics) fn path(page: u32) -> String {
    let Some(made) = page.checked_sub(BY_HAND.len() as u32) else {
        return BY_HAND[page as usize].0.to_owned();
    };
    let (section, first, second) = words(made);
    format!("/{section}/{first}-{second}-{made}")
}

/// The title of page number `page`. Several pages may share one.
pub(in crate::analytics) fn title(page: u32) -> String {
    let Some(made) = page.checked_sub(BY_HAND.len() as u32) else {
        return BY_HAND[page as usize].1.to_owned();
    };
    let (_, first, second) = words(made);
    format!("The {first} {second}, model {} | Nordwind", made % 97)
}

/// The part of the site that the page belongs to.
pub(in crate::analytics) fn section(page: u32) -> &'static str {
    match page.checked_sub(BY_HAND.len() as u32) {
        Some(made) => words(made).0,
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
