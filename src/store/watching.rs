//! Which customers agents follow, and which they have open.

use super::rows::{NumberRow, TextRow, ViewerRow, WatchedRow};

queries! {
    write fn insert_watch(login_key: &str, customer_id: i64, at: i64) -> u64 {
        "insert into watch (company_id, login_key, customer_id, at) values ($1, $2, $3, $4) on conflict do nothing"
    }
    write fn delete_watch(login_key: &str, customer_id: i64) -> u64 {
        "delete from watch where company_id = $1 and login_key = $2 and customer_id = $3"
    }
    /// All customers that an operator follows.
    read fn watched(login_key: &str) -> Vec<WatchedRow> {
        "select customer_id, at from watch where company_id = $1 and login_key = $2"
    }

    // ---- who has a customer open

    write fn put_viewing(customer_id: i64, login_key: &str, socket: &str, until: i64) -> u64 {
        "insert into viewing (company_id, customer_id, login_key, socket, until_at) values ($1, $2, $3, $4, $5)
         on conflict (company_id, customer_id, login_key, socket) do update set until_at = excluded.until_at"
    }
    write fn delete_viewing(customer_id: i64, login_key: &str, socket: &str) -> u64 {
        "delete from viewing where company_id = $1 and customer_id = $2 and login_key = $3 and socket = $4"
    }
    /// Whoever has a customer open, each once.
    read fn viewers(customer_id: i64) -> Vec<TextRow> {
        "select distinct login_key as value from viewing where company_id = $1 and customer_id = $2 order by login_key"
    }
    /// How many customers are open on a socket.
    read fn open_on_socket(socket: &str) -> Option<NumberRow> {
        "select count(*) as value from viewing where company_id = $1 and socket = $2"
    }
    /// Closes what was open on a socket.
    write fn close_viewing(socket: &str) -> Vec<ViewerRow> {
        "delete from viewing where company_id = $1 and socket = $2 returning customer_id, login_key"
    }
    /// Closes what nobody has said again until then: by its index, for a company has thousands open at most.
    write fn expire_viewing(until: i64) -> Vec<ViewerRow> {
        "delete from viewing indexed by viewing_until where company_id = $1 and until_at <= $2 returning customer_id, login_key",
        postgres: "delete from viewing where company_id = $1 and until_at <= $2 returning customer_id, login_key"
    }
    /// The companies in which something was open until then, some of them.
    global fn companies_with_closed(until: i64) -> Vec<NumberRow> {
        "select distinct company_id as value from (select company_id from viewing where until_at <= $1 order by until_at limit 1000) few"
    }
    /// When the next is closed after then, in whichever company.
    global fn next_closed(after: i64) -> Option<NumberRow> {
        "select until_at as value from viewing where until_at > $1 order by until_at limit 1"
    }
}
