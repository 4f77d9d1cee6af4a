//! Lists by two to five filters, with their exact count, on any page.

use serde_json::{Value, json};

use crate::Bench;
use crate::desk::{self, HEAD, Times, accepted, ask, count, on_page};
use crate::people::Dice;
use crate::report::{Part, Table, words};
use crate::server::{self, Server};
use crate::socket::Socket;

/// Lists end here.
const LAST_PAGE: u64 = 500;

/// What is asked for, and how a scan of the tables finds the same.
struct List {
    en: &'static str,
    zh: &'static str,
    members: Value,
    condition: &'static str,
}

fn lists() -> Vec<List> {
    let list = |en, zh, members, condition| List { en, zh, members, condition };
    vec![
        list(
            "type, status",
            "类型、状态",
            json!({"filters": "｜｜普通客户｜了解产品"}),
            "type_value = '1' and flag_value = '1'",
        ),
        list(
            "type, status, source",
            "类型、状态、来源",
            json!({"filters": "｜｜潜在客户｜未处理｜百度广告"}),
            "type_value = '2' and flag_value = '0' and source_value = '0'",
        ),
        list(
            "owner, type",
            "归属、类型",
            json!({"filters": "｜zx001｜普通客户"}),
            "owner_key = 'zx001' and type_value = '1'",
        ),
        list(
            "task, owner, type, status, source",
            "任务、归属、类型、状态、来源",
            json!({"filters": "默认任务｜我的客户｜普通客户｜未处理｜百度广告"}),
            "task_id = 99 and owner_key = 'trcs001' and type_value = '1' and flag_value = '0' and source_value = '0'",
        ),
        list(
            "group, stars, type",
            "部门、星级、类型",
            json!({"where": {"servicegroupId": 1_054_101, "star": {"from": 3}, "custType": "普通客户"}}),
            "group_id = 1054101 and star >= 3 and type_value = '1'",
        ),
        list(
            "type, status, by name",
            "类型、状态，按姓名",
            json!({"filters": "｜｜企业客户｜客户签约", "sort": "name"}),
            "type_value = '0' and flag_value = '11'",
        ),
    ]
}

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let mut table = Table::new(words("Lists, one after another", "列表，逐个请求"), &HEAD);
    let conn = crate::data::connect(&bench.data);
    let mut worst = 0_f64;
    for list in lists() {
        let found = count(&conn, list.condition);
        let times = times(bench, &list, found).await;
        worst = worst.max(times.at(0.99));
        times.tell(&mut table, words(list.en, list.zh), found.to_string());
    }
    part.tables.push(table);
    part.at_most(words("list, 2–5 filters, any page: p99", "列表，2–5 个条件，任意页：p99"), worst, " ms", 3.0, 10.0);
    part
}

async fn times(bench: &Bench, list: &List, found: u64) -> Times {
    let (server, _) = Server::indexed(&server::this(), &bench.data);
    time(&mut Socket::open(&server).await, bench, list, found).await
}

async fn time(socket: &mut Socket, bench: &Bench, list: &List, found: u64) -> Times {
    let mut dice = Dice::new(7);
    let pages = found.div_ceil(20).clamp(1, LAST_PAGE);
    let next = || {
        let page = match dice.below(10) {
            0..4 => 1,
            4..7 => 1 + dice.below(pages.min(10)),
            _ => 1 + dice.below(pages),
        };
        let mut body = list.members.clone();
        body["action"] = "list_customers".into();
        body["page"] = page.into();
        (desk::request(body), page)
    };
    ask(socket, bench.round, next, |reply, page| {
        let reply = accepted(reply);
        assert_eq!(reply["meta"]["total_count"], found, "{}", list.en);
        let rows = reply["result"].as_array().map_or(0, Vec::len);
        assert_eq!(rows, on_page(found, page), "{}, page {page}", list.en);
    })
    .await
}

/// The first of the lists, in a data set of any size.
pub async fn by_type_and_status(bench: &Bench, socket: &mut Socket, found: u64) -> Times {
    time(socket, bench, &lists()[0], found).await
}

/// How many customers that list has.
pub fn of_type_and_status(bench: &Bench) -> u64 {
    count(&crate::data::connect(&bench.data), lists()[0].condition)
}
