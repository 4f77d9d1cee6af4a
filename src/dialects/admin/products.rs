//! The products of iBiz PLM, and who works on them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::setup::{Done, make};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::company::setup::Change;
use crate::ops::systems::plm::ProductRole;

#[derive(Debug, Deserialize, JsonSchema)]
pub struct PutProduct {
    /// At most 100 characters, as it stands in /products/{pkey}.
    id: String,
    name: String,
}

pub async fn put_product(cx: &Cx<'_>, PutProduct { id, name }: PutProduct) -> Result<Done, Error> {
    make(cx, vec![Change::Product { id, name }]).await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PutProductMember {
    /// The product's id.
    product: String,
    staff_no: String,
    /// admin, user or reader; empty: no member any more.
    role: String,
}

pub async fn put_product_member(cx: &Cx<'_>, request: PutProductMember) -> Result<Done, Error> {
    let PutProductMember { product, staff_no: login_no, role } = request;
    let role = match role.as_str() {
        "" => None,
        name => {
            Some(ProductRole::parse(name).ok_or_else(|| Error::one_of("role", &["admin", "user", "reader", "\"\""]))?)
        }
    };
    make(cx, vec![Change::ProductMember { product, login_no, role }]).await
}
