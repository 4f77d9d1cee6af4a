//! The same thing in five vocabularies: one row a concept, one cell for each system that shows it. A cell says
//! which members show the concept, and what stands in them.

use laidian::domain::ids::{self, Entity};
use laidian::domain::pinyin::{self, Kind};
use serde_json::{Map, Value, json};

use super::known::{FIELDS, FLAGS, Known, SOURCES, STAFF};
use super::views::Views;
use crate::support::MAIN;

type Cell = Option<fn(&Known) -> Value>;

/// The system does not show the concept.
const NOTHING: Cell = None;

struct Row {
    concept: &'static str,
    cti: Cell,
    ibizplm: Cell,
    wisecrm: Cell,
    customer_detail: Cell,
    crm_info: Cell,
}

const TABLE: [Row; 17] = [
    Row {
        concept: "id",
        cti: Some(|c| json!({"id": c.number})),
        ibizplm: Some(|c| json!({"id": c.plm_id()})),
        wisecrm: Some(|c| json!({"accountId": ids::to_wise(Entity::Account, MAIN, c.number)})),
        customer_detail: Some(
            |c| json!({"id": ids::to_hex24(MAIN, c.number), "customerNo": format!("{:05}", c.number)}),
        ),
        crm_info: Some(|c| json!({"id": c.number.to_string(), "code": format!("C{:08}", c.number)})),
    },
    Row {
        concept: "name",
        cti: Some(|c| json!({"custname": c.name})),
        ibizplm: Some(|c| json!({"name": c.name})),
        wisecrm: Some(|c| json!({"accountName": c.name})),
        customer_detail: Some(|c| json!({"name": text(c.name.as_deref())})),
        crm_info: Some(|c| {
            let name = text(c.name.as_deref());
            json!({"name": name, "short_name": c.in_crm()["short_name"], "helper_code": pinyin::initials(&name, Kind::Name).to_uppercase()})
        }),
    },
    Row {
        concept: "phones",
        cti: Some(|c| json!({"cellphones": c.phones})),
        ibizplm: NOTHING,
        wisecrm: Some(|c| json!({"phone": c.phones.first()})),
        customer_detail: NOTHING,
        crm_info: Some(|c| json!({"mobile": text(c.phones.first().map(String::as_str))})),
    },
    Row {
        concept: "owner",
        cti: Some(|c| json!({"serviceNo": c.owner_no(), "servicegroupId": c.group})),
        ibizplm: Some(|c| json!({"assignee_id": c.owner_no(), "assignee_name": c.owner_name()})),
        wisecrm: Some(|c| {
            let unit = c.group.map(|group| ids::to_wise(Entity::BusinessUnit, MAIN, group));
            json!({"owningUser": c.owner.map(user_id), "owningUser.userName": c.owner_name(),
                   "owningBusinessUnit": unit, "owningBusinessUnit.name": c.group_name()})
        }),
        customer_detail: Some(|c| {
            let path = c.group_name().map(|group| vec!["云上通讯演示公司", group]).unwrap_or_default();
            json!({"managerId": c.owner.map_or(0, |owner| owner + 1), "managerName": text(c.owner_name()),
                   "departmentPath": path})
        }),
        crm_info: Some(|c| {
            json!({"user_name": text(c.owner_name()), "area_owner_name": text(c.owner_name()),
                   "org_department_name": text(c.group_name()),
                   "org_department_id": c.group.unwrap_or(0).to_string()})
        }),
    },
    Row {
        concept: "kind",
        cti: Some(|c| json!({"custType": c.kind_name()})),
        ibizplm: NOTHING,
        wisecrm: Some(|c| json!({"typeCode": c.kind})),
        customer_detail: Some(|c| json!({"type": c.in_detail()["type"]})),
        crm_info: Some(|c| {
            let told = told(
                &c.detail,
                "type",
                &[("CLIENT", "正式客户"), ("TARGET_CUSTOMER", "目标客户"), ("PROSPECT", "沟通客户")],
            );
            json!({"category_name": c.kind_name().or(told).unwrap_or_default()})
        }),
    },
    Row {
        concept: "state",
        cti: Some(|c| json!({"dealFlag": c.flag.map(|flag| FLAGS[flag])})),
        ibizplm: Some(|c| {
            json!({"is_archived": Known::member(&c.profile, "is_archived", 0.into()),
                   "is_deleted": Known::member(&c.profile, "is_deleted", 0.into())})
        }),
        wisecrm: Some(|c| json!({"isDeleted": c.profile.get("is_deleted") == Some(&1.into())})),
        customer_detail: Some(|c| json!({"partnerRelationship": c.in_detail()["partnerRelationship"]})),
        crm_info: Some(|c| {
            let is = |name| c.profile.get(name).map(|_| if name == "is_deleted" { "已删除" } else { "已归档" });
            let told = told(
                &c.detail,
                "partnerRelationship",
                &[("intimacy", "亲密"), ("recognized", "认可"), ("loose", "松散")],
            );
            let flag = c.flag.map(|flag| FLAGS[flag]);
            json!({"state_name": flag.or(told).or(is("is_deleted")).or(is("is_archived")).unwrap_or_default()})
        }),
    },
    Row {
        concept: "source",
        cti: Some(|c| json!({"custFrom": c.source.map(|source| SOURCES[source])})),
        ibizplm: NOTHING,
        wisecrm: NOTHING,
        customer_detail: Some(|c| json!({"from": c.in_detail()["from"]})),
        crm_info: Some(|c| {
            let told = told(&c.detail, "from", &[("customer", "客户"), ("channel", "渠道")]);
            json!({"channel_name": c.source.map(|source| SOURCES[source]).or(told).unwrap_or_default()})
        }),
    },
    Row {
        concept: "level",
        cti: Some(|c| if c.labels.is_empty() { json!({"customerLabel": c.star}) } else { json!({}) }),
        ibizplm: Some(|c| json!({"grade_id": c.plm_level()})),
        wisecrm: NOTHING,
        customer_detail: Some(|c| json!({"levelName": c.in_detail()["levelName"], "rank": c.in_detail()["rank"]})),
        crm_info: Some(|c| json!({"grade_name": c.in_crm()["grade_name"]})),
    },
    Row {
        concept: "industry",
        cti: NOTHING,
        ibizplm: Some(|c| json!({"industry_id": c.plm_industry()})),
        wisecrm: NOTHING,
        customer_detail: Some(|c| {
            let shown = c.in_detail();
            json!({"industry_id": shown["industry_id"], "industryPath": shown["industryPath"]})
        }),
        crm_info: NOTHING,
    },
    Row {
        concept: "labels",
        cti: Some(|c| if c.labels.is_empty() { json!({}) } else { json!({"customerLabel": c.labels}) }),
        ibizplm: Some(|c| {
            json!({"categories": Known::member(&c.profile, "categories", Value::Null),
                   "categories_name": Known::member(&c.profile, "categories_name", Value::Null)})
        }),
        wisecrm: NOTHING,
        customer_detail: NOTHING,
        crm_info: NOTHING,
    },
    Row {
        concept: "watchers",
        cti: NOTHING,
        ibizplm: Some(|c| json!({"attentions": c.attentions.iter().collect::<Vec<_>>()})),
        wisecrm: NOTHING,
        customer_detail: Some(|c| {
            let following = c.attentions.iter().filter(|(_, kind)| *kind != "10");
            let number = |(user, _): (&String, &String)| STAFF.iter().position(|staff| staff.0 == user).unwrap() + 1;
            let followers: Vec<usize> = following.map(number).collect();
            let named = |number: &usize| json!({"id": number, "name": STAFF[number - 1].1});
            let names: Vec<Value> = followers.iter().map(named).collect();
            json!({"followers": followers, "followerNames": names})
        }),
        crm_info: NOTHING,
    },
    Row {
        concept: "address and area",
        cti: Some(|c| json!({"address": c.address})),
        ibizplm: NOTHING,
        wisecrm: Some(|c| json!({"address": c.address})),
        customer_detail: Some(|c| {
            let (names, codes) = c.regions();
            json!({"area": names, "areaCode": codes})
        }),
        crm_info: Some(|c| json!({"area_name": c.in_crm()["area_name"], "addresslist": c.addresses()})),
    },
    Row {
        concept: "custom fields",
        cti: Some(|c| {
            let named = FIELDS.iter().filter_map(|(id, name)| Some((format!("{id}_{name}"), c.custom.get(id)?)));
            let values: Map<String, Value> = named.map(|(key, value)| (key, value.as_str().into())).collect();
            json!({"jsonStr": if values.is_empty() { Value::Null } else { values.into() }})
        }),
        ibizplm: NOTHING,
        wisecrm: Some(|c| FIELDS.iter().map(|(id, _)| (format!("c__{id}"), json!(c.custom.get(id)))).collect()),
        customer_detail: NOTHING,
        crm_info: Some(|c| json!({"extend_infos": c.facts()})),
    },
    Row {
        concept: "tickets",
        cti: Some(|c| json!({"Ticket": c.tickets.0})),
        ibizplm: Some(|c| json!({"ticket_total": c.tickets.0, "ticket_finish": c.tickets.1, "counter": c.tickets.0})),
        wisecrm: NOTHING,
        customer_detail: NOTHING,
        crm_info: Some(|c| json!({"service": c.tickets.0.to_string()})),
    },
    Row {
        concept: "money",
        cti: NOTHING,
        ibizplm: NOTHING,
        wisecrm: NOTHING,
        customer_detail: Some(|c| {
            let shown = c.in_detail();
            let turnover: f64 = shown["totalTurnover"].as_str().unwrap().parse().unwrap();
            json!({"totalTurnover": turnover, "outstandingReceivables": shown["outstandingReceivables"],
                   "retentionMoney": Known::member(&c.detail, "retentionMoney", "0.00".into())})
        }),
        crm_info: Some(|c| {
            let shown = c.in_crm();
            let (turnover, outstanding) = (&shown["sales_money"], &shown["used_limit"]);
            let limit = Known::member(&c.crm, "credit_limit", "0.00".into());
            let orders = c.entries("orderlist", &["sales_order_sn", "amount"]);
            // The newest five.
            let orders: Vec<Value> = orders.into_iter().rev().take(5).collect();
            json!({"sales_money": turnover, "used_limit": outstanding, "credit_limit": limit, "orderlist": orders})
        }),
    },
    Row {
        concept: "created and updated",
        cti: Some(|c| {
            json!({"opTime": minute(&c.created), "loginNo": STAFF[c.creator].0,
                   "upTime": minute(&c.changed), "uploginNo": STAFF[c.changer].0})
        }),
        ibizplm: Some(|c| {
            json!({"create_time": c.created, "create_man": STAFF[c.creator].0,
                   "update_time": c.changed, "update_man": STAFF[c.changer].0})
        }),
        wisecrm: Some(|c| {
            json!({"createdOn": c.created, "createdBy": user_id(c.creator),
                   "modifiedOn": c.changed, "modifiedBy": user_id(c.changer)})
        }),
        customer_detail: Some(|c| json!({"createdAt": c.created})),
        crm_info: Some(|c| json!({"created_user_name": STAFF[c.creator].1, "updated_user_name": STAFF[c.changer].1})),
    },
    Row {
        concept: "what one system knows alone",
        cti: Some(|c| {
            let named = |name: &str| (name.to_owned(), Known::member(&c.calls, name, Value::Null));
            let mut own: Map<String, Value> =
                ["taskId", "lastAccept", "assignTime", "lastFlowTime"].map(named).into_iter().collect();
            let follow_ups = c.calls.get("followNum").and_then(Value::as_i64).unwrap_or(0);
            own.insert("followNum".to_owned(), follow_ups.into());
            own.insert("companyName".to_owned(), json!(c.company));
            own.into()
        }),
        ibizplm: Some(|c| {
            let product = Known::member(&c.profile, "product_id", Value::Null);
            let named = |name: &str| (name.to_owned(), Known::member(&c.profile, name, Value::Null));
            let mut own: Map<String, Value> = ["scale", "description", "logo"].map(named).into_iter().collect();
            own.insert("product_name".to_owned(), if product.is_null() { Value::Null } else { "演示产品".into() });
            own.insert("product_id".to_owned(), product);
            own.into()
        }),
        wisecrm: NOTHING,
        customer_detail: Some(|c| {
            json!({"description": Known::member(&c.detail, "description", "".into()),
                   "transactionNumber": Known::member(&c.detail, "transactionNumber", 0.into()),
                   "creditSituation": Known::member(&c.detail, "creditSituation", "".into()),
                   "advantageousIndustry": Known::member(&c.detail, "advantageousIndustry", "".into())})
        }),
        crm_info: Some(|c| {
            json!({"email": Known::member(&c.crm, "email", "".into()),
                   "remark": Known::member(&c.crm, "remark", "".into()),
                   "contacts": c.entries("contacts", &["name", "mobile"])})
        }),
    },
];

fn text(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn user_id(staff: usize) -> String {
    ids::to_wise(Entity::User, 0, i64::try_from(staff).unwrap() + 1)
}

/// What a member that is one of some words says in other words.
fn told(document: &Map<String, Value>, name: &str, words: &[(&str, &'static str)]) -> Option<&'static str> {
    let told = document.get(name)?;
    words.iter().find(|(word, _)| told == word).map(|(_, other)| *other)
}

fn minute(second: &str) -> &str {
    &second[.."2026-01-01 08:00".len()]
}

/// Fails unless every cell of the table holds.
pub fn check(known: &Known, views: &Views) {
    for Row { concept, cti, ibizplm, wisecrm, customer_detail, crm_info } in &TABLE {
        for (system, cell, view) in [
            ("cti", cti, &views.cti),
            ("ibizplm", ibizplm, &views.ibizplm),
            ("wisecrm", wisecrm, &views.wisecrm),
            ("customer_detail", customer_detail, &views.customer_detail),
            ("crm_info", crm_info, &views.crm_info),
        ] {
            let Some(cell) = cell else { continue };
            for (member, expected) in cell(known).as_object().unwrap() {
                assert_eq!(&view[member], expected, "{concept} in {system}: {member} of {known:?}");
            }
        }
    }
}
