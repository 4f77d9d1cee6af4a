//! The events of a company, as those read them who follow what happens.
//!
//! The table is the truth: an event is read from it, never handed on by who wrote it. A [`History`] keeps the last events
//! of a company in memory and reads earlier ones page by page, each page once for all who want it. It looks for new ones
//! when a transaction of this process was committed, when another process says so ([`hints`]), and once a second anyway.

mod hints;
mod history;

use super::rows::{EventRow, SpanRow, TextRow};

pub use hints::Hints;
pub use history::{Histories, History, Lost, Page, on_page};

queries! {
    /// Which database this is.
    global fn epoch() -> Option<TextRow> {
        "select id as value from epoch"
    }
    write fn store_event(id: i64, at: i64, kind: &str, customer_id: i64, author_no: &str, body: &str) -> u64 {
        "insert into event (company_id, id, at, kind, customer_id, author_no, body) values ($1, $2, $3, $4, $5, $6, $7)"
    }
    /// The next events after this one.
    read fn events_after(id: i64, limit: i64) -> Vec<EventRow> {
        "select id, at, kind, customer_id, author_no, body from event where company_id = $1 and id > $2 order by id limit $3 + 0"
    }
    read fn event_span() -> Option<SpanRow> {
        "select last_event as last,
           coalesce((select e.id from event e where e.company_id = $1 order by e.id limit 1), last_event + 1) as oldest
         from counter where company_id = $1"
    }
    /// Removes all events up to this one.
    write fn forget_events(through: i64) -> u64 {
        "delete from event where company_id = $1 and id <= $2"
    }
}
