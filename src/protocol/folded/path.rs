//! Where in a request something is wrong.

use std::cell::Cell;

/// The way from the whole to a value that cannot be read, put together on the way back from it: a request without
/// fault has none.
#[derive(Default)]
pub struct Path(Cell<String>);

impl Path {
    /// Says that the fault is inside the member of this name.
    #[cold]
    pub fn enter_member(&self, name: &str) {
        self.enter(name);
    }

    /// Says that the fault is inside the element at this place, from 0.
    #[cold]
    pub fn enter_element(&self, place: usize) {
        self.enter(&format!("[{place}]"));
    }

    fn enter(&self, step: &str) {
        let inner = self.0.take();
        let dot = if inner.is_empty() || inner.starts_with('[') { "" } else { "." };
        self.0.set(format!("{step}{dot}{inner}"));
    }

    /// Returns it as `phones[0].phoneNumber`.
    pub fn into_text(self) -> String {
        self.0.into_inner()
    }
}
