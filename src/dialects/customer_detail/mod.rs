//! The customer detail system: one documented operation, which shows a customer with 25 fields.
//!
//! Source: the customer detail document; `docs/dialects/customer_detail.md` has the decisions where it is silent.

pub mod http;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer_in_result as answer;
use super::members::{Answers, Names, Reading, Unknown};
use crate::domain::document::{System, money_number};
use crate::domain::identifier::Identifier;
use crate::domain::{ids, json, times};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::find;
use crate::ops::systems::terms::Words;
use crate::protocol::lenient::Scalar;

/// Clients send all sorts of things that nobody reads.
pub const READING: Reading = Reading { unknown: Unknown::Ignored, names: Names::Folded, answers: Answers::Bare };

operations! { CustomerDetail:
    /// 获取客户详情。
    /// Shows a customer in the words of the customer detail system.
    Detail = "customers/detail" [GET "/api/customers/{id}/detail"], read by Agent
        => detail(DetailOf<'_>) -> json Answer;
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct DetailOf<'a> {
    /// 24 hexadecimal digits; on the socket also the number that other actions call `id`.
    #[serde(borrow)]
    #[schemars(required)]
    id: Option<Scalar<'a>>,
}

/// The detail itself or, where `[dialects.customer_detail] envelope` is set, in an envelope.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    Bare(Box<Detail>),
    InEnvelope { code: i64, message: &'static str, data: Box<Detail> },
}

/// A customer. Every key is always there.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Detail {
    id: String,
    customer_no: String,
    name: String,
    description: String,
    /// customer or channel.
    from: String,
    manager_name: String,
    manager_id: i64,
    department_path: Vec<String>,
    #[serde(rename = "industry_id")]
    industry_id: i64,
    industry_path: Vec<String>,
    area: Vec<String>,
    area_code: Vec<String>,
    partner_relationship: String,
    total_turnover: Value,
    transaction_number: i64,
    rank: i64,
    level_name: String,
    /// CLIENT, `TARGET_CUSTOMER` or PROSPECT.
    r#type: String,
    followers: Vec<i64>,
    follower_names: Vec<Follower>,
    /// `YYYY-MM-DD HH:mm:ss` in the company's time zone.
    created_at: String,
    outstanding_receivables: String,
    retention_money: String,
    advantageous_industry: String,
    credit_situation: String,
}

#[derive(Serialize, JsonSchema)]
struct Follower {
    id: i64,
    name: String,
}

async fn detail(cx: &Cx<'_>, request: DetailOf<'_>) -> Result<Answer, Error> {
    let given = request.id.as_ref().and_then(Scalar::text).ok_or(Error::NotFound)?;
    let number =
        ids::from_hex24(cx.caller.company, &given).or_else(|| json::integer_in(&given).filter(|_| given.len() < 24));
    let found = find::find(cx, &Identifier::Id(number.ok_or(Error::NotFound)?)).await?;
    let customer = find::only(found.customers.into_iter())?;
    let words = Words::of(cx, &customer).await?;
    let detail = Box::new(describe(cx, &customer, &words));
    Ok(if cx.backend.dialects.customer_detail.envelope {
        Answer::InEnvelope { code: 0, message: "success", data: detail }
    } else {
        Answer::Bare(detail)
    })
}

fn describe(cx: &Cx<'_>, customer: &Shown, words: &Words) -> Detail {
    let catalogue = &cx.catalogue;
    let document = &words.detail;
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let integer = |name: &str| document.get(name).and_then(Value::as_i64);
    let manager = customer.owner_no.as_deref().and_then(|login_no| catalogue.staff(login_no));
    let group = customer.group_id.and_then(|id| catalogue.groups.get(&id));
    let followers = document.get("followers").and_then(Value::as_array).into_iter().flatten();
    let followers: Vec<Follower> = followers
        .filter_map(Value::as_i64)
        .filter_map(|id| Some(Follower { id, name: catalogue.staff_by_number(id)?.name.clone() }))
        .collect();
    let (industry_id, industry_path) = words.industry();
    let regions = words.regions(customer.address.as_deref());
    Detail {
        id: ids::to_hex24(cx.caller.company, customer.id),
        customer_no: format!("{:05}", customer.id),
        name: customer.name.clone().unwrap_or_default(),
        description: text("description"),
        from: words.from(customer, catalogue),
        manager_name: manager.map(|staff| staff.name.clone()).unwrap_or_default(),
        manager_id: manager.map_or(0, |staff| staff.number),
        department_path: group.map(|group| vec![catalogue.company.name.clone(), group.clone()]).unwrap_or_default(),
        industry_id,
        industry_path,
        area: regions.names,
        area_code: regions.codes,
        partner_relationship: words.relationship(customer, catalogue),
        total_turnover: money_number(&words.turnover(System::CustomerDetail)),
        transaction_number: integer("transactionNumber").unwrap_or(0),
        rank: integer("rank").unwrap_or(customer.star),
        level_name: words.level(System::CustomerDetail, customer.star),
        r#type: words.kind(customer, catalogue),
        followers: followers.iter().map(|follower| follower.id).collect(),
        follower_names: followers,
        created_at: times::to_second(customer.created_at, &catalogue.company.time_zone),
        outstanding_receivables: words.outstanding(System::CustomerDetail),
        retention_money: document.get("retentionMoney").and_then(Value::as_str).unwrap_or("0.00").to_owned(),
        advantageous_industry: text("advantageousIndustry"),
        credit_situation: text("creditSituation"),
    }
}
