//! Searches by a part of a name, initials, pinyin and last digits; and a look-up while the worst of them run.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Bench;
use crate::desk::{self, HEAD, Times, accepted, ask, count};
use crate::people::Dice;
use crate::report::{Part, Table, words};
use crate::server::{self, Server, Speech};
use crate::socket::Socket;

/// Who searches at the same time: one operator has half of the connections at most.
const OPERATORS: [&str; 4] = ["trcs001", "zx001", "zx002", "zx003"];
/// What they search, and with which filters.
const WORST: [(&str, &str); 4] = [("有限公司", ""), ("公司", "｜｜企业客户"), ("科技有限公司 上海", ""), ("wl", "")];

/// A search: what is asked, one of these each time, and how a scan finds the same, where it can.
struct Search {
    en: &'static str,
    zh: &'static str,
    queries: Vec<String>,
    filters: &'static str,
    condition: Option<&'static str>,
    /// Whether what is searched stands in every customer that is found.
    is_literal: bool,
    /// Whether it is short enough that a tenth of them may not take long.
    is_short: bool,
}

pub fn names(bench: &Bench, dice: &mut Dice, count: usize) -> Vec<String> {
    let conn = crate::data::connect(&bench.data);
    let mut names = Vec::new();
    for _ in 0..count {
        let id = 3 + dice.below(bench.customers * 8 / 10);
        let sql = "select name from customer where company_id = ?1 and id >= ?2 order by id limit 1";
        let name = conn.query_row(sql, (crate::data::MAIN, id.cast_signed()), |row| row.get(0));
        names.push(name.expect("a name"));
    }
    names
}

async fn searches(bench: &Bench) -> Vec<Search> {
    let mut dice = Dice::new(11);
    let texts = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect::<Vec<_>>();
    let pairs = names(bench, &mut dice, 200);
    let pairs = pairs.iter().map(|name| name.chars().take(2).collect()).collect();
    let numbers = &bench.look_ups.phones;
    let tails = (0..200).map(|_| {
        let number = &numbers[usize::try_from(dice.below(numbers.len() as u64)).expect("a place")];
        number[number.len() - 4..].to_owned()
    });
    let tails = tails.collect();
    let search =
        |en, zh, queries| Search { en, zh, queries, filters: "", condition: None, is_literal: false, is_short: false };
    vec![
        Search { is_literal: true, is_short: true, ..search("two characters of a name", "姓名的两个字", pairs) },
        Search { is_literal: true, is_short: true, ..search("last four digits", "末四位", tails) },
        search("two initials", "两个首字母", texts(&["wl", "zx", "lj", "cy", "hm"])),
        search("pinyin", "拼音", texts(&["wangwei", "zhangli", "liyang", "chenjun", "liuyan"])),
        Search {
            filters: "｜｜企业客户",
            condition: Some("type_value = '0' and (name like '%公司%' or company_name like '%公司%')"),
            ..search("公司, and a type", "“公司”，加类型", texts(&["公司"]))
        },
        Search {
            condition: Some("(name like '%有限公司%' or company_name like '%有限公司%')"),
            ..search("有限公司", "“有限公司”", texts(&["有限公司"]))
        },
        Search {
            condition: Some("company_name like '%科技有限公司%' and company_name like '%上海%'"),
            ..search("科技有限公司 上海", "“科技有限公司 上海”", texts(&["科技有限公司 上海"]))
        },
    ]
}

fn body(query: &str, filters: &str) -> Value {
    json!({"action": "list_customers", "query": query, "filters": filters})
}

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let mut table = Table::new(words("Searches, one after another", "搜索，逐个请求"), &HEAD);
    let conn = crate::data::connect(&bench.data);
    let (server, _) = Server::indexed(&server::this(), &bench.data);
    let mut socket = Socket::open(&server).await;
    let (mut worst, mut short) = (0_f64, 0_f64);
    for search in searches(bench).await {
        let found = search.condition.map(|condition| count(&conn, condition));
        let times = times(bench, &mut socket, &search, found).await;
        worst = worst.max(times.at(0.99));
        if search.is_short {
            short = short.max(times.at(0.9));
        }
        times.tell(&mut table, words(search.en, search.zh), found.map_or("–".to_owned(), |found| found.to_string()));
    }
    part.tables.push(table);
    part.at_most(words("any search: p99", "任何搜索：p99"), worst, " ms", 50.0, 150.0);
    part.at_most(words("two characters, last four digits: p90", "两个字、末四位：p90"), short, " ms", 2.0, 5.0);
    beside(bench, &server, &mut part).await;
    part
}

async fn times(bench: &Bench, socket: &mut Socket, search: &Search, found: Option<u64>) -> Times {
    let mut queries = search.queries.iter().cycle();
    let next = || {
        let query = queries.next().expect("a query");
        (desk::request(body(query, search.filters)), query)
    };
    ask(socket, bench.round, next, |reply, query| {
        let rows = accepted(reply);
        if let Some(found) = found {
            assert_eq!(rows["meta"]["total_count"], found, "{query}");
        }
        let rows = rows["result"].as_array().map_or(0, Vec::len);
        // In the other places it stands, too, but for the customers of small data sets.
        let is_there = !search.is_literal || reply.matches(query.as_str()).count() >= rows.max(1);
        assert!(is_there, "{query} is not in {reply}");
    })
    .await
}

/// How a customer is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Number,
    /// A number that nobody has.
    Stranger,
    Name,
}

const BY: [(By, &str, &str); 3] = [
    (By::Number, "by number", "按号码"),
    (By::Stranger, "by a stranger's number", "按陌生号码"),
    (By::Name, "by name", "按姓名"),
];

/// Look-ups, alone and while four of the worst searches run without a pause.
async fn beside(bench: &Bench, server: &Server, part: &mut Part) {
    let title =
        words("Look-ups, alone and while four of the worst searches run", "查找：单独，以及四个最慢的搜索同时进行时");
    let mut table = Table::new(title, &HEAD);
    for (by, en, zh) in BY {
        let alone = look_ups(bench, server, by, bench.round / 3).await;
        alone.tell(&mut table, words(&format!("alone, {en}"), &format!("单独，{zh}")), "–".to_owned());
    }
    let mut searching = Vec::new();
    for ((query, filters), operator) in WORST.into_iter().zip(OPERATORS) {
        let mut socket = Socket::open(server).await;
        let request = desk::by(operator, body(query, filters));
        searching.push(tokio::spawn(async move {
            loop {
                accepted(&socket.ask(&request).await);
            }
        }));
    }
    tokio::time::sleep(bench.round / 3).await;
    let mut worst = 0_f64;
    for (by, en, zh) in BY {
        let times = look_ups(bench, server, by, bench.round * 2).await;
        times.tell(&mut table, words(&format!("beside them, {en}"), &format!("同时，{zh}")), "–".to_owned());
        worst = worst.max(times.at(0.99));
    }
    for search in searching {
        search.abort();
    }
    part.tables.push(table);
    let promise = words("get p99 while four of the worst searches run", "四个最慢的搜索进行时查找的 p99");
    part.at_most(promise, worst, " ms", 10.0, 50.0);
}

/// One look-up after another.
async fn look_ups(bench: &Bench, server: &Server, by: By, time: Duration) -> Times {
    let mut dice = Dice::new(5);
    let names = names(bench, &mut dice, 100);
    let (mut socket, mut times) = (Socket::open(server).await, Times::new());
    let begun = Instant::now();
    while begun.elapsed() < time {
        let place = usize::try_from(dice.below(bench.look_ups.phones.len() as u64)).expect("a place");
        let (phone, name) = (&bench.look_ups.phones[place], &names[place % names.len()]);
        let get = |kind: &str, content: &str| {
            desk::request(json!({"action": "get_customer", "type": kind, "content": content}))
        };
        let (request, must_have) = match by {
            By::Number => (bench.look_ups.request(place, Speech::WebSocket).to_vec(), &**phone),
            // No number of the data set begins so.
            By::Stranger => (get("cellphone", &format!("197{:08}", dice.below(100_000_000))), "\"code\":2005,"),
            By::Name => (get("custName", name), &**name),
        };
        let asked = Instant::now();
        let reply = socket.ask(&request).await;
        times.add(asked.elapsed());
        assert!(reply.contains(must_have), "{must_have} is not in {reply}");
    }
    times
}
