//! One thing in the words of several systems: what a system shows of it where it was told nothing itself.
//!
//! Its own word comes first; then what all systems share; then what the others were told, each in its own words. That
//! what was written in one system's words is shared is decided in `ops/systems/common.rs`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::CustomField;
use crate::domain::customer::{CustomerPhone, stars};
use crate::domain::document::{Document, System, shared};
use crate::domain::masking::Known;
use crate::domain::plm::{INDUSTRIES, label_of};
use crate::domain::region::province_of;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::systems::profile;
use crate::ops::systems::round_trip::ShownWords;
use crate::store::Tx;
use crate::store::rows::PlmRow;

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

fn flag<'a>(customer: &'a Shown, catalogue: &'a Catalogue) -> Option<&'a str> {
    customer.flag_value.as_deref().map(|value| catalogue.flags.name_of(value))
}

/// How well a customer is known whose deal flag is called so: one of customer detail's six words.
fn relationship_of(flag: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| flag.contains(word));
    match () {
        // 未签约 says the opposite of 签约.
        () if flag.starts_with('未') => "target",
        () if has(&["不需要", "无效", "流失", "放弃"]) => "loose",
        () if has(&["签约", "成交"]) => "recognized",
        () if has(&["了解", "沟通", "跟踪", "跟进"]) => "communicating",
        () => "target",
    }
}

/// Whether a deal flag that is called so says that a deal was made.
#[must_use]
pub fn is_deal(flag: &str) -> bool {
    relationship_of(flag) == "recognized"
}

fn kind<'a>(customer: &'a Shown, catalogue: &'a Catalogue) -> Option<&'a str> {
    customer.type_value.as_deref().map(|value| catalogue.types.name_of(value))
}

fn source<'a>(customer: &'a Shown, catalogue: &'a Catalogue) -> Option<&'a str> {
    customer.source_value.as_deref().map(|value| catalogue.sources.name_of(value))
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
        let detail = profile::of(cx, customer, System::CustomerDetail).await?;
        let crm = profile::of(cx, customer, System::CrmInfo).await?;
        Ok(Self::new(cx, row, detail, crm, profile::hidden(cx, customer).await?.as_deref()))
    }

    /// The same within a transaction that changes the customer, whose phones these are.
    pub async fn within(cx: &Cx<'_>, tx: &mut Tx, customer: i64, phones: &[CustomerPhone]) -> Result<Self, Error> {
        let row = tx.plm_customers(&format!("[{customer}]")).await?.into_iter().next();
        let hidden = cx.rights().masks().then_some(phones);
        let mut documents = Vec::with_capacity(2);
        for system in [System::CustomerDetail, System::CrmInfo] {
            let document = profile::stored(tx.document(customer, system.name()).await?)?;
            documents.push(match hidden {
                Some(phones) => profile::masked(system, document, phones, &cx.catalogue.company.home),
                None => document,
            });
        }
        let (crm, detail) = (documents.pop().unwrap_or_default(), documents.pop().unwrap_or_default());
        Ok(Self::new(cx, row, detail, crm, hidden))
    }

    fn new(
        cx: &Cx<'_>,
        row: Option<PlmRow>,
        detail: Document,
        crm: Document,
        hidden: Option<&[CustomerPhone]>,
    ) -> Self {
        let known = hidden
            .map(|phones| Known::of(phones.iter().map(|phone| phone.content.as_str()), &cx.catalogue.company.home));
        let seen = |text: String| match &known {
            Some(known) => known.mask(&text).into_owned(),
            None => text,
        };
        let said = |text: Option<String>| text.filter(|text| !text.is_empty()).map(seen);
        let (is_archived, is_deleted) = row.as_ref().map_or((0, 0), |row| (row.is_archived, row.is_deleted));
        let (grade, industry) = row.map_or((None, None), |row| (row.grade_id, row.industry_id));
        let (is_archived, is_deleted) = (is_archived == 1, is_deleted == 1);
        Self { detail, crm, grade: said(grade), industry: said(industry), is_archived, is_deleted }
    }

    /// Returns what both systems show of a customer.
    pub fn shown(&self, customer: &Shown, catalogue: &Catalogue) -> Result<ShownWords, Error> {
        let address = customer.address.as_deref();
        let (number, industries) = self.industry();
        let regions = self.regions(address);
        let mut detail = vec![
            ("levelName", self.level(System::CustomerDetail, customer.star).into()),
            ("rank", customer.star.into()),
            ("industry_id", number.into()),
            ("industryPath", industries.into()),
            ("area", regions.names.into()),
            ("areaCode", regions.codes.into()),
            ("totalTurnover", self.turnover(System::CustomerDetail).into()),
            ("outstandingReceivables", self.outstanding(System::CustomerDetail).into()),
        ];
        // Without a shared one, what is written is a word, though it be the one that is shown without.
        if customer.flag_value.is_some() {
            detail.push(("partnerRelationship", self.relationship(customer, catalogue).into()));
        }
        if customer.type_value.is_some() {
            detail.push(("type", self.kind(customer, catalogue).into()));
        }
        if customer.source_value.is_some() {
            detail.push(("from", self.from(customer, catalogue).into()));
        }
        let owner = customer.owner_no.as_deref().and_then(|login_no| catalogue.staff(login_no));
        let crm = vec![
            ("grade_name", self.level(System::CrmInfo, customer.star).into()),
            ("area_name", self.area_name(address).into()),
            ("sales_money", self.turnover(System::CrmInfo).into()),
            ("used_limit", self.outstanding(System::CrmInfo).into()),
            ("short_name", customer.name.clone().into()),
            ("org_name", catalogue.company.name.as_str().into()),
            ("area_owner_name", owner.map(|staff| staff.name.clone()).into()),
            ("org_cid", "0".into()),
            ("org_id", "0".into()),
            ("org_department_id", customer.group_id.unwrap_or(0).to_string().into()),
            ("is_checked_name", self.checked().into()),
        ];
        let lists = self.crm_with_shared(customer, &catalogue.fields, &first_phone(customer)?)?;
        Ok(ShownWords { detail, crm, lists })
    }

    /// What is shown of the certification where nothing was told of it.
    #[must_use]
    pub fn checked(&self) -> &'static str {
        let told = self.crm.get("checking_info").and_then(Value::as_object);
        if told.is_some_and(|told| !told.is_empty()) { "待认证" } else { "" }
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
        let number = self.detail.get("industry_id").and_then(Value::as_i64).unwrap_or(0);
        let path = texts(&self.detail, "industryPath");
        if number != 0 || !path.is_empty() {
            return (number, path);
        }
        let Some(industry) = &self.industry else { return (0, Vec::new()) };
        // Of another text than a known one, nobody knows the number.
        let known = label_of(&INDUSTRIES, industry);
        (known.and_then(|_| industry.parse().ok()).unwrap_or(0), vec![known.unwrap_or(industry).to_owned()])
    }

    /// The regions; of the address, the province.
    #[must_use]
    pub fn regions(&self, address: Option<&str>) -> Regions {
        let (names, mut codes) = (texts(&self.detail, "area"), texts(&self.detail, "areaCode"));
        if !names.is_empty() {
            // There is a code for each name, if only an empty one; and none without a name.
            codes.resize(names.len(), String::new());
            return Regions { names, codes };
        }
        if let Some((code, name)) = address.and_then(province_of) {
            return Regions { names: vec![name.to_owned()], codes: vec![code.to_owned()] };
        }
        let (names, codes) = text(&self.crm, "area_name").map(|area| (area, String::new())).into_iter().unzip();
        Regions { names, codes }
    }

    /// The business area: where none was told, the regions.
    #[must_use]
    pub fn area_name(&self, address: Option<&str>) -> String {
        text(&self.crm, "area_name").unwrap_or_else(|| self.regions(address).names.concat())
    }

    /// How well the customer is known: one of six words; by what his deal flag is called, where none was told.
    #[must_use]
    pub fn relationship(&self, customer: &Shown, catalogue: &Catalogue) -> String {
        let by_flag = || relationship_of(flag(customer, catalogue).unwrap_or_default()).to_owned();
        text(&self.detail, "partnerRelationship").unwrap_or_else(by_flag)
    }

    /// The state in words: the deal flag; without one, what the others say of it.
    #[must_use]
    pub fn state(&self, customer: &Shown, catalogue: &Catalogue) -> String {
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
        flag(customer, catalogue).or_else(related).or_else(marked).unwrap_or_default().to_owned()
    }

    /// The type, of which customer detail knows three: by what the shared one is called, where none was told. Nobody has
    /// asked who has none.
    #[must_use]
    pub fn kind(&self, customer: &Shown, catalogue: &Catalogue) -> String {
        let shared = kind(customer, catalogue);
        let has = |words: &[&str]| shared.is_some_and(|kind| words.iter().any(|word| kind.contains(word)));
        text(&self.detail, "type").unwrap_or_else(|| {
            match () {
                () if has(&["潜在", "目标", "意向"]) => "TARGET_CUSTOMER",
                () if shared.is_none() || has(&["沟通", "线索", "流失"]) => "PROSPECT",
                () => "CLIENT",
            }
            .to_owned()
        })
    }

    /// The type in words: the shared one; without one, what customer detail was told.
    #[must_use]
    pub fn category(&self, customer: &Shown, catalogue: &Catalogue) -> String {
        let words = [("CLIENT", "正式客户"), ("TARGET_CUSTOMER", "目标客户"), ("PROSPECT", "沟通客户")];
        let told = || label_of(&words, &text(&self.detail, "type")?);
        kind(customer, catalogue).or_else(told).unwrap_or_default().to_owned()
    }

    /// The source, of which customer detail knows two: by what the shared one is called, where none was told.
    #[must_use]
    pub fn from(&self, customer: &Shown, catalogue: &Catalogue) -> String {
        let is_channel = |source: &str| ["渠道", "代理", "分销", "加盟"].iter().any(|word| source.contains(word));
        let shared = source(customer, catalogue);
        let shared = shared.map(|source| if is_channel(source) { "channel" } else { "customer" });
        text(&self.detail, "from").unwrap_or_else(|| shared.unwrap_or_default().to_owned())
    }

    /// The source in words: the shared one; without one, what customer detail was told.
    #[must_use]
    pub fn channel(&self, customer: &Shown, catalogue: &Catalogue) -> String {
        let told = || label_of(&[("customer", "客户"), ("channel", "渠道")], &text(&self.detail, "from")?);
        source(customer, catalogue).or_else(told).unwrap_or_default().to_owned()
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

/// Returns the first number of a customer; the empty text without one.
pub fn first_phone(customer: &Shown) -> Result<String, Error> {
    let phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones).map_err(|cause| Error::internal(&cause))?;
    Ok(phones.into_iter().next().map(|phone| phone.content).unwrap_or_default())
}

/// What the documents of a customer say that iBiz PLM has words for, too.
#[derive(Debug, Default, Clone)]
pub struct Told {
    pub level: Option<String>,
    pub industry: Option<String>,
}

impl Told {
    /// Of two documents the customer detail system's counts.
    fn add(&mut self, document: &Document) {
        let level = || text(document, "levelName").or_else(|| text(document, "grade_name"));
        self.level = self.level.take().or_else(level);
        self.industry = self.industry.take().or_else(|| industry_of(document));
    }
}

/// The industry in iBiz PLM's words: names say more than numbers, which can be those of another list.
fn industry_of(document: &Document) -> Option<String> {
    let Some(name) = texts(document, "industryPath").pop().filter(|name| !name.is_empty()) else {
        let number = document.get("industry_id").and_then(Value::as_i64).filter(|number| *number != 0);
        return number.map(|number| number.to_string());
    };
    let known = INDUSTRIES.iter().find(|(_, label)| *label == name);
    Some(known.map_or(name, |(code, _)| (*code).to_owned()))
}

/// Returns what the documents of these customers say, by customer; as the caller may see it.
pub async fn told(cx: &Cx<'_>, customers: &[i64]) -> Result<BTreeMap<i64, Told>, Error> {
    let mut told: BTreeMap<i64, Told> = BTreeMap::new();
    if customers.is_empty() {
        return Ok(told);
    }
    let fault = |cause: serde_json::Error| Error::internal(&cause);
    let list = customers.iter().copied().collect::<Value>().to_string();
    if cx.rights().masks() {
        // A document's own numbers are to be recognised, too, so that it is read as a whole.
        let rows = cx.scope.customers_by_id(&list).await?.into_iter();
        let phones = rows.map(|row| Ok((row.id, serde_json::from_str(&row.phones)?)));
        let phones: BTreeMap<i64, Vec<CustomerPhone>> = phones.collect::<Result<_, _>>().map_err(fault)?;
        for row in cx.scope.documents(&list).await? {
            let Some(system) = System::parse(&row.dialect) else { continue };
            let phones = phones.get(&row.customer_id).map(Vec::as_slice).unwrap_or_default();
            let document = serde_json::from_str(&row.document).map_err(fault)?;
            let seen = profile::masked(system, document, phones, &cx.catalogue.company.home);
            told.entry(row.customer_id).or_default().add(&seen);
        }
    } else {
        for row in cx.scope.document_words(&list).await? {
            told.entry(row.customer_id).or_default().add(&serde_json::from_str(&row.document).map_err(fault)?);
        }
    }
    Ok(told)
}
