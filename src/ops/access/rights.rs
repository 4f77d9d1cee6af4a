//! What the caller may do and see. Every action is checked here, and customers leave `ops` only as
//! [`Shown`], so that no dialect can print what its reader may not see.

use std::collections::BTreeMap;
use std::ops::Deref;

use serde_json::Value;

use crate::domain::catalogue::{Staff, login_key};
use crate::domain::change::Line;
use crate::domain::customer::{CustomerPhone, Label};
use crate::domain::feed::FeedKind;
use crate::domain::folding::fold;
use crate::domain::masking::{Known, mask};
use crate::domain::phone::Home;
use crate::domain::rights::{self, Delete, Reach, Rights};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::Cx;
use crate::store::Within;
use crate::store::rows::{CustomerRow, CustomerView, FeedRow};

/// How many rows a list can reach; beyond, there is the export.
pub const CEILING: i64 = 10_000;

/// A customer as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(CustomerRow);

impl Deref for Shown {
    type Target = CustomerRow;

    fn deref(&self) -> &CustomerRow {
        &self.0
    }
}

/// A customer in memory whom the caller may see as he is.
pub struct ShownView<'r>(CustomerView<'r>);

impl<'r> Deref for ShownView<'r> {
    type Target = CustomerView<'r>;

    fn deref(&self) -> &CustomerView<'r> {
        &self.0
    }
}

impl From<Shown> for CustomerRow {
    fn from(shown: Shown) -> Self {
        shown.0
    }
}

impl Cx<'_> {
    /// The rights that the caller has now.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        self.role.map_or(&rights::SYSTEM, |role| self.catalogue.rights(role))
    }

    /// Refuses an action that is not for the caller's role.
    pub fn require(&self, action: &str, usually_from: Role) -> Result<(), Error> {
        let rights = self.rights();
        if rights.allows(action, usually_from) {
            return Ok(());
        }
        Err(Error::forbidden(format!(
            "{action}: 角色 {0} 没有此权限 / not allowed to the role {0}",
            rights.role.name()
        )))
    }

    /// Refuses to let customers leave as a file.
    pub fn require_export(&self) -> Result<(), Error> {
        let rights = self.rights();
        if rights.export {
            return Ok(());
        }
        Err(Error::forbidden(format!("export: 角色 {0} 不能导出 / the role {0} may not export", rights.role.name())))
    }

    /// Refuses to delete a customer whom the caller sees but may not delete.
    pub fn require_deletion(&self, customer: &CustomerRow) -> Result<(), Error> {
        let rights = self.rights();
        let own =
            || Within { owner_key: self.caller.operator.as_ref().map(|one| login_key(&one.login_no)), groups: None };
        match rights.delete {
            Delete::All => Ok(()),
            Delete::Own if own().holds(customer.owner_no.as_deref(), customer.group_id) => Ok(()),
            Delete::Own => Err(Error::forbidden(format!(
                "delete: 角色 {0} 只能删除归属自己的客户 / the role {0} may delete its own customers only",
                rights.role.name()
            ))),
            Delete::None => Err(Error::forbidden(format!(
                "delete: 角色 {0} 不能删除客户 / the role {0} may not delete customers",
                rights.role.name()
            ))),
        }
    }

    /// Refuses to list so many customers page by page to a caller who may not export them.
    pub fn may_reach(&self, rows: i64) -> Result<(), Error> {
        if rows > CEILING && !self.rights().export { Err(Error::PageBeyondCeiling) } else { Ok(()) }
    }

    /// Refuses a search for a piece of text with digits in it to a caller who may not see numbers: he could find
    /// those in names and remarks digit by digit.
    pub fn may_search_by(&self, piece: &str) -> Result<(), Error> {
        if self.rights().masks() && fold(piece).contains(|c: char| c.is_ascii_digit()) {
            return Err(Error::forbidden(
                "号码隐藏时不能按数字搜索文字 / numbers are masked: texts cannot be searched by digits",
            ));
        }
        Ok(())
    }

    /// Refuses to sort by a text to a caller who may not see numbers: the place of a number among others would tell
    /// it digit by digit.
    pub fn may_sort_by_text(&self, field: &str) -> Result<(), Error> {
        if self.rights().masks() {
            return Err(Error::forbidden(format!(
                "{field}: 号码隐藏时不能按文本排序 / numbers are masked: texts cannot be sorted by"
            )));
        }
        Ok(())
    }

    /// Which customers the caller sees, as the store is asked for them.
    #[must_use]
    pub fn within(&self) -> Within {
        let Some(operator) = &self.caller.operator else { return Within::default() };
        let groups = self.catalogue.staff(&operator.login_no).map(|staff| &staff.groups[..]).unwrap_or_default();
        within(self.rights().reach, &operator.login_no, groups)
    }

    /// Whether a member of the staff sees this customer.
    #[must_use]
    pub fn is_seen_by(&self, staff: &Staff, customer: &CustomerRow) -> bool {
        let reach = self.catalogue.rights(staff.role).reach;
        within(reach, &staff.login_no, &staff.groups).holds(customer.owner_no.as_deref(), customer.group_id)
    }

    /// The login keys of the operators whose work the caller answers for, his own among them; `None` for all of them.
    #[must_use]
    pub fn answers_for(&self) -> Option<Vec<String>> {
        let Some(operator) = &self.caller.operator else { return None };
        let rights = self.rights();
        let own = login_key(&operator.login_no);
        match rights.reach {
            _ if rights.role < Role::Supervisor => Some(vec![own]),
            Reach::Company => None,
            Reach::Own => Some(vec![own]),
            Reach::Group => {
                let groups =
                    self.catalogue.staff(&operator.login_no).map(|staff| &staff.groups[..]).unwrap_or_default();
                let shares = |staff: &&Staff| staff.groups.iter().any(|group| groups.contains(group));
                let of_groups = self.catalogue.staff.values().filter(shares).map(|staff| login_key(&staff.login_no));
                let mut keys: Vec<String> = of_groups.chain([own]).collect();
                keys.sort_unstable();
                keys.dedup();
                Some(keys)
            }
        }
    }

    /// Hides the numbers in texts about a customer with these phones (JSON) from who may not see them.
    pub fn show_texts<'t>(&self, phones: &str, texts: impl IntoIterator<Item = &'t mut String>) -> Result<(), Error> {
        if !self.rights().masks() {
            return Ok(());
        }
        let phones: Vec<CustomerPhone> = serde_json::from_str(phones).map_err(|cause| Error::internal(&cause))?;
        let known = known(&phones, &self.catalogue.company.home);
        for text in texts {
            *text = known.mask(text).into_owned();
        }
        Ok(())
    }

    /// Whether the caller sees this customer.
    #[must_use]
    pub fn sees(&self, customer: &CustomerRow) -> bool {
        self.within().holds(customer.owner_no.as_deref(), customer.group_id)
    }

    /// Returns the telephone number of a member of the staff as the caller may see it.
    #[must_use]
    pub fn staff_mobile(&self, staff: &Staff) -> Option<String> {
        let seen = |mobile: &String| if self.rights().masks() { mask(mobile) } else { mobile.clone() };
        staff.mobile.as_ref().map(seen)
    }

    /// Returns the customer if nothing of him is hidden from the caller.
    #[must_use]
    pub fn show_view<'r>(&self, customer: CustomerView<'r>) -> Option<ShownView<'r>> {
        let is_seen = !self.rights().masks() && self.within().holds(customer.owner_no, customer.group_id);
        is_seen.then_some(ShownView(customer))
    }

    /// Returns the customer as the caller may see it.
    pub fn show(&self, customer: CustomerRow) -> Result<Shown, Error> {
        let shown = if self.rights().masks() { masked(customer, &self.catalogue.company.home) } else { Ok(customer) };
        shown.map(Shown).map_err(|cause| Error::internal(&cause))
    }

    pub fn show_all(&self, customers: Vec<CustomerRow>) -> Result<Vec<Shown>, Error> {
        customers.into_iter().map(|customer| self.show(customer)).collect()
    }

    /// Returns items of a customer's history as the caller may see them.
    pub async fn show_items(&self, customer: i64, mut items: Vec<FeedRow>) -> Result<Vec<FeedRow>, Error> {
        if !self.rights().masks() {
            return Ok(items);
        }
        let fault = |cause: serde_json::Error| Error::internal(&cause);
        let phones = self.scope.customer(customer).await?.map_or_else(|| "[]".to_owned(), |customer| customer.phones);
        let phones: Vec<CustomerPhone> = serde_json::from_str(&phones).map_err(fault)?;
        let known = known(&phones, &self.catalogue.company.home);
        items.iter_mut().try_for_each(|item| mask_item(item, &known)).map_err(fault)?;
        Ok(items)
    }
}

/// Which customers somebody with this reach sees.
fn within(reach: Reach, login_no: &str, groups: &[i64]) -> Within {
    match reach {
        Reach::Company => Within::default(),
        Reach::Own => Within { owner_key: Some(login_key(login_no)), groups: None },
        Reach::Group => Within { owner_key: None, groups: Some(groups.to_vec()) },
    }
}

fn known(phones: &[CustomerPhone], country: &Home) -> Known {
    Known::of(phones.iter().map(|phone| phone.content.as_str()), country)
}

/// Masks the customer's phones, and the numbers in its texts.
fn masked(mut customer: CustomerRow, country: &Home) -> serde_json::Result<CustomerRow> {
    let mut phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones)?;
    let known = known(&phones, country);
    for phone in &mut phones {
        phone.content = mask(&phone.content);
    }
    customer.phones = serde_json::to_string(&phones)?;
    let texts = [&mut customer.name, &mut customer.company_name, &mut customer.address, &mut customer.last_accept];
    for text in texts {
        mask_in_place(text, &known);
    }
    let mut labels: Vec<Label> = serde_json::from_str(&customer.labels)?;
    for label in &mut labels {
        label.name = known.mask(&label.name).into_owned();
    }
    customer.labels = serde_json::to_string(&labels)?;
    if let Some(custom) = &mut customer.custom {
        let mut values: BTreeMap<i64, Value> = serde_json::from_str(custom)?;
        for value in values.values_mut() {
            *value = known.mask_value(value);
        }
        *custom = serde_json::to_string(&values)?;
    }
    Ok(customer)
}

fn mask_in_place(text: &mut Option<String>, known: &Known) {
    if let Some(text) = text {
        *text = known.mask(text).into_owned();
    }
}

fn mask_item(item: &mut FeedRow, known: &Known) -> serde_json::Result<()> {
    match FeedKind::parse(&item.kind) {
        Some(FeedKind::Alternation) => {
            let Some(text) = &mut item.t3 else { return Ok(()) };
            let mut lines: Vec<Line> = serde_json::from_str(text)?;
            for line in &mut lines {
                mask_line(line, known);
            }
            *text = serde_json::to_string(&lines)?;
            return Ok(());
        }
        Some(FeedKind::TextMsgLog) => item.t1 = item.t1.as_deref().map(mask),
        _ => {}
    }
    for text in [&mut item.t1, &mut item.t2, &mut item.t3, &mut item.t4, &mut item.t5] {
        mask_in_place(text, known);
    }
    Ok(())
}

fn mask_line(line: &mut Line, known: &Known) {
    for side in [&mut line.old, &mut line.new] {
        if line.field == "cellphones" {
            *side = side.as_deref().map(|phones| phones.split(',').map(mask).collect::<Vec<_>>().join(","));
        } else {
            mask_in_place(side, known);
        }
    }
}
