//! What somebody may ask for, right and wrong, with numbers wherever something can be written.

use laidian::domain::ids;
use serde_json::{Value, json};

use super::door::login;
use super::numbers::{Dice, FORMS, number};
use super::people::People;

/// A request, and what is to come of it.
pub struct Asked {
    pub frame: Value,
    pub expected: Expected,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    Anything,
    Code(i64),
    /// Nobody in the list.
    Nobody,
    /// Somebody in the list.
    Somebody,
    /// This number and no other.
    Content(Value),
}

use Expected::{Anything, Code, Content, Nobody, Somebody};

/// The requests of this action. A new action needs an arm here: what could it show?
pub fn frames(action: &str, people: &mut People, dice: &Dice) -> Vec<Asked> {
    let asked = match action {
        "ping" => vec![(json!({}), Code(1000))],
        "login" => vec![(login("TRCS004"), Code(1000))],
        "logout" => vec![(json!({}), Code(1000)), (login("TRCS004"), Code(1000))],
        "filter_customers" => {
            vec![(json!({"groupId": 1001}), Code(1000)), (json!({"groupId": readable(people, dice)}), Anything)]
        }
        "list_customers" => list(people, dice),
        "get_customer" => get(people, dice),
        "create_customer" => create(people, dice),
        "update_customer" => update(people, dice),
        "destroy_customer" => destroy(people, dice),
        "feeds" => feeds(people, dice),
        "export_customers" => {
            vec![(json!({"format": "csv"}), Code(2403)), (json!({"format": readable(people, dice)}), Code(2403))]
        }
        "reveal_phone" => reveal(people, dice),
        "get_number" => vec![
            (json!({"number": readable(people, dice)}), Code(1000)),
            (json!({"number": people.hidden.numbers[0].typed}), Code(1000)),
            (json!({"number": "138****5678"}), Code(2000)),
            (json!({"number": [readable(people, dice)]}), Code(2000)),
        ],
        "subscribe" => vec![
            (json!({"topics": ["customers/all", format!("customer/{}", people.any(dice).id)]}), Code(1000)),
            (json!({"topics": [format!("customer/{}", people.hidden.id)]}), Code(1000)),
            (json!({"topics": [readable(people, dice)]}), Code(2000)),
            (json!({"topics": ["customers/all"], "since": {"epoch": readable(people, dice), "seq": 1}}), Code(1000)),
        ],
        "unsubscribe" => vec![(json!({}), Code(1000)), (json!({"topics": [readable(people, dice)]}), Code(2000))],
        "put_details" => details(people, dice),
        "create_follow_up" => {
            let person = people.any(dice);
            let said = dice.pick(&person.numbers).typed.clone();
            let of = |id: i64, text: &str| json!({"type": "id", "content": id, "text": text});
            vec![
                (of(person.id, &format!("请回电{said}")), Code(1000)),
                (of(people.hidden.id, "x"), Code(2005)),
                (of(person.id, " "), Code(2000)),
                (
                    json!({"type": "id", "content": person.id, "text": "x", "dealFlag": readable(people, dice)}),
                    Code(2000),
                ),
            ]
        }
        "call_ringing" | "report_call" => {
            let known = people.any(dice).numbers[0].typed.clone();
            vec![
                (json!({"event": "ringing", "callId": "m-1", "caller": known}), Anything),
                (json!({"event": "ringing", "callId": "m-2", "caller": people.hidden.numbers[0].typed}), Anything),
                (json!({"callId": "m-3", "caller": known, "data": {"said": known}}), Anything),
                (json!({"callId": readable(people, dice), "caller": readable(people, dice)}), Anything),
            ]
        }
        "call_answered" | "call_held" | "call_resumed" | "call_ended" | "get_call" => {
            vec![(json!({"callId": "m-1"}), Anything), (json!({"callId": "m-2"}), Anything)]
        }
        "call_transferred" => vec![(json!({"callId": "m-1", "to": people.any(dice).numbers[0].typed}), Anything)],
        "complete_call" => {
            vec![(json!({"callId": "m-1", "result": readable(people, dice), "note": readable(people, dice)}), Anything)]
        }
        "list_calls" => vec![
            (json!({}), Code(1000)),
            (json!({"customerId": people.any(dice).id}), Code(1000)),
            (json!({"customerId": people.hidden.id}), Code(2005)),
            (json!({"missed": true}), Code(1000)),
        ],
        "dial" => vec![
            (json!({"customerId": people.any(dice).id}), Anything),
            (json!({"customerId": people.hidden.id}), Code(2005)),
            (json!({"number": readable(people, dice)}), Anything),
        ],
        "agent_state" => vec![(json!({"state": "free", "reason": readable(people, dice)}), Anything)],
        "add_follow_up" | "put_reminder" => {
            let person = people.any(dice);
            let said = format!("请回电{}", dice.pick(&person.numbers).typed);
            let of = |id: Value, said: &str| {
                if action == "put_reminder" {
                    json!({"customerId": id, "at": "2099-01-01", "text": said})
                } else {
                    json!({"customerId": id, "content": said, "nextAt": "2099-01-01"})
                }
            };
            let mut wrong = of(person.id.into(), "x");
            wrong[if action == "put_reminder" { "at" } else { "dealFlag" }] = readable(people, dice).into();
            vec![
                (of(person.id.into(), &said), Code(1000)),
                (of(person.id.into(), " "), Code(2000)),
                (of(people.hidden.id.into(), "x"), Code(2005)),
                (of(readable(people, dice).into(), &said), Anything),
                (wrong, Anything),
            ]
        }
        "watch" | "unwatch" | "viewing" => {
            let of = |id: Value| json!({"customerId": id});
            let hidden = if action == "unwatch" { 1000 } else { 2005 };
            vec![
                (of(people.any(dice).id.into()), Code(1000)),
                (of(people.hidden.id.into()), Code(hidden)),
                (of(readable(people, dice).into()), Anything),
            ]
        }
        "list_watched" => vec![(json!({}), Code(1000)), (json!({"page": readable(people, dice)}), Anything)],
        // Too short to be one: the old one is not even looked at.
        "change_password" => vec![(json!({"old": readable(people, dice), "new": "x"}), Code(2000))],
        "log_call" | "log_text_message" => {
            let person = people.any(dice);
            let number = dice.pick(&person.numbers).clone();
            let mut frame = json!({"customerId": person.id, "direction": "out"});
            let mut by_number = json!({"number": number.typed, "direction": "in"});
            if action == "log_text_message" {
                frame["content"] = format!("请拨{}", number.typed).into();
                by_number["content"] = "x".into();
            }
            let with = |name: &str, value: Value| {
                let mut frame = frame.clone();
                frame[name] = value;
                frame
            };
            vec![
                (frame.clone(), Code(1000)),
                (by_number, Anything),
                (with("customerId", people.hidden.id.into()), Code(2005)),
                (with("customerId", readable(people, dice).into()), Anything),
                (with("direction", readable(people, dice).into()), Code(2000)),
                (with("at", readable(people, dice).into()), Anything),
                (with("number", readable(people, dice).into()), Anything),
            ]
        }
        "create_ticket" => {
            let person = people.any(dice);
            let said = format!("换号{}", dice.pick(&person.numbers).typed);
            let of = |id: i64, handler: &str| json!({"customerId": id, "title": said, "content": said, "handler": handler, "due": "2099-01-01"});
            vec![
                (of(person.id, "TRCS004"), Code(1000)),
                (of(people.hidden.id, "TRCS004"), Code(2005)),
                (of(person.id, &readable(people, dice)), Code(2000)),
                (json!({"customerId": person.id, "title": "x", "urgency": readable(people, dice)}), Code(2000)),
            ]
        }
        "update_ticket" | "get_ticket" => {
            let said = readable(people, dice);
            let mut asked = vec![(json!({"ticketId": said}), Anything)];
            for ticket in 1..20 {
                let mut frame = json!({"ticketId": ticket});
                if action == "update_ticket" {
                    frame["comment"] = format!("已打{said}").into();
                }
                asked.push((frame, Anything));
            }
            asked
        }
        "list_tickets" => vec![
            (json!({"pageSize": 100}), Code(1000)),
            (json!({"customerId": people.any(dice).id}), Code(1000)),
            (json!({"customerId": people.hidden.id}), Nobody),
            (json!({"handler": readable(people, dice)}), Code(2000)),
            (json!({"state": readable(people, dice)}), Code(2000)),
        ],
        "list_reminders" => vec![
            (json!({"pageSize": 100}), Code(1000)),
            (json!({"staffNo": readable(people, dice)}), Code(2403)),
            (json!({"after": readable(people, dice)}), Anything),
        ],
        "complete_reminder" => vec![(json!({"reminderId": readable(people, dice)}), Anything)],
        "list_deleted" => vec![
            (json!({}), Code(1000)),
            (json!({"query": "张三"}), Code(1000)),
            (json!({"query": people.gone.numbers[0].national}), Code(2403)),
            (json!({"query": readable(people, dice), "page": readable(people, dice)}), Anything),
        ],
        "restore_customer" => vec![
            // It is there once; then it is somebody like all others.
            (json!({"id": people.gone.id}), Anything),
            (json!({"id": people.gone.id}), Code(2005)),
            (json!({"id": people.hidden.id}), Code(2005)),
            (json!({"id": readable(people, dice)}), Anything),
        ],
        "get_details" => {
            let person = people.any(dice).id;
            let of = |system: &str| json!({"type": "id", "content": person, "system": system});
            vec![
                (of("crm_info"), Code(1000)),
                (of("customer_detail"), Code(1000)),
                (of(&readable(people, dice)), Code(2000)),
            ]
        }
        "customers/detail" => {
            vec![(json!({"id": people.any(dice).id}), Code(1000)), (json!({"id": people.hidden.id}), Code(2005))]
        }
        "crm/customer/info" => vec![
            (json!({"cid": people.any(dice).id}), Code(1000)),
            (json!({"cid": people.hidden.id}), Code(2005)),
            (json!({"cid": readable(people, dice)}), Anything),
        ],
        "release_customers" => vec![
            (json!({"customerIds": [people.any(dice).id, people.hidden.id]}), Code(1000)),
            (json!({"customerIds": [readable(people, dice)]}), Anything),
        ],
        "claim_customer" => vec![
            (json!({"customerId": people.any(dice).id}), Anything),
            (json!({"customerId": people.hidden.id}), Code(2005)),
            (json!({"customerId": readable(people, dice)}), Anything),
        ],
        "save_view" => vec![
            (json!({"name": readable(people, dice), "where": {"cellphones": readable(people, dice)}}), Anything),
            (json!({"name": "x", "where": {(readable(people, dice)): 1}}), Code(2000)),
            (json!({"name": "x", "shared": true}), Code(2403)),
        ],
        "list_views" => vec![(json!({}), Code(1000))],
        "delete_view" => vec![(json!({"id": readable(people, dice)}), Anything)],
        "assign_customers"
        | "find_duplicates"
        | "merge_customers"
        | "unmerge"
        | "upload_file"
        | "import_customers"
        | "get_import"
        | "get_import_errors"
        | "cancel_import"
        | "show_company"
        | "list_audit"
        | "put_company"
        | "put_group"
        | "put_operator"
        | "set_password"
        | "disable_operator"
        | "enable_operator"
        | "put_app"
        | "rotate_app"
        | "put_webhook"
        | "rotate_webhook"
        | "delete_webhook"
        | "list_webhooks"
        | "list_deliveries"
        | "redeliver"
        | "rotate_tokens"
        | "put_dictionary_item"
        | "put_task"
        | "put_custom_field"
        | "put_product"
        | "put_product_member"
        | "put_rights"
        | "put_blocked_number"
        | "remove_blocked_number"
        | "list_blocked_numbers"
        | "redeem_dial"
        | "list_agents"
        | "agent_history"
        | "reports" => {
            vec![(json!({"id": readable(people, dice), "name": readable(people, dice), "role": "agent"}), Code(2403))]
        }
        "account/delete" => vec![(json!({"account_id": readable(people, dice)}), Anything)],
        wise if ["account/", "metadata/", "user/", "entity/"].iter().any(|model| wise.starts_with(model)) => {
            let said = readable(people, dice);
            let account = ids::to_wise(ids::Entity::Account, 1001, people.any(dice).id);
            let asked = |account: &str, name: &str, body: Value| {
                let fields = "accountId,accountName,phone,address,owningUser.userName";
                json!({"account_id": account, "fields": fields, "entity": "Account", "qname": name, "body": body})
            };
            let condition = json!({"filters": [{"fieldName": "accountName", "operator": "cl", "value": said}]});
            vec![
                (asked(&account, "*", json!({"address": said})), Anything),
                (asked(&account, &format!("*{said}"), condition), Anything),
                (asked(&said, &said, json!({(said.clone()): said})), Anything),
                // Who exchanges a number makes the old one nobody's, and of some forms that one is then no secret.
                (
                    asked(&account, "*", if wise == "account/add" { json!({"phone": said}) } else { json!({}) }),
                    Anything,
                ),
            ]
        }
        "ibizplm.exportdata" => {
            vec![(json!({"param": "fetchdefault", "n_name_like": readable(people, dice)}), Code(2403))]
        }
        plm if plm.starts_with("ibizplm.") => {
            let said = |key: &str| {
                let said = readable(people, dice);
                // Without a name: by the old one, others of these requests find the customer.
                json!({
                    "key": key, "description": said, "principal_id": said, "id": said, "n_name_like": said,
                    "srfactionparam": [{"id": said, "categories": said}],
                })
            };
            let known = ids::to_hex32(1001, people.any(dice).id);
            vec![(said(&known), Anything), (said(&readable(people, dice)), Anything)]
        }
        _ => panic!("{action} is new: say in tests/it/masking/asked.rs how it is asked for"),
    };
    asked.into_iter().map(|(frame, expected)| Asked { frame: named(frame, action, people, dice), expected }).collect()
}

/// The frame with its action and, mostly, a name of its own, in which a number may stand.
fn named(mut frame: Value, action: &str, people: &People, dice: &Dice) -> Value {
    if frame.get("action").is_none() {
        frame["action"] = action.into();
    }
    match dice.below(3) {
        0 => frame["callbackId"] = format!("编号{}", readable(people, dice)).into(),
        1 => frame["callbackId"] = 222_000.into(),
        _ => {}
    }
    frame
}

/// Somebody's number that reads like one wherever it stands.
fn readable(people: &People, dice: &Dice) -> String {
    loop {
        let number = dice.pick(&people.any(dice).numbers).clone();
        if number.reads {
            return number.typed;
        }
    }
}

/// The last digits of somebody's number: more than are shown, less than all.
fn tail(people: &People, dice: &Dice) -> String {
    let national = &dice.pick(&people.any(dice).numbers).national;
    let count = 5 + dice.below((national.len() as u64 - 5).min(6)) as usize;
    national[national.len() - count..].to_owned()
}

fn list(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let person = people.any(dice).clone();
    let number = dice.pick(&person.numbers).clone();
    let (national, typed) = (&number.national, &number.typed);
    let last = &national[national.len() - 4..];
    let tail = tail(people, dice);
    // Digits of the number that stands in the name, wherever it is cut.
    let piece: String = person.name.chars().filter(char::is_ascii_digit).skip(dice.below(3) as usize).take(5).collect();
    let mut asked = vec![
        (json!({}), Code(1000)),
        (json!({"query": "张三", "page": dice.below(2) + 1}), Code(1000)),
        (json!({"query": last}), Somebody),
        (json!({"query": tail}), Nobody),
        (json!({"query": format!("+1 {tail}")}), Nobody),
        (json!({"query": format!("0{tail}")}), Nobody),
        (json!({"query": piece}), Nobody),
        (json!({"query": format!("三{}", &piece[..3])}), Code(1000)),
        (json!({"query": people.hidden.numbers[0].national}), Nobody),
        (json!({"filters": "｜本组客户", "query": number.national}), Code(1000)),
        (json!({"filters": format!("｜{}", readable(people, dice))}), Code(2000)),
        (json!({"filters": {"type": readable(people, dice)}}), Code(2000)),
        (json!({"filters": {(readable(people, dice)): "x"}}), Code(2000)),
        (json!({"filters": [readable(people, dice)]}), Code(2000)),
        (json!({"page": readable(people, dice)}), Anything),
        (json!({"where": {"custname": {"contains": piece}}}), Code(2403)),
        (json!({"where": {"custname": person.name}}), Somebody),
        (json!({"where": {"cellphones": tail}}), Anything),
        (json!({"where": {(readable(people, dice)): 1}}), Code(2000)),
        (json!({"where": {"custType": readable(people, dice)}}), Code(2000)),
        (json!({"sort": "name"}), Code(2403)),
        (json!({"sort": readable(people, dice), "after": readable(people, dice)}), Code(2000)),
    ];
    if !typed.contains(['·', '转']) {
        asked.push((json!({"query": typed}), Somebody));
    }
    let at = dice.below(asked.len() as u64) as usize;
    asked.rotate_left(at);
    asked.truncate(6);
    asked
}

fn get(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let person = people.any(dice).clone();
    let by = |kind: &str, content: Value| json!({"type": kind, "content": content});
    vec![
        (by("id", person.id.into()), Code(1000)),
        (by("custName", person.name.into()), Code(1000)),
        (by("companyName", person.company.into()), Code(1000)),
        (by("cellphone", dice.pick(&person.numbers).typed.clone().into()), Code(1000)),
        (by("cellphone", tail(people, dice).into()), Code(2005)),
        (by("cellphone", people.hidden.numbers[0].typed.clone().into()), Code(2005)),
        (by("id", people.hidden.id.into()), Code(2005)),
        (by(&readable(people, dice), 1.into()), Code(2060)),
        (by("id", json!({(readable(people, dice)): 1})), Anything),
    ]
}

fn create(people: &mut People, dice: &Dice) -> Vec<(Value, Expected)> {
    let taken = dice.pick(&people.any(dice).numbers).typed.clone();
    let hidden = people.hidden.numbers[0].typed.clone();
    let form = dice.below(FORMS);
    let new = number(form, dice);
    people.secrets.add(&new);
    people.asked += 1;
    let create = json!({"requestId": format!("new-{}", people.asked), "customer":
        {"custname": format!("李四{}", new.national), "cellphones": [new.typed], "jsonStr": {"501": new.national}}});
    let with = |phones: Value| json!({"customer": {"custname": "赵六", "cellphones": phones}});
    vec![
        (create.clone(), Code(1000)),
        (create, Code(1000)),
        (
            json!({"requestId": format!("new-{}", people.asked), "customer": {"custname": readable(people, dice)}}),
            Code(2000),
        ),
        (json!({"requestId": [readable(people, dice)], "customer": {}}), Code(2000)),
        (with(json!([taken])), Code(2000)),
        (with(json!([[null, hidden]])), Code(2000)),
        (with(json!([[1, readable(people, dice)]])), Code(2000)),
        (with(json!([{"number": readable(people, dice)}])), Code(2000)),
        (with(json!(["138****5678"])), Code(2000)),
    ]
}

fn update(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let id = people.any(dice).id;
    let wrong = readable(people, dice);
    let digits: i64 = dice.pick(&people.known[0].numbers).national.parse().unwrap();
    let wrongs = [
        json!({"custType": wrong}),
        json!({"custType": digits}),
        json!({"dealFlag": wrong}),
        json!({"taskId": wrong}),
        json!({"taskId": digits}),
        json!({"followNum": wrong}),
        json!({"serviceNo": wrong, "servicegroupId": 1001}),
        json!({"servicegroupId": digits}),
        json!({"assignTime": wrong}),
        json!({"jsonStr": {(wrong.as_str()): 1}}),
        json!({"jsonStr": {"501": format!("约{wrong}")}}),
        json!({"jsonStr": wrong}),
        json!({"cellphones": wrong}),
        json!({"cellphones": [[digits, wrong]]}),
        json!({"customerLabel": {"name": wrong}}),
        json!({"customerLabel": digits}),
        json!({"custname": [wrong]}),
        json!(wrong),
        json!([digits]),
    ];
    let changed = &people.known[dice.below(3) as usize];
    let touch = json!({"followNum": dice.below(100)});
    vec![
        (json!({"type": "id", "content": id, "customer": dice.pick(&wrongs)}), Code(2000)),
        (json!({"type": "id", "content": id, "customer": touch}), Code(1000)),
        (json!({"type": "id", "content": changed.id, "ifVersion": 1, "customer": {"cellphones": []}}), Code(2409)),
        (
            json!({"type": "id", "content": changed.id, "ifVersion": 1, "merge": true, "customer": {"cellphones": []}}),
            Code(2409),
        ),
        (json!({"type": "id", "content": id, "ifVersion": wrong, "customer": touch}), Code(2000)),
        (json!({"type": "cellphone", "content": tail(people, dice), "customer": touch}), Code(2005)),
    ]
}

fn destroy(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let changed = &people.known[dice.below(3) as usize];
    vec![
        (json!({"type": "id", "content": changed.id, "ifVersion": 1}), Code(2409)),
        (json!({"type": "id", "content": people.hidden.id}), Code(2005)),
        (json!({"type": "cellphone", "content": tail(people, dice)}), Code(2005)),
    ]
}

fn feeds(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let person = people.any(dice);
    let kind = *dice.pick(&["All", "Ticket", "CustomerFollowUp", "CallLog", "TextMsgLog", "Alternation"]);
    let typed = &dice.pick(&person.numbers).typed;
    vec![
        (json!({"feed_type": kind, "type": "id", "content": person.id}), Code(1000)),
        (json!({"feed_type": "All", "type": "cellphone", "content": typed, "page_size": 100}), Code(1000)),
        (json!({"feed_type": "Alternation", "type": "id", "content": people.moved}), Code(1000)),
        (json!({"feed_type": readable(people, dice), "type": "id", "content": person.id}), Code(2000)),
        (json!({"feed_type": "All", "type": "cellphone", "content": tail(people, dice)}), Code(2005)),
    ]
}

/// What single systems know, with the customer's numbers in it.
fn details(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let person = people.any(dice);
    let typed = dice.pick(&person.numbers).typed.clone();
    let of = |fields: Value| json!({"type": "id", "content": person.id, "system": "crm_info", "fields": fields});
    let contact = json!({"name": format!("张三 {typed}"), "mobile": typed, "tel": typed, "remark": typed});
    vec![
        (of(json!({"contacts": [contact], "remark": format!("回电{typed}")})), Code(1000)),
        (of(json!({"addresslist": [{"contact_number": typed}], "email": typed})), Code(1000)),
        (of(json!({"contacts": [{"mobile": "138****8888"}]})), Code(2000)),
        (of(json!({(readable(people, dice)): typed})), Code(2000)),
    ]
}

fn reveal(people: &People, dice: &Dice) -> Vec<(Value, Expected)> {
    let person = people.any(dice);
    let (phone, content) = dice.pick(&person.phones).clone();
    let of = |phone: Value| json!({"type": "id", "content": person.id, "phoneId": phone});
    let hidden = &people.hidden;
    vec![
        (of(phone.into()), Content(content)),
        (of(readable(people, dice).into()), Code(2000)),
        (of(hidden.phones[0].0.into()), Code(2000)),
        (json!({"type": "id", "content": hidden.id, "phoneId": hidden.phones[0].0}), Code(2005)),
        (json!({"type": "cellphone", "content": tail(people, dice), "phoneId": phone}), Code(2005)),
    ]
}
