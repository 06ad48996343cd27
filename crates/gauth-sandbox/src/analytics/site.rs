//! The sample site: all of its visits, computed from numbers, so that nothing is stored.
//!
//! A *cell* is one page, viewed from one country on one day; it has one or more *visits* with all other traits. Any 28
//! consecutive days have exactly `rows` cells (their number per day depends only on the weekday), so a report by `date,
//! country, pagePath` over 28daysAgo..yesterday always has exactly `rows` rows. Seasons and growth affect only the
//! measures of a cell. Measures are integers (money in millionths), so sums agree over every dimension to the last
//! digit. All arithmetic is exact, and so the same on every machine.

pub(super) mod data;
pub(super) mod pages;

use data::{DATA, by_share};
use time::Date;

/// The first day with data.
pub(super) const BIRTH: i32 = 2_458_850; // 2020-01-01 as a Julian day

pub(super) struct Site {
    /// Cells on each day, by Julian day modulo 28.
    cells: [u32; 28],
    visits_per_cell: u32,
    /// Country and page of a cell, the most visited first.
    pairs: Vec<(u16, u32)>,
}

/// A run of days, both ends included, as Julian days.
#[derive(Clone, Copy)]
pub(super) struct Days {
    pub(super) first: i32,
    pub(super) last: i32,
    /// The day from which `nthDay` and similar dimensions count.
    pub(super) origin: i32,
}

impl Days {
    /// Days, counted from the first of them.
    pub(super) fn new(first: i32, last: i32) -> Self {
        Self { first, last, origin: first }
    }

    pub(super) fn count(self) -> i64 {
        i64::from(self.last - self.first) + 1
    }
}

/// A group of visitors with the same traits.
#[derive(Clone, Copy)]
pub(super) struct Visit {
    /// Julian day.
    pub(super) day: i32,
    /// Days since the origin of the date range.
    pub(super) nth_day: i32,
    /// Number of the pass over the visits that this is part of.
    pub(super) pass: u32,
    /// Index into the places.
    pub(super) country: u32,
    /// Number of the page, the most visited first.
    pub(super) page: u32,
    /// Position of the cell among the day's, the busiest first.
    rank: u32,
    seed: u64,
    /// Whether what is counted is credited to the first visit of these visitors.
    pub(super) is_of_first: bool,
}

impl Site {
    pub(super) fn new(rows: u64) -> Self {
        let rows = u32::try_from(rows.clamp(1, 20_000_000)).expect("clamped above");
        let cells = cells_by_day(rows);
        let busiest = cells.iter().copied().max().unwrap_or(1);
        Self { cells, visits_per_cell: (20_000 / rows).clamp(1, 8), pairs: pairs((busiest + busiest / 2).max(60)) }
    }

    /// Calls `visit` for each visit of a property on `days`, in an order that never changes.
    pub(super) fn visits(&self, property: u64, days: Days, pass: u32, mut visit: impl FnMut(&Visit)) {
        for day in days.first.max(BIRTH)..=days.last {
            let cells = self.cells[day.rem_euclid(28) as usize];
            let always = cells - cells / 3;
            // Which of the less visited cells occur changes from day to day: a walk whose step is coprime to its
            // length.
            let others = self.pairs.len() as u32 - always;
            let day_seed = mix(property ^ mix(day as u64));
            let start = below(day_seed, others);
            let step = step_through(others, day_seed);
            for rank in 0..cells {
                let index = if rank < always {
                    rank
                } else {
                    let walked = u64::from(rank - always) * u64::from(step) + u64::from(start);
                    always + (walked % u64::from(others)) as u32
                };
                let (country, page) = self.pairs[index as usize];
                for nth in 0..self.visits_per_cell {
                    let place = (u64::from(index) << 8) | u64::from(nth);
                    visit(&Visit {
                        day,
                        nth_day: day - days.origin,
                        pass,
                        country: u32::from(country),
                        page,
                        rank,
                        seed: mix(day_seed ^ mix(place)),
                        is_of_first: false,
                    });
                }
            }
        }
    }

    /// How many people came for the first time on `days`: the size of a cohort.
    pub(super) fn new_visitors(&self, property: u64, days: Days) -> i64 {
        let mut people = 0;
        self.visits(property, days, 0, |visit| {
            if (days.first..=days.last).contains(&visit.first_day()) {
                people += visit.sessions();
            }
        });
        people
    }
}

/// Distributes `rows` over four weeks; working days get more than weekends.
fn cells_by_day(rows: u32) -> [u32; 28] {
    // A Julian day divisible by 7 is a Monday.
    const WEEK: [u64; 7] = [110, 114, 112, 108, 100, 76, 80];
    let whole: u64 = WEEK.iter().sum::<u64>() * 4;
    let mut before = 0;
    std::array::from_fn(|day| {
        let from = u64::from(rows) * before / whole;
        before += WEEK[day % 7];
        (u64::from(rows) * before / whole - from) as u32
    })
}

/// The `count` most visited pairs of country and page: few pages are read everywhere, many only in the large countries.
fn pairs(count: u32) -> Vec<(u16, u32)> {
    let mut pairs = Vec::with_capacity(count as usize);
    let mut reach = 8;
    let mut seen = 0;
    // Each round adds the pairs below the next hyperbola: (page + 1) * (country + 1) ≤ reach.
    while pairs.len() < count as usize {
        for country in 0..DATA.places.len() as u32 {
            let from = seen / (country + 1);
            let to = reach / (country + 1);
            for page in from..to {
                pairs.push((country as u16, page));
            }
        }
        seen = reach;
        reach += reach / 2;
    }
    pairs.truncate(count as usize);
    pairs
}

/// A step with which a walk through `length` places visits each once.
fn step_through(length: u32, seed: u64) -> u32 {
    let mut step = below(seed, length).max(1);
    while gcd(step, length) != 1 {
        step += 1;
    }
    step
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The finaliser of splitmix64: turns numbers into uniform noise.
pub(super) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A number below `bound`, from `noise`.
fn below(noise: u64, bound: u32) -> u32 {
    ((u128::from(noise) * u128::from(bound)) >> 64) as u32
}

impl Visit {
    /// A uniform number below `bound`, independent for each `trait_` of a visit.
    pub(super) fn draw(&self, trait_: u64, bound: u32) -> u32 {
        below(mix(self.seed ^ (trait_ << 40)), bound)
    }

    /// Sessions of this group of visitors: more on busy pages, in season, and with every year.
    pub(super) fn sessions(&self) -> i64 {
        const SEASON: [f64; 12] = [0.92, 0.88, 0.96, 1.0, 1.04, 0.98, 0.84, 0.8, 1.02, 1.1, 1.34, 1.42];
        let popularity = 260.0 / f64::from(self.rank + 6).sqrt() - 1.0;
        let season = SEASON[((self.day - BIRTH).rem_euclid(365) / 31) as usize];
        let growth = 1.0 + f64::from(self.day - BIRTH) / 1461.0;
        let weather = 0.85 + f64::from(below(mix(self.day as u64), 300)) / 1000.0;
        let luck = 0.4 + f64::from(self.draw(1, 1200)) / 1000.0;
        1 + (popularity.max(0.0) * season * growth * weather * luck) as i64
    }

    /// Hour of the day, 0 to 23: few at night, most in the evening.
    pub(super) fn hour(&self) -> u32 {
        (6 + self.draw(2, 10) + self.draw(3, 10)) % 24
    }

    /// Minutes ago, for realtime. A quarter of today's visits were in the last half hour.
    pub(super) fn minutes_ago(&self) -> u32 {
        self.draw(38, 120)
    }

    /// The day of these visitors' first session; most come back soon or not at all.
    pub(super) fn first_day(&self) -> i32 {
        self.day - self.draw(31, 45).min(self.draw(39, 45)) as i32
    }

    pub(super) fn minute(&self) -> u32 {
        self.draw(4, 60)
    }

    /// Index into the sources: the source of this visit.
    pub(super) fn source(&self) -> u32 {
        by_share(DATA.sources.iter().map(|source| source.share), self.draw(5, 1000))
    }

    /// Index into the sources: the source of the first visit, usually the same.
    pub(super) fn first_source(&self) -> u32 {
        if self.draw(6, 10) < 6 {
            return self.source();
        }
        by_share(DATA.sources.iter().map(|source| source.share), self.draw(7, 1000))
    }

    /// Index into the sources: that of the visit which is credited.
    pub(super) fn credited_source(&self) -> u32 {
        if self.is_of_first { self.first_source() } else { self.source() }
    }

    /// Index into the devices.
    pub(super) fn device(&self) -> u32 {
        by_share(DATA.devices.iter().map(|device| device.share), self.draw(8, 1000))
    }

    /// Index into the items: what is viewed on a page where something is sold.
    pub(super) fn item(&self) -> u32 {
        self.page % DATA.items.len() as u32
    }

    /// The first page of the session.
    pub(super) fn landing_page(&self) -> u32 {
        match self.draw(9, 10) {
            0..6 => self.page,
            other => self.page.min(other),
        }
    }
}

/// The date of a Julian day.
pub(super) fn date(day: i32) -> Date {
    Date::from_julian_day(day).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests;
