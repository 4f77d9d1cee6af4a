//! Followers that are cut off at random, beside writers and a server that is killed: at the end, each knows what is there.
//!
//! A follower applies each push to what he knows. The value before the change must be the one that he knows and the number
//! of the event the next, so that a push that is missing, doubled or out of order is noticed at once.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use laidian::config::{AuthMode, Config};
use laidian::ops::Backend;
use laidian::ops::clock::Clock;
use laidian::server::Server;
use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, PATIENCE};
use crate::process;
use crate::support::{Engine, Place, Raw};

const FOLLOWERS: usize = 4;
const WRITERS: usize = 3;
/// Who does it all: an operator who sees every customer.
const CLAIM: (&str, i64) = ("trcs009", 1054);

/// How often followers are cut off; `LIVE_CUTS` for more.
fn cuts() -> usize {
    std::env::var("LIVE_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(160)
}

fn below(dice: &mut Pcg64Mcg, most: u64) -> u64 {
    dice.next_u64() % most
}

/// What all take part in.
struct Play {
    /// Where the servers are now.
    urls: RwLock<Vec<String>>,
    cut: watch::Sender<usize>,
    /// Nothing more is written.
    is_written: AtomicBool,
    is_over: AtomicBool,
}

impl Play {
    fn url(&self, dice: &mut Pcg64Mcg) -> String {
        let urls = self.urls.read().unwrap();
        urls[usize::try_from(below(dice, urls.len() as u64)).unwrap()].clone()
    }
}

fn frame(mut members: Value) -> String {
    members["operator"] = CLAIM.0.into();
    members["companyId"] = CLAIM.1.into();
    members.to_string()
}

/// A socket, unless the server is away.
async fn connect(url: &str) -> Option<Client> {
    let address = url.strip_prefix("ws://")?.strip_suffix("/ws")?;
    let stream = tokio::net::TcpStream::connect(address).await.ok()?;
    let (wire, _) = tokio_tungstenite::client_async(url, stream).await.ok()?;
    Some(Client { wire })
}

/// The next frame; `None` when the socket is gone or nothing came in this time.
async fn next(client: &mut Client, patience: Duration) -> Option<Value> {
    use futures_util::StreamExt;
    loop {
        match tokio::time::timeout(patience, client.wire.next()).await.ok()? {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).ok(),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            Some(Ok(_)) => {}
        }
    }
}

async fn ask(client: &mut Client, members: Value) -> Option<Value> {
    use futures_util::SinkExt;
    client.wire.send(Message::text(frame(members))).await.ok()?;
    next(client, Duration::from_secs(30)).await
}

/// Creates, changes, deletes and restores, wherever a server is.
async fn write(play: Arc<Play>, seed: u128) {
    let mut dice = Pcg64Mcg::new(seed);
    let mut mine: Vec<i64> = Vec::new();
    let mut client = None;
    while !play.is_written.load(Ordering::Relaxed) {
        if client.is_none() {
            client = connect(&play.url(&mut dice)).await;
            tokio::task::yield_now().await;
        }
        let Some(open) = &mut client else { continue };
        let text = format!("听雨{}", below(&mut dice, 1000));
        let known = (!mine.is_empty()).then(|| mine[usize::try_from(below(&mut dice, mine.len() as u64)).unwrap()]);
        let asked = match (below(&mut dice, 10), known) {
            (0..2, _) | (_, None) => {
                json!({"action": "create_customer", "customer": {"custname": text, "address": text}})
            }
            (2, Some(id)) => json!({"action": "destroy_customer", "type": "id", "content": id}),
            (3, Some(id)) => json!({"action": "restore_customer", "id": id}),
            (_, Some(id)) => {
                let field = ["custname", "companyName", "address"][usize::try_from(below(&mut dice, 3)).unwrap()];
                json!({"action": "update_customer", "type": "id", "content": id, "customer": {field: text}})
            }
        };
        match ask(open, asked).await {
            None => client = None,
            Some(reply) => mine.extend(reply["customer"]["id"].as_i64().filter(|id| !mine.contains(id))),
        }
    }
}

/// What a follower knows.
struct View {
    customers: BTreeMap<i64, BTreeMap<String, Value>>,
    /// Of the last push, or where it began.
    position: (String, i64),
}

impl View {
    fn apply(&mut self, push: &Value) {
        let (epoch, seq) = (push["epoch"].as_str().unwrap(), push["seq"].as_i64().unwrap());
        let position = &mut self.position;
        assert_eq!((position.0.as_str(), position.1 + 1), (epoch, seq), "{push}");
        position.1 = seq;
        let id = push["customerId"].as_i64().unwrap();
        match push["event"].as_str().unwrap() {
            "customer.created" | "customer.restored" => {
                assert!(self.customers.insert(id, BTreeMap::new()).is_none(), "{push}");
            }
            "customer.deleted" => {
                assert!(self.customers.remove(&id).is_some(), "{push}");
                return;
            }
            _ => {}
        }
        let customer = self.customers.get_mut(&id).unwrap();
        for (field, sides) in push["changes"].as_object().into_iter().flatten() {
            let before = customer.insert(field.clone(), sides[1].clone()).unwrap_or_default();
            assert!(push["event"] != "customer.updated" || before == sides[0], "{push}: {before}");
        }
    }
}

/// Follows, is cut off, comes back; at the end, up to the last event.
async fn follow(play: Arc<Play>, seed: u128, from: (String, i64)) -> View {
    let mut dice = Pcg64Mcg::new(seed);
    let mut view = View { customers: BTreeMap::new(), position: from };
    loop {
        let is_last = play.is_over.load(Ordering::SeqCst);
        let Some(mut client) = connect(&play.url(&mut dice)).await else { continue };
        let (epoch, seq) = &view.position;
        let since = json!({"epoch": epoch, "seq": seq});
        let subscribe = json!({"action": "subscribe", "topics": ["customers/all"], "since": since});
        let Some(reply) = ask(&mut client, subscribe).await else { continue };
        assert_eq!((&reply["code"], &reply["result"]["reload"]), (&json!(1000), &json!(false)), "{reply}");
        let seq = reply["result"]["seq"].as_i64().unwrap();
        // Some events, and then it is cut; or all that there are.
        let most = if is_last { u64::MAX } else { below(&mut dice, 40) };
        let mut taken = 0;
        while taken < most && !(is_last && view.position.1 >= seq) {
            let patience = Duration::from_millis(if is_last { 30_000 } else { 1 + below(&mut dice, 200) });
            let Some(push) = next(&mut client, patience).await else { break };
            view.apply(&push);
            taken += 1;
        }
        play.cut.send_modify(|cut| *cut += 1);
        if is_last {
            return view;
        }
    }
}

/// What is there, as followers know it.
async fn compare(view: &View, client: &mut Client) {
    for (id, known) in &view.customers {
        let reply = ask(client, json!({"action": "get_customer", "type": "id", "content": id})).await.unwrap();
        for (field, value) in
            known.iter().filter(|(field, _)| ["custname", "companyName", "address"].contains(&field.as_str()))
        {
            let there = &reply["result"][0][field];
            assert_eq!(there.as_str().unwrap_or(""), value.as_str().unwrap_or(""), "{field}: {reply}");
        }
    }
}

/// Plays until there were enough cuts, while something befalls the servers again and again.
async fn play(urls: Vec<String>, mut befall: impl AsyncFnMut(&Play)) {
    let play = Arc::new(Play {
        urls: RwLock::new(urls),
        cut: watch::Sender::new(0),
        is_written: AtomicBool::new(false),
        is_over: AtomicBool::new(false),
    });
    let url = play.urls.read().unwrap()[0].clone();
    let mut first = connect(&url).await.unwrap();
    let read = ask(&mut first, json!({"action": "list_customers", "withSeq": true})).await.unwrap();
    let from = (read["epoch"].as_str().unwrap().to_owned(), read["seq"].as_i64().unwrap());
    let writers: Vec<_> = (0..WRITERS).map(|n| tokio::spawn(write(play.clone(), n as u128))).collect();
    let followers: Vec<_> =
        (0..FOLLOWERS).map(|n| tokio::spawn(follow(play.clone(), 100 + n as u128, from.clone()))).collect();
    let (cuts, mut cut) = (cuts(), play.cut.subscribe());
    for next in (20..cuts).step_by(20).chain([cuts]) {
        // What it answers holds a lock that the followers wait for, and is let go at once.
        let has_come = tokio::time::timeout(PATIENCE * 4, cut.wait_for(|cut| *cut >= next)).await.is_ok();
        assert!(has_come, "a follower has failed");
        if next < cuts {
            befall(&play).await;
        }
    }
    play.is_written.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    play.is_over.store(true, Ordering::SeqCst);
    let url = play.urls.read().unwrap()[0].clone();
    let mut client = connect(&url).await.unwrap();
    let views: Vec<View> = join_all(followers).await.into_iter().map(Result::unwrap).collect();
    for view in &views {
        compare(view, &mut client).await;
    }
    let ends: Vec<i64> = views.iter().map(|view| view.position.1).collect();
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    println!("cuts {}, events {}", *play.cut.borrow(), ends[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_knows_what_is_there_though_the_server_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("LAIDIAN_AUTH_MODE", "open"), ("LAIDIAN_LIVE_REPLAY_EVENTS", "1000000")];
    let mut server = Some(process::Server::start(folder.path(), &settings));
    let urls = vec![server.as_ref().unwrap().ws.clone()];
    play(urls, async |play| {
        let old = server.take().unwrap();
        old.signal("-KILL");
        drop(old);
        let new = process::Server::start(folder.path(), &settings);
        *play.urls.write().unwrap() = vec![new.ws.clone()];
        server = Some(new);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_tell_the_same_though_hints_are_lost() {
    let test = "two_servers_on_one_database_tell_the_same_though_hints_are_lost";
    if !Engine::Postgres.is_there(test) {
        return;
    }
    let place = Place::new(Engine::Postgres).await;
    laidian::demo::fill(&place.open().await, 5).await.unwrap();
    let mut servers = Vec::new();
    for _ in 0..2 {
        let mut config = Config::default();
        config.auth.mode = AuthMode::Open;
        config.live.replay_events = 1_000_000;
        config.unlimited_rates(|_| false);
        config.server.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let backend = Backend::new(place.open().await, Clock::system(), &config);
        servers.push(Server::start(config, backend).await.unwrap());
    }
    let urls = servers.iter().map(|server| format!("ws://{}/ws", server.address())).collect();
    let mut raw: Raw = place.connect().await;
    play(urls, async |_| {
        // Nobody listens for a while.
        let deaf = "select pg_terminate_backend(pid)::text from pg_stat_activity
                    where datname = current_database() and query ilike 'listen %'";
        raw.texts(deaf).await;
    })
    .await;
    for server in servers {
        server.stop().await;
    }
}
