//! A cache of the last few tables, so that all pages of a report come from one table, even if they are requested in
//! parallel: the first request computes it, the others wait.

use super::aggregate::Table;
use super::properties::Property;
use super::quota::Category;
use serde_json::Value;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The number of tables kept; a large one takes some 60 bytes per row.
const KEPT: usize = 4;

#[derive(Default)]
pub(super) struct Tables {
    /// The most recent last.
    kept: Mutex<Vec<(String, Slot)>>,
}

/// A table that exists or is being computed.
type Slot = Arc<OnceLock<Arc<Table>>>;

impl Tables {
    /// The table of `key`; `make` computes it if it is not cached.
    pub(super) fn get(&self, key: String, make: impl FnOnce() -> Table) -> Arc<Table> {
        let slot = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = match kept.iter().position(|(known, _)| *known == key) {
                Some(place) => kept.remove(place).1,
                None => Slot::default(),
            };
            if kept.len() == KEPT {
                kept.remove(0);
            }
            kept.push((key, Arc::clone(&slot)));
            slot
        };
        Arc::clone(slot.get_or_init(|| Arc::new(make())))
    }
}

/// The key of a table: property, method and request, without the page.
pub(super) fn key(property: &Property, category: Category, mut request: Value, each_page_its_own: bool) -> String {
    if let Some(members) = request.as_object_mut() {
        members.remove("limit");
        members.remove("returnPropertyQuota");
        if !each_page_its_own {
            members.remove("offset");
        }
    }
    format!("{} {category:?} {request}", property.id)
}
