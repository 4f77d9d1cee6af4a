//! What customers are related to.

use super::customer::CustomerBody;
use super::edit::{draft, target};
use super::input::{Given, text_of};
use super::shapes::{AnyCustomer, KeyedCustomer, Ticked};
use crate::domain::plm::{Fault, LONGEST_ID, Wrong};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::systems::plm::{self, Side, is_id};

fn invalid(field: &'static str, label: &'static str, wrong: Wrong) -> Error {
    Error::Invalid { faults: vec![Fault { field, label, wrong }] }
}

fn check_id(field: &'static str, label: &'static str, id: &str) -> Result<(), Error> {
    if is_id(id) {
        return Ok(());
    }
    Err(invalid(field, label, Wrong::Rule(format!("内容长度必须小于等于[{LONGEST_ID}]"))))
}

pub async fn del_relation(cx: &Cx<'_>, request: Given<KeyedCustomer>) -> Result<(), Error> {
    let key = request.text("key").ok_or(Error::NotFound)?;
    match request.product() {
        Some(product) => {
            target(cx, Some(&product), None, &key).await?;
        }
        None => plm::allow(cx, None, None, Some(&key)).await?,
    }
    let missing = || invalid("principal_id", "关联主体标识", Wrong::Empty);
    let principal = request.text("principal_id").ok_or_else(missing)?;
    check_id("principal_id", "关联主体标识", &principal)?;
    check_id("id", "标识", &key)?;
    plm::unrelate(cx, &principal, &key).await
}

pub async fn others_relation_customer(cx: &Cx<'_>, request: Given<AnyCustomer>) -> Result<CustomerBody, Error> {
    let product = request.product();
    plm::allow(cx, product.as_deref(), None, None).await?;
    let ids: Vec<String> = request.elements()?.into_iter().filter_map(|element| text_of(element, "id")).collect();
    if let Some(principal) = request.text("principal_id").filter(|_| !ids.is_empty()) {
        let principal_type = request.text("principal_type").unwrap_or_default();
        let target_type = request.text("target_type").unwrap_or_default();
        let all = [("principal_id", "关联主体标识", &principal)].into_iter();
        for (field, label, id) in all.chain(ids.iter().map(|id| ("id", "标识", id))) {
            check_id(field, label, id)?;
        }
        for (field, label, kind) in
            [("principal_type", "关联主体类型", &principal_type), ("target_type", "关联目标类型", &target_type)]
        {
            if !kind.is_empty() {
                check_id(field, label, kind)?;
            }
        }
        // In a product, only its own customers are related.
        if product.is_some() && target_type.eq_ignore_ascii_case("customer") {
            for id in &ids {
                target(cx, product.as_deref(), None, id).await?;
            }
        }
        let targets: Vec<Side<'_>> = ids.iter().map(|id| Side { id, kind: &target_type }).collect();
        plm::relate(cx, &Side { id: &principal, kind: &principal_type }, &targets).await?;
    }
    draft(cx, request.members, product.as_deref()).await
}

pub async fn counters(cx: &Cx<'_>, request: Given<KeyedCustomer>) -> Result<Ticked, Error> {
    let key = request.text("key").ok_or(Error::NotFound)?;
    match target(cx, request.product().as_deref(), None, &key).await {
        Ok(entry) => Ok(Ticked { customer_re_ticket: entry.tickets }),
        // Of nobody there are no tickets.
        Err(Error::NotFound) => Ok(Ticked { customer_re_ticket: 0 }),
        Err(other) => Err(other),
    }
}
