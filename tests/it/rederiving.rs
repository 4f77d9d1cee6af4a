//! What customers are found by is made anew by a newer program: all of it, while the server answers; whoever shares a
//! number then is found by it as soon as he alone has it.

use laidian::ops::customer::rederive;
use laidian::store::Store;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::http;
use crate::commands::admin;
use crate::invariants::check_invariants;
use crate::numbers::{ask, created, found, look_up, systems};
use crate::support::{Engine, MAIN, NOW, Place, TestServer};
use crate::systems::Systems;

both_engines! {
    an_older_database_is_made_anew,
    a_server_in_the_middle_of_it_says_so,
    a_shared_number_is_the_next_one_s_at_once,
}

/// Customers as the program before this stored them: keys by the digits, whatever they were.
const OLD: [(&str, &str); 9] = [
    ("sip:1351{n}@10.0.0.1;user=phone", "1351{n}10001"),
    ("1352{n}/1358{n}", "1352{n}1358{n}"),
    ("1353{n}；1354{n}", "1353{n}1354{n}"),
    ("1355{n}.0", "1355{n}0"),
    ("微信abc{n}", "{n}"),
    ("1356{n}-1", "1356{n}1"),
    ("17951 1357{n}", "179511357{n}"),
    ("+86 138 0{n}", "+861380{n}"),
    ("021-6{n}", "+86216{n}"),
];

/// Makes a company whose customers are stored as they were by earlier rules.
async fn fill_as_before(place: &Place, store: &Store, customers: usize) {
    let mut tx = store.company(7).write().await.unwrap();
    tx.put_company("来电", "Asia/Shanghai", "CN", "secret").await.unwrap();
    tx.put_counter().await.unwrap();
    tx.commit().await.unwrap();
    let mut raw = place.connect().await;
    let mut rows = (Vec::new(), Vec::new());
    for id in 1..=customers {
        let (typed, key) = OLD[id % OLD.len()];
        let number = format!("{id:07}");
        let (typed, key) = (typed.replace("{n}", &number), key.replace("{n}", &number));
        // The last have the numbers of the first, in an address.
        let first = id.checked_sub(customers - 102).filter(|first| *first > 0 && typed.starts_with("sip:"));
        let (typed, key) = match first {
            Some(first) => (format!("sip:1351{first:07}@10.0.0.2"), format!("1351{first:07}10002")),
            None => (typed, key),
        };
        rows.0.push(format!(
            "(7, {id}, 1, '客户{id}', 0, 0, {NOW}, 'a', {NOW}, 'a', '[{{\"id\":{id},\"content\":\"{typed}\"}}]', '[]', '客户{id}', '', '客户{id}')"
        ));
        rows.1.push(format!(
            "(7, {id}, {id}, '{typed}', '{key}', '{}')",
            key.chars().rev().filter(char::is_ascii_digit).take(11).collect::<String>()
        ));
    }
    // A key that no rule has made.
    rows.1.push("(7, 3001, 2, '138 0000 0009', 'an older key', '90000000831')".to_owned());
    for chunk in rows.0.chunks(500) {
        raw.execute(&format!("insert into customer (company_id, id, version, name, star, follow_count, created_at, created_by, updated_at, updated_by, phones, labels, name_key, company_key, haystack) values {}", chunk.join(", "))).await;
    }
    for chunk in rows.1.chunks(500) {
        raw.execute(&format!(
            "insert into phone (company_id, id, customer_id, typed, key, tail) values {}",
            chunk.join(", ")
        ))
        .await;
    }
    raw.execute(&format!("update counter set customers = {customers}, last_customer = {customers}, last_phone = 3001 where company_id = 7")).await;
}

async fn an_older_database_is_made_anew(engine: Engine) {
    const CUSTOMERS: usize = 3_000;
    let place = Place::new(engine).await;
    let store = place.open().await;
    fill_as_before(&place, &store, CUSTOMERS).await;
    let mut raw = place.connect().await;
    raw.execute("insert into customer_term (company_id, term, customer_id) values (7, 'an old term', 1)").await;
    raw.execute("insert into customer_document (company_id, customer_id, dialect, document) values (7, 5, 'crm_info', '{\"contacts\":[{\"id\":1,\"name\":\"林\",\"mobile\":\"13590000001\"}]}')").await;

    interrupted(&store).await;
    let progress = rederive::Progress::default();
    assert_eq!(rederive::all(&store, &progress).await.unwrap(), i64::try_from(CUSTOMERS).unwrap());
    assert_eq!(progress.current(), None);
    assert_eq!(rederive::all(&store, &progress).await.unwrap(), 0, "done once");

    assert_eq!(raw.texts("select term from customer_term where term = 'an old term'").await, [""; 0]);
    assert_eq!(raw.texts("select typed from contact_phone where company_id = 7").await, ["13590000001"]);
    let keys = |sql: &'static str| async { place.connect().await.texts(sql).await };
    // One of each kind, by its number.
    assert_eq!(
        keys("select key from phone where company_id = 7 and customer_id = 9 order by id").await,
        ["+8613510000009"]
    );
    assert_eq!(
        keys("select key from phone where company_id = 7 and customer_id = 10 order by id").await,
        ["+8613520000010", "+8613580000010"]
    );
    assert_eq!(
        keys("select key from phone where company_id = 7 and customer_id = 11 order by id").await,
        ["+8613530000011", "+8613540000011"]
    );
    assert_eq!(keys("select key from phone where company_id = 7 and customer_id = 12").await, ["+8613550000012"]);
    assert_eq!(keys("select key from phone where company_id = 7 and customer_id = 13").await, [""; 0], "no number");
    assert_eq!(
        keys("select phones as value from customer where company_id = 7 and id = 13").await,
        [r#"[{"id":13,"content":"微信abc0000013"}]"#]
    );
    assert_eq!(keys("select key from phone where company_id = 7 and customer_id = 15").await, ["+8613570000015"]);
    // Two who share a number now are both there, and listed.
    let scope = store.company(7);
    let shared = scope.shared_phones(0, 1000).await.unwrap();
    assert!(!shared.is_empty() && shared.len() < 200, "{}", shared.len());
    for phone in &shared {
        for id in [phone.customer_id, phone.found_with] {
            let digits = phone.typed.split(['@', ':']).find(|part| part.starts_with("1351")).unwrap();
            assert!(scope.customer(id).await.unwrap().unwrap().phones.contains(digits), "{phone:?}");
        }
        assert!(phone.found_with < phone.customer_id, "the first keeps it: {phone:?}");
    }
}

/// A walk that is left wherever it is goes on the next time.
async fn interrupted(store: &Store) {
    for milliseconds in [1, 20, 60] {
        let progress = rederive::Progress::default();
        let walk = rederive::all(store, &progress);
        let _ = tokio::time::timeout(std::time::Duration::from_millis(milliseconds), walk).await;
    }
}

async fn readyz(server: &TestServer) -> String {
    http(TcpStream::connect(server.address()).await.unwrap(), "GET /readyz").await
}

async fn a_server_in_the_middle_of_it_says_so(engine: Engine) {
    const CUSTOMERS: usize = 450;
    let (server, mut systems) = systems(engine).await;
    assert!(readyz(&server).await.starts_with("HTTP/1.1 200"));
    let backend = server.backend();
    fill_as_before(server.place(), &backend.store, CUSTOMERS).await;
    let walk = rederive::all(&backend.store, &backend.rederived);
    tokio::pin!(walk);
    let middle = async {
        let held = hold_in_the_middle(engine, &server).await;
        let (done, total) = backend.rederived.current().unwrap();
        assert!(0 < done && done < total && total == 450, "{done} of {total}");
        let told = readyz(&server).await;
        assert!(told.starts_with("HTTP/1.1 503"), "{told}");
        assert!(told.ends_with(&format!(" anew: {done} of {total} customers\n")), "{told}");
        // Whoever looks somebody up is answered meanwhile.
        let reply = ask(&mut systems, "trcs001", "get_customer", json!({"type": "id", "content": 1})).await;
        assert_eq!(reply["code"], 1000, "{reply}");
        drop(held);
    };
    tokio::select! {
        done = &mut walk => panic!("it was not held: {done:?}"),
        () = middle => {}
    }
    assert_eq!(walk.await.unwrap(), 450);
    assert!(readyz(&server).await.starts_with("HTTP/1.1 200"));
}

/// Returns what keeps the walk from going on, once it has done some customers.
async fn hold_in_the_middle(engine: Engine, server: &TestServer) -> Box<dyn std::any::Any> {
    let backend = server.backend();
    let has_begun = || backend.rederived.current().is_some_and(|(done, _)| done > 0);
    match engine {
        // Writers take turns: with its own turn asked for before the last is given back, the test has each second one.
        Engine::Sqlite => {
            let scope = backend.store.company(MAIN);
            let mut turn = scope.write().await.unwrap();
            while !has_begun() {
                let mut next = Box::pin(scope.write());
                assert!(futures_util::poll!(next.as_mut()).is_pending());
                drop(turn);
                turn = next.await.unwrap();
            }
            Box::new(turn)
        }
        // A customer of the third batch is somebody else's.
        Engine::Postgres => {
            let mut raw = server.place().connect().await;
            raw.execute("begin; update customer set star = star where company_id = 7 and id = 250").await;
            while backend.rederived.current().is_none_or(|(done, _)| done < 200) {
                tokio::task::yield_now().await;
            }
            Box::new(raw)
        }
    }
}

/// Has customers share the number of the first, as those can who had it in another spelling before.
async fn share(server: &TestServer, first: &Value, others: &[&Value]) {
    let mut raw = server.place().connect().await;
    let number =
        raw.texts(&format!("select typed from phone where company_id = {MAIN} and customer_id = {first}")).await;
    for other in others {
        let typed = format!("sip:{}@10.0.0.2", number[0]);
        let key = format!("{}10002{other}", number[0]);
        raw.execute(&format!(
            "update customer set phones = replace(phones, '{0}', '{typed}') where company_id = {MAIN} and id = {other};
             update phone set typed = '{typed}', key = '{key}' where company_id = {MAIN} and customer_id = {other}",
            placeholder(other)
        ))
        .await;
    }
    raw.execute(&format!("update company set rules = 'phones=0+ terms=0' where id = {MAIN}")).await;
    rederive::all(&server.backend().store, &server.backend().rederived).await.unwrap();
}

/// The number of a customer until he shares another one's.
fn placeholder(customer: &Value) -> String {
    format!("1359{:07}", customer.as_i64().unwrap())
}

/// A customer with this number, and so many with others.
async fn who_will_share(systems: &mut Systems, number: &str, others: usize) -> (Value, Vec<Value>) {
    let first = created(systems, json!([number])).await;
    let mut ids = Vec::new();
    for _ in 0..others {
        let id = created(systems, json!([])).await;
        let phones = json!({"cellphones": [placeholder(&id)]});
        set(systems, &id, phones).await;
        ids.push(id);
    }
    (first, ids)
}

/// Changes a customer; the reply's phones.
async fn set(systems: &mut Systems, id: &Value, customer: Value) -> Value {
    let update = json!({"type": "id", "content": id, "customer": customer});
    let reply = ask(systems, "trcs001", "update_customer", update).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    reply["customer"]["cellphones"].clone()
}

async fn destroy(systems: &mut Systems, id: &Value) {
    let reply = ask(systems, "admin1054", "destroy_customer", json!({"type": "id", "content": id})).await;
    assert_eq!(reply["code"], 1000, "{reply}");
}

async fn a_shared_number_is_the_next_one_s_at_once(engine: Engine) {
    const NUMBER: &str = "13510000301";
    let (server, mut systems) = systems(engine).await;
    let conflicts = || {
        let said = admin(server.place(), "conflicts", "");
        assert_eq!(said.code, 0, "{said:?}");
        said.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (first, others) = who_will_share(&mut systems, NUMBER, 3).await;
    let [second, third, fourth] = &others[..] else { panic!("{others:?}") };
    assert_eq!(conflicts(), [""; 0]);
    share(&server, &first, &[second, third, fourth]).await;
    check_invariants(server.place(), &server.backend().store.company(MAIN)).await;
    // All keep it, and it is found with the first.
    let line = |id: &Value, with: &Value| format!("{MAIN} {id} {NUMBER} {with}");
    assert_eq!(conflicts(), [line(second, &first), line(third, &first), line(fourth, &first)]);
    assert_eq!(found(&look_up(&mut systems, "trcs001", NUMBER).await), std::slice::from_ref(&first));
    // Whoever has it keeps it when he gets another one; nobody else can have it.
    let shown = ask(&mut systems, "trcs001", "get_customer", json!({"type": "id", "content": second})).await;
    let own = &shown["result"][0]["cellphones"][0];
    let phones = set(&mut systems, second, json!({"cellphones": [own, {"content": "13510000302"}]})).await;
    assert_eq!((&phones[0]["content"], &phones[1]["content"]), (&json!(NUMBER), &json!("13510000302")));
    let taken = json!({"customer": {"custname": "又一个", "cellphones": [NUMBER]}});
    assert_eq!(ask(&mut systems, "trcs001", "create_customer", taken.clone()).await["code"], 2000);
    // He who does not have it any more does not get it.
    set(&mut systems, third, json!({"cellphones": ["13510000303"]})).await;
    assert_eq!(conflicts(), [line(second, &first), line(fourth, &first)]);
    // The first has another number: the next is found.
    set(&mut systems, &first, json!({"cellphones": ["13510000304"]})).await;
    assert_eq!(found(&look_up(&mut systems, "trcs001", NUMBER).await), std::slice::from_ref(second));
    assert_eq!(conflicts(), [line(fourth, second)]);
    check_invariants(server.place(), &server.backend().store.company(MAIN)).await;
    // He goes, and so on to the last of them.
    destroy(&mut systems, second).await;
    assert_eq!(found(&look_up(&mut systems, "trcs001", NUMBER).await), std::slice::from_ref(fourth));
    assert_eq!(conflicts(), [""; 0]);
    assert_eq!(ask(&mut systems, "trcs001", "create_customer", taken.clone()).await["code"], 2000);
    destroy(&mut systems, fourth).await;
    assert_eq!(look_up(&mut systems, "trcs001", NUMBER).await["code"], 2005);
    check_invariants(server.place(), &server.backend().store.company(MAIN)).await;
    assert_eq!(ask(&mut systems, "trcs001", "create_customer", taken).await["code"], 1000);
}
