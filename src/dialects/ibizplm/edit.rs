//! One customer: showing, creating, changing, deleting.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::customer::CustomerBody;
use super::input::{self, Given, SEVERAL};
use super::shapes::{AnyCustomer, Keyed, KeyedCustomer, KeyedCustomers, NewCustomers};
use crate::dialects::cti;
use crate::domain::identifier::Identifier;
use crate::domain::plm::Profile;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::{self, Expected};
use crate::ops::systems::plm::{self, Entry, Grant};

/// What is shown of one customer, and of several.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "PlmOneOrMany")]
pub enum OneOrMany {
    One(Box<CustomerBody>),
    Many(Vec<CustomerBody>),
}

/// Returns the customer of this key, if the caller may do this with it. In a product, a customer that is not there
/// and one of another product are refused alike.
pub async fn target(cx: &Cx<'_>, product: Option<&str>, grant: Option<Grant>, key: &str) -> Result<Entry, Error> {
    plm::allow(cx, product, grant, Some(key)).await?;
    let found = plm::entry(cx, key).await;
    let Some(product) = product else { return found };
    let elsewhere = || Error::forbidden(format!("{} / there is no such customer in this product", plm::NOT_THERE));
    match found {
        Ok(entry) if entry.profile.get("product_id").and_then(Value::as_str) == Some(product) => Ok(entry),
        Ok(_) | Err(Error::NotFound) => Err(elsewhere()),
        Err(other) => Err(other),
    }
}

async fn whole(cx: &Cx<'_>, customer: Shown) -> Result<CustomerBody, Error> {
    let attentions = plm::attentions(cx, &customer).await?;
    let entry = plm::entries(cx, vec![customer]).await?.into_iter().next().ok_or(Error::NotFound)?;
    Ok(CustomerBody::of(cx, entry).with_attentions(cx, attentions))
}

pub async fn get(cx: &Cx<'_>, request: Given<Keyed>) -> Result<OneOrMany, Error> {
    let product = request.product();
    let mut bodies = Vec::new();
    for key in request.keys()? {
        let entry = target(cx, product.as_deref(), Some(Grant::Read), &key).await?;
        bodies.push(whole(cx, entry.customer).await?);
    }
    Ok(match bodies.pop() {
        Some(body) if bodies.is_empty() => OneOrMany::One(Box::new(body)),
        last => OneOrMany::Many(bodies.into_iter().chain(last).collect()),
    })
}

pub async fn create(cx: &Cx<'_>, request: Given<NewCustomers>) -> Result<OneOrMany, Error> {
    let product = request.product();
    plm::allow(cx, product.as_deref(), Some(Grant::Create), None).await?;
    let Some(several) = request.objects(SEVERAL)? else {
        return Ok(OneOrMany::One(Box::new(create_one(cx, &request.members, product.as_deref()).await?)));
    };
    let mut cx = cx.clone();
    // A requestId stands for one write.
    cx.request = None;
    let mut bodies = Vec::with_capacity(several.len());
    for members in several {
        bodies.push(create_one(&cx, members, product.as_deref()).await?);
    }
    Ok(OneOrMany::Many(bodies))
}

async fn create_one(cx: &Cx<'_>, members: &Map<String, Value>, product: Option<&str>) -> Result<CustomerBody, Error> {
    let id = input::chosen_id(members)?;
    whole(cx, insert(cx, members, product, id).await?).await
}

async fn insert(
    cx: &Cx<'_>,
    members: &Map<String, Value>,
    product: Option<&str>,
    id: Option<String>,
) -> Result<Shown, Error> {
    let mut changes = input::changes(cx, members, product, None)?;
    if let Some(plm) = &mut changes.plm {
        plm.id = id;
    }
    customer::create(cx, changes).await
}

pub async fn update(cx: &Cx<'_>, request: Given<KeyedCustomers>) -> Result<OneOrMany, Error> {
    let product = request.product();
    let keys = request.keys()?;
    let Some(several) = request.objects(SEVERAL)? else {
        return match keys.as_slice() {
            [key] => Ok(OneOrMany::One(Box::new(update_one(cx, key, &request.members, product.as_deref()).await?))),
            _ => Err(mismatch()),
        };
    };
    if several.len() != keys.len() {
        return Err(mismatch());
    }
    let mut cx = cx.clone();
    // A requestId stands for one write.
    cx.request = None;
    let mut bodies = Vec::with_capacity(keys.len());
    for (key, members) in keys.iter().zip(several) {
        bodies.push(update_one(&cx, key, members, product.as_deref()).await?);
    }
    Ok(OneOrMany::Many(bodies))
}

async fn update_one(
    cx: &Cx<'_>,
    key: &str,
    members: &Map<String, Value>,
    product: Option<&str>,
) -> Result<CustomerBody, Error> {
    let entry = target(cx, product, Some(Grant::Update), key).await?;
    whole(cx, change(cx, members, product, &entry).await?).await
}

/// As many keys as objects are needed.
fn mismatch() -> Error {
    Error::Value { detail: "行为[Update]参数数量不匹配 / there are more or fewer keys than objects".into() }
}

fn one<S>(request: &Given<S>) -> Result<String, Error> {
    let mut keys = request.keys()?;
    match keys.len() {
        1 => keys.pop().ok_or(Error::NotFound),
        _ => Err(mismatch()),
    }
}

async fn change(
    cx: &Cx<'_>,
    members: &Map<String, Value>,
    product: Option<&str>,
    entry: &Entry,
) -> Result<Shown, Error> {
    let changes = input::changes(cx, members, product, Some(entry))?;
    let identifier = Identifier::Id(entry.customer.id);
    cti::done(cx, customer::update(cx, &identifier, changes, Expected::default()).await?)
}

pub async fn remove(cx: &Cx<'_>, request: Given<Keyed>) -> Result<(), Error> {
    let product = request.product();
    let keys = request.keys()?;
    let mut numbers = Vec::new();
    for key in &keys {
        match target(cx, product.as_deref(), Some(Grant::Delete), key).await {
            Ok(entry) => numbers.push(entry.customer.id),
            Err(Error::NotFound) => {}
            Err(other) => return Err(other),
        }
    }
    customer::destroy_all(cx, &numbers, Expected { without_tickets: true, ..Expected::default() }).await
}

pub async fn save(cx: &Cx<'_>, request: Given<KeyedCustomer>) -> Result<(), Error> {
    let product = request.product();
    let key = one(&request)?;
    match plm::entry(cx, &key).await {
        Ok(_) => {
            let entry = target(cx, product.as_deref(), Some(Grant::Update), &key).await?;
            change(cx, &request.members, product.as_deref(), &entry).await?;
        }
        Err(Error::NotFound) => {
            plm::allow(cx, product.as_deref(), Some(Grant::Create), None).await?;
            let id = input::chosen_id(&[("id".to_owned(), key.into())].into_iter().collect())?;
            insert(cx, &request.members, product.as_deref(), id).await?;
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

pub async fn add_categories(cx: &Cx<'_>, request: Given<KeyedCustomer>) -> Result<(), Error> {
    let product = request.product();
    let key = one(&request)?;
    let entry = target(cx, product.as_deref(), None, &key).await?;
    let Some(last) = request.elements()?.pop() else { return Ok(()) };
    let categories = last.get("categories").cloned().unwrap_or(Value::Null);
    // Everybody may set categories; the rest of the body is an update, for callers who may update.
    let may_update = plm::allow(cx, product.as_deref(), Some(Grant::Update), Some(&key)).await.is_ok();
    let mut members = if may_update { request.members.clone() } else { Map::new() };
    members.insert("categories".to_owned(), categories);
    change(cx, &members, product.as_deref(), &entry).await?;
    Ok(())
}

pub async fn check_key(cx: &Cx<'_>, request: Given<AnyCustomer>) -> Result<i64, Error> {
    plm::allow(cx, request.product().as_deref(), Some(Grant::Create), None).await?;
    let Some(id) = request.text("id") else { return Ok(0) };
    // An id is not free when a customer has it whom the caller does not see, nor when it is worked out from a
    // customer's number, now or later.
    let id = id.trim();
    let is_worked_out = crate::domain::ids::from_hex32(cx.caller.company, id).is_some();
    let is_there = is_worked_out || plm::number(cx, id).await?.is_some();
    Ok(i64::from(is_there))
}

pub async fn get_draft(cx: &Cx<'_>, request: Given<AnyCustomer>) -> Result<CustomerBody, Error> {
    let product = request.product();
    plm::allow(cx, product.as_deref(), Some(Grant::Create), None).await?;
    let mut given = request.members;
    given.retain(|_, value| value != "");
    given.remove("id");
    draft(cx, given, product.as_deref()).await
}

/// Returns the customer that these members make, which is not stored.
pub async fn draft(cx: &Cx<'_>, mut given: Map<String, Value>, product: Option<&str>) -> Result<CustomerBody, Error> {
    if let Some(product) = product {
        given.insert("product_id".to_owned(), product.into());
    }
    let mut faults = Vec::new();
    let profile: Profile = input::profile(&given, &mut faults);
    if !faults.is_empty() {
        return Err(Error::Invalid { faults });
    }
    let mut body = CustomerBody::of_profile(&profile);
    body.id = input::text_of(&given, "id");
    body.name = input::text_of(&given, "name");
    body.assignee_id = input::text_of(&given, "assignee_id");
    body.assignee_name = body.assignee_id.as_deref().map(|user| plm::name_of(cx, user));
    body.product_name = match &body.product_id {
        Some(product) => plm::product_name(cx, product).await?,
        None => None,
    };
    Ok(body)
}
