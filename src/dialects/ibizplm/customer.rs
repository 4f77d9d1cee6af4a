//! A customer as it is shown here.

use md5::{Digest, Md5};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::domain::plm::Profile;
use crate::domain::times;
use crate::ops::Cx;
use crate::ops::systems::plm::{Entry, name_of};
use crate::store::rows::AttentionRow;

/// A customer, in the order of the document. Every member is always there.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "PlmCustomerShown")]
pub struct CustomerBody {
    pub scale: Option<i64>,
    pub description: Option<String>,
    pub is_archived: i64,
    pub is_deleted: i64,
    pub logo: Option<String>,
    pub grade_id: Option<String>,
    pub industry_id: Option<String>,
    pub categories: Option<String>,
    pub categories_name: Option<String>,
    pub product_name: Option<String>,
    pub assignee_name: Option<String>,
    pub assignee_id: Option<String>,
    /// Null in lists.
    pub attentions: Option<Vec<AttentionBody>>,
    pub ticket_total: Option<i64>,
    pub ticket_finish: Option<i64>,
    pub create_man: Option<String>,
    /// `YYYY-MM-DD HH:mm:ss` in the company's time zone, as `update_time`.
    pub create_time: Option<String>,
    pub id: Option<String>,
    pub name: Option<String>,
    pub product_id: Option<String>,
    pub update_man: Option<String>,
    pub update_time: Option<String>,
}

/// That somebody follows a customer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PlmAttention")]
pub struct AttentionBody {
    /// The MD5 of `owner_id||user_id`.
    id: String,
    name: Option<String>,
    owner_id: String,
    owner_type: &'static str,
    owner_subtype: Option<String>,
    user_id: String,
    /// 10 not, 20 subscribed, 30 what is important, 40 following.
    r#type: String,
    create_man: String,
    create_time: String,
    update_man: String,
    update_time: String,
}

impl CustomerBody {
    /// What is known of a customer that is not stored.
    pub fn of_profile(profile: &Profile) -> Self {
        let text = |name: &str| profile.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| profile.get(name).and_then(Value::as_i64);
        Self {
            scale: number("scale"),
            description: text("description"),
            is_archived: number("is_archived").unwrap_or(0),
            is_deleted: number("is_deleted").unwrap_or(0),
            logo: text("logo"),
            grade_id: text("grade_id"),
            industry_id: text("industry_id"),
            categories: text("categories"),
            categories_name: text("categories_name"),
            product_id: text("product_id"),
            ..Self::default()
        }
    }

    /// A customer as lists show it.
    pub fn of(cx: &Cx<'_>, entry: Entry) -> Self {
        let zone = &cx.catalogue.company.time_zone;
        let Entry { id, customer, profile, product_name, tickets, tickets_finished } = entry;
        Self {
            id: Some(id),
            name: customer.name.clone(),
            product_name,
            assignee_name: customer.owner_no.as_deref().map(|owner| name_of(cx, owner)),
            assignee_id: customer.owner_no.clone(),
            ticket_total: Some(tickets),
            ticket_finish: Some(tickets_finished),
            create_man: Some(customer.created_by.clone()),
            create_time: Some(times::to_second(customer.created_at, zone)),
            update_man: Some(customer.updated_by.clone()),
            update_time: Some(times::to_second(customer.updated_at, zone)),
            ..Self::of_profile(&profile)
        }
    }

    /// The same with who follows it.
    pub fn with_attentions(mut self, cx: &Cx<'_>, attentions: Vec<AttentionRow>) -> Self {
        let zone = &cx.catalogue.company.time_zone;
        let owner = self.id.clone().unwrap_or_default();
        let attention = |row: AttentionRow| AttentionBody {
            id: hex::encode(Md5::digest(format!("{owner}||{}", row.user_id))),
            name: row.name,
            owner_id: owner.clone(),
            owner_type: "CUSTOMER",
            owner_subtype: None,
            user_id: row.user_id,
            r#type: row.kind,
            create_man: row.created_by,
            create_time: times::to_second(row.created_at, zone),
            update_man: row.updated_by,
            update_time: times::to_second(row.updated_at, zone),
        };
        self.attentions = Some(attentions.into_iter().map(attention).collect());
        self
    }
}
