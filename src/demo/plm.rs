//! What iBiz PLM knows in the demo: a product, who works on it, and two customers of it.

use super::calendar;
use super::companies::{LI, MAIN, WANG, ZHOU};
use crate::domain::ids;
use crate::error::Error;
use crate::ops::systems::plm::{self, ProductRole, edit};
use crate::store::Tx;

/// The product of the demo.
const PRODUCT: &str = "p-demo";
/// What a customer has asked for.
const IDEA: &str = "idea-demo";

/// Adds the product and its members to the main company.
pub async fn set_up(tx: &mut Tx) -> Result<(), Error> {
    plm::put_product(tx, PRODUCT, "演示产品").await?;
    plm::put_member(tx, PRODUCT, WANG.login_no, Some(ProductRole::Admin)).await?;
    plm::put_member(tx, PRODUCT, LI.login_no, Some(ProductRole::User)).await
}

/// Makes the first two customers those of the product; the first is related to an idea and followed.
pub async fn describe(tx: &mut Tx) -> Result<(), Error> {
    let (at, by) = (calendar::END, WANG.login_no);
    let product = Some(PRODUCT);
    let first = Some("重点客户，每季度回访");
    let categories = Some("c-key");
    tx.put_plm_customer(
        1,
        None,
        Some(120),
        first,
        None,
        Some("L1"),
        Some("10"),
        categories,
        None,
        product,
        0,
        0,
        None,
        None,
    )
    .await?;
    tx.put_plm_customer(2, None, Some(30), None, None, Some("L3"), Some("60"), None, None, product, 0, 0, None, None)
        .await?;
    tx.put_plm_attention(1, WANG.login_no, Some(WANG.name), "40", at, by).await?;
    tx.put_plm_attention(1, LI.login_no, Some(LI.name), "20", at, by).await?;
    tx.put_plm_attention(1, ZHOU.login_no, Some(ZHOU.name), "40", at, by).await?;
    for profile in tx.plm_customers("[1,2]").await? {
        edit::sort_again(tx, &profile).await?;
    }
    let customer = ids::to_hex32(MAIN.id, 1);
    tx.put_plm_relation(IDEA, "idea", &customer, "customer", at, by).await?;
    tx.put_plm_relation(&customer, "customer", IDEA, "idea", at, by).await?;
    Ok(())
}
