//! Numbers for people: thousands are grouped the same way in tables, notes and progress.

/// A whole number, `1,234,567`.
pub fn counted(number: impl std::fmt::Display) -> String {
    grouped(&number.to_string())
}

/// `1234567.5` as `1,234,567.5`; what is not a plain number stays as it is.
pub fn grouped(text: &str) -> String {
    let (sign, number) = match text.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", text),
    };
    let (whole, fraction) = match number.find('.') {
        Some(point) => number.split_at(point),
        None => (number, ""),
    };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(fraction.trim_start_matches('.')) {
        return text.to_owned();
    }
    let mut grouped = sign.to_owned();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped_in_plain_numbers_only() {
        assert_eq!(grouped("-1234567.50"), "-1,234,567.50");
        assert_eq!(counted(u64::MAX), "18,446,744,073,709,551,615");
        for same in ["", "-", "999", "0.12345", "NaN", "1e10", "12.3.4", "."] {
            assert_eq!(grouped(same), same);
        }
    }
}
