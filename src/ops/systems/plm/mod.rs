//! Customers in the order of iBiz PLM: products, who may do what in them, ids that clients choose, relations.

pub mod edit;
pub mod notices;
pub mod report;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::catalogue::login_key;
use crate::domain::customer::{CustomerPhone, stars};
use crate::domain::identifier::Identifier;
use crate::domain::ids;
use crate::domain::masking::Known;
use crate::domain::pinyin::sort_key;
use crate::domain::plm::{self, LONGEST_ID, Profile};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::access::tries::{self, Tried};
use crate::ops::company::setup;
use crate::ops::customer::find;
use crate::ops::systems::terms::{self, Told};
use crate::store::Tx;
use crate::store::plm::{PlmColumn, PlmCondition, PlmSearch, PlmTest};
use crate::store::rows::{AttentionRow, PlmRow, TicketsRow};
use edit::profile;

/// What the documented system says where a right is missing, and of what is not there or another product's.
pub const NOT_ABLE: &str = "不具备操作能力";
pub const NOT_THERE: &str = "指定数据不存在";

/// What a call needs to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    Create,
    Read,
    Update,
    Delete,
}

impl Grant {
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::Update, Self::Delete];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Read => "READ",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }
}

/// What somebody is in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductRole {
    Admin,
    User,
    /// Who reads only.
    Reader,
}

impl ProductRole {
    pub const ALL: [Self; 3] = [Self::Admin, Self::User, Self::Reader];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Reader => "reader",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Refuses what the caller may not do: everywhere, by what its credential was given, or by its role where none was;
/// in a product, also by what it is there. Without a grant, being a member is enough, and outside of products nothing is asked.
pub async fn allow(cx: &Cx<'_>, product: Option<&str>, grant: Option<Grant>, key: Option<&str>) -> Result<(), Error> {
    if has_everywhere(cx, grant) {
        return Ok(());
    }
    if let Some(product) = product {
        let role = role_in(cx, product).await?;
        let is_enough = match grant {
            Some(Grant::Create | Grant::Update | Grant::Delete) => {
                matches!(role, Some(ProductRole::Admin | ProductRole::User))
            }
            Some(Grant::Read) | None => role.is_some(),
        };
        if is_enough {
            return Ok(());
        }
    } else if grant.is_none() {
        return Ok(());
    }
    let key = key.map(|key| format!("[{key}]")).unwrap_or_default();
    Err(Error::forbidden(match grant {
        Some(grant) => {
            let grant = grant.name();
            format!("客户{key}{NOT_ABLE}[{grant}] / you have no right to {grant} it")
        }
        None => format!("客户{key}{NOT_ABLE} / you have no right to it"),
    }))
}

/// Refuses who may create customers nowhere: neither everywhere nor in a product.
pub async fn allow_to_prepare(cx: &Cx<'_>) -> Result<(), Error> {
    if let Some(operator) = cx.caller.operator.as_ref()
        && cx.scope.plm_memberships(&login_key(&operator.login_no)).await?.is_some_and(|products| products.value > 0)
    {
        return Ok(());
    }
    allow(cx, None, Some(Grant::Create), None).await
}

fn has_everywhere(cx: &Cx<'_>, grant: Option<Grant>) -> bool {
    let given = cx.caller.via.as_ref().and_then(|via| via.grants.as_deref());
    match (given, grant) {
        (Some(given), Some(grant)) => given.split(',').any(|name| name == grant.name()),
        (Some(given), None) => !given.is_empty(),
        (None, _) => matches!(cx.role, None | Some(Role::Admin | Role::Supervisor)),
    }
}

async fn role_in(cx: &Cx<'_>, product: &str) -> Result<Option<ProductRole>, Error> {
    let Some(operator) = cx.caller.operator.as_ref().filter(|_| is_id(product)) else { return Ok(None) };
    let role = cx.scope.plm_role(product, &login_key(&operator.login_no)).await?;
    Ok(role.and_then(|role| ProductRole::parse(&role.value)))
}

/// Whether something could have this id.
#[must_use]
pub fn is_id(id: &str) -> bool {
    // PostgreSQL has no text with U+0000 in it, and refuses to look for one.
    !id.is_empty() && id.encode_utf16().count() <= LONGEST_ID && !id.contains('\0')
}

/// Returns what a person is called; the id itself of who is not on the staff.
#[must_use]
pub fn name_of(cx: &Cx<'_>, user: &str) -> String {
    cx.catalogue.staff(user).map_or(user, |staff| &staff.name).to_owned()
}

/// A customer with all that iBiz PLM shows of it, but for who follows it.
pub struct Entry {
    pub id: String,
    pub customer: Shown,
    /// Where it was told no level and no industry, with the words of others for them.
    pub profile: Profile,
    pub product_name: Option<String>,
    pub tickets: i64,
    pub tickets_finished: i64,
}

/// Returns the number of the customer that clients know by this id.
pub async fn number(cx: &Cx<'_>, id: &str) -> Result<Option<i64>, Error> {
    if !is_id(id) {
        return Ok(None);
    }
    match ids::from_hex32(cx.caller.company, id) {
        Some(number) => Ok(Some(number)),
        None => Ok(cx.scope.plm_number(id).await?.map(|row| row.value)),
    }
}

/// Returns the customer of this id, if the caller sees it.
pub async fn entry(cx: &Cx<'_>, id: &str) -> Result<Entry, Error> {
    let number = number(cx, id).await?.ok_or(Error::NotFound)?;
    let customer = find::only(find::find(cx, &Identifier::Id(number)).await?.customers.into_iter())?;
    entries(cx, vec![customer]).await?.into_iter().next().ok_or(Error::NotFound)
}

/// Returns the customers with what iBiz PLM shows of them, in their order.
pub async fn entries(cx: &Cx<'_>, customers: Vec<Shown>) -> Result<Vec<Entry>, Error> {
    let numbers = customers.iter().map(|customer| customer.id).collect::<Value>().to_string();
    let mut rows: BTreeMap<i64, _> =
        cx.scope.plm_customers(&numbers).await?.into_iter().map(|row| (row.customer_id, row)).collect();
    let products: Value = rows.values().filter_map(|row| row.product_id.clone()).collect();
    let products: BTreeMap<String, String> = match products.as_array() {
        Some(ids) if !ids.is_empty() => {
            let rows = cx.scope.plm_products(&products.to_string()).await?;
            rows.into_iter().map(|row| (row.id, row.name)).collect()
        }
        _ => BTreeMap::new(),
    };
    let tickets: BTreeMap<i64, TicketsRow> =
        cx.scope.ticket_counts(&numbers).await?.into_iter().map(|row| (row.customer_id, row)).collect();
    let known = known(cx, &numbers).await?;
    // Whom this system was told both of needs no words of others.
    let lacks = |customer: &&Shown| {
        let row = rows.get(&customer.id);
        row.is_none_or(|row| (row.grade_id.is_none() && customer.star == 0) || row.industry_id.is_none())
    };
    let lacking: Vec<i64> = customers.iter().filter(lacks).map(|customer| customer.id).collect();
    let mut told = terms::told(cx, &lacking).await?;
    let entry = |customer: Shown| {
        let mut row = rows.remove(&customer.id);
        if let (Some(row), Some(known)) = (&mut row, known.get(&customer.id)) {
            let PlmRow { description, logo, grade_id, industry_id, categories, categories_name, .. } = row;
            for text in [description, logo, grade_id, industry_id, categories, categories_name].into_iter().flatten() {
                *text = known.mask(text).into_owned();
            }
        }
        let mut profile = row.as_ref().map_or_else(plm::empty, profile);
        let Told { level, industry } = told.remove(&customer.id).unwrap_or_default();
        let level = stars(customer.star).map(str::to_owned).or(level);
        for (name, word) in [("grade_id", level), ("industry_id", industry)] {
            if profile.get(name).is_none_or(Value::is_null) {
                profile.insert(name.to_owned(), word.into());
            }
        }
        let tickets = tickets.get(&customer.id);
        let chosen = row.as_ref().and_then(|row| row.plm_id.clone());
        Entry {
            id: chosen.unwrap_or_else(|| ids::to_hex32(cx.caller.company, customer.id)),
            product_name: row.as_ref().and_then(|row| products.get(row.product_id.as_deref()?).cloned()),
            profile,
            tickets: tickets.map_or(0, |tickets| tickets.total),
            tickets_finished: tickets.map_or(0, |tickets| tickets.finished),
            customer,
        }
    };
    Ok(customers.into_iter().map(entry).collect())
}

/// Returns the numbers of customers that the caller may not see, to be recognised in texts.
async fn known(cx: &Cx<'_>, customers: &str) -> Result<BTreeMap<i64, Known>, Error> {
    if !cx.rights().masks() {
        return Ok(BTreeMap::new());
    }
    let rows = cx.scope.customers_by_id(customers).await?.into_iter();
    rows.map(|row| {
        let phones: Vec<CustomerPhone> = serde_json::from_str(&row.phones).map_err(|cause| Error::internal(&cause))?;
        Ok((row.id, Known::of(phones.iter().map(|phone| phone.content.as_str()), &cx.catalogue.company.home)))
    })
    .collect()
}

/// Returns which of the customers count as deleted.
pub async fn deleted(cx: &Cx<'_>, customers: &[Shown]) -> Result<Vec<i64>, Error> {
    let numbers = customers.iter().map(|customer| customer.id).collect::<Value>().to_string();
    let rows = cx.scope.plm_customers(&numbers).await?.into_iter();
    Ok(rows.filter(|row| row.is_deleted == 1).map(|row| row.customer_id).collect())
}

/// Returns who follows a customer.
pub async fn attentions(cx: &Cx<'_>, customer: &Shown) -> Result<Vec<AttentionRow>, Error> {
    Ok(cx.scope.plm_attentions(customer.id).await?)
}

/// Returns the name of a product, if there is one with this id.
pub async fn product_name(cx: &Cx<'_>, id: &str) -> Result<Option<String>, Error> {
    if !is_id(id) {
        return Ok(None);
    }
    let found = cx.scope.plm_products(&Value::from(vec![id]).to_string()).await?;
    Ok(found.into_iter().next().map(|row| row.name))
}

/// A page of what a search finds.
pub struct Page {
    pub entries: Vec<Entry>,
    /// How many it finds in all, where that was asked.
    pub total: Option<i64>,
}

/// Refuses a search that would tell digits to who may not see them, and counts what it may ask.
pub fn may_ask(cx: &Cx<'_>, search: &PlmSearch) -> Result<Tried, Error> {
    for (_, piece) in &search.like {
        cx.may_search_by(piece)?;
    }
    for (column, test) in search.conditions.iter().flat_map(PlmCondition::tests) {
        may_test(cx, column, test)?;
    }
    // The place among others would tell a number in a text, digit by digit.
    if search.order.iter().any(|(column, _)| column.is_free_text()) {
        cx.may_sort_by_text("sort")?;
    }
    tries::plm_search(cx, search)
}

/// Refuses a test that would tell a number in a text digit by digit.
fn may_test(cx: &Cx<'_>, column: PlmColumn, test: &PlmTest) -> Result<(), Error> {
    match test {
        PlmTest::Like(_, piece) => cx.may_search_by(piece),
        PlmTest::Above(_) | PlmTest::AtLeast(_) | PlmTest::Below(_) | PlmTest::AtMost(_)
            if column.is_text() && cx.rights().masks() =>
        {
            Err(Error::forbidden(
                "searchconds: 号码隐藏时不能比较文本的大小 / numbers are masked: texts cannot be compared by their order",
            ))
        }
        _ => Ok(()),
    }
}

/// Returns `limit` of the customers that the search finds and the caller sees, from `offset` on.
#[expect(clippy::disallowed_methods, reason = "counted first")]
pub async fn page(cx: &Cx<'_>, mut search: PlmSearch, limit: i64, offset: i64, count: bool) -> Result<Page, Error> {
    search.within = cx.within();
    cx.may_reach(offset.saturating_add(limit))?;
    let tried = may_ask(cx, &search)?;
    let total = if count { Some(cx.scope.plm_search_count(&search).await?) } else { None };
    if total.is_some_and(|total| offset >= total) {
        return Ok(Page { entries: Vec::new(), total });
    }
    let numbers = numbers(cx, search, limit, offset, &tried).await?;
    Ok(Page { entries: entries_of(cx, &numbers).await?, total })
}

/// Returns the numbers of the customers that the search finds and the caller sees, in its order.
#[expect(clippy::disallowed_methods, reason = "counted")]
pub async fn numbers(
    cx: &Cx<'_>,
    mut search: PlmSearch,
    limit: i64,
    offset: i64,
    _: &Tried,
) -> Result<Vec<i64>, Error> {
    search.within = cx.within();
    Ok(cx.scope.plm_search(&search, limit, offset).await?.into_iter().map(|row| row.value).collect())
}

/// Returns the customers of these numbers that the caller sees, in their order; who is gone is left out.
pub async fn entries_of(cx: &Cx<'_>, numbers: &[i64]) -> Result<Vec<Entry>, Error> {
    let list = numbers.iter().copied().collect::<Value>().to_string();
    let mut found: BTreeMap<i64, _> =
        cx.scope.customers_by_id(&list).await?.into_iter().map(|customer| (customer.id, customer)).collect();
    found.retain(|_, customer| cx.sees(customer));
    let customers = numbers.iter().filter_map(|number| found.remove(number)).collect();
    entries(cx, cx.show_all(customers)?).await
}

/// Returns the numbers of the customers that an idea is related to.
pub async fn related_to_idea(cx: &Cx<'_>, idea: &str) -> Result<Vec<i64>, Error> {
    if !is_id(idea) {
        return Ok(Vec::new());
    }
    let targets = cx.scope.plm_targets(idea, "idea", "customer").await?;
    let (mut numbers, mut chosen) = (Vec::new(), Vec::new());
    for target in targets {
        match ids::from_hex32(cx.caller.company, &target.value) {
            Some(number) => numbers.push(number),
            None => chosen.push(target.value),
        }
    }
    numbers.extend(numbers_of(cx, chosen).await?);
    Ok(numbers)
}

/// Returns the numbers of the customers for whom clients chose these ids.
pub async fn numbers_of(cx: &Cx<'_>, chosen: Vec<String>) -> Result<Vec<i64>, Error> {
    let chosen = Value::from(chosen).to_string();
    Ok(cx.scope.plm_numbers(&chosen).await?.into_iter().map(|row| row.value).collect())
}

/// One side of a relation.
pub struct Side<'a> {
    pub id: &'a str,
    pub kind: &'a str,
}

/// Relates a thing to others, in both directions. What there is already gets these kinds.
pub async fn relate(cx: &Cx<'_>, principal: &Side<'_>, targets: &[Side<'_>]) -> Result<(), Error> {
    let by = cx.caller.login_no();
    let mut tx = cx.scope.write().await?;
    for target in targets {
        for (one, other) in [(principal, target), (target, principal)] {
            tx.put_plm_relation(one.id, one.kind, other.id, other.kind, cx.now, by).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Ends the relation of two things, in both directions. There need not be one.
pub async fn unrelate(cx: &Cx<'_>, one: &str, other: &str) -> Result<(), Error> {
    let mut tx = cx.scope.write().await?;
    tx.delete_plm_relation(one, other).await?;
    tx.delete_plm_relation(other, one).await?;
    Ok(tx.commit().await?)
}

/// Creates or renames a product.
pub async fn put_product(tx: &mut Tx, id: &str, name: &str) -> Result<(), Error> {
    if !is_id(id) || id.contains([';', ',', '/']) {
        return Err(Error::parameter(format!(
            "id: 1 到 {LONGEST_ID} 个字符，不含 ; , / / expected 1 to {LONGEST_ID} characters without ; , /"
        )));
    }
    setup::check_name("name", name)?;
    tx.put_plm_product(id, name, &sort_key(name)).await?;
    Ok(())
}

/// Makes somebody a member of a product or, without a role, no member any more.
pub async fn put_member(tx: &mut Tx, product: &str, login_no: &str, role: Option<ProductRole>) -> Result<(), Error> {
    if !is_id(product) || tx.plm_products(&Value::from(vec![product]).to_string()).await?.is_empty() {
        return Err(Error::parameter(format!("product: 没有产品 {product} / there is no product {product}")));
    }
    let key = login_key(login_no);
    if !tx.staff().await?.iter().any(|staff| staff.login_key == key) {
        return Err(Error::parameter(format!("staffNo: 没有工号 {login_no} / there is no operator {login_no}")));
    }
    match role {
        Some(role) => tx.put_plm_member(product, &key, role.name()).await?,
        None => tx.delete_plm_member(product, &key).await?,
    };
    Ok(())
}
