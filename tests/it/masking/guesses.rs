//! How each action is asked with a guess in each of its parameters.

use std::collections::BTreeSet;

use laidian::domain::ids::{self, Entity};
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::SHOP;

/// A customer with nothing but a number.
pub struct Victim {
    pub id: i64,
    pub number: String,
    /// Differs from the number in a hidden digit.
    pub wrong: String,
    /// What iBiz PLM and WiseCRM call it.
    pub key: String,
    pub account: String,
    contact: Value,
}

impl Victim {
    /// Creates one: its number is its name and stands in all that can hold one.
    pub async fn create(admin: &mut Client, number: String) -> Self {
        let customer = json!({
            "custname": number, "companyName": number, "address": number, "lastAccept": number,
            "cellphones": [number], "customerLabel": [number], "jsonStr": {"500": number}, "servicegroupId": 1001,
        });
        let reply = admin.ask(json!({"action": "create_customer", "customer": customer})).await;
        assert_eq!(reply["code"], 1000, "{reply}");
        let id = reply["customer"]["id"].as_i64().unwrap();
        let fields = json!({"remark": number, "email": number, "contacts": [{"name": number, "mobile": number}]});
        let put = json!({"action": "put_details", "type": "id", "content": id, "system": "crm_info", "fields": fields});
        let reply = admin.ask(put).await;
        assert_eq!(reply["code"], 1000, "{reply}");
        let contact = reply["result"]["contacts"][0]["id"].clone();
        let key = ids::to_hex32(SHOP, id);
        let reply =
            admin.ask(json!({"action": "ibizplm.update", "key": key, "description": number, "logo": number})).await;
        assert_eq!(reply["code"], 1000, "{reply}");
        let mut wrong = number.clone().into_bytes();
        wrong[4] = if wrong[4] == b'9' { b'0' } else { wrong[4] + 1 };
        let account = ids::to_wise(Entity::Account, SHOP, id);
        Self { id, number, wrong: String::from_utf8(wrong).unwrap(), key, account, contact }
    }
}

/// What differs from one answer to another without telling a digit.
const OF_ITS_OWN: [&str; 29] = [
    "callbackId",
    "id",
    "custId",
    "customerId",
    "reminderId",
    "openedAt",
    "updatedAt",
    "after",
    "customer_id",
    "accountId",
    "owner_id",
    "code_old",
    "time",
    "opTime",
    "upTime",
    "created_at",
    "updated_at",
    "create_time",
    "update_time",
    "createdOn",
    "modifiedOn",
    "cache_at",
    "url",
    "expires",
    "created_time",
    "version_at",
    "startedAt",
    "endedAt",
    "ringingAt",
];

/// Takes out of an answer what differs anyway: ids, times, and the numbers, which are said or masked.
pub fn blur(reply: &mut Value, victims: &[Victim]) {
    match reply {
        Value::Object(members) => {
            members.retain(|name, _| !OF_ITS_OWN.contains(&name.as_str()));
            members.values_mut().for_each(|member| blur(member, victims));
        }
        Value::Array(list) => list.iter_mut().for_each(|entry| blur(entry, victims)),
        Value::String(text) => {
            for victim in victims {
                let masked = format!("{}****{}", &victim.number[..3], &victim.number[7..]);
                for known in [&victim.number, &victim.wrong, &masked, &victim.key, &victim.account] {
                    *text = text.replace(known.as_str(), "#");
                }
                *text = text.replace(&format!("C{:08}", victim.id), "#");
                if *text == victim.id.to_string() {
                    *text = "#".to_owned();
                }
            }
        }
        Value::Number(number) => {
            let said = number.to_string();
            if victims.iter().any(|victim| [&victim.number, &victim.wrong, &victim.id.to_string()].contains(&&said)) {
                *reply = "#".into();
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

type Base = fn(&Victim) -> Value;

/// A right request of this action, without a guess. `None` for an action that is new.
pub fn base(action: &str) -> Option<Base> {
    Some(match action {
        // Before one has signed in, nothing is hidden; and none of them asks for a customer.
        "ping" | "login" | "logout" => |_| json!({"action": "ping"}),
        "subscribe" | "unsubscribe" => |_| json!({"action": "unsubscribe"}),
        "filter_customers" => |_| json!({"action": "filter_customers", "groupId": 1001}),
        "list_customers" => |_| json!({"action": "list_customers"}),
        "get_customer" => |v| named("get_customer", v),
        "create_customer" => |_| json!({"action": "create_customer", "customer": {"custname": "赵六"}}),
        "update_customer" => |v| with(named("update_customer", v), "customer", json!({"followNum": 7})),
        "destroy_customer" => |v| with(named("destroy_customer", v), "ifVersion", 999.into()),
        "feeds" => |v| with(named("feeds", v), "feed_type", "All".into()),
        "export_customers" => |_| json!({"action": "export_customers", "format": "csv"}),
        "reveal_phone" => |v| named("reveal_phone", v),
        "get_number" => |v| json!({"action": "get_number", "number": v.number}),
        "put_details" => {
            |v| with(with(named("put_details", v), "system", "crm_info".into()), "fields", json!({"license_no": "x"}))
        }
        "get_details" => |v| with(named("get_details", v), "system", "crm_info".into()),
        "create_follow_up" => |v| with(named("create_follow_up", v), "text", "回电".into()),
        "customers/detail" => |v| json!({"action": "customers/detail", "id": v.id}),
        "crm/customer/info" => |v| json!({"action": "crm/customer/info", "cid": v.id}),
        "account/add" => |_| json!({"action": "account/add", "body": {"accountName": "赵六"}}),
        "account/get" => |v| json!({"action": "account/get", "account_id": v.account, "fields": FIELDS}),
        "account/list" => |_| json!({"action": "account/list", "fields": FIELDS}),
        "account/update" => |v| json!({"action": "account/update", "account_id": v.account, "body": {}}),
        "account/delete" => |v| json!({"action": "account/delete", "account_id": v.account}),
        "entity/adv-query" => {
            |_| json!({"action": "entity/adv-query", "entity": "Account", "fields": FIELDS, "body": {"filters": []}})
        }
        "metadata/entity" => |_| json!({"action": "metadata/entity", "entity": "Account"}),
        "user/list" => |_| json!({"action": "user/list", "fields": "userName"}),
        other => return base_of_others(other),
    })
}

/// Those that need nothing but their customer or, for admins, are none of the caller's.
fn base_of_others(action: &str) -> Option<Base> {
    macro_rules! bases {
        ($v:ident, $($name:literal => $members:tt)+) => {
            match action {
                $($name => |$v: &Victim| { let _ = $v; with(json!($members), "action", $name.into()) },)+
                _ => return None,
            }
        };
    }
    Some(bases! { v,
        "ibizplm.create" => {"name": "赵六"}
        "ibizplm.get" => {"key": v.key}
        "ibizplm.remove" => {"key": v.key}
        "ibizplm.update" => {"key": v.key}
        "ibizplm.add_categories" => {"key": v.key, "srfactionparam": [{"categories": "c"}]}
        "ibizplm.checkkey" => {}
        "ibizplm.del_relation" => {"key": v.key, "principal_id": "idea"}
        "ibizplm.getdraft" => {}
        "ibizplm.get_attention" => {"key": v.key}
        "ibizplm.others_relation_customer" => {"principal_id": "idea", "srfactionparam": [{"id": v.key}]}
        "ibizplm.product_customer_re_counters" => {"key": v.key}
        "ibizplm.save" => {"key": v.key}
        "ibizplm.fetchcomment_notify_assignee" => {"id": 1}
        "ibizplm.fetchdefault" => {}
        "ibizplm.fetchidea_notre_customer" => {}
        "ibizplm.fetchidea_relation_customer" => {}
        "ibizplm.fetchnormal" => {}
        "ibizplm.importtemplate" => {}
        "ibizplm.exportdata" => {"param": "fetchdefault"}
        "ibizplm.importdata" => {}
        "ibizplm.importdata2" => {}
        "ibizplm.asyncimportdata2" => {}
        "ibizplm.printdata" => {"key": v.key, "srfcontenttype": "HTML"}
        "ibizplm.report" => {"srfcontenttype": "HTML"}
        "ibizplm.asyncactions" => {"asyncactionid": "x"}
        "ibizplm.files" => {}
        "ibizplm.ossfiles" => {"srfossfileid": "x"}
        "ibizplm.importschemas" => {"columns": {"单位名称": "name"}}
        "metadata/field" => {"entity": "Account"}
        "metadata/picklist" => {"entity": "Account"}
        "upload_file" => {}
        "import_customers" => {"file": "x"}
        "get_import" => {"id": "x"}
        "cancel_import" => {"id": "x"}
        "get_import_errors" => {"id": "x"}
        "show_company" => {}
        "put_company" => {}
        "put_group" => {"id": 1, "name": "x"}
        "put_operator" => {"staffNo": "x"}
        "set_password" => {"staffNo": "x", "password": "x"}
        "disable_operator" => {"staffNo": "x"}
        "enable_operator" => {"staffNo": "x"}
        "put_app" => {"id": "x", "name": "x"}
        "rotate_app" => {"id": "x"}
        "put_webhook" => {"id": "x", "url": "https://push.example.com/", "events": ["*"]}
        "rotate_webhook" => {"id": "x"}
        "delete_webhook" => {"id": "x"}
        "list_webhooks" => {}
        "list_deliveries" => {"id": "x"}
        "redeliver" => {"id": "x", "seq": 1}
        "rotate_tokens" => {}
        "put_dictionary_item" => {}
        "put_task" => {"id": 1, "name": "x"}
        "put_custom_field" => {"id": 1, "name": "x"}
        "put_product" => {"id": "x", "name": "x"}
        "put_product_member" => {"product": "x", "staffNo": "x"}
        "put_rights" => {"role": "agent"}
        "list_audit" => {}
        "change_password" => {"old": "x", "new": "x"}
        "watch" => {"customerId": v.id}
        "unwatch" => {"customerId": v.id}
        "viewing" => {"customerId": v.id}
        "list_watched" => {}
        "log_call" => {"customerId": v.id, "direction": "in"}
        "log_text_message" => {"customerId": v.id, "direction": "in", "content": "好的"}
        "create_ticket" => {"customerId": v.id, "title": "回电"}
        "update_ticket" => {"ticketId": 0}
        "get_ticket" => {"ticketId": 0}
        "list_tickets" => {}
        "add_follow_up" => {"customerId": v.id, "content": "回电"}
        "put_reminder" => {"customerId": v.id, "at": "2099-01-01", "text": "回电"}
        "list_reminders" => {}
        "complete_reminder" => {"reminderId": 0}
        "assign_customers" => {"customerIds": [v.id], "serviceNo": "TRCS004"}
        "release_customers" => {"customerIds": [v.id]}
        "claim_customer" => {"customerId": v.id}
        "save_view" => {"name": "x"}
        "list_views" => {}
        "find_duplicates" => {"by": "name"}
        "merge_customers" => {"into": v.id, "customerIds": [v.id]}
        "unmerge" => {"customerId": v.id}
        "delete_view" => {"id": v.id}
        "list_deleted" => {}
        "restore_customer" => {"id": v.id}
        "call_ringing" => {"callId": "g-1"}
        "report_call" => {"callId": "g-2", "event": "ringing"}
        "call_answered" => {"callId": "g-1"}
        "call_held" => {"callId": "g-1"}
        "call_resumed" => {"callId": "g-1"}
        "call_transferred" => {"callId": "g-1", "to": "8001"}
        "call_ended" => {"callId": "g-1"}
        "complete_call" => {"callId": "g-1", "result": "x"}
        "get_call" => {"callId": "g-1"}
        "list_calls" => {"pageSize": 1}
        "dial" => {"customerId": v.id}
        "redeem_dial" => {"token": "x"}
        "put_blocked_number" => {"number": "x"}
        "remove_blocked_number" => {"number": "x"}
        "list_blocked_numbers" => {}
        "agent_state" => {}
        "list_agents" => {}
        "agent_history" => {"agent": "x"}
        "reports" => {"from": "2026-11-01", "to": "2026-11-02"}
    })
}

const FIELDS: &str = "accountId,accountName,phone,address,owningUser.userName,c__500";

fn named(action: &str, victim: &Victim) -> Value {
    json!({"action": action, "type": "id", "content": victim.id})
}

fn with(mut frame: Value, name: &str, value: Value) -> Value {
    frame[name] = value;
    frame
}

type Put = Box<dyn Fn(Value, &str, &Victim) -> Value>;

/// A guess in one place of a request.
pub struct Guess {
    pub place: String,
    pub put: Put,
}

/// All places of an action in which a number can stand.
pub fn all(action: &str, places: &BTreeSet<String>) -> Vec<Guess> {
    // What is told of a number is another thing for each, but no customer's: `strangers.rs` shows it. What is pushed tells
    // nothing of what was asked: `live.rs` shows that numbers are hidden there. A password is no number.
    // Of calls, he is told what he has reported himself: `calls.rs` shows that a reported number is a try.
    let is_of_calls = action.starts_with("call_") || ["report_call", "get_call", "complete_call"].contains(&action);
    let is_told = ["ping", "login", "logout", "get_number", "subscribe", "unsubscribe", "change_password"];
    if is_of_calls || is_told.contains(&action) {
        return Vec::new();
    }
    let mut guesses: Vec<Guess> = Vec::new();
    let mut add = |place: String, put: Put| guesses.push(Guess { place, put });
    for path in places {
        if path == "content" {
            for kind in ["id", "custName", "cellphone", "companyName"] {
                add(
                    format!("content {kind}"),
                    Box::new(move |frame, number, _| with(with(frame, "type", kind.into()), "content", number.into())),
                );
            }
        }
        let path = path.clone();
        add(path.clone(), Box::new(move |frame, number, _| put(frame, &path, value(&path, number))));
    }
    for (place, value) in beside(action) {
        add(
            place.to_owned(),
            Box::new(move |frame, number, victim| put(frame, place.split(' ').next().unwrap(), value(number, victim))),
        );
    }
    guesses
}

/// The value of a parameter that is no single text.
fn value(path: &str, number: &str) -> Value {
    match path.rsplit('.').next().unwrap() {
        "cellphones" | "customerLabel" | "attentions" => json!([number]),
        "jsonStr" => json!({"500": number}),
        "srfactionparam" => json!([{"id": number, "categories": number}]),
        "customers" => json!([{"name": number}]),
        "merge" => true.into(),
        _ => number.into(),
    }
}

fn put(mut frame: Value, path: &str, value: Value) -> Value {
    let mut at = &mut frame;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_some() && !at[name].is_object() {
            at[name] = json!({});
        }
        at = &mut at[name];
    }
    *at = value;
    frame
}

type Beside = (&'static str, fn(&str, &Victim) -> Value);

fn condition(name: &str, operator: &str, number: &str) -> Value {
    json!([{"fieldName": name, "operator": operator, "value": number}])
}

fn plm_condition(name: &str, operator: &str, number: &str) -> Value {
    json!([{"condtype": "DEFIELD", "fieldname": name, "condop": operator, "value": number}])
}

/// What the schemas leave open: members of documents and records, conditions, and filters in a text.
fn beside(action: &str) -> Vec<Beside> {
    match action {
        "put_details" => vec![
            ("fields.remark", |number, _| number.into()),
            ("fields.email", |number, _| number.into()),
            ("fields.contacts", |number, v| json!([{"id": v.contact, "name": number, "mobile": number}])),
            ("fields.contacts mobile", |number, v| json!([{"id": v.contact, "mobile": number}])),
            ("fields.extend_infos", |number, _| json!([{"name": "备注500", "content": number}])),
            ("fields.addresslist", |number, _| json!([{"address": number, "contact_number": number}])),
            ("fields.grade_name", |number, _| number.into()),
        ],
        "account/add" | "account/update" => vec![
            ("body.accountName", |number, _| number.into()),
            ("body.phone", |number, _| number.into()),
            ("body.address", |number, _| number.into()),
            ("body.c__500", |number, _| number.into()),
            ("body.accountType", |number, _| number.into()),
        ],
        "entity/adv-query" => vec![
            ("body.filters name =", |number, _| condition("accountName", "=", number)),
            ("body.filters name <>", |number, _| condition("accountName", "<>", number)),
            ("body.filters name cl", |number, _| condition("accountName", "cl", number)),
            ("body.filters name nc", |number, _| condition("accountName", "nc", number)),
            ("body.filters address =", |number, _| condition("address", "=", number)),
            ("body.filters address <>", |number, _| condition("address", "<>", number)),
            ("body.filters phone =", |number, _| condition("phone", "=", number)),
            ("body.filters field =", |number, _| condition("c__500", "=", number)),
            ("body.filters field <>", |number, _| condition("c__500", "<>", number)),
            ("body.filters field >", |number, _| condition("c__500", ">", number)),
            ("body.filters field <", |number, _| condition("c__500", "<", number)),
            ("body.filters field cl", |number, _| condition("c__500", "cl", number)),
            ("body.filters owner =", |number, _| condition("owningUser.userName", "=", number)),
        ],
        "list_customers" | "export_customers" => vec![
            ("filters type", |number, _| json!({"type": number})),
            ("filters owner", |number, _| json!({"owner": number})),
            ("query words", |number, _| format!("x {number}").into()),
            ("query tail", |number, _| number[4..].into()),
            ("query part", |number, _| number[..6].into()),
            ("where.custname part", |number, _| json!({"contains": number[2..6]})),
            ("where.jsonStr", |number, _| json!({"500": number})),
            ("where.jsonStr above", |number, _| json!({"500": {"from": number}})),
        ],
        "account/list" => vec![("qname pattern", |number, _| format!("*{}*", &number[2..6]).into())],
        "ibizplm.update" | "ibizplm.save" => vec![
            ("description stored", |number, _| number.into()),
            ("categories_name stored", |number, _| format!("{number},x").into()),
        ],
        fetch if fetch.starts_with("ibizplm.fetch") || fetch == "ibizplm.exportdata" => vec![
            ("query part", |number, _| number[2..6].into()),
            ("n_name_like pattern", |number, _| format!("{}_____", &number[..6]).into()),
            ("sort", |_, _| "name,asc".into()),
            ("searchconds name EQ", |number, _| plm_condition("name", "EQ", number)),
            ("searchconds name NOTEQ", |number, _| plm_condition("name", "NOTEQ", number)),
            ("searchconds name IN", |number, _| plm_condition("name", "IN", number)),
            ("searchconds name NOTIN", |number, _| plm_condition("name", "NOTIN", number)),
            ("searchconds name LIKE", |number, _| plm_condition("name", "LIKE", &number[2..7])),
            ("searchconds name LEFTLIKE", |number, _| plm_condition("name", "LEFTLIKE", &number[..6])),
            ("searchconds name RIGHTLIKE", |number, _| plm_condition("name", "RIGHTLIKE", &number[4..])),
            ("searchconds name GT", |number, _| plm_condition("name", "GT", number)),
            ("searchconds name LTANDEQ", |number, _| plm_condition("name", "LTANDEQ", number)),
            ("searchconds description EQ", |number, _| plm_condition("description", "EQ", number)),
            ("searchconds logo LT", |number, _| plm_condition("logo", "LT", &number[..4])),
            ("searchconds grade_id EQ", |number, _| plm_condition("grade_id", "EQ", number)),
            (
                "searchconds group",
                |number, _| json!([{"condtype": "GROUP", "condop": "OR", "notmode": true, "searchconds": plm_condition("name", "EQ", number)}]),
            ),
            (
                "searchconds items",
                |number, _| json!([{"condtype": "ITEMS", "fieldname": "name", "searchconds": [{"condop": "EQ", "value": number}]}]),
            ),
            ("srfkeys", |number, _| number.into()),
            ("srfexportdatakey", |_, _| "name".into()),
        ],
        _ => Vec::new(),
    }
}

/// What is certainly a try.
pub const KNOWN: [&str; 38] = [
    "get_customer: content cellphone",
    "get_customer: content custName",
    "get_customer: content companyName",
    "feeds: content custName",
    "feeds: content cellphone",
    "reveal_phone: content custName",
    "get_details: content companyName",
    "update_customer: content cellphone",
    "update_customer: customer.cellphones",
    "update_customer: customer.custname",
    "update_customer: customer.jsonStr",
    "update_customer: customer.customerLabel",
    "update_customer: customer.lastAccept",
    "create_customer: customer.cellphones",
    "create_customer: customer.customerLabel",
    "destroy_customer: content cellphone",
    "destroy_customer: content custName",
    "put_details: content cellphone",
    "put_details: fields.remark",
    "put_details: fields.contacts mobile",
    "put_details: fields.extend_infos",
    "create_follow_up: content cellphone",
    "create_follow_up: content companyName",
    "list_customers: query",
    "export_customers: query",
    "account/add: body.phone",
    "account/update: body.accountName",
    "account/update: body.c__500",
    "entity/adv-query: body.filters name =",
    "entity/adv-query: body.filters name <>",
    "entity/adv-query: body.filters field =",
    "entity/adv-query: body.filters field <>",
    "ibizplm.update: description",
    "ibizplm.fetchdefault: n_grade_id_eq",
    "ibizplm.fetchdefault: searchconds name EQ",
    "ibizplm.fetchnormal: searchconds name NOTIN",
    "ibizplm.fetchdefault: searchconds group",
    "ibizplm.exportdata: searchconds description EQ",
];

type Attack = (&'static str, fn(&Victim, &str) -> Value);

/// The ways in which a script could try.
pub const ATTACKS: [Attack; 9] = [
    (
        "deleting in a version that cannot be",
        |_, guess| json!({"action": "destroy_customer", "type": "cellphone", "content": guess, "ifVersion": 999}),
    ),
    (
        "changing in a version that cannot be",
        |_, guess| json!({"action": "update_customer", "type": "cellphone", "content": guess, "ifVersion": 999, "customer": {"followNum": 1}}),
    ),
    ("details in a version that cannot be", |_, guess| {
        json!({"action": "put_details", "type": "cellphone", "content": guess, "ifVersion": 999, "system": "crm_info",
               "fields": {"remark": "x"}})
    }),
    (
        "a follow-up with an unknown flag",
        |_, guess| json!({"action": "create_follow_up", "type": "cellphone", "content": guess, "text": "x", "dealFlag": "没有"}),
    ),
    ("conditions on names", |_, guess| {
        json!({"action": "entity/adv-query", "entity": "Account", "fields": FIELDS,
               "body": {"filters": condition("accountName", "=", guess)}})
    }),
    ("conditions on own fields", |_, guess| {
        json!({"action": "entity/adv-query", "entity": "Account", "fields": FIELDS,
               "body": {"filters": condition("c__500", "=", guess)}})
    }),
    (
        "conditions of iBiz PLM",
        |_, guess| json!({"action": "ibizplm.fetchdefault", "searchconds": plm_condition("name", "EQ", guess)}),
    ),
    ("looking up by name", |_, guess| json!({"action": "get_customer", "type": "custName", "content": guess})),
    (
        "the history by name",
        |_, guess| json!({"action": "feeds", "feed_type": "All", "type": "custName", "content": guess}),
    ),
];
