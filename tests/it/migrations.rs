//! The schema: the same versions on both engines, applied once, never taken back.

use std::collections::BTreeSet;
use std::path::Path;

use laidian::config::Config;
use laidian::store::{OpenError, Store};
use serde_json::Value;

use crate::support::{Engine, MAIN, Place, backend};

both_engines! {
    opening_twice_works,
    a_newer_schema_is_refused,
    every_migration_is_applied,
    what_systems_kept_apart_is_shared_from_then_on,
}

fn names(engine: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(engine);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn both_engines_have_the_same_migrations() {
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert_eq!(sqlite, postgres);
    let numbers: Vec<usize> = sqlite.iter().map(|name| name.split('_').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers, (1..=sqlite.len()).collect::<Vec<_>>());
}

async fn every_migration_is_applied(engine: Engine) {
    let place = Place::new(engine).await;
    place.open().await.close().await.unwrap();
    let applied = place.connect().await.texts("select description from _sqlx_migrations").await;
    assert_eq!(applied.into_iter().collect::<BTreeSet<_>>(), names("sqlite"));
}

async fn opening_twice_works(engine: Engine) {
    let place = Place::new(engine).await;
    let first = place.open().await;
    let mut tx = first.company(7).write().await.unwrap();
    tx.put_company("来电", "Asia/Shanghai", "CN", "secret").await.unwrap();
    tx.commit().await.unwrap();
    let second = place.open().await;
    assert_eq!(second.companies().await.unwrap()[0].name, "来电");
    first.close().await.unwrap();
    assert_eq!(second.companies().await.unwrap().len(), 1);
}

async fn a_newer_schema_is_refused(engine: Engine) {
    let place = Place::new(engine).await;
    place.open().await.close().await.unwrap();
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 select 9999, 'of a later laidian', success, checksum, execution_time from _sqlx_migrations where version = 1";
    place.connect().await.execute(newer).await;
    let error = Store::open(place.location(), &Config::default().connections()).await.err().unwrap();
    assert!(matches!(error, OpenError::Newer(9999)), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("9999") && told.contains("newer laidian") && told.contains("更新的版本"), "{told}");
}

/// Before version 12, followers stood in documents, too, and labels were not the names of categories.
async fn what_systems_kept_apart_is_shared_from_then_on(engine: Engine) {
    let demo = backend(engine, 30).await;
    let mut raw = demo.place.connect().await;
    let first = format!("company_id = {MAIN} and customer_id = 1");
    let labelled = raw
        .texts(&format!("select cast(min(id) as text) from customer where company_id = {MAIN} and labels <> '[]'"))
        .await
        .remove(0);
    let document = r#"{"rank":1,"followers":[2,3,3,99]}"#;
    raw.execute(&format!(
        "drop index customer_star;
         update customer_document set document = '{document}' where {first} and dialect = 'customer_detail';
         delete from plm_attention where {first};
         insert into plm_attention select company_id, customer_id, 'TRCS008', '李强', '20', 0, 'trcs001', 0, 'trcs001'
           from customer_document where {first} and dialect = 'customer_detail';
         update plm_customer set categories_name = null;
         update plm_customer set categories_name = '重点 ，\"华东\",重点' where {first};
         update plm_customer set categories_name = '重点,' where company_id = {MAIN} and customer_id = {labelled};
         delete from _sqlx_migrations where version = 12"
    ))
    .await;
    if engine == Engine::Sqlite {
        raw.execute("delete from sqlite_stat1 where idx = 'customer_star'").await;
    }
    demo.place.open().await.close().await.unwrap();

    let followers =
        format!("select user_id || ' ' || name || ' ' || type from plm_attention where {first} order by user_id");
    assert_eq!(raw.texts(&followers).await, ["TRCS008 李强 20", "trcs009 周宁 40"]);
    let documents = raw.texts("select document from customer_document where dialect = 'customer_detail'").await;
    assert_eq!(documents.iter().map(|text| text.replace(' ', "")).collect::<Vec<_>>(), [r#"{"rank":1}"#]);
    let own = format!("select categories_name from plm_customer where {first}");
    assert_eq!(raw.texts(&own).await, ["重点 ，\"华东\",重点"], "as it is spelled there");
    let with_labels = "select c.labels || '|' || coalesce(p.categories_name, '') || '|' || c.id || '|' || c.company_id
        from customer c join plm_customer p on p.company_id = c.company_id and p.customer_id = c.id
        where c.labels <> '[]' order by c.company_id, c.id";
    let lines = raw.texts(with_labels).await;
    assert!(lines.len() > 5, "{lines:?}");
    let mut seen = Vec::new();
    for line in &lines {
        let [labels, categories, id, company] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let labels: Vec<Value> = serde_json::from_str(labels).unwrap();
        let mut names: Vec<&str> = labels.iter().map(|label| label["name"].as_str().unwrap()).collect();
        if (company, id) == (&*MAIN.to_string(), "1") {
            names.sort_unstable();
            assert_eq!(names, ["\"华东\"", "重点"]);
        } else {
            assert_eq!(categories, names.join(","), "{line}");
        }
        if (company, id) == (&*MAIN.to_string(), &*labelled) {
            assert_eq!(names.last(), Some(&"重点"));
            assert!(names.len() > 1);
        }
        seen.extend(
            labels.into_iter().map(|label| (company.to_owned(), label["id"].to_string(), label["name"].clone())),
        );
    }
    // Each label is there once, is linked, and the next one gets a number of its own.
    let stored = raw.texts("select company_id || '|' || id || '|' || name from label order by 1").await;
    assert!(
        seen.iter()
            .all(|(company, id, name)| { stored.contains(&format!("{company}|{id}|{}", name.as_str().unwrap())) })
    );
    let linked = raw.texts("select company_id || '|' || label_id from customer_label").await;
    assert_eq!(linked.len(), seen.len());
    let last = "select cast(count(*) as text) from counter c where last_label < (select max(id) from label l where l.company_id = c.company_id)";
    assert_eq!(raw.texts(last).await, ["0"]);
}

/// Table, column, type and whether it may be null, of everything but the table of migrations.
async fn columns(engine: Engine) -> BTreeSet<String> {
    let place = Place::new(engine).await;
    place.open().await.close().await.unwrap();
    let sql = match engine {
        Engine::Sqlite => {
            "select t.name || '.' || c.name || ' ' || replace(replace(lower(c.type), 'integer', 'bigint'), 'blob', 'bytea')
               || case when c.\"notnull\" then '' else ' null' end
             from sqlite_schema t join pragma_table_info(t.name) c
             where t.type = 'table' and t.name not like '%sqlx%' and t.name not like 'sqlite%'"
        }
        Engine::Postgres => {
            "select table_name || '.' || column_name || ' ' || data_type
               || case is_nullable when 'NO' then '' else ' null' end
             from information_schema.columns where table_schema = 'public' and table_name not like '%sqlx%'"
        }
    };
    place.connect().await.texts(sql).await.into_iter().collect()
}

#[tokio::test]
async fn both_engines_have_the_same_columns() {
    if Engine::Postgres.is_there("migrations::both_engines_have_the_same_columns") {
        let (sqlite, postgres) = (columns(Engine::Sqlite).await, columns(Engine::Postgres).await);
        let difference: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
        assert!(sqlite.len() > 100 && difference.is_empty(), "{difference:#?}");
    }
}
