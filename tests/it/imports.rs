//! Imports: the figures are true and no row is there by half, whatever ends them.

use std::time::{Duration, Instant};

use laidian::domain::ids;
use laidian::ops::Caller;
use laidian::ops::customer::{Changes, Patch, create};
use laidian::sheets::Xlsx;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::client::http_bytes;
use crate::invariants::check_invariants;
use crate::process;
use crate::support::{Engine, MAIN, TestServer, server};
use crate::systems::Systems;

both_engines! {
    each_row_is_imported_or_told,
    an_import_that_is_stopped_says_how_far_it_came,
    an_import_goes_on_beside_its_signs_of_life_and_other_writers,
    an_upload_goes_with_the_call_it_came_with,
}

/// Longer than an import of some thousand rows takes beside others, also on a machine that has much else to do.
const IMPORTED: Duration = Duration::from_mins(4);
const SOON: Duration = Duration::from_secs(30);

const TITLES: [&str; 7] = ["客户名称", "负责人", "等级", "规模", "行业", "描述", "联系电话"];

fn workbook<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Vec<u8> {
    let mut workbook = Xlsx::new(&TITLES[..N]);
    for row in rows {
        workbook.row(row.iter().map(String::as_str)).unwrap();
    }
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut workbook.finish().unwrap(), &mut bytes).unwrap();
    bytes
}

/// Rows of new customers, each with a phone.
fn rows(count: usize) -> Vec<[String; 7]> {
    let row = |number: usize| {
        let cells =
            [format!("导入{number:05}"), String::new(), "L2".into(), "5".into(), "金融".into(), "一\n二".into()];
        let [name, owner, grade, scale, industry, text] = cells;
        [name, owner, grade, scale, industry, text, format!("1371234{number:04}")]
    };
    (0..count).map(row).collect()
}

/// Posts a file in a form and returns all of the answer.
async fn post(address: &str, path: &str, file: &[u8]) -> String {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let head = format!(
        "POST {path}\nAuthorization: Bearer demo-ibizplm-token\nContent-Type: multipart/form-data; boundary=x\n\
         Content-Length: {}",
        body.len()
    );
    http_bytes(TcpStream::connect(address).await.unwrap(), &head, &body).await
}

fn json_of(answer: &str) -> Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

fn header(answer: &str, name: &str) -> usize {
    let line = answer.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap_or_else(|| panic!("{answer}"));
    line[name.len() + 2..].trim().parse().unwrap()
}

/// How many customers there are whose names begin so.
async fn imported(systems: &Systems) -> usize {
    let body = json!({"n_name_like": "导入", "size": 1}).to_string();
    let bearer = "\nAuthorization: Bearer demo-ibizplm-token";
    header(&systems.raw("POST /customers/fetchdefault", bearer, &body).await, "x-total")
}

async fn check(server: &TestServer) {
    check_invariants(server.place(), &server.backend().store.company(MAIN)).await;
}

async fn each_row_is_imported_or_told(engine: Engine) {
    let server = server(engine, |_| ()).await;
    let systems = Systems::of(&server).await;
    let mut all = rows(350);
    // Beyond the rules: a phone twice, in one batch and in two; a text that is too long; no name; no such phone.
    let taken = all[3][6].clone();
    all[7][6].clone_from(&taken);
    all[340][6].clone_from(&taken);
    all[120][5] = "长".repeat(2001);
    all[121][0] = " ".to_owned();
    all[122][6] = "电话".to_owned();
    let answer = post(&server.address().to_string(), "/customers/importdata", &workbook(all)).await;
    let told = json_of(&answer);
    let mut rows: Vec<usize> = told.as_object().unwrap().keys().map(|row| row.parse().unwrap()).collect();
    rows.sort_unstable();
    assert_eq!(rows, [8, 121, 122, 123, 341], "{told}");
    assert!(told["8"].as_str().unwrap().contains("已经使用"), "{told}");
    assert!(told["121"].as_str().unwrap().contains("[2000]"), "{told}");
    assert!(told["122"].as_str().unwrap().contains("客户名称"), "{told}");
    assert!(told["123"].as_str().unwrap().contains("联系电话"), "{told}");
    let figures = ["x-import-total", "x-import-success", "x-import-failed"].map(|name| header(&answer, name));
    assert_eq!(figures, [350, 345, 5]);
    assert_eq!(imported(&systems).await, 345);
    check(&server).await;
    // What cannot be understood stops it before anything is written.
    let mut all = self::rows(300);
    all[299][3] = "多".to_owned();
    for (row, number) in all.iter_mut().zip(5000..) {
        row[6] = format!("1371234{number}");
    }
    let answer = post(&server.address().to_string(), "/customers/importdata", &workbook(all)).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("导入数据[300]项[规模]"), "{answer}");
    assert_eq!(imported(&systems).await, 345);
    server.stop().await;
}

/// Waits until so many files are kept.
async fn files_become(server: &TestServer, count: usize) {
    let mut raw = server.place().connect().await;
    let began = std::time::Instant::now();
    while raw.texts("select id from file").await.len() != count {
        assert!(began.elapsed() < crate::client::PATIENCE, "{:?}", raw.texts("select id from file").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn an_upload_goes_with_the_call_it_came_with(engine: Engine) {
    let server = server(engine, |config| config.import.file_bytes = 1 << 20).await;
    let address = server.address().to_string();
    // More is promised than comes: the client leaves in the middle.
    let head = "POST /files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer demo-ibizplm-token\r\n\
                Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n\r\n\
                --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n";
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&[b'a'; 600_000]).await.unwrap();
    files_become(&server, 1).await;
    drop(stream);
    files_become(&server, 0).await;
    // What was imported is thrown away; what was uploaded for later stays; what is too large is refused.
    let one = workbook(rows(1));
    assert!(post(&address, "/customers/importdata", &one).await.starts_with("HTTP/1.1 200 "));
    // The same request with the same file is answered as before; with another, it is another request.
    let again = "/customers/importdata?requestId=twice";
    let two = workbook(rows(3).split_off(1));
    assert_eq!(header(&post(&address, again, &two).await, "x-import-success"), 2);
    assert_eq!(header(&post(&address, again, &two).await, "x-import-success"), 2);
    let other = post(&address, again, &one).await;
    assert!(other.starts_with("HTTP/1.1 400 ") && other.contains("requestId"), "{other}");
    assert!(post(&address, "/customers/importdata", b"no workbook").await.starts_with("HTTP/1.1 400 "));
    files_become(&server, 0).await;
    assert!(post(&address, "/files", &one).await.starts_with("HTTP/1.1 200 "));
    let large = post(&address, "/files", &vec![0; (1 << 20) + 1]).await;
    assert!(large.starts_with("HTTP/1.1 413 ") && large.contains("[import] file_bytes"), "{large}");
    files_become(&server, 1).await;
    server.stop().await;
}

/// Uploads a file and begins to import it; returns the job's address.
async fn begin(address: &str, systems: &Systems, rows: usize) -> String {
    let file = json_of(&post(address, "/files", &workbook(self::rows(rows))).await);
    let file = file["id"].as_str().unwrap().to_owned();
    let call = format!("GET /customers/asyncimportdata2?srfossfileid={file}&requestId=once");
    let job = systems.plm(&call, &Value::Null).await;
    assert!(matches!(job["actionstate"].as_i64().unwrap(), 10 | 20), "{job}");
    // Whoever asks again is shown the same.
    assert_eq!(systems.plm(&call, &Value::Null).await["asyncacitonid"], job["asyncacitonid"]);
    format!("GET /asyncactions/{}", job["asyncacitonid"].as_str().unwrap())
}

/// Waits until some rows are imported, but not all.
async fn under_way(systems: &Systems, job: &str) {
    loop {
        let shown = systems.plm(job, &Value::Null).await;
        assert!(shown["actionstate"].as_i64().unwrap() < 30, "too late: {shown}");
        if succeeded(&shown) > 0 {
            return;
        }
    }
}

/// How many rows the job says it has imported.
fn succeeded(job: &Value) -> usize {
    let step = job["stepinfo"].as_str().unwrap();
    step.split("成功 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

async fn an_import_that_is_stopped_says_how_far_it_came(engine: Engine) {
    let server = server(engine, |_| ()).await;
    let systems = Systems::of(&server).await;
    let job = begin(&server.address().to_string(), &systems, 4000).await;
    under_way(&systems, &job).await;
    assert!(server.backend().jobs.stop(Duration::from_secs(30)).await);
    let shown = systems.plm(&job, &Value::Null).await;
    let there = imported(&systems).await;
    assert!(there > 0 && there < 4000);
    assert_eq!((shown["actionstate"].as_i64(), succeeded(&shown)), (Some(40), there), "{shown}");
    assert_eq!(shown["actionresult"]["success"], there);
    assert!(shown["actionresult"]["message"].as_str().unwrap().contains(&there.to_string()), "{shown}");
    check(&server).await;
    server.stop().await;
}

/// A sign of life waits for the writer, as others do, while the import holds it.
async fn an_import_goes_on_beside_its_signs_of_life_and_other_writers(engine: Engine) {
    const ROWS: usize = 5000;
    let server = server(engine, |_| ()).await;
    server.backend().jobs.hurry(Duration::from_millis(1));
    let systems = Systems::of(&server).await;
    let job = begin(&server.address().to_string(), &systems, ROWS).await;
    let backend = server.backend().shared().unwrap();
    let writers = (0..8).map(|number| {
        let (backend, caller) = (backend.clone(), Caller::system(MAIN));
        AbortOnDropHandle::new(tokio::spawn(async move {
            let mut written = 0;
            loop {
                let name = Patch::Set(format!("旁边{number}").into());
                let cx = backend.context(&caller).await.unwrap();
                create(&cx, Changes { name, ..Changes::default() }).await.unwrap();
                written += 1;
                if backend.jobs.are_stopping() {
                    return written;
                }
            }
        }))
    });
    let writers: Vec<AbortOnDropHandle<usize>> = writers.collect();
    let began = Instant::now();
    let shown = loop {
        let shown = systems.plm(&job, &Value::Null).await;
        if shown["actionstate"].as_i64().unwrap() >= 30 {
            break shown;
        }
        assert!(began.elapsed() < IMPORTED, "the import does not end: {shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!((shown["actionstate"].as_i64(), succeeded(&shown)), (Some(30), ROWS), "{shown}");
    assert!(server.backend().jobs.stop(SOON).await);
    for writer in writers {
        assert!(timeout(SOON, writer).await.expect("a writer waits for ever").unwrap() > 0);
    }
    assert_eq!(imported(&systems).await, ROWS);
    check(&server).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_has_counted_every_row_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let before = process::Server::start(folder.path(), &[]);
    let address = |server: &process::Server| server.http["http://".len()..].trim_end_matches('/').to_owned();
    let systems = Systems::at(&address(&before)).await;
    let job = begin(&address(&before), &systems, 4000).await;
    under_way(&systems, &job).await;
    drop(before);
    let after = process::Server::start(folder.path(), &[]);
    let systems = Systems::at(&address(&after)).await;
    let (shown, there) = (systems.plm(&job, &Value::Null).await, imported(&systems).await);
    assert!(there > 0 && there < 4000);
    assert_eq!(succeeded(&shown), there, "{shown}");
    // The last of them is whole.
    let last = json!({"n_name_like": "导入", "sort": "id,desc;create_time,desc", "size": 1000});
    for customer in systems.plm("POST /customers/fetchdefault", &last).await.as_array().unwrap() {
        let whole = (&customer["grade_id"], &customer["scale"], &customer["industry_id"], &customer["description"]);
        assert_eq!(whole, (&json!("L2"), &json!(5), &json!("80"), &json!("一\n二")), "{customer}");
        let number = ids::from_hex32(MAIN, customer["id"].as_str().unwrap()).unwrap();
        assert_eq!(systems.info(number).await.body["data"]["mobile"].as_str().unwrap().len(), 11);
    }
}
