//! Decimal arithmetic on the text of numbers, so that no digit is lost.
//!
//! v3 sent every number as text, PERCENT from 0 to 100 and with a decimal point. Sums, differences and
//! shifts of the point are exact; a quotient is the nearest double, as v3's own were.

use std::fmt;

/// Digits that are kept on both sides of the point together: more than a double has.
const DIGITS: u32 = 34;

/// `units` × 10^-`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    units: i128,
    scale: u32,
}

impl Decimal {
    pub(super) const ZERO: Self = Self { units: 0, scale: 0 };

    /// Reads `-12.5`, `1e3`, `4.5E-5`; `None` if it is not a number or has too many digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if digits.len() + fraction.len() == 0 || !is_number(digits) || !is_number(fraction) {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let units = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?;
        Self { units, scale: 0 }.shifted(exponent.checked_sub(scale)?)
    }

    /// Times 10^`power`.
    pub(super) fn shifted(self, power: i32) -> Option<Self> {
        let scale = i32::try_from(self.scale).ok()?.checked_sub(power)?;
        if scale >= 0 {
            let scale = u32::try_from(scale).ok().filter(|scale| *scale <= DIGITS)?;
            return Some(Self { scale, ..self });
        }
        let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
        Some(Self { units: self.units.checked_mul(factor)?, scale: 0 })
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let units = |decimal: Self| {
            let factor = 10_i128.checked_pow(scale - decimal.scale)?;
            decimal.units.checked_mul(factor)
        };
        Some(Self { units: units(self)?.checked_add(units(other)?)?, scale })
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { units: other.units.checked_neg()?, ..other })
    }
}

impl fmt::Display for Decimal {
    /// Plain digits, no exponent, no zeros at the end of a fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        let digits = format!("{:0width$}", self.units.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}"),
            fraction => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

/// `text` × 10^`power`; text that is not a number stays unchanged.
pub(super) fn shift(text: &str, power: i32) -> String {
    if let Some(shifted) = Decimal::parse(text).and_then(|decimal| decimal.shifted(power)) {
        return shifted.to_string();
    }
    match text.parse::<f64>() {
        Ok(double) => (double * 10_f64.powi(power)).to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `a` ÷ `b` × 10^`power`; 0 when there is nothing to divide by, as in v3.
pub(super) fn quotient(a: &str, b: &str, power: i32) -> String {
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    let (a, b) = (number(&shift(a, power)), number(b));
    let quotient = if b == 0.0 { 0.0 } else { a / b };
    quotient.to_string()
}

/// `a` − `b`.
pub(super) fn difference(a: &str, b: &str) -> String {
    let exact = || Decimal::parse(a)?.minus(Decimal::parse(b)?);
    match exact() {
        Some(difference) => difference.to_string(),
        None => {
            let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
            (number(a) - number(b)).to_string()
        }
    }
}

/// With a decimal point, as v3 wrote everything but INTEGER.
pub(super) fn with_point(number: String) -> String {
    if number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') { number + ".0" } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_they_were_read() {
        for (text, printed) in [
            ("0", "0"),
            ("-12.50", "-12.5"),
            ("0.05", "0.05"),
            ("-0.05", "-0.05"),
            (".5", "0.5"),
            ("1e3", "1000"),
            ("4.5871559633027525E-4", "0.00045871559633027525"),
            ("12345678901234567890.12345678", "12345678901234567890.12345678"),
        ] {
            let decimal = Decimal::parse(text).expect(text);
            assert_eq!(decimal.to_string(), printed, "{text}");
        }
        for text in ["", "-", ".", "(other)", "1.2.3", "1e", "0x1", "1 2", "1e-400"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn percent_is_a_shift_of_the_point() {
        for (text, power, expected) in [
            ("0.4567890123456789", 2, "45.67890123456789"),
            ("0.1", 2, "10"),
            ("1", 2, "100"),
            ("50", -2, "0.5"),
            ("0.5", -2, "0.005"),
            ("1e-400", 2, "0"),
            ("(not set)", 2, "(not set)"),
        ] {
            assert_eq!(shift(text, power), expected, "{text}");
        }
    }

    #[test]
    fn sums_and_differences_are_exact() {
        let sum = ["0.1", "0.2", "1000000000000000000"]
            .iter()
            .try_fold(Decimal::ZERO, |sum, text| sum.plus(Decimal::parse(text)?));
        assert_eq!(sum.unwrap().to_string(), "1000000000000000000.3");
        assert_eq!(difference("10", "3"), "7");
        assert_eq!(difference("0.3", "0.1"), "0.2");
    }

    #[test]
    fn a_quotient_is_a_double_and_never_infinite() {
        assert_eq!(quotient("1", "4", 2), "25");
        assert_eq!(quotient("1", "3", 0), "0.3333333333333333");
        assert_eq!(quotient("1", "0", 2), "0");
        assert_eq!(with_point("25".into()), "25.0");
        assert_eq!(with_point("2.5".into()), "2.5");
        assert_eq!(with_point("(not set)".into()), "(not set)");
    }
}
