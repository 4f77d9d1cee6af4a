//! A customer is found however his name is written: in either script, in pinyin, in any form of Unicode; and lists are
//! sorted as a Chinese reader expects.

use laidian::domain::filter::parse_segments;
use laidian::domain::ids::{self, Entity};
use laidian::domain::search_terms::terms;
use laidian::ops::Cx;
use laidian::ops::company::setup::{self, DictionaryKind};
use laidian::ops::customer::export::{self, Format, Walk};
use laidian::ops::customer::{find, rederive};
use serde_json::{Value, json};

use crate::invariants::check_invariants;
use crate::support::{DESK, Engine, MAIN, TestServer, backend, server};
use crate::systems::Systems;

both_engines! {
    both_scripts_find_a_name,
    pinyin_finds_a_name,
    spellings_find_a_name,
    spellings_are_one_customer_in_wisecrm,
    spellings_are_one_label_and_one_entry,
    repeats_of_a_character_count,
    lists_are_sorted_by_pinyin_on_request,
    numbers_in_names_are_not_told_by_the_order,
    people_are_sorted_by_pinyin_too,
    texts_are_sorted_by_pinyin_too,
    names_are_derived_anew,
}

/// Creates customers of the main company and returns their ids.
async fn create(systems: &mut Systems, names: &[&str]) -> Vec<i64> {
    let mut ids = Vec::new();
    for name in names {
        let reply = systems.act("trcs001", "create_customer", json!({"customer": {"custname": name}})).await;
        ids.push(reply["customer"]["id"].as_i64().unwrap());
    }
    ids
}

/// The ids of the customers that a list shows, from the first of its pages.
async fn listed(systems: &mut Systems, asked: Value) -> Vec<i64> {
    let reply = systems.act("trcs001", "list_customers", asked).await;
    reply["result"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

/// Expects a search for a text to find this customer, and no other of these.
async fn finds(systems: &mut Systems, text: &str, id: i64, others: &[i64]) {
    let found = listed(systems, json!({"query": text})).await;
    assert!(found.contains(&id), "{text}: {found:?}");
    assert!(!others.iter().any(|other| *other != id && found.contains(other)), "{text}: {found:?}");
}

/// Expects the name to be that of exactly these customers, in the call centre's words and in iBiz PLM's.
async fn names(systems: &mut Systems, name: &str, ids: &[i64], shown: &str) {
    let reply = systems.act("trcs001", "get_customer", json!({"type": "custName", "content": name})).await;
    let rows = reply["result"].as_array().unwrap();
    let mut found: Vec<i64> = rows.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, ids, "{name}");
    assert!(rows.iter().any(|row| row["custname"] == shown), "{name}: {reply}");
    let listed = systems.plm("POST /customers/fetchdefault", &json!({"n_name_like": name, "size": 1000})).await;
    assert!(listed.as_array().unwrap().iter().any(|row| row["name"] == shown), "{name}: {listed}");
}

async fn start(engine: Engine) -> (TestServer, Systems) {
    let server = server(engine, |_| ()).await;
    let systems = Systems::of(&server).await;
    (server, systems)
}

async fn both_scripts_find_a_name(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    let ids = create(&mut systems, &["楊志永", "杨志远", "臺灣客戶中心", "松戸戶口"]).await;
    for text in ["杨志永", "楊志永", "志永", "杨 志永"] {
        finds(&mut systems, text, ids[0], &ids).await;
    }
    for text in ["楊志遠", "志遠"] {
        finds(&mut systems, text, ids[1], &ids).await;
    }
    for text in ["台湾", "客户中心", "客戶", "客戸"] {
        finds(&mut systems, text, ids[2], &ids).await;
    }
    for name in ["杨志永", "楊志永"] {
        names(&mut systems, name, &ids[..1], "楊志永").await;
    }
    names(&mut systems, "楊志遠", &ids[1..2], "杨志远").await;
    for name in ["松户户口", "松戶戸口"] {
        names(&mut systems, name, &ids[3..], "松戸戶口").await;
    }
    server.stop().await;
}

async fn pinyin_finds_a_name(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    let ids = create(
        &mut systems,
        &["楊志永", "单田芳", "重庆长城银行", "尉迟恭", "解缙", "仇英", "曾巩", "西安未央", "吕布韦"],
    )
    .await;
    for (text, at) in [
        ("yangzhiyong", 0),
        ("yang zhiyong", 0),
        ("YangZhiY", 0),
        ("yangzhiyo", 0),
        ("shantianfang", 1),
        ("dantianf", 1),
        ("chongqing", 2),
        ("changchengyinhang", 2),
        ("cqccyh", 2),
        ("yuchigong", 3),
        ("xiejin", 4),
        ("jiejin", 4),
        ("qiuying", 5),
        ("chouying", 5),
        ("zenggong", 6),
        ("cenggong", 6),
        ("xianwei", 7),
        ("xi'anwei", 7),
        ("lvbu", 8),
        ("lübu", 8),
        ("lubuwei", 8),
    ] {
        finds(&mut systems, text, ids[at], &ids).await;
    }
    for text in ["yang zhi", "yang", "zhiyong"] {
        assert!(listed(&mut systems, json!({"query": text})).await.contains(&ids[0]), "{text}");
    }
    for text in ["angzhi", "zhiyang", "zhongqing", "yangzhiyongx"] {
        let found = listed(&mut systems, json!({"query": text})).await;
        assert!(!ids.iter().any(|id| found.contains(id)), "{text}: {found:?}");
    }
    server.stop().await;
}

/// Forms of one name: as it is stored, and others.
const SPELLINGS: [(&str, &[&str]); 6] = [
    ("José Muñoz", &["Jose\u{301} Mun\u{303}oz", "jose munoz", "ＪＯＳÉ ＭＵÑＯＺ"]),
    (
        "阿不都·热依木",
        &[
            "阿不都•热依木",
            "阿不都・热依木",
            "阿不都‧热依木",
            "阿不都･热依木",
            "阿不都 · 热依木",
            "阿不都热依木",
            "阿不都·熱依木",
        ],
    ),
    ("ｶﾄｳ ｶﾞｸ", &["カトウ ガク", "カトウ カ\u{3099}ク"]),
    ("Müller Straße", &["Mu\u{308}ller Strasse", "MÜLLER STRASSE", "muller strasse"]),
    ("㈱山田", &["(株)山田", "（株）山田"]),
    ("神\u{2f00}", &["神一"]),
];

async fn spellings_find_a_name(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    let stored: Vec<&str> = SPELLINGS.iter().map(|(stored, _)| *stored).collect();
    let ids = create(&mut systems, &stored).await;
    for (at, (stored, others)) in SPELLINGS.into_iter().enumerate() {
        for name in [stored].iter().chain(others) {
            finds(&mut systems, name, ids[at], &ids).await;
            names(&mut systems, name, &ids[at..=at], stored).await;
        }
    }
    server.stop().await;
}

async fn spellings_are_one_customer_in_wisecrm(engine: Engine) {
    let (server, systems) = start(engine).await;
    for (stored, others) in SPELLINGS {
        let body = json!({"accountName": stored});
        systems.wise("POST /gw/account/add", 1, &[], &body).await;
        for name in [stored].iter().chain(others) {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("appid", "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"), ("sign", "demo-key")])
                .append_pair("op_user", &ids::to_wise(Entity::User, 0, 1))
                .finish();
            let body = json!({"accountName": name}).to_string();
            let answer = systems.call(&format!("POST /gw/account/add?{query}"), "", &body).await.body;
            assert_ne!(answer["error_code"], 0, "{stored} {name}: {answer}");
            assert!(answer["error_msg"].as_str().unwrap().contains("accountName"), "{answer}");
            let filter = json!({"filters": [{"fieldName": "accountName", "operator": "=", "value": name}]});
            let query = [("entity", "Account"), ("fields", "accountName")];
            let found = systems.wise("POST /gw/entity/adv-query", 1, &query, &filter).await;
            assert!(found.to_string().contains(&json!(stored).to_string()), "{stored} {name}: {found}");
        }
    }
    server.stop().await;
}

async fn spellings_are_one_label_and_one_entry(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    let mut tx = server.backend().store.company(MAIN).write().await.unwrap();
    setup::dictionary_item(&mut tx, DictionaryKind::Type, "7", Some("Café·重点"), Some(7)).await.unwrap();
    setup::custom_field(
        &mut tx,
        501,
        "等级",
        laidian::domain::custom_field::FieldKind::Option,
        &["Élite".into()],
        false,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    server.backend().catalogues.forget(MAIN);
    let ids = create(&mut systems, &["标签甲", "标签乙"]).await;
    let labels = async |systems: &mut Systems, id: i64, labels: Value| {
        let customer =
            json!({"customerLabel": labels, "custType": "Cafe\u{301}重点", "jsonStr": {"501": "E\u{301}LITE"}});
        let body = json!({"type": "id", "content": id, "customer": customer});
        systems.act("trcs001", "update_customer", body).await;
        let shown =
            systems.act("trcs001", "get_customer", json!({"type": "id", "content": id})).await["result"][0].take();
        assert_eq!(shown["custType"], "Café·重点", "{shown}");
        assert_eq!(shown["jsonStr"]["501_等级"], "Élite", "{shown}");
        let shown = shown["customerLabel"].as_array().unwrap().clone();
        shown.iter().map(|label| (label["id"].clone(), label["name"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let first = labels(&mut systems, ids[0], json!(["José", "加·急", "客戶"])).await;
    assert_eq!(first.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["José", "加·急", "客戶"]);
    // Of two spellings in one request, too, there is one label.
    let second =
        labels(&mut systems, ids[1], json!(["Jose\u{301}", "jose", "加急", "加•急", "客户", "其他", "其･他"])).await;
    assert_eq!(second[..3], first);
    assert_eq!(second[3..].iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["其他"]);
    // In iBiz PLM, too, where labels are the names of categories.
    let key = ids::to_hex32(MAIN, ids[1]);
    systems.plm(&format!("PUT /customers/{key}"), &json!({"categories_name": "jose，加急,新的"})).await;
    let shown = systems.plm(&format!("GET /customers/{key}"), &Value::Null).await;
    assert_eq!(shown["categories_name"], "José,加·急,新的");
    for kind in ["Café·重点", "Cafe\u{301}•重点", "cafe重点", "ＣＡＦÉ・重點"] {
        let found = listed(&mut systems, json!({"filters": {"type": kind}})).await;
        assert_eq!(found, [ids[1], ids[0]], "{kind}");
    }
    server.stop().await;
}

async fn walk(cx: &Cx<'_>, text: &str) -> Vec<String> {
    let search = find::search(cx, &parse_segments("").unwrap(), Some(text)).unwrap();
    let total = find::list(cx, &search, 1).await.unwrap().total;
    let export = export::begin(cx, search, Format::Csv).await.unwrap();
    let rows = Walk::new(cx.clone(), export).unwrap().next().await.unwrap();
    assert_eq!(usize::try_from(total), Ok(rows.len()), "{text}");
    rows.iter().map(|row| row.name.clone().unwrap_or_default()).collect()
}

async fn repeats_of_a_character_count(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    for name in ["张志中", "周泽张赵中正", "哈哈镜", "王哈哈哈", "仓库00", "仓库000001", "www.example.com", "吴伟汪"]
    {
        let name = laidian::ops::customer::Patch::Set(name.into());
        laidian::ops::customer::create(&cx, laidian::ops::customer::Changes { name, ..Default::default() })
            .await
            .unwrap();
    }
    for (text, found) in [
        ("zzzzzz", &["周泽张赵中正"][..]),
        ("zzzzzzz", &[]),
        ("zz", &["张志中", "周泽张赵中正"]),
        ("哈哈哈", &["王哈哈哈"]),
        ("哈哈", &["哈哈镜", "王哈哈哈"]),
        ("00000", &["仓库000001"]),
        ("www", &["www.example.com", "吴伟汪"]),
        ("wwww", &[]),
    ] {
        assert_eq!(walk(&cx, text).await, found, "{text}");
    }
}

/// What a row of the term table takes besides its term, in SQLite.
const ROW: usize = 13;

/// Syllables may not make the table of terms much larger than pairs of characters and of initials do.
#[tokio::test]
async fn syllables_take_little_room() {
    let demo = backend(Engine::Sqlite, 2000).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let customers = cx.scope.customers_after(0, 2000).await.unwrap();
    assert!(customers.len() > 1500);
    let (mut pairs, mut all) = (0, 0);
    for customer in customers {
        let (name, company) = (customer.name.unwrap_or_default(), customer.company_name.unwrap_or_default());
        let terms = terms(&name, &company);
        all += terms.iter().map(|term| term.len() + ROW).sum::<usize>();
        pairs += terms
            .iter()
            .filter(|term| !term.starts_with(|c: char| c.is_ascii_uppercase()))
            .map(|term| term.len() + ROW)
            .sum::<usize>();
        // The last initials of name and company had terms of their own.
        pairs += [&name, &company].iter().filter(|text| !text.is_empty()).count() * (3 + ROW);
    }
    assert!(all * 10 < pairs * 16, "{all} of {pairs}");
}

/// In the order of an address book: signs, digits, letters, then Chinese by pinyin and tone.
const SORTED: [&str; 12] =
    ["12号店", "Alan", "bob", "阿强", "白雪", "岑参", "陈晨", "重庆", "仇英", "单雄信", "王芳", "曾巩"];

async fn lists_are_sorted_by_pinyin_on_request(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    let mut shuffled = SORTED.to_vec();
    shuffled.sort_by_key(|name| name.chars().rev().collect::<String>());
    create(&mut systems, &shuffled).await;
    let mine = |rows: &[Value], member: &str| -> Vec<String> {
        let names = rows.iter().filter_map(|row| row[member].as_str());
        names.filter(|name| SORTED.contains(name)).map(str::to_owned).collect()
    };
    for (sort, expected) in [("name", SORTED.to_vec()), ("name:desc", SORTED.iter().rev().copied().collect::<Vec<_>>())]
    {
        // Page by page, without a customer twice and without one left out.
        let (mut all, mut page) = (Vec::new(), 1);
        loop {
            let reply = systems.act("trcs001", "list_customers", json!({"sort": sort, "page": page})).await;
            all.extend(reply["result"].as_array().unwrap().clone());
            if page >= reply["meta"]["total_pages"].as_i64().unwrap() {
                assert_eq!(all.len(), usize::try_from(reply["meta"]["total_count"].as_i64().unwrap()).unwrap());
                break;
            }
            page += 1;
        }
        assert_eq!(mine(&all, "custname"), expected, "{sort}");
        let mut ids: Vec<i64> = all.iter().map(|row| row["id"].as_i64().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all.len());
        let direction = if sort == "name" { "asc" } else { "desc" };
        let plm = json!({"sort": format!("name,{direction}"), "size": 1000});
        let rows = systems.plm("POST /customers/fetchdefault", &plm).await;
        assert_eq!(mine(rows.as_array().unwrap(), "name"), expected);
        let order = format!("accountName:{direction}");
        let query = [("entity", "Account"), ("fields", "accountName"), ("sort", order.as_str()), ("page_size", "200")];
        let rows = systems.wise("POST /gw/entity/adv-query", 1, &query, &json!({"filters": []})).await;
        let found = rows["data"].to_string();
        let places: Vec<usize> = expected.iter().map(|name| found.find(&format!("\"{name}\"")).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?} {found}");
    }
    // With words, too, of which this is the first page.
    let reply = systems.act("trcs001", "list_customers", json!({"sort": "name", "query": "c"})).await;
    assert_eq!(mine(reply["result"].as_array().unwrap(), "custname"), ["岑参", "陈晨", "重庆", "仇英"]);
    let wrong = json!({"action": "list_customers", "sort": "age", "operator": "trcs001", "companyId": MAIN});
    let reply = systems.frame(&wrong).await;
    assert_eq!(reply["code"], 2000, "{reply}");
    assert!(reply.to_string().contains("name:desc"), "{reply}");
    server.stop().await;
}

/// The place among others would tell a hidden number digit by digit.
async fn numbers_in_names_are_not_told_by_the_order(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    systems.act("admin1054", "put_rights", json!({"role": "agent", "phones": "masked"})).await;
    let frame = json!({"action": "list_customers", "sort": "name", "operator": "trcs001", "companyId": MAIN});
    assert_eq!(systems.frame(&frame).await["code"], 2403);
    server.stop().await;
}

/// What customers are shown with is sorted as their own names are.
async fn people_are_sorted_by_pinyin_too(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    for (login_no, name) in [("trcs001", "曾强"), ("trcs008", "阿强"), ("trcs009", "仇芳")] {
        let operator = json!({"staffNo": login_no, "name": name, "role": "agent", "groups": [1_054_001, 1_054_002]});
        systems.act("admin1054", "put_operator", operator).await;
    }
    let mut expected = Vec::new();
    for (owner, name) in [("trcs008", "排序甲"), ("trcs009", "排序乙"), ("trcs001", "排序丙")] {
        let customer = json!({"custname": name, "serviceNo": owner, "servicegroupId": 1_054_001});
        systems.act("trcs001", "create_customer", json!({ "customer": customer })).await;
        expected.push(name);
    }
    let filter = json!({"n_name_like": "排序", "sort": "assignee_name,asc", "size": 1000});
    let rows = systems.plm("POST /customers/fetchdefault", &filter).await;
    let rows: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(rows, expected);
    let filter = json!({"filters": [{"fieldName": "accountName", "operator": "cl", "value": "排序"}]});
    let query = [("entity", "Account"), ("fields", "accountName"), ("sort", "owningUser.userName")];
    let rows = systems.wise("POST /gw/entity/adv-query", 1, &query, &filter).await["data"].to_string();
    assert!(expected.iter().map(|name| rows.find(name).unwrap()).is_sorted(), "{rows}");
    server.stop().await;
}

/// So are the texts that are no names.
async fn texts_are_sorted_by_pinyin_too(engine: Engine) {
    let (server, mut systems) = start(engine).await;
    // By code points, 重 is behind 成, and C before a.
    let texts = ["apple", "Cherry", "安庆", "成都", "重庆", "杭州"];
    for (place, text) in [(3, "成都"), (0, "apple"), (5, "杭州"), (2, "安庆"), (4, "重庆"), (1, "Cherry")] {
        let customer = json!({"custname": format!("排序{place}"), "address": text});
        let created = systems.act("trcs001", "create_customer", json!({ "customer": customer })).await;
        let id = ids::to_hex32(MAIN, created["customer"]["id"].as_i64().unwrap());
        let body = json!({"description": text, "categories_name": text});
        systems.plm(&format!("PUT /customers/{id}"), &body).await;
        assert_eq!(texts[place], text);
    }
    let expected: Vec<String> = (0..texts.len()).map(|place| format!("排序{place}")).collect();
    for field in ["description", "categories_name"] {
        let filter = json!({"n_name_like": "排序", "sort": format!("{field},asc"), "size": 1000});
        let rows = systems.plm("POST /customers/fetchdefault", &filter).await;
        let rows: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert_eq!(rows, expected, "{field}");
    }
    let filter = json!({"filters": [{"fieldName": "accountName", "operator": "cl", "value": "排序"}]});
    let query = [("entity", "Account"), ("fields", "accountName"), ("sort", "address")];
    let rows = systems.wise("POST /gw/entity/adv-query", 1, &query, &filter).await["data"].to_string();
    assert!(expected.iter().map(|name| rows.find(name.as_str()).unwrap()).is_sorted(), "{rows}");
    server.stop().await;
}

async fn names_are_derived_anew(engine: Engine) {
    let demo = backend(engine, 90).await;
    demo.place
        .connect()
        .await
        .execute(
            "update customer set name_key = 'x', company_key = 'x', name_sort = '', haystack = 'x', sorts = null; delete from customer_term;
             update label set key = ''; update staff set name_sort = ''; update service_group set name_sort = '';
             update plm_product set name_sort = ''; update company set rules = '';
             update plm_customer set sorts = null, categories_name_sort = null",
        )
        .await;
    rederive::all(&demo.store, &rederive::Progress::default()).await.unwrap();
    for company in demo.store.companies().await.unwrap() {
        let scope = demo.store.company(company.id);
        check_invariants(&demo.place, &scope).await;
    }
    let unsorted =
        "select name from staff where name_sort = '' union all select name from service_group where name_sort = ''
         union all select name from plm_product where name_sort = ''";
    assert_eq!(demo.place.connect().await.texts(unsorted).await, [""; 0]);
    let of_plm = "select sorts from plm_customer where description = '重点客户，每季度回访'";
    assert_eq!(demo.place.connect().await.texts(of_plm).await.len(), 1);
    let of_addresses = "select coalesce(sorts, '') from customer where address like '%杭州%' and coalesce(sorts, '') not like '%hang2杭%'";
    assert_eq!(demo.place.connect().await.texts(of_addresses).await, [""; 0]);
}
