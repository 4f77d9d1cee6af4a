//! The doors: signing in, calls over HTTP, and files.

use std::io::{Cursor, Read};
use std::net::SocketAddr;

use axum::http::Method;
use laidian::dialects::Route;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::numbers::Secrets;
use crate::client::Client;

pub async fn log_in(url: &str, login_no: &str) -> Client {
    let mut client = Client::connect(url).await;
    let reply = client.ask(login(login_no)).await;
    assert_eq!(reply["code"], 1000, "{reply}");
    client
}

pub fn login(login_no: &str) -> Value {
    let password = format!("demo-{}", login_no.to_lowercase());
    json!({"action": "login", "loginno": login_no, "companyId": 1001, "password": password})
}

/// Makes the call that a frame stands for. Parameters go into the query, as far as they are no objects.
pub async fn http(address: SocketAddr, token: &str, route: Route, frame: &Value) -> Value {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut body = serde_json::Map::new();
    for (name, value) in frame.as_object().unwrap() {
        match value {
            _ if ["action", "callbackId"].contains(&name.as_str()) => {}
            Value::Object(_) | Value::Array(_) => _ = body.insert(name.clone(), value.clone()),
            Value::String(text) => _ = query.append_pair(name, text),
            other => _ = query.append_pair(name, &other.to_string()),
        }
    }
    let method: Method = route.method.parse().unwrap();
    let body = if body.is_empty() { String::new() } else { Value::from(body).to_string() };
    let line = format!("{method} {}?{} HTTP/1.1", route.path, query.finish());
    let answer = exchange(address, &format!("{line}\r\nAuthorization: Bearer {token}\r\n"), &body).await;
    serde_json::from_slice(&answer).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer)))
}

async fn exchange(address: SocketAddr, head: &str, body: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!("{head}Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let is_chunked = String::from_utf8_lossy(&answer[..end]).to_lowercase().contains("transfer-encoding: chunked");
    let body = &answer[end + 4..];
    if is_chunked { unchunked(body) } else { body.to_vec() }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let line = body.windows(2).position(|window| window == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&body[..line]).unwrap(), 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[line + 2..line + 2 + length]);
        body = &body[line + 2 + length + 2..];
    }
}

/// Fetches a file and looks for numbers in it.
pub async fn check_file(address: SocketAddr, url: &str, secrets: &Secrets, context: &str) {
    let file = exchange(address, &format!("GET {url} HTTP/1.1\r\n"), "").await;
    if !file.starts_with(b"PK") {
        let text = String::from_utf8(file).unwrap();
        assert!(text.contains("张三"), "{context}: {text}");
        if text.starts_with('{') {
            return text.lines().for_each(|line| secrets.check(&serde_json::from_str(line).unwrap(), context));
        }
        let mut lines = csv::Reader::from_reader(text.as_bytes());
        return lines
            .records()
            .for_each(|line| line.unwrap().iter().for_each(|cell| secrets.check_text(cell, context)));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(file)).unwrap();
    let mut has_customers = false;
    for index in 0..archive.len() {
        let mut sheet = String::new();
        archive.by_index(index).unwrap().read_to_string(&mut sheet).unwrap();
        has_customers |= sheet.contains("张三");
        secrets.check_text(&sheet, context);
    }
    assert!(has_customers, "{context}");
}
