//! What the five systems show of one customer.

use laidian::domain::ids::{self, Entity};
use serde_json::{Value, json};

use super::known::{FIELDS, Known};
use crate::support::MAIN;
use crate::systems::Systems;

/// A customer in each system's words. Lists of things are shortened to what the table tells of them: phones and
/// labels to their texts, and so on.
pub struct Views {
    pub cti: Value,
    pub ibizplm: Value,
    pub wisecrm: Value,
    pub customer_detail: Value,
    pub crm_info: Value,
    /// The customer's phones with their ids.
    pub phones: Value,
}

const WISE: &str = "accountId,accountName,phone,address,typeCode,owningUser,owningUser.userName,owningBusinessUnit,\
    owningBusinessUnit.name,createdOn,createdBy,modifiedOn,modifiedBy,isDeleted";

/// The list with each entry as the values of these members.
fn shortened(list: &Value, members: &[&str]) -> Value {
    let short = |entry: &Value| members.iter().map(|member| entry[member].clone()).collect::<Value>();
    list.as_array().unwrap().iter().map(short).collect()
}

fn only(list: &Value, member: &str) -> Value {
    list.as_array().unwrap().iter().map(|entry| entry[member].clone()).collect()
}

impl Views {
    /// Reads a customer through all five.
    pub async fn of(systems: &mut Systems, number: i64) -> Self {
        let by_id = json!({"type": "id", "content": number});
        let mut cti = systems.act("trcs001", "get_customer", by_id.clone()).await["result"][0].take();
        let phones = cti["cellphones"].take();
        cti["cellphones"] = only(&phones, "content");
        if cti["customerLabel"].is_array() {
            cti["customerLabel"] = only(&cti["customerLabel"], "name");
        }
        let mut tickets = by_id;
        tickets["feed_type"] = "Ticket".into();
        cti["Ticket"] = systems.act("trcs001", "feeds", tickets).await["meta"]["total_count"].take();

        let key = ids::to_hex32(MAIN, number);
        let mut ibizplm = systems.plm(&format!("GET /customers/{key}"), &Value::Null).await;
        ibizplm["attentions"] = shortened(&ibizplm["attentions"], &["user_id", "type"]);
        let counter = format!("POST /customers/{key}/product_customer_re_counters");
        ibizplm["counter"] = systems.plm(&counter, &json!({})).await["customer_re_ticket"].take();

        let custom = FIELDS.map(|(id, _)| format!(",c__{id}")).concat();
        let fields = format!("{WISE}{custom}");
        let account = ids::to_wise(Entity::Account, MAIN, number);
        let asked = [("account_id", account.as_str()), ("fields", &fields)];
        let wisecrm = systems.wise("GET /gw/account/get", 1, &asked, &Value::Null).await["data"].take();

        let customer_detail = systems.detail(number).await.body;

        let mut crm_info = systems.info(number).await.body["data"].take();
        for (list, members) in [
            ("contacts", ["name", "mobile"]),
            ("addresslist", ["contact", "address"]),
            ("orderlist", ["sales_order_sn", "amount"]),
            ("extend_infos", ["item", "content"]),
        ] {
            crm_info[list] = shortened(&crm_info[list], &members);
        }
        crm_info["service"] = crm_info["total_infos"]["service"].take();
        Self { cti, ibizplm, wisecrm, customer_detail, crm_info, phones }
    }

    /// Takes over what only the server knows: the number, and the times.
    pub fn tell(&self, known: &mut Known) {
        known.number = self.cti["id"].as_i64().unwrap();
        let created = self.wisecrm["createdOn"].as_str().unwrap();
        assert!(known.created.is_empty() || known.created == created, "{} became {created}", known.created);
        created.clone_into(&mut known.created);
        self.wisecrm["modifiedOn"].as_str().unwrap().clone_into(&mut known.changed);
    }
}

/// Fails unless all five say, each in its own way, that there is no such customer.
pub async fn check_gone(systems: &mut Systems, number: i64) {
    let find =
        json!({"action": "get_customer", "type": "id", "content": number, "operator": "trcs001", "companyId": MAIN});
    assert_eq!(systems.frame(&find).await["code"], 2005);
    let plm = format!("GET /customers/{}", ids::to_hex32(MAIN, number));
    let plm = systems.call(&plm, "\nAuthorization: Bearer demo-ibizplm-token", "").await;
    assert_eq!((plm.status, &plm.body["code"]), (404, &3.into()));
    let wise = format!(
        "GET /gw/account/get?appid=000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE&sign=demo-key&op_user={}&account_id={}&fields=phone",
        ids::to_wise(Entity::User, 0, 1),
        ids::to_wise(Entity::Account, MAIN, number)
    );
    assert_eq!(systems.call(&wise, "", "").await.body["error_code"], 400);
    let detail = format!("GET /api/customers/{}/detail", ids::to_hex24(MAIN, number));
    assert_eq!(systems.call(&detail, "\nAuthorization: Bearer demo-detail-token", "").await.status, 404);
    let info = json!({ "cid": number, "token": "demo-crm-token" }).to_string();
    let info = systems.call("POST /crm/customer/info", "\nContent-Type: application/json", &info).await;
    assert_eq!(info.body["errCode"], 1004);
}
