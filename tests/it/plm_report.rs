//! What is printed of iBiz PLM's customers: the page of one, and how many there are.

use std::collections::BTreeMap;

use laidian::domain::ids;
use laidian::domain::rights::{Adjustment, Phones, Reach};
use laidian::domain::role::Role;
use laidian::ops::Cx;
use laidian::ops::company::setup;
use laidian::ops::systems::plm::{self, report};
use laidian::print::{Block, Cell, Field, Format, Sheet, Table};

use crate::support::{Demo, Engine, MAIN, backend};

both_engines! {
    a_customer_is_printed_as_its_reader_may_see_it,
    customers_are_counted_by_grade_and_industry,
    only_what_the_reader_sees_is_counted,
}

const AGENT: &str = "trcs001";

/// A company whose agents see this.
async fn with_agents(engine: Engine, agents: Adjustment) -> Demo {
    let demo = backend(engine, 30).await;
    let mut tx = demo.store.company(MAIN).write().await.unwrap();
    setup::role_rights(&mut tx, Role::Agent, &agents).await.unwrap();
    tx.commit().await.unwrap();
    demo
}

async fn printed(cx: &Cx<'_>) -> Sheet {
    let entry = plm::entry(cx, &ids::to_hex32(MAIN, 1)).await.unwrap();
    let [sheet] = report::print(cx, vec![entry]).await.unwrap().try_into().unwrap();
    sheet
}

fn value<'s>(sheet: &'s Sheet, label: &str) -> &'s str {
    let fields = sheet.blocks.iter().filter_map(|block| match block {
        Block::Fields(fields) => Some(fields),
        _ => None,
    });
    let field: &Field = fields.flatten().find(|field| field.label == label).unwrap();
    &field.value
}

fn tables(sheet: &Sheet) -> Vec<&Table> {
    let tables = sheet.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    tables.collect()
}

async fn a_customer_is_printed_as_its_reader_may_see_it(engine: Engine) {
    let demo = with_agents(engine, Adjustment { phones: Some(Phones::Masked), ..Adjustment::default() }).await;
    let phones = format!("select typed from phone where company_id = {MAIN} and customer_id = 1");
    let phones = demo.place.connect().await.texts(&phones).await;
    assert!(!phones.is_empty());

    let admin = demo.caller(MAIN, Some("admin1054")).await;
    let sheet = printed(&demo.context(&admin).await.unwrap()).await;
    for (label, expected) in
        [("等级", "L1"), ("行业", "互联网"), ("规模", "120"), ("产品", "演示产品"), ("是否已归档", "否")]
    {
        assert_eq!(value(&sheet, label), expected);
    }
    assert_eq!(sheet.title, value(&sheet, "客户名称"));
    assert_eq!(sheet.subtitle[1], "打印人：管理员（admin1054）");
    assert!(phones.iter().all(|phone| value(&sheet, "电话").contains(phone.as_str())), "{sheet:?}");
    let followers: Vec<_> = tables(&sheet)[0].rows.iter().map(|row| (row[0].to_string(), row[1].to_string())).collect();
    let expected = [("王芳", "关注"), ("李强", "订阅"), ("周宁", "关注")];
    assert_eq!(followers, expected.map(|(name, kind)| (name.to_owned(), kind.to_owned())));

    let agent = demo.caller(MAIN, Some(AGENT)).await;
    let cx = demo.context(&agent).await.unwrap();
    let sheet = printed(&cx).await;
    assert!(value(&sheet, "电话").contains("****"), "{sheet:?}");
    let page = String::from_utf8(report::file(&cx, vec![sheet], Format::Html).await.unwrap()).unwrap();
    assert!(page.contains("互联网") && !phones.iter().any(|phone| page.contains(phone.as_str())), "{page}");
}

/// Gives customers what the code lists do not have; one counts as deleted.
async fn describe(demo: &Demo) {
    let sql = format!(
        "insert into plm_customer (company_id, customer_id, grade_id, industry_id, is_archived, is_deleted) values
         ({MAIN}, 3, '', null, 0, 0), ({MAIN}, 4, 'L9', '99', 0, 0), ({MAIN}, 5, 'L1', '10', 0, 1), ({MAIN}, 6, 'L1', '10', 1, 0)
         on conflict (company_id, customer_id) do update set grade_id = excluded.grade_id, industry_id = excluded.industry_id,
           is_archived = excluded.is_archived, is_deleted = excluded.is_deleted"
    );
    demo.place.connect().await.execute(&sql).await;
}

/// Counts customers, their tickets and those that are done, one customer at a time, by a column of theirs.
async fn counted(demo: &Demo, column: &str, condition: &str) -> BTreeMap<String, [i64; 3]> {
    let tickets = "select count(*) from ticket t where t.company_id = c.company_id and t.customer_id = c.id";
    // Stars are a grade, where there is no other.
    let without = if column == "grade_id" { "case c.star when 0 then '' else c.star || '星' end" } else { "''" };
    let sql = format!(
        "select coalesce(p.{column}, {without}) || ';' || ({tickets}) || ';' || ({tickets} and t.status in ('已完成', '已关闭'))
         from customer c left join plm_customer p on p.company_id = c.company_id and p.customer_id = c.id
         where c.company_id = {MAIN} and coalesce(p.is_deleted, 0) = 0 and {condition}"
    );
    let mut counted = BTreeMap::new();
    for line in demo.place.connect().await.texts(&sql).await {
        let [value, tickets, finished] = line.split(';').collect::<Vec<_>>().try_into().unwrap();
        let label = match value {
            "" => "未定义",
            "L9" | "99" => "不在代码表中",
            "10" => "互联网",
            "60" => "先进制造",
            grade => grade,
        };
        for label in [label, "合计"] {
            let counts: &mut [i64; 3] = counted.entry(label.to_owned()).or_default();
            for (sum, count) in counts.iter_mut().zip([1, tickets.parse().unwrap(), finished.parse().unwrap()]) {
                *sum += count;
            }
        }
    }
    counted
}

/// What a table says of each value that somebody has.
fn told(table: &Table) -> BTreeMap<String, [i64; 3]> {
    let number = |cell: &Cell| match cell {
        Cell::Number(number) => *number,
        Cell::Text(text) => panic!("{text} is no number"),
    };
    let row = |row: &Vec<Cell>| (row[0].to_string(), [number(&row[1]), number(&row[2]), number(&row[3])]);
    table.rows.iter().map(row).filter(|(label, counts)| counts[0] > 0 || label == "合计").collect()
}

async fn is_counted(demo: &Demo, cx: &Cx<'_>, product: Option<&str>, condition: &str) {
    let sheet = report::report(cx, product).await.unwrap();
    for (table, column) in tables(&sheet).into_iter().zip(["grade_id", "industry_id"]) {
        assert_eq!(told(table), counted(demo, column, condition).await, "{column} where {condition}");
    }
}

async fn customers_are_counted_by_grade_and_industry(engine: Engine) {
    let demo = backend(engine, 30).await;
    describe(&demo).await;
    let admin = demo.caller(MAIN, Some("admin1054")).await;
    let cx = demo.context(&admin).await.unwrap();
    is_counted(&demo, &cx, None, "1 = 1").await;
    is_counted(&demo, &cx, Some("p-demo"), "p.product_id = 'p-demo'").await;

    let sheet = report::report(&cx, None).await.unwrap();
    let grades: Vec<_> = tables(&sheet)[0].rows.iter().map(|row| row[0].to_string()).collect();
    assert_eq!(
        grades,
        ["L0", "L1", "L2", "L3", "L4", "1星", "2星", "3星", "4星", "5星", "不在代码表中", "未定义", "合计"]
    );
    let counts = told(tables(&sheet)[0]);
    assert_eq!(counts["L1"][0], 2, "one is deleted");
    assert!(counts["合计"][1] > counts["合计"][2] && counts["合计"][2] > 0, "{counts:?}");
    let Block::Bars(bars) = &sheet.blocks[1] else { panic!("{sheet:?}") };
    assert_eq!(bars.iter().find(|bar| bar.label == "L1").unwrap().count, 2);

    // Neither is a product; the second PostgreSQL could not even look for.
    for product in ["none", "a\0b"] {
        let nobody = report::report(&cx, Some(product)).await.unwrap();
        assert_eq!(told(tables(&nobody)[0])["合计"], [0; 3]);
    }
}

async fn only_what_the_reader_sees_is_counted(engine: Engine) {
    let demo = with_agents(engine, Adjustment { reach: Some(Reach::Own), ..Adjustment::default() }).await;
    describe(&demo).await;
    let agent = demo.caller(MAIN, Some(AGENT)).await;
    let cx = demo.context(&agent).await.unwrap();
    is_counted(&demo, &cx, None, &format!("c.owner_no = '{AGENT}'")).await;
    let all = counted(&demo, "grade_id", "1 = 1").await["合计"];
    let own = counted(&demo, "grade_id", &format!("c.owner_no = '{AGENT}'")).await["合计"];
    assert!(own[0] > 0 && own[0] < all[0], "{own:?} of {all:?}");
}
