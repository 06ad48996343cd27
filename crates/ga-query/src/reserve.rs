//! Tokens of a property's quota that must stay there: `--reserve`.
//! <https://developers.google.com/analytics/devguides/reporting/data/v1/quotas>

use ga_core::response::PropertyQuota;
use gauth_cli::{Failure, Kind};

/// What is left of the tokens, and how many of them are to stay.
#[derive(Debug)]
pub(crate) struct Reserve {
    kept: Option<u64>,
    /// The lowest rest that an answer has told of.
    left: Option<u64>,
    /// The most that one page has cost.
    cost: u64,
}

impl Reserve {
    /// `None` lets everything pass.
    pub(crate) fn new(kept: Option<u64>) -> Self {
        Self { kept, left: None, cost: 0 }
    }

    /// Takes the quota of one answer.
    pub(crate) fn add(&mut self, quota: Option<&PropertyQuota>) {
        let Some(quota) = quota else {
            return;
        };
        let left = quota.tokens_left();
        self.left = self.left.into_iter().chain(left).min();
        self.cost = self.cost.max(quota.tokens_consumed());
    }

    /// Whether another page may be asked for, while so many are on their way.
    pub(crate) fn allows_another(&self, on_their_way: usize) -> bool {
        match (self.kept, self.left) {
            (Some(kept), Some(left)) => {
                let coming = self.cost.saturating_mul(on_their_way as u64 + 1);
                left.saturating_sub(coming) >= kept
            }
            _ => true,
        }
    }

    /// Why no other page was asked for.
    pub(crate) fn failure(&self) -> Failure {
        let (kept, left) = (self.kept.unwrap_or(0), self.left.unwrap_or(0));
        Failure::new(
            Kind::Temporary,
            format!(
                "the quota has {left} tokens left, of which --reserve keeps {kept}, and a page takes {}",
                self.cost
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
    fn pages_that_are_on_their_way_count() {
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
