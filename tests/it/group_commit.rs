//! Transactions that wait for one another share a commit, and still each stands or falls alone.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::future::{join_all, poll_fn};
use laidian::error::Error;
use laidian::ops::customer::{Changes, Patch, PhoneChange, create};
use laidian::ops::{Backend, Caller};
use tokio::time::timeout;

use crate::invariants::check_invariants;
use crate::support::{DESK, Demo, Engine, Raw, backend, update};

both_engines! {
    concurrent_creations_all_last,
    one_that_fails_takes_no_other_with_it,
    a_dropped_transaction_leaves_nothing_and_blocks_nobody,
    a_refused_phone_costs_no_number,
    a_cancelled_request_leaves_nothing_half,
    cancelled_requests_do_not_take_others_with_them,
    concurrent_changes_of_one_customer_all_count,
}

/// Longer than anything here takes, shorter than a writer waits for a lock that is not given back.
const SOON: Duration = Duration::from_secs(5);

async fn demo(engine: Engine) -> (Demo, Caller) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, Some("008")).await;
    (demo, caller)
}

fn changes(name: &str, phones: &[&str]) -> Changes<'static> {
    Changes {
        name: Patch::Set(name.to_owned().into()),
        phones: Some(phones.iter().map(|typed| PhoneChange { id: None, typed: (*typed).to_owned().into() }).collect()),
        labels: Some(vec!["标签1".into(), format!("标签{name}").into()]),
        ..Changes::default()
    }
}

async fn create_one(backend: &Backend, caller: &Caller, changes: Changes<'_>) -> Result<i64, Error> {
    Ok(create(&backend.context(caller).await?, changes).await?.id)
}

async fn concurrent_creations_all_last(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    let other = demo.place.open().await.company(DESK);
    let ids = join_all((0..64).map(|n| {
        let (backend, caller, other) = (demo.backend.clone(), caller.clone(), other.clone());
        tokio::spawn(async move {
            let changes = changes(&format!("张{n}"), &[&format!("1390000{n:04}"), &format!("1380000{n:04}")]);
            let id = create_one(&backend, &caller, changes).await.unwrap();
            // Whoever has the answer can rely on it, also through another process.
            assert_eq!(other.customer(id).await.unwrap().unwrap().name, Some(format!("张{n}")));
            id
        })
    }))
    .await;
    let ids: BTreeSet<i64> = ids.into_iter().map(Result::unwrap).collect();
    assert_eq!(ids, (1..=64).collect());
    check_invariants(&demo.place, &demo.store.company(DESK)).await;
}

async fn one_that_fails_takes_no_other_with_it(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    // Every third wants a phone that only one can have.
    let outcomes = join_all((0..48).map(|n| {
        let (backend, caller) = (demo.backend.clone(), caller.clone());
        tokio::spawn(async move {
            let own = format!("1390000{n:04}");
            let phones = if n % 3 == 0 { [own.as_str(), "13888888888"] } else { [own.as_str(), "110"] };
            let phones = if n % 3 == 0 { &phones[..] } else { &phones[..1] };
            create_one(&backend, &caller, changes(&format!("李{n}"), phones)).await
        })
    }))
    .await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    let made: BTreeSet<i64> = outcomes.iter().filter_map(|outcome| outcome.clone().ok()).collect();
    let refused = Err(Error::PhoneTaken { typed: "13888888888".into() });
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == refused).count(), 15);
    assert_eq!(made, (1..=33).collect());
    check_invariants(&demo.place, &demo.store.company(DESK)).await;
}

async fn a_dropped_transaction_leaves_nothing_and_blocks_nobody(engine: Engine) {
    let (demo, _) = demo(engine).await;
    let scope = demo.store.company(DESK);
    let other = demo.place.open().await.company(DESK);
    for round in 0..5 {
        let mut tx = scope.write().await.unwrap();
        tx.put_task(1000, "没有做完").await.unwrap();
        drop(tx);
        // Another process is next, without any write here that would clean up.
        let task = async {
            let mut tx = other.write().await.unwrap();
            tx.put_task(round, "做完了").await.unwrap();
            tx.commit().await.unwrap();
        };
        timeout(SOON, task).await.expect("another process cannot write");
        let mut tx = timeout(SOON, scope.write()).await.expect("the next one here cannot write").unwrap();
        tx.put_task(100 + round, "也做完了").await.unwrap();
        tx.commit().await.unwrap();
    }
    let tasks: Vec<i64> = scope.tasks().await.unwrap().iter().map(|task| task.id).collect();
    assert_eq!(tasks, [0, 1, 2, 3, 4, 99, 100, 101, 102, 103, 104]);
}

/// Another process holds the database, and who waits for it gives up: nothing is left open that would keep others out.
#[tokio::test]
async fn who_gives_up_waiting_for_another_process_leaves_nothing_open() {
    let demo = backend(Engine::Sqlite, 0).await;
    let scope = demo.store.company(DESK);
    let Raw::Sqlite(other) = demo.place.connect().await else { unreachable!() };
    other.busy_timeout(SOON).unwrap();
    other.execute_batch("begin immediate").unwrap();
    assert!(polled(Box::pin(scope.write()), 1).await.is_none(), "it did not wait");
    other.execute_batch("commit").unwrap();
    // The one that was given up gets its turn among these.
    let written = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(1) {
            other.execute_batch("begin immediate; commit").expect("another process cannot write");
        }
    });
    written.await.unwrap();
}

async fn a_refused_phone_costs_no_number(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    let first = create_one(&demo, &caller, changes("王", &["13888888888"])).await.unwrap();
    let second = create_one(&demo, &caller, changes("李", &["13888889999"])).await.unwrap();
    let counter = "select cast(last_customer as text) || '/' || cast(last_phone as text) || '/' || cast(last_label as text) \
                   || '/' || cast(last_change as text) || '/' || cast(last_event as text) from counter where company_id = 8008";
    let mut raw = demo.place.connect().await;
    let before = raw.texts(counter).await;
    let taken = Err(Error::PhoneTaken { typed: "+86 138-8888-8888".into() });
    assert_eq!(create_one(&demo, &caller, changes("赵", &["13900000000", "+86 138-8888-8888"])).await, taken);
    let cx = demo.context(&caller).await.unwrap();
    assert_eq!(
        update(&cx, second, changes("赵", &["13900000000", "+86 138-8888-8888"])).await.map(|row| row.id),
        taken
    );
    assert_eq!(raw.texts(counter).await, before);
    assert_eq!(cx.scope.customer(second).await.unwrap().unwrap().name.as_deref(), Some("李"));
    assert_eq!(create_one(&demo, &caller, changes("赵", &["13900000000"])).await, Ok(second + 1));
    assert_eq!((first, second), (1, 2));
    check_invariants(&demo.place, &cx.scope).await;
}

/// The outcome, unless it takes more polls than these: then the future is dropped where it is.
async fn polled<T>(mut future: Pin<Box<impl Future<Output = T>>>, polls: usize) -> Option<T> {
    let mut left = polls;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn a_cancelled_request_leaves_nothing_half(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    let mut cancelled = 0;
    // How often a request waits differs from time to time, so each place is tried more than once. The embedded engine
    // waits for its commit alone.
    let most = if engine == Engine::Sqlite { 2 } else { 20 };
    for (polls, n) in (1..=most).cycle().zip(1..=80) {
        let (name, phone) = (format!("周{n}"), format!("1390000{n:04}"));
        let creation = Box::pin(create_one(&demo, &caller, changes(&name, &[&phone])));
        match polled(creation, polls).await {
            Some(outcome) => drop(outcome.unwrap()),
            None => cancelled += 1,
        }
        // The next one is not held up.
        if n % 5 == 0 {
            timeout(SOON, create_one(&demo, &caller, changes(&name, &[]))).await.expect("blocked").unwrap();
        }
    }
    assert!(cancelled > 10, "only {cancelled} were cancelled");
    timeout(SOON, create_one(&demo, &caller, changes("最后", &[]))).await.expect("blocked").unwrap();
    check_invariants(&demo.place, &demo.store.company(DESK)).await;
}

/// Requests that are dropped half way share groups with others, whose writes must not notice.
async fn cancelled_requests_do_not_take_others_with_them(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    let steady = async {
        for n in 0..150 {
            create_one(&demo, &caller, changes(&format!("稳{n}"), &[])).await.unwrap();
        }
    };
    let leaving = |place: usize| {
        let (demo, caller) = (&demo, &caller);
        async move {
            for n in 0..150 {
                let creation = Box::pin(create_one(demo, caller, changes(&format!("走{place}之{n}"), &[])));
                drop(polled(creation, 1 + (n + place * 7) % 40).await);
            }
        }
    };
    tokio::join!(steady, leaving(0), leaving(1), leaving(2));
    check_invariants(&demo.place, &demo.store.company(DESK)).await;
}

async fn concurrent_changes_of_one_customer_all_count(engine: Engine) {
    let (demo, caller) = demo(engine).await;
    let id = create_one(&demo, &caller, changes("吴", &[])).await.unwrap();
    let done = join_all((0..32).map(|n| {
        let (backend, caller) = (demo.backend.clone(), caller.clone());
        tokio::spawn(async move {
            let cx = backend.context(&caller).await.unwrap();
            let address = Patch::Set(format!("望潮街{n}号").into());
            update(&cx, id, Changes { address, ..Changes::default() }).await.unwrap().version
        })
    }))
    .await;
    let versions: BTreeSet<i64> = done.into_iter().map(Result::unwrap).collect();
    assert_eq!(versions, (2..=33).collect());
    check_invariants(&demo.place, &demo.store.company(DESK)).await;
}
