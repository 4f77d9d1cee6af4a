//! Customers as rows of a table: the columns that an export writes and an import reads.
//!
//! What [`cells`] makes of a customer, [`columns`] reads again. A new field is a variant with its titles here, a cell
//! there and what becomes of it there.

pub mod cells;
mod columns;
pub mod list;

pub use columns::Table;

use std::collections::HashMap;

use serde_json::{Number, Value};

use crate::domain::catalogue::Catalogue;
use crate::domain::custom_field::{CustomField, FieldKind};
use crate::domain::folding::text_key;

macro_rules! fields {
    ($($(#[doc = $doc:literal])* $field:ident $title:literal $($alias:literal)*;)+) => {
        /// What a column holds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Field { $($(#[doc = $doc])* $field),+ }

        impl Field {
            /// In the order of an export.
            pub const ALL: &[Self] = &[$(Self::$field),+];

            /// The title of its column in an export.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$field => $title),+ }
            }

            /// What else its column may be called: the wire's names, English ones, and what lists of others have.
            #[must_use]
            pub fn aliases(self) -> &'static [&'static str] {
                match self { $(Self::$field => &[$($alias),*]),+ }
            }
        }
    };
}

fields! {
    Id "客户编号" "id" "编号" "客户id" "customer id" "customer no" "cid";
    Name "客户姓名" "custname" "姓名" "名字" "名称" "客户名称" "客户" "联系人" "customer name" "customer" "name" "full name" "contact";
    Company "公司名称" "companyName" "公司" "单位" "单位名称" "企业" "企业名称" "company" "organization" "organisation";
    Phones "联系电话" "cellphones" "cellphone" "电话" "电话号码" "手机" "手机号" "手机号码" "联系手机" "联系方式" "座机" "固话" "固定电话" "办公电话"
        "phone" "phones" "phone number" "mobile" "mobile phone" "telephone" "tel";
    Address "联系地址" "address" "地址";
    Type "客户类型" "custType" "类型" "type" "customer type";
    Flag "客户状态" "dealFlag" "状态" "status" "state";
    Source "客户来源" "custFrom" "来源" "source";
    TaskId "任务编号" "taskId";
    Task "任务名称" "taskname" "任务" "task";
    /// By login number or name.
    Owner "归属工号" "serviceNo" "归属" "归属人" "负责人" "工号" "坐席" "owner" "agent" "assignee";
    /// By name or id.
    Group "归属部门" "servicegroupId" "部门" "group" "department";
    Labels "客户标签" "customerLabel" "标签" "labels" "label" "tags" "tag";
    Star "客户星级" "star" "星级" "stars" "rating";
    FollowCount "跟进次数" "followNum" "follow-ups";
    LastAccept "最近受理" "lastAccept";
    LastFollow "最近跟进时间" "lastFlowTime" "last follow-up" "最近跟进";
    Assigned "分配时间" "assignTime" "assigned at";
    CreatedBy "创建工号" "loginNo" "创建人" "created by";
    CreatedAt "创建时间" "opTime" "created at" "created";
    UpdatedBy "修改工号" "uploginNo" "修改人" "updated by";
    UpdatedAt "修改时间" "upTime" "更新时间" "updated at" "updated";
}

/// The column of earlier exports that has all custom fields, as a JSON object.
const CUSTOM: &str = "自定义字段";

/// Returns the form in which titles are compared: case, width, script, blanks, line breaks, `*` and `（必填）` do not count.
#[must_use]
pub fn title_key(title: &str) -> String {
    let key: String = text_key(title).chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | '_' | '-')).collect();
    ["(必填)", "(选填)", "[必填]", "【必填】", "(required)", "(optional)"]
        .iter()
        .fold(key, |key, mark| key.replace(mark, ""))
        .trim_end_matches([':', '：'])
        .to_owned()
}

/// Returns the custom fields of a company with the titles of their columns: their names, unless these are taken.
#[must_use]
pub fn custom_columns(catalogue: &Catalogue) -> Vec<(&CustomField, String)> {
    let mut taken: HashMap<String, usize> = HashMap::new();
    let standard = Field::ALL.iter().map(|field| field.title()).chain([CUSTOM]);
    for title in standard.chain(catalogue.fields.iter().map(|field| field.name.as_str())) {
        *taken.entry(title_key(title)).or_default() += 1;
    }
    let title = |field: &CustomField| {
        let is_free = taken.get(&title_key(&field.name)) == Some(&1);
        if is_free { field.name.clone() } else { field.key() }
    };
    catalogue.fields.iter().map(|field| (field, title(field))).collect()
}

/// Returns the id of the custom field whose column has this title: its name, or its name on the wire.
#[must_use]
pub fn custom_field(catalogue: &Catalogue, title: &str) -> Option<i64> {
    let key = title_key(title);
    let called = |name: &str| !key.is_empty() && title_key(name) == key;
    let columns = custom_columns(catalogue);
    let by_title = columns.iter().find(|(_, title)| called(title));
    by_title.or_else(|| columns.iter().find(|(field, _)| called(&field.key()))).map(|(field, _)| field.id)
}

/// Returns what the text of a cell is in a custom field: in one of numbers a number, if it is written as numbers are.
#[must_use]
pub fn custom_value(field: &CustomField, text: &str) -> Value {
    match serde_json::from_str::<Number>(text) {
        Ok(number) if field.kind == FieldKind::Number && number.to_string() == text => Value::Number(number),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_compared_as_people_read_them() {
        for title in
            ["客户姓名", " 客户\n姓名 ", "*客户姓名", "客户姓名（必填）", "客户姓名(必填)*", "客戶姓名", "客户姓名："]
        {
            assert_eq!(title_key(title), "客户姓名", "{title}");
        }
        assert_eq!(title_key("Customer\r\nName *"), title_key("customer_name"));
        assert_ne!(title_key("电话"), title_key("手机"));
    }

    #[test]
    fn no_two_columns_are_called_alike() {
        let mut titles = HashMap::new();
        for field in Field::ALL {
            for title in [field.title()].iter().chain(field.aliases()) {
                let other = titles.insert(title_key(title), *field);
                assert!(other.is_none(), "{title}: {field:?} and {other:?}");
            }
        }
    }
}
