//! The CRM's customer info: one documented operation, which shows a customer with all that hangs on it.
//!
//! Source: the CRM customer info document; `docs/dialects/crm_info.md` has the decisions where it is silent.
//! Nearly everything is a text here: numbers, flags, amounts, and times as Unix seconds.

mod entries;
pub mod http;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use entries::Entry;

use super::answer_in_result as answer;
use super::members::{Answers, Names, Reading, Unknown};
use crate::domain::document::{System, shown};
use crate::domain::feed::FeedKind;
use crate::domain::identifier::Identifier;
use crate::domain::pinyin::{self, Kind};
use crate::domain::role::Role;
use crate::domain::times::SECOND;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::rights::Shown;
use crate::ops::customer::find;
use crate::ops::systems::terms::{Words, first_phone};
use crate::protocol::lenient::Scalar;

/// Clients send all sorts of things that nobody reads.
pub const READING: Reading = Reading { unknown: Unknown::Ignored, names: Names::Folded, answers: Answers::Envelope };

operations! { CrmInfo:
    /// 客户详情，连同联系人、地址、发票、订单、服务人员和认证信息。
    /// Shows a customer with contacts, addresses, invoices, orders, the people who serve it, and its certification.
    Info = "crm/customer/info" [POST "/crm/customer/info"], read by Agent
        => info(InfoOf<'_>) -> json InfoAnswer;
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct InfoOf<'a> {
    /// The customer's id, a number.
    #[serde(borrow)]
    #[schemars(required)]
    cid: Option<Scalar<'a>>,
}

/// What is answered. Every key is always there.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InfoAnswer {
    err_code: i64,
    err_msg: &'static str,
    data: Box<Info>,
}

macro_rules! info {
    ($($name:ident $(= $wire:literal)?: $type:ty),+ $(,)?) => {
        #[derive(Serialize, JsonSchema)]
        pub struct Info { $($(#[serde(rename = $wire)])? $name: $type),+ }
    };
}

// In the order of the document.
info! {
    id: String,
    org_cid: String,
    org_id: String,
    org_department_id: String,
    is_credit: String,
    code: String,
    code_old: String,
    helper_code: String,
    name: String,
    short_name: String,
    name_en: String,
    checking_info: String,
    license_no: String,
    own_license_no = "_license_no": String,
    signboard: String,
    mobile: String,
    remark: String,
    email: String,
    org_type_name: String,
    org_property_name: String,
    cache_at = "_cache_at": i64,
    area_name: String,
    area_owner_name: String,
    state_name: String,
    state_color: String,
    state_bg_color: String,
    updated_user_name: String,
    created_user_name: String,
    user_name: String,
    org_cid_name: String,
    org_name: String,
    org_f_name: String,
    org_department_name: String,
    finance_org_name: String,
    report_org_name: String,
    warehouse_org_name: String,
    price_range_name: String,
    channel_name: String,
    grade_name: String,
    category_name: String,
    is_checked_name: String,
    pay_method_name: String,
    credit_limit: String,
    used_limit: String,
    account_days: String,
    sales_money: String,
    visit_plan: Nothing,
    extend_infos: Vec<Entry>,
    total_infos: Totals,
    services: Entry,
    can_edit_area_id = "_can_edit_area_id": i64,
    can_edit_price_range = "_can_edit_price_range": i64,
    contacts: Vec<Entry>,
    addresslist: Vec<Entry>,
    invoicelist: Vec<Entry>,
    orderlist: Vec<Entry>,
    order_amount: String,
    purchase_amount: String,
}

/// An object without members.
#[derive(Serialize, JsonSchema)]
struct Nothing {}

/// How much there is of each, counted now.
#[derive(Serialize, JsonSchema)]
struct Totals {
    contacts: String,
    address: String,
    service3d: String,
    invoice: String,
    contract: String,
    orders: String,
    service: String,
}

async fn info(cx: &Cx<'_>, request: InfoOf<'_>) -> Result<InfoAnswer, Error> {
    let cid = request.cid.as_ref().and_then(Scalar::integer);
    let cid = cid.ok_or_else(|| Error::parameter("cid: 缺少或不是数字 / is missing or no number"))?;
    let customer = find::only(find::find(cx, &Identifier::Id(cid)).await?.customers.into_iter())?;
    let words = Words::of(cx, &customer).await?;
    let tickets = cx.scope.feed_count(customer.id, &[FeedKind::Ticket]).await?;
    let data = Box::new(describe(cx, &customer, &words, tickets)?);
    Ok(InfoAnswer { err_code: 1000, err_msg: "请求成功", data })
}

fn describe(cx: &Cx<'_>, customer: &Shown, words: &Words, tickets: i64) -> Result<Info, Error> {
    let catalogue = &cx.catalogue;
    let mobile = first_phone(customer)?;
    let document = &words.crm_with_shared(customer, &catalogue.fields, &mobile)?;
    let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let text_or = |name: &str, otherwise: &str| {
        document.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or(otherwise).to_owned()
    };
    let number = |name: &str| document.get(name).and_then(Value::as_i64).unwrap_or(0);
    let money = |name: &str| text_or(name, "0.00");
    let person = |login_no: &str| catalogue.staff(login_no).map_or(login_no, |staff| &staff.name).to_owned();
    let owner = customer.owner_no.as_deref().map(person).unwrap_or_default();
    let group = customer.group_id.and_then(|id| catalogue.groups.get(&id)).cloned().unwrap_or_default();
    let name = customer.name.clone().unwrap_or_default();
    let checking = document.get("checking_info").and_then(Value::as_object);
    let may_edit = i64::from(cx.rights().allows("put_details", Role::Agent));
    Ok(Info {
        id: customer.id.to_string(),
        org_cid: text_or("org_cid", "0"),
        org_id: text_or("org_id", "0"),
        org_department_id: text_or("org_department_id", &customer.group_id.unwrap_or(0).to_string()),
        is_credit: text_or("is_credit", "0"),
        code: format!("C{:08}", customer.id),
        code_old: text("code_old"),
        helper_code: pinyin::initials(&name, Kind::Name).to_uppercase(),
        short_name: text_or("short_name", &name),
        name_en: text("name_en"),
        checking_info: entries::checking_info(checking)?,
        license_no: text("license_no"),
        own_license_no: entries::text_in(checking, "license_no"),
        signboard: text("signboard"),
        mobile,
        remark: text("remark"),
        email: text("email"),
        org_type_name: text("org_type_name"),
        org_property_name: text("org_property_name"),
        cache_at: cx.now / SECOND,
        area_name: words.area_name(customer.address.as_deref()),
        area_owner_name: text_or("area_owner_name", &owner),
        state_name: words.state(customer, catalogue),
        state_color: text("state_color"),
        state_bg_color: text("state_bg_color"),
        updated_user_name: person(&customer.updated_by),
        created_user_name: person(&customer.created_by),
        org_cid_name: text("org_cid_name"),
        org_name: text_or("org_name", &catalogue.company.name),
        org_f_name: text("org_f_name"),
        org_department_name: group,
        finance_org_name: text("finance_org_name"),
        report_org_name: text("report_org_name"),
        warehouse_org_name: text("warehouse_org_name"),
        price_range_name: text("price_range_name"),
        channel_name: words.channel(customer, catalogue),
        grade_name: words.level(System::CrmInfo, customer.star),
        category_name: words.category(customer, catalogue),
        is_checked_name: text_or("is_checked_name", words.checked()),
        pay_method_name: text("pay_method_name"),
        credit_limit: money("credit_limit"),
        used_limit: words.outstanding(System::CrmInfo),
        account_days: shown::days(number("account_days")),
        sales_money: words.turnover(System::CrmInfo),
        visit_plan: Nothing {},
        extend_infos: entries::extend_infos(customer, document),
        total_infos: Totals {
            contacts: entries::count(document, "contacts"),
            address: entries::count(document, "addresslist"),
            service3d: number("service3d_count").to_string(),
            invoice: entries::count(document, "invoicelist"),
            contract: number("contract_count").to_string(),
            orders: entries::count(document, "orderlist"),
            service: tickets.to_string(),
        },
        services: entries::services(cx, customer, document),
        can_edit_area_id: may_edit,
        can_edit_price_range: may_edit,
        contacts: entries::contacts(customer, document),
        addresslist: entries::addresses(customer, document),
        invoicelist: entries::invoices(customer, document, &name),
        orderlist: entries::orders(document),
        order_amount: text("order_amount"),
        purchase_amount: money("purchase_amount"),
        user_name: owner,
        name,
    })
}
