//! What is printed of customers in iBiz PLM: a page of each, and how many there are of which grade and industry.

use crate::domain::customer::{CustomerPhone, STARS};
use crate::domain::masking::mask_text;
use crate::domain::plm::{FOLLOWING, GRADES, INDUSTRIES, MEMBERS, Member, label_of, read};
use crate::domain::times;
use crate::error::Error;
use crate::ops::systems::plm::{self, Entry, name_of};
use crate::ops::{Cx, SYSTEM};
use crate::print::{self, Bar, Block, Cell, Field, Format, MOST_SHEETS, PrintError, Sheet, Table};
use crate::store::plm::{PlmColumn, PlmSearch};
use crate::store::rows::{AttentionRow, PlmGroupRow};

/// What stands where nothing is known.
const NOTHING: &str = "—";
/// The members that say something to people: others hold ids and addresses.
const PRINTED: [&str; 6] = ["grade_id", "industry_id", "scale", "categories_name", "description", "is_archived"];

/// Returns a sheet of each of these customers.
pub async fn print(cx: &Cx<'_>, entries: Vec<Entry>) -> Result<Vec<Sheet>, Error> {
    if entries.len() > MOST_SHEETS {
        return Err(refused(PrintError::TooMuch { zh: "份", en: "sheets", most: MOST_SHEETS }));
    }
    let mut sheets = Vec::with_capacity(entries.len());
    for entry in entries {
        let attentions = plm::attentions(cx, &entry.customer).await?;
        let sheet = page(cx, &entry, attentions)?;
        // Numbers can stand wherever somebody has written something.
        let masks = cx.rights().masks();
        sheets.push(if masks { sheet.map(|text| mask_text(text).into_owned()) } else { sheet });
    }
    Ok(sheets)
}

fn page(cx: &Cx<'_>, entry: &Entry, attentions: Vec<AttentionRow>) -> Result<Sheet, Error> {
    let Entry { id, customer, profile, product_name, tickets, tickets_finished } = entry;
    let zone = &cx.catalogue.company.time_zone;
    let name = customer.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(NOTHING);
    let phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones).map_err(|cause| Error::internal(&cause))?;
    let phones = phones.iter().map(|phone| phone.content.as_str()).collect::<Vec<_>>().join("、");
    let members = MEMBERS.iter().filter(|member: &&Member| PRINTED.contains(&member.name));
    let mut fields = vec![field("客户名称", name), field("电话", &phones)];
    fields.extend(members.map(|member| field(member.label, &read(profile, member).unwrap_or_default())));
    fields.extend([
        field("产品", product_name.as_deref().unwrap_or_default()),
        field("负责人", &customer.owner_no.as_deref().map(|owner| name_of(cx, owner)).unwrap_or_default()),
        field("工单总数", &tickets.to_string()),
        field("已完成工单数", &tickets_finished.to_string()),
    ]);
    let records = vec![
        field("标识", id),
        field("建立人", &name_of(cx, &customer.created_by)),
        field("建立时间", &times::to_second(customer.created_at, zone)),
        field("更新人", &name_of(cx, &customer.updated_by)),
        field("更新时间", &times::to_second(customer.updated_at, zone)),
    ];
    let mut blocks = vec![Block::Fields(fields)];
    if !attentions.is_empty() {
        let row = |row: AttentionRow| {
            let name = row.name.unwrap_or(row.user_id);
            let kind = label_of(&FOLLOWING, &row.kind).unwrap_or(&row.kind);
            vec![name.as_str().into(), kind.into(), times::to_second(row.updated_at, zone).as_str().into()]
        };
        let columns = ["关注人", "方式", "更新时间"].map(str::to_owned).to_vec();
        let rows = attentions.into_iter().map(row).collect();
        blocks.extend([Block::Heading("关注".to_owned()), Block::Table(Table { columns, rows })]);
    }
    blocks.extend([Block::Heading("记录".to_owned()), Block::Fields(records)]);
    Ok(Sheet { title: name.to_owned(), subtitle: subtitle(cx), blocks })
}

fn field(label: &str, value: &str) -> Field {
    Field::new(label, if value.is_empty() { NOTHING } else { value })
}

/// Returns whose it is, who prints it and when.
fn subtitle(cx: &Cx<'_>) -> Vec<String> {
    let company = &cx.catalogue.company;
    let by = match cx.caller.login_no() {
        SYSTEM => SYSTEM.to_owned(),
        login_no => format!("{}（{login_no}）", cx.caller.name()),
    };
    vec![
        company.name.clone(),
        format!("打印人：{by}"),
        format!("打印时间：{}", times::to_second(cx.now, &company.time_zone)),
    ]
}

/// Returns how many customers that the caller sees, and how many tickets of them, there are of each grade and
/// industry: of a product, or of all.
pub async fn report(cx: &Cx<'_>, product: Option<&str>) -> Result<Sheet, Error> {
    let mut search = PlmSearch { not_deleted: true, within: cx.within(), ..PlmSearch::default() };
    match product {
        Some(product) if plm::is_id(product) => search.equal.push((PlmColumn::Product, product.to_owned())),
        // Nobody is of a product that cannot be.
        Some(_) => search.among.push(Vec::new()),
        None => {}
    }
    let mut subtitle = subtitle(cx);
    if let Some(product) = product {
        let name = plm::product_name(cx, product).await?;
        subtitle.push(format!("产品：{}", name.as_deref().unwrap_or(product)));
    }
    let mut blocks = Vec::new();
    for (title, column, list, others) in
        [("等级", PlmColumn::Grade, &GRADES[..], &STARS[..]), ("行业", PlmColumn::Industry, &INDUSTRIES[..], &[])]
    {
        let values = list.iter().map(|(value, _)| *value).chain(others.iter().copied());
        let rows = cx.scope.plm_groups(&search, column, values).await?;
        blocks.push(Block::Heading(format!("按{title}")));
        blocks.extend(group(title, list, others, &rows));
    }
    Ok(Sheet { title: "客户报表".to_owned(), subtitle, blocks })
}

/// Returns the picture and the table of customers grouped by a code list and other words.
fn group(
    title: &str,
    list: &[(&'static str, &'static str)],
    others: &[&'static str],
    rows: &[PlmGroupRow],
) -> [Block; 2] {
    let of = |value: Option<&str>| rows.iter().find(|row| row.value.as_deref() == value);
    let listed = list.iter().map(|&(value, label)| (label, of(Some(value))));
    // These are shown where there are any.
    let others = others.iter().map(|word| (*word, of(Some(word))));
    let others = others.chain([("不在代码表中", of(Some(""))), ("未定义", of(None))]);
    let others = others.filter(|(_, row)| row.is_some());
    let counted = listed
        .chain(others)
        .map(|(label, row)| (label, row.map_or([0; 3], |row| [row.customers, row.tickets, row.finished])));
    let (mut bars, mut table, mut total) = (Vec::new(), Vec::new(), [0; 3]);
    let line = |label: &str, counts: [i64; 3]| [Cell::from(label)].into_iter().chain(counts.map(Cell::from)).collect();
    for (label, counts) in counted {
        let [customers, ..] = counts;
        bars.push(Bar { label: label.to_owned(), count: u32::try_from(customers).unwrap_or(u32::MAX) });
        table.push(line(label, counts));
        for (total, count) in total.iter_mut().zip(counts) {
            *total += count;
        }
    }
    table.push(line("合计", total));
    let columns = [title, "客户数", "工单总数", "已完成工单数"].map(str::to_owned).to_vec();
    [Block::Bars(bars), Block::Table(Table { columns, rows: table })]
}

/// Returns the file of these sheets.
pub async fn file(cx: &Cx<'_>, sheets: Vec<Sheet>, format: Format) -> Result<Vec<u8>, Error> {
    let fonts = cx.backend.fonts.clone();
    let rendered = tokio::task::spawn_blocking(move || print::render(&sheets, format, &fonts)).await;
    rendered.map_err(|cause| Error::internal(&cause))?.map_err(refused)
}

/// Returns the refusal. What the caller can mend by asking otherwise is told; the rest is for the log.
fn refused(error: PrintError) -> Error {
    match error {
        PrintError::TooMuch { .. } | PrintError::NoFont => Error::parameter(error.to_string()),
        PrintError::Font { .. } | PrintError::Pdf(_) | PrintError::Workbook(_) => Error::internal(&error),
    }
}
