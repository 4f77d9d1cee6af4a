//! The five calls that are about customers.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::{self, Account, Path, Record};
use super::input::Paging;
use super::{AccountId, Data, Page, input, write};
use crate::domain::identifier::Identifier;
use crate::domain::ids::{self, Entity};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::find;
use crate::ops::customer::{self, Changes, Duplicates, Expected, Written};
use crate::ops::systems::plm;
use crate::protocol::folded;
use crate::protocol::lenient::Scalar;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[schemars(rename = "WiseAdd")]
    pub struct Add<'a>: op_user {
        /// Whether to save a duplicate all the same; false unless it is given.
        #[serde(borrow, default)]
        force_add: Option<Scalar<'a>>,
        /// Fields and their values: over HTTP what is posted.
        #[schemars(required, schema_with = "fields::written_schema")]
        body: Option<Map<String, Value>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[schemars(rename = "WiseGet")]
    pub struct Get<'a>: op_user, account {
        /// The names of the fields, parted by commas; `owningUser.userName` goes through a reference.
        #[serde(borrow)]
        #[schemars(required)]
        fields: Option<Scalar<'a>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[schemars(rename = "WiseList")]
    pub struct List<'a>: op_user {
        /// As in `account/get`.
        #[serde(borrow)]
        #[schemars(required)]
        fields: Option<Scalar<'a>>,
        /// The whole name; `*` stands for anything.
        #[serde(borrow, default)]
        qname: Option<Scalar<'a>>,
        /// From 1.
        #[serde(borrow, default)]
        page_no: Option<Scalar<'a>>,
        /// 20 unless it is given, at most 200.
        #[serde(borrow, default)]
        page_size: Option<Scalar<'a>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[schemars(rename = "WiseUpdate")]
    pub struct Update<'a>: op_user, account {
        /// As `force_add`.
        #[serde(borrow, default)]
        force_update: Option<Scalar<'a>>,
        /// Fields and their values; what is not named stays.
        #[schemars(required, schema_with = "fields::written_schema")]
        body: Option<Map<String, Value>>,
    }
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[schemars(rename = "WiseDelete")]
    pub struct Delete<'a>: op_user, account {
        /// The text of a JSON map of entities and their fields that refer to customers; there are none here.
        #[serde(borrow, default)]
        cascade_delete: Option<Scalar<'a>>,
    }
}

pub fn missing_body() -> Error {
    Error::parameter("body: 缺少，应为 JSON 对象 / is missing, expected a JSON map")
}

fn duplicates(name: &str, force: Option<&Scalar<'_>>) -> Result<Duplicates, Error> {
    Ok(if input::flag(name, force)? { Duplicates::Allowed } else { Duplicates::Refused })
}

fn id_of(cx: &Cx<'_>, number: i64) -> Data<AccountId> {
    Data { data: AccountId { account_id: ids::to_wise(Entity::Account, cx.caller.company, number) } }
}

pub async fn add(cx: &Cx<'_>, request: Add<'_>) -> Result<Data<AccountId>, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    let duplicates = duplicates("force_add", request.force_add.as_ref())?;
    let body = request.body.ok_or_else(missing_body)?;
    let changes = Changes { duplicates, ..write::added(cx, body)? };
    let created = customer::create(cx, changes).await.map_err(write::as_value)?;
    Ok(id_of(cx, created.id))
}

pub async fn get(cx: &Cx<'_>, request: Get<'_>) -> Result<Data<Record>, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    let number = input::account(cx, request.account_id.as_ref())?;
    let asked = asked(cx, request.fields.as_ref())?;
    let customer = find::only(find::find(cx, &Identifier::Id(number)).await?.customers.into_iter())?;
    let is_deleted = !deleted(cx, std::slice::from_ref(&customer), &asked).await?.is_empty();
    Ok(Data { data: fields::account(cx, &customer, is_deleted, &asked)? })
}

pub async fn list(cx: &Cx<'_>, request: List<'_>) -> Result<Page, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    let asked = asked(cx, request.fields.as_ref())?;
    let paging = input::paging(request.page_no.as_ref(), request.page_size.as_ref())?;
    let qname = input::text("qname", request.qname.as_ref())?;
    let search = find::by_name(cx, qname.as_deref())?;
    let page = find::page(cx, &search, paging.size, paging.number).await?;
    page_of(cx, &page, paging, &asked).await
}

/// Returns which of the customers iBiz PLM counts as deleted, where that is asked for.
async fn deleted(cx: &Cx<'_>, customers: &[Shown], asked: &[(String, Path)]) -> Result<Vec<i64>, Error> {
    if !asked.iter().any(|(_, path)| *path == Path::Own(Account::IsDeleted)) {
        return Ok(Vec::new());
    }
    plm::deleted(cx, customers).await
}

/// Returns the fields that are asked for.
pub fn asked(cx: &Cx<'_>, fields: Option<&Scalar<'_>>) -> Result<Vec<(String, Path)>, Error> {
    fields::asked(&input::required("fields", fields)?, |name| fields::path(&cx.catalogue, name))
}

/// Returns a page of customers as records.
pub async fn page_of(cx: &Cx<'_>, page: &find::Page, paging: Paging, asked: &[(String, Path)]) -> Result<Page, Error> {
    let deleted = deleted(cx, &page.customers, asked).await?;
    let record = |customer: &Shown| fields::account(cx, customer, deleted.contains(&customer.id), asked);
    let records = page.customers.iter().map(record);
    Ok(Page {
        total_size: page.total,
        page_size: paging.size,
        page_no: paging.number,
        data: records.collect::<Result<_, _>>()?,
    })
}

pub async fn update(cx: &Cx<'_>, request: Update<'_>) -> Result<Data<AccountId>, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    let number = input::account(cx, request.account_id.as_ref())?;
    let duplicates = duplicates("force_update", request.force_update.as_ref())?;
    let body = request.body.ok_or_else(missing_body)?;
    let changes = Changes { duplicates, ..write::changed(cx, number, body).await? };
    let written = customer::update(cx, &Identifier::Id(number), changes, Expected::default()).await;
    done(written.map_err(write::as_value)?)?;
    Ok(id_of(cx, number))
}

pub async fn delete(cx: &Cx<'_>, request: Delete<'_>) -> Result<Data<AccountId>, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    let number = input::account(cx, request.account_id.as_ref())?;
    if let Some(cascade) = input::text("cascade_delete", request.cascade_delete.as_ref())? {
        check_cascade(&cascade)?;
    }
    done(customer::destroy(cx, &Identifier::Id(number), Expected::default()).await?)?;
    Ok(id_of(cx, number))
}

/// No version is expected, so that nobody can have been first.
fn done<T>(written: Written<T>) -> Result<T, Error> {
    match written {
        Written::Done(done) => Ok(done),
        Written::Conflict(_) => Err(Error::internal(&"a conflict without an expected version")),
    }
}

/// Refuses a list of things to delete along with the customer, unless it is empty: nothing here refers to a customer.
fn check_cascade(text: &str) -> Result<(), Error> {
    let wrong = || Error::parameter("cascade_delete: 应为 JSON 对象 / expected a JSON map");
    let entities: Map<String, Value> = folded::from_str(text).map_err(|_| wrong())?;
    match entities.keys().next() {
        None => Ok(()),
        Some(entity) => {
            let entity: String = entity.chars().take(64).collect();
            Err(Error::parameter(format!(
                "cascade_delete: {entity} 没有引用客户的字段 / {entity} has no field that refers to customers"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nothing_goes_along() {
        assert!(check_cascade("{}").is_ok() && check_cascade("[]").is_ok());
        for text in ["", "x", "[1]", "null", "{\"SalesOrder\":[\"accountId\"]}", "{\"Account\":[]}"] {
            assert!(check_cascade(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_cascade_or_refused(text in ".*") {
            let _ = check_cascade(&text);
        }
    }
}
