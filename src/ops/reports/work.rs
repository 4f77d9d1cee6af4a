//! What agents wrote down about customers, and which deal flags those got.

use std::collections::BTreeMap;

use super::{By, Counted, Place, add_up};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::systems::terms::is_deal;
use crate::store::Scope;
use crate::store::rows::WorkCountRow;

/// What was written down about customers.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Work {
    pub follow_ups: i64,
    /// Who were spoken to, each once a day; the own ones, once a day by each.
    pub customers: i64,
    pub own_customers: i64,
    /// Who were spoken to for the first time.
    pub first_contacts: i64,
    /// How many got each deal flag, by its value.
    pub gained: BTreeMap<String, i64>,
}

impl Work {
    /// How many got a deal flag that is called like a deal.
    #[must_use]
    pub fn deals(&self, cx: &Cx<'_>) -> i64 {
        let is_deal = |value: &str| is_deal(cx.catalogue.flags.name_of(value));
        self.gained.iter().filter(|(value, _)| is_deal(value)).map(|(_, customers)| customers).sum()
    }
}

/// Returns what was written down by those whom the caller sees.
pub async fn report(cx: &Cx<'_>, from: i64, to: i64, by: By) -> Result<Vec<(String, Work)>, Error> {
    add_up::<WorkCountRow>(cx, from, to, by).await
}

impl Counted for WorkCountRow {
    type Sum = Work;

    async fn read(scope: &Scope, after: &Place, end: i64, limit: i64) -> sqlx::Result<Vec<Self>> {
        scope.work_counts(after.quarter, &after.login_key, &after.what, end, limit).await
    }

    fn place(&self) -> Place {
        Place { quarter: self.quarter, login_key: self.login_key.clone(), what: self.flag_value.clone() }
    }

    fn add_to(&self, sum: &mut Work) {
        sum.follow_ups += self.follow_ups;
        sum.customers += self.customers;
        sum.own_customers += self.own_customers;
        sum.first_contacts += self.first_contacts;
        if self.gained != 0 {
            *sum.gained.entry(self.flag_value.clone()).or_default() += self.gained;
        }
    }
}
