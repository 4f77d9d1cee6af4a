//! What happened to a customer: up to three items of each feed.

use super::calendar;
use super::companies::{Member, Plan};
use super::dice::Dice;
use super::words::{MESSAGES, NOTES, OPEN, TICKETS};
use crate::error::Error;
use crate::store::Tx;

/// How many items of a feed a customer has.
const ITEMS: &[i64] = &[0, 0, 1, 1, 2, 3];

/// The outcome of a call in which people talked.
const ANSWERED: &str = "已接通";

/// The follow-ups, tickets, calls and messages of a customer, each in the order of time.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    pub follow_ups: Vec<FollowUp>,
    pub tickets: Vec<Ticket>,
    pub calls: Vec<Call>,
    pub messages: Vec<Message>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct FollowUp {
    pub at: i64,
    pub author: &'static Member,
    pub content: &'static str,
    /// A value of the company's list.
    pub flag: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Ticket {
    pub at: i64,
    pub title: &'static str,
    pub content: &'static str,
    pub handler_no: &'static str,
    pub status: &'static str,
    pub urgency: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    pub at: i64,
    pub kind: &'static str,
    pub outcome: &'static str,
    pub seconds: i64,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    pub at: i64,
    pub phone: String,
    pub content: &'static str,
    pub direction: &'static str,
    pub status: &'static str,
}

/// Whose history is invented, and who writes it.
pub struct Subject {
    pub plan: &'static Plan,
    pub agent: &'static Member,
    pub phone: String,
    /// Nothing happened before.
    pub since: i64,
}

impl History {
    pub fn invent(dice: &mut Dice, subject: &Subject) -> Self {
        let follow_ups = follow_ups(dice, subject);
        let tickets = moments(dice, subject).into_iter().map(|at| ticket(dice, at, subject)).collect();
        let calls = moments(dice, subject).into_iter().map(|at| call(dice, at)).collect();
        let messages = moments(dice, subject).into_iter().map(|at| message(dice, at, subject)).collect();
        Self { follow_ups, tickets, calls, messages }
    }

    #[must_use]
    pub fn follow_count(&self) -> i64 {
        count(self.follow_ups.len())
    }

    #[must_use]
    pub fn last_follow_up(&self) -> Option<i64> {
        self.follow_ups.last().map(|follow_up| follow_up.at)
    }

    /// The state in which the last follow-up left the customer.
    #[must_use]
    pub fn last_flag(&self) -> Option<&'static str> {
        self.follow_ups.last().map(|follow_up| follow_up.flag)
    }

    #[must_use]
    pub fn last_answered_call(&self) -> Option<i64> {
        self.calls.iter().rev().find(|call| call.outcome == ANSWERED).map(|call| call.at)
    }

    /// Stores everything as the history of this customer.
    pub async fn write(&self, tx: &mut Tx, customer: i64) -> Result<(), Error> {
        let items = count(self.follow_ups.len() + self.tickets.len() + self.calls.len() + self.messages.len());
        if items == 0 {
            return Ok(());
        }
        let counter = tx.count(0, 0, 0, 0, 0, items, 0).await?.ok_or(Error::NotFound)?;
        let mut ids = counter.last_feed - items + 1..;
        for (item, id) in self.follow_ups.iter().zip(&mut ids) {
            let FollowUp { at, author, content, flag } = item;
            tx.insert_follow_up(id, customer, *at, author.login_no, author.name, content, Some(flag)).await?;
        }
        for (item, id) in self.tickets.iter().zip(&mut ids) {
            let Ticket { at, title, content, handler_no, status, urgency } = item;
            tx.insert_ticket(id, customer, *at, title, content, handler_no, status, urgency).await?;
        }
        for (item, id) in self.calls.iter().zip(&mut ids) {
            tx.insert_call(id, customer, item.at, item.kind, item.outcome, item.seconds).await?;
        }
        for (item, id) in self.messages.iter().zip(&mut ids) {
            let Message { at, phone, content, direction, status } = item;
            tx.insert_text_message(id, customer, *at, phone, content, direction, status).await?;
        }
        Ok(())
    }
}

/// When the items of one feed happened, in order.
fn moments(dice: &mut Dice, subject: &Subject) -> Vec<i64> {
    let mut at = subject.since;
    let items = dice.pick(ITEMS);
    (0..items)
        .map(|_| {
            at = calendar::later(dice, at);
            at
        })
        .collect()
}

/// Follow-ups of which all but the last leave the customer in a state from which it goes on.
fn follow_ups(dice: &mut Dice, subject: &Subject) -> Vec<FollowUp> {
    let touched = subject.plan.flags.get(1..).unwrap_or_default();
    let open: Vec<_> = touched.iter().copied().filter(|(_, name)| OPEN.contains(name)).collect();
    let moments = moments(dice, subject);
    let last = moments.len().saturating_sub(1);
    moments
        .into_iter()
        .enumerate()
        .map(|(index, at)| {
            let (flag, name) = dice.pick(if index == last { touched } else { &open });
            let notes = NOTES.iter().find(|(flag, _)| *flag == name).map_or(&[][..], |(_, notes)| *notes);
            FollowUp { at, author: subject.agent, content: dice.pick(notes), flag }
        })
        .collect()
}

fn ticket(dice: &mut Dice, at: i64, subject: &Subject) -> Ticket {
    let (title, content) = dice.pick(TICKETS);
    let status = dice.pick(&["正常工单", "正常工单", "处理中", "已完成", "已完成", "已关闭"]);
    let urgency = dice.pick(&["一般", "一般", "一般", "重要", "紧急"]);
    Ticket { at, title, content, handler_no: subject.agent.login_no, status, urgency }
}

fn call(dice: &mut Dice, at: i64) -> Call {
    let kind = dice.pick(&["呼出", "呼出", "呼入"]);
    let outcome = dice.pick(&[ANSWERED, ANSWERED, ANSWERED, "无人接听", "用户正忙", "无法接通"]);
    let seconds = if outcome == ANSWERED { dice.between(12, 900) } else { 0 };
    Call { at, kind, outcome, seconds }
}

fn message(dice: &mut Dice, at: i64, subject: &Subject) -> Message {
    let (direction, content) = dice.pick(MESSAGES);
    let status = if direction == "in" {
        "已接收"
    } else {
        dice.pick(&["发送成功", "发送成功", "发送成功", "发送失败"])
    };
    Message { at, phone: subject.phone.clone(), content, direction, status }
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
