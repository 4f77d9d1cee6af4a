//! What the WiseCRM document prints is there: every operation and every field.

use std::collections::BTreeMap;

use laidian::dialects::{self, Effect};

/// The calls of the account document, with the parameters that it lists.
const CALLS: [(&str, &str, Effect, &[&str]); 5] = [
    ("account/add", "POST", Effect::Write, &["op_user", "force_add"]),
    ("account/get", "GET", Effect::Read, &["op_user", "account_id", "fields"]),
    ("account/list", "GET", Effect::Read, &["op_user", "fields", "qname", "page_no", "page_size"]),
    ("account/update", "POST", Effect::Write, &["op_user", "account_id", "force_update"]),
    ("account/delete", "POST", Effect::Write, &["op_user", "account_id", "cascade_delete"]),
];

#[test]
fn every_documented_call_is_served_with_its_parameters() {
    let rows: BTreeMap<&str, _> = dialects::rows().map(|row| (row.action, row)).collect();
    for (action, method, effect, parameters) in CALLS {
        let row = rows[action];
        let routes: Vec<_> = row.routes.iter().map(|route| (route.method, route.path.to_owned())).collect();
        assert_eq!(routes, [(method, format!("/gw/{action}"))]);
        assert_eq!(row.effect, effect, "{action}");
        let mut generator = schemars::SchemaGenerator::default();
        let schema = (row.request_schema)(&mut generator).to_value();
        let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let properties = &generator.definitions()[&name]["properties"];
        for parameter in parameters {
            assert!(properties.get(parameter).is_some(), "{action} has no {parameter}");
        }
    }
}
