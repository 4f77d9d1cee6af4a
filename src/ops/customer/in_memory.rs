//! The customer of a number, where he is in memory: nothing waits for it.

use std::sync::Arc;

use super::find::{PhoneMatch, numbers};
use crate::ops::Cx;
use crate::ops::access::rights::ShownView;
use crate::store::records::Record;

/// The one customer of a number.
pub struct InMemory(Arc<Record>);

/// Returns whom [`find`](super::find::find) would find by a number that was typed, if he is in memory. Nothing is said of
/// what is not there.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "who sees numbers masked is shown nothing of it: there is nothing to count"
)]
pub fn by_phone(cx: &Cx<'_>, typed: &str) -> Option<InMemory> {
    let [phone] = &numbers(cx, typed).ok()?[..] else { return None };
    cx.scope.record_of_phone(&phone.key()).map(InMemory)
}

impl InMemory {
    /// Returns him and how the number that was typed matches, unless something of him is hidden from the caller.
    #[must_use]
    pub fn shown(&self, cx: &Cx<'_>, typed: &str) -> Option<(ShownView<'_>, PhoneMatch)> {
        let customer = cx.show_view(self.0.view().ok()?)?;
        let matched = PhoneMatch::of_number(typed, customer.phones).ok()?;
        Some((customer, matched))
    }
}
