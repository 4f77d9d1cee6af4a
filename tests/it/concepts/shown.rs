//! How the parts of a customer that ought to be read in the systems' words.

use laidian::domain::ids;
use laidian::domain::region::province_of;
use serde_json::{Map, Value, json};

use super::known::{FIELDS, FLAGS, GROUPS, KINDS, Known, SOURCES, STAFF, text};
use crate::support::MAIN;

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
