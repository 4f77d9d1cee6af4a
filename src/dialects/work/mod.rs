//! Our own actions: the agent's work on customers.

mod follow_up;

pub use super::cti::http;
pub use super::desk::READING;
use crate::protocol::envelope::success as answer;

operations! { Work:
    /// 写一条跟进，可同时修改客户状态。
    /// Writes a follow-up of a customer down, and changes its deal flag if it is to have another.
    CreateFollowUp = "create_follow_up", write by Agent
        => follow_up::create_follow_up(follow_up::CreateFollowUp<'_>) -> json follow_up::FollowUpCreated;
}
