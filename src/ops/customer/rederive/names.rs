//! Deriving anew what is stored of names, by the rules of today ([`folding::VERSION`](crate::domain::folding::VERSION)).
//!
//! What is shown stays as it is: no versions, no lines of history, no events. The terms of customers by earlier rules
//! are not known any more: whoever derives them anew removes all of the company's first.

use crate::domain::catalogue::login_key;
use crate::domain::folding::text_key;
use crate::domain::pinyin::sort_key;
use crate::error::Error;
use crate::store::Tx;

/// Derives the next labels behind this id, and returns the last of them; `None` when there are no more.
pub async fn labels(tx: &mut Tx, after: i64, most: i64) -> Result<Option<i64>, Error> {
    let mut last = None;
    for label in tx.labels_after(after, most).await? {
        last = Some(label.id);
        tx.set_label_key(label.id, &text_key(&label.name)).await?;
    }
    Ok(last)
}

/// Derives what groups, operators and products are sorted by: these lists are short.
pub async fn lists(tx: &mut Tx) -> Result<(), Error> {
    for group in tx.groups().await? {
        tx.sort_group(group.id, &sort_key(&group.name)).await?;
    }
    for operator in tx.staff().await? {
        tx.sort_operator(&login_key(&operator.login_no), &sort_key(&operator.name)).await?;
    }
    for product in tx.products().await? {
        tx.sort_product(&product.id, &sort_key(&product.name)).await?;
    }
    Ok(())
}
