//! The last few tables, so that the pages of one report are cut from one table, also when they are asked for side by
//! side: the first to come makes it, the others wait.

use super::aggregate::Table;
use super::properties::Property;
use super::quota::Category;
use serde_json::Value;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Tables kept; a large one takes some 60 bytes for each row.
const KEPT: usize = 4;

#[derive(Default)]
pub(super) struct Tables {
    /// The most recent last.
    kept: Mutex<Vec<(String, Slot)>>,
}

/// A table that is there or being made.
type Slot = Arc<OnceLock<Arc<Table>>>;

impl Tables {
    /// The table of `key`; `make` makes it if it is not kept.
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

/// What tells tables apart: property, method and request, but not which page of it.
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
