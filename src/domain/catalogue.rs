//! What a company has set up: groups, staff, dictionaries, tasks, custom fields.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::custom_field::CustomField;
use super::folding::{named, text_key};
use super::json;
use super::phone::Home;
use super::rights::Rights;
use super::role::Role;
use super::text::visible;

/// The settings and lists of one company, as they were when it was read.
#[derive(Debug)]
pub struct Catalogue {
    pub company: Company,
    /// Names by group id.
    pub groups: BTreeMap<i64, String>,
    /// By [`login_key`].
    pub staff: BTreeMap<String, Staff>,
    pub types: Dictionary,
    pub flags: Dictionary,
    pub sources: Dictionary,
    /// Names by task id.
    pub tasks: BTreeMap<i64, String>,
    pub fields: Vec<CustomField>,
    /// Of each role, in the order of [`Role::ALL`].
    pub rights: [Rights; 3],
}

#[derive(Debug)]
pub struct Company {
    pub id: i64,
    pub name: String,
    pub time_zone: TimeZone,
    /// Where its people dial from.
    pub home: Home,
    pub token_secret: String,
    /// By what a customer counts as one that is there already.
    pub duplicates: Vec<DuplicateRule>,
}

/// What two customers must not share, unless somebody insists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateRule {
    Name,
    Phone,
}

impl DuplicateRule {
    pub const ALL: [Self; 2] = [Self::Name, Self::Phone];

    /// The field's name in WiseCRM, where the rule comes from.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "accountName",
            Self::Phone => "phone",
        }
    }

    /// Returns the rules of a text such as `accountName,phone`, each once; `None` when it names something else.
    #[must_use]
    pub fn parse_list(text: &str) -> Option<Vec<Self>> {
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let known = |name: &&str| Self::ALL.iter().any(|rule| rule.name() == *name);
        names.iter().all(known).then(|| Self::ALL.into_iter().filter(|rule| names.contains(&rule.name())).collect())
    }
}

#[derive(Debug, Clone)]
pub struct Staff {
    /// As it is written, `TRCS004`.
    pub login_no: String,
    pub name: String,
    pub role: Role,
    /// The groups this person belongs to.
    pub groups: Vec<i64>,
    /// Whether this person may not sign in any more.
    pub disabled: bool,
    /// When all sign-ins before ended, microseconds.
    pub signed_out_at: i64,
    /// What systems that know people by a number call this one.
    pub number: i64,
    /// The telephone number that systems show of this person, as it was typed.
    pub mobile: Option<String>,
}

impl Staff {
    /// The group in which this person looks after a customer where nobody names one: that of before if he belongs to
    /// it, else one that he shares with who asks, else his first.
    #[must_use]
    pub fn group_for(&self, before: Option<i64>, asker: &[i64]) -> Option<i64> {
        let before = before.filter(|group| self.groups.contains(group));
        let shared = || self.groups.iter().find(|group| asker.contains(group)).copied();
        before.or_else(shared).or_else(|| self.groups.first().copied())
    }
}

/// The form in which login numbers are compared: case does not count, nor what nobody sees.
#[must_use]
pub fn login_key(login_no: &str) -> String {
    visible(login_no).to_lowercase()
}

/// Whether something with this name is meant by what somebody wrote.
#[must_use]
pub fn is_called(name: &str, given: &str) -> bool {
    text_key(name) == text_key(given)
}

/// A list of values with names, in its order.
#[derive(Debug, Default)]
pub struct Dictionary {
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub value: String,
    pub name: String,
}

impl Dictionary {
    /// The entry with this name or, failing that, this value; failing both, the one whose name or value is the same
    /// in a comparison.
    #[must_use]
    pub fn find(&self, name_or_value: &str) -> Option<&Entry> {
        let given = name_or_value.trim();
        let as_written = self.entries.iter().find(|entry| entry.name == given);
        as_written
            .or_else(|| self.entries.iter().find(|entry| entry.value == given))
            .or_else(|| named(&self.entries, given, |entry| &entry.name))
            .or_else(|| named(&self.entries, given, |entry| &entry.value))
    }

    /// The name of a value; the value itself when the list has lost it.
    #[must_use]
    pub fn name_of<'a>(&'a self, value: &'a str) -> &'a str {
        self.entries.iter().find(|entry| entry.value == value).map_or(value, |entry| &entry.name)
    }
}

impl Catalogue {
    #[must_use]
    pub fn rights(&self, role: Role) -> &Rights {
        let [agent, supervisor, admin] = &self.rights;
        match role {
            Role::Agent => agent,
            Role::Supervisor => supervisor,
            Role::Admin => admin,
        }
    }

    #[must_use]
    pub fn staff(&self, login_no: &str) -> Option<&Staff> {
        self.staff.get(&login_key(login_no))
    }

    /// The person with this number.
    #[must_use]
    pub fn staff_by_number(&self, number: i64) -> Option<&Staff> {
        self.staff.values().find(|staff| staff.number == number)
    }

    /// The login numbers of a group's members, in order.
    pub fn members_of(&self, group: i64) -> impl Iterator<Item = &str> {
        self.staff.values().filter(move |staff| staff.groups.contains(&group)).map(|staff| staff.login_no.as_str())
    }

    /// The id of the task with this name, or with this id.
    #[must_use]
    pub fn task(&self, name_or_id: &str) -> Option<i64> {
        let given = name_or_id.trim();
        let by_name = self.tasks.iter().find(|(_, name)| *name == given).map(|(id, _)| *id);
        let by_id = || json::integer_in(given).filter(|id| self.tasks.contains_key(id));
        by_name.or_else(by_id).or_else(|| {
            let key = text_key(given);
            self.tasks.iter().find(|(_, name)| text_key(name) == key).map(|(id, _)| *id)
        })
    }
}
