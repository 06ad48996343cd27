//! The marks of an axis of time: round moments, as many as there is room for without one touching another.

use unicode_width::UnicodeWidthStr;

use super::Figure;

/// One mark.
pub(in crate::format) struct Tick {
    pub(in crate::format) text: String,
    /// Where it stands, from 0 on the left to 1 on the right.
    pub(in crate::format) share: f64,
    /// Where its text begins, in columns.
    pub(in crate::format) column: usize,
}

impl Figure {
    /// The marks below a drawing of this width in columns.
    pub(in crate::format) fn ticks(&self, width: usize) -> Vec<Tick> {
        let last = self.steps.saturating_sub(1);
        let regular = self.choices().iter().map(|every| self.every(*every)).find_map(|steps| self.placed(steps, width));
        let few = [vec![0, last / 2, last], vec![0, last], vec![0]];
        let few = few.into_iter().find_map(|mut steps| {
            steps.dedup();
            self.placed(steps, width)
        });
        // Two marks say where a line begins and ends; one does not.
        regular.filter(|ticks| ticks.len() > 1).or(few).unwrap_or_default()
    }

    /// Round numbers of steps.
    fn choices(&self) -> &'static [i64] {
        if self.is_sparse {
            return &[];
        }
        match self.unit.1 {
            "minute" => &[1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440],
            "hour" => &[1, 2, 3, 6, 12, 24, 48, 168, 336],
            "day" => &[1, 2, 7, 14, MONTH, 3 * MONTH, 6 * MONTH, 12 * MONTH],
            "week" => &[1, 2, 4, 13, 26, 52],
            "month" => &[1, 2, 3, 6, 12, 24, 60],
            _ => &[1, 2, 5, 10, 20, 50],
        }
    }

    /// Every so many steps: of days and weeks from the first one, of others where clock and calendar are round.
    fn every(&self, every: i64) -> Vec<usize> {
        let is_overlaid = self.range.is_some();
        let is_round = |step: i64| match self.unit {
            ("date", _) if every >= MONTH && !is_overlaid => self.begins_months(step, every / MONTH),
            (_, "day" | "week") => step % every == 0,
            _ if is_overlaid => step % every == 0,
            _ => (self.first + step) % every == 0,
        };
        (0..self.steps).filter(|step| is_round(*step as i64)).collect()
    }

    /// Whether a day is the first of every so many months.
    fn begins_months(&self, step: i64, months: i64) -> bool {
        let moment = self.moments.get(&(self.first + step));
        let month = moment.and_then(|day| day.strip_suffix("-01")?.get(5..7)?.parse::<i64>().ok());
        month.is_some_and(|month| (month - 1) % months == 0)
    }

    /// The marks at these steps; `None` if they do not fit beside each other.
    fn placed(&self, steps: Vec<usize>, width: usize) -> Option<Vec<Tick>> {
        let last = self.steps.saturating_sub(1).max(1) as f64;
        let mut ticks: Vec<Tick> = Vec::new();
        for step in steps {
            let text = self.step_label(step);
            let share = step as f64 / last;
            let room = width.saturating_sub(text.width());
            let middle = share * width.saturating_sub(1) as f64;
            let column = ((middle - (text.width() / 2) as f64).round().max(0.0) as usize).min(room);
            let is_free = ticks.last().is_none_or(|before| column >= before.column + before.text.width() + 2);
            if !is_free || text.width() > width {
                return None;
            }
            ticks.push(Tick { text, share, column });
        }
        Some(ticks)
    }

    /// The moment of a step, or `day 3` if several ranges lie over each other.
    fn step_label(&self, step: usize) -> String {
        if self.range.is_some() {
            return format!("{} {}", self.unit.1, step + 1);
        }
        let moment = self.moments.get(&(self.first + step as i64)).filter(|_| !self.is_sparse);
        moment.cloned().unwrap_or_else(|| {
            let points = self.series().flat_map(|series| &series.points);
            let nearest = points.min_by_key(|point| point.step.abs_diff(step as i64));
            nearest.map_or_else(String::new, |point| self.moment(point).to_owned())
        })
    }
}

const MONTH: i64 = 1000;
