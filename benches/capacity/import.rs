//! A sheet of customers that comes in beside a writer, and a company that goes out.

use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Bench;
use crate::data::{self, MAIN};
use crate::desk::{HEAD, Times};
use crate::people::Dice;
use crate::report::{Part, Table, figure, words};
use crate::server::{self, Server};
use crate::socket::Socket;
use crate::writers::Write;

const ROWS: u64 = 20_000;
const PATIENCE: Duration = Duration::from_mins(1);
/// One of the demo's programs.
const TOKEN: &str = "demo-ibizplm-token";

pub async fn measure(bench: &Bench) -> Part {
    let mut part = Part::default();
    let folder = data::copy(&bench.data);
    let (server, _) = Server::indexed(&server::this(), folder.path());
    let mut writer = Socket::open(&server).await;
    let mut alone = Times::new();
    let begun = Instant::now();
    while begun.elapsed() < bench.round {
        alone.add(create(&mut writer).await);
    }
    let rows = ROWS.min(bench.customers / 2);
    let address = server.address;
    let sheet = sheet(rows);
    // Another thread waits for it: the writer is not to wait for whoever asks.
    let importing = tokio::task::spawn_blocking(move || import(address, &sheet, rows));
    let mut beside = Times::new();
    while !importing.is_finished() {
        beside.add(create(&mut writer).await);
    }
    let rate = importing.await.expect("an import");
    server.end();
    let mut table =
        Table::new(words("A writer, alone and beside an import", "单独的写入者，以及导入时的写入者"), &HEAD);
    alone.tell(&mut table, words("alone", "单独"), "–".to_owned());
    beside.tell(&mut table, words("beside an import", "导入时"), "–".to_owned());
    part.tables.push(table);
    part.at_least(words("import beside a writer", "导入，旁边有写入者"), rate, " rows/s", 8_000.0, 4_000.0);
    part.at_most(words("longest wait of that writer", "该写入者最长的等待"), beside.at(1.0), " ms", 20.0, 20.0);
    export(folder.path(), &mut part);
    part
}

/// How long the creation of a customer took.
async fn create(writer: &mut Socket) -> Duration {
    let (request, phone) = Write::Create.request(&mut Dice::new(3));
    let asked = Instant::now();
    let reply = writer.ask(&request).await;
    assert!(reply.contains(&phone), "{phone} is not acknowledged: {reply}");
    asked.elapsed()
}

fn sheet(rows: u64) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().expect("a sheet");
    for (column, title) in (0..).zip(["客户名称", "负责人", "等级", "规模", "行业", "描述", "联系电话"])
    {
        sheet.write_string(0, column, title).expect("written");
    }
    for row in 1..=u32::try_from(rows).expect("a number") {
        sheet.write_string(row, 0, format!("杭州导入{row:06}科技有限公司")).expect("written");
        // No number of the data set begins so.
        sheet.write_string(row, 6, format!("198{row:08}")).expect("written");
    }
    book.save_to_buffer().expect("a workbook")
}

/// Imports a sheet, and returns how many of its rows came in a second.
fn import(address: SocketAddr, sheet: &[u8], rows: u64) -> f64 {
    let form = [
        &b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n"[..],
        sheet,
        b"\r\n--x--\r\n",
    ]
    .concat();
    let file = http(address, "POST /files HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x", &form);
    let file = file["id"].as_str().expect("a file").to_owned();
    let begun = Instant::now();
    let job = http(address, &format!("GET /customers/asyncimportdata2?srfossfileid={file} HTTP/1.1"), b"");
    let job = job["asyncacitonid"].as_str().expect("a job").to_owned();
    loop {
        std::thread::sleep(Duration::from_millis(50));
        let shown = http(address, &format!("GET /asyncactions/{job} HTTP/1.1"), b"");
        let step = shown["stepinfo"].as_str().unwrap_or_default();
        let done = step.split("成功 ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        if done.is_some_and(|done| done >= rows) {
            return rows as f64 / begun.elapsed().as_secs_f64();
        }
        assert!(begun.elapsed() < PATIENCE * 10, "the import does not end: {shown}");
    }
}

fn http(address: SocketAddr, head: &str, body: &[u8]) -> Value {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let length = body.len();
    let head = format!(
        "{head}\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    serde_json::from_str(answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)).unwrap_or_default()
}

/// Writes all customers of the company into a file.
fn export(folder: &std::path::Path, part: &mut Part) {
    let file = folder.join("all.csv");
    let begun = Instant::now();
    let mut command = Command::new(server::this());
    command.args(["export", "--company", &MAIN.to_string(), "--data"]).arg(folder).arg(&file);
    let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("an export");
    assert!(done.success(), "the export has failed");
    let seconds = begun.elapsed().as_secs_f64();
    let text = std::fs::read(&file).expect("the file");
    let rows = text.split(|byte| *byte == b'\n').count() as f64 - 2.0;
    let title = words("An export of the company as CSV", "导出整个公司为 CSV");
    let mut table = Table::new(title, &[("customers", "客户"), ("s", "秒"), ("customers/s", "客户/秒"), ("MB", "MB")]);
    let cells = [rows, seconds, rows / seconds, text.len() as f64 / 1e6].map(figure);
    table.row(words("export", "导出"), cells.to_vec());
    part.tables.push(table);
}
