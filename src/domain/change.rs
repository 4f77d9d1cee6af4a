//! What a change of a customer looked like, field by field.

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

impl Line {
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
    let mut compare = |field: &str, label: &str, old: Option<String>, new: Option<String>| {
        if old != new {
            lines.push(Line { field: field.to_owned(), label: label.to_owned(), old, new });
        }
    };
    for (field, label, show) in FIELDS {
        compare(field, label, show(old, catalogue), show(new, catalogue));
    }
    for custom in &catalogue.fields {
        compare("jsonStr", &custom.name, show_custom(old, custom), show_custom(new, custom));
    }
    lines
}

type Show = fn(&Customer, &Catalogue) -> Option<String>;

/// The fields whose changes are told, in the order in which they are.
const FIELDS: [(&str, &str, Show); 16] = [
    ("custname", "客户姓名", |c, _| c.name.clone()),
    ("companyName", "公司名称", |c, _| c.company_name.clone()),
    ("custType", "客户类型", |c, k| c.type_value.as_deref().map(|v| k.types.name_of(v).to_owned())),
    ("cellphones", "联系电话", |c, _| join(c.phones.iter().map(|phone| phone.content.as_str()))),
    ("address", "联系地址", |c, _| c.address.clone()),
    ("taskId", "客户任务", |c, k| c.task_id.map(|id| k.tasks.get(&id).cloned().unwrap_or_else(|| id.to_string()))),
    ("serviceNo", "归属工号", |c, _| c.owner_no.clone()),
    ("servicegroupId", "归属部门", |c, k| {
        c.group_id.map(|id| k.groups.get(&id).cloned().unwrap_or_else(|| id.to_string()))
    }),
    ("dealFlag", "客户状态", |c, k| c.flag_value.as_deref().map(|v| k.flags.name_of(v).to_owned())),
    ("custFrom", "客户来源", |c, k| c.source_value.as_deref().map(|v| k.sources.name_of(v).to_owned())),
    ("assignTime", "分配时间", |c, k| c.assigned_at.map(|at| times::to_minute(at, &k.company.time_zone))),
    ("customerLabel", "客户标签", |c, _| join(c.labels.iter().map(|label| label.name.as_str()))),
    ("customerLabel", "客户星级", |c, _| (c.star > 0).then(|| c.star.to_string())),
    ("followNum", "跟进次数", |c, _| (c.follow_count > 0).then(|| c.follow_count.to_string())),
    ("lastAccept", "最近一次通话流水", |c, _| c.last_accept.clone()),
    ("lastFlowTime", "最近一次跟进时间", |c, k| {
        c.last_follow_at.map(|at| times::to_minute(at, &k.company.time_zone))
    }),
];

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
