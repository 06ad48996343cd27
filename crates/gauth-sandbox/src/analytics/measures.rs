//! What is counted in a visit: integers that are additive over any dimension. Each belongs to one event, so reports by
//! `eventName` count nothing twice. Ratios and numbers of people are computed from the sums, in `metrics`.

use super::site::Visit;
use super::site::data::{DATA, GOOGLE_ADS, GOOGLE_ORGANIC};
use super::site::pages;

/// Declares the measures in one place: name and the event (by number in the site's list) that each belongs to.
macro_rules! measures {
    ($($name:ident of $event:literal),+ $(,)?) => {
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Measure { $($name),+ }

        impl Measure {
            /// The measure of this name, which must exist.
            pub(super) fn named(name: &str) -> Self {
                match name {
                    $(stringify!($name) => Self::$name,)+
                    _ => unreachable!("{name} is no measure"),
                }
            }
        }

        /// The event of each measure, in the order of `Measure`.
        pub(super) const EVENT_OF: &[u32] = &[$($event),+];
    };
}

measures! {
    Views of 0,
    Sessions of 1,
    NewUsers of 2,
    Engaged of 3,
    Scrolls of 4,
    Clicks of 5,
    ItemViews of 6,
    AddToCarts of 7,
    Checkouts of 8,
    Purchases of 9,
    SignUps of 10,
    EngagedSeconds of 3,
    SessionMicroseconds of 1,
    Revenue of 9,
    Refund of 9,
    Tax of 9,
    Shipping of 9,
    ItemsPurchased of 9,
    ItemRevenue of 9,
    AdClicks of 1,
    AdCost of 1,
    AdImpressions of 1,
    SearchClicks of 1,
    SearchImpressions of 1,
    SearchPositions of 1,
    Users of 1,
    ActiveUsers of 3,
    Purchasers of 9,
    CohortUsers of 2,
}

/// How many measures there are.
pub(super) const COUNT: usize = EVENT_OF.len();

/// The events of a visit, whose count is the measure of the same number.
pub(super) const EVENTS: usize = 11;

/// All measures of a visit; money in millionths of the property's currency.
pub(super) type Measures = [i64; COUNT];

/// The measures of `visit`: enough of each that every report on a busy site has data.
pub(super) fn of(visit: &Visit) -> Measures {
    let mut all = [0; COUNT];
    let mut set = |measure: Measure, value: i64| all[measure as usize] = value;
    let part =
        |of: i64, trait_: u64, from: u32, to: u32| (of * i64::from(from + visit.draw(trait_, to - from)) + 50) / 100;
    let sessions = visit.sessions();
    let engaged = part(sessions, 10, 40, 85);
    let views = sessions + part(sessions, 11, 0, 260);
    let users = (sessions - part(sessions, 12, 0, 22)).max(1);
    set(Measure::Views, views);
    set(Measure::Sessions, sessions);
    set(Measure::NewUsers, part(users, 13, 12, 42));
    set(Measure::Engaged, engaged);
    set(Measure::Scrolls, part(views, 14, 20, 60));
    set(Measure::Clicks, part(views, 15, 0, 9));
    set(Measure::SignUps, part(sessions, 16, 0, 3));
    set(Measure::EngagedSeconds, engaged * i64::from(18 + visit.draw(17, 160)));
    set(Measure::SessionMicroseconds, sessions * i64::from(9_000_000 + visit.draw(18, 400_000_000)));
    set(Measure::Users, users);
    set(Measure::ActiveUsers, users.min(engaged.max(1)));
    if pages::is_product(visit.page) {
        let carts = part(views, 20, 3, 14);
        let checkouts = part(carts, 21, 30, 80);
        let purchases = part(checkouts, 22, 30, 90);
        let items = purchases + part(purchases, 23, 0, 80);
        let (_, _, _, price) = DATA.items[visit.item() as usize];
        let item_revenue = items * price;
        set(Measure::ItemViews, views);
        set(Measure::AddToCarts, carts);
        set(Measure::Checkouts, checkouts);
        set(Measure::Purchases, purchases);
        set(Measure::Purchasers, purchases);
        set(Measure::ItemsPurchased, items);
        set(Measure::ItemRevenue, item_revenue);
        set(Measure::Shipping, purchases * 6_990_000);
        set(Measure::Tax, item_revenue * 19 / 119);
        set(Measure::Revenue, item_revenue + purchases * 6_990_000);
        set(Measure::Refund, part(item_revenue, 24, 0, 7));
    }
    match visit.source() {
        GOOGLE_ADS => {
            set(Measure::AdClicks, sessions);
            set(Measure::AdCost, sessions * i64::from(180_000 + visit.draw(25, 900_001)));
            set(Measure::AdImpressions, sessions * i64::from(9 + visit.draw(26, 40)));
        }
        GOOGLE_ORGANIC => {
            let impressions = sessions * i64::from(6 + visit.draw(27, 60));
            set(Measure::SearchClicks, sessions);
            set(Measure::SearchImpressions, impressions);
            set(Measure::SearchPositions, impressions * i64::from(1 + visit.draw(28, 18)));
        }
        _ => {}
    }
    all
}

/// The measures of event number `event` in a visit; zero if the event did not happen. People count in each event.
pub(super) fn of_event(all: &Measures, event: u32) -> Option<Measures> {
    if all[event as usize] == 0 {
        return None;
    }
    let mut share = *all;
    for (value, owner) in share.iter_mut().zip(EVENT_OF) {
        if *owner != event {
            *value = 0;
        }
    }
    share[Measure::CohortUsers as usize] = all[Measure::CohortUsers as usize];
    for people in [Measure::Users, Measure::ActiveUsers] {
        share[people as usize] = all[people as usize].min(all[event as usize]);
    }
    Some(share)
}
