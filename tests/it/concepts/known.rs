//! A customer of the main company as it ought to be: what was written, by whatever system, and the rules for it.

use std::collections::BTreeMap;

use laidian::domain::ids::{self, Entity};
use serde_json::{Map, Value, json};

use crate::support::MAIN;

/// Who works in the main company: login number, name, groups. Their numbers count from 1.
pub const STAFF: [(&str, &str, &[i64]); 3] = [
    ("trcs001", "王芳", &[1_054_001, 1_054_002]),
    ("trcs008", "李强", &[1_054_002]),
    ("trcs009", "周宁", &[1_054_001, 1_054_002]),
];
pub const GROUPS: [(i64, &str); 2] = [(1_054_001, "客服一部"), (1_054_002, "客服二部")];
/// These tests add the last kind, and the last source, which is a channel.
pub const KINDS: [&str; 4] = ["企业客户", "普通客户", "潜在客户", "沟通客户"];
pub const FLAGS: [&str; 5] = ["未处理", "了解产品", "不需要", "继续跟踪", "客户签约"];
pub const SOURCES: [&str; 4] = ["百度广告", "展览", "老客户介绍", "渠道代理"];
/// The company's own fields, which these tests add: a text and a choice.
pub const FIELDS: [(i64, &str); 2] = [(501, "备注"), (502, "等级")];
pub const CHOICES: [&str; 2] = ["A", "B"];

/// Who calls iBiz PLM.
pub const PROGRAM: usize = 0;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    pub number: i64,
    /// The id that a client of iBiz PLM chose.
    pub chosen: Option<String>,
    pub name: Option<String>,
    pub company: Option<String>,
    pub address: Option<String>,
    /// As they were typed.
    pub phones: Vec<String>,
    pub kind: Option<usize>,
    pub flag: Option<usize>,
    pub source: Option<usize>,
    pub owner: Option<usize>,
    pub group: Option<i64>,
    pub star: i64,
    pub labels: Vec<String>,
    pub custom: BTreeMap<i64, String>,
    /// What only the call centre knows.
    pub calls: Map<String, Value>,
    /// What only iBiz PLM knows.
    pub profile: Map<String, Value>,
    /// Who follows there, and how: sorted by login number.
    pub attentions: BTreeMap<String, String>,
    /// What only the customer detail system knows, and what only the CRM does.
    pub detail: Map<String, Value>,
    pub crm: Map<String, Value>,
    pub creator: usize,
    pub changer: usize,
    /// Tickets in the history, and the finished ones of them.
    pub tickets: (i64, i64),
    /// When it was created and changed, as the systems show it to the second.
    pub created: String,
    pub changed: String,
}

/// A text as it is stored; null and blank ones are none.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn place(names: &[&str], value: &Value) -> Option<usize> {
    names.iter().position(|name| value == name)
}

fn staff(login_no: &Value) -> Option<usize> {
    STAFF.iter().position(|(known, ..)| login_no == known)
}

impl Known {
    /// A write of the call centre's words.
    pub fn by_cti(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            match name.as_str() {
                "custname" => self.name = text(value),
                "companyName" => self.company = text(value),
                "address" => self.address = text(value),
                "custType" => self.kind = place(&KINDS, value),
                "dealFlag" => self.flag = place(&FLAGS, value),
                "custFrom" => self.source = place(&SOURCES, value),
                "serviceNo" => self.owner = staff(value),
                "servicegroupId" => self.group = value.as_i64(),
                "cellphones" => {
                    let pairs = value.as_array().unwrap().iter();
                    self.phones = pairs.map(|pair| pair[1].as_str().unwrap().to_owned()).collect();
                }
                "customerLabel" => match value {
                    Value::Number(star) => self.star = star.as_i64().unwrap(),
                    Value::Array(labels) => self.labels = distinct(labels.iter().filter_map(text)),
                    _ => (self.star, self.labels) = (0, Vec::new()),
                },
                "jsonStr" if value.is_null() => self.custom.clear(),
                "jsonStr" => {
                    for (key, value) in value.as_object().unwrap() {
                        self.set_custom(key.split('_').next().unwrap(), value);
                    }
                }
                // What is shown without: a write of it is no change.
                "taskId" | "followNum" | "lastAccept" | "assignTime" | "lastFlowTime"
                    if value.is_null() || (name == "followNum" && *value == 0) =>
                {
                    self.calls.remove(name);
                }
                "taskId" | "followNum" | "lastAccept" | "assignTime" | "lastFlowTime" => {
                    self.calls.insert(name.clone(), value.clone());
                }
                other => panic!("{other}"),
            }
        }
    }

    fn set_custom(&mut self, id: &str, value: &Value) {
        let id = id.parse().unwrap();
        match text(value) {
            Some(value) => self.custom.insert(id, value),
            None => self.custom.remove(&id),
        };
    }

    /// A write of iBiz PLM's.
    pub fn by_plm(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            match name.as_str() {
                // The client chooses it once, for a new customer.
                "id" => {}
                "name" => self.name = text(value),
                "assignee_id" => self.own(staff(value), PROGRAM),
                "attentions" => {
                    let list = value.as_array().into_iter().flatten();
                    let pair = |given: &Value| {
                        (given["user_id"].as_str().unwrap().into(), given["type"].as_str().unwrap().into())
                    };
                    self.attentions = list.map(pair).collect();
                }
                // What is nothing, or no, is as if it had never been said.
                "is_archived" | "is_deleted" if value == 0 => {
                    self.profile.remove(name);
                }
                _ if value.is_null() => {
                    self.profile.remove(name);
                }
                _ => {
                    let stored = value.as_str().map_or(value.clone(), |text| text.trim().into());
                    self.profile.insert(name.clone(), stored);
                }
            }
        }
    }

    /// A write of WiseCRM's for this user.
    pub fn by_wise(&mut self, members: &Map<String, Value>, user: usize) {
        for (name, value) in members {
            match name.as_str() {
                "accountName" => self.name = text(value),
                "address" => self.address = text(value),
                "typeCode" => self.kind = value.as_u64().map(|code| usize::try_from(code).unwrap()),
                "owningUser" => {
                    let number = ids::from_wise(Entity::User, 0, value.as_str().unwrap()).unwrap();
                    self.own(Some(usize::try_from(number).unwrap() - 1), user);
                }
                // The first phone only; the others stay.
                "phone" => {
                    let others: Vec<String> = self.phones.drain(..).skip(1).collect();
                    self.phones = distinct(text(value).into_iter().chain(others));
                }
                custom => self.set_custom(custom.strip_prefix("c__").unwrap(), value),
            }
        }
    }

    /// An owner looks after the customer in the group of before, else in one that he shares with who asks, else in
    /// his first.
    pub fn own(&mut self, owner: Option<usize>, asker: usize) {
        if let Some(owner) = owner {
            let groups = STAFF[owner].2;
            let before = self.group.filter(|group| groups.contains(group));
            let shared = groups.iter().copied().find(|group| STAFF[asker].2.contains(group));
            self.group = before.or(shared).or(groups.first().copied());
        }
        self.owner = owner;
    }

    /// A write to the document that only the customer detail system, or the CRM, shows. `nonce` tells lists of one
    /// text from another, which get entries of their own.
    pub fn by_details(document: &mut Map<String, Value>, members: &Map<String, Value>, nonce: u64) {
        for (name, value) in members {
            let stored = match value {
                Value::Null => {
                    document.remove(name);
                    continue;
                }
                Value::String(text) => text.trim().into(),
                Value::Array(list) if list.iter().any(Value::is_object) => json!({ "list": list, "nonce": nonce }),
                Value::Array(list) => {
                    list.iter().map(|entry| entry.as_str().map_or(entry.clone(), |text| text.trim().into())).collect()
                }
                other => other.clone(),
            };
            document.insert(name.clone(), stored);
        }
    }
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    for text in texts {
        if !kept.contains(&text) {
            kept.push(text);
        }
    }
    kept
}

/// How a customer's parts read in the systems' words.
impl Known {
    pub fn plm_id(&self) -> String {
        self.chosen.clone().unwrap_or_else(|| ids::to_hex32(MAIN, self.number))
    }

    pub fn owner_no(&self) -> Option<&'static str> {
        self.owner.map(|owner| STAFF[owner].0)
    }

    pub fn owner_name(&self) -> Option<&'static str> {
        self.owner.map(|owner| STAFF[owner].1)
    }

    pub fn group_name(&self) -> Option<&'static str> {
        GROUPS.iter().find(|(id, _)| Some(*id) == self.group).map(|(_, name)| *name)
    }

    pub fn kind_name(&self) -> Option<&'static str> {
        self.kind.map(|kind| KINDS[kind])
    }

    /// A text of a document, if there is something in it.
    pub fn text_of(document: &Map<String, Value>, name: &str) -> Option<String> {
        text(document.get(name)?)
    }

    /// A member of a document, or what is shown without.
    pub fn member(document: &Map<String, Value>, name: &str, absent: Value) -> Value {
        document.get(name).cloned().unwrap_or(absent)
    }

    /// What is shown of each entry of a list in the CRM's document.
    pub fn entries(&self, name: &str, members: &[&str]) -> Vec<Value> {
        let list = self.crm.get(name).and_then(|stored| stored["list"].as_array()).into_iter().flatten();
        list.map(|entry| members.iter().map(|member| entry[member].clone()).collect()).collect()
    }
}
