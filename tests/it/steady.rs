//! Nobody makes the server deaf for others: neither searches that read everything, nor statements that take long to plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use laidian::config::Config;
use laidian::domain::filter::parse_segments;
use laidian::domain::identifier::Identifier;
use laidian::error::Error;
use laidian::ops::customer::find;
use laidian::ops::{Backend, Caller};
use laidian::store::{Asker, Connections, Scope, Store};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::support::{DESK, Demo, Engine, MAIN, Place, Raw, Time, backend};

both_engines! {
    look_ups_do_not_wait_for_searches,
    one_who_searches_much_leaves_connections_to_others,
    a_search_that_takes_too_long_ends_in_the_database_too,
    a_search_that_nobody_waits_for_ends,
    long_texts_are_searched_by_few_terms,
}

/// What everybody of the many is called: a search for it reads them all.
const COMMON: &str = "有限公司";
const MANY: u32 = 100_000;

/// Adds so many customers of 8008 that a search for [`COMMON`] has to confirm each.
async fn add_many(demo: &Demo, many: u32) {
    let (numbers, number) = match demo.place.connect().await {
        Raw::Sqlite(_) => ("with recursive n(i) as (select 1 union all select i + 1 from n where i < MANY)", "n"),
        Raw::Postgres(_) => ("with n as (select i from generate_series(1, MANY) i)", "n"),
    };
    let insert = |into: &str, select: &str| {
        let many = many.to_string();
        format!("{} insert into {into} {select} from {number}", numbers.replace("MANY", &many))
    };
    let mut raw = demo.place.connect().await;
    let text = format!("'望潮' || i || '{COMMON}'");
    let customers = insert(
        "customer (company_id, id, version, star, follow_count, created_at, created_by, updated_at, updated_by, phones, labels, \
         name, name_key, company_key, haystack)",
        &format!("select 8008, 1000 + i, 1, 0, 0, 1, '008', 1, '008', '[]', '[]', {text}, {text}, '', {text}"),
    );
    raw.execute(&customers).await;
    for term in ["有限", "限公", "公司"] {
        let terms =
            insert("customer_term (company_id, term, customer_id)", &format!("select 8008, '{term}', 1000 + i"));
        raw.execute(&terms).await;
    }
    if matches!(raw, Raw::Postgres(_)) {
        raw.execute("analyze").await;
    }
}

/// Searches that are at work, and how many of them have ended.
struct Searches {
    tasks: Vec<JoinHandle<Result<i64, Error>>>,
    ended: Arc<AtomicUsize>,
}

impl Searches {
    fn begin(backend: &Arc<Backend>, caller: &Caller, text: &str, count: usize) -> Self {
        let ended = Arc::new(AtomicUsize::new(0));
        let one = || {
            let (backend, caller, text, ended) = (backend.clone(), caller.clone(), text.to_owned(), ended.clone());
            tokio::spawn(async move {
                let total = total(&backend, &caller, &text).await;
                ended.fetch_add(1, Ordering::SeqCst);
                total
            })
        };
        Self { tasks: (0..count).map(|_| one()).collect(), ended }
    }

    fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    async fn totals(self) -> Vec<Result<i64, Error>> {
        join_all(self.tasks).await.into_iter().map(Result::unwrap).collect()
    }
}

async fn total(backend: &Backend, caller: &Caller, text: &str) -> Result<i64, Error> {
    let cx = backend.context(caller).await?;
    let search = find::search(&cx, &parse_segments("").unwrap(), Some(text))?;
    Ok(find::list(&cx, &search, 1).await?.total)
}

async fn look_ups_do_not_wait_for_searches(engine: Engine) {
    let demo = backend(engine, 50).await;
    add_many(&demo, MANY).await;
    let connections = Connections { search: LATE, ..Config::default().connections() };
    let store = Store::open(demo.place.location(), &connections).await.unwrap();
    let backend = Backend::new(store, Time::default().clock(), &Config::default());
    // Two, since one alone leaves half of the connections to others.
    let searchers = [demo.caller(DESK, Some("008")).await, demo.caller(DESK, None).await];
    let asking = demo.caller(MAIN, Some("trcs001")).await;
    let cx = backend.context(&asking).await.unwrap();
    let searches = searchers.each_ref().map(|searcher| Searches::begin(&backend, searcher, COMMON, 4));
    for _ in 0..20 {
        assert!(find::find(&cx, &Identifier::Phone("138900010001".into())).await.is_ok());
        assert!(find::find(&cx, &Identifier::Id(1)).await.is_ok());
    }
    // Whoever waits for their connections waits for four of them at the least.
    let ended: usize = searches.iter().map(Searches::ended).sum();
    assert!(ended < 4, "{ended} searches had ended");
    for searches in searches {
        for total in searches.totals().await {
            assert_eq!(total.unwrap(), i64::from(MANY));
        }
    }
}

/// A search without an end.
fn endless(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "with recursive n(i) as (select $1 union all select i + 1 from n) select count(*) as value from n"
        }
        Engine::Postgres => "select $1::bigint as value from pg_sleep(3600)",
    }
}

/// The store with as many connections that search, each for so long; and the same database.
async fn searching(engine: Engine, searches: u32, search: Duration) -> (Store, Place) {
    let place = Place::new(engine).await;
    let connections = Connections { searches, search, ..Config::default().connections() };
    (Store::open(place.location(), &connections).await.unwrap(), place)
}

/// Longer than a search that reads nothing takes, and much shorter than one without an end.
const SOON: Duration = Duration::from_secs(20);
const LATE: Duration = Duration::from_hours(1);

/// A search that is answered at once, if there is a connection for it.
async fn short(scope: &Scope) {
    let found = timeout(SOON, scope.search_by("select $1 as value")).await.expect("there is no connection");
    assert_eq!(found.unwrap().len(), 1);
}

async fn one_who_searches_much_leaves_connections_to_others(engine: Engine) {
    let (store, _place) = searching(engine, 4, LATE).await;
    let much = store.company(MAIN).asked_by(Asker(1));
    let others = store.company(MAIN).asked_by(Asker(2));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let much = much.clone();
            AbortOnDropHandle::new(tokio::spawn(async move { much.search_by(endless(engine)).await }))
        })
        .collect();
    for _ in 0..3 {
        short(&others).await;
    }
    assert!(timeout(Duration::from_millis(50), much.search_by("select $1 as value")).await.is_err());
    // Once they are gone, all is there for everybody again.
    drop(tasks);
    short(&much).await;
}

/// Waits until the database does nothing for the program. Where it is a part of it, the connection shows that.
async fn becomes_idle(place: &Place) {
    let mut raw = place.connect().await;
    if matches!(raw, Raw::Sqlite(_)) {
        return;
    }
    let at_work = "select query from pg_stat_activity
                   where datname = current_database() and application_name = 'laidian' and state = 'active'";
    let began = std::time::Instant::now();
    while !raw.texts(at_work).await.is_empty() {
        assert!(began.elapsed() < SOON, "it is still at work: {:?}", raw.texts(at_work).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_search_that_takes_too_long_ends_in_the_database_too(engine: Engine) {
    let (store, place) = searching(engine, 1, Duration::from_millis(200)).await;
    let scope = store.company(MAIN);
    for _ in 0..3 {
        let error = Error::from(timeout(SOON, scope.search_by(endless(engine))).await.unwrap().unwrap_err());
        assert_eq!((error.row().code, &error), (2504, &Error::SearchTooLong));
        assert!(error.detail().unwrap().contains("search_seconds"));
        becomes_idle(&place).await;
    }
}

async fn a_search_that_nobody_waits_for_ends(engine: Engine) {
    let (store, place) = searching(engine, 1, LATE).await;
    let scope = store.company(MAIN);
    for _ in 0..3 {
        assert!(timeout(Duration::from_millis(100), scope.search_by(endless(engine))).await.is_err());
        short(&scope).await;
        becomes_idle(&place).await;
    }
}

async fn long_texts_are_searched_by_few_terms(engine: Engine) {
    let demo = backend(engine, 200).await;
    let caller = demo.caller(MAIN, Some("trcs001")).await;
    let mut characters = ('一'..).step_by(7);
    let mut word = || characters.by_ref().take(64).collect::<String>();
    let text = [word(), word(), word(), word()].join(" ");
    let searches = Searches::begin(&demo.backend, &caller, &text, 8);
    for total in searches.totals().await {
        // In time, that is.
        assert_eq!(total, Ok(0));
    }
    // All that is pasted is looked at, not only what it is looked up by.
    let cx = demo.context(&caller).await.unwrap();
    let all = find::list(&cx, &laidian::store::search::Search::default(), 1).await.unwrap().customers;
    for customer in all.iter().filter(|customer| customer.company_name.is_some()) {
        let company = customer.company_name.as_deref().unwrap();
        assert!(total(&demo, &caller, company).await.unwrap() >= 1, "{company}");
        assert_eq!(total(&demo, &caller, &format!("{company}鑫鑫")).await.unwrap(), 0, "{company}");
    }
}
