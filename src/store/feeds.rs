//! The history of one customer: five tables, read as one list.

use super::Scope;
use super::dynamic::Sql;
use super::rows::{FeedRow, NumberRow};
use crate::domain::feed::FeedKind;

impl FeedKind {
    /// The columns of this kind, under names that all kinds share: five texts, whose meaning the kind gives.
    fn columns(self) -> &'static str {
        match self {
            Self::Ticket => {
                "select 'Ticket' as kind, id, at, title as t1, content as t2, handler_no as t3, status as t4, urgency as t5 from ticket"
            }
            Self::CustomerFollowUp => {
                "select 'CustomerFollowUp' as kind, id, at, author_no as t1, author_name as t2, content as t3, flag_value as t4, null as t5 from follow_up"
            }
            Self::CallLog => {
                "select 'CallLog' as kind, id, at, call_type as t1, outcome as t2, cast(seconds as text) as t3, null as t4, null as t5 from call_log"
            }
            Self::TextMsgLog => {
                "select 'TextMsgLog' as kind, id, at, phone as t1, content as t2, direction as t3, status as t4, null as t5 from text_message"
            }
            Self::Alternation => {
                "select 'Alternation' as kind, id, at, author_no as t1, author_name as t2, lines as t3, null as t4, null as t5 from change"
            }
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Ticket => "ticket",
            Self::CustomerFollowUp => "follow_up",
            Self::CallLog => "call_log",
            Self::TextMsgLog => "text_message",
            Self::Alternation => "change",
        }
    }
}

impl Scope {
    /// The items of these kinds of a customer's history, newest first.
    pub async fn feed(&self, customer: i64, kinds: &[FeedKind], limit: i64, offset: i64) -> sqlx::Result<Vec<FeedRow>> {
        self.feed_page(customer, kinds, limit, offset).fetch(self).await
    }

    /// How many items of these kinds there are.
    pub async fn feed_count(&self, customer: i64, kinds: &[FeedKind]) -> sqlx::Result<i64> {
        let rows: Vec<NumberRow> = self.feed_sum(customer, kinds).fetch(self).await?;
        Ok(rows.first().map_or(0, |row| row.value))
    }

    /// The texts of the statements of these kinds, for the test of their plans: page, count.
    #[doc(hidden)]
    #[must_use]
    pub fn feed_texts(&self, kinds: &[FeedKind]) -> [String; 2] {
        [self.feed_page(0, kinds, 0, 0), self.feed_sum(0, kinds)].map(Sql::into_text)
    }

    fn feed_page(&self, customer: i64, kinds: &[FeedKind], limit: i64, offset: i64) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select * from (");
        for (index, kind) in kinds.iter().enumerate() {
            sql.push(if index > 0 { " union all " } else { "" }).push("select * from (").push(kind.columns());
            sql.push(" where company_id = $1 and customer_id = ").bind(customer);
            // However long a history is, what is read of it is what may be on the page.
            sql.push(" order by at desc, id desc").limit(limit.saturating_add(offset)).push(") items");
        }
        sql.push(") feed order by at desc, kind, id desc").limit(limit).push(" offset ").bind(offset);
        sql
    }

    fn feed_sum(&self, customer: i64, kinds: &[FeedKind]) -> Sql {
        let mut sql = Sql::of_company(self.company());
        sql.push("select cast(sum(n) as bigint) as value from (");
        for (index, kind) in kinds.iter().enumerate() {
            sql.push(if index > 0 { " union all " } else { "" }).push("select count(*) as n from ").push(kind.table());
            sql.push(" where company_id = $1 and customer_id = ").bind(customer);
        }
        sql.push(") counts");
        sql
    }
}
