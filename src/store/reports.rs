//! Counts of what was written down about customers.

use super::rows::{FollowedRow, WorkCountRow};

queries! {
    write fn count_work(quarter: i64, login_key: &str, flag_value: &str, follow_ups: i64, customers: i64, own_customers: i64, first_contacts: i64, gained: i64) -> u64 {
        "insert into work_count (company_id, quarter, login_key, flag_value, follow_ups, customers, own_customers, first_contacts, gained)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (company_id, quarter, login_key, flag_value) do update set follow_ups = work_count.follow_ups + excluded.follow_ups,
           customers = work_count.customers + excluded.customers, own_customers = work_count.own_customers + excluded.own_customers,
           first_contacts = work_count.first_contacts + excluded.first_contacts, gained = work_count.gained + excluded.gained"
    }
    /// The counts behind this place, before another quarter.
    read fn work_counts(quarter: i64, login_key: &str, flag_value: &str, before: i64, limit: i64) -> Vec<WorkCountRow> {
        "select quarter, login_key, flag_value, follow_ups, customers, own_customers, first_contacts, gained from work_count
         where company_id = $1 and (quarter, login_key, flag_value) > ($2, $3, $4) and quarter < $5
         order by quarter, login_key, flag_value limit $6 + 0"
    }
    write fn forget_work_counts(before: i64) -> u64 {
        "delete from work_count where company_id = $1 and quarter < $2"
    }
    /// The last follow-ups of a customer, the last first.
    read fn last_follow_ups(customer_id: i64, limit: i64) -> Vec<FollowedRow> {
        "select at, author_no from follow_up where company_id = $1 and customer_id = $2 order by at desc, id desc limit $3 + 0"
    }
}
