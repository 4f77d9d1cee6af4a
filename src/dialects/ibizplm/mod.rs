//! iBiz PLM's customers: each operation both for all customers and for those of one product.
//!
//! Source: the iBiz PLM customer document; `docs/dialects/ibizplm.md` has the decisions where it is silent.

mod columns;
mod conditions;
mod customer;
mod edit;
mod export;
mod fetch;
mod fields;
pub mod http;
mod import;
mod input;
mod print;
mod relations;
mod shapes;

use serde::Serialize;

use super::answer_in_result;
use super::members::{Answers, Names, Reading, Unknown};
use crate::error::Error;
use crate::protocol::envelope::Door;

use customer::CustomerBody;
use input::Given;
use shapes::{
    AnyCustomer, AsyncAction, AsyncKey, Exported, Fetched, FileKey, Filters, ImportFile, ImportSchema, Keyed,
    KeyedCustomer, KeyedCustomers, NewCustomers, Printed, Reported, SchemaShown, Tagged, Ticked, Uploaded,
};

/// Clients send all sorts of things that nobody reads.
pub const READING: Reading = Reading { unknown: Unknown::Ignored, names: Names::Exact, answers: Answers::Bare };

operations! { Ibizplm:
    /// 新建客户；列表则逐个新建，返回列表。
    /// Creates a customer; of a list, one after the other, answered with a list.
    Create = "ibizplm.create" [POST "/customers"] [POST "/products/{pkey}/customers"], write by Agent
        => edit::create(Given<NewCustomers>) -> json edit::OneOrMany;

    /// 获取客户，连同关注。
    /// Shows a customer and who follows it; several keys, joined by `;` or `,`, are answered with a list.
    Get = "ibizplm.get" [GET "/customers/{key}"] [GET "/products/{pkey}/customers/{key}"], read by Agent
        => edit::get(Given<Keyed>) -> json edit::OneOrMany;

    /// 删除客户；有工单的客户不能删除。
    /// Deletes a customer, or several, unless there are tickets of it.
    Remove = "ibizplm.remove" [DELETE "/customers/{key}"] [DELETE "/products/{pkey}/customers/{key}"], write by Agent
        => edit::remove(Given<Keyed>) -> json ();

    /// 更新客户：没有提到的字段保持不变，null 清空；多个键时给出同样多的对象。
    /// Changes a customer: what is absent stays, null clears; of several keys, each by an object of a list.
    Update = "ibizplm.update" [PUT "/customers/{key}"] [PUT "/products/{pkey}/customers/{key}"], write by Agent
        => edit::update(Given<KeyedCustomers>) -> json edit::OneOrMany;

    /// 设置类别：srfactionparam 里的 categories。
    /// Replaces the categories by those of the last element in `srfactionparam`.
    AddCategories = "ibizplm.add_categories"
        [POST "/customers/{key}/add_categories"] [POST "/products/{pkey}/customers/{key}/add_categories"], write by Agent
        => edit::add_categories(Given<KeyedCustomer>) -> json ();

    /// 检查标识：0 可用，1 已存在。
    /// Answers 0 for an id that is free and 1 for one that is not.
    CheckKey = "ibizplm.checkkey" [POST "/customers/checkkey"] [POST "/products/{pkey}/customers/checkkey"], read by Agent
        => edit::check_key(Given<AnyCustomer>) -> json i64;

    /// 删除关联。
    /// Ends the relation of a customer with `principal_id`, in both directions.
    DelRelation = "ibizplm.del_relation"
        [POST "/customers/{key}/del_relation"] [POST "/products/{pkey}/customers/{key}/del_relation"], write by Agent
        => relations::del_relation(Given<KeyedCustomer>) -> json ();

    /// 获取草稿：默认值，不保存。
    /// Shows what a new customer would begin with; stores nothing.
    GetDraft = "ibizplm.getdraft" [GET "/customers/getdraft"] [GET "/products/{pkey}/customers/getdraft"], read by Agent
        => edit::get_draft(Given<AnyCustomer>) -> json CustomerBody;

    /// 获取关注：与获取客户相同。
    /// Shows a customer and who follows it.
    GetAttention = "ibizplm.get_attention"
        [GET "/customers/{key}/get_attention"] [GET "/products/{pkey}/customers/{key}/get_attention"], read by Agent
        => edit::get(Given<Keyed>) -> json edit::OneOrMany;

    /// 其他对象关联客户，双向。
    /// Relates `principal_id` to each id in `srfactionparam`, in both directions.
    OthersRelationCustomer = "ibizplm.others_relation_customer"
        [POST "/customers/others_relation_customer"] [POST "/products/{pkey}/customers/others_relation_customer"], write by Agent
        => relations::others_relation_customer(Given<AnyCustomer>) -> json CustomerBody;

    /// 客户关联的工单数。
    /// Counts the tickets of a customer.
    ProductCustomerReCounters = "ibizplm.product_customer_re_counters"
        [POST "/customers/{key}/product_customer_re_counters"] [POST "/products/{pkey}/customers/{key}/product_customer_re_counters"], read by Agent
        => relations::counters(Given<KeyedCustomer>) -> json Ticked;

    /// 保存：存在则更新，否则以此标识新建。
    /// Changes the customer of this key or, if there is none, creates it.
    Save = "ibizplm.save" [POST "/customers/{key}/save"] [POST "/products/{pkey}/customers/{key}/save"], write by Agent
        => edit::save(Given<KeyedCustomer>) -> json ();

    /// 评论通知的负责人：这条跟进所属的客户。
    /// Lists the customer that a follow-up, `id`, is about, and who looks after it.
    FetchCommentNotifyAssignee = "ibizplm.fetchcomment_notify_assignee"
        [POST "/customers/fetchcomment_notify_assignee"] [POST "/products/{pkey}/customers/fetchcomment_notify_assignee"], list by Agent
        => fetch::comment_notify_assignee(Given<Filters>) -> listed Fetched<shapes::Assignee>;

    /// 全部客户，包括已删除的。
    /// Lists customers, also those that count as deleted.
    FetchDefault = "ibizplm.fetchdefault"
        [POST "/customers/fetchdefault"] [POST "/products/{pkey}/customers/fetchdefault"], list by Agent
        => fetch::default(Given<Filters>) -> listed Fetched<CustomerBody>;

    /// 没有关联到某需求（principal_id）的客户。
    /// Lists customers that are not related to the idea `principal_id`.
    FetchIdeaNotreCustomer = "ibizplm.fetchidea_notre_customer"
        [POST "/customers/fetchidea_notre_customer"] [POST "/products/{pkey}/customers/fetchidea_notre_customer"], list by Agent
        => fetch::idea_notre_customer(Given<Filters>) -> listed Fetched<CustomerBody>;

    /// 关联到某需求（principal_id）的客户。
    /// Lists customers that are related to the idea `principal_id`.
    FetchIdeaRelationCustomer = "ibizplm.fetchidea_relation_customer"
        [POST "/customers/fetchidea_relation_customer"] [POST "/products/{pkey}/customers/fetchidea_relation_customer"], list by Agent
        => fetch::idea_relation_customer(Given<Filters>) -> listed Fetched<CustomerBody>;

    /// 正常状态的客户，最近更新的在前。
    /// Lists customers that do not count as deleted, the latest changed first.
    FetchNormal = "ibizplm.fetchnormal"
        [POST "/customers/fetchnormal"] [POST "/products/{pkey}/customers/fetchnormal"], list by Agent
        => fetch::normal(Given<Filters>) -> listed Fetched<CustomerBody>;

    /// 下载导入模板。
    /// Sends the workbook that an import takes.
    ImportTemplate = "ibizplm.importtemplate"
        [GET "/customers/importtemplate"] [GET "/products/{pkey}/customers/importtemplate"], read by Agent
        => export::import_template(Given<Tagged>) -> file;

    /// 数据导出：集合的全部客户，或其中一个。
    /// Sends a list as a workbook: all that it finds, or one customer.
    ExportData = "ibizplm.exportdata"
        [POST "/customers/exportdata/{param}"] [POST "/customers/exportdata/{param}/{key}"]
        [POST "/products/{pkey}/customers/exportdata/{param}"] [POST "/products/{pkey}/customers/exportdata/{param}/{key}"], list by Agent
        => export::export(Given<Exported>) -> file;

    /// 数据导入：逐行新建客户，返回未导入的行及原因；有无法识别的数据时一行也不导入。
    /// Creates a customer of each row and tells which rows could not be imported; none, when something in them cannot be
    /// understood.
    ImportData = "ibizplm.importdata" [POST "/customers/importdata"] [POST "/products/{pkey}/customers/importdata"], import by Agent
        => import::import(Given<ImportFile>) -> listed import::Mistakes;

    /// 数据导入，返回未导入的行（含错误信息列）。
    /// Imports and sends a workbook of the rows that could not be imported, with the reasons.
    ImportData2 = "ibizplm.importdata2" [POST "/customers/importdata2"] [POST "/products/{pkey}/customers/importdata2"], import by Agent
        => import::import_with_book(Given<ImportFile>) -> file;

    /// 自定义表头导入（异步）：立即返回作业。
    /// Begins an import, with titles of one's own if they are defined, and answers with its job.
    AsyncImportData2 = "ibizplm.asyncimportdata2"
        [GET "/customers/asyncimportdata2"] [GET "/products/{pkey}/customers/asyncimportdata2"], write by Agent
        => import::import_in_background(Given<ImportFile>) -> json AsyncAction;

    /// 打印客户：PDF、HTML 或工作簿，每个客户一页。
    /// Prints customers, a page each: PDF, HTML or a workbook.
    PrintData = "ibizplm.printdata" [GET "/customers/printdata/{key}"] [GET "/products/{pkey}/customers/printdata/{key}"], read by Agent
        => print::print(Given<Printed>) -> file;

    /// 报表：按等级和行业统计客户和工单。
    /// Prints how many customers and tickets there are, by grade and industry.
    Report = "ibizplm.report" [POST "/customers/report"] [POST "/products/{pkey}/customers/report"], list by Agent
        => print::report(Given<Reported>) -> file;

    /// 作业的进度和结果。
    /// Shows how far a job is, and what it has come to.
    AsyncActions = "ibizplm.asyncactions" [GET "/asyncactions/{asyncactionid}"], read by Agent
        => import::async_action(Given<AsyncKey>) -> json AsyncAction;

    /// 上传文件，保留一小时；通过 WebSocket 时返回已上传文件的信息。
    /// Takes a file, which is kept for an hour; over the socket, shows one that was uploaded.
    Files = "ibizplm.files" [POST "/files"], upload by Agent
        => import::put_file(Given<FileKey>) -> json Uploaded;

    /// 下载自己上传的文件，或导入产生的错误文件。
    /// Sends a file that one has uploaded, or that an import has left.
    OssFiles = "ibizplm.ossfiles" [GET "/ossfiles/{srfossfileid}"], read by Agent
        => import::get_file(Given<FileKey>) -> file;

    /// 定义自己的表头：哪一列是哪个字段。
    /// Says which column of one's own workbooks is which field.
    ImportSchemas = "ibizplm.importschemas" [POST "/importschemas"], write by Agent
        => import::put_schema(Given<ImportSchema>) -> json SchemaShown;
}

/// Appends a reply; what answers nothing has an empty body over HTTP.
fn answer<P: Serialize>(out: &mut Vec<u8>, door: Door<'_>, payload: &P) -> Result<usize, Error> {
    let start = answer_in_result(out, door, payload)?;
    if matches!(door, Door::Http) && out.get(start..) == Some(b"null") {
        out.truncate(start);
    }
    Ok(start)
}
