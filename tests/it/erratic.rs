//! Whatever is carried out may be paused for a while, or let go of, wherever it waits: whoever polls it is busy, or has
//! left. It may hold the writer, a permit or a connection just then. Others must go on, and nothing is left by half.

use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::join_all;
use laidian::dialects::{Answered, Operation};
use laidian::domain::filter::parse_segments;
use laidian::domain::identifier::Identifier;
use laidian::domain::ids;
use laidian::error::Error;
use laidian::ops::access::identity::{self, Claim};
use laidian::ops::customer::find;
use laidian::ops::customer::import::{self, Columns, Layout, Order, Right, Source};
use laidian::ops::customer::{Changes, Patch, PhoneChange, Plan, Record, create};
use laidian::ops::files::uploads;
use laidian::ops::{Backend, Caller, Cx};
use laidian::protocol::envelope::Door;
use laidian::sheets::Xlsx;
use laidian::sheets::reading::{Cell, Row};
use tokio::time::{Sleep, sleep, timeout};
use uuid::Uuid;

use crate::invariants::check_invariants;
use crate::support::{Demo, Engine, MAIN, backend, destroy, update};

both_engines! {
    work_that_is_paused_or_left_anywhere_stops_nobody,
}

/// Numbers that are the same with each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// A future that is sometimes not polled for a while where it waits, and sometimes never again.
struct Erratic<F> {
    inner: Pin<Box<F>>,
    random: Random,
    pause: Option<Pin<Box<Sleep>>>,
}

/// One in so many times it waits, it is paused; one in so many pauses, it is let go of.
const PAUSED: u64 = 4;
const LEFT: u64 = 12;
/// The longest pause, milliseconds.
const LONGEST: u64 = 10;

impl<F: Future> Future for Erratic<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            if let Some(pause) = &mut this.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                this.pause = None;
            }
            if let Poll::Ready(done) = this.inner.as_mut().poll(cx) {
                return Poll::Ready(Some(done));
            }
            if this.random.below(PAUSED) > 0 {
                return Poll::Pending;
            }
            if this.random.below(LEFT) == 0 {
                return Poll::Ready(None);
            }
            this.pause = Some(Box::pin(sleep(Duration::from_millis(1 + this.random.below(LONGEST)))));
        }
    }
}

/// A workbook of names.
struct Names;

impl Layout for Names {
    fn columns(&self, _: &Cx<'_>, _: &Row) -> Result<Box<dyn Columns>, String> {
        Ok(Box::new(Self))
    }
}

impl Columns for Names {
    fn fault(&self, _: &Cx<'_>, _: &Row) -> Option<String> {
        None
    }

    fn record(&self, _: &Cx<'_>, row: &Row) -> Result<Record, Error> {
        let Some(Cell::Text(name)) = row.cell(0) else { return Err(Error::NotFound) };
        Ok(Changes { name: Patch::Set(name.clone().into()), ..Changes::default() }.into())
    }

    fn explain(&self, error: &Error) -> String {
        error.to_string()
    }
}

async fn import(backend: Arc<Backend>, caller: Caller) -> Result<(), Error> {
    let mut workbook = Xlsx::new(&["客户名称"]);
    for number in 0..120 {
        workbook.row([format!("导入{number}").as_str()]).unwrap();
    }
    let file = uploads::keep(&backend, &caller, "a.xlsx", workbook.finish().unwrap()).await?;
    let order = Order {
        source: Source::Uploaded(file),
        sheet: None,
        layout: Arc::new(Names),
        right: Right::Plm(None),
        plan: Plan::default(),
        wants_book: true,
    };
    import::run(backend, caller, Uuid::new_v4().simple().to_string(), order).await;
    Ok(())
}

/// Asks for a file and reads it to its end.
async fn file_of(backend: &Arc<Backend>, caller: &Caller, action: &str, body: &str) -> Result<usize, Error> {
    let operation = Operation::parse(action).unwrap();
    let cx = backend.context(caller).await?;
    let Answered::File(file, _) = operation.run(cx, body, Door::Http, &mut Vec::new()).await? else {
        panic!("{action} sends a file")
    };
    let mut pieces = file.begin(backend.clone(), caller.clone()).await?;
    let mut bytes = 0;
    while let Some(piece) = pieces.recv().await {
        bytes += piece?.len();
    }
    Ok(bytes)
}

async fn print(backend: &Arc<Backend>, caller: &Caller) -> Result<usize, Error> {
    let body = format!("{{\"key\":\"{}\"}}", ids::to_hex32(MAIN, 1));
    file_of(backend, caller, "ibizplm.printdata", &body).await
}

async fn export(backend: &Arc<Backend>, caller: &Caller) -> Result<usize, Error> {
    file_of(backend, caller, "export_customers", r#"{"format":"xlsx"}"#).await
}

async fn sign_in(backend: &Backend) -> Result<(), Error> {
    let claim = Claim { company: Some(MAIN), operator: Some("trcs001".into()), ..Claim::default() };
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    identity::by_password(backend, &claim, "demo-trcs001", address).await.map(drop)
}

async fn write(backend: &Backend, caller: &Caller, number: u64) -> Result<(), Error> {
    let phone = PhoneChange { id: None, typed: format!("139{number:08}").into() };
    let changes = Changes {
        name: Patch::Set(format!("写{number}").into()),
        phones: Some(vec![phone]),
        labels: Some(vec!["标签".into()]),
        ..Changes::default()
    };
    let id = create(&backend.context(caller).await?, changes).await?.id;
    let address = Changes { address: Patch::Set("望潮街".into()), ..Changes::default() };
    update(&backend.context(caller).await?, id, address).await?;
    destroy(&backend.context(caller).await?, id).await
}

async fn look(backend: &Backend, caller: &Caller) -> Result<(), Error> {
    let cx = backend.context(caller).await?;
    find::find(&cx, &Identifier::Phone("138900010001".into())).await?;
    let search = find::search(&cx, &parse_segments("").unwrap(), Some("有限公司"))?;
    find::list(&cx, &search, 1).await.map(drop)
}

/// Something, by chance.
async fn anything(backend: Arc<Backend>, caller: Caller, kind: u64, number: u64) {
    let done = match kind {
        0 => import(backend, caller).await,
        1 => print(&backend, &caller).await.map(drop),
        2 => export(&backend, &caller).await.map(drop),
        3 => sign_in(&backend).await,
        4 | 5 => look(&backend, &caller).await,
        _ => write(&backend, &caller, number).await,
    };
    if let Err(error) = done {
        panic!("{kind}: {error}");
    }
}

const AT_A_TIME: u64 = 12;
const ROUNDS: u64 = 40;
/// Longer than all of it takes, also on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_mins(3);
/// Longer than anything takes that is not kept waiting by what is not there any more.
const SOON: Duration = Duration::from_secs(30);

async fn work_that_is_paused_or_left_anywhere_stops_nobody(engine: Engine) {
    let demo: Demo = backend(engine, 60).await;
    demo.jobs.hurry(Duration::from_millis(1));
    let caller = demo.caller(MAIN, Some("admin1054")).await;
    let task = |place: u64| {
        let (backend, caller) = (demo.backend.clone(), caller.clone());
        tokio::spawn(async move {
            let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (place << 32));
            let mut left = 0;
            for round in 0..ROUNDS {
                let work = anything(backend.clone(), caller.clone(), random.below(8), place * 1000 + round);
                let random = Random(random.below(u64::MAX) | 1);
                let erratic = Erratic { inner: Box::pin(work), random, pause: None };
                left += usize::from(erratic.await.is_none());
            }
            left
        })
    };
    let all = join_all((0..AT_A_TIME).map(task));
    let left: usize =
        timeout(PATIENCE, all).await.expect("somebody waits for ever").into_iter().map(Result::unwrap).sum();
    assert!(left > 20, "only {left} were left");
    for kind in 0..8 {
        let work = anything(demo.backend.clone(), caller.clone(), kind, 99_000_000 + kind);
        timeout(SOON, work).await.unwrap_or_else(|_| panic!("{kind} waits for ever"));
    }
    assert!(demo.jobs.stop(SOON).await, "a job goes on for ever");
    check_invariants(&demo.place, &demo.store.company(MAIN)).await;
}
