//! What the caller may do and see. Every action is checked here, and customers leave `ops` only as
//! [`Shown`], so that no dialect can print what its reader may not see.

use std::ops::Deref;

use super::Cx;
use crate::domain::catalogue::{Role, login_key};
use crate::domain::change::Line;
use crate::domain::customer::CustomerPhone;
use crate::domain::feed::FeedKind;
use crate::domain::masking::mask;
use crate::domain::rights::{self, Reach, Rights};
use crate::error::Error;
use crate::store::Within;
use crate::store::rows::{CustomerRow, FeedRow};

/// A customer as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(CustomerRow);

impl Deref for Shown {
    type Target = CustomerRow;

    fn deref(&self) -> &CustomerRow {
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

    /// Which customers the caller sees, as the store is asked for them.
    #[must_use]
    pub fn within(&self) -> Within {
        let Some(operator) = &self.caller.operator else { return Within::default() };
        match self.rights().reach {
            Reach::Company => Within::default(),
            Reach::Own => Within { owner_key: Some(login_key(&operator.login_no)), groups: None },
            Reach::Group => {
                let staff = self.catalogue.staff(&operator.login_no);
                Within { owner_key: None, groups: Some(staff.map(|staff| staff.groups.clone()).unwrap_or_default()) }
            }
        }
    }

    /// Whether the caller sees this customer.
    #[must_use]
    pub fn sees(&self, customer: &CustomerRow) -> bool {
        self.within().holds(customer.owner_no.as_deref(), customer.group_id)
    }

    /// Returns the customer as the caller may see it.
    pub fn show(&self, mut customer: CustomerRow) -> Result<Shown, Error> {
        if self.rights().masks() && customer.phones != "[]" {
            let fault = |cause: serde_json::Error| Error::internal(&cause);
            let mut phones: Vec<CustomerPhone> = serde_json::from_str(&customer.phones).map_err(fault)?;
            for phone in &mut phones {
                phone.content = mask(&phone.content);
            }
            customer.phones = serde_json::to_string(&phones).map_err(fault)?;
        }
        Ok(Shown(customer))
    }

    pub fn show_all(&self, customers: Vec<CustomerRow>) -> Result<Vec<Shown>, Error> {
        customers.into_iter().map(|customer| self.show(customer)).collect()
    }

    /// Returns an item of a history as the caller may see it. What people wrote is masked with the whole reply.
    pub fn show_item(&self, mut item: FeedRow) -> Result<FeedRow, Error> {
        if !self.rights().masks() {
            return Ok(item);
        }
        match FeedKind::parse(&item.kind) {
            Some(FeedKind::TextMsgLog) => item.t1 = item.t1.as_deref().map(mask),
            Some(FeedKind::Alternation) => item.t3 = item.t3.as_deref().map(mask_lines).transpose()?,
            _ => {}
        }
        Ok(item)
    }
}

/// Masks the phones in stored change lines.
fn mask_lines(lines: &str) -> Result<String, Error> {
    let fault = |cause: serde_json::Error| Error::internal(&cause);
    let mut lines: Vec<Line> = serde_json::from_str(lines).map_err(fault)?;
    for line in lines.iter_mut().filter(|line| line.field == "cellphones") {
        for side in [&mut line.old, &mut line.new] {
            *side = side.as_deref().map(|phones| phones.split(',').map(mask).collect::<Vec<_>>().join(","));
        }
    }
    serde_json::to_string(&lines).map_err(fault)
}
