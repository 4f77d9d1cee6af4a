//! Where a company dials from, which decides how its people write numbers.

use std::sync::LazyLock;

use super::china;
use super::country::Country;

/// A country and, where the company says so, the area whose numbers are dialled without an area code.
#[derive(Debug, Clone)]
pub struct Home {
    pub country: &'static Country,
    /// Without the 0 in front.
    area_code: Option<String>,
}

/// The mainland of China, the default of every company.
pub static CHINA: LazyLock<Home> =
    LazyLock::new(|| Home::new("CN", None).unwrap_or_else(|| unreachable!("CN is a country")));

impl Home {
    /// Returns the home of these; `None` for an unknown country, and for an area code that is none. Only the mainland
    /// has area codes that are left out.
    #[must_use]
    pub fn new(iso: &str, area_code: Option<&str>) -> Option<Self> {
        let country = Country::by_iso(iso)?;
        let area_code = match area_code.map(str::trim).filter(|code| !code.is_empty()) {
            Some(code) if country.is_mainland() => Some(china::area_code(code)?.to_owned()),
            Some(_) => return None,
            None => None,
        };
        Some(Self { country, area_code })
    }

    /// The area code without its 0.
    #[must_use]
    pub fn area_code(&self) -> Option<&str> {
        self.area_code.as_deref()
    }
}
