//! The columns of a workbook with customers: what they are called, and what may stand in them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::http::text_of;
use super::input;
use crate::domain::catalogue::Catalogue;
use crate::domain::customer::stars_of;
use crate::domain::json;
use crate::domain::plm::{GRADES, INDUSTRIES};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::import::{Columns, Layout};
use crate::ops::customer::{Patch, PhoneChange, Record, table};
use crate::sheets::reading::{Cell, MOST_COLUMNS, Row};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Name,
    /// By what people are called.
    AssigneeName,
    /// By login number.
    AssigneeId,
    Grade,
    Scale,
    Industry,
    Description,
    Phones,
}

/// The columns of the template, in its order. The document has no phones: without them, a call centre could not
/// do much with what was imported.
pub const TEMPLATE: [Field; 7] =
    [Field::Name, Field::AssigneeName, Field::Grade, Field::Scale, Field::Industry, Field::Description, Field::Phones];

impl Field {
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::AssigneeName,
        Self::AssigneeId,
        Self::Grade,
        Self::Scale,
        Self::Industry,
        Self::Description,
        Self::Phones,
    ];

    /// The title of its column.
    pub fn caption(self) -> &'static str {
        match self {
            Self::Name => "客户名称",
            Self::AssigneeName => "负责人",
            Self::AssigneeId => "负责人标识",
            Self::Grade => "等级",
            Self::Scale => "规模",
            Self::Industry => "行业",
            Self::Description => "描述",
            Self::Phones => "联系电话",
        }
    }

    /// The name by which a header definition means it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::AssigneeName => "assignee_name",
            Self::AssigneeId => "assignee_id",
            Self::Grade => "grade_id",
            Self::Scale => "scale",
            Self::Industry => "industry_id",
            Self::Description => "description",
            Self::Phones => "phone",
        }
    }

    /// The values that it can have, with what people read.
    pub fn list(self) -> Option<(&'static str, &'static [(&'static str, &'static str)])> {
        match self {
            Self::Grade => Some(("客户等级", &GRADES)),
            Self::Industry => Some(("客户行业", &INDUSTRIES)),
            _ => None,
        }
    }
}

/// What a column is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Field(Field),
    /// A custom field of the company, by its id. The document knows none; without them, a company where one is
    /// required could import nobody.
    Custom(i64),
}

impl Meaning {
    /// Returns what a header definition means by this name.
    pub fn named(name: &str, catalogue: &Catalogue) -> Option<Self> {
        let field = Field::ALL.into_iter().find(|field| field.name() == name).map(Self::Field);
        field.or_else(|| table::custom_field(catalogue, name).map(Self::Custom))
    }
}

/// The titles of the template, or a company's own: titles or numbers of columns, with what they hold.
pub struct Titles {
    pub product: Option<String>,
    pub own: Option<BTreeMap<String, Meaning>>,
}

impl Layout for Titles {
    fn columns(&self, cx: &Cx<'_>, titles: &Row) -> Result<Box<dyn Columns>, String> {
        let mut columns: Vec<(usize, Meaning)> = Vec::new();
        let numbered = |name: &String| name.trim().parse::<usize>().ok();
        let last = self.own.iter().flatten().filter_map(|(name, _)| numbered(name)).max().unwrap_or(0);
        for column in 0..titles.cells.len().max(last.min(MOST_COLUMNS)) {
            let title = match titles.cell(column) {
                Some(Cell::Text(title)) => title.trim(),
                Some(_) => {
                    return Err(format!(
                        "第 {} 列的标题是公式或错误值 / the title of column {0} is a formula or an error",
                        column + 1
                    ));
                }
                None => "",
            };
            let Some(meaning) = self.meaning(cx, title, column)? else { continue };
            if columns.iter().any(|(_, other)| *other == meaning) {
                let title = if let Meaning::Field(field) = meaning { field.caption() } else { title };
                return Err(format!("列[{title}]出现两次 / stands twice"));
            }
            columns.push((column, meaning));
        }
        let missing = |meaning: &Meaning| !columns.iter().any(|(_, found)| found == meaning);
        if let Some((name, _)) = self.own.iter().flatten().find(|(_, meaning)| missing(meaning)) {
            return Err(format!(
                "表头定义中的列[{name}]不存在 / the header definition names a column that is not there"
            ));
        }
        if missing(&Meaning::Field(Field::Name)) {
            return Err(format!("缺少列[{}] / the column is missing", Field::Name.caption()));
        }
        Ok(Box::new(Customers { columns, titles: titles.number, product: self.product.clone() }))
    }
}

fn unknown(title: &str) -> String {
    let known = TEMPLATE.map(Field::caption).join(", ");
    format!("导入列[{title}]不存在，可用的列：{known} / there is no such column; these are: {known}")
}

impl Titles {
    /// Returns what a column is read as; nothing, if it is passed over.
    fn meaning(&self, cx: &Cx<'_>, title: &str, column: usize) -> Result<Option<Meaning>, String> {
        // A company's own definition names what it wants.
        if let Some(own) = &self.own {
            let by_title = || own.iter().find(|(name, _)| name.trim().to_lowercase() == title.to_lowercase());
            let by_number = || own.iter().find(|(name, _)| name.trim().parse() == Ok(column + 1));
            return Ok(by_title().or_else(by_number).map(|(_, meaning)| *meaning));
        }
        if title.is_empty() {
            return Ok(None);
        }
        let field = TEMPLATE.into_iter().find(|field| title.eq_ignore_ascii_case(field.caption())).map(Meaning::Field);
        let custom = || table::custom_field(&cx.catalogue, title).map(Meaning::Custom);
        field.or_else(custom).map(Some).ok_or_else(|| unknown(title))
    }
}

/// Rows as customers.
struct Customers {
    columns: Vec<(usize, Meaning)>,
    /// The row of the titles.
    titles: u32,
    product: Option<String>,
}

impl Columns for Customers {
    fn fault(&self, cx: &Cx<'_>, row: &Row) -> Option<String> {
        self.members(cx, row).err()
    }

    fn record(&self, cx: &Cx<'_>, row: &Row) -> Result<Record, Error> {
        let members = self.members(cx, row).map_err(Error::parameter)?;
        let mut changes = input::changes(cx, &members, self.product.as_deref(), None)?;
        if let Some(phones) = input::text_of(&members, Field::Phones.name()) {
            let phone = |typed: &str| PhoneChange { id: None, typed: typed.to_owned().into() };
            changes.phones = Some(numbers(&phones).into_iter().map(phone).collect());
        }
        changes.custom = self.custom(cx, row).map_err(Error::parameter)?;
        Ok(changes.into())
    }

    fn explain(&self, error: &Error) -> String {
        if let Error::CustomFieldMissing { label } = error {
            return format!(
                "缺少自定义字段 {label}：请加一列[{label}]并填写 / is required: add a column of this title"
            );
        }
        // What other systems call cellphones is a column here.
        text_of(error).replacen("cellphones:", "联系电话:", 1)
    }
}

/// The fewest digits that are a number of their own, and no part of one.
const SHORTEST: usize = 7;

/// Returns the numbers in a cell. People part them by all sorts of signs, and write blanks and commas within them, too.
fn numbers(cell: &str) -> Vec<&str> {
    let is_whole = |part: &&str| part.chars().filter(char::is_ascii_digit).count() >= SHORTEST;
    let mut numbers = Vec::new();
    for line in cell.split([';', '；', '、', '\n']) {
        let parts: Vec<&str> = line.split([' ', ',', '，']).map(str::trim).filter(|part| !part.is_empty()).collect();
        if parts.iter().all(is_whole) {
            numbers.extend(parts);
        } else {
            numbers.push(line.trim());
        }
    }
    numbers
}

impl Customers {
    /// Returns a row as the members that a request would have; or what cannot be understood of it.
    fn members(&self, cx: &Cx<'_>, row: &Row) -> Result<Map<String, Value>, String> {
        let number = row.number.saturating_sub(self.titles);
        let (mut members, mut faults) = (Map::new(), Vec::new());
        for (column, meaning) in &self.columns {
            let (Meaning::Field(field), Some(cell)) = (meaning, row.cell(*column)) else { continue };
            match value(cx, *field, cell) {
                Ok((name, value)) => {
                    members.insert(name.to_owned(), value);
                }
                Err(why) => faults.push(why.line(number, field.caption())),
            }
        }
        faults.extend(self.custom(cx, row).err());
        if !faults.is_empty() {
            return Err(faults.join("\r\n"));
        }
        Ok(members)
    }

    fn custom(&self, cx: &Cx<'_>, row: &Row) -> Result<Patch<BTreeMap<i64, Value>>, String> {
        let number = row.number.saturating_sub(self.titles);
        let mut values = BTreeMap::new();
        for (column, meaning) in &self.columns {
            let Meaning::Custom(id) = meaning else { continue };
            let Some(field) = cx.catalogue.fields.iter().find(|field| field.id == *id) else { continue };
            let text = match row.cell(*column) {
                Some(Cell::Text(text)) => text.trim(),
                Some(Cell::Fault(mark)) => return Err(Why::Form(mark.clone()).line(number, &field.name)),
                Some(Cell::Formula) => return Err(Why::Formula.line(number, &field.name)),
                None => continue,
            };
            values.insert(*id, table::custom_value(field, text));
        }
        Ok(if values.is_empty() { Patch::Keep } else { Patch::Set(values) })
    }
}

/// Why a cell cannot be understood.
enum Why {
    Formula,
    Form(String),
    List(String, &'static str),
    Nobody(String),
}

impl Why {
    /// What is told of a row.
    fn line(&self, number: u32, caption: &str) -> String {
        match self {
            Self::Formula => {
                format!("导入数据[{number}]项[{caption}]是公式，请粘贴为数值 / is a formula: paste its value")
            }
            Self::Form(given) => format!("导入数据[{number}]项[{caption}]值[{given}]不符合格式要求"),
            Self::List(given, list) => format!("导入数据[{number}]项[{caption}]值[{given}]无法被代码表[{list}]识别"),
            Self::Nobody(given) => format!("导入数据[{number}]项[{caption}]值[{given}]无法被实体[企业用户]识别"),
        }
    }
}

fn value(cx: &Cx<'_>, field: Field, cell: &Cell) -> Result<(&'static str, Value), Why> {
    let text = match cell {
        Cell::Text(text) => text.trim(),
        Cell::Fault(mark) => return Err(Why::Form(mark.clone())),
        Cell::Formula => return Err(Why::Formula),
    };
    // A message tells enough of it.
    let given = || text.chars().take(100).collect::<String>();
    // Stars are a level, too.
    if field == Field::Grade && stars_of(text).is_some() {
        return Ok((field.name(), text.into()));
    }
    if let Some((list_name, list)) = field.list() {
        let known = list.iter().find(|(value, label)| text == *label || text == *value);
        let (value, _) = known.ok_or_else(|| Why::List(given(), list_name))?;
        return Ok((field.name(), (*value).into()));
    }
    match field {
        Field::Scale => {
            let number = json::integer_in(text).filter(|number| i32::try_from(*number).is_ok());
            Ok((field.name(), number.ok_or_else(|| Why::Form(given()))?.into()))
        }
        Field::AssigneeName => {
            let mut called = cx.catalogue.staff.values().filter(|staff| staff.name == text && !staff.disabled);
            match (called.next(), called.next()) {
                (Some(staff), None) => Ok((Field::AssigneeId.name(), staff.login_no.as_str().into())),
                _ => Err(Why::Nobody(given())),
            }
        }
        Field::AssigneeId => match cx.catalogue.staff(text).filter(|staff| !staff.disabled) {
            Some(staff) => Ok((field.name(), staff.login_no.as_str().into())),
            None => Err(Why::Nobody(given())),
        },
        _ => Ok((field.name(), text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parted_as_people_write_them() {
        for (cell, expected) in [
            ("13800138000", &["13800138000"][..]),
            ("138 0013 8000", &["138 0013 8000"]),
            ("+86 139 0000 0001", &["+86 139 0000 0001"]),
            ("13900000001 13900000002", &["13900000001", "13900000002"]),
            ("13900000001,13900000002；021-55550001", &["13900000001", "13900000002", "021-55550001"]),
            ("0571 8888 8888、13900000001\n13900000002", &["0571 8888 8888", "13900000001", "13900000002"]),
            ("010-88886666,801", &["010-88886666,801"]),
        ] {
            assert_eq!(numbers(cell), expected, "{cell}");
        }
    }
}
