//! A search finds what it should and nothing else, and both engines find the same in the same order.

use std::collections::BTreeSet;

use laidian::domain::feed::FeedKind;
use laidian::domain::filter::parse_segments;
use laidian::domain::identifier::Identifier;
use laidian::domain::phone::{CHINA, Phone};
use laidian::domain::pinyin::{Kind, initials, readings};
use laidian::domain::search_terms::{haystack, query};
use laidian::ops::access::rights::Shown;
use laidian::ops::customer::export::{self, Format, Walk};
use laidian::ops::customer::find::{self, PAGE};
use laidian::ops::customer::history;
use laidian::ops::customer::{Changes, Patch, PhoneChange, create};
use laidian::ops::{Backend, Caller, Cx};
use laidian::store::search::Search;
use serde_json::Value;

use crate::support::{DESK, Demo, Engine, MAIN, SHOP, backend};

both_engines! {
    every_part_of_a_customer_finds_it,
    the_same_pairs_are_not_the_same_word,
    filters_narrow_the_list,
    a_company_sees_its_own,
}

const CUSTOMERS: u64 = 250;

async fn operator(demo: &Demo, company: i64) -> Caller {
    demo.caller(company, Some(if company == MAIN { "trcs001" } else { "admin1001" })).await
}

async fn walk(cx: &Cx<'_>, search: Search) -> Vec<Shown> {
    let export = export::begin(cx, search, Format::Csv).await.unwrap();
    let mut walk = Walk::new(cx.clone(), export).unwrap();
    let mut all = Vec::new();
    loop {
        let page = walk.next().await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn ids(customers: &[Shown]) -> Vec<i64> {
    customers.iter().map(|customer| customer.id).collect()
}

fn phones(customer: &Shown) -> Vec<Phone> {
    let phones: Vec<Value> = serde_json::from_str(&customer.phones).unwrap();
    phones.iter().map(|phone| Phone::parse(phone["content"].as_str().unwrap(), &CHINA).unwrap()).collect()
}

/// Whether the words find this customer, by the definition of what they find and without any index.
fn is_found(customer: &Shown, text: &str) -> bool {
    let (name, company) = (customer.name.as_deref().unwrap_or(""), customer.company_name.as_deref().unwrap_or(""));
    let hay = haystack(name, company);
    let phones = phones(customer);
    query(text).words.iter().all(|word| {
        let by_phone = word.tails.iter().any(|tail| phones.iter().any(|phone| phone.tail().starts_with(tail)));
        by_phone || word.forms.iter().any(|form| hay.contains(&form.text))
    })
}

/// Parts of the name, of the company, of their initials and of their pinyin, the ends of the phones, and some of them together.
fn parts(customer: &Shown) -> Vec<String> {
    let name = customer.name.as_deref().unwrap();
    let company = customer.company_name.as_deref().unwrap_or("");
    let characters: Vec<char> = name.chars().collect();
    let mut parts = vec![name.to_owned(), company.to_owned()];
    parts.extend([initials(name, Kind::Name), initials(company, Kind::Company)]);
    parts.extend(readings(name, Kind::Name).iter().map(|reading| reading.letters().collect::<String>()));
    parts.extend(readings(company, Kind::Company).iter().map(|reading| reading.letters().take(4).collect::<String>()));
    parts.extend((1..=2).flat_map(|size| characters.windows(size).map(String::from_iter)));
    parts.extend(company.char_indices().nth(3).map(|(at, _)| company[at..].to_owned()));
    parts.push(format!("{name} {}", company.chars().take(2).collect::<String>()));
    for phone in phones(customer) {
        parts.extend([4, 7, 11].map(|digits| phone.digits[phone.digits.len().saturating_sub(digits)..].to_owned()));
        parts.push(phone.typed.clone());
        parts.push(format!("{} {name}", &phone.digits[phone.digits.len() - 4..]));
    }
    parts.retain(|part| !part.is_empty());
    parts
}

async fn every_part_of_a_customer_finds_it(engine: Engine) {
    let demo = backend(engine, CUSTOMERS).await;
    let caller = operator(&demo, MAIN).await;
    let cx = demo.context(&caller).await.unwrap();
    let all = walk(&cx, Search::default()).await;
    assert_eq!(all.len(), 227);
    let known: BTreeSet<String> = all.iter().step_by(23).flat_map(parts).collect();
    let none = ["测试无此人", "zzzzqx", "99999999", "王 99999999", "%", "_", "'", "\"", "王%"].map(str::to_owned);
    assert!(known.len() > 100);
    for text in known.iter().chain(&none) {
        let search = find::search(&cx, &parse_segments("").unwrap(), Some(text)).unwrap();
        let found = walk(&cx, search.clone()).await;
        let expected: Vec<i64> =
            ids(&all).into_iter().zip(&all).filter(|(_, row)| is_found(row, text)).map(|(id, _)| id).collect();
        assert_eq!(ids(&found), expected, "{text}");
        assert_eq!(none.contains(text), found.is_empty(), "{text}");
        let page = find::list(&cx, &search, 1).await.unwrap();
        assert_eq!(usize::try_from(page.total).unwrap(), found.len(), "{text}");
        let newest: Vec<i64> = expected.into_iter().rev().take(20).collect();
        assert_eq!(ids(&page.customers), newest, "{text}");
    }
}

/// Terms are pairs of characters: names of the same pairs in another order must not find each other.
async fn the_same_pairs_are_not_the_same_word(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    for name in ["芳芳 王芳", "王芳芳", "13812", "81381 3812"] {
        let phones = (name == "13812").then(|| vec![PhoneChange { id: None, typed: "13900081381".into() }]);
        let name = Patch::Set(name.into());
        create(&cx, Changes { name, phones, ..Changes::default() }).await.unwrap();
    }
    for (text, expected) in [
        ("王芳芳", &[2][..]),
        ("芳王芳", &[1]),
        ("wff", &[2]),
        ("ffwf", &[1]),
        ("芳芳", &[1, 2]),
        // Digits are a part of a name or the end of a phone.
        ("13813", &[4]),
        ("81381", &[3, 4]),
        ("芳芳 王", &[1, 2]),
        // Repeats count.
        ("fff", &[]),
        ("芳芳芳", &[]),
        ("888", &[]),
    ] {
        let search = find::search(&cx, &parse_segments("").unwrap(), Some(text)).unwrap();
        assert_eq!(ids(&walk(&cx, search.clone()).await), expected, "{text}");
        assert_eq!(usize::try_from(find::list(&cx, &search, 1).await.unwrap().total), Ok(expected.len()), "{text}");
    }
}

/// Whether a filter is to let a customer pass.
type Rule = Box<dyn Fn(&Shown) -> bool>;

async fn filters_narrow_the_list(engine: Engine) {
    let demo = backend(engine, CUSTOMERS).await;
    let caller = operator(&demo, MAIN).await;
    let cx = demo.context(&caller).await.unwrap();
    let all = walk(&cx, Search::default()).await;
    let groups = [Some(1_054_001), Some(1_054_002)];
    let rules: [(&str, Rule); 8] = [
        ("", Box::new(|_| true)),
        ("默认任务", Box::new(|row| row.task_id == Some(99))),
        ("｜我的客户", Box::new(|row| row.owner_no.as_deref() == Some("trcs001"))),
        ("｜本组客户", Box::new(move |row| groups.contains(&row.group_id))),
        ("｜TRCS008", Box::new(|row| row.owner_no.as_deref() == Some("trcs008"))),
        ("｜｜普通客户", Box::new(|row| row.type_value.as_deref() == Some("1"))),
        ("｜｜｜10", Box::new(|row| row.flag_value.as_deref() == Some("10"))),
        (
            "99｜trcs001｜0｜｜展览",
            Box::new(|row| {
                let texts = [&row.owner_no, &row.type_value, &row.source_value].map(Option::as_deref);
                row.task_id == Some(99) && texts == [Some("trcs001"), Some("0"), Some("1")]
            }),
        ),
    ];
    for (filters, rule) in rules {
        for text in [None, Some("科技"), Some("1")] {
            let search = find::search(&cx, &parse_segments(filters).unwrap(), text).unwrap();
            let matches = |row: &&Shown| rule(row) && text.is_none_or(|text| is_found(row, text));
            let expected: Vec<i64> = all.iter().filter(matches).map(|row| row.id).collect();
            assert_eq!(ids(&walk(&cx, search.clone()).await), expected, "{filters} {text:?}");
            assert_eq!(
                usize::try_from(find::list(&cx, &search, 1).await.unwrap().total),
                Ok(expected.len()),
                "{filters}"
            );
            if text.is_none() {
                assert!(!expected.is_empty(), "{filters} finds nobody, which proves nothing");
            }
        }
    }
}

async fn a_company_sees_its_own(engine: Engine) {
    let demo = backend(engine, CUSTOMERS).await;
    let (main, shop) = (operator(&demo, MAIN).await, operator(&demo, SHOP).await);
    let (main, shop) = (demo.context(&main).await.unwrap(), demo.context(&shop).await.unwrap());
    for customer in walk(&shop, Search::default()).await {
        let phone = phones(&customer).remove(0);
        // The invented numbers of the two companies are the same: each finds its own customer.
        let by_phone = Identifier::Phone(phone.typed.clone().into());
        assert_eq!(ids(&find::find(&shop, &by_phone).await.unwrap().customers), [customer.id]);
        if let Ok(found) = find::find(&main, &by_phone).await {
            assert!(found.customers.iter().all(|row| row.created_by != "TRCS004"), "{}", phone.typed);
        }
        let by_name = Identifier::Name(customer.name.clone().unwrap().into());
        if let Ok(found) = find::find(&main, &by_name).await {
            assert!(found.customers.iter().all(|row| row.created_by != "TRCS004"), "{:?}", customer.name);
        }
    }
}

/// What a search shows, page by page, and its count.
async fn shown(backend: &Backend, caller: &Caller, filters: &str, text: Option<&str>) -> (i64, Vec<Shown>) {
    let cx = backend.context(caller).await.unwrap();
    let search = find::search(&cx, &parse_segments(filters).unwrap(), text).unwrap();
    let total = find::list(&cx, &search, 1).await.unwrap().total;
    let mut rows = Vec::new();
    for page in 1..=(total + PAGE - 1) / PAGE {
        rows.extend(find::list(&cx, &search, page).await.unwrap().customers);
    }
    (total, rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_show_the_same() {
    if !Engine::Postgres.is_there("search::both_engines_show_the_same") {
        return;
    }
    let (sqlite, postgres) = tokio::join!(backend(Engine::Sqlite, CUSTOMERS), backend(Engine::Postgres, CUSTOMERS));
    let caller = operator(&sqlite, MAIN).await;
    let filters = ["", "默认任务", "｜我的客户", "｜本组客户｜普通客户", "｜｜｜未处理｜百度广告"];
    let texts =
        [None, Some("王"), Some("w"), Some("科技"), Some("有限公司"), Some("kj"), Some("0001"), Some("杭州 科技")];
    for filters in filters {
        for text in texts {
            let (one, other) =
                tokio::join!(shown(&sqlite, &caller, filters, text), shown(&postgres, &caller, filters, text));
            assert_eq!(one, other, "{filters} {text:?}");
            assert!(one.0 > 0 || !filters.is_empty(), "{text:?} finds nobody, which proves nothing");
        }
    }
    same_feeds(&sqlite, &postgres, &caller).await;
}

async fn same_feeds(sqlite: &Backend, postgres: &Backend, caller: &Caller) {
    let (one, other) = (sqlite.context(caller).await.unwrap(), postgres.context(caller).await.unwrap());
    let mut items = 0;
    for customer in 1..40 {
        for kinds in FeedKind::ALL.iter().map(std::slice::from_ref).chain([&FeedKind::ALL[..]]) {
            let whole = history::page(&one, customer, kinds, 1, 100).await.unwrap().items;
            for number in 1..=3 {
                let (one, other) = tokio::join!(
                    history::page(&one, customer, kinds, number, 3),
                    history::page(&other, customer, kinds, number, 3)
                );
                let (one, other) = (one.unwrap(), other.unwrap());
                assert_eq!((one.total, &one.items), (other.total, &other.items), "{customer} {kinds:?}");
                assert!(one.items.is_sorted_by(|a, b| a.at >= b.at));
                let before = usize::try_from((number - 1) * 3).unwrap();
                let on_page: Vec<_> = whole.iter().skip(before).take(3).collect();
                assert_eq!(one.items.iter().collect::<Vec<_>>(), on_page, "{customer} {kinds:?} {number}");
                items += one.items.len();
            }
        }
    }
    assert!(items > 200, "{items}");
}
