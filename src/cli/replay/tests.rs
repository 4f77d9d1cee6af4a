//! The replayer against a server of a few lines that talks like the real one.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request as Handshake, Response as Accepted};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::*;

/// Starts fakes and remembers the settings it was asked for.
#[derive(Default)]
struct Fakes {
    asked: Mutex<Vec<Map<String, Value>>>,
    stopped: Arc<Mutex<usize>>,
}

impl PrivateServers for Fakes {
    async fn start(&self, settings: Map<String, Value>) -> Result<Running, String> {
        if settings.contains_key("fail") {
            return Err("no luck".to_owned());
        }
        self.asked.lock().unwrap().push(settings);
        let stopped = Arc::clone(&self.stopped);
        Ok(Running { target: fake().await, stop: Box::pin(async move { *stopped.lock().unwrap() += 1 }) })
    }
}

async fn fake() -> Target {
    let (sockets, requests) = (listener().await, listener().await);
    let target = Target { http: Target::at(requests.1).http, ..Target::at(sockets.1) };
    tokio::spawn(async move {
        while let Ok((stream, _)) = sockets.0.accept().await {
            tokio::spawn(converse(stream));
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = requests.0.accept().await {
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(echo));
            tokio::spawn(serving);
        }
    });
    target
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// `hold` is answered after the next frame, `push` sends an event before its reply, `quit` closes.
#[allow(clippy::result_large_err, reason = "the callback's type is the library's")]
async fn converse(stream: TcpStream) {
    let mut token = String::new();
    let check = |request: &Handshake, accepted: Accepted| {
        token =
            request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        if token == "Bearer wrong" {
            let mut refused = ErrorResponse::new(None);
            *refused.status_mut() = hyper::StatusCode::UNAUTHORIZED;
            return Err(refused);
        }
        Ok(accepted)
    };
    let Ok(mut socket) = accept_hdr_async(stream, check).await else { return };
    let mut held = Vec::new();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<Value>(&text) else {
            let reply = json!({"success": false, "code": 2422, "text": text.as_str()});
            socket.send(Message::text(reply.to_string())).await.unwrap();
            continue;
        };
        let reply = json!({"success": true, "code": 1000, "callbackId": frame["callbackId"], "token": token, "result": [frame]}).to_string();
        match frame["action"].as_str() {
            Some("hold") => {
                held.push(reply);
                continue;
            }
            Some("mute") => continue,
            Some("push") => {
                socket.send(Message::text(json!({"event": "x", "n": frame["n"]}).to_string())).await.unwrap();
            }
            Some("quit") => {
                let frame = CloseFrame { code: 1001.into(), reason: "bye".into() };
                return socket.close(Some(frame)).await.unwrap_or_default();
            }
            _ => {}
        }
        socket.send(Message::text(reply)).await.unwrap();
        for reply in held.drain(..) {
            socket.send(Message::text(reply)).await.unwrap();
        }
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, uri) = (request.method().to_string(), request.uri().to_string());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let reply = json!({"code": 1000, "method": method, "uri": uri, "body": String::from_utf8_lossy(&body)});
    let reply = Response::builder().status(201).header("Retry-After", "3").body(Full::from(reply.to_string()));
    Ok(reply.unwrap())
}

async fn play(script: &str) -> FileOutcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, script).unwrap();
    let options = Options { timeout: Duration::from_millis(300), ..Options::default() };
    run_file(&path, &fake().await, &options).await
}

async fn passes(script: &str) {
    let outcome = play(script).await;
    let failures: String = outcome.failures().map(ToString::to_string).collect();
    assert!(outcome.passed(), "{failures}");
}

/// Plays a script that fails once; returns line and report.
async fn fails(script: &str) -> (usize, String) {
    let outcome = play(script).await;
    let failures: Vec<&Failure> = outcome.failures().collect();
    assert_eq!(failures.len(), 1, "{failures:?}");
    (failures[0].line, failures[0].to_string())
}

#[tokio::test]
async fn replies_that_overtake_find_their_sends() {
    passes(
        r#"
        {"send":{"action":"hold","n":1}}
        {"send":{"action":"now","n":2}}
        {"send":"{'hold':'text'}"}
        {"expect":{"result":[{"n":1}]}}
        {"expect":{"result":[{"n":2}]},"exact":false}
        {"expect":{"code":2422,"text":"{'hold':'text'}"}}
        {"send":{"action":"hold","callbackId":"7"},"as":"B"}
        {"send":{"action":"now","callbackId":8},"as":"B","expect":{"callbackId":8}}
        {"expect":{"callbackId":"7"},"as":"B"}"#,
    )
    .await;
}

#[tokio::test]
async fn an_added_callback_id_is_no_part_of_an_exact_reply() {
    passes(
        r#"{"send":{"action":"x"},"expect":{"success":true,"code":1000,"token":"","result":["<object>"]},"exact":true}
        {"send":{"action":"x"},"expect":{"callbackId":"<int>"}}
        {"send":{"action":"x"},"bare":true,"expect":{"callbackId":null,"result":[{"callbackId":"<absent>"}]}}"#,
    )
    .await;
}

#[tokio::test]
async fn captures_go_into_later_steps() {
    passes(
        r#"{"send":{"action":"x","n":5},"capture":{"n":"/result/0/n"}}
        {"send":{"n":"{{n}}","text":"n={{n}}"},"expect":{"result":[{"n":5,"text":"n=5"}]}}
        {"http":"POST /p?n={{n}}","body":{"n":"{{n}}"},"expect":{"uri":"/p?n=5","body":"{\"n\":5}"}}
        {"capture":{"uri":"/uri"}}
        {"http":"POST /p","body":"raw {{uri}}","expect":{"body":"raw /p?n=5"}}
        {"http":"GET /{{run}}","expect":{"uri":"/^.[0-9]{8}$/"}}"#,
    )
    .await;
}

#[tokio::test]
async fn pushes_wait_apart_from_replies() {
    passes(
        r#"{"send":{"action":"push","n":1},"bare":true,"expect":{"code":1000}}
        {"send":{"action":"push","n":2},"expect":{"code":1000}}
        {"push":{"n":2}}
        {"no_push":{"n":2}}
        {"push":{"event":"x","n":"<int>"},"exact":true,"capture":{"n":"/n"}}
        {"send":{"n":"{{n}}"},"expect":{"result":[{"n":1}]}}"#,
    )
    .await;
    let (line, text) = fails("{\"send\":{\"action\":\"push\",\"n\":1},\"expect\":{}}\n{\"push\":{\"n\":2}}").await;
    assert!(line == 2 && text.contains("超时 / timed out") && text.contains("-  \"n\": 2"), "{text}");
    let (line, _) = fails("{\"send\":{\"action\":\"push\",\"n\":1},\"expect\":{}}\n{\"no_push\":{\"n\":1}}").await;
    assert_eq!(line, 2);
}

#[tokio::test]
async fn sockets_open_and_close_by_name() {
    passes(
        r#"{"open":"A","bearer":"t1","path":"/ws"}
        {"send":{},"expect":{"token":"Bearer t1"}}
        {"close":"A"}
        {"send":{},"bearer":"t2","expect":{"token":"Bearer t2"}}
        {"open":"B","bearer":"wrong","status":401}
        {"send":{"action":"quit"}}
        {"expect_close":{"code":1001,"reason":"/bye/"}}
        {"send":{},"expect":{"token":""}}"#,
    )
    .await;
    let (line, text) =
        fails("{\"send\":{\"action\":\"quit\"}}\n{\"expect_close\":1000}\n{\"send\":{},\"expect\":{}}").await;
    assert!(line == 2 && text.contains("expected 1000, 实际 / got 1001"), "{text}");
    let (_, text) = fails("{\"send\":{\"action\":\"quit\"},\"expect\":{}}").await;
    assert!(text.contains("the server closed the socket: 1001 bye"), "{text}");
}

#[tokio::test]
async fn http_is_signed_and_checked() {
    passes(
        r#"{"http":"PUT /open_api/客户?a=1","sign":"app","status":201,"expect_headers":{"retry-after":"3"},"expect_text":"/sign=[0-9a-f]{64}/"}
        {"http":"GET /x","sign":{"version":"v2"},"expect":{"uri":"/nonce=.+&sign_version=v2&sign=/"},"expect_text":"appid=2020158"}"#,
    )
    .await;
    let (_, text) = fails(r#"{"http":"GET /x","status":200,"expect":{"code":2005}}"#).await;
    assert!(text.contains("status (全部 / whole): 期望 / expected 200"), "{text}");
    assert!(text.contains("body /code: 期望 / expected 2005") && text.contains("+  \"status\": 201"), "{text}");
}

#[tokio::test]
async fn a_mismatch_goes_on_and_silence_stops() {
    let outcome = play(
        r#"{"send":{},"expect":{"code":1}}
        {"send":{"action":"mute"},"expect":{"code":1000},"timeout":0.1}
        {"send":{},"expect":{}}"#,
    )
    .await;
    let verdicts: Vec<&Verdict> = outcome.steps.iter().map(|step| &step.verdict).collect();
    assert!(matches!(verdicts[..], [Verdict::Failed(_), Verdict::Failed(_), Verdict::NotRun]), "{verdicts:?}");
    let diff = outcome.failures().next().unwrap().diff.as_deref().unwrap();
    assert!(diff.contains("-  \"code\": 1,") && diff.contains("+  \"code\": 1000,"), "{diff}");
}

#[tokio::test]
async fn mistakes_in_a_script_fail_at_once() {
    for (script, said) in [
        ("{\"send\":{},\"expect\":{}}\n{\"expect\":{}}", "use push"),
        ("\n{\"expect\":{}}", "not open: A"),
        ("\n{\"send\":\"{{nobody}}\"}", "never captured: {{nobody}}"),
        ("{\"send\":{},\"expect\":{}}\n{\"capture\":{\"x\":\"/nowhere\"}}", "not in the reply: /nowhere"),
        ("{\"send\":{},\"expect\":{}}\n{\"send\":{},\"bearer\":\"t\"}", "already open: A"),
        ("{\"send\":{},\"expect\":{}}\n{\"sned\":{}}", "(send?)"),
    ] {
        let (line, text) = fails(script).await;
        assert!(line == 2 && text.contains(said), "{script}: {text}");
    }
}

#[tokio::test]
async fn each_file_gets_its_own_server() {
    let folder = tempfile::tempdir().unwrap();
    let scripts = [
        ("a.jsonl", "{\"send\":{},\"expect\":{\"code\":1000}}"),
        ("b.jsonl", "{\"server\":{\"auth.mode\":\"token\"}}\n{\"http\":\"GET /\",\"status\":201}"),
        ("c.jsonl", "{\"server\":{\"fail\":true}}"),
        ("d.txt", "not a script"),
    ];
    for (name, text) in scripts {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let files = script_files(&[folder.path().to_owned()]).unwrap();
    assert_eq!(files.len(), 3);

    let fakes = Fakes::default();
    let outcome = run_files(&files, &Servers::Private(&fakes), &Options::default(), |_| ()).await;
    let passed: Vec<bool> = outcome.files.iter().map(FileOutcome::passed).collect();
    assert_eq!(passed, [true, true, false]);
    assert!(outcome.failures().next().unwrap().problem.contains("no luck"));
    assert_eq!(fakes.asked.lock().unwrap().len(), 2);
    assert_eq!(*fakes.stopped.lock().unwrap(), 2);
    assert_eq!(outcome.latency().unwrap().count, 2);

    let shared = Servers::<Fakes>::Shared(fake().await);
    let outcome = run_files(&files, &shared, &Options::default(), |_| ()).await;
    let skipped: Vec<bool> = outcome.files.iter().map(|file| file.skipped.is_some()).collect();
    assert_eq!(skipped, [false, true, true]);
    assert!(outcome.passed());
}

#[tokio::test]
async fn the_command_writes_a_report_and_tells_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (script, report) = (folder.path().join("a.jsonl"), folder.path().join("report.xml"));
    let args = |files: Vec<PathBuf>| Args {
        files,
        url: None,
        app: None,
        junit: Some(report.clone()),
        timeout: Duration::from_secs(1),
        jobs: Some(1),
        quiet: true,
    };
    for (expected, code) in [(1000, ExitCode::SUCCESS), (1, ExitCode::FAILURE)] {
        std::fs::write(&script, json!({"send": {}, "expect": {"code": expected}}).to_string()).unwrap();
        let came = command(args(vec![script.clone()]), &Fakes::default()).await.unwrap();
        assert_eq!(format!("{came:?}"), format!("{code:?}"));
    }
    assert!(std::fs::read_to_string(&report).unwrap().contains("failures=\"1\""));
    let empty = tempfile::tempdir().unwrap();
    assert!(command(args(vec![empty.path().to_owned()]), &Fakes::default()).await.is_err());
}

#[test]
fn the_examples_and_the_documents_are_scripts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = script_files(&[folder.join("examples/replay")]).unwrap();
    assert_eq!(examples.len(), 4);
    for path in examples {
        assert!(!Script::load(&path).unwrap().steps.is_empty());
    }
    for name in ["docs/replay.md", "docs/replay.zh.md"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let blocks: Vec<&str> = text.split("```jsonl\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(blocks.len(), 7, "{name}");
        for block in blocks {
            Script::parse(Path::new(name), block).unwrap();
        }
    }
}

#[derive(Debug, clap::Parser)]
struct CommandLine {
    #[command(flatten)]
    args: Args,
}

#[test]
fn the_command_line_is_read() {
    use clap::{CommandFactory, Parser};
    CommandLine::command().debug_assert();
    let read = |line: &str| CommandLine::try_parse_from(line.split(' ')).map(|line| line.args);
    let args = read("replay a b --url ws://h:1/ws --app 7:t --timeout 0.5 --jobs 3 -q").unwrap();
    assert_eq!((args.files.len(), args.timeout, args.jobs, args.quiet), (2, Duration::from_millis(500), Some(3), true));
    assert_eq!(args.app, Some(App { id: "7".into(), token: "t".into() }));
    for wrong in
        ["replay", "replay a --url wss://h", "replay a --app 7", "replay a --timeout -1", "replay a --timeout x"]
    {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
