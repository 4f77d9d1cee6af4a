//! Our own actions: the agent's work on customers.

mod assign;
mod follow_up;
mod merging;
mod pool;
mod views;

pub use super::cti::http;
pub use super::desk::READING;
use crate::error::Error;
use crate::protocol::envelope::success as answer;
use crate::protocol::lenient::Scalar;

operations! { Work:
    /// 写一条跟进，可同时修改客户状态。
    /// Writes a follow-up of a customer down, and changes its deal flag if it is to have another.
    CreateFollowUp = "create_follow_up", write by Agent
        => follow_up::create_follow_up(follow_up::CreateFollowUp<'_>) -> json follow_up::FollowUpCreated;

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
