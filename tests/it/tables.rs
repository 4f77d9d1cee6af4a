//! Customers in and out as tables: what an export writes, an import takes back.

mod doors;
mod round_trip;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::sync::Arc;

use laidian::dialects::cti;
use laidian::domain::custom_field::FieldKind;
use laidian::domain::rights::{Phones, RightsPatch};
use laidian::domain::role::Role;
use laidian::ops::Caller;
use laidian::ops::company::setup::{self, Change};
use laidian::ops::customer::export::{self, Format};
use laidian::ops::customer::import::{self, Order, Outcome, Right, Source};
use laidian::ops::customer::table::Table;
use laidian::ops::customer::{Changes, MatchBy, Mode, Moment, Patch, PhoneChange, Plan, create};
use laidian::ops::files::jobs::{self, Job};
use laidian::sheets::Xlsx;
use laidian::sheets::reading::{Book, Cell, Limits};
use laidian::store::search::Search;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::http_bytes;
use crate::invariants::check_invariants;
use crate::support::{DESK, Demo, Engine, MAIN, NOW, Place, SECOND, backend, server};

both_engines! {
    every_mode_does_what_it_says,
    numbers_are_added_where_they_tell_who_it_is,
    a_dry_run_reports_the_same_and_writes_nothing,
    titles_are_found_and_every_field_is_read,
    required_fields_are_columns,
    what_may_surprise_is_told,
    masked_importers_try_no_numbers,
}

pub fn workbook<R: AsRef<[&'static str]>>(titles: &[&str], rows: &[R]) -> File {
    let mut workbook = Xlsx::new(titles);
    for row in rows {
        workbook.row(row.as_ref().iter().copied()).unwrap();
    }
    workbook.finish().unwrap()
}

pub async fn import(demo: &Demo, caller: &Caller, plan: Plan, file: &File) -> Outcome {
    let cx = demo.context(caller).await.unwrap();
    let order = Order {
        source: Source::Local(file.try_clone().unwrap()),
        sheet: None,
        layout: Arc::new(Table),
        right: Right::Import,
        plan,
        wants_book: true,
    };
    let job = Job { name: "a.xlsx", kind: "import_customers", subject: "CUSTOMER", tag: "import_customers" };
    let id = import::begin(&cx, &job, order).await.unwrap();
    let ended = jobs::outcome(&cx, &id).await.unwrap();
    let outcome: Outcome = serde_json::from_str(&ended.result.unwrap()).unwrap();
    assert_eq!(ended.succeeded, i64::from(outcome.success), "{outcome:?}");
    assert_eq!((ended.done, outcome.success + outcome.failed), (ended.total, outcome.total), "{outcome:?}");
    outcome
}

pub fn mode(mode: Mode) -> Plan {
    Plan { mode, ..Plan::default() }
}

/// Created, updated, unchanged, skipped and failed rows.
fn figures(outcome: &Outcome) -> [u32; 5] {
    assert_eq!(outcome.message, None);
    let counts = outcome.counts;
    [counts.created, counts.updated, counts.unchanged, counts.skipped, outcome.failed]
}

/// The runs of rows, as they are told.
fn runs(outcome: &Outcome) -> String {
    let run = |run: &import::Run| format!("{}-{} {}", run.from, run.to, run.result);
    outcome.runs.iter().map(run).collect::<Vec<_>>().join(", ")
}

async fn export(demo: &Demo, caller: &Caller, format: Format) -> File {
    let cx = demo.context(caller).await.unwrap();
    let export = export::begin(&cx, Search::default(), format).await.unwrap();
    let mut pieces = cti::export::file(export).begin(demo.backend.clone(), caller.clone()).await.unwrap();
    let mut file = tempfile::tempfile().unwrap();
    while let Some(piece) = pieces.recv().await {
        file.write_all(&piece.unwrap()).unwrap();
    }
    file.rewind().unwrap();
    file
}

/// The rows of a table, cell by cell; blank cells are empty.
fn rows(file: &File) -> Vec<Vec<String>> {
    let limits = Limits { unpacked: 1 << 30, rows: 1_000_000 };
    let mut file = file.try_clone().unwrap();
    file.rewind().unwrap();
    let mut book = Book::open(file, limits).unwrap();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in book.rows().unwrap() {
        let text = |cell: Option<Cell>| match cell {
            Some(Cell::Text(text)) => text,
            None => String::new(),
            other => panic!("{other:?}"),
        };
        rows.push(row.unwrap().cells.into_iter().map(text).collect());
    }
    let width = rows[0].len();
    for row in &mut rows {
        row.resize(width, String::new());
    }
    rows
}

/// The cells of one column below its title.
fn column(rows: &[Vec<String>], title: &str) -> Vec<String> {
    let index = rows[0].iter().position(|other| other == title).unwrap_or_else(|| panic!("{title}: {:?}", rows[0]));
    rows[1..].iter().map(|row| row[index].clone()).collect()
}

async fn every_mode_does_what_it_says(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let titles = ["客户姓名", "联系电话", "联系地址"];
    let first =
        workbook(&titles, &[["王芳", "13900000001", "杭州"], ["李强", "13900000002", "上海"], ["", "13900000003", ""]]);
    let outcome = import(&demo, &caller, mode(Mode::Create), &first).await;
    assert_eq!((figures(&outcome), runs(&outcome)), ([3, 0, 0, 0, 0], "1-3 created".to_owned()));
    let second = workbook(
        &titles,
        &[
            ["王芳", "+86 139-0000-0001", "杭州"],
            ["李强", "13900000002", "北京"],
            ["新人", "13900000004", ""],
            ["同号", "13900000004", ""],
            ["坏", "电话", ""],
        ],
    );
    let outcome = import(&demo, &caller, mode(Mode::Create), &second).await;
    assert_eq!(figures(&outcome), [1, 0, 0, 0, 4]);
    assert_eq!(runs(&outcome), "1-2 failed, 3-3 created, 4-5 failed");
    assert!(outcome.mistakes[0].1.contains("已经使用"), "{:?}", outcome.mistakes);
    assert!(outcome.mistakes[3].1.starts_with("联系电话: "), "{:?}", outcome.mistakes);
    // Update changes who is there, and nobody else.
    let third = workbook(
        &titles,
        &[["王芳", "13900000001", "杭州"], ["李强", "13900000002", "北京"], ["无人", "13900000009", ""]],
    );
    let outcome = import(&demo, &caller, mode(Mode::Update), &third).await;
    assert_eq!(runs(&outcome), "1-1 unchanged, 2-2 updated, 3-3 failed");
    assert!(outcome.mistakes[0].1.contains("没有匹配的客户"), "{:?}", outcome.mistakes);
    let fourth = workbook(&titles, &[["李强", "13900000002", "广州"], ["无人", "13900000009", "深圳"]]);
    assert_eq!(runs(&import(&demo, &caller, mode(Mode::Skip), &fourth).await), "1-1 skipped, 2-2 created");
    let fifth = workbook(&titles, &[["李强", "13900000002", "广州"], ["又一", "13900000010", "深圳"]]);
    assert_eq!(runs(&import(&demo, &caller, mode(Mode::Upsert), &fifth).await), "1-1 updated, 2-2 created");
    let table = rows(&export(&demo, &caller, Format::Xlsx).await);
    assert_eq!(column(&table, "客户姓名"), ["王芳", "李强", "", "新人", "无人", "又一"]);
    assert_eq!(column(&table, "联系地址"), ["杭州", "广州", "", "", "深圳", "深圳"]);
    // By the id, a number can be another; a blank cell leaves what there is.
    let by_id = workbook(&["客户编号", "联系电话", "联系地址"], &[["1", "13900000011", ""], ["99", "13900000012", ""]]);
    let plan = Plan { mode: Mode::Update, by: MatchBy::Id, is_trial: false };
    assert_eq!(runs(&import(&demo, &caller, plan, &by_id).await), "1-1 updated, 2-2 failed");
    let table = rows(&export(&demo, &caller, Format::Xlsx).await);
    assert_eq!(column(&table, "联系电话")[0], "13900000011");
    assert_eq!(column(&table, "联系地址")[0], "杭州");
    let scope = demo.context(&caller).await.unwrap().scope;
    check_invariants(&demo.place, &scope).await;
}

async fn numbers_are_added_where_they_tell_who_it_is(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let first =
        workbook(&["客户姓名", "联系电话"], &[["王芳", "13900000001、010-88886666转801"], ["李强", "13900000002"]]);
    assert_eq!(figures(&import(&demo, &caller, mode(Mode::Create), &first).await), [2, 0, 0, 0, 0]);
    let second = workbook(
        &["客户姓名", "联系电话"],
        &[["王芳", "13900000001；13900000005"], ["谁", "13900000001;13900000002"], ["王芳", "13900000005"]],
    );
    let outcome = import(&demo, &caller, mode(Mode::Update), &second).await;
    assert_eq!(runs(&outcome), "1-1 updated, 2-2 failed, 3-3 unchanged");
    assert!(outcome.mistakes[0].1.contains("属于 2 个客户"), "{:?}", outcome.mistakes);
    let table = rows(&export(&demo, &caller, Format::Xlsx).await);
    assert_eq!(column(&table, "联系电话"), ["13900000001、010-88886666转801、13900000005", "13900000002"]);
}

async fn a_dry_run_reports_the_same_and_writes_nothing(engine: Engine) {
    // By row.
    let told = |outcome: &Outcome| {
        let of_run = |run: &import::Run| (run.from..=run.to).map(|row| (row, run.result.clone())).collect::<Vec<_>>();
        let rows: Vec<(u32, String)> = outcome.runs.iter().flat_map(of_run).collect();
        (rows, outcome.mistakes.clone(), outcome.counts.created, outcome.failed)
    };
    for mode in Mode::ALL {
        let demo = backend(engine, 0).await;
        let caller = demo.caller(DESK, None).await;
        let known = workbook(&["客户姓名", "联系电话"], &[["王芳", "13900000001"], ["李强", "13900000002"]]);
        import(&demo, &caller, Plan::default(), &known).await;
        let mut workbook = Xlsx::new(&["客户姓名", "联系电话", "客户类型"]);
        workbook.row(["王芳", "13900000001", "企业客户"]).unwrap();
        workbook.row(["不对", "13900000070", "没有此类型"]).unwrap();
        for number in 0..120 {
            // Each number again some batches later, written otherwise.
            workbook.row(["甲", &format!("1391234{:04}", number % 90), ""]).unwrap();
        }
        workbook.row(["李强", "+8613900000002", ""]).unwrap();
        let file = workbook.finish().unwrap();
        let before = rows(&export(&demo, &caller, Format::Xlsx).await);
        let tried = import(&demo, &caller, Plan { mode, is_trial: true, ..Plan::default() }, &file).await;
        assert_eq!(rows(&export(&demo, &caller, Format::Xlsx).await), before, "{mode:?}");
        let done = import(&demo, &caller, Plan { mode, ..Plan::default() }, &file).await;
        let (mut tried, mut done) = (told(&tried), told(&done));
        if mode == Mode::Upsert {
            // Whether it would be changed by a row of its own, a dry run cannot tell.
            for (_, result) in tried.0.iter_mut().chain(&mut done.0).filter(|(_, result)| result == "unchanged") {
                *result = "updated".to_owned();
            }
        }
        assert_eq!(tried, done, "{mode:?}");
    }
}

/// Changes how the company is set up.
async fn set_up(demo: &Demo, company: i64, changes: Vec<Change>) {
    let caller = demo.caller(company, None).await;
    setup::make(&demo.context(&caller).await.unwrap(), changes).await.unwrap();
    demo.catalogues.forget(company);
}

fn field(id: i64, name: &str, kind: FieldKind, required: bool) -> Change {
    Change::Field { id, name: Some(name.into()), kind: Some(kind), options: None, required: Some(required) }
}

async fn titles_are_found_and_every_field_is_read(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    set_up(&demo, DESK, vec![field(500, "备注", FieldKind::Text, false)]).await;
    // A heading, then the titles as people write them.
    let mut workbook = Xlsx::new(&["晴川服务客户名单"]);
    workbook
        .row([
            "*姓 名",
            "手机\n（必填）",
            "座机2",
            "Company Name",
            "地址",
            "custType",
            "状态",
            "来源（选填）",
            "任务",
            "负责人",
            "标签",
            "星级",
            "跟进次数",
            "最近跟进时间",
            "备注",
            "373_客户等级",
            "序号",
        ])
        .unwrap();
    workbook
        .row([
            "张三",
            "139 0000 0001",
            "010-88886666转801 / 010-88887777",
            "晴川",
            "杭州",
            "企业客户",
            "未处理",
            "展览",
            "默认任务",
            "吴桐",
            "重要，老客户",
            "3星",
            "7",
            "2017/5/3 14:44",
            "回电",
            "B",
            "1",
        ])
        .unwrap();
    workbook.row(["", "13900000002"]).unwrap();
    workbook.row(["", ""]).unwrap();
    workbook.row(["李四", "", "", "", "", "", "", "", "", "没有此人"]).unwrap();
    let outcome = import(&demo, &caller, mode(Mode::Create), &workbook.finish().unwrap()).await;
    assert_eq!(figures(&outcome), [2, 0, 0, 0, 1], "{:?}", outcome.mistakes);
    assert_eq!((outcome.titles, outcome.ignored.as_slice()), (2, ["序号".to_owned()].as_slice()));
    assert!(outcome.mistakes[0].1.contains("归属工号") && outcome.mistakes[0].1.contains("没有此人"));
    let table = rows(&export(&demo, &caller, Format::Xlsx).await);
    for (title, cell) in [
        ("客户姓名", "张三"),
        ("联系电话", "139 0000 0001、010-88886666转801、010-88887777"),
        ("公司名称", "晴川"),
        ("联系地址", "杭州"),
        ("客户类型", "企业客户"),
        ("客户状态", "未处理"),
        ("客户来源", "展览"),
        ("任务编号", "99"),
        ("归属工号", "008"),
        ("归属部门", "客服部"),
        ("客户标签", "重要,老客户"),
        ("客户星级", "3"),
        ("跟进次数", "7"),
        ("最近跟进时间", "2017-05-03 14:44"),
        ("备注", "回电"),
        ("客户等级", "B"),
    ] {
        assert_eq!(column(&table, title)[0], cell, "{title}");
    }
    // Without titles, it is said what is missing.
    let outcome = import(&demo, &caller, mode(Mode::Create), &self::workbook(&["甲", "乙"], &[["1", "2"]])).await;
    assert!(outcome.message.unwrap().contains("没有找到标题行"));
}

async fn required_fields_are_columns(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    // Also one that is called as a column of ours.
    set_up(
        &demo,
        DESK,
        vec![field(500, "满意度", FieldKind::Number, true), field(501, "客户姓名", FieldKind::Text, false)],
    )
    .await;
    let titles = ["客户姓名", "满意度（必填）", "501_客户姓名"];
    let outcome =
        import(&demo, &caller, mode(Mode::Create), &workbook(&titles, &[["甲", "9.5", "小甲"], ["乙", "", ""]])).await;
    assert_eq!(runs(&outcome), "1-1 created, 2-2 failed");
    assert!(outcome.mistakes[0].1.contains("缺少自定义字段 满意度"), "{:?}", outcome.mistakes);
    let table = rows(&export(&demo, &caller, Format::Xlsx).await);
    let cells = [column(&table, "客户姓名"), column(&table, "满意度"), column(&table, "501_客户姓名")];
    assert_eq!(cells, [["甲"], ["9.5"], ["小甲"]]);
    let cx = demo.context(&caller).await.unwrap();
    let stored = cx.scope.customers_after(0, 1).await.unwrap().remove(0).custom.unwrap();
    assert_eq!(stored, r#"{"500":9.5,"501":"小甲"}"#);
}

/// Posts a file in a form to a signed route of the main company.
async fn masked_importers_try_no_numbers(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, Some("trcs009")).await;
    let known = workbook(&["客户姓名", "联系电话"], &[["王芳", "13900000001"]]);
    import(&demo, &caller, Plan::default(), &known).await;
    let patch = RightsPatch { phones: Some(Some(Phones::Masked)), ..RightsPatch::default() };
    set_up(&demo, MAIN, vec![Change::Rights { role: Role::Supervisor, patch }]).await;
    let before = demo.allowances.tries();
    let file = workbook(&["客户姓名", "联系电话"], &[["甲", "13900000001"], ["乙", "13900000002"], ["丙", ""]]);
    let outcome = import(&demo, &caller, mode(Mode::Create), &file).await;
    assert_eq!(runs(&outcome), "1-1 failed, 2-3 created");
    assert!(!outcome.mistakes[0].1.contains("13900000001"), "{:?}", outcome.mistakes);
    // A table is no way around the count of tries, whatever it comes to.
    assert_eq!(demo.allowances.tries() - before, 2);
    let outcome = import(&demo, &caller, Plan { is_trial: true, ..mode(Mode::Skip) }, &file).await;
    assert_eq!(runs(&outcome), "1-2 skipped, 3-3 created");
    assert_eq!(demo.allowances.tries() - before, 4);
}

/// Other worksheets are not read, hidden rows are, and of merged cells only one has something.
async fn what_may_surprise_is_told(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, Some("trcs009")).await;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("客户").unwrap();
    for (row, (name, phone)) in (0..).zip([("姓名", "电话"), ("甲", "13712340001"), ("乙", "13712340002"), ("丙", "")])
    {
        sheet.write(row, 0, name).unwrap();
        sheet.write(row, 1, phone).unwrap();
    }
    sheet.set_row_hidden(2).unwrap();
    sheet.merge_range(3, 0, 3, 1, "丙", &rust_xlsxwriter::Format::new()).unwrap();
    book.add_worksheet().set_name("旧客户").unwrap().write(0, 0, "姓名").unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&book.save_to_buffer().unwrap()).unwrap();
    let outcome = import(&demo, &caller, Plan::default(), &file).await;
    assert_eq!(runs(&outcome), "1-3 created");
    let notes = outcome.notes.join("\n");
    for told in ["旧客户", "1 hidden or filtered", "1 merged"] {
        assert!(notes.contains(told), "{told}: {notes}");
    }
    let plain = import(&demo, &caller, Plan::default(), &workbook(&["姓名"], &[["丁"]])).await;
    assert_eq!(plain.notes, Vec::<String>::new());
}
