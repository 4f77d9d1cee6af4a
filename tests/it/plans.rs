//! Nothing that finds a customer reads all customers: the plans of every statement, on filled databases.

use std::collections::BTreeMap;

use laidian::domain::feed::FeedKind;
use laidian::domain::name_pattern;
use laidian::domain::phone::CHINA;
use laidian::domain::search_terms::{query, query_of_masked};
use laidian::store::conditions::{Column, Conditions, Direction, Operand, Test};
use laidian::store::filter::Condition;
use laidian::store::plm::{PlmColumn, PlmSearch};
use laidian::store::recycle::DeletedSearch;
use laidian::store::reminders::ReminderSearch;
use laidian::store::search::Search;
use laidian::store::tickets::TicketSearch;
use laidian::store::{Scope, statements as fixed};
use regex::Regex;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, Row};

use crate::support::{Engine, MAIN, Raw, backend};

const CUSTOMERS: u64 = 400;

/// The tables that grow with the customers, and the names that statements give them.
const GROWING: [&str; 37] = [
    "customer",
    "c",
    "phone",
    "contact_phone",
    "p",
    "customer_term",
    "pending_term",
    "t",
    "u",
    "customer_label",
    "label",
    "l",
    "change",
    "ticket",
    "ticket_change",
    "reminder",
    "watch",
    "viewing",
    "delivery",
    "follow_up",
    "call_log",
    "text_message",
    "event",
    "nonce",
    "request",
    "audit",
    "plm_customer",
    "plm_attention",
    "plm_relation",
    "deleted_customer",
    "d",
    "deleted_row",
    "r",
    "fu",
    "cl",
    "tm",
    "ch",
];

/// Lists that may walk a company's customers until a page is full: of everybody, and of groups, which are a
/// large part of everybody; and in the order of names, which no filter's index has. Whoever has so many stars is a
/// large part, too, and may have another grade. All terms of a company are removed in pieces when they are made anew. Of the recycle bin, all is looked
/// through. Of the events, the first is read. What is due is asked of all companies at once, by an index of its own.
const WALKS: [&str; 25] = [
    "search for nothing: page",
    "search for names in order: page",
    "search for names from the last: page",
    "search for the pool: page",
    "search for one of some flags: page",
    "search for the last changed: page",
    "search for the first changed: page",
    "search for a task by name: page",
    "search for groups: page",
    "search for every name: page",
    "ibizplm, stars: count",
    "delete_some_terms",
    "delete_pending_terms",
    "pending_span",
    "next_pending",
    "companies_with_deliveries",
    "next_delivery",
    "deleted: page",
    "deleted: count",
    "event_span",
    "companies_with_due",
    "next_reminder",
    "companies_with_closed",
    "next_closed",
    "tickets of anybody: page",
];

/// Every statement there is, with a name for the report.
fn statements(engine: Engine, scope: &Scope) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fixed()
        .map(|(name, sqlite, postgres)| {
            let text = if engine == Engine::Sqlite { sqlite } else { postgres };
            ((*name).to_owned(), (*text).to_owned())
        })
        .collect();
    for (name, search) in searches() {
        let parts = ["page", "walk", "list", "count"].into_iter().zip(scope.search_texts(&search));
        all.extend(parts.map(|(part, text)| (format!("search for {name}: {part}"), text)));
    }
    for (name, search) in plm_searches() {
        let parts = ["page", "count"].into_iter().zip(scope.plm_texts(&search));
        all.extend(parts.map(|(part, text)| (format!("ibizplm, {name}: {part}"), text)));
    }
    let deleted = DeletedSearch { piece: Some("王".into()), ..DeletedSearch::default() };
    let parts = ["page", "count"].into_iter().zip(scope.deleted_texts(&deleted));
    all.extend(parts.map(|(part, text)| (format!("deleted: {part}"), text)));
    for (name, login_keys) in [("one", Some(vec!["trcs001".to_owned()])), ("everybody", None)] {
        let search = ReminderSearch { login_keys, from: Some(0), ..ReminderSearch::default() };
        all.push((format!("reminders of {name}"), scope.reminder_text(&search)));
    }
    let tickets = [
        ("anybody", TicketSearch::default()),
        ("a customer", TicketSearch { customer: Some(1), ..TicketSearch::default() }),
        ("a handler", TicketSearch { handler: Some("trcs001".into()), ..TicketSearch::default() }),
    ];
    for (name, search) in tickets {
        let parts = ["page", "count"].into_iter().zip(scope.ticket_texts(&search));
        all.extend(
            parts
                .filter(|(part, _)| name != "anybody" || *part == "page")
                .map(|(part, text)| (format!("tickets of {name}: {part}"), text)),
        );
    }
    let duplicates = ["numbers", "names"].into_iter().zip(scope.duplicate_texts());
    all.extend(duplicates.map(|(part, text)| (format!("duplicates: {part}"), text)));
    for (name, kinds) in [("one", &FeedKind::ALL[..1]), ("all", &FeedKind::ALL[..])] {
        let parts = ["page", "count"].into_iter().zip(scope.feed_texts(kinds));
        all.extend(parts.map(|(part, text)| (format!("feed of {name}: {part}"), text)));
    }
    all
}

/// What iBiz PLM finds by an index.
fn plm_searches() -> Vec<(&'static str, PlmSearch)> {
    let equal = |column, value: &str| PlmSearch { equal: vec![(column, value.to_owned())], ..PlmSearch::default() };
    vec![
        ("a grade", equal(PlmColumn::Grade, "L1")),
        ("stars", equal(PlmColumn::Grade, "3星")),
        ("an industry", equal(PlmColumn::Industry, "10")),
        ("a product", equal(PlmColumn::Product, "p-demo")),
        ("a product by name", equal(PlmColumn::ProductName, "演示产品")),
        (
            "products by a part of the name",
            PlmSearch { like: vec![(PlmColumn::ProductName, "%演示%".into())], ..PlmSearch::default() },
        ),
        ("an owner", equal(PlmColumn::AssigneeKey, "trcs001")),
        ("ids", PlmSearch { among: vec![vec![1, 2, 3]], ..PlmSearch::default() }),
    ]
}

fn searches() -> Vec<(&'static str, Search)> {
    let task = Search { task_id: Some(99), ..Search::default() };
    let owner = Search { owner_key: Some("trcs001".into()), ..Search::default() };
    let words = |text: &str, search: &Search| Search { words: query(text).words, ..search.clone() };
    let name = |text: &str, search: &Search| {
        let (name, words) = name_pattern::read(text).unzip();
        Search { name, words: words.unwrap_or_default(), ..search.clone() }
    };
    let conditions = |words: &str, column, test| Search {
        words: name_pattern::read(&format!("*{words}*")).map(|(_, words)| words).unwrap_or_default(),
        conditions: Conditions { tests: vec![(column, test)], ..Conditions::default() },
        ..Search::default()
    };
    let any = Search::default();
    let filter = |condition| Search { filter: Some(condition), ..Search::default() };
    let keyed = |column, direction| Search {
        conditions: Conditions { order: vec![(column, direction)], ids_follow: true, ..Conditions::default() },
        ..Search::default()
    };
    let pool = Condition::All(vec![
        Condition::All(vec![Condition::Test(Column::Owner, Test::Empty)]),
        Condition::Any(vec![
            Condition::Test(Column::Group, Test::Empty),
            Condition::Test(Column::Group, Test::OneOf(vec![Operand::Integer(1_054_001), Operand::Integer(1_054_002)])),
        ]),
    ]);
    let by_name = |direction, search: &Search| Search {
        conditions: Conditions { order: vec![(Column::Name, direction)], ..Conditions::default() },
        ..search.clone()
    };
    vec![
        ("nothing", any.clone()),
        ("names in order", by_name(Direction::Ascending, &any)),
        ("names from the last", by_name(Direction::Descending, &any)),
        ("a task by name", by_name(Direction::Ascending, &task)),
        ("two characters by name", by_name(Direction::Ascending, &words("科技", &any))),
        ("pinyin", words("hejingyi", &any)),
        ("pinyin that can be cut in several ways", words("xianfangan", &any)),
        ("a begun syllable", words("zh", &any)),
        ("a task", task.clone()),
        ("an owner", owner.clone()),
        ("groups", Search { group_ids: Some(vec![1_054_001, 1_054_002]), ..Search::default() }),
        ("no group", Search { group_ids: Some(vec![]), ..Search::default() }),
        ("a type", Search { type_value: Some("0".into()), ..Search::default() }),
        ("a flag", Search { flag_value: Some("1".into()), ..Search::default() }),
        ("a source", Search { source_value: Some("0".into()), ..Search::default() }),
        ("two filters", Search { type_value: Some("0".into()), ..owner.clone() }),
        (
            "all filters",
            Search {
                group_ids: Some(vec![1_054_001]),
                type_value: Some("0".into()),
                flag_value: Some("1".into()),
                source_value: Some("0".into()),
                owner_key: owner.owner_key.clone(),
                ..task.clone()
            },
        ),
        ("one character", words("王", &any)),
        ("two characters", words("科技", &any)),
        ("a long word", words("杭州岚舟科技有限公司", &any)),
        ("initials", words("hjy", &any)),
        ("digits", words("0001", &any)),
        ("a phone", words("138 9000 1000", &any)),
        ("several phones", words("13890001000/01;13890001002", &any)),
        ("a whole number", Search { words: query_of_masked("13890001000", &CHINA, 4).words, ..any.clone() }),
        ("two whole numbers", Search { words: query_of_masked("13890001000/01", &CHINA, 4).words, ..any.clone() }),
        (
            "a whole number and a word",
            Search { words: query_of_masked("13890001000 科技", &CHINA, 4).words, ..owner.clone() },
        ),
        ("two words", words("杭州 科技", &any)),
        ("eight words", words("杭州 岚舟 科技 有限 公司 hz lz kj", &any)),
        ("a word and a filter", words("科技", &owner)),
        ("digits and a filter", words("0001", &task)),
        ("every name", name("*", &any)),
        ("a whole name", name("测试用户", &any)),
        ("the end of a name", name("*科技", &any)),
        ("parts of a name", name("杭*科技*公司", &any)),
        ("one character of a name and an owner", name("王*", &owner)),
        ("a whole name and an owner", name("测试用户", &owner)),
        ("a condition on the name", conditions("科技", Column::Name, Test::Holds("科技".into()))),
        ("a condition that is an index", conditions("", Column::Name, Test::Is(Operand::Text("科技".into())))),
        ("an owner as a condition", conditions("", Column::Owner, Test::Is(Operand::Text("trcs001".into())))),
        ("a long word and a filter", words("有限公司", &task)),
        ("the pool", filter(pool)),
        ("a label", filter(Condition::Labelled(vec!["vip".into()]))),
        ("a number", filter(Condition::All(vec![Condition::Phone("+8613890001000".into())]))),
        (
            "the last changed since then",
            Search {
                filter: Some(Condition::All(vec![Condition::Since(Column::UpdatedAt, 1)])),
                ..keyed(Column::UpdatedAt, Direction::Descending)
            },
        ),
        ("one of some flags", filter(Condition::Test(Column::Flag, Test::OneOf(vec![Operand::Text("1".into())])))),
        ("the last changed", keyed(Column::UpdatedAt, Direction::Descending)),
        ("the first changed", keyed(Column::UpdatedAt, Direction::Ascending)),
    ]
}

fn connection(raw: &mut Raw) -> &mut rusqlite::Connection {
    let Raw::Sqlite(connection) = raw else { panic!("not SQLite") };
    connection
}

/// What is wrong with a plan of SQLite, if anything.
fn sqlite_faults(name: &str, plan: &[String]) -> Vec<String> {
    let step = Regex::new(r"^(SCAN|SEARCH) (\S+)(?:.*?\((.*)\))?").unwrap();
    let grows = |line: &&String| {
        let Some(parts) = step.captures(line) else { return false };
        let condition = parts.get(3).map_or("", |part| part.as_str());
        let walk = condition == "company_id=?" && !WALKS.contains(&name);
        (walk || &parts[1] == "SCAN" || condition.contains("ANY(")) && GROWING.contains(&&parts[2])
    };
    plan.iter().filter(grows).cloned().collect()
}

fn sqlite_plan(raw: &mut Raw, text: &str) -> Vec<String> {
    let mut explained = connection(raw).prepare(&format!("explain query plan {text}")).unwrap();
    let rows = explained.raw_query().mapped(|row| row.get("detail"));
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[tokio::test]
async fn sqlite_reads_no_table_as_a_whole() {
    let demo = backend(Engine::Sqlite, CUSTOMERS).await;
    let mut raw = demo.place.connect().await;
    let mut faults = Vec::new();
    for (name, text) in statements(Engine::Sqlite, &demo.store.company(MAIN)) {
        let plan = sqlite_plan(&mut raw, &text);
        for fault in sqlite_faults(&name, &plan) {
            faults.push(format!("{name}: {fault}\n    {text}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn sqlite_sorts_no_list_of_one_filter() {
    let demo = backend(Engine::Sqlite, CUSTOMERS).await;
    let scope = demo.store.company(MAIN);
    let mut raw = demo.place.connect().await;
    for (name, search) in searches() {
        if ["nothing", "names in order", "names from the last", "a task", "an owner", "a type", "a flag", "a source"]
            .contains(&name)
        {
            let plan = sqlite_plan(&mut raw, &scope.search_texts(&search)[0]);
            assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{name}: {plan:?}");
        }
    }
}

#[tokio::test]
async fn a_scan_would_be_noticed() {
    let demo = backend(Engine::Sqlite, 1).await;
    let mut raw = demo.place.connect().await;
    for text in [
        "select * from customer where name like '%x%'",
        "select * from customer c where c.company_id = $1 and c.name = $2",
        "select * from customer_term where customer_id = $1",
        "select * from phone where company_id = $1 and typed = $2",
    ] {
        assert!(!sqlite_faults("", &sqlite_plan(&mut raw, text)).is_empty(), "{text}");
    }
}

/// The tables of PostgreSQL's indices, and their second columns.
async fn indices(raw: &mut Raw) -> BTreeMap<String, (String, String)> {
    let lines = raw
        .texts(
            "select i.relname::text || ' ' || t.relname || ' ' || coalesce(a.attname, '') from pg_index x
             join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
             left join pg_attribute a on a.attrelid = t.oid and a.attnum = x.indkey[1]",
        )
        .await;
    let parts = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    parts.map(|parts| (parts[0].to_owned(), (parts[1].to_owned(), parts[2].to_owned()))).collect()
}

async fn postgres_plan(raw: &mut Raw, text: &str) -> Value {
    let Raw::Postgres(connection) = raw else { panic!("not PostgreSQL") };
    let parameter = Regex::new(r"\$(\d+)").unwrap();
    let parameters = parameter.captures_iter(text).map(|found| found[1].parse().unwrap()).max();
    let nulls = vec!["null"; parameters.unwrap_or(0)].join(", ");
    let call = if nulls.is_empty() { String::new() } else { format!("({nulls})") };
    connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("prepare planned as {text}")))).await.unwrap();
    let explain = AssertSqlSafe(format!("explain (format json) execute planned{call}"));
    let row = connection.fetch_one(sqlx::raw_sql(explain)).await.unwrap();
    let plan: String = row.try_get_unchecked(0).unwrap();
    connection.execute("deallocate planned").await.unwrap();
    serde_json::from_str(&plan).unwrap()
}

/// What is wrong with a plan of PostgreSQL, if anything: a table read as a whole, or an index of which
/// nothing but the company is used.
fn postgres_faults(name: &str, plan: &Value, indices: &BTreeMap<String, (String, String)>) -> Vec<String> {
    let mut faults = Vec::new();
    let mut nodes = vec![&plan[0]["Plan"]];
    while let Some(node) = nodes.pop() {
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
        let kind = node["Node Type"].as_str().unwrap();
        let table = node["Relation Name"].as_str().unwrap_or("");
        let condition = node["Index Cond"].as_str().unwrap_or("");
        if kind == "Seq Scan" && GROWING.contains(&table) {
            faults.push(format!("{kind} on {table}"));
        }
        if let Some((table, column)) = node["Index Name"].as_str().and_then(|index| indices.get(index)) {
            let used = Regex::new(&format!(r"\b{column}\b")).unwrap().is_match(condition);
            if GROWING.contains(&table.as_str()) && !used && !WALKS.contains(&name) {
                faults.push(format!("{kind} on {table}: {condition}"));
            }
        }
        if kind.contains("Sort") && WALKS.contains(&name) {
            faults.push("a list is sorted as a whole".to_owned());
        }
    }
    faults
}

#[tokio::test]
async fn postgres_reads_no_table_as_a_whole() {
    if !Engine::Postgres.is_there("plans::postgres_reads_no_table_as_a_whole") {
        return;
    }
    let demo = backend(Engine::Postgres, CUSTOMERS).await;
    let mut raw = demo.place.connect().await;
    // Of an empty table nothing is known.
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    for id in 300..320 {
        crate::support::destroy(&cx, id).await.unwrap();
    }
    raw.execute("alter table deleted_customer alter company_id set (n_distinct = 2), alter id set (n_distinct = -1), alter deleted_at set (n_distinct = -1)")
        .await;
    raw.execute(
        "alter table deleted_row alter company_id set (n_distinct = 2), alter customer_id set (n_distinct = -0.1)",
    )
    .await;
    for table in [
        "reminder select 1054, n, n % 50 + 1, 'trcs' || n % 20, n, 'x', 'waiting', 0, n, null from",
        "ticket_change select 1054, n, n % 50 + 1, n / 2, n, 'x', 'x', '[]', null from",
        "watch select 1054, 'trcs' || n, n % 50 + 1, n from",
        "viewing select 1054, n % 50 + 1, 'trcs' || n, 's' || n, n from",
        "webhook select 1054, 'w' || n, 'https://push.example.com/', '[]', 'x', 0, 1, 0, n from",
        "delivery select 1054, 'w' || n % 20 + 1, n, 'call.ended', 'call ' || n, '{}', case when n % 10 < 2 then 'waiting' else 'delivered' end, n, 1, n, n, 204, null, n from",
    ] {
        raw.execute(&format!("insert into {table} generate_series(1, 1000) n where n % 50 < 40")).await;
    }
    // A small table is best read as a whole, so they are said to be large. Plans are those of any parameters.
    let large = GROWING.map(|table| format!("'{table}'")).join(", ");
    raw.execute("alter table label alter company_id set (n_distinct = 2), alter name set (n_distinct = -1)").await;
    raw.execute(
        "alter table plm_customer alter company_id set (n_distinct = 2), alter customer_id set (n_distinct = -1), alter plm_id set (n_distinct = -1)",
    )
    .await;
    raw.execute("alter table plm_relation alter company_id set (n_distinct = 2), alter principal_id set (n_distinct = -0.1), alter target_id set (n_distinct = -0.1)")
        .await;
    raw.execute("alter table contact_phone alter company_id set (n_distinct = 2), alter key set (n_distinct = -1), alter tail set (n_distinct = -1)")
        .await;
    raw.execute("analyze; set enable_seqscan = off; set plan_cache_mode = force_generic_plan").await;
    raw.execute(&format!("update pg_class set reltuples = 1000000 where relkind = 'r' and relname in ({large})")).await;
    let indices = indices(&mut raw).await;
    let mut faults = Vec::new();
    for (name, text) in statements(Engine::Postgres, &demo.store.company(MAIN)) {
        let plan = postgres_plan(&mut raw, &text).await;
        for fault in postgres_faults(&name, &plan, &indices) {
            faults.push(format!("{name}: {fault}\n    {text}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let scan = postgres_plan(&mut raw, "select * from customer_term where company_id = $1 and customer_id = $2").await;
    assert!(!postgres_faults("", &scan, &indices).is_empty(), "a scan would not be noticed: {scan}");
}

/// With sqlite_stat4 and the statistics that the schema brings, SQLite would prepare every statement again at
/// each bind; `.cargo/config.toml` leaves it out.
#[tokio::test]
async fn sqlite_is_built_without_stat4() {
    let demo = backend(Engine::Sqlite, 0).await;
    let mut raw = demo.place.connect().await;
    let options = raw.texts("pragma compile_options").await;
    assert!(options.len() > 10, "{options:?}");
    assert!(!options.iter().any(|option| option.contains("STAT4")), "{options:?}");
}

/// SQLite plans by the number that stands for a bare placeholder behind `limit`, and so prepares the statement again
/// at every use; of `$2 + 0` it knows nothing.
#[tokio::test]
async fn sqlite_prepares_no_limit_again() {
    let demo = backend(Engine::Sqlite, 0).await;
    let scope = demo.store.company(MAIN);
    let bare = |text: &str| {
        text.match_indices("limit $").any(|(at, found)| {
            !text[at + found.len()..].trim_start_matches(|digit: char| digit.is_ascii_digit()).starts_with(" + 0")
        })
    };
    assert!(bare("select 1 limit $2 offset $3"));
    let faults: Vec<String> =
        statements(Engine::Sqlite, &scope).into_iter().filter(|(_, text)| bare(text)).map(|(name, _)| name).collect();
    assert!(faults.is_empty(), "{faults:?}");
}
