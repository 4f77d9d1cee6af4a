//! The cells of a customer in an export.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::list::{self, BETWEEN_NUMBERS};
use super::{Field, custom_columns};
use crate::domain::catalogue::Catalogue;
use crate::domain::times;
use crate::ops::access::rights::Shown;

/// Returns the titles of an export.
#[must_use]
pub fn titles(catalogue: &Catalogue) -> Vec<String> {
    let standard = Field::ALL.iter().map(|field| field.title().to_owned());
    standard.chain(custom_columns(catalogue).into_iter().map(|(_, title)| title)).collect()
}

/// Returns the cells of a customer, in the order of the titles.
pub fn cells(row: &Shown, catalogue: &Catalogue) -> serde_json::Result<Vec<String>> {
    let mut cells = Field::ALL.iter().map(|field| cell(*field, row, catalogue)).collect::<Result<Vec<_>, _>>()?;
    let custom: BTreeMap<i64, Value> = row.custom.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    cells.extend(catalogue.fields.iter().map(|field| match custom.get(&field.id) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }));
    Ok(cells)
}

fn cell(field: Field, row: &Shown, catalogue: &Catalogue) -> serde_json::Result<String> {
    #[derive(Deserialize)]
    struct Phone {
        content: String,
    }
    #[derive(Deserialize)]
    struct Label {
        name: String,
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let minute = |at: i64| times::to_minute(at, &catalogue.company.time_zone);
    let named = |value: &Option<String>, dictionary: &crate::domain::catalogue::Dictionary| {
        value.as_deref().map(|value| dictionary.name_of(value).to_owned()).unwrap_or_default()
    };
    let group = |id: i64| catalogue.groups.get(&id).cloned().unwrap_or_else(|| id.to_string());
    Ok(match field {
        Field::Id => row.id.to_string(),
        Field::Name => text(&row.name),
        Field::Company => text(&row.company_name),
        Field::Phones => {
            let phones: Vec<Phone> = serde_json::from_str(&row.phones)?;
            let one = |phone: Phone| phone.content.replace([BETWEEN_NUMBERS, '；', '\n', '\r'], " ").trim().to_owned();
            phones.into_iter().map(one).collect::<Vec<_>>().join(&BETWEEN_NUMBERS.to_string())
        }
        Field::Address => text(&row.address),
        Field::Type => named(&row.type_value, &catalogue.types),
        Field::Flag => named(&row.flag_value, &catalogue.flags),
        Field::Source => named(&row.source_value, &catalogue.sources),
        Field::TaskId => number(row.task_id),
        Field::Task => row.task_id.and_then(|id| catalogue.tasks.get(&id)).cloned().unwrap_or_default(),
        Field::Owner => text(&row.owner_no),
        Field::Group => row.group_id.map(group).unwrap_or_default(),
        Field::Labels => {
            let labels: Vec<Label> = serde_json::from_str(&row.labels)?;
            list::join(labels.iter().map(|label| label.name.as_str()))
        }
        Field::Star => row.star.to_string(),
        Field::FollowCount => row.follow_count.to_string(),
        Field::LastAccept => text(&row.last_accept),
        Field::LastFollow => row.last_follow_at.map(minute).unwrap_or_default(),
        Field::Assigned => row.assigned_at.map(minute).unwrap_or_default(),
        Field::CreatedBy => row.created_by.clone(),
        Field::CreatedAt => minute(row.created_at),
        Field::UpdatedBy => row.updated_by.clone(),
        Field::UpdatedAt => minute(row.updated_at),
    })
}
