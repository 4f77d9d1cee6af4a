//! The examples beside a telephone system: what Asterisk and FreeSWITCH tell of calls comes out as calls. A recorded
//! conversation is played to the programs by what stands in for the telephone system.

#[path = "../../examples/pbx/ami.rs"]
mod ami;
#[path = "../../examples/pbx/calls.rs"]
mod calls;
#[path = "../../examples/pbx/esl.rs"]
mod esl;
#[path = "../../examples/pbx/wire.rs"]
mod wire;

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use laidian::domain::signature;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use self::calls::{Calls, Report};
use crate::client::{Client, PATIENCE};
use crate::signed::{AGENT, OTHER_AGENT, SUPERVISOR, Who, server};
use crate::support::{Engine, SECOND, TestServer};

both_engines! {
    what_asterisk_tells_comes_out_as_calls,
    what_freeswitch_tells_comes_out_as_calls,
}

const SECRET: &str = "pbx-s3cr3t";
const APP: &str = "2020158:demo-token";
const KINDS: [&str; 4] = ["queue", "consult", "abandoned", "outgoing"];
/// Whose number it is that is on the line in each of them.
const NUMBERS: [&str; 4] = ["13900110001", "13900110002", "13900110003", "13900110004"];

#[derive(Clone, Copy, PartialEq)]
enum Pbx {
    Asterisk,
    FreeSwitch,
}

impl Pbx {
    fn name(self) -> &'static str {
        match self {
            Self::Asterisk => "asterisk",
            Self::FreeSwitch => "freeswitch",
        }
    }

    /// What each of the conversations is called.
    fn call_ids(self) -> [&'static str; 4] {
        match self {
            Self::Asterisk => ["1796044794.0", "1796044814.4", "1796044821.8", "1796044829.11"],
            Self::FreeSwitch => [
                "5b1e9a40-0000-4000-8000-000000000010",
                "5b1e9a40-0000-4000-8000-000000000020",
                "5b1e9a40-0000-4000-8000-000000000040",
                "5b1e9a40-0000-4000-8000-000000000050",
            ],
        }
    }

    /// The events of a conversation.
    fn recorded(self, kind: &str) -> Vec<String> {
        let file = format!("tests/fixtures/pbx/{}-{kind}.txt", self.name());
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let (_, events) = text.split_once('\n').unwrap();
        events.split("\n\n").map(|event| event.trim_end().to_owned()).collect()
    }

    /// The bytes of the events of a conversation, as they come over the wire: of what ends now.
    fn played(self, kind: &str) -> Vec<u8> {
        let stamp = |event: &str| -> i64 {
            let line = event.lines().find_map(|line| line.strip_prefix("Event-Date-Timestamp: "));
            line.map_or(0, |stamp| stamp.parse().unwrap())
        };
        let events = self.recorded(kind);
        let since = laidian::ops::clock::Clock::system().now() - stamp(events.last().unwrap());
        let wired = events.iter().map(|event| match self {
            Self::Asterisk => format!("{event}\n\n").replace('\n', "\r\n"),
            Self::FreeSwitch => {
                let event = event.replace(&stamp(event).to_string(), &(stamp(event) + since).to_string());
                format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{event}\n\n", event.len() + 2)
            }
        });
        wired.collect::<String>().into_bytes()
    }

    /// The example, to report to this server what the telephone system at this port tells.
    fn start(self, port: u16, laidian: &str) -> Program {
        let examples = Path::new(env!("CARGO_BIN_EXE_laidian")).parent().unwrap().join("examples");
        let mut command = Command::new(examples.join(self.name()));
        command.args(["--port", &port.to_string(), "--laidian", laidian, "--agents", "8001=trcs001,8002=trcs008"]);
        if self == Self::Asterisk {
            command.args(["--user", "laidian"]);
        }
        command.env("PBX_SECRET", SECRET).env("LAIDIAN_APP", APP);
        Program(command.stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Lets the program in, or sends it away.
    async fn sign_in(self, line: &mut TcpStream, is_let_in: bool) {
        match self {
            Self::Asterisk => {
                line.write_all(b"Asterisk Call Manager/9.0.0\r\n").await.unwrap();
                let said = hear(line, "\r\n\r\n").await;
                assert!(said.contains("Action: Login\r\nUsername: laidian\r\n") && said.contains(SECRET), "{said}");
                let answer: &[u8] = match is_let_in {
                    true => b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n",
                    false => b"Response: Error\r\nMessage: Authentication failed\r\n\r\n",
                };
                line.write_all(answer).await.unwrap();
            }
            Self::FreeSwitch => {
                line.write_all(b"Content-Type: auth/request\n\n").await.unwrap();
                assert_eq!(hear(line, "\n\n").await, format!("auth {SECRET}\n\n"));
                let text = if is_let_in { "+OK accepted" } else { "-ERR invalid" };
                line.write_all(format!("Content-Type: command/reply\nReply-Text: {text}\n\n").as_bytes())
                    .await
                    .unwrap();
                if is_let_in {
                    let said = hear(line, "\n\n").await;
                    assert!(said.starts_with("event plain CHANNEL_CREATE "), "{said}");
                    let done = b"Content-Type: command/reply\nReply-Text: +OK event listener enabled plain\n\n";
                    line.write_all(done).await.unwrap();
                }
            }
        }
    }

    /// What the program makes of a conversation.
    fn reports(self, kind: &str) -> Vec<Report> {
        let agents = [("8001", "trcs001"), ("8002", "trcs008")].map(|(one, other)| (one.to_owned(), other.to_owned()));
        let mut calls = Calls::new(agents.into());
        for (nth, event) in self.recorded(kind).iter().enumerate() {
            let now = 1_764_500_000_000_000 + i64::try_from(nth).unwrap() * SECOND;
            match self {
                Self::Asterisk => ami::take(&mut calls, &wire::Headers::read(event.as_bytes()), now),
                Self::FreeSwitch => {
                    let frame = format!("Content-Length: {}\nContent-Type: text/event-plain\n\n{event}", event.len());
                    let Some(esl::Frame::Event(event)) = esl::frame(&mut frame.into_bytes()) else {
                        panic!("no event: {event}")
                    };
                    esl::take(&mut calls, &event, now);
                }
            }
        }
        calls.reports()
    }
}

/// Reads until it has said this.
async fn hear(line: &mut TcpStream, end: &str) -> String {
    let mut said = Vec::new();
    while !said.ends_with(end.as_bytes()) {
        assert!(timeout(PATIENCE, line.read_buf(&mut said)).await.expect("nothing came").unwrap() > 0);
    }
    String::from_utf8(said).unwrap()
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    timeout(PATIENCE, listener.accept()).await.expect("nobody came").unwrap().0
}

/// One of the examples; it ends when this is dropped.
struct Program(Child);

impl Program {
    /// Ends it; what it has said.
    fn end(mut self) -> String {
        self.0.kill().unwrap();
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn ask(client: &mut Client, frame: Value) -> Value {
    let reply = client.ask(frame.clone()).await;
    assert_eq!(reply["code"], 1000, "{frame}: {reply}");
    reply
}

/// A socket of this one that is told of calls.
async fn follow(server: &TestServer, who: Who) -> Client {
    let mut client = who.connect(server).await;
    ask(&mut client, json!({"action": "subscribe", "topics": ["calls"]})).await;
    client
}

/// The calls that an agent is shown, in order, until this one has ended.
async fn pops(client: &mut Client, last: &str) -> Vec<(String, String)> {
    let mut pops = Vec::new();
    loop {
        let push = client.receive().await.expect("the server closed the socket");
        let call = push["callId"].as_str().unwrap().to_owned();
        match push["event"].as_str().unwrap() {
            "screen_pop" => pops.push((call, push["matches"][0]["custname"].as_str().unwrap_or("-").to_owned())),
            "call.ended" if call == last => return pops,
            _ => {}
        }
    }
}

/// A call in short: each agent's part, and how it ended.
fn parts(call: &Value) -> Vec<(&str, &str)> {
    let parts = call["agents"].as_array().unwrap();
    parts.iter().map(|part| (part["agent"].as_str().unwrap(), part["end"].as_str().unwrap())).collect()
}

async fn what_asterisk_tells_comes_out_as_calls(engine: Engine) {
    comes_out(engine, Pbx::Asterisk).await;
}

async fn what_freeswitch_tells_comes_out_as_calls(engine: Engine) {
    comes_out(engine, Pbx::FreeSwitch).await;
}

async fn comes_out(engine: Engine, pbx: Pbx) {
    let server = server(engine).await;
    let mut supervisor = SUPERVISOR.connect(&server).await;
    let mut customers = Vec::new();
    for (kind, number) in KINDS.into_iter().zip(NUMBERS) {
        let customer =
            json!({"custname": kind, "cellphones": [number], "serviceNo": "trcs008", "servicegroupId": 1054002});
        let reply = ask(&mut supervisor, json!({"action": "create_customer", "customer": customer})).await;
        customers.push(reply["customer"]["id"].clone());
    }
    let (mut first, mut second) = (follow(&server, AGENT).await, follow(&server, OTHER_AGENT).await);
    let (listener, port) = listen().await;
    let program = pbx.start(port, &format!("http://{}", server.address()));
    let mut line = accept(&listener).await;
    pbx.sign_in(&mut line, true).await;
    for kind in KINDS {
        // In pieces of any size.
        for piece in pbx.played(kind).chunks(701) {
            line.write_all(piece).await.unwrap();
        }
    }

    // Who it rings at is shown who calls; who is asked by a colleague is shown that first.
    let [queue, consult, abandoned, outgoing] = pbx.call_ids();
    let named = |all: &[(String, String)]| all.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
    let shown = pops(&mut first, outgoing).await;
    assert_eq!(named(&shown), ["queue", "queue", "consult", "abandoned", "outgoing"], "{shown:?}");
    let shown = pops(&mut second, outgoing).await;
    assert_eq!(named(&shown), ["queue", "-", "consult", "abandoned"], "{shown:?}");

    let mut calls = Vec::new();
    for id in [queue, consult, abandoned, outgoing] {
        let call = ask(&mut supervisor, json!({"action": "get_call", "callId": id})).await["result"].clone();
        assert_eq!((&call["state"], &call["customerId"]), (&json!("ended"), &customers[calls.len()]), "{call}");
        calls.push(call);
    }
    let directions: Vec<&Value> = calls.iter().map(|call| &call["direction"]).collect();
    assert_eq!(directions, ["in", "in", "in", "out"]);
    assert!(calls[0]["queue"].as_str().unwrap().starts_with("support"), "{}", calls[0]);
    assert_eq!(parts(&calls[0]), [("trcs001", "missed"), ("trcs008", "transferred"), ("trcs001", "hangup")]);
    assert_eq!(parts(&calls[1]), [("trcs001", "transferred"), ("trcs008", "hangup")]);
    assert_eq!(parts(&calls[2]), [("trcs001", "missed"), ("trcs008", "missed")]);
    assert_eq!(parts(&calls[3]), [("trcs001", "missed")]);
    let missed: Vec<&Value> = calls.iter().map(|call| &call["missed"]).collect();
    assert_eq!(missed, [&json!(false), &json!(false), &json!(true), &json!(false)]);
    for (customer, said) in customers.iter().zip(["已接通", "已接通", "未接", "无人接听"]) {
        let feeds = json!({"action": "feeds", "feed_type": "CallLog", "type": "id", "content": customer});
        let feeds = ask(&mut supervisor, feeds).await["feeds"].clone();
        assert_eq!((feeds.as_array().unwrap().len(), &feeds[0]["followUpContent"]), (1, &json!(said)), "{feeds}");
    }

    // Nothing that is nobody's business is said.
    let said = program.end();
    assert!(said.contains("signed in"), "{said}");
    assert!(NUMBERS.iter().chain(&[SECRET, "demo-token"]).all(|secret| !said.contains(secret)), "{said}");
    server.stop().await;
}

/// A report that laidian does not take, because it is not itself, comes again, signed anew; the connection that is lost is
/// made again.
#[tokio::test]
async fn what_laidian_misses_is_reported_again() {
    for pbx in [Pbx::Asterisk, Pbx::FreeSwitch] {
        let ((listener, port), (laidian, door)) = (listen().await, listen().await);
        let program = pbx.start(port, &format!("http://127.0.0.1:{door}/"));
        let mut line = accept(&listener).await;
        pbx.sign_in(&mut line, true).await;
        line.write_all(&pbx.played("outgoing")).await.unwrap();
        drop(line);
        let mut came = Vec::new();
        for answer in ["503 Service Unavailable", "200 OK", "200 OK"] {
            let mut stream = accept(&laidian).await;
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                assert!(timeout(PATIENCE, stream.read_buf(&mut request)).await.expect("nothing came").unwrap() > 0);
            }
            let body = if answer == "200 OK" { r#"{"code":1000}"# } else { "" };
            let answer =
                format!("HTTP/1.1 {answer}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            came.push(signed(&String::from_utf8(request).unwrap()));
        }
        let [(lost, first), (taken, second), (next, third)] = &came[..] else { panic!("{came:?}") };
        assert_eq!((lost, &lost["event"], &next["event"]), (taken, &json!("ringing"), &json!("ended")));
        assert!(first != second && second != third, "a nonce is good once");
        let mut line = accept(&listener).await;
        pbx.sign_in(&mut line, true).await;
        program.end();
    }
}

/// The body of a request, and its nonce, if its signature is right.
fn signed(request: &str) -> (Value, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let target = head.strip_prefix("POST ").unwrap().split(' ').next().unwrap();
    let (path, query) = target.split_once('?').unwrap();
    let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| query.iter().find(|(of, _)| of == name).unwrap().1.clone();
    let sorted = signature::sorted_query(&query);
    let sign = signature::v2("demo-token", "POST", path, &sorted, body.as_bytes(), &get("timestamp"), &get("nonce"));
    assert_eq!((path, get("sign"), get("appid")), ("/open_api/calls", sign, "2020158".to_owned()));
    (serde_json::from_str(body).unwrap(), get("nonce"))
}

/// What sends it away once will always.
#[tokio::test]
async fn who_is_not_let_in_gives_up() {
    for pbx in [Pbx::Asterisk, Pbx::FreeSwitch] {
        let (listener, port) = listen().await;
        let mut program = pbx.start(port, "http://127.0.0.1:1");
        let mut line = accept(&listener).await;
        pbx.sign_in(&mut line, false).await;
        let waiting = tokio::task::spawn_blocking(move || (program.0.wait().unwrap(), program.end()));
        let (status, said) = timeout(PATIENCE, waiting).await.expect("it goes on").unwrap();
        assert!(!status.success());
        assert!(said.contains("拒绝登录") && !said.contains(SECRET), "{said}");
    }
}

#[test]
fn reports_tell_what_happens_at_agents() {
    let queue = "ringing trcs001, ended trcs001, ringing trcs008, answered trcs008, held trcs008, resumed trcs008, \
         transferred trcs008, ringing trcs001, answered trcs001, ended trcs001, ended -";
    // The telephone takes both of its calls back before it joins them, or does not say so.
    let consult = "ringing trcs001, answered trcs001, held trcs001, ringing trcs008, answered trcs008, answered trcs001, \
         resumed trcs001, transferred trcs001, ended -, answered trcs008, ended -";
    let asked = "ringing trcs001, answered trcs001, held trcs001, ringing trcs008, answered trcs008, transferred trcs001, \
         ended trcs008, ended -";
    let told = |pbx: Pbx, kind: &str| {
        let get = |report: &Report, name: &str| report.get(name).cloned().unwrap_or_else(|| "-".to_owned());
        let line = |report: Report| format!("{} {}", get(&report, "event"), get(&report, "agent"));
        let mut told: Vec<String> = pbx.reports(kind).into_iter().map(line).collect();
        told.dedup();
        told.join(", ")
    };
    use Pbx::{Asterisk, FreeSwitch};
    assert_eq!(told(Asterisk, "queue"), queue);
    assert_eq!(told(FreeSwitch, "queue"), queue);
    assert_eq!(told(Asterisk, "consult"), consult);
    let consult = consult
        .replace("resumed trcs001, ", "")
        .replace("answered trcs008, ended -", "answered trcs008, ended trcs008, ended -");
    assert_eq!(told(FreeSwitch, "consult"), consult);
    assert_eq!(told(Asterisk, "outgoing"), "ringing trcs001, ended trcs001, ended -");
    assert_eq!(told(FreeSwitch, "outgoing"), "ringing trcs001, ended -");
    assert_eq!(told(Asterisk, "click"), "ringing trcs001, answered trcs001, ended trcs001, ended -");
    assert_eq!(told(Asterisk, "feature"), asked);
    for pbx in [Asterisk, FreeSwitch] {
        let ringing = &pbx.reports("outgoing")[0];
        let about = ["caller", "callee", "direction"].map(|name| ringing[name].as_str());
        assert_eq!(about, ["8001", "013900110004", "out"], "{}", pbx.name());
        for (conversation, kind, to) in [("queue", "blind", "trcs001"), ("consult", "consult", "trcs008")] {
            let reports = pbx.reports(conversation);
            let given = reports.iter().find(|report| report["event"] == "transferred").unwrap();
            assert_eq!((&*given["kind"], &*given["to"]), (kind, to), "{} {conversation}", pbx.name());
        }
    }
}

#[test]
fn frames_come_in_pieces_and_stamps_count() {
    let (ami, esl) = (Pbx::Asterisk.played("queue"), Pbx::FreeSwitch.played("queue"));
    let (mut received, mut messages, mut frames) = (Vec::new(), 0, 0);
    for byte in ami {
        received.push(byte);
        messages += usize::from(ami::message(&mut received).is_some());
    }
    for byte in esl {
        received.push(byte);
        frames += usize::from(matches!(esl::frame(&mut received), Some(esl::Frame::Event(_))));
    }
    let recorded = |pbx: Pbx| pbx.recorded("queue").len();
    assert_eq!((messages, frames), (recorded(Pbx::Asterisk), recorded(Pbx::FreeSwitch)));
    assert!(received.is_empty());

    let mut calls = Calls::new([("8001".to_owned(), "trcs001".to_owned())].into());
    let event = "Event: DialBegin\nTimestamp: 1764500000.25\nDestChannel: PJSIP/8001-00000001\nDestUniqueid: 2\nDestLinkedid: 1";
    ami::take(&mut calls, &wire::Headers::read(event.as_bytes()), 0);
    assert_eq!(calls.reports()[0]["at"], "1764500000.250000");
}

proptest! {
    /// Whatever comes is taken off or waited for.
    #[test]
    fn nothing_that_comes_is_too_strange(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        length in any::<u64>(),
        headers in proptest::collection::hash_map(
            "(Event|Event-Name|Uniqueid|Linkedid|Channel|DestChannel|DestUniqueid|DestLinkedid|Unique-ID|Timestamp)",
            "(DialBegin|DialEnd|Hangup|CHANNEL_CREATE|CHANNEL_HANGUP_COMPLETE|[0-9.]{0,30}|\\PC{0,9})", 0..9),
    ) {
        let mut received = bytes.clone();
        while ami::message(&mut received).is_some() {}
        let mut received = [format!("Content-Length: {length}\n\n").into_bytes(), bytes].concat();
        while esl::frame(&mut received).is_some() {}
        let mut calls = Calls::new([("8001".to_owned(), "trcs001".to_owned())].into());
        let event = wire::Headers(headers);
        ami::take(&mut calls, &event, 0);
        esl::take(&mut calls, &event, 0);
        let _ = calls.reports();
    }
}
