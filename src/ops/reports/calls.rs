//! What calls came to.

use super::{By, Counted, Place, add_up};
use crate::error::Error;
use crate::ops::Cx;
pub use crate::ops::calls::tally::Counts;
use crate::store::Scope;
use crate::store::rows::CallCountRow;

/// Returns what the calls of agents whom the caller sees came to.
pub async fn report(cx: &Cx<'_>, from: i64, to: i64, by: By) -> Result<Vec<(String, Counts)>, Error> {
    add_up::<CallCountRow>(cx, from, to, by).await
}

impl Counted for CallCountRow {
    type Sum = Counts;

    async fn read(scope: &Scope, after: &Place, end: i64, limit: i64) -> sqlx::Result<Vec<Self>> {
        scope.call_counts(after.quarter, &after.login_key, end, limit).await
    }

    fn place(&self) -> Place {
        Place { quarter: self.quarter, login_key: self.login_key.clone(), what: String::new() }
    }

    fn add_to(&self, sum: &mut Counts) {
        sum.offered += self.offered;
        sum.answered += self.answered;
        sum.missed += self.missed;
        sum.outgoing += self.outgoing;
        sum.connected += self.connected;
        sum.talk_seconds += self.talk_seconds;
        sum.wrap_ups += self.wrap_ups;
        sum.wrap_seconds += self.wrap_seconds;
    }
}
