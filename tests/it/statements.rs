//! Every fixed statement is one that its engine understands.

use std::collections::BTreeSet;

use laidian::domain::feed::FeedKind;
use laidian::store::STATEMENTS;
use laidian::store::search::Search;

use crate::support::{Engine, Place};

both_engines! { every_statement_can_be_prepared }

async fn every_statement_can_be_prepared(engine: Engine) {
    let place = Place::new(engine).await;
    let scope = place.open().await.company(1);
    let mut raw = place.connect().await;
    let mut refused = Vec::new();
    for (name, sqlite, postgres) in STATEMENTS {
        let text = if engine == Engine::Sqlite { sqlite } else { postgres };
        if let Err(error) = raw.prepare(text).await {
            refused.push(format!("{name}: {error}"));
        }
    }
    for text in scope.search_texts(&Search::default()).into_iter().chain(scope.feed_texts(&FeedKind::ALL)) {
        if let Err(error) = raw.prepare(&text).await {
            refused.push(format!("{text}: {error}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn no_two_statements_have_one_name() {
    let names: BTreeSet<_> = STATEMENTS.iter().map(|(name, ..)| name).collect();
    assert_eq!(names.len(), STATEMENTS.len());
}

#[test]
fn every_scoped_statement_is_confined_to_the_company() {
    // Asked before a company is known, by the server itself, or for many companies at once, each in its row.
    let global = ["credential", "bearer", "companies", "withdrawals", "customers_by_phones"];
    for (name, sqlite, postgres) in STATEMENTS.iter().filter(|(name, ..)| !global.contains(name)) {
        for text in [sqlite, postgres] {
            assert!(text.contains("$1"), "{name} does not use the company: {text}");
        }
    }
}
