use super::*;

#[test]
fn wrong_names_are_refused_in_the_services_words() {
    for (name, kind, start) in [
        ("pagepath", Kind::Dimension, "Did you mean pagePath? Field pagepath is not a valid dimension. For a list"),
        (
            "screenpageviews",
            Kind::Metric,
            "Did you mean screenPageViews? Field screenpageviews is not a valid metric.  For a list",
        ),
        ("qqqqqqqq", Kind::Metric, "Field qqqqqqqq is not a valid metric.  For a list"),
        ("userId", Kind::Dimension, "Field userId is not a valid dimension."),
    ] {
        let refusal = find(name, kind, Surface::Core).err().unwrap_or_default();
        let hint = refusal.find("Field").unwrap_or(0);
        let from = if start.starts_with("Field") { hint } else { 0 };
        assert!(refusal[from..].starts_with(start), "{refusal}");
    }
    assert!(find("sessions", Kind::Dimension, Surface::Core).is_err());
    assert!(find("customEvent:unknown", Kind::Dimension, Surface::Core).is_err());
}

#[test]
fn names_and_registered_families_are_found() {
    for (name, kind) in [
        ("pagePath", Kind::Dimension),
        ("customUser:membership", Kind::Dimension),
        ("keyEvents:purchase", Kind::Metric),
        ("sessions", Kind::Metric),
    ] {
        assert!(find(name, kind, Surface::Core).is_ok(), "{name}");
    }
    assert!(find("minutesAgo", Kind::Dimension, Surface::Realtime).is_ok());
    assert!(find("pagePath", Kind::Dimension, Surface::Realtime).is_err());
}

#[test]
fn items_do_not_go_with_sessions() {
    let dimension = |name| find(name, Kind::Dimension, Surface::Core).expect("exists");
    let metric = |name| find(name, Kind::Metric, Surface::Core).expect("exists");
    assert!(dimension("itemName").clashes_with(metric("sessions")));
    assert!(!dimension("itemName").clashes_with(metric("itemRevenue")));
    assert!(dimension("pagePath").clashes_with(metric("advertiserAdCost")));
    assert!(!dimension("date").clashes_with(metric("advertiserAdCost")));
}
