//! Customers in memory: an answer from there is the one that the database gives, whatever is written.

use serde_json::{Value, json};

use crate::client::Client;
use crate::signed::{ADMIN, AGENT, MASKED_AGENT, OTHER_AGENT, SUPERVISOR, server};
use crate::support::Engine;

both_engines! {
    an_answer_from_memory_is_the_same,
    what_is_written_is_read_at_once_by_all,
    nobody_is_shown_more_from_memory,
}

fn by_phone(number: &str) -> Value {
    json!({"action": "get_customer", "type": "cellphone", "content": number, "callbackId": 5})
}

/// Looks a number up until the answer comes from memory, if it can.
async fn look_up(client: &mut Client, number: &str) -> Value {
    let first = client.ask(by_phone(number)).await;
    let second = client.ask(by_phone(number)).await;
    assert_eq!(first, second, "{number}");
    second
}

async fn done(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{frame}: {reply}");
    reply
}

async fn create(client: &mut Client, customer: Value) -> i64 {
    let reply = done(client, json!({"action": "create_customer", "customer": customer})).await;
    reply["customer"]["id"].as_i64().unwrap()
}

fn ids(reply: &Value) -> Vec<i64> {
    reply["result"].as_array().into_iter().flatten().map(|customer| customer["id"].as_i64().unwrap()).collect()
}

async fn an_answer_from_memory_is_the_same(engine: Engine) {
    let server = server(engine).await;
    let mut client = AGENT.connect(&server).await;
    let listed = client.ask(json!({"action": "list_customers", "pageSize": 50})).await;
    let mut known = 0;
    for customer in listed["result"].as_array().unwrap() {
        for phone in customer["cellphones"].as_array().unwrap() {
            let number = phone["content"].as_str().unwrap();
            let reply = look_up(&mut client, number).await;
            if ids(&reply).len() == 1 {
                known += 1;
                assert_eq!((&reply["result"][0], &reply["matchedBy"]), (customer, &json!("text")), "{number}");
                // Written otherwise, it is another question of the same number.
                let spaced = look_up(&mut client, &format!("{number} ")).await;
                assert_eq!(spaced["result"], reply["result"]);
                let abroad = look_up(&mut client, &format!("+86{}", number.trim_start_matches('0'))).await;
                if ids(&abroad).len() == 1 {
                    assert_eq!((&abroad["result"], &abroad["matchedBy"]), (&reply["result"], &json!("e164")));
                }
            }
        }
    }
    assert!(known > 20, "{known}");
    // Members that nobody reads are told, and wrong ones refused, as ever.
    let number = listed["result"][0]["cellphones"][0]["content"].as_str().unwrap();
    let mut frame = by_phone(number);
    frame["zzyzx"] = json!(1);
    assert_eq!(client.ask(frame).await["ignored"], json!(["zzyzx"]));
    let mut frame = by_phone(number);
    frame["type"] = json!("telephone");
    assert_ne!(client.ask(frame).await["code"], 1000);
    server.stop().await;
}

async fn what_is_written_is_read_at_once_by_all(engine: Engine) {
    let server = server(engine).await;
    let (mut writer, mut reader) = (ADMIN.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let (number, other) = ("13510000101", "13510000102");
    assert_eq!(look_up(&mut reader, number).await["code"], 2005);
    let first = create(&mut writer, json!({"custname": "沈知秋", "cellphones": [number]})).await;
    assert_eq!(ids(&look_up(&mut reader, number).await), [first]);
    for n in 0..20 {
        let customer = json!({"address": format!("望潮街 {n} 号")});
        done(&mut writer, json!({"action": "update_customer", "type": "id", "content": first, "customer": customer}))
            .await;
        assert_eq!(look_up(&mut reader, number).await["result"][0]["address"], customer["address"]);
    }
    done(&mut writer, json!({"action": "add_follow_up", "customerId": first, "content": "已回访"})).await;
    let seen = look_up(&mut reader, number).await;
    assert_eq!(seen["result"][0]["followNum"], 1);
    assert!(seen["result"][0]["lastAccept"].is_string(), "{seen}");

    let second = create(&mut writer, json!({"custname": "林小满", "cellphones": [other]})).await;
    let contacts = json!([{"name": "周宁", "mobile": number}]);
    let put = json!({"action": "put_details", "type": "id", "content": second, "system": "crm_info", "fields": {"contacts": contacts}});
    assert_eq!(ids(&look_up(&mut reader, other).await), [second]);
    done(&mut writer, put).await;
    assert_eq!(ids(&look_up(&mut reader, number).await), [first, second], "the contact's");
    let merge = json!({"action": "merge_customers", "into": first, "customerIds": [second]});
    done(&mut writer, merge).await;
    assert_eq!(ids(&look_up(&mut reader, other).await), [first]);
    done(&mut writer, json!({"action": "unmerge", "customerId": second})).await;
    assert_eq!(ids(&look_up(&mut reader, other).await), [second]);

    let moved = json!({"cellphones": ["13510000103"]});
    done(&mut writer, json!({"action": "update_customer", "type": "id", "content": second, "customer": moved})).await;
    assert_eq!(look_up(&mut reader, other).await["code"], 2005);
    assert_eq!(ids(&look_up(&mut reader, "13510000103").await), [second]);
    done(&mut writer, json!({"action": "destroy_customer", "type": "id", "content": second})).await;
    assert_eq!(look_up(&mut reader, "13510000103").await["code"], 2005);
    done(&mut writer, json!({"action": "restore_customer", "id": second})).await;
    assert_eq!(ids(&look_up(&mut reader, "13510000103").await), [second]);
    server.stop().await;
}

async fn nobody_is_shown_more_from_memory(engine: Engine) {
    let server = server(engine).await;
    let mut agent = AGENT.connect(&server).await;
    let (mut supervisor, mut masked) = (SUPERVISOR.connect(&server).await, MASKED_AGENT.connect(&server).await);
    let number = "13510000111";
    let id = create(&mut agent, json!({"custname": "陈默", "cellphones": [number]})).await;
    assert_eq!(ids(&look_up(&mut supervisor, number).await), [id]);
    assert_eq!(look_up(&mut masked, number).await["code"], 2005, "of another company");
    // A right that is taken away counts from then on.
    let mut admin = ADMIN.connect(&server).await;
    done(&mut admin, json!({"action": "put_rights", "role": "agent", "phones": "masked"})).await;
    let reply = look_up(&mut agent, number).await;
    assert!(!reply.to_string().contains(number), "{reply}");
    assert_eq!(ids(&look_up(&mut supervisor, number).await), [id]);
    done(&mut admin, json!({"action": "put_rights", "role": "agent", "phones": "shown", "reach": "own"})).await;
    let assign = json!({"action": "assign_customers", "customerIds": [id], "serviceNo": "trcs008"});
    done(&mut admin, assign).await;
    assert_eq!(look_up(&mut agent, number).await["code"], 2005);
    server.stop().await;
}
