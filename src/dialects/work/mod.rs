//! Our own actions: the agent's work on customers.

mod assign;
mod follow_up;
mod logs;
mod members;
mod merging;
mod password;
mod pool;
mod reminders;
mod tickets;
mod views;
mod watching;

pub use super::cti::http;
pub use super::desk::READING;
use crate::error::Error;
use crate::protocol::envelope::success as answer;
use crate::protocol::lenient::Scalar;

operations! { Work:
    /// 写一条跟进，可同时修改客户状态、约定下次联系时间（到时提醒）。
    /// Writes a follow-up of a customer down, changes its deal flag if it is to have another, and reminds you of when to go on.
    AddFollowUp = "add_follow_up", write by Agent
        => follow_up::add_follow_up(follow_up::AddFollowUp<'_>) -> json follow_up::FollowUpCreated;

    /// 写一条跟进：与 add_follow_up 相同，客户按 type 和 content 指定。
    /// The same as `add_follow_up`, with the customer named by `type` and `content`.
    CreateFollowUp = "create_follow_up", write by Agent
        => follow_up::create_follow_up(follow_up::CreateFollowUp<'_>) -> json follow_up::FollowUpCreated;

    /// 到时提醒自己，可以关于某个客户。
    /// Reminds you at a time, of a customer or of something else.
    PutReminder = "put_reminder", write by Agent
        => reminders::put_reminder(reminders::PutReminder<'_>) -> json reminders::ReminderShown;

    /// 提醒列表，先到期的在前：自己的；主管可看可见范围内各工号的。
    /// Lists reminders, the first due first: your own, or, for supervisors, those of the operators in reach.
    ListReminders = "list_reminders", list by Agent
        => reminders::list_reminders(reminders::ListReminders<'_>) -> json reminders::ReminderList;

    /// 完成一条提醒。
    /// Says that what a reminder is of is done.
    CompleteReminder = "complete_reminder", write by Agent
        => reminders::complete_reminder(reminders::CompleteReminder<'_>) -> json reminders::ReminderShown;

    /// 登记一次已结束的通话，供不推送来电事件的软电话使用。
    /// Writes a call that is over into its customer's history, for softphones that tell nothing while it lasts.
    LogCall = "log_call", write by Agent => logs::log_call(logs::LogCall<'_>) -> json logs::FeedAdded;

    /// 登记一条短信。
    /// Writes a text message into its customer's history.
    LogTextMessage = "log_text_message", write by Agent
        => logs::log_text_message(logs::LogTextMessage<'_>) -> json logs::FeedAdded;

    /// 新建工单，指定处理人、紧急程度和期限。
    /// Opens a ticket of a customer for an operator.
    CreateTicket = "create_ticket", write by Agent => tickets::create_ticket(tickets::CreateTicket<'_>) -> json tickets::TicketShown;

    /// 修改工单的状态、处理人、紧急程度、期限、内容，或添加备注。
    /// Changes a ticket's state, who is to do it, how urgent it is, until when, or what is to be done; or says something to it.
    UpdateTicket = "update_ticket", write by Agent => tickets::update_ticket(tickets::UpdateTicket<'_>) -> json tickets::TicketShown;

    /// 一张工单和它的变更记录。
    /// Shows a ticket, and what became of it.
    GetTicket = "get_ticket", read by Agent => tickets::get_ticket(tickets::GetTicket<'_>) -> json tickets::TicketWithHistory;

    /// 工单列表，最新的在前，可按客户、状态、处理人筛选。
    /// Lists tickets, the last first: of a customer, in a state, of whoever is to do them.
    ListTickets = "list_tickets", list by Agent => tickets::list_tickets(tickets::ListTickets<'_>) -> json tickets::TicketList;

    /// 关注一个客户：其变化推送到主题 customers/watched。
    /// Follows a customer: what happens to it is pushed on the topic customers/watched.
    Watch = "watch", write by Agent => watching::watch(watching::Watch<'_>) -> json watching::Done;

    /// 取消关注。
    /// Follows a customer no more.
    Unwatch = "unwatch", write by Agent => watching::unwatch(watching::Watch<'_>) -> json watching::Done;

    /// 自己关注的客户，最近关注的在前，每页 20 个。
    /// Lists the customers that you follow, the last first, 20 a page.
    ListWatched = "list_watched", list by Agent => watching::list_watched(watching::ListWatched<'_>) -> json watching::WatchedList;

    /// 表示自己正打开着这个客户（一分钟内有效，需重复），返回此刻所有打开者。
    /// Says that you have a customer open, for a minute unless you say so again, and who else has.
    Viewing = "viewing", write by Agent => watching::viewing(watching::View<'_>) -> json watching::Viewers;

    /// 修改自己的密码；本人的所有连接（包括当前连接）在一秒内关闭，需用新密码重新登录。
    /// Changes your own password; all of your sockets, this one too, are closed within a second: sign in again with the new one.
    ChangePassword = "change_password", write by Agent
        => password::change_password(password::ChangePassword) -> json password::PasswordChanged;

    /// 批量分配客户：按编号、按条件，或某个工号（离职）的全部客户；逐个返回结果。
    /// Assigns many customers to an owner or a group: those of a list, of a condition, or all of somebody who leaves.
    AssignCustomers = "assign_customers", write by Supervisor
        => assign::assign_customers(assign::AssignCustomers<'_>) -> json assign::Done;

    /// 释放客户到公海：坐席释放自己的，主管释放可见的。
    /// Gives customers back to the public pool: an agent his own, a supervisor those that he sees.
    ReleaseCustomers = "release_customers", write by Agent
        => pool::release_customers(pool::ReleaseCustomers<'_>) -> json assign::Done;

    /// 从公海领取一个客户。
    /// Makes a customer of the public pool the caller's own.
    ClaimCustomer = "claim_customer", write by Agent
        => pool::claim_customer(pool::ClaimCustomer<'_>) -> json pool::Claimed;

    /// 查重：同一号码（含联系人），或姓名和公司都相同。
    /// Lists customers with one number, contacts included, or with one name and company.
    FindDuplicates = "find_duplicates", list by Supervisor
        => merging::find_duplicates(merging::FindDuplicates<'_>) -> json merging::Duplicates;

    /// 合并客户：历史、号码、标签等并入 into，30 天内可撤销。
    /// Merges customers into one, with all that is known of them; for as long as the recycle bin keeps them, it can be undone.
    MergeCustomers = "merge_customers", write by Supervisor
        => merging::merge_customers(merging::MergeCustomers<'_>) -> json merging::Merged;

    /// 撤销合并：被合并的客户和它的资料回到原样。
    /// Takes a customer out of the one into which it was merged; both are as they were.
    Unmerge = "unmerge", write by Supervisor
        => merging::unmerge(merging::Unmerge<'_>) -> json merging::Unmerged;

    /// 保存视图：一组命名的条件和排序，个人或共享。
    /// Saves conditions and an order under a name, for oneself or for everybody.
    SaveView = "save_view", write by Agent => views::save_view(views::SaveView<'_>) -> json views::ViewSaved;

    /// 自己的和共享的视图。
    /// Lists one's own views and the shared ones.
    ListViews = "list_views", read by Agent => views::list_views(views::ListViews) -> json views::Views;

    /// 删除视图。
    /// Deletes a view.
    DeleteView = "delete_view", write by Agent => views::delete_view(views::DeleteView<'_>) -> json views::ViewDeleted;
}

/// The ids of customers in a list, each once.
fn customer_ids(name: &str, given: &[Scalar<'_>], most: usize) -> Result<Vec<i64>, Error> {
    if given.is_empty() || given.len() > most {
        return Err(Error::parameter(format!("{name}: 应为 1 到 {most} 个客户 / expected 1 to {most} customers")));
    }
    let mut ids = Vec::with_capacity(given.len());
    for id in given {
        ids.push(id.integer().ok_or_else(|| Error::expected(name, "整数的数组", "a list of integers"))?);
    }
    let mut seen = std::collections::HashSet::with_capacity(ids.len());
    ids.retain(|id| seen.insert(*id));
    Ok(ids)
}

/// The id of a customer.
fn customer_id(name: &str, given: Option<&Scalar<'_>>) -> Result<i64, Error> {
    let given = given.filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| Error::parameter(format!("{name}: 缺少 / is missing")))?;
    given.integer().ok_or_else(|| Error::expected(name, "整数", "an integer"))
}
