//! What customers are found by, made anew when a newer program has other rules for numbers, names or words.
//!
//! Each company remembers by which rules its keys and terms were made. Where those are not today's, a walk over all its
//! customers makes them anew, in batches of which each is one transaction; where it was interrupted, it goes on. The
//! server answers meanwhile, and says in `/readyz` that it is not done yet.

pub mod customers;
mod names;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::Mutex;

use crate::domain::folding;
use crate::domain::phone::{self, Home};
use crate::domain::pinyin;
use crate::error::Error;
use crate::ops::systems::plm::edit;
use crate::store::rows::CompanyRow;
use crate::store::{Scope, Store, Tx};

/// Customers in one transaction: others who write wait no longer than for these.
const BATCH: i64 = 100;
/// Terms that one transaction removes.
const TERMS: i64 = 2000;

/// How far the walk is; shared by whoever shows it.
#[derive(Default)]
pub struct Progress {
    /// One walk at a time.
    turn: Mutex<()>,
    done: AtomicI64,
    total: AtomicI64,
}

impl Progress {
    /// Returns how many customers are done, and of how many; `None` when nothing is to be done.
    #[must_use]
    pub fn current(&self) -> Option<(i64, i64)> {
        let total = self.total.load(Ordering::Relaxed);
        (total > 0).then(|| (self.done.load(Ordering::Relaxed).min(total), total))
    }
}

/// The rules of today for a company that dials from here.
fn rules(home: &Home) -> String {
    let area_code = home.area_code().unwrap_or_default();
    format!("phones={}+{area_code} sorts={} terms={}", phone::RULES, pinyin::VERSION, folding::VERSION)
}

fn home_of(company: &CompanyRow) -> Home {
    Home::new(&company.country, company.area_code.as_deref()).unwrap_or_else(|| phone::CHINA.clone())
}

/// Says that all keys and terms of this company are made by today's rules.
pub async fn mark(tx: &mut Tx) -> Result<(), Error> {
    if let Some(company) = tx.company_row().await? {
        tx.set_rules(&rules(&home_of(&company))).await?;
    }
    Ok(())
}

/// Makes anew what other rules have made, in all companies. Returns how many customers were looked at.
pub async fn all(store: &Store, progress: &Progress) -> Result<i64, Error> {
    let _turn = progress.turn.lock().await;
    let mut stale = Vec::new();
    for company in store.companies().await? {
        if company.rules != rules(&home_of(&company)) {
            let customers = store.company(company.id).customer_count().await?.map_or(0, |row| row.value);
            stale.push((company, customers));
        }
    }
    let total = stale.iter().map(|(_, customers)| customers).sum();
    progress.done.store(0, Ordering::Relaxed);
    progress.total.store(total, Ordering::Relaxed);
    let mut done = Ok(0);
    for (row, _) in stale {
        done = company(store, row, progress).await.and(done);
    }
    progress.total.store(0, Ordering::Relaxed);
    done.map(|_: i64| total)
}

/// Where a walk is, as the company remembers it: `walk AFTER RULES`.
struct Walk {
    /// The last customer that is done; below zero while old terms are removed.
    after: i64,
}

impl Walk {
    fn of(text: &str, rules: &str) -> Option<Self> {
        let (after, of) = text.strip_prefix("walk ")?.split_once(' ')?;
        Some(Self { after: after.parse().ok().filter(|_| of == rules)? })
    }

    fn text(&self, rules: &str) -> String {
        format!("walk {} {rules}", self.after)
    }
}

const CLEARING: i64 = -1;

async fn company(store: &Store, row: CompanyRow, progress: &Progress) -> Result<i64, Error> {
    let home = home_of(&row);
    let rules = rules(&home);
    let scope = store.company(row.id);
    let has_terms = row.rules.ends_with(&format!("terms={}", folding::VERSION));
    let begin = Walk { after: if has_terms { 0 } else { CLEARING } };
    let mut walk = Walk::of(&row.rules, &rules).unwrap_or(begin);
    while walk.after < 0 {
        let mut tx = scope.write().await?;
        tx.delete_pending_terms().await?;
        if tx.delete_some_terms(TERMS).await? == 0 {
            walk.after = 0;
        }
        tx.set_rules(&walk.text(&rules)).await?;
        tx.commit().await?;
    }
    while batch(&scope, &home, &rules, &mut walk, progress).await? {}
    let mut label = 0;
    while let Some(last) = labels(&scope, label).await? {
        label = last;
    }
    let mut tx = scope.write().await?;
    names::lists(&mut tx).await?;
    tx.set_rules(&rules).await?;
    tx.commit().await?;
    Ok(0)
}

/// Makes the keys of the next labels anew, and returns the last of them.
async fn labels(scope: &Scope, after: i64) -> Result<Option<i64>, Error> {
    let mut tx = scope.write().await?;
    let last = names::labels(&mut tx, after, BATCH).await?;
    tx.commit().await?;
    Ok(last)
}

/// Makes the keys and terms of the next customers anew; whether there may be more.
async fn batch(scope: &Scope, home: &Home, rules: &str, walk: &mut Walk, progress: &Progress) -> Result<bool, Error> {
    let mut tx = scope.write().await?;
    customers::wait_for_turn(&mut tx).await?;
    let customers = tx.customers_after(walk.after, BATCH).await?;
    let Some(last) = customers.last().map(|customer| customer.id) else { return Ok(false) };
    let ids: Vec<i64> = customers.iter().map(|customer| customer.id).collect();
    let ids = serde_json::to_string(&ids).map_err(|cause| Error::internal(&cause))?;
    let mut phones: HashMap<i64, Vec<(String, String)>> = HashMap::new();
    for row in tx.phones_of(&ids).await? {
        phones.entry(row.customer_id).or_default().push((row.typed, row.key));
    }
    let mut documents: HashMap<i64, Vec<_>> = HashMap::new();
    for row in tx.documents(&ids).await? {
        documents.entry(row.customer_id).or_default().push(row);
    }
    let count = customers.len();
    for profile in tx.plm_customers(&ids).await? {
        edit::sort_again(&mut tx, &profile).await?;
    }
    for customer in customers {
        let id = customer.id;
        let phones = phones.remove(&id).unwrap_or_default();
        customers::renew(&mut tx, customer, &phones, home).await?;
        customers::renew_contacts(&mut tx, id, documents.remove(&id).unwrap_or_default(), home).await?;
    }
    walk.after = last;
    tx.set_rules(&walk.text(rules)).await?;
    tx.commit().await?;
    progress.done.fetch_add(i64::try_from(count).unwrap_or_default(), Ordering::Relaxed);
    Ok(true)
}
