//! Our own actions: calls, and what agents do. A telephone system or a softphone reports what happens at a telephone.

mod agents;
mod dialing;
mod input;
mod list;
mod pop;
mod reports;
mod statistics;

pub use super::cti::http;
pub use super::desk::READING;
pub use pop::open_pops;

use crate::protocol::envelope::success as answer;

operations! { Calls:
    /// 来电或去电振铃：查出是谁，弹给该坐席，并记录通话。
    /// Tells that it rings: whoever calls is looked up and shown to the agent at once.
    CallRinging = "call_ringing", write by Agent => reports::call_ringing(reports::CallRinging<'_>) -> json reports::CallTaken;

    /// 接听。
    /// Tells that it was answered.
    CallAnswered = "call_answered", write by Agent => reports::call_answered(reports::CallMoved<'_>) -> json reports::CallTaken;

    /// 保持。
    /// Tells that the call is on hold.
    CallHeld = "call_held", write by Agent => reports::call_held(reports::CallMoved<'_>) -> json reports::CallTaken;

    /// 取回。
    /// Tells that the agent talks again.
    CallResumed = "call_resumed", write by Agent => reports::call_resumed(reports::CallMoved<'_>) -> json reports::CallTaken;

    /// 转接：blind 为直接转接，consult 为咨询后转接。
    /// Tells that the agent has given the call to another.
    CallTransferred = "call_transferred", write by Agent
        => reports::call_transferred(reports::CallTransferred<'_>) -> json reports::CallTaken;

    /// 挂断：坐席的一段结束；没有人在通话中时通话结束，写入通话记录。
    /// Tells that the agent's part has ended; the call has when nobody is on it any more.
    CallEnded = "call_ended", write by Agent => reports::call_ended(reports::CallEnded<'_>) -> json reports::CallTaken;

    /// 电话系统的回调：以上任何一种，`event` 说明是哪一种。
    /// Takes any of these reports from a telephone system: `event` says which.
    ReportCall = "report_call" [POST "/open_api/calls"], write by Agent
        => reports::report_call(reports::ReportCall<'_>) -> json reports::CallTaken;

    /// 填写通话结果：写入通话记录；有备注或客户状态时同时写一条跟进。
    /// Writes down what came of a call; with a note or a deal flag, as a follow-up, too.
    CompleteCall = "complete_call" [POST "/open_api/calls/complete_call"], write by Agent
        => list::complete_call(list::CompleteCall<'_>) -> json list::CallShown;

    /// 一个通话。
    /// Shows one call.
    GetCall = "get_call" [GET "/open_api/calls/get_call"], read by Agent => list::get_call(list::GetCall<'_>) -> json list::CallShown;

    /// 通话列表，最近的在前；`missed` 为未接且还没有人回拨的。
    /// Lists calls, the newest first; of an agent, of a customer, or those that somebody is to call back.
    ListCalls = "list_calls" [GET "/open_api/calls"], list by Agent => list::list_calls(list::ListCalls<'_>) -> json list::CallList;

    /// 外呼：请求发给坐席的软电话，页面不会得到号码。
    /// Asks the agent's telephone to call; the page is not told the number.
    Dial = "dial", write by Agent => dialing::dial(dialing::Dial<'_>) -> json dialing::Dialing;

    /// 电话系统凭一次性令牌换取要拨打的号码（仅应用）。
    /// Tells the telephone system whom a token stands for, once; for apps only.
    RedeemDial = "redeem_dial" [POST "/open_api/calls/redeem_dial"], write by Supervisor
        => dialing::redeem_dial(dialing::RedeemDial<'_>) -> json dialing::DialRedeemed;

    /// 加入禁呼名单。
    /// Puts a number on the list of those that are not to be called.
    PutBlockedNumber = "put_blocked_number" [POST "/open_api/calls/put_blocked_number"], write by Supervisor
        => dialing::put_blocked_number(dialing::PutBlockedNumber<'_>) -> json dialing::NumberBlocked;

    /// 移出禁呼名单。
    /// Takes a number off that list.
    RemoveBlockedNumber = "remove_blocked_number" [POST "/open_api/calls/remove_blocked_number"], write by Supervisor
        => dialing::remove_blocked_number(dialing::RemoveBlockedNumber<'_>) -> json dialing::NumberBlocked;

    /// 禁呼名单。
    /// Lists the numbers that are not to be called.
    ListBlockedNumbers = "list_blocked_numbers" [GET "/open_api/calls/list_blocked_numbers"], list by Supervisor
        => dialing::list_blocked_numbers(dialing::ListBlockedNumbers<'_>) -> json dialing::BlockedNumbers;

    /// 签入、签出、示闲、示忙、小休；不给 state 时只查询。
    /// Sets what an agent does (offline, free, busy, rest), or shows it.
    AgentState = "agent_state", write by Agent => agents::agent_state(agents::SetAgentState<'_>) -> json agents::AgentShown;

    /// 坐席列表：状态、起始时间、通话、是否掉线。
    /// Lists the agents of whoever leads them, with what each does.
    ListAgents = "list_agents" [GET "/open_api/calls/list_agents"], list by Supervisor
        => agents::list_agents(agents::ListAgents<'_>) -> json agents::AgentList;

    /// 坐席的状态记录，最近的在前。
    /// Lists what an agent did, the newest first.
    AgentHistory = "agent_history" [GET "/open_api/calls/agent_history"], list by Supervisor
        => agents::agent_history(agents::AgentHistory<'_>) -> json agents::AgentStates;

    /// 报表：一段时间内的通话，按坐席、部门、日、小时。
    /// Adds up calls of a time by agent, group, day or hour.
    Reports = "reports" [GET "/open_api/reports"], read by Supervisor
        => statistics::reports(statistics::Reports<'_>) -> json statistics::Report;
}
