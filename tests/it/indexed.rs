//! Lists and searches from memory: they answer as the database does, whatever is written, and whoever asks.

use laidian::domain::phone::CHINA;
use laidian::domain::pinyin::sort_key;
use laidian::domain::search_terms::query_in;
use laidian::store::conditions::{Column, Direction, Operand, Test};
use laidian::store::filter::Condition;
use laidian::store::rows::CustomerRow;
use laidian::store::search::{Key, Place as Behind, Search};
use laidian::store::{Location, Scope, Within};
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use serde_json::{Value, json};

use crate::client::Client;
use crate::signed::{ADMIN, SUPERVISOR, server, server_with};
use crate::support::{Engine, MAIN};

const STEPS: usize = 250;
const NAMES: [&str; 8] = ["王芳", "王小芳", "欧阳单", "哈哈哈哈", "哈哈", "Zzyzx", "重庆远志有限公司", "ÄÖÜ 贾"];
const WORDS: [&str; 17] = [
    "王",
    "王芳",
    "小芳",
    "哈哈哈",
    "哈哈",
    "wf",
    "wangfang",
    "ouyang",
    "单",
    "zz",
    "zzz",
    "公司",
    "有限公司",
    "cq",
    "0101",
    "7",
    "贾 aou",
];

fn pick<'t, T>(dice: &mut Pcg64Mcg, among: &'t [T]) -> &'t T {
    &among[usize::try_from(dice.next_u64() % among.len() as u64).unwrap()]
}

/// Asks for something at random: filters, words, a condition.
fn asked(dice: &mut Pcg64Mcg) -> Search {
    let maybe = |dice: &mut Pcg64Mcg, among: &[&str]| {
        (dice.next_u64().is_multiple_of(3)).then(|| (*pick(dice, among)).to_owned())
    };
    let mut search = Search {
        owner_key: maybe(dice, &["trcs001", "trcs008", "nobody"]),
        type_value: maybe(dice, &["1", "2", "7"]),
        flag_value: maybe(dice, &["1", "2"]),
        source_value: maybe(dice, &["1", "x"]),
        ..Search::default()
    };
    if dice.next_u64().is_multiple_of(2) {
        let word = *pick(dice, &WORDS);
        search.words = query_in(word, &CHINA).words;
    }
    if dice.next_u64().is_multiple_of(4) {
        search.within = Within { owner_key: None, groups: Some(vec![1, 2]) };
    }
    if dice.next_u64().is_multiple_of(4) {
        let has = |column, value: &str| Condition::Test(column, Test::Is(Operand::Text(value.into())));
        let conditions = [
            Condition::Not(Box::new(has(Column::Type, "1"))),
            Condition::Any(vec![has(Column::Flag, "2"), Condition::Test(Column::Owner, Test::Empty)]),
            Condition::Test(Column::Group, Test::OneOf(vec![Operand::Integer(1), Operand::Integer(2)])),
            Condition::All(vec![Condition::Test(Column::Task, Test::Filled), has(Column::Source, "1")]),
            Condition::Test(Column::Type, Test::IsNot(Operand::Text("2".into()))),
            Condition::Test(Column::Star, Test::Above(Operand::Integer(2))),
            Condition::Test(Column::FollowCount, Test::Below(Operand::Integer(1))),
            Condition::Since(Column::AssignedAt, 1),
            Condition::Not(Box::new(Condition::Until(Column::FollowedAt, i64::MAX))),
        ];
        search.filter = Some(pick(dice, &conditions).clone());
    }
    if dice.next_u64().is_multiple_of(3) {
        let columns = [Column::Name, Column::FollowCount, Column::AssignedAt, Column::UpdatedAt, Column::Star];
        let direction = *pick(dice, &[Direction::Ascending, Direction::Descending]);
        search.conditions.order = vec![(*pick(dice, &columns), direction)];
        search.conditions.ids_follow = dice.next_u64().is_multiple_of(2);
    }
    search
}

/// Where this customer stands in a list.
fn place_of(search: &Search, row: &CustomerRow) -> Behind {
    let key = match search.conditions.order.first().map(|(column, _)| column) {
        Some(Column::Name) => Key::Text(sort_key(row.name.as_deref().unwrap_or_default())),
        Some(Column::FollowCount) => Key::Number(row.follow_count),
        Some(Column::AssignedAt) => Key::Number(row.assigned_at.unwrap_or(0)),
        Some(Column::UpdatedAt) => Key::Number(row.updated_at),
        Some(Column::Star) => Key::Number(row.star),
        _ => Key::Number(0),
    };
    Behind { key, id: row.id }
}

#[expect(clippy::disallowed_methods, reason = "compared")]
async fn answers(scope: &Scope, search: &Search) -> (i64, [Vec<i64>; 4]) {
    let ids = |rows: &[CustomerRow]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
    let (first, total) = scope.search_page(search, 7, 0).await.unwrap();
    let (second, again) = scope.search_page(search, 7, 7).await.unwrap();
    assert_eq!(total, again);
    let after = scope.search_after(search, first.last().map_or(0, |row| row.id), 5).await.unwrap();
    let behind = match first.get(2) {
        // One order and the other of equal ones make no cursor.
        Some(row) if search.conditions.ids_follow => {
            scope.search_behind(search, &place_of(search, row), 5).await.unwrap()
        }
        _ => Vec::new(),
    };
    (total, [ids(&first), ids(&second), ids(&after), ids(&behind)])
}

/// Writes something at random; some of it is refused and undone.
async fn write(client: &mut Client, dice: &mut Pcg64Mcg, [ids, deleted]: &mut [Vec<i64>; 2]) {
    let customer = |dice: &mut Pcg64Mcg| {
        json!({
            "custname": pick(dice, &NAMES), "custType": pick(dice, &["1", "2", ""]), "dealFlag": pick(dice, &["1", "2"]),
            "cellphones": [format!("1351000{:04}", dice.next_u64() % 400)], "companyName": pick(dice, &NAMES),
            "custFrom": pick(dice, &["1", ""]),
        })
    };
    let some = |dice: &mut Pcg64Mcg, ids: &[i64]| {
        ids.get(usize::try_from(dice.next_u64()).unwrap_or(0) % ids.len().max(1)).copied().unwrap_or(1)
    };
    let frame = match dice.next_u64() % 8 {
        0..=2 => json!({"action": "create_customer", "customer": customer(dice)}),
        3 => {
            let changed = customer(dice);
            json!({"action": "update_customer", "type": "id", "content": some(dice, ids), "customer": changed})
        }
        4 => {
            deleted.push(some(dice, ids));
            json!({"action": "destroy_customer", "type": "id", "content": deleted.last()})
        }
        5 => json!({"action": "restore_customer", "id": some(dice, deleted)}),
        6 => {
            let those = [some(dice, ids), some(dice, ids)];
            json!({"action": "assign_customers", "customerIds": those, "serviceNo": pick(dice, &["TRCS001", "TRCS008", "nobody"])})
        }
        _ => json!({"action": "merge_customers", "into": some(dice, ids), "customerIds": [some(dice, ids)]}),
    };
    let reply = client.ask(frame).await;
    assert_eq!(reply["ignored"], Value::Null, "{reply}");
    if let Some(id) = reply["customer"]["id"].as_i64() {
        ids.push(id);
    }
}

/// Whatever is written, a list is the same from memory and from the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_from_memory_is_the_one_of_the_database() {
    let server = server(Engine::Sqlite).await;
    let indexed = server.backend().store.company(MAIN);
    server.backend().store.indexed().await;
    // Opened apart, it has no index.
    let database = server.place().open().await.company(MAIN);
    let mut client = ADMIN.connect(&server).await;
    let mut dice = Pcg64Mcg::new(7);
    let mut ids = [(1..20).collect(), Vec::new()];
    let (mut found, mut written) = (0, Vec::new());
    for _ in 0..STEPS {
        write(&mut client, &mut dice, &mut ids).await;
        for _ in 0..3 {
            let search = asked(&mut dice);
            let expected = answers(&database, &search).await;
            assert_eq!(answers(&indexed, &search).await, expected, "{search:?}");
            found += usize::from(expected.0 > 0);
        }
        written.push(client.ask(json!({"action": "list_customers"})).await["meta"]["total_count"].as_i64());
    }
    written.dedup();
    assert!(
        found > STEPS / 2 && written.len() > STEPS / 4,
        "{found} of the searches found somebody, {} counts",
        written.len()
    );
    server.stop().await;
}

/// Who has been told that something is written finds it, as does everybody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_listed_at_once_to_all() {
    let server = server(Engine::Sqlite).await;
    server.backend().store.indexed().await;
    let (mut writer, mut reader) = (ADMIN.connect(&server).await, SUPERVISOR.connect(&server).await);
    let listed = json!({"action": "list_customers", "query": "沈惟一"});
    for round in 0..40 {
        let customer = json!({"custname": "沈惟一", "cellphones": [format!("1371000{round:04}")]});
        let created = writer.ask(json!({"action": "create_customer", "customer": customer})).await;
        assert_eq!(created["code"], 1000, "{created}");
        assert_eq!(reader.ask(listed.clone()).await["meta"]["total_count"], 1);
        let id = &created["customer"]["id"];
        let renamed = json!({"action": "update_customer", "type": "id", "content": id, "customer": {"custname": format!("常在{round}")}});
        assert_eq!(writer.ask(renamed).await["code"], 1000);
        assert_eq!(reader.ask(listed.clone()).await["meta"]["total_count"], 0);
    }
    server.stop().await;
}

/// Where there is no room for an index, and before it is there, the database answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_the_database_answers() {
    let mut lists: Vec<Value> = Vec::new();
    for megabytes in [0, 256] {
        let server = server_with(Engine::Sqlite, |config| config.database.index_mb = megabytes).await;
        let mut client = ADMIN.connect(&server).await;
        let frame = json!({"action": "list_customers", "query": "公司", "pageSize": 50, "callbackId": 1});
        lists.push(client.ask(frame.clone()).await);
        server.backend().store.indexed().await;
        lists.push(client.ask(frame).await);
        server.stop().await;
    }
    assert!(lists[0]["meta"]["total_count"].as_i64().unwrap() > 0, "{}", lists[0]);
    for list in &lists {
        assert_eq!(list, &lists[0]);
    }
}

/// What another process writes is read too, by look-ups and in lists.
#[tokio::test]
async fn what_another_process_writes_is_read() {
    let server = server(Engine::Sqlite).await;
    server.backend().store.indexed().await;
    let Location::Folder(data) = server.place().location() else { unreachable!() };
    let (mut client, folder) = (ADMIN.connect(&server).await, tempfile::tempdir().unwrap());
    let number = "13510000901";
    let customer = json!({"custname": "改前", "cellphones": [number]});
    assert_eq!(client.ask(json!({"action": "create_customer", "customer": customer})).await["code"], 1000);
    let by_phone = json!({"action": "get_customer", "type": "cellphone", "content": number});
    for round in 0..3 {
        // From now on he is in memory.
        for _ in 0..2 {
            assert_eq!(client.ask(by_phone.clone()).await["code"], 1000);
        }
        let (file, name, other) = (folder.path().join("a.csv"), format!("改后{round}"), format!("新来{round}"));
        std::fs::write(&file, format!("姓名,电话\n{name},{number}\n{other},1351000091{round}\n")).unwrap();
        let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_laidian"));
        import.args(["import", file.to_str().unwrap(), "--company", &MAIN.to_string(), "--mode", "upsert", "--data"]);
        let import = import.arg(data);
        let done = import.output().unwrap();
        assert!(done.status.success(), "{done:?}");
        if round == 1 {
            // A write of our own comes between.
            let customer = json!({"custname": "之间", "cellphones": ["13510000999"]});
            assert_eq!(client.ask(json!({"action": "create_customer", "customer": customer})).await["code"], 1000);
        }
        assert_eq!(client.ask(by_phone.clone()).await["result"][0]["custname"], name);
        for (query, found) in [(name.as_str(), 1), (&other, 1), ("改前", 0)] {
            let listed = client.ask(json!({"action": "list_customers", "query": query})).await;
            assert_eq!(listed["meta"]["total_count"], found, "{query}: {listed}");
        }
    }
    // So many at once that the index is built again.
    let (file, rows) = (folder.path().join("b.csv"), 1_500);
    let lines: String = (0..rows).map(|row| format!("成批,1362000{row:04}\n")).collect();
    std::fs::write(&file, format!("姓名,电话\n{lines}")).unwrap();
    let mut import = std::process::Command::new(env!("CARGO_BIN_EXE_laidian"));
    let import = import.args(["import", file.to_str().unwrap(), "--company", &MAIN.to_string(), "--data"]).arg(data);
    // Nobody looks meanwhile: this is the only thread.
    assert!(import.output().unwrap().status.success());
    let listed = json!({"action": "list_customers", "query": "成批"});
    for _ in 0..2 {
        assert_eq!(client.ask(listed.clone()).await["meta"]["total_count"], rows);
        server.backend().store.indexed().await;
    }
    server.stop().await;
}

/// What we write ourselves is not taken for another's: of what is about no customer, none has to be read again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "looked at from behind")]
async fn events_of_our_own_leave_others_in_memory() {
    let server = server(Engine::Sqlite).await;
    let mut client = SUPERVISOR.connect(&server).await;
    let number = "13510000801";
    let customer = json!({"custname": "留存", "cellphones": [number]});
    assert_eq!(client.ask(json!({"action": "create_customer", "customer": customer})).await["code"], 1000);
    for _ in 0..2 {
        let by_phone = json!({"action": "get_customer", "type": "cellphone", "content": number});
        assert_eq!(client.ask(by_phone).await["code"], 1000);
    }
    let scope = server.backend().store.company(MAIN);
    let is_there = || scope.record_of_phone(&format!("+86{number}")).is_some();
    assert!(is_there());
    for round in 0..60 {
        let state = if round % 2 == 0 { "busy" } else { "free" };
        assert_eq!(client.ask(json!({"action": "agent_state", "state": state})).await["code"], 1000);
        assert!(is_there(), "after {round} events");
    }
    server.stop().await;
}
