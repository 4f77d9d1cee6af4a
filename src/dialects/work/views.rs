//! `save_view`, `list_views`, `delete_view`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dialects::cti::{condition, sorted};
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::work::views::{self, Wanted};
use crate::protocol::lenient::Scalar;
use crate::store::rows::ViewRow;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct SaveView<'a>: again {
        /// The view that is changed; a new one is made without.
        #[serde(borrow, default)]
        id: Option<Scalar<'a>>,
        /// At most 64 characters.
        name: String,
        /// As in `list_customers`.
        #[serde(rename = "where", default)]
        #[schemars(schema_with = "condition::schema")]
        condition: Option<Value>,
        /// As in `list_customers`.
        #[serde(borrow, default)]
        sort: Option<Scalar<'a>>,
        /// Whether everybody sees it; for supervisors.
        #[serde(borrow, default)]
        shared: Option<Scalar<'a>>,
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ViewSaved {
    view: ViewBody,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Views {
    result: Vec<ViewBody>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ViewBody {
    /// `view` of `list_customers`.
    id: i64,
    name: String,
    #[serde(rename = "where")]
    condition: Value,
    #[serde(skip_serializing_if = "String::is_empty")]
    sort: String,
    shared: bool,
}

fn body(row: ViewRow) -> Result<ViewBody, Error> {
    let condition = serde_json::from_str(&row.condition).map_err(|cause| Error::internal(&cause))?;
    Ok(ViewBody { id: row.id, name: row.name, condition, sort: row.sort, shared: row.is_shared == 1 })
}

fn number(name: &str, given: Option<&Scalar<'_>>) -> Result<Option<i64>, Error> {
    let given = given.filter(|given| !given.is_empty());
    given.map(|given| given.integer().ok_or_else(|| Error::expected(name, "整数", "an integer"))).transpose()
}

pub async fn save_view(cx: &Cx<'_>, request: SaveView<'_>) -> Result<ViewSaved, Error> {
    let given = match request.condition {
        // Over HTTP the object comes as a text.
        Some(Value::String(text)) if !text.trim().is_empty() => serde_json::from_str(&text)
            .map_err(|_| Error::parameter("where: 应为条件对象 / expected an object of conditions"))?,
        Some(given @ Value::Object(_)) => given,
        Some(Value::Null | Value::String(_)) | None => Value::Object(serde_json::Map::new()),
        Some(other) => other,
    };
    condition::read(cx, &given)?;
    let sort = request.sort.as_ref().filter(|sort| !sort.is_empty());
    let sort = sort.map(|sort| sort.text().ok_or_else(|| Error::expected("sort", "文本", "a text"))).transpose()?;
    let sort = sort.as_deref().unwrap_or_default().trim();
    if !sort.is_empty() {
        sorted(sort)?;
    }
    let is_shared = match request.shared.as_ref().filter(|shared| !shared.is_empty()) {
        None => false,
        Some(shared) => shared.flag().ok_or_else(|| Error::one_of("shared", &["true", "false"]))?,
    };
    let id = number("id", request.id.as_ref())?;
    let wanted = Wanted { id, name: &request.name, condition: &given.to_string(), sort, is_shared };
    Ok(ViewSaved { view: body(views::save(cx, wanted).await?)? })
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct ListViews {}

pub async fn list_views(cx: &Cx<'_>, _: ListViews) -> Result<Views, Error> {
    Ok(Views { result: views::list(cx).await?.into_iter().map(body).collect::<Result<_, _>>()? })
}

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct DeleteView<'a>: again {
        #[serde(borrow)]
        #[schemars(required)]
        id: Option<Scalar<'a>>,
    }
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct ViewDeleted {
    id: i64,
}

pub async fn delete_view(cx: &Cx<'_>, request: DeleteView<'_>) -> Result<ViewDeleted, Error> {
    let id = number("id", request.id.as_ref())?.ok_or_else(|| Error::parameter("id: 缺少 / is missing"))?;
    views::delete(cx, id).await?;
    Ok(ViewDeleted { id })
}
