//! Tokens of a property's quota that must be left: `--reserve`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>

use ga_core::response::PropertyQuota;
use gauth_cli::{Failure, Kind};
use gauth_text::counted;

/// How many tokens are left, and how many of them must stay.
#[derive(Debug)]
pub(super) struct Reserve {
    kept: Option<u64>,
    /// The lowest remainder that an answer has reported.
    left: Option<u64>,
    /// The most that a page has cost.
    cost: u64,
}

impl Reserve {
    /// `None` allows everything.
    pub(super) fn new(kept: Option<u64>) -> Self {
        Self { kept, left: None, cost: 0 }
    }

    /// Adds the quota of one answer.
    pub(super) fn add(&mut self, quota: Option<&PropertyQuota>) {
        let Some(quota) = quota else {
            return;
        };
        let left = quota.tokens_left();
        self.left = self.left.into_iter().chain(left).min();
        self.cost = self.cost.max(quota.tokens_consumed());
    }

    /// Whether another page may be requested while this many are under way.
    pub(super) fn allows_another(&self, under_way: usize) -> bool {
        match (self.kept, self.left) {
            (Some(kept), Some(left)) => {
                let coming = self.cost.saturating_mul(under_way as u64 + 1);
                left.saturating_sub(coming) >= kept
            }
            _ => true,
        }
    }

    /// Why no further page was requested.
    pub(super) fn failure(&self) -> Failure {
        let (kept, left) = (self.kept.unwrap_or(0), self.left.unwrap_or(0));
        Failure::new(
            Kind::Temporary,
            format!(
                "the quota has {} tokens left, of which --reserve keeps {}, and a page takes {}",
                counted(left),
                counted(kept),
                counted(self.cost)
            ),
        )
        .hint("run it again in an hour, or after midnight Pacific time; --quota shows what is left")
    }
}

#[cfg(test)]
mod tests {
    use ga_core::response::QuotaStatus;

    use super::*;

    #[test]
    fn pages_under_way_count() {
        let mut reserve = Reserve::new(Some(100));
        assert!(reserve.allows_another(3));
        let quota = PropertyQuota {
            tokens_per_day: Some(QuotaStatus { consumed: 10, remaining: 5000 }),
            tokens_per_hour: Some(QuotaStatus { consumed: 10, remaining: 130 }),
            ..PropertyQuota::default()
        };
        reserve.add(Some(&quota));
        reserve.add(None);
        assert!(reserve.allows_another(2));
        assert!(!reserve.allows_another(3));
        assert!(Reserve::new(None).allows_another(9));
    }
}
