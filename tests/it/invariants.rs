//! What must be true of a company's tables at any time: whatever is derived is what the domain derives,
//! whatever is numbered is numbered without gaps, whatever happened is told.

use std::collections::{BTreeMap, BTreeSet};

use laidian::domain::catalogue::{Catalogue, login_key};
use laidian::domain::customer::Customer;
use laidian::domain::folding::{name_key, text_key};
use laidian::domain::phone::Phone;
use laidian::domain::pinyin::sort_key;
use laidian::domain::search_terms::{haystack, terms};
use laidian::ops::company::catalogue;
use laidian::store::Scope;
use serde_json::Value;

use crate::support::{Place, Raw};

/// Compares everything that is stored about a company's customers with the customers.
pub async fn check_invariants(place: &Place, scope: &Scope) {
    let catalogue = catalogue::load(scope).await.unwrap().unwrap();
    let customers = customers(scope).await;
    let mut tables = Tables { raw: place.connect().await, company: scope.company() };
    check_what_customers_are_found_by(&customers, &catalogue, &mut tables).await;
    check_numbers(&customers, &mut tables).await;
    check_history(&customers, scope, &mut tables).await;
}

async fn customers(scope: &Scope) -> Vec<Customer> {
    let mut customers: Vec<Customer> = Vec::new();
    loop {
        let after = customers.last().map_or(0, |customer| customer.id);
        let page = scope.customers_after(after, 100).await.unwrap();
        if page.is_empty() {
            return customers;
        }
        customers.extend(page.into_iter().map(|row| Customer::try_from(row).unwrap()));
    }
}

struct Tables {
    raw: Raw,
    company: i64,
}

impl Tables {
    /// This expression of all rows of the company.
    async fn rows(&mut self, expression: &str, table: &str) -> Vec<String> {
        let company = self.company;
        self.raw.texts(&format!("select {expression} from {table} where company_id = {company}")).await
    }

    async fn set(&mut self, expression: &str, table: &str) -> BTreeSet<String> {
        let rows = self.rows(expression, table).await;
        let count = rows.len();
        let set = BTreeSet::from_iter(rows);
        assert_eq!(set.len(), count, "{table} has rows twice");
        set
    }

    async fn number(&mut self, expression: &str, table: &str) -> i64 {
        self.rows(&format!("cast({expression} as text)"), table).await[0].parse().unwrap()
    }
}

async fn check_what_customers_are_found_by(customers: &[Customer], catalogue: &Catalogue, tables: &mut Tables) {
    let (mut phones, mut labels, mut found_by, mut keys) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for customer in customers {
        let id = customer.id;
        let (name, company) = (customer.name.as_deref().unwrap_or(""), customer.company_name.as_deref().unwrap_or(""));
        for phone in &customer.phones {
            let parsed = Phone::parse(&phone.content, &catalogue.company.home).unwrap();
            phones.insert(format!("{id}/{}/{}/{}/{}", phone.id, phone.content, parsed.key(), parsed.tail()));
        }
        labels.extend(customer.labels.iter().map(|label| format!("{id}/{}/{}", label.id, label.name)));
        found_by.extend(terms(name, company).into_iter().map(|term| format!("{id}/{term}")));
        let owner = customer.owner_no.as_deref().map(login_key).unwrap_or_default();
        let names = format!("{}/{}/{}", name_key(name), name_key(company), sort_key(name));
        keys.insert(format!("{id}/{names}/{owner}/{}", haystack(name, company)));
    }
    for label in tables.rows("name || '/' || key", "label").await {
        let (name, key) = label.rsplit_once('/').unwrap();
        assert_eq!(key, text_key(name));
    }
    let id = "cast(customer_id as text) || '/' ||";
    let phone = format!("{id} cast(id as text) || '/' || typed || '/' || key || '/' || tail");
    // A shared number is found with one customer; the others' wait.
    let shared = tables.set(&phone, "shared_phone").await;
    let free = tables.set("key", "(select * from shared_phone s where not exists (select 1 from phone p where p.company_id = s.company_id and p.key = s.key)) free");
    assert_eq!(free.await, BTreeSet::new());
    assert_eq!(tables.set(&phone, "phone").await.into_iter().chain(shared).collect::<BTreeSet<_>>(), phones);
    let names = "(select name from label where label.company_id = customer_label.company_id and label.id = label_id)";
    assert_eq!(tables.set(&format!("{id} cast(label_id as text) || '/' || {names}"), "customer_label").await, labels);
    let terms = tables.raw.with_pending("customer_term");
    assert_eq!(tables.set(&format!("{id} term"), &terms).await, found_by);
    let derived = "cast(id as text) || '/' || name_key || '/' || company_key || '/' || name_sort || '/' || coalesce(owner_key, '') || '/' || haystack";
    assert_eq!(tables.set(derived, "customer").await, keys);
}

/// Counts are right, and no number is given twice or left out where that is promised.
async fn check_numbers(customers: &[Customer], tables: &mut Tables) {
    let count = i64::try_from(customers.len()).unwrap();
    assert_eq!(tables.number("customers", "counter").await, count);
    for (table, last, without_gaps) in [
        ("customer", "last_customer", false),
        ("phone", "last_phone", false),
        ("label", "last_label", true),
        ("change", "last_change", false),
        ("event", "last_event", true),
    ] {
        let last = tables.number(last, "counter").await;
        let highest = tables.number("coalesce(max(id), 0)", table).await;
        assert!(highest <= last, "{table}: {highest} is above {last}");
        if without_gaps {
            assert_eq!((tables.number("count(*)", table).await, highest), (last, last), "{table} has gaps");
        }
    }
}

/// Each version of a customer wrote one change and one event, in order; those of a deleted one are in the bin.
async fn check_history(customers: &[Customer], scope: &Scope, tables: &mut Tables) {
    let live: BTreeMap<i64, &Customer> = customers.iter().map(|customer| (customer.id, customer)).collect();
    let mut changes: BTreeMap<i64, i64> = BTreeMap::new();
    // Those of who was merged into another are there, too.
    let own = "(select * from change where moved_from is null) own";
    for customer in tables.rows("cast(customer_id as text)", own).await {
        *changes.entry(customer.parse().unwrap()).or_default() += 1;
    }
    assert_eq!(changes, live.iter().map(|(id, customer)| (*id, customer.version)).collect());

    let mut told: BTreeMap<i64, Vec<(String, i64, bool)>> = BTreeMap::new();
    for event in scope.events_after(0, i64::MAX).await.unwrap() {
        let body: Value = serde_json::from_str(&event.body).unwrap();
        // What is told of no version is no change of the customer itself.
        if let Some(version) = body["version"].as_i64() {
            let is_gone = body["is"].is_null();
            told.entry(event.customer_id).or_default().push((event.kind, version, is_gone));
        }
    }
    for (customer, told) in &told {
        let mut is_deleted = false;
        for ((kind, version, is_gone), expected) in told.iter().zip(1..) {
            let possible: &[&str] = match (expected, is_deleted) {
                (1, _) => &["customer.created"],
                (_, true) => &["customer.restored", "customer.unmerged"],
                (_, false) => &[
                    "customer.updated",
                    "customer.assigned",
                    "customer.deleted",
                    "customer.merged",
                    "customer.unmerged",
                ],
            };
            assert!(possible.contains(&kind.as_str()), "customer {customer}: {told:?}");
            assert_eq!(*version, expected, "customer {customer}: {told:?}");
            is_deleted = *is_gone;
        }
        let last = live.get(customer).map(|customer| customer.version);
        let told_last = Some(told.last().unwrap().1).filter(|_| !is_deleted);
        assert_eq!(last, told_last, "customer {customer}: {told:?}");
    }
    // Every number that was given to a customer is accounted for.
    let given: Vec<i64> = (1..=tables.number("last_customer", "counter").await).collect();
    assert_eq!(told.into_keys().collect::<Vec<_>>(), given);
}
