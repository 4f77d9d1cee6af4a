//! The fields by which lists are sorted and searched.

use crate::store::plm::PlmColumn;

/// What lists can be sorted by.
pub const ORDERS: [(&str, PlmColumn); 21] = [
    ("id", PlmColumn::Id),
    ("name", PlmColumn::Name),
    ("scale", PlmColumn::Scale),
    ("description", PlmColumn::Description),
    ("logo", PlmColumn::Logo),
    ("grade_id", PlmColumn::Grade),
    ("industry_id", PlmColumn::Industry),
    ("categories", PlmColumn::Categories),
    ("categories_name", PlmColumn::CategoriesName),
    ("product_id", PlmColumn::Product),
    ("product_name", PlmColumn::ProductName),
    ("assignee_id", PlmColumn::Assignee),
    ("assignee_name", PlmColumn::AssigneeName),
    ("is_archived", PlmColumn::Archived),
    ("is_deleted", PlmColumn::Deleted),
    ("create_time", PlmColumn::CreatedAt),
    ("create_man", PlmColumn::CreatedBy),
    ("update_time", PlmColumn::UpdatedAt),
    ("update_man", PlmColumn::UpdatedBy),
    ("ticket_total", PlmColumn::Tickets),
    ("ticket_finish", PlmColumn::TicketsFinished),
];

/// Returns the column of a field, by its name in any case; otherwise the names that there are.
pub fn column(name: &str) -> Result<PlmColumn, String> {
    let name = name.trim().to_ascii_lowercase();
    match ORDERS.iter().find(|(known, _)| *known == name) {
        // Here, it is what people are called, and not only that equal ones stand together.
        Some(("assignee_name", _)) => Ok(PlmColumn::AssigneeName),
        Some((_, column)) => Ok(*column),
        None => Err(ORDERS.map(|(known, _)| known).join(", ")),
    }
}
