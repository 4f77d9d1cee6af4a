//! One thing in the words of several systems: what a system shows of it where it was told nothing itself.
//!
//! Its own word comes first; then what all systems share; then what the others were told, each in its own words. That
//! what was written in one system's words is shared is decided in `ops/customer/shared.rs`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rights::Shown;
use super::{Cx, details};
use crate::domain::custom_field::CustomField;
use crate::domain::customer::stars;
use crate::domain::document::{Document, System, shared};
use crate::domain::masking::Known;
use crate::domain::plm::{INDUSTRIES, label_of};
use crate::domain::region::province_of;
use crate::error::Error;

/// What the systems were told of one customer beside what all share.
pub struct Words {
    pub detail: Document,
    pub crm: Document,
    /// The words of iBiz PLM.
    grade: Option<String>,
    industry: Option<String>,
    is_archived: bool,
    is_deleted: bool,
}

fn text(document: &Document, name: &str) -> Option<String> {
    document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The texts of a list; none where there is no list.
fn texts(document: &Document, name: &str) -> Vec<String> {
    let list = document.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|entry| Some(entry.as_str()?.to_owned())).collect()
}

/// The regions of a customer with their codes, from the largest to the smallest.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Regions {
    pub names: Vec<String>,
    pub codes: Vec<String>,
}

impl Words {
    /// Returns what the systems were told of a customer, as the caller may see it.
    pub async fn of(cx: &Cx<'_>, customer: &Shown) -> Result<Self, Error> {
        let row = cx.scope.plm_customers(&format!("[{}]", customer.id)).await?.into_iter().next();
        let known = details::hidden(cx, customer)
            .await?
            .map(|phones| Known::of(phones.iter().map(|phone| phone.content.as_str()), cx.catalogue.company.country));
        let seen = |text: String| match &known {
            Some(known) => known.mask(&text).into_owned(),
            None => text,
        };
        let said = |text: Option<String>| text.filter(|text| !text.is_empty()).map(seen);
        let (is_archived, is_deleted) = row.as_ref().map_or((0, 0), |row| (row.is_archived, row.is_deleted));
        let (grade, industry) = row.map_or((None, None), |row| (row.grade_id, row.industry_id));
        Ok(Self {
            detail: details::of(cx, customer, System::CustomerDetail).await?,
            crm: details::of(cx, customer, System::CrmInfo).await?,
            grade: said(grade),
            industry: said(industry),
            is_archived: is_archived == 1,
            is_deleted: is_deleted == 1,
        })
    }

    /// The level in words.
    #[must_use]
    pub fn level(&self, of: System, star: i64) -> String {
        let detail = text(&self.detail, "levelName");
        let crm = text(&self.crm, "grade_name");
        let (own, stars, other) = match of {
            System::CustomerDetail => (detail, stars(star).map(|stars| format!("{stars}级")), crm),
            System::CrmInfo => (crm, stars(star).map(str::to_owned), detail),
        };
        own.or(stars).or_else(|| self.grade.clone()).or(other).unwrap_or_default()
    }

    /// The industry's number, and the names on the way to it.
    #[must_use]
    pub fn industry(&self) -> (i64, Vec<String>) {
        if self.detail.contains_key("industry_id") || self.detail.contains_key("industryPath") {
            let number = self.detail.get("industry_id").and_then(Value::as_i64);
            return (number.unwrap_or(0), texts(&self.detail, "industryPath"));
        }
        let Some(industry) = &self.industry else { return (0, Vec::new()) };
        // Of another text than a known one, nobody knows the number.
        let known = label_of(&INDUSTRIES, industry);
        (known.and_then(|_| industry.parse().ok()).unwrap_or(0), vec![known.unwrap_or(industry).to_owned()])
    }

    /// The regions; of the address, the province.
    #[must_use]
    pub fn regions(&self, address: Option<&str>) -> Regions {
        if self.detail.contains_key("area") || self.detail.contains_key("areaCode") {
            return Regions { names: texts(&self.detail, "area"), codes: texts(&self.detail, "areaCode") };
        }
        if let Some((code, name)) = address.and_then(province_of) {
            return Regions { names: vec![name.to_owned()], codes: vec![code.to_owned()] };
        }
        // There is a code for each name, if only an empty one.
        let (names, codes) = text(&self.crm, "area_name").map(|area| (area, String::new())).into_iter().unzip();
        Regions { names, codes }
    }

    /// The business area: where none was told, the regions.
    #[must_use]
    pub fn area_name(&self, address: Option<&str>) -> String {
        text(&self.crm, "area_name").unwrap_or_else(|| self.regions(address).names.concat())
    }

    /// How well the customer is known: one of six words, by what his deal flag is called.
    #[must_use]
    pub fn relationship(&self, flag: Option<&str>) -> String {
        let has = |words: &[&str]| flag.is_some_and(|flag| words.iter().any(|word| flag.contains(word)));
        text(&self.detail, "partnerRelationship").unwrap_or_else(|| {
            match () {
                // 未签约 says the opposite of 签约.
                () if flag.is_some_and(|flag| flag.starts_with('未')) => "target",
                () if has(&["不需要", "无效", "流失", "放弃"]) => "loose",
                () if has(&["签约", "成交"]) => "recognized",
                () if has(&["了解", "沟通", "跟踪", "跟进"]) => "communicating",
                () => "target",
            }
            .to_owned()
        })
    }

    /// The state in words: the deal flag; without one, what the others say of it.
    #[must_use]
    pub fn state(&self, flag: Option<&str>) -> String {
        let related = || {
            let words = [
                ("intimacy", "亲密"),
                ("recognized", "认可"),
                ("loose", "松散"),
                ("breakthrough", "突破"),
                ("communicating", "沟通中"),
                ("target", "目标"),
            ];
            label_of(&words, &text(&self.detail, "partnerRelationship")?)
        };
        let marked = [(self.is_deleted, "已删除"), (self.is_archived, "已归档")];
        let marked = || marked.into_iter().find(|(is_so, _)| *is_so).map(|(_, word)| word);
        flag.or_else(related).or_else(marked).unwrap_or_default().to_owned()
    }

    /// The type in words: the shared one; without one, what the customer detail system was told.
    #[must_use]
    pub fn category(&self, shared: Option<&str>) -> String {
        let words = [("CLIENT", "正式客户"), ("TARGET_CUSTOMER", "目标客户"), ("PROSPECT", "沟通客户")];
        let told = || label_of(&words, &text(&self.detail, "type")?);
        shared.or_else(told).unwrap_or_default().to_owned()
    }

    /// The source in words: the shared one; without one, what the customer detail system was told.
    #[must_use]
    pub fn channel(&self, shared: Option<&str>) -> String {
        let told = || label_of(&[("customer", "客户"), ("channel", "渠道")], &text(&self.detail, "from")?);
        shared.or_else(told).unwrap_or_default().to_owned()
    }

    /// What has been bought in all.
    #[must_use]
    pub fn turnover(&self, of: System) -> String {
        self.amount(of, "totalTurnover", "sales_money")
    }

    /// What has not been paid.
    #[must_use]
    pub fn outstanding(&self, of: System) -> String {
        self.amount(of, "outstandingReceivables", "used_limit")
    }

    fn amount(&self, of: System, in_detail: &str, in_crm: &str) -> String {
        let (detail, crm) = (text(&self.detail, in_detail), text(&self.crm, in_crm));
        let (own, other) = match of {
            System::CustomerDetail => (detail, crm),
            System::CrmInfo => (crm, detail),
        };
        own.or(other).unwrap_or_else(|| "0.00".to_owned())
    }

    /// The CRM's document with the shared address, and with the fields of the company's own that have a value.
    pub fn crm_with_shared(&self, customer: &Shown, fields: &[CustomField], phone: &str) -> Result<Document, Error> {
        let mut document = self.crm.clone();
        if let Some(address) = &customer.address {
            let contact = customer.name.as_deref().unwrap_or_default();
            edit(&mut document, "addresslist", |list| shared::add_address(list, address, contact, phone));
        }
        if let Some(custom) = &customer.custom {
            let values = serde_json::from_str(custom).map_err(|cause| Error::internal(&cause))?;
            edit(&mut document, "extend_infos", |list| shared::add_fields(list, fields, &values));
        }
        Ok(document)
    }
}

fn edit(document: &mut Document, name: &str, edit: impl FnOnce(&mut Vec<Value>)) {
    if let Value::Array(list) = document.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        edit(list);
    }
}

/// What the documents of a customer say that iBiz PLM has words for, too.
#[derive(Debug, Default, Clone)]
pub struct Told {
    pub level: Option<String>,
    pub industry: Option<String>,
}

/// Returns what the documents of these customers (a JSON array of ids) say, by customer.
pub async fn told(cx: &Cx<'_>, customers: &str) -> Result<BTreeMap<i64, Told>, Error> {
    let mut told: BTreeMap<i64, Told> = BTreeMap::new();
    for row in cx.scope.document_words(customers).await? {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let path: Vec<String> = row.path.and_then(|path| serde_json::from_str(&path).ok()).unwrap_or_default();
        let number = said(row.industry).filter(|number| number != "0");
        let told = told.entry(row.customer_id).or_default();
        told.level = told.level.take().or(said(row.level));
        told.industry = told.industry.take().or(number).or_else(|| said(path.into_iter().next_back()));
    }
    Ok(told)
}
