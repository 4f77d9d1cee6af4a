//! Who is to be told of a change of a customer, in the terms of iBiz PLM, where these notices come from. They go out with
//! the event of the change, whichever system made it.

use serde::Serialize;

use crate::domain::customer::Customer;
use crate::ops::SYSTEM;
use crate::ops::systems::plm::edit::PlmChanged;

/// A notice, and the login numbers of who gets it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub r#type: &'static str,
    pub receivers: Vec<String>,
}

fn notice(r#type: &'static str, receivers: &[Option<&str>]) -> Option<Notice> {
    let mut known: Vec<String> = Vec::new();
    for receiver in receivers.iter().flatten().filter(|receiver| **receiver != SYSTEM) {
        if !known.iter().any(|other| other == receiver) {
            known.push((*receiver).to_owned());
        }
    }
    (!known.is_empty()).then_some(Notice { r#type, receivers: known })
}

/// Returns the notices of a new customer.
#[must_use]
pub fn of_new(plm: Option<&PlmChanged>) -> Vec<Notice> {
    of_followers(plm).into_iter().collect()
}

/// Returns the notices of a change: of another owner, and of new followers.
#[must_use]
pub fn of_change(old: &Customer, new: &Customer, plm: Option<&PlmChanged>) -> Vec<Notice> {
    let mut notices = Vec::new();
    if old.owner_no != new.owner_no {
        notices.extend(notice("assignee_onchage_notify", &[Some(&old.created_by)]));
        notices.extend(notice("assignee_notify", &[new.owner_no.as_deref()]));
        notices.extend(notice("assignee_cancel_notify", &[old.owner_no.as_deref()]));
    }
    notices.extend(of_followers(plm));
    notices
}

/// Returns the notices of a customer that is deleted.
#[must_use]
pub fn of_removal(old: &Customer) -> Vec<Notice> {
    notice("remove_notify", &[Some(&old.created_by), old.owner_no.as_deref()]).into_iter().collect()
}

fn of_followers(plm: Option<&PlmChanged>) -> Option<Notice> {
    let new: Vec<Option<&str>> = plm?.new_followers().map(Some).collect();
    notice("attention_notify", &new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(created_by: &str, owner: Option<&str>) -> Customer {
        Customer { created_by: created_by.to_owned(), owner_no: owner.map(str::to_owned), ..Customer::default() }
    }

    fn told(notices: Vec<Notice>) -> Vec<(&'static str, String)> {
        notices.into_iter().map(|notice| (notice.r#type, notice.receivers.join(","))).collect()
    }

    #[test]
    fn another_owner_is_told_to_all_three() {
        let (old, new) = (customer("a", Some("b")), customer("a", Some("c")));
        assert_eq!(
            told(of_change(&old, &new, None)),
            [
                ("assignee_onchage_notify", "a".to_owned()),
                ("assignee_notify", "c".to_owned()),
                ("assignee_cancel_notify", "b".to_owned())
            ]
        );
        assert_eq!(told(of_change(&old, &old, None)), []);
        assert_eq!(
            told(of_change(&customer(SYSTEM, None), &customer(SYSTEM, Some("c")), None)),
            [("assignee_notify", "c".to_owned())]
        );
    }

    #[test]
    fn a_removal_is_told_to_each_once() {
        assert_eq!(told(of_removal(&customer("a", Some("b")))), [("remove_notify", "a,b".to_owned())]);
        assert_eq!(told(of_removal(&customer("a", Some("a")))), [("remove_notify", "a".to_owned())]);
        assert_eq!(told(of_removal(&customer(SYSTEM, None))), []);
    }
}
