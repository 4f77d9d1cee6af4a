//! WiseCRM's OpenAPI: customers as `Account`, the people and groups that they belong to, and what fields there are.
//!
//! Source: the WiseCRM account document; `docs/dialects/wisecrm.md` has the decisions where it is silent.
//! What belongs to one record is written `accountName`, everything around it `account_id`.

mod account;
mod fields;
pub mod http;
mod input;
mod metadata;
mod query;
mod users;
mod write;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer_in_result;
use super::members::{Answers, Names, Reading, Unknown};
use crate::error::Error;
use crate::protocol::envelope::Door;
use fields::Record;

/// Clients send all sorts of things that nobody reads.
pub const READING: Reading = Reading { unknown: Unknown::Ignored, names: Names::Folded, answers: Answers::Envelope };

operations! { WiseCrm:
    /// 新增客户。
    /// Creates a customer.
    AddAccount = "account/add" [POST "/gw/account/add"], write by Agent
        => account::add(account::Add<'_>) -> json Data<AccountId>;
    /// 获取单条客户。
    /// Shows the asked fields of a customer.
    GetAccount = "account/get" [GET "/gw/account/get"], read by Agent
        => account::get(account::Get<'_>) -> json Data<Record>;
    /// 查询客户列表，最新的在前。
    /// Lists customers, newest first.
    ListAccounts = "account/list" [GET "/gw/account/list"], list by Agent
        => account::list(account::List<'_>) -> json Page;
    /// 修改客户。
    /// Changes a customer.
    UpdateAccount = "account/update" [POST "/gw/account/update"], write by Agent
        => account::update(account::Update<'_>) -> json Data<AccountId>;
    /// 删除客户。
    /// Deletes a customer.
    DeleteAccount = "account/delete" [POST "/gw/account/delete"], write by Agent
        => account::delete(account::Delete<'_>) -> json Data<AccountId>;
    /// 用户列表。
    /// Lists the people of the company.
    ListUsers = "user/list" [GET "/gw/user/list"], list by Agent
        => users::list(users::List<'_>) -> json Page;
    /// 元数据：实体。
    /// Lists the entities that there are.
    Entities = "metadata/entity" [GET "/gw/metadata/entity"], read by Agent
        => metadata::entities(metadata::OfType<'_>) -> json Data<Vec<&'static metadata::EntityInfo>>;
    /// 元数据：字段。
    /// Lists the fields of an entity.
    Fields = "metadata/field" [GET "/gw/metadata/field"], read by Agent
        => metadata::fields(metadata::FieldsOf<'_>) -> json Data<Vec<metadata::FieldInfo>>;
    /// 元数据：选项列表。
    /// Lists the values of an entity's picklist fields.
    Picklists = "metadata/picklist" [GET "/gw/metadata/picklist"], read by Agent
        => metadata::picklists(metadata::PicklistsOf<'_>) -> json Data<Vec<metadata::Picklist>>;
    /// 高级查询：按条件查询客户，可排序。
    /// Lists the customers that meet conditions, sorted as the client wants them.
    AdvancedQuery = "entity/adv-query" [POST "/gw/entity/adv-query"], list by Agent
        => query::query(query::Query<'_>) -> json Page;
}

/// What tells a success over HTTP.
const OK: i64 = 0;
const OK_MESSAGE: &str = "调用成功";

/// What one answer is about.
#[derive(Serialize, JsonSchema)]
pub struct Data<T> {
    data: T,
}

#[derive(Serialize, JsonSchema)]
pub struct AccountId {
    account_id: String,
}

/// A page of a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "WisePage")]
pub struct Page {
    /// All that there are, on all pages.
    total_size: i64,
    page_size: i64,
    page_no: i64,
    data: Vec<Record>,
}

/// What is in the `result` of a socket's envelope: there, a page keeps its numbers beside its records.
trait Payload: Serialize {
    fn in_result(&self) -> &impl Serialize;
}

impl<T: Serialize> Payload for Data<T> {
    fn in_result(&self) -> &impl Serialize {
        &self.data
    }
}

impl Payload for Page {
    fn in_result(&self) -> &impl Serialize {
        self
    }
}

/// Appends a reply in the envelope of its door.
fn answer<P: Payload>(out: &mut Vec<u8>, door: Door<'_>, payload: &P) -> Result<usize, Error> {
    #[derive(Serialize)]
    struct Enveloped<'a, P> {
        error_code: i64,
        error_msg: &'static str,
        #[serde(flatten)]
        payload: &'a P,
    }
    match door {
        Door::Socket(_) => answer_in_result(out, door, payload.in_result()),
        Door::Http => answer_in_result(out, door, &Enveloped { error_code: OK, error_msg: OK_MESSAGE, payload }),
    }
}
