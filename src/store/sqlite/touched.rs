//! What a group of transactions touches of what look-ups answer with. Triggers tell it: no statement can forget to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use crate::store::records::{Marks, Place, Subject};
use crate::store::sqlite_error::fault;

/// The tables, and what of their rows is touched.
const TABLES: [(&str, &str); 3] = [("customer", "id"), ("phone", "key"), ("contact_phone", "key")];

/// What was touched since the last commit.
pub struct Touched {
    since: Arc<Mutex<Since>>,
    marks: Arc<Marks>,
}

#[derive(Default)]
struct Since {
    places: Vec<Place>,
    /// Companies, each with a customer whose row was touched.
    customers: Vec<(i64, i64)>,
    /// The last event of each company that has new ones.
    events: HashMap<i64, i64>,
}

/// What a commit has touched that is answered from memory.
pub struct Published {
    /// Companies, each with a customer whose row was touched.
    pub customers: Vec<(i64, i64)>,
    /// The last event of each company that has new ones.
    pub events: HashMap<i64, i64>,
}

impl Touched {
    pub fn new(marks: Arc<Marks>) -> Self {
        Self { since: Arc::default(), marks }
    }

    /// Has everything told that is written on this connection. The tables must be there.
    pub fn watch(&self, conn: &Connection) -> sqlx::Result<()> {
        let (since, marks) = (self.since.clone(), self.marks.clone());
        let touched = move |row: &Context<'_>| {
            let company = row.get(0)?;
            let mut since = since.lock().unwrap_or_else(PoisonError::into_inner);
            let subject = match row.get_raw(1) {
                ValueRef::Integer(id) => {
                    since.customers.push((company, id));
                    Subject::Customer(id)
                }
                ValueRef::Text(key) => Subject::Number(std::str::from_utf8(key).unwrap_or_default()),
                _ => return Ok(0),
            };
            since.places.push(marks.place(company, subject));
            Ok(0)
        };
        conn.create_scalar_function("touched", 2, FunctionFlags::SQLITE_UTF8, touched).map_err(fault)?;
        let since = self.since.clone();
        let told = move |row: &Context<'_>| {
            let mut since = since.lock().unwrap_or_else(PoisonError::into_inner);
            since.events.insert(row.get(0)?, row.get(1)?);
            Ok(0)
        };
        conn.create_scalar_function("told", 2, FunctionFlags::SQLITE_UTF8, told).map_err(fault)?;
        let trigger =
            "create temp trigger told after insert on main.event begin select told(new.company_id, new.id); end";
        conn.execute_batch(trigger).map_err(fault)?;
        for (table, column) in TABLES {
            for (event, row) in [("insert", "new"), ("update", "old"), ("update", "new"), ("delete", "old")] {
                let trigger = format!(
                    "create temp trigger touched_{table}_{event}_{row} after {event} on main.{table} \
                     begin select touched({row}.company_id, {row}.{column}); end"
                );
                conn.execute_batch(&trigger).map_err(fault)?;
            }
        }
        Ok(())
    }

    /// Says that all of it can be read; returns what else is to be taken over.
    pub fn publish(&self) -> Published {
        let Since { places, customers, events } =
            std::mem::take(&mut *self.since.lock().unwrap_or_else(PoisonError::into_inner));
        if !places.is_empty() {
            self.marks.touch(places);
        }
        Published { customers, events }
    }
}
