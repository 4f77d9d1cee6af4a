//! The columns of a table that is imported, and its rows as customers.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::{CUSTOM, Field, custom_field, custom_value, list, title_key};
use crate::domain::catalogue::{Catalogue, Staff, is_called};
use crate::domain::custom_field::CustomField;
use crate::domain::customer::stars_of;
use crate::domain::json;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::import::{Columns, Layout};
use crate::ops::customer::{Changes, Moment, Patch, PhoneChange, Record, Recorded};
use crate::sheets::reading::{Cell, Row};

/// A table with our own titles, in any order, or with what other lists call them.
pub struct Table;

/// Rows that may stand above the titles.
const ABOVE: usize = 5;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Field(Field),
    Custom(i64),
    /// All custom fields, as a JSON object.
    AllCustom,
}

impl Layout for Table {
    fn columns(&self, cx: &Cx<'_>, titles: &Row) -> Result<Box<dyn Columns>, String> {
        let (mut columns, mut ignored): (Vec<(usize, Column)>, Vec<String>) = (Vec::new(), Vec::new());
        for (index, cell) in titles.cells.iter().enumerate() {
            let Some(Cell::Text(title)) = cell else { continue };
            let Some(column) = column(&cx.catalogue, title) else {
                ignored.push(title.trim().chars().take(100).collect());
                continue;
            };
            // A list may have a column each for mobiles and landlines.
            let may_be_several = column == Column::Field(Field::Phones);
            if !may_be_several && columns.iter().any(|(_, other)| *other == column) {
                return Err(format!("列[{}]出现两次 / stands twice", title.trim()));
            }
            columns.push((index, column));
        }
        let tells_who = [Field::Id, Field::Name, Field::Company, Field::Phones];
        if !columns.iter().any(|(_, column)| tells_who.iter().any(|field| *column == Column::Field(*field))) {
            let known = tells_who.map(Field::title).join("、");
            return Err(format!(
                "没有找到标题行，至少要有其中一列：{known} / no row has the titles: one of these is needed"
            ));
        }
        Ok(Box::new(Customers { columns, ignored }))
    }

    fn above(&self) -> usize {
        ABOVE
    }
}

/// Our own titles come before a company's fields, and those before what lists of others call our columns.
fn column(catalogue: &Catalogue, title: &str) -> Option<Column> {
    let key = title_key(title);
    let titles: HashMap<String, Field> = Field::ALL.iter().map(|field| (title_key(field.title()), *field)).collect();
    if let Some(field) = titles.get(&key) {
        return Some(Column::Field(*field));
    }
    if let Some(id) = custom_field(catalogue, title) {
        return Some(Column::Custom(id));
    }
    if [CUSTOM, "jsonStr", "custom fields"].iter().any(|other| title_key(other) == key) {
        return Some(Column::AllCustom);
    }
    // `电话2` is one more.
    let bare = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_called = |field: &&Field| {
        let called = |key: &str| field.aliases().iter().any(|alias| title_key(alias) == key);
        called(&key) || **field == Field::Phones && (called(bare) || bare == title_key(field.title()))
    };
    Field::ALL.iter().find(is_called).map(|field| Column::Field(*field))
}

/// Rows as customers.
struct Customers {
    columns: Vec<(usize, Column)>,
    ignored: Vec<String>,
}

impl Columns for Customers {
    fn fault(&self, _: &Cx<'_>, _: &Row) -> Option<String> {
        // A row stands for itself: the others are imported all the same.
        None
    }

    fn record(&self, cx: &Cx<'_>, row: &Row) -> Result<Record, Error> {
        let (mut texts, mut custom, mut faults) = (HashMap::new(), BTreeMap::new(), Vec::new());
        for (index, column) in &self.columns {
            let text = match row.cell(*index) {
                Some(Cell::Text(text)) => text.trim(),
                Some(Cell::Fault(mark)) => {
                    faults.push(format!("{}: 错误值 {mark} / is an error", title(cx, *column)));
                    continue;
                }
                Some(Cell::Formula) => {
                    let title = title(cx, *column);
                    faults.push(format!("{title}: 是公式，请粘贴为数值 / is a formula: paste its value"));
                    continue;
                }
                None => continue,
            };
            match column {
                Column::Field(field) => texts.entry(*field).or_insert_with(Vec::new).push(text),
                Column::Custom(id) => {
                    custom.extend(custom_of(cx, *id).map(|field| (*id, custom_value(field, text))));
                }
                Column::AllCustom => match serde_json::from_str::<Map<String, Value>>(text) {
                    Ok(members) => {
                        let known = |(key, value): (String, Value)| Some((CustomField::id_of(&key)?, value));
                        custom.extend(members.into_iter().filter_map(known));
                    }
                    Err(_) => faults.push(format!("{CUSTOM}: 应为 JSON 对象 / expected a JSON object")),
                },
            }
        }
        if !faults.is_empty() {
            return Err(Error::parameter(faults.join("; ")));
        }
        let mut record = Given { cx, texts }.record()?;
        if !custom.is_empty() {
            record.changes.custom = Patch::Set(custom);
        }
        Ok(record)
    }

    fn explain(&self, error: &Error) -> String {
        match error {
            Error::NotFound => "没有匹配的客户 / there is no such customer".to_owned(),
            Error::Internal { .. } | Error::RateLimited { .. } => error
                .detail()
                .map_or_else(|| error.row().message.to_owned(), |detail| format!("{}: {detail}", error.row().message)),
            other => in_our_words(&other.said()),
        }
    }

    fn ignored(&self) -> Vec<String> {
        self.ignored.clone()
    }
}

fn custom_of<'c>(cx: &'c Cx<'_>, id: i64) -> Option<&'c CustomField> {
    cx.catalogue.fields.iter().find(|field| field.id == id)
}

/// Refusals name the members of the wire: here they are columns.
fn in_our_words(said: &str) -> String {
    for field in Field::ALL {
        let Some(wire) = field.aliases().first() else { continue };
        if let Some(rest) = said.strip_prefix(wire).filter(|rest| rest.starts_with(':')) {
            return format!("{}{rest}", field.title());
        }
    }
    said.to_owned()
}

fn title(cx: &Cx<'_>, column: Column) -> String {
    match column {
        Column::Field(field) => field.title().to_owned(),
        Column::Custom(id) => custom_of(cx, id).map_or_else(|| id.to_string(), |field| field.name.clone()),
        Column::AllCustom => CUSTOM.to_owned(),
    }
}

/// The texts of a row. What is blank is not there: it stays as it is.
struct Given<'r> {
    cx: &'r Cx<'r>,
    texts: HashMap<Field, Vec<&'r str>>,
}

impl Given<'_> {
    fn record(&self) -> Result<Record, Error> {
        let (owner, group) = self.owner()?;
        let changes = Changes {
            name: self.patch(Field::Name),
            long_name: true,
            company_name: self.patch(Field::Company),
            address: self.patch(Field::Address),
            kind: self.patch(Field::Type),
            flag: self.patch(Field::Flag),
            source: self.patch(Field::Source),
            task: set(self.task()?),
            owner,
            group,
            phones: self.phones(),
            labels: self.text(Field::Labels).map(|cell| list::split(cell).into_iter().map(Cow::Owned).collect()),
            star: self.star()?,
            follow_count: set(self.integer(Field::FollowCount)?),
            last_accept: self.patch(Field::LastAccept),
            assigned_at: set(self.moment(Field::Assigned)?),
            last_follow_at: set(self.moment(Field::LastFollow)?),
            recorded: self.recorded()?.map(Box::new),
            ..Changes::default()
        };
        Ok(Record { id: self.integer(Field::Id)?, changes })
    }

    fn text(&self, field: Field) -> Option<&str> {
        self.texts.get(&field)?.first().copied()
    }

    fn patch(&self, field: Field) -> Patch<Cow<'static, str>> {
        set(self.text(field).map(|text| Cow::Owned(text.to_owned())))
    }

    fn integer(&self, field: Field) -> Result<Option<i64>, Error> {
        let wrong = || Error::expected(field.title(), "整数", "an integer");
        self.text(field).map(|text| json::integer_in(text).ok_or_else(wrong)).transpose()
    }

    fn moment(&self, field: Field) -> Result<Option<Moment>, Error> {
        let zone = &self.cx.catalogue.company.time_zone;
        let unclear = |why| Error::parameter(format!("{}: {why}", field.title()));
        self.text(field).map(|text| Moment::parse(text, zone).map_err(unclear)).transpose()
    }

    fn phones(&self) -> Option<Vec<PhoneChange<'static>>> {
        let cells = self.texts.get(&Field::Phones)?;
        let phone = |typed: &str| PhoneChange { id: None, typed: typed.to_owned().into() };
        Some(cells.iter().flat_map(|cell| list::numbers(cell)).map(phone).collect())
    }

    fn star(&self) -> Result<Option<i64>, Error> {
        match self.text(Field::Star).and_then(stars_of) {
            Some(star) => Ok(Some(star)),
            None => self.integer(Field::Star),
        }
    }

    /// The name tells, as ids are another company's where a list comes from elsewhere; of two tasks with one name, the id.
    fn task(&self) -> Result<Option<i64>, Error> {
        let tasks = &self.cx.catalogue.tasks;
        let id = self.integer(Field::TaskId)?;
        let Some(name) = self.text(Field::Task) else { return Ok(id) };
        let is_meant = |id: &i64| tasks.get(id).is_some_and(|called| is_called(called, name));
        let meant = id.filter(is_meant).or_else(|| self.cx.catalogue.task(name));
        meant.map(Some).ok_or_else(|| {
            Error::parameter(format!("{}: 没有任务“{name:.100}” / there is no such task", Field::Task.title()))
        })
    }

    fn owner(&self) -> Result<(Patch<Cow<'static, str>>, Patch<i64>), Error> {
        let owner = self.text(Field::Owner).map(|given| self.staff(given)).transpose()?;
        let group = self.text(Field::Group).map(|given| self.group(given, owner)).transpose()?;
        Ok((set(owner.map(|staff| Cow::Owned(staff.login_no.clone()))), set(group)))
    }

    fn staff(&self, given: &str) -> Result<&Staff, Error> {
        let staff = &self.cx.catalogue.staff;
        if let Some(staff) = self.cx.catalogue.staff(given) {
            return Ok(staff);
        }
        let mut called = staff.values().filter(|staff| !staff.disabled && is_called(&staff.name, given));
        let said = |what: &str| Error::parameter(format!("{}: {what}: {given:.100}", Field::Owner.title()));
        match (called.next(), called.next()) {
            (Some(staff), None) => Ok(staff),
            (Some(_), Some(_)) => Err(said("有几个工号同名，请写工号 / several are called so, write the login number")),
            (None, _) => Err(said("没有此工号或姓名 / there is no such login number or name")),
        }
    }

    fn group(&self, given: &str, owner: Option<&Staff>) -> Result<i64, Error> {
        let groups = &self.cx.catalogue.groups;
        let called: Vec<i64> = groups.iter().filter(|(_, name)| is_called(name, given)).map(|(id, _)| *id).collect();
        let of_owner = called.iter().find(|id| owner.is_some_and(|staff| staff.groups.contains(id)));
        let by_id = || json::integer_in(given).filter(|id| groups.contains_key(id));
        of_owner.or(called.first()).copied().or_else(by_id).ok_or(Error::GroupUnknown)
    }

    fn recorded(&self) -> Result<Option<Recorded>, Error> {
        let at = |field| {
            let moment = self.moment(field)?;
            if moment.is_some_and(|moment| moment.at > self.cx.backend.clock.now()) {
                let title = Field::title(field);
                return Err(Error::parameter(format!("{title}: 晚于现在 / is later than now")));
            }
            Ok(moment.map(|moment| moment.at))
        };
        let by = |field| self.text(field).map(str::to_owned);
        let recorded = Recorded {
            created_at: at(Field::CreatedAt)?,
            created_by: by(Field::CreatedBy),
            updated_at: at(Field::UpdatedAt)?,
            updated_by: by(Field::UpdatedBy),
        };
        Ok((recorded != Recorded::default()).then_some(recorded))
    }
}

fn set<T>(given: Option<T>) -> Patch<T> {
    given.map_or(Patch::Keep, Patch::Set)
}
