use super::*;
use crate::analytics::catalogue::{self, Kind, Surface};

#[test]
fn every_known_column_is_in_the_catalogue() {
    let known = |name, surface| catalogue::find(name, Kind::Dimension, surface).is_ok();
    for (name, _) in [TIME, PLACE, PAGE, DEVICE, OTHER].into_iter().flatten() {
        let in_some = known(name, Surface::Core) || known(name, Surface::Realtime);
        // Only pivots may name the column of date ranges.
        assert!(in_some || *name == "dateRange", "{name}");
    }
}

#[test]
fn traffic_dimensions_come_in_three_scopes() {
    for name in ["medium", "sessionMedium", "firstUserMedium"] {
        assert_eq!((column(name).text)(0), "organic");
    }
    assert_eq!((column("cm360Medium").text)(0), NOT_SET);
}
