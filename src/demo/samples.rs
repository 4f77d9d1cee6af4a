//! The customers of the document's own examples, with something in every feed.

use super::companies::{LI, Member, WANG};
use super::history::{Call, FollowUp, History, Message, Ticket};
use super::people::Person;
use crate::domain::customer::{Customer, CustomerPhone};
use crate::domain::times::SECOND;

const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
/// 2017-05-01 14:44 in Shanghai, when the document's customer was created.
const CREATED: i64 = 1_493_621_040 * SECOND;

/// The two customers, in the order of their ids.
#[must_use]
pub fn all() -> [Person; 2] {
    [listed(), filtered()]
}

/// The customer that the document's list prints.
fn listed() -> Person {
    let phone = "13000000001";
    let followed = CREATED + 6 * DAY;
    let customer = Customer {
        name: Some("测试用户".to_owned()),
        company_name: Some("北京天润科技有限公司".to_owned()),
        address: Some("上海市黄埔区皇后大道东29号".to_owned()),
        source_value: Some("1".to_owned()),
        flag_value: Some("0".to_owned()),
        ..of(&LI, phone, followed)
    };
    let tickets = [2, 3, 4].map(|day| ticket(CREATED + day * DAY)).into();
    Person { customer, labels: Vec::new(), creator: &LI, history: history(&LI, phone, "0", followed, tickets) }
}

/// The customer that the document's filter and look-up are about.
fn filtered() -> Person {
    let phone = "138900010001";
    let followed = CREATED + 8 * DAY;
    let customer = Customer {
        name: Some("何静怡".to_owned()),
        company_name: Some("杭州岚舟科技有限公司".to_owned()),
        address: Some("杭州市西湖区望潮街18号".to_owned()),
        source_value: Some("0".to_owned()),
        flag_value: Some("1".to_owned()),
        group_id: Some(1_054_001),
        ..of(&WANG, phone, followed)
    };
    let history = history(&WANG, phone, "1", followed, vec![ticket(CREATED + 5 * DAY)]);
    Person { customer, labels: Vec::new(), creator: &WANG, history }
}

/// What the two have in common.
fn of(owner: &Member, phone: &str, followed: i64) -> Customer {
    Customer {
        type_value: Some("0".to_owned()),
        task_id: Some(99),
        owner_no: Some(owner.login_no.to_owned()),
        group_id: Some(1_054_002),
        follow_count: 1,
        assigned_at: Some(CREATED + 2 * DAY),
        last_follow_at: Some(followed),
        created_at: CREATED,
        phones: vec![CustomerPhone { id: 0, content: phone.to_owned() }],
        ..Customer::default()
    }
}

fn history(agent: &'static Member, phone: &str, flag: &'static str, followed: i64, tickets: Vec<Ticket>) -> History {
    let content = "客户询问产品功能，约好下周再联系";
    let text = "您好，刚才给您致电未能接通，方便时请回电，谢谢。";
    let phone = phone.to_owned();
    History {
        follow_ups: vec![FollowUp { at: followed, author: agent, content, flag }],
        tickets,
        calls: vec![
            Call { at: followed - 25 * HOUR, kind: "呼出", outcome: "无人接听", seconds: 0 },
            Call { at: followed - HOUR, kind: "呼出", outcome: "已接通", seconds: 186 },
        ],
        messages: vec![Message {
            at: followed - 24 * HOUR,
            phone,
            content: text,
            direction: "out",
            status: "发送成功",
        }],
    }
}

/// The ticket of the document's feed.
fn ticket(at: i64) -> Ticket {
    Ticket {
        at,
        title: "测试工单",
        content: "<p>测试工单</p>",
        handler_no: LI.login_no,
        status: "正常工单",
        urgency: "紧急",
    }
}
