//! Lists that somebody has named.

use super::rows::{NumberRow, ViewRow};

queries! {
    /// The views of this operator and the shared ones, in the order of their ids.
    read fn views(login_key: &str) -> Vec<ViewRow> {
        "select id, login_key, is_shared, name, condition, sort from saved_view
         where company_id = $1 and (is_shared = 1 or login_key = $2) order by id"
    }
    read fn view(id: i64) -> Option<ViewRow> {
        "select id, login_key, is_shared, name, condition, sort from saved_view where company_id = $1 and id = $2"
    }
    /// The last number that a view has.
    read fn last_view() -> Option<NumberRow> {
        "select coalesce(max(id), 0) as value from saved_view where company_id = $1"
    }
    write fn put_view(id: i64, login_key: &str, is_shared: i64, name: &str, condition: &str, sort: &str, at: i64) -> u64 {
        "insert into saved_view (company_id, id, login_key, is_shared, name, condition, sort, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (company_id, id) do update set is_shared = excluded.is_shared, name = excluded.name,
           condition = excluded.condition, sort = excluded.sort, updated_at = excluded.updated_at"
    }
    write fn delete_view(id: i64) -> u64 {
        "delete from saved_view where company_id = $1 and id = $2"
    }
}
