//! `entity/adv-query`: customers by conditions that the client puts together.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::{self, Account, BusinessUnit, Path, User};
use super::{Page, account, input};
use crate::domain::catalogue::login_key;
use crate::domain::custom_field::FieldKind;
use crate::domain::ids::{self, Entity};
use crate::domain::json;
use crate::domain::search_terms::{Word, fold, name_key, piece_of_name};
use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::find;
use crate::protocol::folded::member;
use crate::protocol::lenient::Scalar;
use crate::store::conditions::{Column, Conditions, Direction, Join, Operand, Test};
use crate::store::search::Search;

/// Conditions, and fields to sort by.
const MOST: usize = 10;
/// Words that drive a search.
const MOST_WORDS: usize = 8;

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "WiseQuery")]
pub struct Query<'a> {
    /// Account.
    #[serde(borrow)]
    #[schemars(required)]
    entity: Option<Scalar<'a>>,
    /// As in `account/add`; the app itself asks where it is left out.
    #[serde(borrow, default)]
    op_user: Option<Scalar<'a>>,
    /// As in `account/get`.
    #[serde(borrow)]
    #[schemars(required)]
    fields: Option<Scalar<'a>>,
    /// `createdOn:desc,accountName`; the newest first unless it is given.
    #[serde(borrow, default)]
    sort: Option<Scalar<'a>>,
    /// From 1.
    #[serde(borrow, default)]
    page_no: Option<Scalar<'a>>,
    /// 20 unless it is given, at most 200.
    #[serde(borrow, default)]
    page_size: Option<Scalar<'a>>,
    /// `{"type":"AND","filters":[{"fieldName":"phone","operator":"=","value":"…"}]}`, at most ten filters.
    #[schemars(required, with = "Filters")]
    body: Option<Map<String, Value>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "WiseFilters")]
#[expect(dead_code, reason = "only the schema is used")]
struct Filters {
    /// AND or OR; AND unless it is given.
    r#type: Option<String>,
    #[schemars(length(max = 10))]
    filters: Option<Vec<Filter>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "WiseFilter")]
#[expect(dead_code, reason = "only the schema is used")]
struct Filter {
    /// A field of a customer.
    #[serde(rename = "fieldName")]
    field_name: String,
    /// `=`, `<>`, `>`, `<`, `cl` (contains), `nc` (does not), `$NULL$` or `$NOT_NULL$`.
    operator: String,
    /// A text or a number; of the last two, whatever it is.
    value: Option<Value>,
}

pub async fn query(cx: &Cx<'_>, request: Query<'_>) -> Result<Page, Error> {
    input::check_user(cx, request.op_user.as_ref())?;
    if input::required("entity", request.entity.as_ref())?.trim() != "Account" {
        return Err(Error::parameter("entity: 只能查询 Account / only Account can be queried"));
    }
    let asked = account::asked(cx, request.fields.as_ref())?;
    let paging = input::paging(request.page_no.as_ref(), request.page_size.as_ref())?;
    let body = request.body.ok_or_else(account::missing_body)?;
    let mut conditions = conditions(cx, &body)?;
    if let Some(sort) = input::text("sort", request.sort.as_ref())? {
        conditions.order = order(cx, &sort)?;
    }
    let search = Search { words: words(&conditions), conditions, within: cx.within(), ..Search::default() };
    account::page_of(cx, &find::page(cx, &search, paging.size, paging.number).await?, paging, &asked).await
}

/// The words that all who are found have.
fn words(conditions: &Conditions) -> Vec<Word> {
    if conditions.join == Join::Any {
        return Vec::new();
    }
    let parts = conditions.tests.iter().filter_map(|(column, test)| match (column, test) {
        (Column::Name, Test::Holds(part)) => piece_of_name(part),
        _ => None,
    });
    parts.take(MOST_WORDS).collect()
}

fn wrong(what: &str, expected: &str) -> Error {
    let what: String = what.chars().take(64).collect();
    Error::parameter(format!("{what}: {expected}"))
}

fn conditions(cx: &Cx<'_>, body: &Map<String, Value>) -> Result<Conditions, Error> {
    let kind = member(body, "type");
    let join = match kind.and_then(Value::as_str).map(str::to_ascii_uppercase).as_deref() {
        Some("AND") => Join::All,
        Some("OR") => Join::Any,
        None if kind.is_none_or(Value::is_null) => Join::All,
        _ => return Err(wrong("type", "应为 AND 或 OR / expected AND or OR")),
    };
    let filters = match member(body, "filters") {
        None | Some(Value::Null) => Vec::new(),
        Some(filters) => json::list(filters)
            .filter(|filters| filters.len() <= MOST)
            .ok_or_else(|| wrong("filters", "应为数组，最多 10 项 / expected a list of at most 10"))?,
    };
    let tests = filters.into_iter().map(|filter| condition(cx, filter)).collect::<Result<_, _>>()?;
    Ok(Conditions { join, tests, ..Conditions::default() })
}

fn condition(cx: &Cx<'_>, filter: &Value) -> Result<(Column, Test), Error> {
    let given = |name: &str| member(filter.as_object()?, name);
    let word = |name: &str| given(name).and_then(Value::as_str).unwrap_or_default();
    let name = word("fieldName");
    let column = column(cx, name)?;
    let value = || {
        Ok(match given("value") {
            Some(Value::String(text)) => text.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Bool(flag)) if column == Column::Deleted => flag.to_string(),
            _ => return Err(wrong(name, "value 应为文本或数字 / expected a text or a number as value")),
        })
    };
    let part = || {
        let piece = value()?;
        cx.may_search_by(&piece)?;
        Ok::<_, Error>(if column == Column::Name { fold(&piece) } else { piece })
    };
    let operand = || operand(cx, column, name, &value()?);
    let test = match word("operator") {
        "=" => Test::Is(operand()?),
        "<>" => Test::IsNot(operand()?),
        ">" if has_order(cx, column) => Test::Above(operand()?),
        "<" if has_order(cx, column) => Test::Below(operand()?),
        "cl" if is_text(column) => Test::Holds(part()?),
        "nc" if is_text(column) => Test::Lacks(part()?),
        "$NULL$" => Test::Empty,
        "$NOT_NULL$" => Test::Filled,
        other => return Err(wrong(name, &format!("不支持的 operator {other:?} / is not compared by this operator"))),
    };
    Ok((column, test))
}

/// Whether one value can be above another: times, and dates, whose order is that of their texts.
fn has_order(cx: &Cx<'_>, column: Column) -> bool {
    match column {
        Column::CreatedAt | Column::UpdatedAt => true,
        Column::Custom(id) => is_date(cx, id) && !cx.rights().masks(),
        _ => false,
    }
}

/// Whether a field of the company's own holds dates.
fn is_date(cx: &Cx<'_>, id: i64) -> bool {
    cx.catalogue.fields.iter().any(|field| field.id == id && field.kind == FieldKind::Date)
}

fn is_text(column: Column) -> bool {
    matches!(
        column,
        Column::Name
            | Column::FirstPhone
            | Column::Address
            | Column::OwnerName
            | Column::GroupName
            | Column::CreatorName
            | Column::ChangerName
            | Column::Custom(_)
    )
}

/// Returns the column of a field. Refuses those whose digits a caller who may not see numbers could find one by one.
fn column(cx: &Cx<'_>, name: &str) -> Result<Column, Error> {
    let field = match fields::path(&cx.catalogue, name)? {
        Path::Own(field) | Path::User(field, User::Id) => field,
        Path::User(Account::Owner, User::Name) => return Ok(Column::OwnerName),
        Path::User(Account::CreatedBy, User::Name) => return Ok(Column::CreatorName),
        Path::User(Account::ModifiedBy, User::Name) => return Ok(Column::ChangerName),
        Path::BusinessUnit(BusinessUnit::Id) => Account::Unit,
        Path::BusinessUnit(BusinessUnit::Name) => return Ok(Column::GroupName),
        Path::Custom(id) => return Ok(Column::Custom(id)),
        Path::User(..) => return Err(wrong(name, "不能用于查询或排序 / can neither be asked for nor sorted by")),
    };
    Ok(match field {
        Account::Id => Column::Id,
        Account::Name => Column::Name,
        Account::Phone if cx.rights().masks() => {
            return Err(Error::forbidden("phone: 号码隐藏时不能按号码查询 / is hidden, and cannot be asked for"));
        }
        Account::Phone => Column::FirstPhone,
        Account::Address => Column::Address,
        Account::Type => Column::Type,
        Account::Owner => Column::Owner,
        Account::Unit => Column::Group,
        Account::CreatedOn => Column::CreatedAt,
        Account::CreatedBy => Column::CreatedBy,
        Account::ModifiedOn => Column::UpdatedAt,
        Account::ModifiedBy => Column::UpdatedBy,
        Account::IsDeleted => Column::Deleted,
    })
}

/// The value as its column has it. A reference to nobody is equal to none.
fn operand(cx: &Cx<'_>, column: Column, name: &str, value: &str) -> Result<Operand, Error> {
    let company = cx.caller.company;
    let staff = || cx.catalogue.staff_by_number(ids::from_wise(Entity::User, 0, value)?);
    Ok(match column {
        Column::Id => Operand::Integer(ids::from_wise(Entity::Account, company, value).unwrap_or(0)),
        Column::Group => Operand::Integer(ids::from_wise(Entity::BusinessUnit, company, value).unwrap_or(0)),
        Column::Owner => Operand::Text(staff().map(|staff| login_key(&staff.login_no)).unwrap_or_default()),
        Column::CreatedBy | Column::UpdatedBy => {
            Operand::Text(staff().map(|staff| staff.login_no.clone()).unwrap_or_default())
        }
        Column::CreatedAt | Column::UpdatedAt => {
            let at = times::parse(value, &cx.catalogue.company.time_zone);
            Operand::Integer(at.map_err(|why| wrong(name, &why.to_string()))?.div_euclid(SECOND))
        }
        Column::Deleted => match value {
            "1" | "true" => Operand::Integer(1),
            "0" | "false" => Operand::Integer(0),
            _ => return Err(wrong(name, "应为 true 或 false / expected true or false")),
        },
        Column::Name => Operand::Text(name_key(value)),
        Column::Custom(id) if is_date(cx, id) => {
            let date = times::date(value, &cx.catalogue.company.time_zone);
            Operand::Text(date.map_err(|why| wrong(name, &why.to_string()))?.to_string())
        }
        _ => Operand::Text(value.to_owned()),
    })
}

fn order(cx: &Cx<'_>, sort: &str) -> Result<Vec<(Column, Direction)>, Error> {
    let parts: Vec<&str> = sort.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST {
        return Err(wrong("sort", "最多 10 个字段 / at most 10 fields"));
    }
    let ordered = parts.into_iter().map(|part| {
        let (name, direction) = part.split_once(':').unwrap_or((part, "asc"));
        let direction = match direction.trim().to_ascii_lowercase().as_str() {
            "asc" => Direction::Ascending,
            "desc" => Direction::Descending,
            _ => return Err(wrong("sort", "应为 asc 或 desc / expected asc or desc")),
        };
        let column = column(cx, name.trim())?;
        if is_text(column) {
            cx.may_sort_by_text(name.trim())?;
        }
        Ok((column, direction))
    });
    ordered.collect()
}
