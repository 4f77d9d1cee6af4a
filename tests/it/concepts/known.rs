//! A customer of the main company as it ought to be: what was written, by whatever system, and the rules for it.

use std::collections::BTreeMap;

use laidian::domain::customer::stars_of;
use laidian::domain::ids::{self, Entity};
use laidian::domain::region::province_of;
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

    /// The CRM's addresses, and the shared one.
    pub fn addresses(&self) -> Vec<Value> {
        let mut list = self.entries("addresslist", &["contact", "address"]);
        if let Some(address) = &self.address
            && !list.iter().any(|entry| entry[1] == **address)
        {
            list.push(json!([self.name.as_deref().unwrap_or_default(), address]));
        }
        list
    }

    /// The CRM's further facts, and the fields of the company's own.
    pub fn facts(&self) -> Vec<Value> {
        let fields = FIELDS.iter().filter_map(|(id, name)| Some(json!([name, self.custom.get(id)?])));
        fields.chain(self.entries("extend_infos", &["item", "content"])).collect()
    }

    /// A level in words: the first that there is after the system's own, `stars` for stars.
    pub fn level(&self, own: Option<String>, stars: &str) -> Option<String> {
        own.or_else(|| (self.star > 0).then(|| format!("{}{stars}", self.star)))
            .or_else(|| Self::text_of(&self.profile, "grade_id"))
            .or_else(|| Self::text_of(&self.detail, "levelName"))
            .or_else(|| Self::text_of(&self.crm, "grade_name"))
    }

    pub fn plm_level(&self) -> Value {
        // An empty one is a word of its own.
        match self.profile.get("grade_id") {
            Some(own) => own.clone(),
            None => json!(self.level(None, "星")),
        }
    }

    /// Names say more than numbers, which can be those of another list.
    pub fn plm_industry(&self) -> Value {
        let last = || text(self.detail.get("industryPath")?.as_array()?.last()?);
        let named = last().map(|name| match name.as_str() {
            "互联网" => "10".to_owned(),
            _ => name,
        });
        let number = self.detail.get("industry_id").filter(|number| **number != 0).map(ToString::to_string);
        match self.profile.get("industry_id") {
            Some(own) => own.clone(),
            None => json!(named.or(number)),
        }
    }

    fn list(document: &Map<String, Value>, name: &str) -> Vec<Value> {
        document.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// The regions, with their codes.
    pub fn regions(&self) -> (Vec<Value>, Vec<Value>) {
        let (names, mut codes) = (Self::list(&self.detail, "area"), Self::list(&self.detail, "areaCode"));
        if !names.is_empty() {
            codes.resize(names.len(), "".into());
            return (names, codes);
        }
        if let Some((code, name)) = self.address.as_deref().and_then(province_of) {
            return (vec![name.into()], vec![code.into()]);
        }
        Self::text_of(&self.crm, "area_name").map_or((vec![], vec![]), |area| (vec![area.into()], vec!["".into()]))
    }

    /// What customer detail shows, where it is not only its own.
    pub fn in_detail(&self) -> Value {
        let own_number = self.detail.get("industry_id").and_then(Value::as_i64).unwrap_or(0);
        let own_path = Self::list(&self.detail, "industryPath");
        let (number, path) = match Self::text_of(&self.profile, "industry_id").as_deref() {
            _ if own_number != 0 || !own_path.is_empty() => (own_number, own_path),
            Some("10") => (10, vec!["互联网".into()]),
            Some("90") => (90, vec!["其他".into()]),
            _ => (0, vec![]),
        };
        let (names, codes) = self.regions();
        let relationship = match self.flag.map(|flag| FLAGS[flag]) {
            Some("了解产品" | "继续跟踪") => "communicating",
            Some("不需要") => "loose",
            Some("客户签约") => "recognized",
            _ => "target",
        };
        let kind = match self.kind_name() {
            None | Some("沟通客户") => "PROSPECT",
            Some("潜在客户") => "TARGET_CUSTOMER",
            Some(_) => "CLIENT",
        };
        let source = match self.source.map(|source| SOURCES[source]) {
            None => "",
            Some("渠道代理") => "channel",
            Some(_) => "customer",
        };
        json!({
            "levelName": self.level(Self::text_of(&self.detail, "levelName"), "星级").unwrap_or_default(),
            "rank": Self::member(&self.detail, "rank", self.star.into()),
            "industry_id": number,
            "industryPath": path,
            "area": names,
            "areaCode": codes,
            "partnerRelationship": Self::member(&self.detail, "partnerRelationship", relationship.into()),
            "type": Self::member(&self.detail, "type", kind.into()),
            "from": Self::member(&self.detail, "from", source.into()),
            "totalTurnover": Self::amount(self.detail.get("totalTurnover"), self.crm.get("sales_money")),
            "outstandingReceivables": Self::amount(self.detail.get("outstandingReceivables"), self.crm.get("used_limit")),
        })
    }

    /// What the CRM shows, where it is not only its own.
    pub fn in_crm(&self) -> Value {
        let regions: String = self.regions().0.iter().map(|name| name.as_str().unwrap()).collect();
        let name = self.name.clone().unwrap_or_default();
        json!({
            "grade_name": self.level(Self::text_of(&self.crm, "grade_name"), "星").unwrap_or_default(),
            "area_name": Self::text_of(&self.crm, "area_name").unwrap_or(regions),
            "sales_money": Self::amount(self.crm.get("sales_money"), self.detail.get("totalTurnover")),
            "used_limit": Self::amount(self.crm.get("used_limit"), self.detail.get("outstandingReceivables")),
            "short_name": Self::text_of(&self.crm, "short_name").unwrap_or(name),
        })
    }

    /// An amount: the system's own, or the other's.
    pub fn amount(own: Option<&Value>, other: Option<&Value>) -> Value {
        own.or(other).cloned().unwrap_or_else(|| "0.00".into())
    }
}
