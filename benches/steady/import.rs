//! An import beside writers.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{PATIENCE, Server, Socket, by, show};

fn workbook(rows: usize) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().expect("a sheet");
    for (column, title) in (0..).zip(["客户名称", "负责人", "等级", "规模", "行业", "描述", "联系电话"])
    {
        sheet.write_string(0, column, title).expect("written");
    }
    for row in 1..=u32::try_from(rows).expect("a number") {
        sheet.write_string(row, 0, format!("导入{row:06}")).expect("written");
        sheet.write_string(row, 6, format!("137{:08}", row + 50_000_000)).expect("written");
    }
    book.save_to_buffer().expect("a workbook")
}

fn http(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let head = format!(
        "{head}\r\nHost: localhost\r\nAuthorization: Bearer demo-ibizplm-token\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn body_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)).unwrap_or_default()
}

/// How far an import says it is: rows that succeeded.
fn imported(address: SocketAddr, job: &str) -> usize {
    let shown = body_of(&http(address, &format!("GET /asyncactions/{job} HTTP/1.1"), b""));
    let step = shown["stepinfo"].as_str().unwrap_or_default().to_owned();
    step.split("成功 ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or_default()
}

/// An import beside 16 writers; it is asked to end when all is done, or after some minutes in its midst.
pub async fn beside_writers() {
    const ROWS: usize = 200_000;
    const MINUTES: u64 = 10;
    let number = |name: &str| std::env::var(name).ok().map(|number| number.parse::<u64>().expect("a number"));
    let rows = number("STEADY_ROWS").map_or(ROWS, |rows| usize::try_from(rows).expect("a number"));
    let minutes = number("STEADY_MINUTES").unwrap_or(MINUTES);
    let folder = tempfile::tempdir().expect("a folder");
    println!("import: {rows} rows beside 16 writers, SIGTERM when all is done or after {minutes} minutes");
    let mut server = Server::start(folder.path(), 100, &[("LAIDIAN_IMPORT_ROWS", "1000000")]);
    let address = server.address;
    let form = [
        &b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n"[..],
        &workbook(rows),
        b"\r\n--x--\r\n",
    ]
    .concat();
    let file = body_of(&http(address, "POST /files HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x", &form));
    let file = file["id"].as_str().expect("a file").to_owned();
    let job = body_of(&http(address, &format!("GET /customers/asyncimportdata2?srfossfileid={file} HTTP/1.1"), b""));
    let job = job["asyncacitonid"].as_str().expect("a job").to_owned();
    let next = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let next = next.clone();
            tokio::spawn(async move {
                let mut socket = Socket::open(address, "127.0.0.1").await.expect("a socket");
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let phones = json!([[null, format!("131{number:08}")]]);
                    let customer = json!({"custname": format!("写{number}"), "companyId": 1054, "cellphones": phones});
                    let create = by("trcs001", json!({"action": "create_customer", "customer": customer}));
                    let asked = Instant::now();
                    let reply = tokio::time::timeout(Duration::from_mins(1), socket.ask(&create)).await;
                    times.push(asked.elapsed());
                    match reply {
                        Ok(Some(reply)) if reply["code"] == 1000 => {}
                        // The server ends, or nothing comes any more.
                        _ => return times,
                    }
                }
            })
        })
        .collect();
    let (began, mut most) = (Instant::now(), 0);
    let done = loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let done = imported(address, &job);
        most = most.max(server.memory());
        if done >= rows || began.elapsed() > Duration::from_mins(minutes) {
            break done;
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let rate = done as f64 / seconds;
    println!("  {done} rows in {seconds:.1} s, {rate:.0} rows/s");
    println!("  anonymous memory: {} MiB at the end, {most} MiB at most", server.memory());
    let log = std::fs::metadata(folder.path().join("laidian.sqlite-wal")).map_or(0, |log| log.len());
    println!("  the database's log: {} MiB", log >> 20);
    match server.end() {
        Some(time) => println!("  the process ended {:.2} s after SIGTERM", time.as_secs_f64()),
        None => println!("  the process did not end within 40 s of SIGTERM"),
    }
    drop(server);
    let mut times: Vec<Duration> =
        join_all(writers).await.into_iter().flat_map(|times| times.expect("a writer")).collect();
    times.sort_unstable();
    show("creations by 16 writers meanwhile", times);
    let server = Server::start(folder.path(), 100, &[]);
    let told = imported(server.address, &job);
    let body = json!({"n_name_like": "导入", "size": 1}).to_string();
    let answer = http(
        server.address,
        "POST /customers/fetchdefault HTTP/1.1\r\nContent-Type: application/json",
        body.as_bytes(),
    );
    let there = answer.lines().find_map(|line| line.strip_prefix("x-total: ")).unwrap_or("?").to_owned();
    println!("  after a new start: the job tells of {told} rows, {there} are there");
}
