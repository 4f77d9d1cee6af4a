//! 终端软电话：有来电时显示是谁。 / A softphone for the terminal: shows who is calling.
//!
//! ```text
//! cargo run --release -- serve --demo
//! cargo run --release --example softphone -- 13000000001
//! ```
//!
//! 它发出文档里的两个帧 / It sends two of the document's frames: `get_customer`, `feeds`.

#![expect(clippy::indexing_slicing, reason = "a member that is missing from a JSON value is null")]

use std::error::Error;
use std::io::{Write, stdout};
use std::process::ExitCode;

use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error as WireError;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// 显示来电者 / shows who is calling
#[derive(Debug, Parser)]
#[command(max_term_width = 110)]
struct Args {
    /// 主叫号码，怎么写都可以 / the caller's number, in any spelling
    number: String,
    /// 服务器地址 / where the server is
    #[arg(long, default_value = "ws://127.0.0.1:7070/ws")]
    url: String,
    /// 本机的工号，没有令牌时使用 / the operator at this phone, where there is no token
    #[arg(long, default_value = "trcs001")]
    operator: String,
    /// 公司编号，没有令牌时使用 / the company, where there is no token
    #[arg(long, default_value_t = 1054)]
    company: i64,
    /// laidian token 签发的令牌 / a token that `laidian token` issued
    #[arg(long)]
    token: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match answer_the_phone(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("softphone: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn answer_the_phone(args: Args) -> Result<(), Box<dyn Error>> {
    writeln!(stdout(), "来电 / call from  {}", args.number)?;
    let number = args.number.clone();
    let mut line = Line { socket: connect(&args).await?, args, sent: 0 };
    let found = line.ask(json!({"action": "get_customer", "type": "cellphone", "content": number})).await?;
    if found["code"] == 2005 {
        writeln!(stdout(), "  陌生号码，没有这个客户 / a stranger: no customer has this number")?;
    }
    for customer in found["result"].as_array().into_iter().flatten() {
        show(customer)?;
        let id = &customer["id"];
        let last = json!({"action": "feeds", "feed_type": "All", "type": "id", "content": id, "page_size": 3});
        for item in line.ask(last).await?["feeds"].as_array().into_iter().flatten() {
            writeln!(stdout(), "    {}", summary(item))?;
        }
    }
    Ok(line.socket.close(None).await?)
}

async fn connect(args: &Args) -> Result<WebSocketStream<TcpStream>, Box<dyn Error>> {
    let Args { url, token, .. } = args;
    let mut request = url.as_str().into_client_request()?;
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

/// A socket to the server, and who uses it.
struct Line {
    socket: WebSocketStream<TcpStream>,
    args: Args,
    sent: u64,
}

impl Line {
    /// Sends a frame and returns its reply. "Not found" is a reply; every other refusal is an error.
    async fn ask(&mut self, mut frame: Value) -> Result<Value, Box<dyn Error>> {
        self.sent += 1;
        frame["callbackId"] = self.sent.into();
        // A token says who this is; without one, the frame does.
        if self.args.token.is_none() {
            frame["operator"] = self.args.operator.as_str().into();
            frame["companyId"] = self.args.company.into();
        }
        self.socket.send(Message::text(frame.to_string())).await?;
        while let Some(message) = self.socket.next().await {
            let Message::Text(text) = message? else { continue };
            let reply: Value = serde_json::from_str(&text)?;
            match reply["code"].as_i64() {
                _ if reply["callbackId"] != self.sent => {}
                Some(1000 | 2005) => return Ok(reply),
                _ => return Err(format!("请求被拒绝 / refused: {reply}").into()),
            }
        }
        Err("连接断开 / the connection ended".into())
    }
}

fn show(customer: &Value) -> std::io::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "  姓名 / name     {}", text(&customer["custname"]))?;
    writeln!(out, "  公司 / company  {}", text(&customer["companyName"]))?;
    writeln!(out, "  类型 / type     {}", text(&customer["custType"]))?;
    writeln!(out, "  状态 / flag     {}", text(&customer["dealFlag"]))?;
    writeln!(out, "  归属 / owner    {}", text(&customer["serviceNo"]))?;
    writeln!(out, "  最近 / lately")
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
