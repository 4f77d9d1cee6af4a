//! 终端软电话：一个来电从振铃、接听、转接到小结。 / A softphone for the terminal: a call from its first ring to the note on it.
//!
//! ```text
//! cargo run --release -- serve --demo
//! cargo run --release --example softphone -- 13000000001
//! ```
//!
//! 两部话机，两个连接：第一个坐席接听后转给第二个。 / Two telephones on two sockets: the first agent answers, and gives the call to
//! the second. They send `subscribe`, `call_ringing`, `call_answered`, `call_held`, `call_transferred`, `call_ended`,
//! `complete_call` and, for what stands in the history afterwards, `feeds`.

#![expect(clippy::indexing_slicing, reason = "a member that is missing from a JSON value is null")]

use std::collections::VecDeque;
use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error as WireError;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Longer than a reply or a push takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// 演示一个来电：振铃、弹屏、接听、转接、挂断、小结 / plays a call: ring, pop, answer, transfer, end, note
#[derive(Debug, Parser)]
#[command(max_term_width = 110)]
struct Args {
    /// 主叫号码，怎么写都可以 / the caller's number, in any spelling
    number: String,
    /// 服务器地址 / where the server is
    #[arg(long, default_value = "ws://127.0.0.1:7070/ws")]
    url: String,
    /// 接听的工号，没有令牌时使用 / the operator who answers, where there is no token
    #[arg(long, default_value = "trcs001")]
    operator: String,
    /// 转给哪个工号 / the operator to whom he gives the call
    #[arg(long, default_value = "trcs008")]
    colleague: String,
    /// 公司编号，没有令牌时使用 / the company, where there is no token
    #[arg(long, default_value_t = 1054)]
    company: i64,
    /// 接听者的令牌（laidian token 签发） / the token of who answers, which `laidian token` issued
    #[arg(long, requires = "colleague_token")]
    token: Option<String>,
    /// 同事的令牌 / the token of the colleague
    #[arg(long, requires = "token")]
    colleague_token: Option<String>,
    /// 直接转接，还是先咨询 / gives the call away at once, or asks the colleague first
    #[arg(long, value_enum, default_value_t = Transfer::Blind)]
    transfer: Transfer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Transfer {
    Blind,
    Consult,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match play(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("softphone: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(args: &Args) -> Outcome<()> {
    let call = format!("softphone-{}", uuid::Uuid::new_v4());
    let mut first = Line::open(args, &args.operator, args.token.as_deref()).await?;
    let mut second = Line::open(args, &args.colleague, args.colleague_token.as_deref()).await?;
    for line in [&mut first, &mut second] {
        line.ask(json!({"action": "subscribe", "topics": ["calls"]})).await?;
    }

    tell(&first, &format!("来电 / a call comes in  {}", args.number))?;
    first.ask(json!({"action": "call_ringing", "callId": call, "caller": args.number})).await?;
    let pop = first.pushed("screen_pop", &call).await?;
    show(&pop)?;
    first.report("call_answered", &call).await?;
    tell(&first, "接听 / answers")?;

    let kind = match args.transfer {
        Transfer::Blind => "blind",
        Transfer::Consult => "consult",
    };
    if args.transfer == Transfer::Consult {
        first.report("call_held", &call).await?;
        tell(&first, "保持，先问同事 / holds it, and asks the colleague")?;
    }
    first.ask(json!({"action": "call_transferred", "callId": call, "to": args.colleague, "kind": kind})).await?;
    tell(&first, &format!("转给 / gives it to  {}", args.colleague))?;

    let pop = second.pushed("screen_pop", &call).await?;
    tell(&second, "振铃 / it rings")?;
    show(&pop)?;
    second.report("call_answered", &call).await?;
    tell(&second, "接听 / answers")?;
    second.report("call_ended", &call).await?;
    first.pushed("call.ended", &call).await?;
    tell(&second, "挂断 / hangs up")?;

    let note = json!({"action": "complete_call", "callId": call, "result": "已解决", "note": "咨询报价，已答复"});
    second.ask(note).await?;
    tell(&second, "写下小结 / writes what came of it")?;
    if let Some(customer) = pop["matches"].get(0) {
        let log =
            json!({"action": "feeds", "feed_type": "CallLog", "type": "id", "content": customer["id"], "page_size": 1});
        for item in second.ask(log).await?["feeds"].as_array().into_iter().flatten() {
            writeln!(stdout(), "    {}", summary(item))?;
        }
    }
    first.socket.close(None).await?;
    Ok(second.socket.close(None).await?)
}

/// Tells what happens at a telephone.
fn tell(line: &Line<'_>, what: &str) -> std::io::Result<()> {
    writeln!(stdout(), "{:<9} {what}", line.operator)
}

async fn connect(url: &str, token: Option<&str>) -> Outcome<WebSocketStream<TcpStream>> {
    let mut request = url.into_client_request()?;
    if let Some(token) = token {
        request.headers_mut().insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}"))?);
    }
    let (Some("ws"), Some(host)) = (request.uri().scheme_str(), request.uri().host()) else {
        return Err(format!("只支持 ws:// 地址 / only ws:// addresses are dialled: {url}").into());
    };
    let address = (host, request.uri().port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await.map_err(|cause| {
        format!("连接不上 {url}（{cause}）\n请先启动服务器 / no server answers; start it first:\n  cargo run --release -- serve --demo")
    })?;
    match client_async(request, stream).await {
        Ok((socket, _)) => Ok(socket),
        Err(WireError::Http(reply)) if reply.status() == 401 => {
            Err("令牌无效或已过期 / the token is invalid or expired; issue one with: laidian token".into())
        }
        Err(other) => Err(format!("{url} 不是 laidian 的 WebSocket / is no WebSocket of laidian: {other}").into()),
    }
}

/// A telephone: a socket to the server, and who uses it.
struct Line<'a> {
    socket: WebSocketStream<TcpStream>,
    operator: &'a str,
    /// Absent where a token says who this is.
    company: Option<i64>,
    sent: u64,
    /// What the server sent unasked, and nobody has looked at yet.
    pushes: VecDeque<Value>,
}

impl<'a> Line<'a> {
    async fn open(args: &Args, operator: &'a str, token: Option<&str>) -> Outcome<Self> {
        let socket = connect(&args.url, token).await?;
        let company = token.is_none().then_some(args.company);
        Ok(Self { socket, operator, company, sent: 0, pushes: VecDeque::new() })
    }

    /// Sends a frame and returns its reply. A refusal is an error.
    async fn ask(&mut self, mut frame: Value) -> Outcome<Value> {
        self.sent += 1;
        frame["callbackId"] = self.sent.into();
        if let Some(company) = self.company {
            frame["operator"] = self.operator.into();
            frame["companyId"] = company.into();
        }
        self.socket.send(Message::text(frame.to_string())).await?;
        loop {
            let came = self.receive().await?;
            match came["code"].as_i64() {
                _ if came.get("event").is_some() => self.pushes.push_back(came),
                _ if came["callbackId"] != self.sent => {}
                Some(1000) => return Ok(came),
                _ => return Err(format!("请求被拒绝 / refused: {came}").into()),
            }
        }
    }

    /// Reports that something has become of a call at this telephone.
    async fn report(&mut self, action: &str, call: &str) -> Outcome<Value> {
        self.ask(json!({"action": action, "callId": call})).await
    }

    /// Waits for the push of this kind for a call.
    async fn pushed(&mut self, event: &str, call: &str) -> Outcome<Value> {
        loop {
            let push = match self.pushes.pop_front() {
                Some(push) => push,
                None => self.receive().await?,
            };
            if push["event"] == event && push["callId"] == call {
                return Ok(push);
            }
        }
    }

    async fn receive(&mut self) -> Outcome<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match message.map_err(|_| "服务器没有回答 / the server does not answer")? {
                Some(message) => {
                    if let Message::Text(text) = message? {
                        return Ok(serde_json::from_str(&text)?);
                    }
                }
                None => return Err("连接断开 / the connection ended".into()),
            }
        }
    }
}

/// Shows who calls, as an agent's desktop would.
fn show(pop: &Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    let matches = pop["matches"].as_array().map_or(&[][..], Vec::as_slice);
    if matches.is_empty() {
        return writeln!(out, "    弹屏：陌生号码，没有这个客户 / pop: a stranger, no customer has this number");
    }
    writeln!(out, "    弹屏 / pop  {} {}", text(&pop["province"]), text(&pop["city"]))?;
    for customer in matches {
        writeln!(out, "    姓名 / name     {}", text(&customer["custname"]))?;
        writeln!(out, "    公司 / company  {}", text(&customer["companyName"]))?;
        writeln!(out, "    状态 / flag     {}", text(&customer["dealFlag"]))?;
        writeln!(out, "    归属 / owner    {}", text(&customer["serviceNo"]))?;
    }
    let lately = pop["lastFeeds"].as_array().map_or(&[][..], Vec::as_slice);
    if !lately.is_empty() {
        writeln!(out, "    最近 / lately")?;
    }
    lately.iter().take(3).try_for_each(|item| writeln!(out, "      {}", summary(item)))
}

/// Returns one line for an item of any of the five kinds.
fn summary(item: &Value) -> String {
    let first = |names: &[&str]| names.iter().find_map(|name| item[*name].as_str()).unwrap_or("-").to_owned();
    let at = first(&["opTime", "createdTime", "created_at", "time"]).replace('T', " ");
    let what = first(&["title", "FollowUpContent", "followUpContent", "content", "summary"]).replace('\n', "；");
    format!("{}  {:<16}  {what}", at.get(..16).unwrap_or(&at), text(&item["feed_type"]))
}

fn text(value: &Value) -> &str {
    value.as_str().filter(|text| !text.is_empty()).unwrap_or("-")
}
