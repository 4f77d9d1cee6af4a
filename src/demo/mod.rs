//! The demo: three companies with the data of the document's examples, and invented customers.
//!
//! Everything is made from a fixed seed and fixed days, so that the same number of customers is always
//! the same data. The companies stand in [`companies`], the document's own customers in `samples`, the
//! invented ones come from `people` and what happened to them from `history`.

mod calendar;
mod companies;
mod details;
mod dice;
mod history;
mod people;
mod plm;
mod samples;
mod words;

#[cfg(test)]
mod tests;

use crate::domain::catalogue::Catalogue;
use crate::domain::phone::CHINA;
use crate::error::Error;
use crate::ops::company::catalogue;
use crate::ops::customer::{Merged, Origin, insert, put_documents};
use crate::store::{Scope, Store, Tx};

pub use companies::{APPS, App, token_secret};
use companies::{MAIN, PLANS, SHOP};
use people::{People, Person};

/// How many customers a demo has unless told otherwise.
pub const CUSTOMERS: u64 = 2000;

/// Customers a transaction: enough that the disk is not what the demo waits for.
const BATCH: u64 = 500;

/// Fills an empty database with the demo's companies, the document's customers and `customers` invented
/// ones, every tenth of them in the second company. Does nothing where the demo's main company is
/// already, so that a demo can be started again on its folder; refuses a database with other companies.
///
/// The times in the data are fixed: the same number gives the same data, whenever it is filled in.
pub async fn fill(store: &Store, customers: u64) -> Result<(), Error> {
    let companies = store.companies().await?;
    if companies.iter().any(|company| company.id == MAIN.id) {
        return Ok(());
    }
    if companies.iter().any(|company| PLANS.iter().all(|plan| plan.id != company.id)) {
        return Err(Error::parameter(
            "--demo: 数据库里已有其他公司，请换一个 --data 目录 / the database holds other companies: give --data another folder",
        ));
    }
    // The main company is the last of them: as long as it is missing, all of this can be done again.
    for plan in PLANS {
        let mut tx = store.company(plan.id).write().await?;
        companies::set_up(&mut tx, plan).await?;
        if plan.id == MAIN.id {
            plm::set_up(&mut tx).await?;
        }
        tx.commit().await?;
    }
    add(&store.company(MAIN.id), samples::all().into_iter(), 2).await?;
    let in_shop = customers / 10;
    add(&store.company(MAIN.id), People::of(&MAIN), customers - in_shop).await?;
    add(&store.company(SHOP.id), People::of(&SHOP), in_shop).await?;
    let mut tx = store.company(MAIN.id).write().await?;
    put_documents(&mut tx, 1, details::of_first(), &CHINA, calendar::END).await?;
    plm::describe(&mut tx).await?;
    Ok(tx.commit().await?)
}

/// Stores the first `count` of these people.
async fn add(scope: &Scope, mut people: impl Iterator<Item = Person>, count: u64) -> Result<(), Error> {
    let catalogue = catalogue::load(scope).await?.ok_or(Error::NotFound)?;
    let mut left = count;
    while left > 0 {
        let mut tx = scope.write().await?;
        for _ in 0..left.min(BATCH) {
            let Some(person) = people.next() else { break };
            store(&mut tx, &catalogue, person).await?;
        }
        tx.commit().await?;
        left = left.saturating_sub(BATCH);
    }
    Ok(())
}

async fn store(tx: &mut Tx, catalogue: &Catalogue, person: Person) -> Result<(), Error> {
    let Person { customer, labels, creator, history } = person;
    let origin =
        Origin { login_no: creator.login_no.to_owned(), name: creator.name.to_owned(), at: customer.created_at };
    let labels = (!labels.is_empty()).then(|| labels.into_iter().map(str::to_owned).collect());
    let id =
        insert(tx, catalogue, Merged { customer, labels, documents: Vec::new(), plm: None, recorded: None }, &origin)
            .await?;
    history.write(tx, id).await
}
