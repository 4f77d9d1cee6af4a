//! A customer of the main company as it ought to be: what was written, by whatever system, and the rules for it.

use std::collections::BTreeMap;

use laidian::domain::customer::stars_of;
use laidian::domain::ids::{self, Entity};
use serde_json::{Map, Value, json};

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
pub fn text(value: &Value) -> Option<String> {
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
                    Value::Array(labels) => self.set_labels(distinct(labels.iter().filter_map(text))),
                    _ => {
                        self.star = 0;
                        self.set_labels(Vec::new());
                    }
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

    /// Labels are the names of categories.
    fn set_labels(&mut self, labels: Vec<String>) {
        if labels != self.labels {
            let names = (!labels.is_empty()).then(|| labels.join(",").into());
            put(&mut self.profile, "categories_name", names);
            self.labels = labels;
        }
    }

    /// A level that says stars is the stars, and clearing the stars that are shown leaves none.
    fn took_stars(&mut self, value: &Value, name: &str, own: &Map<String, Value>) -> bool {
        match value.as_str().and_then(stars_of) {
            Some(star) => self.star = star,
            None if value.is_null() && Self::text_of(own, name).is_none() => self.star = 0,
            None => return false,
        }
        true
    }

    /// A write of iBiz PLM's.
    pub fn by_plm(&mut self, members: &Map<String, Value>) {
        let shown = [
            ("grade_id", self.plm_level()),
            ("industry_id", self.plm_industry()),
            ("categories_name", Self::member(&self.profile, "categories_name", Value::Null)),
        ];
        for (name, value) in members {
            match name.as_str() {
                // What comes back as it was shown is no change.
                name if shown.contains(&(name, value.as_str().map_or(value.clone(), |text| text.trim().into()))) => {}
                "grade_id" if self.took_stars(value, "grade_id", &self.profile.clone()) => {
                    drop(self.profile.remove("grade_id"));
                }
                "categories_name" => {
                    let names = value.as_str().unwrap_or_default();
                    self.set_labels(distinct(names.split([',', '，']).filter_map(|name| text(&name.into()))));
                    put(&mut self.profile, name, value.as_str().map(|names| names.trim().into()));
                }
                // The client chooses it once, for a new customer.
                "id" => {}
                "name" => self.name = text(value),
                "assignee_id" => self.own(staff(value), PROGRAM),
                // Lists show null for those that there are.
                "attentions" if value.is_null() => {}
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

    /// A write of what the customer detail system shows.
    pub fn by_detail(&mut self, members: &Map<String, Value>) {
        let own = self.detail.clone();
        let mut shown = self.in_detail();
        // Without a shared one, what is written is a word, though it be the one that is shown without.
        for (name, shared) in [
            ("type", self.kind.is_some()),
            ("partnerRelationship", self.flag.is_some()),
            ("from", self.source.is_some()),
        ] {
            if !shared {
                shown.as_object_mut().unwrap().remove(name);
            }
        }
        let members = words(members, &own, &shown);
        for (name, value) in &members {
            match name.as_str() {
                "levelName" if self.took_stars(value, name, &own) => drop(self.detail.remove(name)),
                "followers" => {
                    let numbers = value.as_array().into_iter().flatten();
                    let users: Vec<&str> =
                        numbers.map(|number| STAFF[usize::try_from(number.as_u64().unwrap()).unwrap() - 1].0).collect();
                    self.attentions.retain(|user, kind| users.contains(&user.as_str()) != (kind == "10"));
                    for user in users {
                        self.attentions.entry(user.to_owned()).or_insert("40".to_owned());
                    }
                }
                _ => store(&mut self.detail, name, value, 0),
            }
        }
    }

    /// A write of what the CRM shows. `nonce` tells lists of one text from another, which get entries of their own.
    pub fn by_crm(&mut self, members: &Map<String, Value>, nonce: u64) {
        let own = self.crm.clone();
        let members = words(members, &own, &self.in_crm());
        for (name, value) in &members {
            match (name.as_str(), value) {
                ("grade_name", value) if self.took_stars(value, name, &own) => drop(self.crm.remove(name)),
                ("extend_infos", Value::Array(facts)) => {
                    let field = |fact: &Value| FIELDS.iter().find(|(_, name)| fact["item"] == *name);
                    for fact in facts {
                        if let Some((id, _)) = field(fact) {
                            self.set_custom(&id.to_string(), &fact["content"]);
                        }
                    }
                    let others: Value = facts.iter().filter(|fact| field(fact).is_none()).cloned().collect();
                    store(&mut self.crm, name, &others, nonce);
                }
                ("addresslist", Value::Array(list)) => {
                    let first = |list: &[Value]| text(list.first()?.get("address")?);
                    let before = own.get(name).and_then(|stored| first(stored["list"].as_array()?));
                    let after = first(list).filter(|after| Some(after) != before.as_ref());
                    // Entries are new ones here: none of them says another address than before.
                    self.address = self.address.take().or(after);
                    store(&mut self.crm, name, value, nonce);
                }
                _ => store(&mut self.crm, name, value, nonce),
            }
        }
    }
}

/// Whether a member that only one system shows says as much as its absence.
fn is_nothing(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty() || (text == "0.00" && matches!(name, "retentionMoney" | "credit_limit")),
        Value::Array(list) => list.is_empty() && name != "followers",
        other => *other == 0,
    }
}

/// What of a write is a word of the system's own: what it was not told and shows all the same, and comes back, is none.
fn words(members: &Map<String, Value>, own: &Map<String, Value>, shown: &Value) -> Map<String, Value> {
    let comes_back = |name: &str| {
        let is_shown = |given: &Value| {
            let mut stored = Map::new();
            store(&mut stored, name, given, 0);
            stored
                .get(name)
                .is_some_and(|given| shown.get(name).map_or_else(|| is_nothing(name, given), |shown| given == shown))
        };
        !own.contains_key(name) && members.get(name).map_or(shown.get(name).is_some(), is_shown)
    };
    let pairs = [("industry_id", "industryPath"), ("area", "areaCode")];
    let other = |name: &str| {
        let pair = pairs.iter().find(|(one, other)| *one == name || *other == name)?;
        Some(if pair.0 == name { pair.1 } else { pair.0 })
    };
    let is_word = |name: &str| !comes_back(name) || other(name).is_some_and(|other| !comes_back(other));
    members.iter().filter(|(name, _)| is_word(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn put(document: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => document.insert(name.to_owned(), value),
        None => document.remove(name),
    };
}

/// Writes a member that one system each knows alone.
fn store(document: &mut Map<String, Value>, name: &str, value: &Value, nonce: u64) {
    let stored = match value {
        Value::Null => None,
        Value::String(text) => Some(text.trim().into()),
        Value::Array(list) if list.iter().any(Value::is_object) => Some(json!({ "list": list, "nonce": nonce })),
        Value::Array(list) => {
            Some(list.iter().map(|entry| entry.as_str().map_or(entry.clone(), |text| text.trim().into())).collect())
        }
        other => Some(other.clone()),
    };
    put(document, name, stored);
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
