//! Which request may be sent now. The number in flight is limited, overall and to four per property, whose quota allows
//! ten (<https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>); earlier jobs come first.
//!
//! Pages that cannot be passed on yet are limited as well. With N requests in flight at most, the jobs that are being read
//! may have N full pages requested or waiting, and all other jobs together another N. So later jobs never delay an earlier
//! one, and they use the lanes that it leaves free.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ga_core::property::PropertyNumber;
use ga_core::report::PAGE_ROWS;
use ga_core::response::PropertyQuota;
use gauth_cli::Failure;
use tokio::sync::oneshot;

use super::reserve::Reserve;

/// The most requests in flight at one property.
const AT_ONE_PROPERTY: usize = 4;
/// After this many server errors in a row, over all its pages, no page of a property is requested again: with those
/// under way that stays below its budget of ten an hour, and four parallel pages may each fail once.
const ERRORS_IN_A_ROW: u32 = 6;
/// A short page counts as this many rows, so that the number of pages that wait is bounded, too.
const SHORT_PAGE: u64 = PAGE_ROWS / 64;

/// Admits the requests of all jobs.
pub(super) struct Admission(Mutex<State>);

struct State {
    /// How many more requests may be in flight.
    lanes: usize,
    /// What one property may have in flight.
    at_one_property: usize,
    reserve: Option<u64>,
    /// The most rows of the jobs that are being read, and of the others.
    room: u64,
    /// Rows that are requested or waiting: of jobs that are not being read, and of those that are.
    rows: [u64; 2],
    jobs: Vec<Job>,
    properties: Vec<Property>,
    places: HashMap<PropertyNumber, usize>,
    /// The last job that matters: a failure ends those behind it.
    last: usize,
    waiting: BTreeMap<Order, Waiting>,
    queued: u64,
}

struct Job {
    /// Its place among the properties.
    property: usize,
    is_read: bool,
    /// Rows that are requested or waiting.
    rows: u64,
}

struct Property {
    in_flight: usize,
    /// The most requests in flight, which the server may lower.
    most: usize,
    errors_in_a_row: u32,
    reserve: Reserve,
}

/// Further tries come first, since they need no room; then earlier jobs, and earlier pages of each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    is_new: bool,
    job: usize,
    number: u64,
}

struct Waiting {
    rows: u64,
    admitted: oneshot::Sender<Result<Admitted, Failure>>,
}

struct Admitted {
    lane: Lane,
    room: Room,
}

type Admittance = oneshot::Receiver<Result<Admitted, Failure>>;

impl Admission {
    /// Nothing yet.
    pub(super) fn new(parallel: usize, reserve: Option<u64>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            lanes: parallel,
            at_one_property: parallel.min(AT_ONE_PROPERTY),
            reserve,
            room: parallel as u64 * PAGE_ROWS,
            rows: [0; 2],
            jobs: Vec::new(),
            properties: Vec::new(),
            places: HashMap::new(),
            last: usize::MAX,
            waiting: BTreeMap::new(),
            queued: 0,
        })))
    }

    /// Adds a job behind all others and returns its number.
    pub(super) fn add_job(&self, property: &PropertyNumber) -> usize {
        let mut state = self.state();
        let known = state.places.get(property).copied();
        let property = known.unwrap_or_else(|| {
            let (most, reserve) = (state.at_one_property, Reserve::new(state.reserve));
            state.properties.push(Property { in_flight: 0, most, errors_in_a_row: 0, reserve });
            let place = state.properties.len() - 1;
            state.places.insert(property.clone(), place);
            place
        });
        state.jobs.push(Job { property, is_read: false, rows: 0 });
        state.jobs.len() - 1
    }

    /// Queues the request for a page of this number of rows, or for something that does not wait.
    pub(super) fn queue(self: &Arc<Self>, job: usize, rows: u64) -> Turn {
        let queued = Some(self.wait(job, rows));
        Turn { admission: Arc::clone(self), job, queued, lane: None, room: None }
    }

    fn wait(self: &Arc<Self>, job: usize, rows: u64) -> Admittance {
        let (admitted, receiver) = oneshot::channel();
        let mut state = self.state();
        state.queued += 1;
        let order = Order { is_new: rows > 0, job, number: state.queued };
        let rows = if rows > 0 { counted(rows) } else { 0 };
        state.waiting.insert(order, Waiting { rows, admitted });
        drop(state);
        self.admit();
        receiver
    }

    /// The job is being read: its pages no longer count among those that nobody reads yet.
    pub(super) fn read(self: &Arc<Self>, job: usize) {
        self.change(|state| {
            let rows = std::mem::take(&mut state.jobs[job].rows);
            state.rows[usize::from(state.jobs[job].is_read)] -= rows;
            state.jobs[job].is_read = true;
            state.take_rows(job, rows);
        });
    }

    /// No request is sent any more for the jobs behind this one.
    pub(super) fn end_after(&self, job: usize) {
        let mut state = self.state();
        state.last = state.last.min(job);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(self: &Arc<Self>, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.admit();
    }

    /// Admits what may be sent.
    fn admit(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let Some((Order { job, .. }, waiting)) = state.take_next() else {
                return;
            };
            let verdict = state.enter(job, waiting.rows).map(|()| {
                let lane = Lane { admission: Arc::clone(self), job };
                Admitted { lane, room: Room { admission: Arc::clone(self), job, rows: waiting.rows } }
            });
            drop(state);
            // One that has stopped waiting gives everything back.
            drop(waiting.admitted.send(verdict));
        }
    }
}

impl State {
    /// The request whose turn it is, if there is one.
    fn take_next(&mut self) -> Option<(Order, Waiting)> {
        while let Some(order) = self.next() {
            let waiting = self.waiting.remove(&order)?;
            if !waiting.admitted.is_closed() {
                return Some((order, waiting));
            }
        }
        None
    }

    fn next(&self) -> Option<Order> {
        if self.lanes == 0 {
            return None;
        }
        // Pages of one job must not overtake one another, or an early one would find no room.
        let mut is_full = [false; 2];
        for (order, waiting) in &self.waiting {
            let job = &self.jobs[order.job];
            let property = &self.properties[job.property];
            let is_busy = property.in_flight >= property.most
                || order.is_new && property.in_flight > 0 && !property.reserve.allows_another(property.in_flight);
            let is_read = usize::from(job.is_read);
            is_full[is_read] |= order.is_new && self.rows[is_read] + waiting.rows > self.room;
            if order.job <= self.last && !is_busy && !(order.is_new && is_full[is_read]) {
                return Some(*order);
            }
        }
        None
    }

    /// Counts a request as in flight, unless it would take tokens that must stay.
    fn enter(&mut self, job: usize, rows: u64) -> Result<(), Failure> {
        let property = self.property(job);
        if rows > 0 && !property.reserve.allows_another(property.in_flight) {
            return Err(property.reserve.failure());
        }
        property.in_flight += 1;
        self.lanes -= 1;
        self.take_rows(job, rows);
        Ok(())
    }

    fn take_rows(&mut self, job: usize, rows: u64) {
        self.jobs[job].rows += rows;
        self.rows[usize::from(self.jobs[job].is_read)] += rows;
    }

    fn free_rows(&mut self, job: usize, rows: u64) {
        self.jobs[job].rows -= rows;
        self.rows[usize::from(self.jobs[job].is_read)] -= rows;
    }

    fn property(&mut self, job: usize) -> &mut Property {
        let place = self.jobs[job].property;
        &mut self.properties[place]
    }
}

fn counted(rows: u64) -> u64 {
    rows.clamp(SHORT_PAGE, PAGE_ROWS)
}

/// A request in flight; dropping it ends that.
struct Lane {
    admission: Arc<Admission>,
    job: usize,
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.admission.change(|state| {
            state.lanes += 1;
            state.property(self.job).in_flight -= 1;
        });
    }
}

/// Room for the rows of a page; dropping it gives that back.
pub(super) struct Room {
    admission: Arc<Admission>,
    job: usize,
    rows: u64,
}

impl Room {
    /// Gives back what is not needed.
    pub(super) fn shrink(&mut self, rows: u64) {
        let unused = self.rows.saturating_sub(counted(rows));
        self.rows -= unused;
        self.admission.change(|state| state.free_rows(self.job, unused));
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.admission.change(|state| state.free_rows(self.job, self.rows));
    }
}

/// The turn of one request, with all its tries.
pub(super) struct Turn {
    admission: Arc<Admission>,
    job: usize,
    queued: Option<Admittance>,
    lane: Option<Lane>,
    room: Option<Room>,
}

impl Turn {
    /// Waits until the request may be sent.
    ///
    /// # Errors
    /// Tokens of the quota that must stay.
    pub(super) async fn enter(&mut self) -> anyhow::Result<()> {
        if self.lane.is_some() {
            return Ok(());
        }
        let queued = self.queued.take().unwrap_or_else(|| self.admission.wait(self.job, 0));
        let Admitted { lane, room } = queued.await??;
        self.lane = Some(lane);
        self.room.get_or_insert(room);
        Ok(())
    }

    /// The request is no longer in flight.
    pub(super) fn leave(&mut self) {
        self.lane = None;
    }

    /// The room of the page, reduced to its number of rows.
    pub(super) fn take_room(&mut self, rows: u64) -> Option<Room> {
        let mut room = self.room.take()?;
        room.shrink(rows);
        Some(room)
    }

    /// The server answered, and what it said about the quota.
    pub(super) fn answered<'a>(&self, quotas: impl Iterator<Item = Option<&'a PropertyQuota>>) {
        let mut state = self.admission.state();
        let property = state.property(self.job);
        property.errors_in_a_row = 0;
        quotas.for_each(|quota| property.reserve.add(quota));
    }

    /// The server has too many requests at a time from us: the property gets one less, down to the last.
    pub(super) fn slow_down(&self) {
        let mut state = self.admission.state();
        let property = state.property(self.job);
        property.most = (property.most - 1).max(1);
    }

    /// The server failed; whether it did so too often.
    pub(super) fn server_failed(&self) -> bool {
        let mut state = self.admission.state();
        let property = state.property(self.job);
        property.errors_in_a_row += 1;
        property.errors_in_a_row >= ERRORS_IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Jobs of these properties.
    fn admission(parallel: usize, properties: &[&str]) -> Arc<Admission> {
        let admission = Admission::new(parallel, None);
        for number in properties {
            admission.add_job(&PropertyNumber::parse(number).unwrap());
        }
        // As in the programs, which read the first job from the beginning.
        admission.read(0);
        admission
    }

    /// Enters if it is admitted already.
    fn entered(turn: &mut Turn) -> bool {
        let Some(Ok(Ok(Admitted { lane, room }))) = turn.queued.as_mut().map(oneshot::Receiver::try_recv) else {
            return turn.lane.is_some();
        };
        (turn.queued, turn.lane, turn.room) = (None, Some(lane), Some(room));
        true
    }

    fn all_entered(turns: &mut [Turn]) -> Vec<bool> {
        turns.iter_mut().map(entered).collect()
    }

    #[test]
    fn lanes_are_limited_over_all_and_at_one_property() {
        let admission = admission(6, &["1", "1", "1", "1", "1", "1", "2", "3", "4"]);
        let mut turns: Vec<_> = (0..9).map(|job| admission.queue(job, 1)).collect();
        assert_eq!(all_entered(&mut turns), [true, true, true, true, false, false, true, true, false]);
        turns[7].leave();
        assert_eq!(all_entered(&mut turns)[4..], [false, false, true, false, true]);
        turns.remove(0);
        assert_eq!(all_entered(&mut turns)[3..5], [true, false]);
    }

    #[test]
    fn a_property_that_has_too_many_requests_slows_down_and_the_others_do_not() {
        let admission = admission(9, &["1", "2"]);
        let mut turn = admission.queue(0, 1);
        assert!(entered(&mut turn));
        (0..9).for_each(|_| turn.slow_down());
        let mut turns: Vec<_> = [0, 1, 1].map(|job| admission.queue(job, 1)).into();
        assert_eq!(all_entered(&mut turns), [false, true, true]);
        turn.leave();
        assert_eq!(all_entered(&mut turns), [true, true, true]);
    }

    #[test]
    fn the_current_job_is_never_held_up_by_those_behind_it() {
        let properties: Vec<_> = (1..9).map(|number| number.to_string()).collect();
        let properties: Vec<_> = properties.iter().map(String::as_str).collect();
        let admission = admission(2, &properties);
        // Two full pages of later jobs have arrived, and there is no room for a third.
        let mut turns: Vec<_> = (1..4).map(|job| admission.queue(job, PAGE_ROWS)).collect();
        assert_eq!(all_entered(&mut turns), [true, true, false]);
        turns[..2].iter_mut().for_each(Turn::leave);
        assert!(!entered(&mut turns[2]));
        let mut pages: Vec<_> = (0..3).map(|_| admission.queue(0, PAGE_ROWS)).collect();
        assert_eq!(all_entered(&mut pages), [true, true, false]);
        pages[..2].iter_mut().for_each(Turn::leave);
        assert_eq!((entered(&mut pages[2]), entered(&mut turns[2])), (false, false));
        // The first page is passed on.
        drop(pages[0].take_room(PAGE_ROWS));
        assert!(entered(&mut pages[2]));
        pages.clear();
        // The job at place 1 is read: its page no longer counts among those ahead of their turn.
        admission.read(1);
        assert!(entered(&mut turns[2]));
    }

    #[test]
    fn pages_of_one_job_do_not_overtake_one_another() {
        let admission = admission(1, &["1"]);
        let mut first = admission.queue(0, PAGE_ROWS);
        assert!(entered(&mut first));
        let mut rest = [admission.queue(0, PAGE_ROWS), admission.queue(0, 1)];
        let room = first.take_room(PAGE_ROWS - SHORT_PAGE);
        first.leave();
        assert_eq!(all_entered(&mut rest), [false, false]);
        drop(room);
        assert_eq!(all_entered(&mut rest), [true, false]);
    }

    #[test]
    fn short_pages_leave_room_for_many_others() {
        let properties: Vec<_> = (1..999).map(|number| number.to_string()).collect();
        let properties: Vec<_> = properties.iter().map(String::as_str).collect();
        let admission = admission(4, &properties);
        let mut waiting = Vec::new();
        for job in 1.. {
            let mut turn = admission.queue(job, PAGE_ROWS);
            if !entered(&mut turn) {
                break;
            }
            waiting.extend(turn.take_room(100));
        }
        assert_eq!(waiting.len(), 3 * 64 + 1);
        // A page that arrived gets another try at once, for it has its room.
        assert!(entered(&mut admission.queue(998 - 1, 0)));
    }

    #[test]
    fn after_a_failure_only_earlier_jobs_go_on() {
        let admission = admission(1, &["1", "2", "3"]);
        let mut turns: Vec<_> = [1, 2, 0].map(|job| admission.queue(job, 1)).into();
        assert_eq!(all_entered(&mut turns), [true, false, false]);
        admission.end_after(1);
        turns.remove(0);
        assert_eq!(all_entered(&mut turns), [false, true]);
        turns.remove(1);
        assert_eq!(all_entered(&mut turns), [false]);
    }

    #[test]
    fn a_turn_that_nobody_waits_for_is_passed_on() {
        let admission = admission(1, &["1", "2", "3"]);
        let mut turns: Vec<_> = (0..3).map(|job| admission.queue(job, 1)).collect();
        drop(turns.remove(1));
        drop(turns.remove(0));
        assert_eq!(all_entered(&mut turns), [true]);
        let state = admission.state();
        assert_eq!((state.lanes, state.rows, state.waiting.len()), (0, [SHORT_PAGE, 0], 0));
    }

    #[test]
    fn a_reached_reserve_is_reported_once_nothing_is_in_flight() {
        let admission = Admission::new(4, Some(90));
        admission.add_job(&PropertyNumber::parse("1").unwrap());
        let answer = |turn: &Turn, remaining: u64| {
            let quota = serde_json::json!({"tokensPerHour": {"consumed": 5, "remaining": remaining}});
            let quota: PropertyQuota = serde_json::from_value(quota).unwrap();
            turn.answered([Some(&quota)].into_iter());
        };
        let mut first = admission.queue(0, 1);
        assert!(entered(&mut first));
        answer(&first, 95);
        let mut second = admission.queue(0, 1);
        // The first may take some more.
        assert!(!entered(&mut second));
        first.leave();
        assert!(entered(&mut second));
        answer(&second, 90);
        let mut third = admission.queue(0, 1);
        second.leave();
        assert!(matches!(third.queued.as_mut().map(oneshot::Receiver::try_recv), Some(Ok(Err(_)))));
    }

    /// A job of full pages and a short last one, as [`super::super::pages`] requests them.
    struct Pages {
        left: usize,
        /// The turns of pages that were requested, in order, and the room of those that have arrived.
        running: Vec<(Turn, Option<Room>)>,
        /// What the reader has not taken.
        passed_on: Vec<Room>,
    }

    impl Pages {
        fn has_ended(&self) -> bool {
            self.left == 0 && self.running.is_empty() && self.passed_on.is_empty()
        }

        fn queue(&mut self, admission: &Arc<Admission>, job: usize, most: usize) {
            while self.left > 0 && self.running.len() < most {
                self.left -= 1;
                let rows = if self.left == 0 { 100 } else { PAGE_ROWS };
                self.running.push((admission.queue(job, rows), None));
            }
        }

        /// A page arrives or is tried again, if one is in flight.
        fn go_on(&mut self, admission: &Arc<Admission>, job: usize, chance: u8) -> bool {
            let mut in_flight: Vec<_> =
                self.running.iter_mut().filter_map(|page| entered(&mut page.0).then_some(page)).collect();
            if in_flight.is_empty() {
                return false;
            }
            let place = usize::from(chance) % in_flight.len();
            let (turn, arrived) = &mut *in_flight[place];
            turn.leave();
            if chance > 200 {
                turn.queued = Some(admission.wait(job, 0));
                return true;
            }
            *arrived = turn.take_room(PAGE_ROWS);
            while self.running.first().is_some_and(|(_, room)| room.is_some()) {
                self.passed_on.extend(self.running.remove(0).1);
            }
            true
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn every_job_comes_to_its_end_within_its_room(
            parallel in 1_usize..10,
            readers in 1_usize..4,
            sizes in vec(1_usize..15, 1..12),
            chances in vec(any::<u8>(), 64),
        ) {
            let properties: Vec<_> = (0..sizes.len()).map(|job| (1 + job / 2).to_string()).collect();
            let admission = admission(parallel, &properties.iter().map(String::as_str).collect::<Vec<_>>());
            let pages = |left: &usize| Pages { left: *left, running: Vec::new(), passed_on: Vec::new() };
            let mut jobs: Vec<_> = sizes.iter().map(pages).collect();
            jobs.iter_mut().enumerate().for_each(|(number, job)| job.queue(&admission, number, 1));
            let mut read = 0;
            for chance in chances.iter().cycle() {
                let number = usize::from(*chance) % jobs.len();
                // From a place that chance decides, the first job that can go on does.
                let order = (number..jobs.len()).chain(0..number);
                let mut has_gone_on = false;
                for number in order {
                    has_gone_on = jobs[number].go_on(&admission, number, *chance);
                    if has_gone_on && jobs[number].running.iter().all(|(turn, _)| turn.queued.is_none()) {
                        jobs[number].queue(&admission, number, parallel);
                    }
                    if has_gone_on {
                        break;
                    }
                }
                for (number, job) in jobs.iter_mut().enumerate().skip(read).take(readers) {
                    admission.read(number);
                    has_gone_on |= !job.passed_on.is_empty();
                    job.passed_on.clear();
                    job.queue(&admission, number, if job.running.is_empty() { 1 } else { parallel });
                }
                let state = admission.state();
                // A job that is read with others before they have ended brings the rows that it has.
                prop_assert!(state.rows[0] <= state.room && state.rows[1] <= readers as u64 * state.room);
                drop(state);
                while jobs.get(read).is_some_and(Pages::has_ended) {
                    read += 1;
                    has_gone_on = true;
                }
                if read == jobs.len() {
                    break;
                }
                prop_assert!(has_gone_on, "nothing can go on: {:?} of {:?}", admission.state().rows, sizes);
            }
            let state = admission.state();
            prop_assert_eq!((state.lanes, state.rows), (parallel, [0, 0]));
        }
    }
}
