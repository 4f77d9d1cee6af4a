//! Numbers in decimal digits: spreadsheets round what they show by the decimal digits and not by the binary ones.

/// The digits that a spreadsheet keeps of a number.
const EXACT: i32 = 15;

/// A number of at most fifteen significant digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; none for zero.
    digits: Vec<u8>,
    /// The place of the point: so many of the digits are before it.
    point: i32,
}

impl Decimal {
    /// Returns the number that a text is, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let number: f64 = text.trim().parse().ok()?;
        if !number.is_finite() {
            return None;
        }
        let spelled = format!("{:.14e}", number.abs());
        let (mantissa, exponent) = spelled.split_once('e')?;
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let exponent: i32 = exponent.parse().ok()?;
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Some(Self { is_negative: number.is_sign_negative() && !digits.is_empty(), digits, point })
    }

    pub fn is_negative(&self) -> bool {
        self.is_negative
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    pub fn has_more_than_15_digits(&self) -> bool {
        self.point > EXACT
    }

    /// Returns it times a power of ten.
    pub fn scaled(&self, power: i32) -> Self {
        Self { point: if self.is_zero() { 0 } else { self.point + power }, ..self.clone() }
    }

    /// Returns the digits before the point, none for zero, and so many after it; half is rounded up.
    pub fn rounded(&self, places: usize) -> (String, String) {
        let place = |at: i32| usize::try_from(at).ok().and_then(|at| self.digits.get(at)).copied().unwrap_or(b'0');
        let first = self.point.min(0);
        let last = self.point.saturating_add(i32::try_from(places).unwrap_or(i32::MAX));
        // One digit more in front, for what is carried.
        let mut kept = vec![b'0'];
        kept.extend((first..last).map(place));
        if place(last) >= b'5' {
            for digit in kept.iter_mut().rev() {
                if *digit == b'9' {
                    *digit = b'0';
                } else {
                    *digit += 1;
                    break;
                }
            }
        }
        let kept: String = kept.into_iter().map(char::from).collect();
        let (whole, fraction) = kept.split_at_checked(kept.len().saturating_sub(places)).unwrap_or_default();
        (whole.trim_start_matches('0').to_owned(), fraction.to_owned())
    }

    /// Returns it in full and without its sign: no exponent, no zeros at its end.
    pub fn plain(&self) -> String {
        let places = i32::try_from(self.digits.len()).unwrap_or(EXACT) - self.point;
        let (whole, fraction) = self.rounded(usize::try_from(places).unwrap_or_default());
        let whole = if whole.is_empty() { "0" } else { &whole };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{whole}{point}{fraction}")
    }
}
