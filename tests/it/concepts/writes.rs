//! Writing a customer in the words of one system, and what is known of it then.

use std::sync::atomic::{AtomicU64, Ordering};

use laidian::domain::ids;
use serde_json::{Map, Value, json};

use super::known::{Known, PROGRAM, STAFF};
use super::table;
use super::views::Views;
use crate::support::MAIN;
use crate::systems::Systems;

type Members = Map<String, Value>;

/// What is written, in which system, by whom. Numbers of phones are chosen when it is sent: `{"fresh": spelling}` is
/// one that nobody has, `{"keep": place}` one that the customer has.
#[derive(Debug, Clone)]
pub enum Write {
    Cti(usize, Members),
    Ibizplm(Members),
    Wisecrm(usize, Members),
    CustomerDetail(usize, Members),
    CrmInfo(usize, Members),
}

/// Counts phones, chosen ids and lists.
static NONCE: AtomicU64 = AtomicU64::new(1);

fn nonce() -> u64 {
    NONCE.fetch_add(1, Ordering::Relaxed)
}

/// Numbers that nobody in the demo has.
fn fresh(spelling: &Value) -> String {
    let digits = format!("1990{:07}", nonce());
    let (head, tail) = digits.split_at(3);
    match spelling.as_u64().unwrap() {
        0 => digits,
        1 => format!("+86 {head} {tail}"),
        2 => format!("{head}-{tail}"),
        _ => digits.chars().map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0xff10).unwrap()).collect(),
    }
}

/// The number that is meant, with the id that the phone has already.
fn number(given: &Value, phones: &Value) -> (Value, String) {
    let kept = given.get("keep").and_then(|place| {
        let phones = phones.as_array().filter(|phones| !phones.is_empty())?;
        phones.get(usize::try_from(place.as_u64()?).unwrap() % phones.len())
    });
    match kept {
        Some(phone) => (phone["id"].clone(), phone["content"].as_str().unwrap().to_owned()),
        None => (Value::Null, fresh(given.get("fresh").unwrap_or(&0.into()))),
    }
}

/// Chooses the numbers.
fn chosen(members: &Members, phones: &Value) -> Members {
    let mut members = members.clone();
    if let Some(list) = members.get_mut("cellphones") {
        let mut pairs: Vec<Value> = Vec::new();
        for given in list.as_array().unwrap() {
            let (id, typed) = number(given, phones);
            // A phone stands in the list once.
            if !pairs.iter().any(|pair| pair[1] == typed) {
                pairs.push(json!([id, typed]));
            }
        }
        *list = pairs.into();
    }
    if let Some(phone) = members.get_mut("phone").filter(|phone| phone.is_object()) {
        *phone = number(phone, phones).1.into();
    }
    if let Some(id) = members.get_mut("id") {
        *id = format!("c-{}", nonce()).into();
    }
    members
}

/// Creates a customer and looks at it through all five.
pub async fn create(systems: &mut Systems, write: &Write) -> Known {
    let mut known = Known::default();
    known.number = match write {
        Write::Cti(by, members) => {
            let members = chosen(members, &Value::Null);
            known.by_cti(&members);
            known.creator = *by;
            let reply = systems.act(STAFF[*by].0, "create_customer", json!({ "customer": members })).await;
            reply["customer"]["id"].as_i64().unwrap()
        }
        Write::Ibizplm(members) => {
            let members = chosen(members, &Value::Null);
            known.by_plm(&members);
            known.chosen = members.get("id").map(|id| id.as_str().unwrap().to_owned());
            known.creator = PROGRAM;
            let created = systems.plm("POST /customers", &json!(members)).await;
            plm_number(systems, &created["id"]).await
        }
        Write::Wisecrm(by, members) => {
            let members = chosen(members, &Value::Null);
            known.by_wise(&members, *by);
            if known.owner.is_none() {
                known.own(Some(*by), *by);
            }
            known.creator = *by;
            let created =
                systems.wise("POST /gw/account/add", user(*by), &[("force_add", "true")], &json!(members)).await;
            wise_number(&created["data"]["account_id"])
        }
        Write::CustomerDetail(..) | Write::CrmInfo(..) => panic!("these show customers only"),
    };
    known.changer = known.creator;
    look(systems, &mut known).await;
    known
}

fn user(staff: usize) -> i64 {
    i64::try_from(staff).unwrap() + 1
}

pub fn wise_number(id: &Value) -> i64 {
    ids::from_wise(ids::Entity::Account, MAIN, id.as_str().unwrap()).unwrap()
}

/// An id that was chosen does not say which number the customer got: it is the newest here.
pub async fn plm_number(systems: &Systems, id: &Value) -> i64 {
    if let Some(number) = ids::from_hex32(MAIN, id.as_str().unwrap()) {
        return number;
    }
    let query = [("fields", "accountId"), ("page_size", "1")];
    wise_number(&systems.wise("GET /gw/account/list", 1, &query, &Value::Null).await["data"][0]["accountId"])
}

/// Looks at a customer through all five systems.
pub async fn look(systems: &mut Systems, known: &mut Known) -> Views {
    let views = Views::of(systems, known.number).await;
    views.tell(known);
    table::check(known, &views);
    views
}

/// Changes a customer and looks at it through all five.
pub async fn change(systems: &mut Systems, known: &mut Known, phones: &Value, write: &Write) -> Views {
    let before = known.clone();
    let by = match write {
        Write::Cti(by, members) => {
            let members = chosen(members, phones);
            known.by_cti(&members);
            let update = json!({"type": "id", "content": known.number, "customer": members});
            systems.act(STAFF[*by].0, "update_customer", update).await;
            *by
        }
        Write::Ibizplm(members) => {
            known.by_plm(members);
            systems.plm(&format!("PUT /customers/{}", known.plm_id()), &json!(members)).await;
            PROGRAM
        }
        Write::Wisecrm(by, members) => {
            let members = chosen(members, phones);
            known.by_wise(&members, *by);
            let account = ids::to_wise(ids::Entity::Account, MAIN, known.number);
            let query = [("account_id", account.as_str()), ("force_update", "true")];
            systems.wise("POST /gw/account/update", user(*by), &query, &json!(members)).await;
            *by
        }
        Write::CustomerDetail(by, members) => {
            known.by_detail(members);
            details(systems, *by, known.number, "customer_detail", members).await
        }
        Write::CrmInfo(by, members) => {
            known.by_crm(members, nonce());
            details(systems, *by, known.number, "crm_info", members).await
        }
    };
    if *known != before {
        known.changer = by;
    }
    look(systems, known).await
}

async fn details(systems: &mut Systems, by: usize, number: i64, system: &str, members: &Members) -> usize {
    let put = json!({"type": "id", "content": number, "system": system, "fields": members});
    systems.act(STAFF[by].0, "put_details", put).await;
    by
}
