//! Where visitors are: countries, their largest cities, and the language of their browsers.
//! Names as Google Analytics writes them, in English.

pub(in crate::analytics) struct Place {
    pub(in crate::analytics) country: &'static str,
    /// ISO 3166-1 alpha-2.
    pub(in crate::analytics) id: &'static str,
    pub(in crate::analytics) continent: &'static str,
    /// UN M.49.
    pub(in crate::analytics) continent_id: &'static str,
    pub(in crate::analytics) language: &'static str,
    /// ISO 639, as browsers send it.
    pub(in crate::analytics) language_code: &'static str,
    /// City and region.
    pub(in crate::analytics) cities: &'static [(&'static str, &'static str)],
}

const fn place(
    country: &'static str,
    id: &'static str,
    continent: (&'static str, &'static str),
    language: (&'static str, &'static str),
    cities: &'static [(&'static str, &'static str)],
) -> Place {
    Place {
        country,
        id,
        continent: continent.0,
        continent_id: continent.1,
        language: language.0,
        language_code: language.1,
        cities,
    }
}

const AFRICA: (&str, &str) = ("Africa", "002");
const AMERICAS: (&str, &str) = ("Americas", "019");
const ASIA: (&str, &str) = ("Asia", "142");
const EUROPE: (&str, &str) = ("Europe", "150");
const OCEANIA: (&str, &str) = ("Oceania", "009");

const ENGLISH: (&str, &str) = ("English", "en-us");
const FRENCH: (&str, &str) = ("French", "fr-fr");
const GERMAN: (&str, &str) = ("German", "de-de");
const SPANISH: (&str, &str) = ("Spanish", "es-es");

/// The busiest first.
pub(in crate::analytics) const PLACES: &[Place] = &[
    place(
        "United States",
        "US",
        AMERICAS,
        ENGLISH,
        &[
            ("New York", "New York"),
            ("Los Angeles", "California"),
            ("Chicago", "Illinois"),
            ("Portland", "Oregon"),
            ("Portland", "Maine"),
            ("Washington", "District of Columbia"),
        ],
    ),
    place(
        "Germany",
        "DE",
        EUROPE,
        GERMAN,
        &[
            ("Berlin", "Berlin"),
            ("Munich", "Bavaria"),
            ("Cologne", "North Rhine-Westphalia"),
            ("Lübeck", "Schleswig-Holstein"),
        ],
    ),
    place(
        "United Kingdom",
        "GB",
        EUROPE,
        ("English", "en-gb"),
        &[("London", "England"), ("Edinburgh", "Scotland"), ("Birmingham", "England")],
    ),
    place(
        "France",
        "FR",
        EUROPE,
        FRENCH,
        &[("Paris", "Île-de-France"), ("Lyon", "Auvergne-Rhône-Alpes"), ("Nîmes", "Occitanie")],
    ),
    place("Japan", "JP", ASIA, ("Japanese", "ja-jp"), &[("Tokyo", "Tokyo"), ("Osaka", "Osaka"), ("Kyoto", "Kyoto")]),
    place(
        "India",
        "IN",
        ASIA,
        ("English", "en-in"),
        &[("Mumbai", "Maharashtra"), ("Bengaluru", "Karnataka"), ("Delhi", "Delhi")],
    ),
    place(
        "Brazil",
        "BR",
        AMERICAS,
        ("Portuguese", "pt-br"),
        &[
            ("São Paulo", "State of São Paulo"),
            ("Rio de Janeiro", "State of Rio de Janeiro"),
            ("Brasília", "Federal District"),
        ],
    ),
    place(
        "Canada",
        "CA",
        AMERICAS,
        ("English", "en-ca"),
        &[("Toronto", "Ontario"), ("Montréal", "Quebec"), ("Vancouver", "British Columbia")],
    ),
    place(
        "Spain",
        "ES",
        EUROPE,
        SPANISH,
        &[("Madrid", "Community of Madrid"), ("A Coruña", "Galicia"), ("Barcelona", "Catalonia")],
    ),
    place("Italy", "IT", EUROPE, ("Italian", "it-it"), &[("Rome", "Lazio"), ("Milan", "Lombardy")]),
    place(
        "Netherlands",
        "NL",
        EUROPE,
        ("Dutch", "nl-nl"),
        &[("Amsterdam", "North Holland"), ("'s-Hertogenbosch", "North Brabant")],
    ),
    place(
        "Australia",
        "AU",
        OCEANIA,
        ("English", "en-au"),
        &[("Sydney", "New South Wales"), ("Melbourne", "Victoria")],
    ),
    place(
        "Poland",
        "PL",
        EUROPE,
        ("Polish", "pl-pl"),
        &[("Warsaw", "Masovian Voivodeship"), ("Łódź", "Łódź Voivodeship")],
    ),
    place("Mexico", "MX", AMERICAS, ("Spanish", "es-mx"), &[("Mexico City", "Mexico City"), ("Mérida", "Yucatan")]),
    place(
        "Sweden",
        "SE",
        EUROPE,
        ("Swedish", "sv-se"),
        &[("Stockholm", "Stockholm County"), ("Malmö", "Skåne County")],
    ),
    place("Austria", "AT", EUROPE, ("German", "de-at"), &[("Vienna", "Vienna"), ("Graz", "Styria")]),
    place("Switzerland", "CH", EUROPE, ("German", "de-ch"), &[("Zürich", "Zurich"), ("Geneva", "Geneva")]),
    place("South Korea", "KR", ASIA, ("Korean", "ko-kr"), &[("Seoul", "Seoul"), ("Busan", "Busan")]),
    place("Türkiye", "TR", ASIA, ("Turkish", "tr-tr"), &[("İstanbul", "İstanbul"), ("Ankara", "Ankara")]),
    place("Belgium", "BE", EUROPE, ("Dutch", "nl-be"), &[("Brussels", "Brussels"), ("Liège", "Wallonia")]),
    place(
        "Denmark",
        "DK",
        EUROPE,
        ("Danish", "da-dk"),
        &[("Copenhagen", "Capital Region of Denmark"), ("Århus", "Central Denmark Region")],
    ),
    place("Norway", "NO", EUROPE, ("Norwegian Bokmål", "nb-no"), &[("Oslo", "Oslo"), ("Tromsø", "Troms")]),
    place("Czechia", "CZ", EUROPE, ("Czech", "cs-cz"), &[("Prague", "Prague"), ("Brno", "South Moravian Region")]),
    place(
        "Argentina",
        "AR",
        AMERICAS,
        ("Spanish", "es-ar"),
        &[("Buenos Aires", "Buenos Aires"), ("Córdoba", "Cordoba")],
    ),
    place("Colombia", "CO", AMERICAS, ("Spanish", "es-co"), &[("Bogotá", "Bogota"), ("Medellín", "Antioquia")]),
    place("Portugal", "PT", EUROPE, ("Portuguese", "pt-pt"), &[("Lisbon", "Lisbon"), ("Porto", "Porto District")]),
    place("Ireland", "IE", EUROPE, ("English", "en-ie"), &[("Dublin", "County Dublin")]),
    place("New Zealand", "NZ", OCEANIA, ("English", "en-nz"), &[("Auckland", "Auckland"), ("Whangārei", "Northland")]),
    place("Singapore", "SG", ASIA, ("English", "en-sg"), &[("Singapore", "(not set)")]),
    place("Finland", "FI", EUROPE, ("Finnish", "fi-fi"), &[("Helsinki", "Uusimaa"), ("Jyväskylä", "Central Finland")]),
    place("Greece", "GR", EUROPE, ("Greek", "el-gr"), &[("Athens", "Attica")]),
    place("South Africa", "ZA", AFRICA, ENGLISH, &[("Johannesburg", "Gauteng"), ("Cape Town", "Western Cape")]),
    place("Israel", "IL", ASIA, ("Hebrew", "he-il"), &[("Tel Aviv-Yafo", "Tel Aviv District")]),
    place("Egypt", "EG", AFRICA, ("Arabic", "ar-eg"), &[("Cairo", "Cairo Governorate")]),
    place("Côte d’Ivoire", "CI", AFRICA, FRENCH, &[("Abidjan", "Abidjan Autonomous District")]),
    place("Réunion", "RE", AFRICA, FRENCH, &[("Saint-Denis", "(not set)")]),
    place(
        "Bosnia & Herzegovina",
        "BA",
        EUROPE,
        ("Bosnian", "bs-ba"),
        &[("Sarajevo", "Federation of Bosnia and Herzegovina")],
    ),
    place("Åland Islands", "AX", EUROPE, ("Swedish", "sv-se"), &[("Mariehamn", "(not set)")]),
    place("Congo - Kinshasa", "CD", AFRICA, FRENCH, &[("Kinshasa", "Kinshasa")]),
    place(
        "(not set)",
        "(not set)",
        ("(not set)", "(not set)"),
        ("(not set)", "(not set)"),
        &[("(not set)", "(not set)")],
    ),
];
