//! The expected answers. A row asks for something of company 1054; there may be several of an action.

use serde_json::{Value, json};

use crate::signed::{ADMIN, AGENT, APP, MASKED_AGENT, NOBODY, OTHER_ADMIN, OTHER_APP, SUPERVISOR, Who};

/// Who asks, in the order of [`Codes`].
pub const COLUMNS: [Who; 8] = [NOBODY, AGENT, SUPERVISOR, ADMIN, APP, MASKED_AGENT, OTHER_ADMIN, OTHER_APP];

pub type Codes = [i64; COLUMNS.len()];

const FOR_ANYBODY: Codes = [1000; COLUMNS.len()];
const FOR_ALL_SIGNED_IN: Codes = [2401, 1000, 1000, 1000, 1000, 1000, 1000, 1000];
/// Found by 1054's own; the others are told what they are told of customers that do not exist.
const FOR_1054: Codes = [2401, 1000, 1000, 1000, 1000, 2005, 2005, 2005];
const FOR_EXPORTERS: Codes = [2401, 1000, 1000, 1000, 1000, 2403, 1000, 1000];
/// Each for his own company: what 1054 calls so is another thing there.
const FOR_SUPERVISORS: Codes = [2401, 2403, 1000, 1000, 1000, 2403, 1000, 1000];
const FOR_SUPERVISORS_OF_1054: Codes = [2401, 2403, 1000, 1000, 1000, 2403, 2005, 2005];
const FOR_ADMINS_AND_APPS: Codes = [2401, 2403, 2403, 1000, 1000, 2403, 1000, 1000];
const FOR_ADMINS: Codes = [2401, 2403, 2403, 1000, 2403, 2403, 1000, 2403];
/// There is no such thing in the other admin's company.
const FOR_ADMIN_OF_1054: Codes = [2401, 2403, 2403, 1000, 2403, 2403, 2000, 2403];

pub struct Row {
    pub action: &'static str,
    pub sample: Value,
    pub codes: Codes,
    /// Over HTTP, where a system has its own codes or statuses, and does not know the apps that sign.
    pub http: Option<Codes>,
}

fn row(action: &'static str, codes: Codes, sample: Value) -> Row {
    Row { action, sample, codes, http: None }
}

/// In iBiz PLM, for who may do it everywhere; a customer of 1054 is not found elsewhere.
const FOR_GRANTED: Codes = [2401, 2403, 1000, 1000, 1000, 2403, 1000, 1000];
const FOR_GRANTED_OF_1054: Codes = [2401, 2403, 1000, 1000, 1000, 2403, 2005, 2005];

/// Rows of iBiz PLM, whose own codes are those of its document.
fn plm(action: &'static str, codes: Codes, sample: Value) -> Row {
    let mut http = codes.map(|code| match code {
        1000 => 200,
        2000 => 5,
        2005 => 3,
        2401 => 401,
        _ => 2,
    });
    for (code, who) in http.iter_mut().zip(COLUMNS) {
        if matches!(who, Who::App(_)) {
            *code = 401;
        }
    }
    with_http(http, row(action, codes, sample))
}

/// The same where a file is sent.
fn plm_file(action: &'static str, codes: Codes, sample: Value) -> Row {
    let mut row = plm(action, codes, sample);
    if let Some(http) = &mut row.http {
        for code in http.iter_mut().filter(|code| **code == 200) {
            *code = 1000;
        }
    }
    row
}

/// In iBiz PLM, what says for who may do it that something is missing.
const FOR_GRANTED_INCOMPLETE: Codes = [2401, 2403, 2000, 2000, 2000, 2403, 2000, 2000];

fn with_http(http: Codes, row: Row) -> Row {
    Row { http: Some(http), ..row }
}

/// It takes neither tokens of operators nor the apps of another system.
const NOT_SIGNED_IN: Codes = [401; COLUMNS.len()];

fn wise(action: &'static str, codes: Codes, sample: Value) -> Row {
    with_http(NOT_SIGNED_IN, row(action, codes, sample))
}

/// Customers 40 and 39 of 1054.
const ACCOUNT: &str = "002-0000041e-0000-4000-8000-000000000028";
const ANOTHER_ACCOUNT: &str = "002-0000041e-0000-4000-8000-000000000027";

/// A customer of 1054 with one phone; `何静怡` in the demo.
pub const PHONE: &str = "138900010001";
pub const NAME: &str = "何静怡";
/// 1054 has a customer of this id, the other companies have fewer customers.
pub const ID: i64 = 40;

/// The same customer in iBiz PLM.
const KEY: &str = "000000000000041e0000000000000028";

/// What is in no reply to others than 1054's own, unless they said it themselves.
pub const ONLY_IN_1054: [&str; 12] = [
    PHONE,
    NAME,
    "13000000001",
    "测试用户",
    "杭州岚舟科技有限公司",
    "北京天润科技有限公司",
    "云上通讯",
    "客服一部",
    "王芳",
    "李强",
    "周宁",
    "2020158",
];

/// What each is answered. Rows that take something away come last.
pub fn table() -> Vec<Row> {
    vec![
        row("ping", FOR_ANYBODY, json!({})),
        // Everybody with his own credential; nobody has none.
        row("login", FOR_ALL_SIGNED_IN, json!({})),
        row("logout", FOR_ALL_SIGNED_IN, json!({})),
        // The group is a claim, too: an admin and an app may name any.
        row("filter_customers", [2401, 1000, 1000, 1000, 1000, 2403, 2000, 2000], json!({"groupId": 1_054_001})),
        row("list_customers", FOR_ALL_SIGNED_IN, json!({})),
        row("list_customers", FOR_ALL_SIGNED_IN, json!({"query": PHONE})),
        row("list_customers", FOR_ALL_SIGNED_IN, json!({"query": NAME})),
        // Whose login number this is, is unknown elsewhere.
        row(
            "list_customers",
            [2401, 1000, 1000, 1000, 1000, 2000, 2000, 2000],
            json!({"filters": {"owner": "trcs001"}}),
        ),
        row("get_customer", FOR_1054, json!({"type": "id", "content": ID})),
        row("get_customer", FOR_1054, json!({"type": "cellphone", "content": PHONE})),
        row("get_customer", FOR_1054, json!({"type": "custName", "content": NAME})),
        row("get_customer", FOR_1054, json!({"type": "companyName", "content": "杭州岚舟科技有限公司"})),
        row("feeds", FOR_1054, json!({"feed_type": "All", "type": "id", "content": ID})),
        row("feeds", FOR_1054, json!({"feed_type": "All", "type": "cellphone", "content": PHONE})),
        // It answers by the number, whoever's it is, and the reply has nothing of a customer.
        row("get_number", FOR_ALL_SIGNED_IN, json!({"number": "010-88880000"})),
        row("subscribe", FOR_ALL_SIGNED_IN, json!({"topics": ["customers/all", "customer/1"]})),
        row("unsubscribe", FOR_ALL_SIGNED_IN, json!({"topics": ["customers/all"]})),
        row("get_number", FOR_ALL_SIGNED_IN, json!({"number": PHONE})),
        row("reveal_phone", FOR_1054, json!({"type": "cellphone", "content": PHONE})),
        with_http([401, 200, 200, 200, 401, 404, 404, 401], row("customers/detail", FOR_1054, json!({"id": ID}))),
        with_http(
            [1002, 1000, 1000, 1000, 1002, 1004, 1004, 1002],
            row("crm/customer/info", FOR_1054, json!({"cid": ID})),
        ),
        plm("ibizplm.get", FOR_GRANTED_OF_1054, json!({"key": KEY})),
        plm("ibizplm.get_attention", FOR_GRANTED_OF_1054, json!({"key": KEY})),
        plm("ibizplm.update", FOR_GRANTED_OF_1054, json!({"key": KEY, "description": "新描述"})),
        plm("ibizplm.add_categories", FOR_1054, json!({"key": KEY, "srfactionparam": [{"categories": "c"}]})),
        plm("ibizplm.product_customer_re_counters", FOR_ALL_SIGNED_IN, json!({"key": KEY})),
        plm("ibizplm.create", FOR_GRANTED, json!({"name": "新客户"})),
        plm("ibizplm.checkkey", FOR_GRANTED, json!({"id": "free"})),
        plm("ibizplm.getdraft", FOR_GRANTED, json!({"name": "新客户"})),
        plm("ibizplm.save", FOR_GRANTED, json!({"key": "saved", "name": "新客户"})),
        plm(
            "ibizplm.others_relation_customer",
            FOR_ALL_SIGNED_IN,
            json!({"principal_id": "idea", "principal_type": "idea", "target_type": "customer", "srfactionparam": [{"id": KEY}]}),
        ),
        plm("ibizplm.del_relation", FOR_ALL_SIGNED_IN, json!({"key": KEY, "principal_id": "idea"})),
        plm("ibizplm.fetchdefault", FOR_GRANTED, json!({"n_name_like": NAME})),
        plm("ibizplm.fetchnormal", FOR_GRANTED, json!({"size": 5})),
        // Members see it; elsewhere nothing is in this product, and agents are no members of it.
        plm(
            "ibizplm.fetchnormal",
            [2401, 1000, 1000, 1000, 1000, 2403, 1000, 1000],
            json!({"pkey": "p-demo", "size": 5}),
        ),
        plm("ibizplm.fetchidea_notre_customer", FOR_GRANTED, json!({"principal_id": "idea-demo"})),
        plm("ibizplm.fetchidea_relation_customer", FOR_GRANTED, json!({"principal_id": "idea-demo"})),
        plm("ibizplm.fetchcomment_notify_assignee", FOR_GRANTED, json!({"id": 1})),
        plm_file("ibizplm.importtemplate", FOR_GRANTED, json!({})),
        plm_file("ibizplm.exportdata", FOR_GRANTED, json!({"param": "fetchdefault", "n_name_like": NAME})),
        plm_file("ibizplm.exportdata", FOR_GRANTED_OF_1054, json!({"param": "fetchdefault", "key": KEY})),
        plm_file("ibizplm.printdata", FOR_GRANTED_OF_1054, json!({"key": KEY, "srfcontenttype": "HTML"})),
        plm_file("ibizplm.report", FOR_GRANTED, json!({"srfcontenttype": "HTML"})),
        // With files, tests/workbooks.py asks for them.
        plm("ibizplm.importdata", FOR_GRANTED_INCOMPLETE, json!({})),
        plm("ibizplm.importdata2", FOR_GRANTED_INCOMPLETE, json!({})),
        plm("ibizplm.asyncimportdata2", FOR_GRANTED_INCOMPLETE, json!({"srfossfileid": "nothing"})),
        plm(
            "ibizplm.asyncactions",
            [2401, 2005, 2005, 2005, 2005, 2005, 2005, 2005],
            json!({"asyncactionid": "nothing"}),
        ),
        // Agents of 1054 create customers in p-demo.
        plm("ibizplm.files", [2401, 2000, 2000, 2000, 2000, 2403, 2000, 2000], json!({"srfossfileid": "nothing"})),
        plm_file(
            "ibizplm.ossfiles",
            [2401, 2005, 2005, 2005, 2005, 2005, 2005, 2005],
            json!({"srfossfileid": "nothing"}),
        ),
        plm(
            "ibizplm.importschemas",
            [2401, 1000, 1000, 1000, 1000, 2403, 1000, 1000],
            json!({"columns": {"单位名称": "name"}}),
        ),
        plm("ibizplm.remove", FOR_GRANTED, json!({"key": "nobody"})),
        // With files, tables.rs asks for them.
        row("upload_file", [2401, 2403, 2000, 2000, 2000, 2403, 2000, 2000], json!({"file": "nothing"})),
        row("import_customers", [2401, 2403, 2000, 2000, 2000, 2403, 2000, 2000], json!({"file": "nothing"})),
        row("get_import", [2401, 2403, 2005, 2005, 2005, 2403, 2005, 2005], json!({"id": "nothing"})),
        row("cancel_import", [2401, 2403, 2005, 2005, 2005, 2403, 2005, 2005], json!({"id": "nothing"})),
        row("get_import_errors", [2401, 2403, 2005, 2005, 2005, 2403, 2005, 2005], json!({"id": "nothing"})),
        row("add_follow_up", FOR_1054, json!({"customerId": ID, "content": "已回访"})),
        // Programs have nobody to remind.
        row(
            "add_follow_up",
            [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2000],
            json!({"customerId": ID, "content": "已回访", "nextAt": "2099-01-01"}),
        ),
        row(
            "put_reminder",
            [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2000],
            json!({"customerId": ID, "at": "2099-01-01", "text": "回电"}),
        ),
        row(
            "put_reminder",
            [2401, 1000, 1000, 1000, 2000, 1000, 1000, 2000],
            json!({"at": "2099-01-01", "text": "写周报"}),
        ),
        row("list_reminders", FOR_ALL_SIGNED_IN, json!({})),
        row("list_reminders", [2401, 1000, 1000, 1000, 1000, 2403, 1000, 1000], json!({"staffNo": "trcs001"})),
        row("complete_reminder", [2401, 2005, 2005, 2005, 2005, 2005, 2005, 2005], json!({"reminderId": 0})),
        row("watch", [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2000], json!({"customerId": ID})),
        row("viewing", [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2000], json!({"customerId": ID})),
        row("list_watched", [2401, 1000, 1000, 1000, 2000, 1000, 1000, 2000], json!({})),
        // Whoever is out of sight can be let go of.
        row("unwatch", [2401, 1000, 1000, 1000, 2000, 1000, 1000, 2000], json!({"customerId": ID})),
        row("log_call", FOR_1054, json!({"customerId": ID, "direction": "out", "duration": 30})),
        row("log_call", FOR_1054, json!({"number": PHONE, "direction": "in"})),
        row("log_text_message", FOR_1054, json!({"customerId": ID, "direction": "out", "content": "已寄出"})),
        // Nobody looks after the customer, for whom a program could open it.
        row(
            "create_ticket",
            [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2005],
            json!({"customerId": ID, "title": "回电"}),
        ),
        // Whose login number this is, is unknown elsewhere.
        row("create_ticket", FOR_1054, json!({"customerId": ID, "title": "回电", "handler": "trcs001"})),
        row(
            "update_ticket",
            [2401, 2005, 2005, 2005, 2005, 2005, 2005, 2005],
            json!({"ticketId": 0, "state": "处理中"}),
        ),
        row("get_ticket", [2401, 2005, 2005, 2005, 2005, 2005, 2005, 2005], json!({"ticketId": 0})),
        row("list_tickets", FOR_ALL_SIGNED_IN, json!({})),
        row("list_tickets", FOR_ALL_SIGNED_IN, json!({"customerId": ID})),
        row("list_tickets", [2401, 1000, 1000, 1000, 1000, 2000, 2000, 2000], json!({"handler": "trcs001"})),
        row("create_follow_up", FOR_1054, json!({"type": "id", "content": ID, "text": "已回访"})),
        row(
            "assign_customers",
            [2401, 2403, 1000, 1000, 1000, 2403, 2000, 2000],
            json!({"customerIds": [ID], "serviceNo": "trcs008", "servicegroupId": 1_054_002}),
        ),
        // What is nobody's in the caller's company is told of each.
        row("release_customers", FOR_ALL_SIGNED_IN, json!({"customerIds": [ID]})),
        // Admins are in no group, and apps are nobody.
        row("claim_customer", [2401, 1000, 1000, 2000, 2403, 2005, 2005, 2403], json!({"customerId": ID})),
        row("find_duplicates", FOR_SUPERVISORS, json!({"by": "name"})),
        row("merge_customers", FOR_SUPERVISORS_OF_1054, json!({"into": ID, "customerIds": [ID - 2]})),
        row("unmerge", FOR_SUPERVISORS_OF_1054, json!({"customerId": ID - 2})),
        row(
            "save_view",
            FOR_ALL_SIGNED_IN,
            json!({"name": "我的客户", "where": {"unassigned": false}, "sort": "name"}),
        ),
        row("list_views", FOR_ALL_SIGNED_IN, json!({})),
        row("delete_view", FOR_ALL_SIGNED_IN, json!({"id": 1})),
        row("get_details", FOR_1054, json!({"type": "id", "content": ID, "system": "crm_info"})),
        row(
            "put_details",
            FOR_1054,
            json!({"type": "id", "content": ID, "system": "crm_info", "fields": {"short_name": "新简称"}}),
        ),
        wise("metadata/entity", FOR_ALL_SIGNED_IN, json!({})),
        wise("metadata/field", FOR_ALL_SIGNED_IN, json!({"entity": "Account"})),
        wise("metadata/picklist", FOR_ALL_SIGNED_IN, json!({"entity": "Account"})),
        wise("user/list", FOR_ALL_SIGNED_IN, json!({"fields": "userName"})),
        wise("account/list", FOR_ALL_SIGNED_IN, json!({"fields": "accountName"})),
        wise(
            "entity/adv-query",
            FOR_ALL_SIGNED_IN,
            json!({"entity": "Account", "fields": "accountName", "body": {"filters": []}}),
        ),
        wise("account/get", FOR_1054, json!({"account_id": ACCOUNT, "fields": "accountName,phone"})),
        wise("account/add", FOR_ALL_SIGNED_IN, json!({"body": {"accountName": "又一新客户"}})),
        wise("account/update", FOR_1054, json!({"account_id": ACCOUNT, "body": {"address": "又一地址"}})),
        row("export_customers", FOR_EXPORTERS, json!({"format": "jsonl"})),
        row("export_customers", FOR_EXPORTERS, json!({"format": "csv", "query": NAME})),
        row(
            "create_customer",
            [2401, 1000, 1000, 1000, 1000, 2403, 2403, 2403],
            json!({"customer": {"custname": "新客户", "cellphones": [[null, "13900000001"]], "companyId": 1054}}),
        ),
        row("create_customer", FOR_ALL_SIGNED_IN, json!({"customer": {"cellphones": [[null, "13900000002"]]}})),
        // The number is free in the others' companies.
        row(
            "create_customer",
            [2401, 2000, 2000, 2000, 2000, 1000, 1000, 1000],
            json!({"customer": {"cellphones": [[null, PHONE]]}}),
        ),
        row("update_customer", FOR_1054, json!({"type": "id", "content": ID, "customer": {"address": "新地址"}})),
        row("show_company", FOR_ADMINS, json!({})),
        // Of whom supervisors answer for; programs have no business there.
        row("list_audit", [2401, 2403, 1000, 1000, 2403, 2403, 1000, 2403], json!({})),
        row("list_audit", [2401, 2403, 1000, 1000, 2403, 2403, 1000, 2403], json!({"staffNo": "trcs001"})),
        row("list_audit", [2401, 2403, 2403, 1000, 2403, 2403, 1000, 2403], json!({"staffNo": "admin1054"})),
        // Nobody's password is this.
        row(
            "change_password",
            [2401, 2403, 2403, 2403, 2403, 2403, 2403, 2403],
            json!({"old": "nobody-has-it", "new": "another-password"}),
        ),
        row("put_company", FOR_ADMINS, json!({"name": "新名称"})),
        row("put_group", FOR_ADMINS, json!({"id": 1_054_001, "name": "新部门"})),
        row("put_operator", FOR_ADMINS, json!({"staffNo": "trcs008", "name": "新同事", "role": "agent"})),
        row("put_operator", FOR_ADMIN_OF_1054, json!({"staffNo": "trcs008", "name": "新同事", "groups": [1_054_002]})),
        row("put_app", FOR_ADMINS, json!({"id": "new-app", "name": "新应用"})),
        // Ids of apps are unique in the whole installation.
        row("put_app", [2401, 2403, 2403, 2000, 2403, 2403, 2000, 2403], json!({"id": "2020158", "name": "新应用"})),
        row(
            "put_app",
            FOR_ADMIN_OF_1054,
            json!({"id": "new-bearer", "name": "新应用", "kind": "bearer", "actsAs": "trcs009"}),
        ),
        row("put_dictionary_item", FOR_ADMINS, json!({"kind": "type", "value": "0", "name": "新类型"})),
        row("put_task", FOR_ADMINS, json!({"id": 99, "name": "新任务"})),
        row("put_custom_field", FOR_ADMINS, json!({"id": 7, "name": "新字段"})),
        row("put_product", FOR_ADMINS, json!({"id": "p-new", "name": "新产品"})),
        row(
            "put_product_member",
            FOR_ADMIN_OF_1054,
            json!({"product": "p-demo", "staffNo": "trcs009", "role": "user"}),
        ),
        row("put_rights", FOR_ADMINS, json!({"role": "agent", "reach": "company", "phones": "shown", "export": true})),
        row("enable_operator", FOR_ADMIN_OF_1054, json!({"staffNo": "trcs009"})),
        row("set_password", FOR_ADMIN_OF_1054, json!({"staffNo": "trcs009", "password": "another-password"})),
        row("disable_operator", FOR_ADMIN_OF_1054, json!({"staffNo": "trcs009"})),
        row("rotate_app", FOR_ADMIN_OF_1054, json!({"id": "2020158"})),
        row(
            "put_webhook",
            FOR_ADMINS_AND_APPS,
            json!({"id": "push", "url": "https://push.example.com/laidian", "events": ["call.*"], "active": false}),
        ),
        row("rotate_webhook", FOR_ADMINS_AND_APPS, json!({"id": "push"})),
        row("list_webhooks", FOR_ADMINS_AND_APPS, json!({})),
        row("list_deliveries", FOR_ADMINS_AND_APPS, json!({"id": "push"})),
        // It is switched off.
        row("redeliver", [2401, 2403, 2403, 2000, 2000, 2403, 2000, 2000], json!({"id": "push", "seq": 1})),
        row("delete_webhook", FOR_ADMINS_AND_APPS, json!({"id": "push"})),
        row("dial", [2401, 1000, 1000, 1000, 2000, 2005, 2005, 2000], json!({"customerId": ID})),
        row("list_calls", FOR_1054, json!({"customerId": ID})),
        row("destroy_customer", FOR_1054, json!({"type": "cellphone", "content": "13000000001"})),
        row("destroy_customer", FOR_1054, json!({"type": "id", "content": ID})),
        row("list_deleted", FOR_SUPERVISORS, json!({})),
        row("list_deleted", FOR_SUPERVISORS, json!({"query": "测试"})),
        row("restore_customer", FOR_SUPERVISORS_OF_1054, json!({"id": ID})),
        wise("account/delete", FOR_1054, json!({"account_id": ANOTHER_ACCOUNT})),
        row("put_blocked_number", FOR_SUPERVISORS, json!({"number": "13900000009", "reason": "本人要求"})),
        row("list_blocked_numbers", FOR_SUPERVISORS, json!({})),
        row("remove_blocked_number", FOR_SUPERVISORS, json!({"number": "13900000009"})),
        // For apps only, and there is no such token.
        row("redeem_dial", [2401, 2403, 2403, 2403, 2000, 2403, 2403, 2000], json!({"token": "nothing"})),
        row("list_agents", FOR_SUPERVISORS, json!({})),
        row("agent_history", [2401, 2403, 1000, 1000, 1000, 2403, 2000, 2000], json!({"agent": "trcs001"})),
        row("reports", FOR_SUPERVISORS, json!({"from": "2026-11-01", "to": "2026-11-02", "by": "day"})),
        // Each reports his own company's calls; an app has no telephone.
        row("report_call", FOR_ALL_SIGNED_IN, json!({"event": "ringing", "callId": "c-1", "caller": "13900000019"})),
        row("call_ringing", FOR_ALL_SIGNED_IN, json!({"callId": "c-1", "caller": "13900000019"})),
        row("call_answered", FOR_ALL_SIGNED_IN, json!({"callId": "c-1"})),
        row("call_held", FOR_ALL_SIGNED_IN, json!({"callId": "c-1"})),
        row("call_resumed", FOR_ALL_SIGNED_IN, json!({"callId": "c-1"})),
        row(
            "call_transferred",
            [2401, 1000, 1000, 1000, 2000, 1000, 1000, 2000],
            json!({"callId": "c-1", "to": "trcs008", "kind": "blind"}),
        ),
        row("call_ended", FOR_ALL_SIGNED_IN, json!({"callId": "c-1"})),
        row("complete_call", FOR_ALL_SIGNED_IN, json!({"callId": "c-1", "result": "已解决"})),
        row("get_call", FOR_ALL_SIGNED_IN, json!({"callId": "c-1"})),
        row("list_calls", FOR_ALL_SIGNED_IN, json!({})),
        row("agent_state", [2401, 1000, 1000, 1000, 2000, 1000, 1000, 2000], json!({"state": "offline"})),
        // None of the tokens is good from here on.
        row("rotate_tokens", FOR_ADMINS, json!({})),
    ]
}
