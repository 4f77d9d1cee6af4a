//! Tables over HTTP and at the command line.

use laidian::ops::access::identity::{self, Claim};

use super::*;
use crate::client::http;
use crate::commands::run;
use crate::signed;
use crate::support::TestServer;
use crate::systems::Systems;

both_engines! {
    a_table_is_imported_over_http_by_who_may,
    the_command_line_imports_and_exports,
}

async fn post(address: &str, path: &str, bearer: &str, file: &File) -> Value {
    let mut bytes = Vec::new();
    let mut file = file.try_clone().unwrap();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xlsx\"\r\n\r\n".to_vec();
    body.extend_from_slice(&bytes);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let head = format!(
        "POST {path}\nAuthorization: Bearer {bearer}\nContent-Type: multipart/form-data; boundary=x\nContent-Length: {}",
        body.len()
    );
    let answer = http_bytes(TcpStream::connect(address).await.unwrap(), &head, &body).await;
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_else(|_| panic!("{answer}"))
}

/// What is shown of an import once it has ended.
async fn ended(server: &TestServer, bearer: &str, id: &str) -> Value {
    // An import is nobody's but his who began it.
    let claim = Claim { company: Some(MAIN), operator: Some("trcs009".to_owned()), ..Claim::default() };
    let caller = identity::believe(server.backend(), &claim).await.unwrap();
    jobs::outcome(&server.backend().context(&caller).await.unwrap(), id).await.unwrap();
    let request = format!("GET /open_api/customers/import?id={id}\nAuthorization: Bearer {bearer}");
    let answer = http(TcpStream::connect(server.address()).await.unwrap(), &request).await;
    let shown: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!((&shown["code"], &shown["result"]["state"]), (&json!(1000), &json!("done")), "{answer}");
    shown["result"].clone()
}

async fn a_table_is_imported_over_http_by_who_may(engine: Engine) {
    let server = server(engine, |_| ()).await;
    let address = server.address().to_string();
    let file = workbook(&["姓名", "电话"], &[["导入甲", "13712340001"], ["导入乙", "电话"], ["导入丙", "13712340003"]]);
    // trcs008 is an agent, trcs009 a supervisor.
    let agent = post(&address, "/open_api/customers/import", &signed::token(MAIN, "trcs008"), &file).await;
    assert_eq!(agent["code"], 2403, "{agent}");
    let supervisor = signed::token(MAIN, "trcs009");
    let tried = post(&address, "/open_api/customers/import?dryRun=true", &supervisor, &file).await;
    let tried = ended(&server, &supervisor, tried["result"]["id"].as_str().unwrap()).await;
    let begun = post(&address, "/open_api/customers/import?mode=skip&requestId=a", &supervisor, &file).await;
    assert_eq!(begun["code"], 1000, "{begun}");
    let id = begun["result"]["id"].as_str().unwrap().to_owned();
    let again = post(&address, "/open_api/customers/import?mode=skip&requestId=a", &supervisor, &file).await;
    assert_eq!(again["result"]["id"], id.as_str());
    let shown = ended(&server, &supervisor, &id).await;
    assert_eq!((&shown["done"], &shown["succeeded"], &shown["total"]), (&json!(3), &json!(2), &json!(3)), "{shown}");
    let report = &shown["report"];
    assert_eq!((&report["created"], &report["failed"]), (&json!(2), &json!(1)), "{shown}");
    assert_eq!(report["errors"][0]["row"], 3, "{shown}");
    assert_eq!(
        report["rows"],
        json!([{"from": 2, "to": 2, "result": "created"}, {"from": 3, "to": 3, "result": "failed"},
               {"from": 4, "to": 4, "result": "created"}])
    );
    assert_eq!(&tried["report"], report);
    let request = format!("GET /open_api/customers/import_errors?id={id}\nAuthorization: Bearer {supervisor}");
    let errors = http(TcpStream::connect(&address).await.unwrap(), &request).await;
    assert!(errors.starts_with("HTTP/1.1 200 ") && errors.contains("spreadsheetml"), "{}", &errors[..200]);
    // Whoever did not import it sees nothing of it; the audit has it.
    let mut systems = Systems::of(&server).await;
    let uploaded = post(&address, "/open_api/files", &supervisor, &file).await;
    let other = systems.frame(&json!({"action": "get_import", "id": id, "companyId": MAIN})).await;
    assert_eq!(other["code"], 2005, "{other}");
    let frame = json!({"action": "import_customers", "file": uploaded["file"], "mode": "nothing", "operator": "trcs009",
                       "companyId": MAIN});
    let refused = systems.frame(&frame).await;
    assert!(refused["code"] == 2000 && refused["detail"].as_str().unwrap().contains("upsert"), "{refused}");
    let frame = json!({"action": "import_customers", "file": uploaded["file"], "mode": "skip", "operator": "trcs009",
                       "companyId": MAIN});
    assert_eq!(systems.frame(&frame).await["code"], 1000);
    let audit = server.backend().store.company(MAIN).audit("~", Some("import"), None, 10).await.unwrap();
    assert_eq!(audit.len(), 3);
    assert_eq!((audit[1].login_no.as_str(), audit[1].what.as_str()), ("trcs009", r#"{"dryRun":false,"mode":"skip"}"#));
    server.stop().await;
}

async fn the_command_line_imports_and_exports(engine: Engine) {
    let place = Place::new(engine).await;
    let store = place.open().await;
    laidian::demo::fill(&store, 5).await.unwrap();
    store.close().await.unwrap();
    let (flag, value) = match place.location() {
        laidian::store::Location::Folder(folder) => ("--data", folder.to_str().unwrap().to_owned()),
        laidian::store::Location::Postgres(url) => ("--database-url", url.clone()),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let laidian = |words: &[&str]| run(&[&[flag, &value], words].concat(), "");
    std::io::copy(
        &mut workbook(&["姓名", "电话"], &[["甲", "13712340001"], ["乙", "不是电话"]]),
        &mut File::create(path("a.xlsx")).unwrap(),
    )
    .unwrap();
    let company = DESK.to_string();
    let tried = laidian(&["import", &path("a.xlsx"), "--company", &company, "--dry-run"]);
    assert!(tried.code == 1 && tried.out.contains("试运行") && tried.out.contains("1 created"), "{tried:?}");
    let done = laidian(&["import", &path("a.xlsx"), "--company", &company, "--mode", "create"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.contains("新建 1") && done.out.contains("失败 1") && done.err.contains("第 3 行"), "{done:?}");
    let errors = rows(&File::open(path("a.xlsx.errors.xlsx")).unwrap());
    assert_eq!((errors.len(), errors[1][0].as_str()), (2, "乙"));
    // The rows that failed can be imported as they are: the reasons are no column of theirs.
    let again = laidian(&["import", &path("a.xlsx.errors.xlsx"), "--company", &company]);
    assert!(again.out.contains("失败 1") && !again.err.contains("错误信息"), "{again:?}");
    assert_eq!(rows(&File::open(path("a.xlsx.errors.xlsx.errors.xlsx")).unwrap())[0], ["姓名", "电话", "错误信息"]);
    for name in ["out.xlsx", "out.csv"] {
        let exported = laidian(&["export", &path(name), "--company", &company]);
        assert_eq!(exported.code, 0, "{exported:?}");
        assert!(std::fs::metadata(path(name)).unwrap().len() > 0);
    }
    let again = laidian(&["export", &path("out.xlsx"), "--company", &company]);
    assert!(again.code != 0 && again.err.contains("--force"), "{again:?}");
    let back = laidian(&["import", &path("out.xlsx"), "--company", &company, "--mode", "skip"]);
    assert!(back.code == 0 && back.out.contains("1 skipped"), "{back:?}");
    let nobody = laidian(&["import", &path("out.xlsx"), "--company", "77"]);
    assert!(nobody.code != 0 && nobody.err.contains("没有公司 77"), "{nobody:?}");
}
