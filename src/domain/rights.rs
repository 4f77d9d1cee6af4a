//! What the members of a role may see and do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::role::Role;

/// Which customers somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Those he looks after himself.
    Own,
    /// Those of the groups he belongs to.
    Group,
    /// All of the company's.
    Company,
}

/// How somebody sees phone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Phones {
    /// `138****8888`
    Masked,
    Shown,
}

/// Which of the customers whom he sees somebody may delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Delete {
    None,
    /// Those he looks after himself.
    Own,
    All,
}

/// The rights of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub role: Role,
    pub reach: Reach,
    pub phones: Phones,
    /// Whether customers may leave as a file.
    pub export: bool,
    pub delete: Delete,
    /// Actions that are given to the role, or taken from it, whatever their own row says.
    pub actions: BTreeMap<String, bool>,
}

/// How a company's rights of a role differ from the usual ones. What is absent is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adjustment {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Phones>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Delete>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, bool>,
}

/// What is to change in an adjustment. An outer `None` leaves the member as it is; an inner `None` makes it as usual
/// again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RightsPatch {
    /// Whether everything is made as usual again before the rest is changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reset: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reach: Option<Option<Reach>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<Option<Phones>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<Option<bool>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Option<Delete>>,
    /// Action by action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Option<BTreeMap<String, Option<bool>>>>,
}

impl RightsPatch {
    /// Returns what an adjustment becomes.
    #[must_use]
    pub fn apply(self, before: Adjustment) -> Adjustment {
        let before = if self.reset { Adjustment::default() } else { before };
        let mut actions = before.actions;
        match self.actions {
            None => {}
            Some(None) => actions.clear(),
            Some(Some(named)) => {
                for (action, given) in named {
                    match given {
                        Some(given) => drop(actions.insert(action, given)),
                        None => drop(actions.remove(&action)),
                    }
                }
            }
        }
        Adjustment {
            reach: self.reach.unwrap_or(before.reach),
            phones: self.phones.unwrap_or(before.phones),
            export: self.export.unwrap_or(before.export),
            delete: self.delete.unwrap_or(before.delete),
            actions,
        }
    }
}

/// What a company's apps may: everything but to administer it.
pub static SYSTEM: Rights = Rights::usual(Role::Supervisor);

impl Rights {
    /// What a role may unless the company says otherwise. Agents see everybody who may call, but neither carry
    /// the customer base away nor delete the customers of others.
    #[must_use]
    pub const fn usual(role: Role) -> Self {
        let (export, delete) = match role {
            Role::Agent => (false, Delete::Own),
            Role::Supervisor | Role::Admin => (true, Delete::All),
        };
        Self { role, reach: Reach::Company, phones: Phones::Shown, export, delete, actions: BTreeMap::new() }
    }

    /// Returns the rights of a role in a company with this adjustment.
    #[must_use]
    pub fn adjusted(role: Role, adjustment: Adjustment) -> Self {
        let usual = Self::usual(role);
        Self {
            role,
            reach: adjustment.reach.unwrap_or(usual.reach),
            phones: adjustment.phones.unwrap_or(usual.phones),
            export: adjustment.export.unwrap_or(usual.export),
            delete: adjustment.delete.unwrap_or(usual.delete),
            actions: adjustment.actions,
        }
    }

    /// Whether an action that is usually for this role and those above may be called. What is for admins
    /// cannot be given to others: it could be used to take everything else.
    #[must_use]
    pub fn allows(&self, action: &str, usually_from: Role) -> bool {
        match self.actions.get(action) {
            Some(true) if usually_from < Role::Admin => true,
            Some(false) => false,
            _ => self.role >= usually_from,
        }
    }

    #[must_use]
    pub fn masks(&self) -> bool {
        self.phones == Phones::Masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adjusted(role: Role, text: &str) -> Rights {
        Rights::adjusted(role, serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_not_adjusted_is_as_usual() {
        assert_eq!(adjusted(Role::Agent, "{}"), Rights::usual(Role::Agent));
        let masked = adjusted(Role::Agent, r#"{"phones":"masked"}"#);
        assert_eq!((masked.phones, masked.reach, masked.export), (Phones::Masked, Reach::Company, false));
    }

    #[test]
    fn agents_delete_their_own_customers_unless_it_is_adjusted() {
        assert_eq!(adjusted(Role::Agent, "{}").delete, Delete::Own);
        assert_eq!(adjusted(Role::Agent, r#"{"delete":"none"}"#).delete, Delete::None);
        assert_eq!(adjusted(Role::Agent, r#"{"delete":"all"}"#).delete, Delete::All);
        assert_eq!((adjusted(Role::Supervisor, "{}").delete, SYSTEM.delete), (Delete::All, Delete::All));
    }

    #[test]
    fn what_a_patch_does_not_name_stays() {
        let before: Adjustment =
            serde_json::from_str(r#"{"phones":"masked","reach":"own","actions":{"a":true,"b":false}}"#).unwrap();
        assert_eq!(RightsPatch::default().apply(before.clone()), before);
        assert_eq!(RightsPatch { reset: true, ..RightsPatch::default() }.apply(before.clone()), Adjustment::default());
        let actions = BTreeMap::from([("a".to_owned(), None), ("c".to_owned(), Some(false))]);
        let patch = RightsPatch {
            reach: Some(None),
            export: Some(Some(true)),
            delete: Some(Some(Delete::None)),
            actions: Some(Some(actions)),
            ..RightsPatch::default()
        };
        let after = patch.apply(before);
        assert_eq!(
            serde_json::to_string(&after).unwrap(),
            r#"{"phones":"masked","export":true,"delete":"none","actions":{"b":false,"c":false}}"#
        );
    }

    #[test]
    fn actions_are_given_and_taken_but_never_those_of_admins() {
        let agent = adjusted(Role::Agent, r#"{"actions":{"a":true,"b":false,"c":true}}"#);
        assert!(agent.allows("a", Role::Supervisor));
        assert!(!agent.allows("b", Role::Agent));
        assert!(!agent.allows("c", Role::Admin));
        assert!(agent.allows("d", Role::Agent) && !agent.allows("d", Role::Supervisor));
        assert!(Rights::usual(Role::Admin).allows("c", Role::Admin));
    }
}
