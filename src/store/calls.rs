//! Calls, and what agents do.

use super::rows::{AgentStateRow, BlockedRow, CallCountRow, CallRow, DialRow, StateSpanRow};

queries! {
    read fn call(call_id: &str) -> Option<CallRow> {
        "select call_id, started_at, customer_id, missed, handler_key, body from call where company_id = $1 and call_id = $2"
    }
    write fn put_call(call_id: &str, started_at: i64, ended_at: Option<i64>, customer_id: Option<i64>, missed: i64, handler_key: Option<&str>, body: &str) -> u64 {
        "insert into call (company_id, call_id, started_at, ended_at, customer_id, missed, handler_key, body) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (company_id, call_id) do update set started_at = excluded.started_at, ended_at = excluded.ended_at,
           customer_id = excluded.customer_id, missed = excluded.missed, handler_key = excluded.handler_key, body = excluded.body"
    }
    write fn put_call_agent(login_key: &str, call_id: &str, started_at: i64, is_open: i64) -> u64 {
        "insert into call_agent (company_id, login_key, call_id, started_at, is_open) values ($1, $2, $3, $4, $5)
         on conflict (company_id, call_id, login_key) do update set started_at = excluded.started_at, is_open = excluded.is_open"
    }
    /// The calls that this agent is on, the newest first.
    read fn open_calls_of(login_key: &str, limit: i64) -> Vec<CallRow> {
        "select c.call_id, c.started_at, c.customer_id, c.missed, c.handler_key, c.body from call_agent a
         cross join call c
         where c.company_id = a.company_id and c.call_id = a.call_id and a.company_id = $1 and a.login_key = $2 and a.is_open = 1 order by a.started_at desc limit $3 + 0"
    }
    /// Calls that are open and began before this time, the oldest first.
    read fn calls_open_since(before: i64, limit: i64) -> Vec<CallRow> {
        "select call_id, started_at, customer_id, missed, handler_key, body from call
         where company_id = $1 and ended_at is null and started_at < $2 order by started_at limit $3 + 0"
    }
    /// The calls before this place, the newest first.
    read fn calls(before: i64, before_id: &str, limit: i64) -> Vec<CallRow> {
        "select call_id, started_at, customer_id, missed, handler_key, body from call
         where company_id = $1 and (started_at, call_id) < ($2, $3) order by started_at desc, call_id desc limit $4 + 0"
    }
    /// The same of one customer.
    read fn calls_of_customer(customer_id: i64, before: i64, before_id: &str, limit: i64) -> Vec<CallRow> {
        "select call_id, started_at, customer_id, missed, handler_key, body from call
         where company_id = $1 and customer_id = $2 and (started_at, call_id) < ($3, $4) order by started_at desc, call_id desc limit $5 + 0"
    }
    /// The same of one agent.
    read fn calls_of_agent(login_key: &str, before: i64, before_id: &str, limit: i64) -> Vec<CallRow> {
        "select c.call_id, c.started_at, c.customer_id, c.missed, c.handler_key, c.body from call_agent a
         cross join call c
         where c.company_id = a.company_id and c.call_id = a.call_id and a.company_id = $1 and a.login_key = $2 and (a.started_at, a.call_id) < ($3, $4)
         order by a.started_at desc, a.call_id desc limit $5 + 0"
    }
    /// Missed calls that nobody has called back.
    read fn missed_calls(before: i64, before_id: &str, limit: i64) -> Vec<CallRow> {
        "select call_id, started_at, customer_id, missed, handler_key, body from call
         where company_id = $1 and missed = 1 and (started_at, call_id) < ($2, $3) order by started_at desc, call_id desc limit $4 + 0"
    }
    /// Says of the missed calls of this customer that somebody has called back.
    write fn set_called_back(customer_id: i64) -> u64 {
        "update call set missed = 2 where company_id = $1 and customer_id = $2 and missed = 1"
    }
    write fn put_call_log(id: i64, outcome: &str, seconds: i64) -> u64 {
        "update call_log set outcome = $3, seconds = $4 where company_id = $1 and id = $2"
    }

    // ---- agents

    read fn agent_state(login_key: &str) -> Option<AgentStateRow> {
        "select login_key, state, reason, since, call_id, previous, ends_at, lost_at from agent_state where company_id = $1 and login_key = $2"
    }
    read fn agent_states() -> Vec<AgentStateRow> {
        "select login_key, state, reason, since, call_id, previous, ends_at, lost_at from agent_state where company_id = $1 order by login_key"
    }
    /// The agents whose state ends by itself before this time, and those who have been lost since before that one.
    read fn agent_states_due(ends_at: i64, lost_at: i64, limit: i64) -> Vec<AgentStateRow> {
        "select login_key, state, reason, since, call_id, previous, ends_at, lost_at from agent_state where company_id = $1 and ends_at <= $2
         union all
         select login_key, state, reason, since, call_id, previous, ends_at, lost_at from agent_state where company_id = $1 and lost_at <= $3
         limit $4 + 0"
    }
    write fn put_agent_state(login_key: &str, state: &str, reason: Option<&str>, since: i64, call_id: Option<&str>, previous: &str, ends_at: Option<i64>) -> u64 {
        "insert into agent_state (company_id, login_key, state, reason, since, call_id, previous, ends_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (company_id, login_key) do update set state = excluded.state, reason = excluded.reason, since = excluded.since,
           call_id = excluded.call_id, previous = excluded.previous, ends_at = excluded.ends_at,
           lost_at = case excluded.state when 'offline' then null else agent_state.lost_at end"
    }
    /// Says since when an agent has no socket; null when he has one.
    write fn set_agent_lost(login_key: &str, lost_at: Option<i64>) -> u64 {
        "update agent_state set lost_at = $3 where company_id = $1 and login_key = $2 and state <> 'offline'"
    }
    /// Says of all who are signed in for calls that they have no socket: none is left of an earlier start.
    write fn set_all_agents_lost(lost_at: i64) -> u64 {
        "update agent_state set lost_at = $2 where company_id = $1 and state <> 'offline' and lost_at is null"
    }
    /// The agents who have no socket.
    read fn lost_agents() -> Vec<AgentStateRow> {
        "select login_key, state, reason, since, call_id, previous, ends_at, lost_at from agent_state where company_id = $1 and lost_at is not null"
    }
    write fn log_agent_state(login_key: &str, at: i64, state: &str, reason: Option<&str>) -> u64 {
        "insert into agent_state_log (company_id, login_key, at, state, reason) values ($1, $2, $3, $4, $5) on conflict do nothing"
    }
    /// What an agent did, the newest first.
    read fn agent_state_log(login_key: &str, before: i64, limit: i64) -> Vec<StateSpanRow> {
        "select at, state, reason from agent_state_log where company_id = $1 and login_key = $2 and at < $3 order by at desc limit $4 + 0"
    }

    // ---- what calls come to

    write fn count_calls(quarter: i64, login_key: &str, offered: i64, answered: i64, missed: i64, outgoing: i64, connected: i64, talk_seconds: i64, wrap_ups: i64, wrap_seconds: i64) -> u64 {
        "insert into call_count (company_id, quarter, login_key, offered, answered, missed, outgoing, connected, talk_seconds, wrap_ups, wrap_seconds)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (company_id, quarter, login_key) do update set offered = call_count.offered + excluded.offered,
           answered = call_count.answered + excluded.answered, missed = call_count.missed + excluded.missed,
           outgoing = call_count.outgoing + excluded.outgoing, connected = call_count.connected + excluded.connected,
           talk_seconds = call_count.talk_seconds + excluded.talk_seconds, wrap_ups = call_count.wrap_ups + excluded.wrap_ups,
           wrap_seconds = call_count.wrap_seconds + excluded.wrap_seconds"
    }
    /// The counts behind these of a quarter and an agent, before another quarter.
    read fn call_counts(quarter: i64, login_key: &str, before: i64, limit: i64) -> Vec<CallCountRow> {
        "select quarter, login_key, offered, answered, missed, outgoing, connected, talk_seconds, wrap_ups, wrap_seconds from call_count
         where company_id = $1 and (quarter, login_key) > ($2, $3) and quarter < $4 order by quarter, login_key limit $5 + 0"
    }

    // ---- dialling

    read fn blocked_number(key: &str) -> Option<BlockedRow> {
        "select key, typed, reason, at, author_no from blocked_number where company_id = $1 and key = $2"
    }
    /// The blocked numbers behind this one.
    read fn blocked_numbers(after: &str, limit: i64) -> Vec<BlockedRow> {
        "select key, typed, reason, at, author_no from blocked_number where company_id = $1 and key > $2 order by key limit $3 + 0"
    }
    write fn put_blocked_number(key: &str, typed: &str, reason: Option<&str>, at: i64, author_no: &str) -> u64 {
        "insert into blocked_number (company_id, key, typed, reason, at, author_no) values ($1, $2, $3, $4, $5, $6)
         on conflict (company_id, key) do update set typed = excluded.typed, reason = excluded.reason, at = excluded.at, author_no = excluded.author_no"
    }
    write fn delete_blocked_number(key: &str) -> u64 {
        "delete from blocked_number where company_id = $1 and key = $2"
    }
    write fn insert_dial_request(digest: &str, expires_at: i64, login_no: &str, customer_id: Option<i64>, number: &str) -> u64 {
        "insert into dial_request (company_id, digest, expires_at, login_no, customer_id, number) values ($1, $2, $3, $4, $5, $6)"
    }
    read fn dial_request(digest: &str) -> Option<DialRow> {
        "select expires_at, login_no, customer_id, number, used_at from dial_request where company_id = $1 and digest = $2"
    }
    write fn use_dial_request(digest: &str, used_at: i64) -> u64 {
        "update dial_request set used_at = $3 where company_id = $1 and digest = $2 and used_at is null"
    }
    write fn forget_dial_requests(before: i64) -> u64 {
        "delete from dial_request where company_id = $1 and expires_at < $2"
    }

    // ---- forgetting

    /// Removes calls that began before this time, at most so many.
    write fn forget_calls(before: i64, limit: i64) -> u64 {
        "delete from call where company_id = $1 and call_id in
           (select call_id from call where company_id = $1 and started_at < $2 order by started_at limit $3 + 0)"
    }
    write fn forget_agent_states(before: i64) -> u64 {
        "delete from agent_state_log where company_id = $1 and at < $2"
    }
    write fn forget_call_counts(before: i64) -> u64 {
        "delete from call_count where company_id = $1 and quarter < $2"
    }
}
