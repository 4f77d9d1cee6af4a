//! Nobody makes the server deaf for others: neither searches that read everything, nor statements that take long to plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use laidian::config::Config;
use laidian::domain::filter::parse_segments;
use laidian::error::Error;
use laidian::ops::find::{self, Identifier};
use laidian::ops::{Backend, Caller};
use laidian::store::{Connections, Store};
use tokio::task::JoinHandle;

use crate::support::{DESK, Demo, Engine, MAIN, Raw, Time, backend, backend_with};

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
        let terms = insert("customer_term (company_id, term, customer_id)", &format!("select 8008, '{term}', 1000 + i"));
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

/// A backend on the same database as this one.
async fn beside(demo: &Demo, change: impl FnOnce(&mut Connections)) -> Arc<Backend> {
    let config = Config::default();
    let mut connections = config.connections();
    change(&mut connections);
    let store = Store::open(demo.place.location(), &connections).await.unwrap();
    Backend::new(store, Time::default().clock(), &config)
}

fn without_bound(config: &mut Config) {
    config.limits.search_seconds = 600;
}

async fn look_ups_do_not_wait_for_searches(engine: Engine) {
    let demo = backend_with(engine, 50, without_bound).await;
    add_many(&demo, MANY).await;
    let demo_backend = beside(&demo, |connections| connections.search = Duration::from_mins(10)).await;
    let searcher = demo.caller(DESK, Some("008")).await;
    let asking = demo.caller(MAIN, Some("trcs001")).await;
    let cx = demo_backend.context(&asking).await.unwrap();
    let known = find::find(&cx, &Identifier::Phone("13900010001".into())).await;
    let searches = Searches::begin(&demo_backend, &searcher, COMMON, 8);
    for _ in 0..20 {
        let by_phone = find::find(&cx, &Identifier::Phone("13900010001".into())).await;
        assert_eq!(by_phone.is_ok(), known.is_ok());
        assert!(find::find(&cx, &Identifier::Id(1)).await.is_ok());
    }
    // Whoever waits for their connections waits for four of them at the least.
    assert!(searches.ended() < 4, "{} searches had ended", searches.ended());
    for total in searches.totals().await {
        assert_eq!(total.unwrap(), i64::from(MANY));
    }
}

async fn one_who_searches_much_leaves_connections_to_others(engine: Engine) {
    let demo = backend(engine, 0).await;
    add_many(&demo, MANY).await;
    let backend = beside(&demo, |connections| connections.search = Duration::from_mins(10)).await;
    let much = Searches::begin(&backend, &demo.caller(DESK, Some("008")).await, COMMON, 8);
    let other = total(&backend, &demo.caller(DESK, None).await, COMMON).await;
    assert_eq!(other.unwrap(), i64::from(MANY));
    // Who waits behind them all waits for more.
    assert!(much.ended() < 5, "{} had ended", much.ended());
    much.totals().await;
}

/// Waits until the database does nothing for the program.
async fn is_idle(demo: &Demo, most: Duration) {
    let mut raw = demo.place.connect().await;
    if matches!(raw, Raw::Sqlite(_)) {
        return;
    }
    let at_work = "select pid::text from pg_stat_activity
                   where datname = current_database() and application_name = 'laidian' and state = 'active'";
    let began = std::time::Instant::now();
    while !raw.texts(at_work).await.is_empty() {
        assert!(began.elapsed() < most, "it is still at work");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn a_search_that_takes_too_long_ends_in_the_database_too(engine: Engine) {
    let demo = backend(engine, 0).await;
    add_many(&demo, MANY).await;
    let backend = beside(&demo, |connections| {
        (connections.searches, connections.search) = (1, Duration::from_millis(50));
    })
    .await;
    let caller = demo.caller(DESK, Some("008")).await;
    for _ in 0..3 {
        let error = total(&backend, &caller, COMMON).await.unwrap_err();
        assert_eq!((error.row().code, &error), (2504, &Error::SearchTooLong));
        assert!(error.detail().unwrap().contains("search_seconds"));
        is_idle(&demo, Duration::from_secs(5)).await;
    }
    // Its connection is good for others.
    let backend = beside(&demo, |connections| {
        (connections.searches, connections.search) = (1, Duration::from_secs(20));
    })
    .await;
    let too_long = tokio::time::timeout(Duration::from_millis(50), total(&backend, &caller, COMMON)).await;
    assert!(too_long.is_err());
    assert_eq!(total(&backend, &caller, "无人").await.unwrap(), 0);
}

async fn a_search_that_nobody_waits_for_ends(engine: Engine) {
    let demo = backend(engine, 0).await;
    add_many(&demo, MANY).await;
    // With one connection, whoever comes next waits for the end of what was begun before.
    let backend = beside(&demo, |connections| {
        (connections.searches, connections.search) = (1, Duration::from_secs(30));
    })
    .await;
    let caller = demo.caller(DESK, Some("008")).await;
    for _ in 0..50 {
        let left = tokio::time::timeout(Duration::from_millis(30), total(&backend, &caller, COMMON)).await;
        assert!(left.is_err());
    }
    // Were they all carried out, this one would come too late.
    assert_eq!(total(&backend, &caller, "无人").await.unwrap(), 0);
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
