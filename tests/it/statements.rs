//! Every fixed statement is one that its engine understands.

use std::collections::BTreeSet;

use laidian::domain::feed::FeedKind;
use laidian::domain::search_terms::piece_of_name;
use laidian::domain::ticket::OPEN;
use laidian::store::conditions::{Column, Conditions, Direction, Join, Operand, Test};
use laidian::store::filter::Condition;
use laidian::store::plm::{Part, PlmColumn, PlmCondition, PlmSearch, PlmTest};
use laidian::store::recycle::DeletedSearch;
use laidian::store::reminders::ReminderSearch;
use laidian::store::search::Search;
use laidian::store::tickets::TicketSearch;
use laidian::store::{Within, statements};

use crate::support::{Engine, Place};

both_engines! { every_statement_can_be_prepared }

async fn every_statement_can_be_prepared(engine: Engine) {
    let place = Place::new(engine).await;
    let scope = place.open().await.company(1);
    let mut raw = place.connect().await;
    let mut refused = Vec::new();
    for (name, sqlite, postgres) in statements() {
        let text = if engine == Engine::Sqlite { sqlite } else { postgres };
        if let Err(error) = raw.prepare(text).await {
            refused.push(format!("{name}: {error}"));
        }
    }
    let plm = PlmSearch {
        among: vec![vec![1], vec![]],
        not_among: vec![2],
        not_deleted: true,
        equal: vec![(PlmColumn::Grade, "L1".into()), (PlmColumn::Grade, "3星".into())],
        like: vec![(PlmColumn::ProductName, "%a%".into())],
        pieces: vec![piece_of_name("王芳").unwrap(), piece_of_name("a").unwrap()],
        without_categories: true,
        order: vec![
            (PlmColumn::Id, true),
            (PlmColumn::Deleted, false),
            (PlmColumn::Tickets, true),
            (PlmColumn::TicketsFinished, false),
        ],
        conditions: every_plm_condition(),
        within: Within { owner_key: Some("a".into()), groups: Some(vec![1]) },
    };
    let searches = [Search::default(), every_condition(Join::All), every_condition(Join::Any), every_filter()];
    let searches = searches.iter().flat_map(|search| scope.search_texts(search));
    let plm = scope.plm_texts(&plm).into_iter().chain(scope.plm_texts(&PlmSearch::default()));
    let deleted = DeletedSearch {
        since: 1,
        piece: Some("王".into()),
        within: Within { owner_key: Some("a".into()), groups: Some(vec![1]) },
    };
    let deleted = [deleted, DeletedSearch::default()];
    let deleted = deleted.iter().flat_map(|search| scope.deleted_texts(search));
    let within = || Within { owner_key: Some("a".into()), groups: Some(vec![1]) };
    let reminders = ReminderSearch {
        login_keys: Some(vec!["a".into(), "b".into()]),
        from: Some(1),
        until: Some(2),
        done: Some(true),
        after: Some((1, 1)),
        within: within(),
    };
    let reminders = [reminders, ReminderSearch::default()].map(|search| scope.reminder_text(&search));
    let tickets = TicketSearch {
        customer: Some(1),
        states: OPEN.to_vec(),
        handler: Some("a".into()),
        after: Some(1),
        within: within(),
    };
    let tickets = [tickets, TicketSearch::default()];
    let tickets = tickets.iter().flat_map(|search| scope.ticket_texts(search));
    let work = reminders.into_iter().chain(tickets);
    for text in searches
        .chain(scope.feed_texts(&FeedKind::ALL))
        .chain(plm)
        .chain(deleted)
        .chain(work)
        .chain(scope.duplicate_texts())
    {
        if let Err(error) = raw.prepare(&text).await {
            refused.push(format!("{text}: {error}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// Every column with every test, in each kind of group.
fn every_plm_condition() -> Vec<PlmCondition> {
    let texts = [
        PlmColumn::Name,
        PlmColumn::Description,
        PlmColumn::Grade,
        PlmColumn::Product,
        PlmColumn::ProductName,
        PlmColumn::Assignee,
        PlmColumn::AssigneeName,
        PlmColumn::CreatedBy,
    ];
    let numbers =
        [PlmColumn::Scale, PlmColumn::Deleted, PlmColumn::CreatedAt, PlmColumn::UpdatedAt, PlmColumn::TicketsFinished];
    let mut tests = Vec::new();
    for column in texts.into_iter().chain(numbers) {
        let operand = || if column.is_number() { Operand::Integer(1) } else { Operand::Text("x".into()) };
        let mut all = vec![
            PlmTest::Is(operand()),
            PlmTest::OneOf(vec![operand(), operand()]),
            PlmTest::OneOf(Vec::new()),
            PlmTest::Above(operand()),
            PlmTest::AtLeast(operand()),
            PlmTest::Below(operand()),
            PlmTest::AtMost(operand()),
            PlmTest::Empty,
        ];
        if !column.is_number() {
            all.extend([Part::Any, Part::Beginning, Part::End].map(|part| PlmTest::Like(part, "x%".into())));
        }
        tests.extend(all.into_iter().map(|test| PlmCondition::Test(column, test)));
    }
    tests.push(PlmCondition::Ids { given: vec![1], chosen: vec!["a".into()] });
    vec![
        PlmCondition::Not(Box::new(PlmCondition::All(tests.clone()))),
        PlmCondition::Any(vec![PlmCondition::Any(Vec::new()), PlmCondition::All(Vec::new()), PlmCondition::Any(tests)]),
    ]
}

/// Every kind of condition.
fn every_filter() -> Search {
    let all = Condition::All(vec![
        Condition::Any(Vec::new()),
        Condition::Not(Box::new(Condition::Labelled(vec!["a".into(), "b".into()]))),
        Condition::HasLabels,
        Condition::HasPhones,
        Condition::Phone("+86".into()),
        Condition::Since(Column::AssignedAt, 1),
        Condition::Until(Column::FollowedAt, 1),
        Condition::Test(Column::Custom(501), Test::OneOf(vec![Operand::Text("x".into())])),
    ]);
    let order = vec![(Column::FollowedAt, Direction::Descending)];
    let conditions = Conditions { order, ids_follow: true, ..Conditions::default() };
    Search { filter: Some(all), conditions, ..Search::default() }
}

/// Every column with every test that it can stand in, and sorted by.
fn every_condition(join: Join) -> Search {
    let texts = [
        Column::Name,
        Column::FirstPhone,
        Column::Address,
        Column::OwnerName,
        Column::GroupName,
        Column::CreatorName,
        Column::ChangerName,
        Column::Company,
        Column::LastAccept,
        Column::Custom(501),
    ];
    let others = [Column::Type, Column::Flag, Column::Source, Column::Owner, Column::CreatedBy, Column::UpdatedBy];
    let numbers = [
        Column::Id,
        Column::Group,
        Column::CreatedAt,
        Column::UpdatedAt,
        Column::Deleted,
        Column::Task,
        Column::Star,
        Column::FollowCount,
        Column::AssignedAt,
        Column::FollowedAt,
    ];
    let (text, number) = (|| Operand::Text("x".into()), || Operand::Integer(1));
    let mut tests = Vec::new();
    for column in texts.into_iter().chain(others) {
        tests.extend([Test::Is(text()), Test::IsNot(text()), Test::Empty, Test::Filled].map(|test| (column, test)));
    }
    for column in texts {
        tests.extend([Test::Holds("x".into()), Test::Lacks("x".into())].map(|test| (column, test)));
    }
    for column in numbers {
        let compared = [Test::Is(number()), Test::IsNot(number()), Test::Above(number()), Test::Below(number())];
        tests.extend(compared.into_iter().chain([Test::Empty, Test::Filled]).map(|test| (column, test)));
    }
    let order = tests.iter().map(|(column, _)| (*column, Direction::Descending)).collect();
    Search { conditions: Conditions { join, tests, order, ids_follow: false }, ..Search::default() }
}

#[test]
fn no_two_statements_have_one_name() {
    let names: BTreeSet<_> = statements().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), statements().count());
}

#[test]
fn every_scoped_statement_is_confined_to_the_company() {
    // Asked before a company is known, by the server itself, or for many companies at once, each in its row.
    let global = [
        "credential",
        "bearer",
        "companies",
        "withdrawals",
        "customers_by_phones",
        "epoch",
        "companies_with_due",
        "next_reminder",
        "companies_with_closed",
        "next_closed",
        "companies_with_news",
        "any_webhook",
        "companies_with_deliveries",
        "next_delivery",
        "last_events",
        "pending_span",
        "next_pending",
        "pending_done",
    ];
    for (name, sqlite, postgres) in statements().filter(|(name, ..)| !global.contains(name)) {
        for text in [sqlite, postgres] {
            assert!(text.contains("$1"), "{name} does not use the company: {text}");
        }
    }
}
