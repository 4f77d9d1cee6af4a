//! Customers in and out as tables: what an export writes, an import takes back.

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

use crate::client::{http, http_bytes};
use crate::commands::run;
use crate::invariants::check_invariants;
use crate::signed;
use crate::support::{DESK, Demo, Engine, MAIN, NOW, Place, SECOND, backend, server};
use crate::systems::Systems;

both_engines! {
    every_mode_does_what_it_says,
    numbers_are_added_where_they_tell_who_it_is,
    a_dry_run_reports_the_same_and_writes_nothing,
    titles_are_found_and_every_field_is_read,
    required_fields_are_columns,
    a_table_is_imported_over_http_by_who_may,
    masked_importers_try_no_numbers,
    what_was_exported_is_imported_the_same,
    the_command_line_imports_and_exports,
}

fn workbook<R: AsRef<[&'static str]>>(titles: &[&str], rows: &[R]) -> File {
    let mut workbook = Xlsx::new(titles);
    for row in rows {
        workbook.row(row.as_ref().iter().copied()).unwrap();
    }
    workbook.finish().unwrap()
}

async fn import(demo: &Demo, caller: &Caller, plan: Plan, file: &File) -> Outcome {
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

fn mode(mode: Mode) -> Plan {
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
    demo.catalogues.forget(company).await;
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
async fn post(address: &str, path: &str, bearer: &str, file: &File) -> Value {
    let mut bytes = Vec::new();
    let mut file = file.try_clone().unwrap();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n".to_vec();
    body.extend_from_slice(&bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let head = format!(
        "POST {path}\nAuthorization: Bearer {bearer}\nContent-Type: multipart/form-data; boundary=x\nContent-Length: {}",
        body.len()
    );
    let answer = http_bytes(TcpStream::connect(address).await.unwrap(), &head, &body).await;
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
}

async fn ended(address: &str, bearer: &str, id: &str) -> Value {
    loop {
        let request = format!("GET /open_api/customers/import?id={id}\nAuthorization: Bearer {bearer}");
        let answer = http(TcpStream::connect(address).await.unwrap(), &request).await;
        let shown: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(shown["code"], 1000, "{answer}");
        if matches!(shown["result"]["state"].as_str().unwrap(), "done" | "failed") {
            return shown["result"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn a_table_is_imported_over_http_by_who_may(engine: Engine) {
    let server = server(engine, |_| ()).await;
    let address = server.address().to_string();
    let file = workbook(&["姓名", "电话"], &[["导入甲", "13712340001"], ["导入乙", "电话"], ["导入丙", "13712340003"]]);
    // trcs008 is an agent, trcs009 a supervisor.
    let agent = post(&address, "/open_api/customers/import", &signed::token(MAIN, "trcs008"), &file).await;
    assert_eq!(agent["code"], 2403, "{agent}");
    let supervisor = signed::token(MAIN, "trcs009");
    let tried = post(&address, "/open_api/customers/import?dryRun=true", &supervisor, &file).await;
    let tried = ended(&address, &supervisor, tried["result"]["id"].as_str().unwrap()).await;
    let begun = post(&address, "/open_api/customers/import?mode=skip&requestId=a", &supervisor, &file).await;
    assert_eq!(begun["code"], 1000, "{begun}");
    let id = begun["result"]["id"].as_str().unwrap().to_owned();
    let again = post(&address, "/open_api/customers/import?mode=skip&requestId=a", &supervisor, &file).await;
    assert_eq!(again["result"]["id"], id.as_str());
    let shown = ended(&address, &supervisor, &id).await;
    assert_eq!((&shown["done"], &shown["succeeded"], &shown["total"]), (&json!(3), &json!(2), &json!(3)), "{shown}");
    let report = &shown["report"];
    assert_eq!((&report["created"], &report["failed"]), (&json!(2), &json!(1)), "{shown}");
    assert_eq!(report["errors"][0]["row"], 3, "{shown}");
    assert_eq!(
        report["rows"],
        json!([{"from": 2, "to": 2, "result": "created"}, {"from": 3, "to": 3, "result": "failed"},
               {"from": 4, "to": 4, "result": "created"}])
    );
    assert_eq!(&tried["report"], report);
    let request = format!("GET /open_api/customers/import_errors?id={id}\nAuthorization: Bearer {supervisor}");
    let errors = http(TcpStream::connect(&address).await.unwrap(), &request).await;
    assert!(errors.starts_with("HTTP/1.1 200 ") && errors.contains("spreadsheetml"), "{}", &errors[..200]);
    // Whoever did not import it sees nothing of it; the audit has it.
    let mut systems = Systems::of(&server).await;
    let uploaded = post(&address, "/open_api/files", &supervisor, &file).await;
    let other = systems.frame(&json!({"action": "get_import", "id": id, "companyId": MAIN})).await;
    assert_eq!(other["code"], 2005, "{other}");
    let frame = json!({"action": "import_customers", "file": uploaded["file"], "mode": "nothing", "operator": "trcs009",
                       "companyId": MAIN});
    let refused = systems.frame(&frame).await;
    assert!(refused["code"] == 2000 && refused["detail"].as_str().unwrap().contains("upsert"), "{refused}");
    let frame = json!({"action": "import_customers", "file": uploaded["file"], "mode": "skip", "operator": "trcs009",
                       "companyId": MAIN});
    assert_eq!(systems.frame(&frame).await["code"], 1000);
    let audit = server.backend().store.company(MAIN).audit("~", Some("import"), None, 10).await.unwrap();
    assert_eq!(audit.len(), 3);
    assert_eq!((audit[1].login_no.as_str(), audit[1].what.as_str()), ("trcs009", r#"{"dryRun":false,"mode":"skip"}"#));
    server.stop().await;
}

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

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.next(all.len())]
    }

    fn text(&mut self) -> Patch<std::borrow::Cow<'static, str>> {
        const PIECES: &[&str] = &[
            "王芳",
            "陳小姐",
            "=1+1",
            "+A",
            "-x",
            "@b",
            "'=q",
            "''",
            "a\nb",
            "Łukasz",
            "客戶,甲",
            "\"quoted\"",
            "01234",
            "1e5",
            "TRUE",
            "2017-05-03",
            "👩\u{200d}👧",
            "0.10",
            "<&>",
            "_x000D_",
            "晴川；服务",
            "a b",
            "#N/A",
            "１２３",
        ];
        if self.next(6) == 0 {
            return Patch::Keep;
        }
        let text: String = (0..=self.next(3)).map(|_| self.of(PIECES)).collect();
        Patch::Set(text.into())
    }

    /// The phones of the customer of this number; no two customers have the same.
    fn phones(&mut self, number: usize) -> Vec<PhoneChange<'static>> {
        let all = [
            format!("1381{number:07}"),
            format!("+86 139 {:04} {:04}", number / 10_000, number % 10_000),
            format!("010-8{number:07}转801"),
            format!("+852 6{number:07}"),
            format!("+8621{:08};ext=12", 50_000_000 + number),
            format!("(0571) 8{number:07}"),
            format!("0044 20 7{number:07}"),
        ];
        let kept: Vec<String> = all.into_iter().filter(|_| self.next(3) == 0).collect();
        kept.into_iter().map(|typed| PhoneChange { id: None, typed: typed.into() }).collect()
    }

    fn customer(&mut self, number: usize) -> Changes<'static> {
        let set = |text: &'static str| Patch::Set(text.into());
        let moment = |dice: &mut Self| Patch::Set(Moment::at(NOW - dice.next(1_000_000) as i64 * 60 * SECOND));
        let has_owner = self.next(2) == 0;
        let labels = ["VIP", "a,b", "老客户、甲", "\"x\"", "重要"].into_iter().filter(|_| self.next(4) == 0);
        let labels: Vec<_> = labels.map(std::borrow::Cow::Borrowed).collect();
        let mut custom = std::collections::BTreeMap::from([(500, json!(self.next(100)))]);
        if self.next(2) == 0 {
            custom.insert(392, json!("高消费"));
            custom.insert(501, json!(self.of(&["=1+1", "长\n文", "0010", "1.50", "{\"a\":1}"])));
            custom.insert(502, json!("2017-05-03"));
            custom.insert(503, json!(-0.25));
        }
        Changes {
            // One that has nothing else is one by its name.
            name: match self.text() {
                Patch::Keep => Patch::Set(format!("客户{number}").into()),
                name => name,
            },
            company_name: self.text(),
            address: self.text(),
            last_accept: self.text(),
            kind: set(self.of(&["普通客户", "企业客户"])),
            flag: if self.next(2) == 0 { set("未处理") } else { Patch::Keep },
            source: if self.next(2) == 0 { set("展览") } else { Patch::Keep },
            task: if self.next(2) == 0 { Patch::Set(99) } else { Patch::Keep },
            owner: if has_owner { set("008") } else { Patch::Keep },
            group: if has_owner || self.next(2) == 0 { Patch::Set(1_001_002) } else { Patch::Keep },
            phones: Some(self.phones(number)),
            labels: Some(labels),
            star: Some(self.next(6) as i64),
            custom: Patch::Set(custom),
            follow_count: Patch::Set(self.next(50) as i64),
            assigned_at: moment(self),
            last_follow_at: moment(self),
            ..Changes::default()
        }
    }
}

/// The formats that an import reads.
const READ: [Format; 2] = [Format::Xlsx, Format::Csv];

async fn what_was_exported_is_imported_the_same(engine: Engine) {
    let count = std::env::var("ROUND_TRIP_CUSTOMERS").map_or(150, |count| count.parse().unwrap());
    let prepared = async || {
        let demo = backend(engine, 0).await;
        set_up(
            &demo,
            DESK,
            vec![
                field(500, "满意度", FieldKind::Number, true),
                field(501, "客户姓名", FieldKind::Text, false),
                field(502, "生日", FieldKind::Date, false),
                field(503, "余额", FieldKind::Number, false),
            ],
        )
        .await;
        let caller = demo.caller(DESK, None).await;
        (demo, caller)
    };
    let (one, caller) = prepared().await;
    let operator = one.caller(DESK, Some("008")).await;
    let cx = one.context(&operator).await.unwrap();
    let mut dice = Dice(1);
    for number in 0..count {
        create(&cx, dice.customer(number)).await.unwrap();
    }
    for format in READ {
        let (other, caller_there) = prepared().await;
        other.time.set(NOW + 24 * 60 * 60 * SECOND);
        let exported = export(&one, &caller, format).await;
        let outcome = import(&other, &caller_there, Plan::default(), &exported).await;
        assert_eq!(figures(&outcome), [count as u32, 0, 0, 0, 0], "{format:?}: {:?}", outcome.mistakes);
        let (before, after) = (
            rows(&export(&one, &caller, Format::Xlsx).await),
            rows(&export(&other, &caller_there, Format::Xlsx).await),
        );
        assert_eq!(before.len(), count + 1);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{format:?}");
        }
        // Once more, by their ids: all are as the table has them.
        let plan = Plan { mode: Mode::Update, by: MatchBy::Id, is_trial: false };
        assert_eq!(figures(&import(&other, &caller_there, plan, &exported).await), [0, 0, count as u32, 0, 0]);
        let scope = other.context(&caller_there).await.unwrap().scope;
        check_invariants(&other.place, &scope).await;
    }
}

async fn the_command_line_imports_and_exports(engine: Engine) {
    let place = Place::new(engine).await;
    let store = place.open().await;
    laidian::demo::fill(&store, 5).await.unwrap();
    store.close().await.unwrap();
    let (flag, value) = match place.location() {
        laidian::store::Location::Folder(folder) => ("--data", folder.to_str().unwrap().to_owned()),
        laidian::store::Location::Postgres(url) => ("--database-url", url.clone()),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let laidian = |words: &[&str]| run(&[&[flag, &value], words].concat(), "");
    std::io::copy(
        &mut workbook(&["姓名", "电话"], &[["甲", "13712340001"], ["乙", "不是电话"]]),
        &mut File::create(path("a.xlsx")).unwrap(),
    )
    .unwrap();
    let company = DESK.to_string();
    let tried = laidian(&["import", &path("a.xlsx"), "--company", &company, "--dry-run"]);
    assert!(tried.code == 1 && tried.out.contains("试运行") && tried.out.contains("1 created"), "{tried:?}");
    let done = laidian(&["import", &path("a.xlsx"), "--company", &company, "--mode", "create"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.contains("新建 1") && done.out.contains("失败 1") && done.err.contains("第 3 行"), "{done:?}");
    let errors = rows(&File::open(path("a.xlsx.errors.xlsx")).unwrap());
    assert_eq!((errors.len(), errors[1][0].as_str()), (2, "乙"));
    for name in ["out.xlsx", "out.csv"] {
        let exported = laidian(&["export", &path(name), "--company", &company]);
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(std::fs::metadata(path(name)).unwrap().len() > 0);
    }
    let again = laidian(&["export", &path("out.xlsx"), "--company", &company]);
    assert!(again.code != 0 && again.err.contains("--force"), "{again:?}");
    let back = laidian(&["import", &path("out.xlsx"), "--company", &company, "--mode", "skip"]);
    assert!(back.code == 0 && back.out.contains("1 skipped"), "{back:?}");
    let nobody = laidian(&["import", &path("out.xlsx"), "--company", "77"]);
    assert!(nobody.code != 0 && nobody.err.contains("没有公司 77"), "{nobody:?}");
}
