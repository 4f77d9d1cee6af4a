//! The `action:` protocol of the call centre: seven documented operations and the export.
//!
//! Source: the CTI action protocol document; `docs/dialects/cti.md` has the decisions where it is silent
//! or contradicts itself.

pub mod condition;
mod customer;
mod edit;
pub mod export;
mod feeds;
mod find;
pub mod http;
mod input;

use crate::dialects::members::{Answers, Names, Reading, Unknown};
use crate::protocol::envelope::success as answer;

pub use customer::{CustomerBody, CustomerReplies, CustomerReply};
pub use edit::{done, expected};
pub use feeds::{FeedItem, item};
pub use find::{Meta, identifier, in_memory, page_number, page_size, query_text, sorted};
pub use input::customer_company;

/// Clients send all sorts of things that nobody reads.
pub const READING: Reading = Reading { unknown: Unknown::Ignored, names: Names::Folded, answers: Answers::Envelope };

operations! { Cti:
    /// 获取客户列表筛选条件参数。
    /// Lists the values that a customer list can be filtered by.
    FilterCustomers = "filter_customers", read by Agent
        => find::filter_customers(find::FilterCustomers<'_>) -> json find::FilterOptions;

    /// 获取客户列表，每页 20 条，最多 10000 条；可按条件筛选、排序，用游标翻页。
    /// Lists customers by filter and words, 20 a page, up to 10,000; by conditions, in an order, and on from a cursor.
    ListCustomers = "list_customers" [GET "/open_api/customers"], list by Agent
        => find::list_customers(find::ListCustomers<'_>) -> json find::CustomerList;

    /// 按客户id、姓名、电话或公司名称获取客户。
    /// Finds customers by id, name, phone or company.
    GetCustomer = "get_customer" [GET "/open_api/customers/get_customer"], read by Agent
        => find::get_customer(find::GetCustomer<'_>) -> json find::CustomersFound;

    /// 创建客户。
    /// Creates a customer.
    CreateCustomer = "create_customer" [POST "/open_api/customers"], write by Agent
        => edit::create_customer(edit::CreateCustomer<'_>) -> json edit::CustomerStored;

    /// 更新客户：没有提到的字段保持不变，null 清空。
    /// Changes a customer: what is absent stays, null clears.
    UpdateCustomer = "update_customer" [PUT "/open_api/customers/update_customer"], write by Agent
        => edit::update_customer(edit::UpdateCustomer<'_>) -> json edit::CustomerStored;

    /// 删除客户：进入回收站，可以恢复。
    /// Deletes a customer: it goes into the recycle bin, from which it can be restored.
    DestroyCustomer = "destroy_customer" [DELETE "/open_api/customers/destroy_customer"], write by Agent
        => edit::destroy_customer(edit::DestroyCustomer<'_>) -> json edit::CustomerDestroyed;

    /// 获取客户历史记录：工单、跟进、通话、短信、变更。
    /// Lists a customer's history: tickets, follow-ups, calls, text messages, changes.
    Feeds = "feeds" [GET "/open_api/customers/feeds"], list by Agent
        => feeds::feeds(feeds::Feeds<'_>) -> json feeds::FeedList;

    /// 导出客户，不受 10000 条限制；xlsx、csv 或 jsonl。
    /// Exports customers as xlsx, csv or jsonl, without the list's ceiling.
    ExportCustomers = "export_customers" [GET "/open_api/customers/export"], list by Agent
        => export::export_customers(export::ExportCustomers<'_>) -> file;
}
