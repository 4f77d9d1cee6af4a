//! What the invented customers keep to, and what a filled database holds.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::companies::{MAIN, PLANS, Plan, SHOP};
use super::people::{People, Person};
use super::{calendar, fill, samples};
use crate::config::Config;
use crate::domain::customer::{LONGEST_TEXT, MOST_STARS};
use crate::domain::feed::FeedKind;
use crate::domain::phone::{CHINA, Phone};
use crate::domain::times;
use crate::store::{Location, Store};

/// Numbers with which the document creates, looks up and changes customers.
const RESERVED: [&str; 4] = ["13000000001", "138900010001", "13888888888", "13888889999"];

fn people(plan: &'static Plan, count: usize) -> Vec<Person> {
    People::of(plan).take(count).collect()
}

#[test]
fn the_same_people_come_every_time() {
    let many = people(&MAIN, 300);
    assert_eq!(many, people(&MAIN, 300));
    assert_eq!(many[..100], people(&MAIN, 100)[..]);
    assert_ne!(people(&SHOP, 1)[0].customer.name, many[0].customer.name);
}

#[test]
fn every_phone_is_one_customers() {
    let reserved = RESERVED.map(|typed| Phone::parse(typed, &CHINA).unwrap().key());
    for plan in [&MAIN, &SHOP] {
        let mut keys = BTreeSet::new();
        for phone in people(plan, 5000).iter().flat_map(|person| &person.customer.phones) {
            let parsed = Phone::parse(&phone.content, &CHINA).unwrap();
            assert!(parsed.e164.is_some(), "{}", phone.content);
            assert!(!reserved.contains(&parsed.key()), "{}", phone.content);
            assert!(keys.insert(parsed.key()), "{} twice", phone.content);
        }
        assert!(keys.len() > 5500);
    }
}

#[test]
fn people_fit_their_company() {
    for plan in [&MAIN, &SHOP] {
        for person in people(plan, 5000) {
            fits(plan, &person);
        }
    }
    for person in samples::all() {
        fits(&MAIN, &person);
    }
}

fn fits(plan: &Plan, person: &Person) {
    let Person { customer, labels, creator, history } = person;
    let holds = |items: &[(&str, &str)], value: &Option<String>| {
        value.as_deref().is_none_or(|value| items.iter().any(|(item, _)| *item == value))
    };
    assert!(holds(plan.types, &customer.type_value) && customer.type_value.is_some());
    assert!(holds(plan.flags, &customer.flag_value) && customer.flag_value.is_some());
    assert!(holds(plan.sources, &customer.source_value));
    assert!(customer.task_id.is_none_or(|task| plan.tasks.iter().any(|(id, _)| *id == task)));
    let group = customer.group_id.unwrap();
    assert!(plan.groups.iter().any(|(id, _)| *id == group));
    if let Some(owner) = &customer.owner_no {
        assert!(plan.staff.iter().any(|member| member.login_no == owner && member.groups.contains(&group)), "{owner}");
    }
    assert!(plan.staff.contains(creator));
    for text in [&customer.name, &customer.company_name, &customer.address].into_iter().flatten() {
        assert!((2..=LONGEST_TEXT).contains(&text.chars().count()), "{text}");
    }
    assert!((0..=MOST_STARS).contains(&customer.star));
    assert_eq!(labels.iter().collect::<BTreeSet<_>>().len(), labels.len());

    let items = [history.follow_ups.len(), history.tickets.len(), history.calls.len(), history.messages.len()];
    assert!(items.into_iter().all(|count| count <= 3));
    assert_eq!(usize::try_from(customer.follow_count), Ok(history.follow_ups.len()));
    assert_eq!(customer.last_follow_at, history.follow_ups.iter().map(|item| item.at).max());
    assert_eq!(history.last_flag().unwrap_or("0"), customer.flag_value.as_deref().unwrap());
    assert!(history.follow_ups.iter().all(|item| !item.content.is_empty()));
    let moments = history.follow_ups.iter().map(|item| item.at).chain(history.calls.iter().map(|item| item.at));
    assert!(moments.chain(customer.assigned_at).all(|at| customer.created_at < at && at < calendar::END));
}

#[test]
fn creation_spreads_over_two_years() {
    let created: Vec<i64> = people(&MAIN, 1000).iter().map(|person| person.customer.created_at).collect();
    let middle = i64::midpoint(calendar::START, calendar::END);
    assert!(created.iter().all(|at| (calendar::START..calendar::END).contains(at)));
    assert!((400..600).contains(&created.iter().filter(|at| **at < middle).count()));
    assert_eq!(times::to_minute(calendar::END, &TimeZone::get("Asia/Shanghai").unwrap()), "2026-01-01 00:00");
}

#[tokio::test]
async fn a_filled_database_answers_the_documents_examples() {
    let folder = tempfile::tempdir().unwrap();
    let store =
        Store::open(&Location::Folder(folder.path().to_owned()), &Config::default().connections()).await.unwrap();
    fill(&store, 30).await.unwrap();
    // A second start finds everything there.
    fill(&store, 30).await.unwrap();

    let mut counts = Vec::new();
    for plan in PLANS {
        counts.push((plan.id, store.company(plan.id).customer_count().await.unwrap().unwrap().value));
    }
    assert_eq!(counts, [(8008, 0), (1001, 3), (1054, 29)]);

    let scope = store.company(1054);
    let listed = scope.customer(1).await.unwrap().unwrap();
    let minute = |at: Option<i64>| times::to_minute(at.unwrap(), &TimeZone::get("Asia/Shanghai").unwrap());
    assert_eq!(minute(Some(listed.created_at)), "2017-05-01 14:44");
    assert_eq!(minute(listed.assigned_at), "2017-05-03 14:44");
    assert_eq!(minute(listed.last_follow_at), "2017-05-07 14:44");
    assert_eq!(listed.phones, r#"[{"id":1,"content":"13000000001"}]"#);
    assert_eq!((listed.owner_no.as_deref(), listed.group_id, listed.star), (Some("trcs008"), Some(1_054_002), 0));
    assert_eq!(scope.customer(2).await.unwrap().unwrap().owner_no.as_deref(), Some("trcs001"));
    for customer in [1, 2] {
        for kind in FeedKind::ALL {
            let count = scope.feed_count(customer, &[kind]).await.unwrap();
            assert!((1..=3).contains(&count), "{kind:?} of {customer}: {count}");
        }
    }
    store.close().await.unwrap();
}
