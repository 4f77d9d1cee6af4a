//! Which of the operations that the iBiz PLM document lists are served.

use std::collections::BTreeSet;

use laidian::dialects;

/// Each is documented as it stands here, and under `/products/{pkey}`.
const SERVED: [&str; 25] = [
    "POST /customers",
    "GET /customers/{key}",
    "DELETE /customers/{key}",
    "PUT /customers/{key}",
    "POST /customers/{key}/add_categories",
    "POST /customers/checkkey",
    "POST /customers/{key}/del_relation",
    "GET /customers/getdraft",
    "GET /customers/{key}/get_attention",
    "POST /customers/others_relation_customer",
    "POST /customers/{key}/product_customer_re_counters",
    "POST /customers/{key}/save",
    "POST /customers/fetchcomment_notify_assignee",
    "POST /customers/fetchdefault",
    "POST /customers/fetchidea_notre_customer",
    "POST /customers/fetchidea_relation_customer",
    "POST /customers/fetchnormal",
    "GET /customers/importtemplate",
    "POST /customers/exportdata/{param}",
    "POST /customers/exportdata/{param}/{key}",
    "POST /customers/importdata",
    "POST /customers/importdata2",
    "GET /customers/asyncimportdata2",
    "GET /customers/printdata/{key}",
    "POST /customers/report",
];

#[test]
fn what_the_document_lists_is_served_for_all_and_by_product() {
    let routes: BTreeSet<String> = dialects::rows()
        .filter(|row| row.dialect == "Ibizplm")
        .flat_map(|row| row.routes)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let by_product = |route: &str| route.replacen(" /", " /products/{pkey}/", 1);
    let served: BTreeSet<String> = SERVED.iter().flat_map(|route| [(*route).to_owned(), by_product(route)]).collect();
    let missing: Vec<_> = served.difference(&routes).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
