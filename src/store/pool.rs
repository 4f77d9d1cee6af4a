//! Who looks after how many customers, and for whom nobody has done anything for long.

use super::rows::NumberRow;

queries! {
    /// How many customers this owner has, as far as they are counted.
    read fn owned(owner_key: &str, most: i64) -> Option<NumberRow> {
        "select count(*) as value from (select 1 as one from customer where company_id = $1 and owner_key = $2 limit $3 + 0) owned"
    }
    /// The last number that was given to a customer.
    read fn last_customer() -> Option<NumberRow> {
        "select last_customer as value from counter where company_id = $1"
    }
    /// The customers with these ids, beyond the first and up to the last, who are somebody's and whom nobody has contacted,
    /// or given to another, since then.
    read fn idle_customers(after: i64, through: i64, before: i64) -> Vec<NumberRow> {
        "select c.id as value from customer c where c.company_id = $1 and c.id > $2 and c.id <= $3 and c.owner_key is not null
           and c.created_at < $4 and coalesce(c.assigned_at, 0) < $4 and coalesce(c.last_follow_at, 0) < $4
           and not exists (select 1 from follow_up fu where fu.company_id = $1 and fu.customer_id = c.id and fu.at >= $4)
           and not exists (select 1 from call_log cl where cl.company_id = $1 and cl.customer_id = c.id and cl.at >= $4)
           and not exists (select 1 from text_message tm where tm.company_id = $1 and tm.customer_id = c.id and tm.at >= $4)
           and not exists (select 1 from change ch where ch.company_id = $1 and ch.customer_id = c.id and ch.at >= $4
             and instr(ch.lines, '\"serviceNo\"') > 0)
         order by c.id",
        postgres: "select c.id as value from customer c where c.company_id = $1 and c.id > $2 and c.id <= $3 and c.owner_key is not null
           and c.created_at < $4 and coalesce(c.assigned_at, 0) < $4 and coalesce(c.last_follow_at, 0) < $4
           and not exists (select 1 from follow_up fu where fu.company_id = $1 and fu.customer_id = c.id and fu.at >= $4)
           and not exists (select 1 from call_log cl where cl.company_id = $1 and cl.customer_id = c.id and cl.at >= $4)
           and not exists (select 1 from text_message tm where tm.company_id = $1 and tm.customer_id = c.id and tm.at >= $4)
           and not exists (select 1 from change ch where ch.company_id = $1 and ch.customer_id = c.id and ch.at >= $4
             and strpos(ch.lines, '\"serviceNo\"') > 0)
         order by c.id"
    }
}
