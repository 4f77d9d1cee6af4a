//! Customers whose numbers stand everywhere.

use laidian::ops::Backend;
use serde_json::{Value, json};

use super::numbers::{Dice, FORMS, Number, Secrets, number, respelt};
use crate::client::Client;
use crate::support::{NOW, SECOND, SHOP};

#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub company: String,
    pub numbers: Vec<Number>,
    /// As reveal_phone is asked for them.
    pub phones: Vec<(i64, Value)>,
}

pub struct People {
    /// Those whom the agent sees.
    pub known: Vec<Person>,
    /// The one whom he does not.
    pub hidden: Person,
    pub secrets: Secrets,
    /// One in the recycle bin, with a number that another has now.
    pub gone: Person,
    /// One who had another number, of a form that only counts as long as it is somebody's.
    pub moved: i64,
    /// For names of requests.
    pub asked: usize,
}

impl People {
    pub async fn invent(backend: &Backend, admin: &mut Client, dice: &Dice) -> Self {
        for (id, kind) in [(500, "text"), (501, "number"), (502, "text")] {
            let field = json!({"action": "put_custom_field", "id": id, "name": format!("备注{id}"), "kind": kind});
            assert_eq!(admin.ask(field).await["code"], 1000);
        }
        let mut secrets = Secrets::default();
        let hotline = number(0, dice);
        secrets.add(&hotline);
        let field = json!({"action": "put_custom_field", "id": 503, "name": format!("热线{}", hotline.typed)});
        assert_eq!(admin.ask(field).await["code"], 1000);
        let mut known = Vec::new();
        for form in 0..FORMS {
            let person = create(admin, dice, &[form, (form + 5) % FORMS], 1001, &mut secrets).await;
            write_history(backend, &person, dice).await;
            known.push(person);
        }
        for person in known.iter_mut().take(3) {
            change_number(admin, person, dice, &mut secrets).await;
        }
        let hidden = create(admin, dice, &[0], 1_001_002, &mut secrets).await;
        let moved = create_moved(admin, dice, &mut secrets).await;
        let gone = create(admin, dice, &[0, 5], 1001, &mut secrets).await;
        write_history(backend, &gone, dice).await;
        let taker = json!({"custname": "赵六", "cellphones": [gone.numbers[0].typed], "servicegroupId": 1001});
        for frame in [
            json!({"action": "destroy_customer", "type": "id", "content": gone.id}),
            json!({"action": "create_customer", "customer": taker}),
        ] {
            assert_eq!(admin.ask(frame).await["code"], 1000);
        }
        Self { known, hidden, secrets, gone, moved, asked: 0 }
    }

    pub fn any(&self, dice: &Dice) -> &Person {
        dice.pick(&self.known)
    }
}

async fn create(admin: &mut Client, dice: &Dice, forms: &[u64], group: i64, secrets: &mut Secrets) -> Person {
    let numbers: Vec<Number> = forms.iter().map(|form| number(*form, dice)).collect();
    numbers.iter().for_each(|number| secrets.add(number));
    let (first, last) = (&numbers[0], &numbers[numbers.len() - 1]);
    let spelt = |number: &Number| respelt(&number.national, dice);
    let name = format!("张三{}", spelt(first));
    let company = format!("{}号店", spelt(last));
    let customer = json!({
        "custname": name, "companyName": company, "address": format!("人民路1号 {}", spelt(first)),
        "cellphones": numbers.iter().map(|number| number.typed.as_str()).collect::<Vec<_>>(),
        "lastAccept": spelt(last), "customerLabel": [format!("回电{}", spelt(first)), "重要"],
        "jsonStr": {"500": format!("第二电话：{}", spelt(first)), "501": last.national.parse::<i64>().unwrap(),
                    "502": first.national.parse::<i64>().unwrap(), "503": "已拨"},
        "servicegroupId": group,
    });
    let reply = admin.ask(json!({"action": "create_customer", "customer": customer})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    let stored = &reply["customer"];
    let phones = stored["cellphones"].as_array().unwrap();
    let phones = phones.iter().map(|phone| (phone["id"].as_i64().unwrap(), phone["content"].clone())).collect();
    let text = |name: &str| stored[name].as_str().unwrap().to_owned();
    Person { id: stored["id"].as_i64().unwrap(), name: text("custname"), company: text("companyName"), numbers, phones }
}

async fn create_moved(admin: &mut Client, dice: &Dice, secrets: &mut Secrets) -> i64 {
    let (old, new) = (number(14, dice), number(13, dice));
    let create = json!({"custname": "王五", "cellphones": [old.typed], "servicegroupId": 1001});
    let created = admin.ask(json!({"action": "create_customer", "customer": create})).await;
    let id = created["customer"]["id"].as_i64().unwrap();
    let update =
        json!({"action": "update_customer", "type": "id", "content": id, "customer": {"cellphones": [new.typed]}});
    assert_eq!(admin.ask(update).await["code"], 1000);
    secrets.add(&old);
    secrets.add(&new);
    id
}

/// Gives somebody a new mobile in the place of the first phone, which leaves both in a change line.
async fn change_number(admin: &mut Client, person: &mut Person, dice: &Dice, secrets: &mut Secrets) {
    let new = number(0, dice);
    secrets.add(&new);
    person.phones[0].1 = Value::from(new.typed.clone());
    person.numbers[0] = new;
    let phones: Vec<Value> = person.phones.iter().map(|(id, typed)| json!([id, typed])).collect();
    let update =
        json!({"action": "update_customer", "type": "id", "content": person.id, "customer": {"cellphones": phones}});
    let reply = admin.ask(update).await;
    assert_eq!(reply["code"], 1000, "{reply}");
}

async fn write_history(backend: &Backend, person: &Person, dice: &Dice) {
    let mut tx = backend.store.company(SHOP).write().await.unwrap();
    let first = tx.count(0, 0, 0, 0, 0, 4, 0).await.unwrap().unwrap().last_feed - 3;
    let text = |what: &str| format!("{what}{}。", respelt(&person.numbers[0].national, dice));
    let at = NOW - 60 * SECOND;
    let (id, typed) = (person.id, &person.numbers[0].typed);
    tx.insert_follow_up(first, id, at, "TRCS004", "陈晓岚", &text("回电"), None).await.unwrap();
    tx.insert_ticket(first + 1, id, at, &text("换号"), &text("新号码"), "TRCS004", "处理中", "一般").await.unwrap();
    tx.insert_call(first + 2, id, at, "呼出", &text("转接到"), 30).await.unwrap();
    tx.insert_text_message(first + 3, id, at, typed, &text("请拨"), "out", "发送成功").await.unwrap();
    tx.commit().await.unwrap();
}
