//! What a change of a customer looked like, field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::custom_field::CustomField;
use super::customer::Customer;
use super::times;

/// One field before and after, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The wire's name of the field.
    pub field: String,
    /// What people call it, at the time of the change.
    pub label: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

const EMPTY: &str = "<空>";
/// The star level stands where labels do.
const STAR: &str = "客户星级";

impl Line {
    /// The name of the field among the changes of an event, where each has one of its own.
    #[must_use]
    pub fn key(&self) -> String {
        match self.field.as_str() {
            "jsonStr" => format!("jsonStr.{}", self.label),
            "customerLabel" if self.label == STAR => "star".to_owned(),
            field => field.to_owned(),
        }
    }

    /// `公司名称:  <空>---->测试公司名`
    #[must_use]
    pub fn summary(&self) -> String {
        let side = |text: &Option<String>| text.clone().unwrap_or_else(|| EMPTY.to_owned());
        format!("{}:  {}---->{}", self.label, side(&self.old), side(&self.new))
    }
}

/// Returns a line for every field in which the two differ.
#[must_use]
pub fn lines(old: &Customer, new: &Customer, catalogue: &Catalogue) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut push = |field: &str, label: &str, old: Option<String>, new: Option<String>| {
        lines.push(Line { field: field.to_owned(), label: label.to_owned(), old, new });
    };
    for Field { name, label, differs, show } in FIELDS {
        if differs(old, new) {
            push(name, label, show(old, catalogue), show(new, catalogue));
        }
    }
    for custom in &catalogue.fields {
        if old.custom.get(&custom.id) != new.custom.get(&custom.id) {
            push("jsonStr", &custom.name, show_custom(old, custom), show_custom(new, custom));
        }
    }
    lines
}

/// A field whose changes are told. Whether it differs is a question to the value: two can read the same.
struct Field {
    /// The wire's name.
    name: &'static str,
    label: &'static str,
    differs: fn(&Customer, &Customer) -> bool,
    show: fn(&Customer, &Catalogue) -> Option<String>,
}

macro_rules! fields {
    ($($name:literal $label:literal $member:ident: $show:expr;)*) => {
        [$(Field { name: $name, label: $label, differs: |old, new| old.$member != new.$member, show: $show }),*]
    };
}

/// In the order in which they are told.
const FIELDS: [Field; 16] = fields! {
    "custname" "客户姓名" name: |c, _| c.name.clone();
    "companyName" "公司名称" company_name: |c, _| c.company_name.clone();
    "custType" "客户类型" type_value: |c, k| c.type_value.as_deref().map(|value| k.types.name_of(value).to_owned());
    "cellphones" "联系电话" phones: |c, _| join(c.phones.iter().map(|phone| phone.content.as_str()));
    "address" "联系地址" address: |c, _| c.address.clone();
    "taskId" "客户任务" task_id: |c, k| c.task_id.map(|id| name_of(&k.tasks, id));
    "serviceNo" "归属工号" owner_no: |c, _| c.owner_no.clone();
    "servicegroupId" "归属部门" group_id: |c, k| c.group_id.map(|id| name_of(&k.groups, id));
    "dealFlag" "客户状态" flag_value: |c, k| c.flag_value.as_deref().map(|value| k.flags.name_of(value).to_owned());
    "custFrom" "客户来源" source_value: |c, k| c.source_value.as_deref().map(|value| k.sources.name_of(value).to_owned());
    "assignTime" "分配时间" assigned_at: |c, k| c.assigned_at.map(|at| times::to_minute(at, &k.company.time_zone));
    "customerLabel" "客户标签" labels: |c, _| join(c.labels.iter().map(|label| label.name.as_str()));
    "customerLabel" "客户星级" star: |c, _| (c.star > 0).then(|| c.star.to_string());
    "followNum" "跟进次数" follow_count: |c, _| (c.follow_count > 0).then(|| c.follow_count.to_string());
    "lastAccept" "最近一次通话流水" last_accept: |c, _| c.last_accept.clone();
    "lastFlowTime" "最近一次跟进时间" last_follow_at: |c, k| c.last_follow_at.map(|at| times::to_minute(at, &k.company.time_zone));
};

/// The name that an id has in a list; the id itself when the list has lost it.
fn name_of(names: &BTreeMap<i64, String>, id: i64) -> String {
    names.get(&id).cloned().unwrap_or_else(|| id.to_string())
}

fn join<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let joined = texts.collect::<Vec<_>>().join(",");
    (!joined.is_empty()).then_some(joined)
}

fn show_custom(customer: &Customer, field: &CustomField) -> Option<String> {
    Some(match customer.custom.get(&field.id)? {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_the_document_prints_it() {
        let line =
            Line {
                field: "companyName".into(), label: "公司名称".into(), old: None, new: Some("测试公司名".into())
            };
        assert_eq!(line.summary(), "公司名称:  <空>---->测试公司名");
    }
}
