use super::*;

#[test]
fn texts_rank_by_each_order_type() {
    let texts = ["b", "A", "a", "10", "9", "(not set)"].map(str::to_owned);
    for (by, ranks_expected) in [
        (OrderType::Alphanumeric, [5, 3, 4, 1, 2, 0]),
        (OrderType::CaseInsensitive, [4, 3, 3, 1, 2, 0]),
        (OrderType::Numeric, [0, 0, 0, 2, 1, 0]),
    ] {
        assert_eq!(ranks(&texts, by), ranks_expected);
    }
}

#[test]
fn sortable_numbers_keep_the_order() {
    let numbers = [-2.5, -0.0, 0.5, 1e9];
    for pair in numbers.windows(2) {
        assert!(sortable(pair[0], false) < sortable(pair[1], false));
        assert!(sortable(pair[0], true) > sortable(pair[1], true));
    }
}
