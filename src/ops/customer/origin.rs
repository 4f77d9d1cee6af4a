//! Who changes a customer, and when.

use crate::ops::Cx;

/// Who changes something, and when.
pub struct Origin {
    pub login_no: String,
    pub name: String,
    pub at: i64,
}

impl Origin {
    /// The caller, now: called once the change has its turn, so that later changes have later times.
    #[must_use]
    pub fn of(cx: &Cx<'_>) -> Self {
        Self {
            login_no: cx.caller.login_no().to_owned(),
            name: cx.caller.name().to_owned(),
            at: cx.backend.clock.now(),
        }
    }
}
