//! What is derived from names, to be derived anew when its rules change.

use super::rows::{NamedRow, ProductRow};

queries! {
    /// Stores what a customer is found and sorted by, and nothing else.
    write fn update_derived(id: i64, name_key: &str, company_key: &str, name_sort: &str, haystack: &str, sorts: Option<&str>) -> u64 {
        "update customer set name_key = $3, company_key = $4, name_sort = $5, haystack = $6, sorts = $7 where company_id = $1 and id = $2"
    }
    /// Stores what the texts of iBiz PLM are sorted by, and nothing else.
    write fn set_plm_sorts(customer_id: i64, sorts: Option<&str>, categories_name_sort: Option<&str>) -> u64 {
        "update plm_customer set sorts = $3, categories_name_sort = $4 where company_id = $1 and customer_id = $2"
    }
    /// The next labels after this id, in the order of their ids.
    read fn labels_after(id: i64, limit: i64) -> Vec<NamedRow> {
        "select id, name from label where company_id = $1 and id > $2 order by id limit $3 + 0"
    }
    write fn set_label_key(id: i64, key: &str) -> u64 {
        "update label set key = $3 where company_id = $1 and id = $2"
    }
    write fn sort_group(id: i64, name_sort: &str) -> u64 {
        "update service_group set name_sort = $3 where company_id = $1 and id = $2"
    }
    write fn sort_operator(login_key: &str, name_sort: &str) -> u64 {
        "update staff set name_sort = $3 where company_id = $1 and login_key = $2"
    }
    /// All products.
    read fn products() -> Vec<ProductRow> {
        "select id, name from plm_product where company_id = $1 order by id"
    }
    write fn sort_product(id: &str, name_sort: &str) -> u64 {
        "update plm_product set name_sort = $3 where company_id = $1 and id = $2"
    }
}
