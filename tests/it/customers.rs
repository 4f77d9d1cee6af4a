//! Creating, changing and deleting: what is stored, what is told, what is refused and how.

use std::collections::BTreeMap;

use laidian::domain::change::Line;
use laidian::domain::custom_field::FieldKind;
use laidian::error::Error;
use laidian::ops::Cx;
use laidian::ops::company::setup;
use laidian::ops::customer::{Changes, Patch, PhoneChange, create};
use serde_json::{Value, json};

use crate::invariants::check_invariants;
use crate::support::{DESK, Demo, Engine, MAIN, NOW, SHOP, backend, destroy, update};

both_engines! {
    a_life_is_told_in_order,
    a_phone_leads_to_the_whole_customer,
    an_update_changes_what_it_names,
    phones_keep_their_ids,
    nothing_changed_is_nothing_written,
    a_required_custom_field_must_be_there,
    a_field_that_is_not_required_must_be_right,
    owners_come_with_their_group,
    nobody_is_given_to_who_is_disabled,
    texts_are_refused_not_cut,
    other_companies_do_not_see_it,
}

fn set<T: ?Sized + ToOwned>(value: &T) -> Patch<std::borrow::Cow<'_, T>> {
    Patch::Set(std::borrow::Cow::Borrowed(value))
}

fn phone(id: Option<i64>, typed: &str) -> PhoneChange<'_> {
    PhoneChange { id, typed: typed.into() }
}

fn custom(values: &[(i64, Value)]) -> Changes<'static> {
    let values: BTreeMap<i64, Value> = values.iter().cloned().collect();
    Changes { custom: Patch::Set(values), ..Changes::default() }
}

fn named(name: &str) -> Changes<'_> {
    Changes { name: set(name), ..Changes::default() }
}

fn exception(outcome: Result<i64, Error>) -> String {
    outcome.unwrap_err().exception().unwrap().into_owned()
}

async fn changed_lines(demo: &Demo, company: i64) -> Vec<Vec<Line>> {
    let sql = format!("select lines from change where company_id = {company} order by id");
    let lines = demo.place.connect().await.texts(&sql).await;
    lines.iter().map(|lines| serde_json::from_str(lines).unwrap()).collect()
}

async fn a_life_is_told_in_order(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, Some("008")).await;
    let cx = demo.context(&caller).await.unwrap();
    let phones = Some(vec![phone(None, "13888888888")]);
    let row = create(&cx, Changes { phones, company_name: set("云上"), ..named(" 何静怡 ") }).await.unwrap();
    assert_eq!((row.id, row.version, row.name.as_deref(), row.created_at), (1, 1, Some("何静怡"), NOW));
    assert_eq!((row.created_by.as_str(), row.updated_by.as_str()), ("008", "008"));
    demo.time.set(NOW + 5);
    let system = laidian::ops::Caller::system(DESK);
    let later = demo.context(&system).await.unwrap();
    let row =
        update(&later, 1, Changes { company_name: Patch::Clear, star: Some(3), ..Changes::default() }).await.unwrap();
    assert_eq!((row.version, row.company_name, row.star, row.updated_at), (2, None, 3, NOW + 5));
    assert_eq!((row.created_by.as_str(), row.updated_by.as_str()), ("008", "系统"));
    check_invariants(&demo.place, &cx.scope).await;
    let summaries: Vec<Vec<String>> =
        changed_lines(&demo, DESK).await.iter().map(|lines| lines.iter().map(Line::summary).collect()).collect();
    assert_eq!(
        summaries,
        [
            vec!["客户姓名:  <空>---->何静怡", "公司名称:  <空>---->云上", "联系电话:  <空>---->13888888888"],
            vec!["公司名称:  云上----><空>", "客户星级:  <空>---->3"],
        ]
    );
    destroy(&later, 1).await.unwrap();
    assert_eq!(destroy(&later, 1).await, Err(Error::NotFound));
    assert_eq!(update(&later, 1, named("x")).await, Err(Error::NotFound));
    let events = cx.scope.events_after(0, 10).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.kind.as_str(), event.author_no.as_str(), event.at)).collect();
    assert_eq!(
        told,
        [
            ("customer.created", "008", NOW),
            ("customer.updated", "系统", NOW + 5),
            ("customer.deleted", "系统", NOW + 5)
        ]
    );
    let body: Value = serde_json::from_str(&events[1].body).unwrap();
    let changes = json!({ "companyName": ["云上", null], "star": [null, "3"] });
    let nobody = json!({});
    assert_eq!(
        body,
        json!({ "version": 2, "changes": changes, "was": nobody, "is": nobody, "phones": ["13888888888"] })
    );
    assert!(changed_lines(&demo, DESK).await.is_empty());
    check_invariants(&demo.place, &cx.scope).await;
    // The phone is free again; the number of the customer is not.
    let phones = Some(vec![phone(None, "138 8888 8888")]);
    assert_eq!(create(&cx, Changes { phones, ..named("别人") }).await.unwrap().id, 2);
}

async fn an_update_changes_what_it_names(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let first = Changes {
        address: set("望潮街18号"),
        kind: set("企业客户"),
        labels: Some(vec!["标签1".into(), "标签2".into()]),
        custom: custom(&[(392, json!("高消费")), (373, json!("A"))]).custom,
        ..named("何静怡")
    };
    let first = create(&cx, first).await.unwrap();
    assert_eq!(first.type_value.as_deref(), Some("1"));
    let second = Changes {
        labels: Some(vec!["标签2".into(), "标签3".into()]),
        ..custom(&[(373, json!("")), (392, json!("中消费"))])
    };
    let second = update(&cx, first.id, second).await.unwrap();
    assert_eq!(
        (second.name, second.address, second.type_value),
        (first.name.clone(), first.address.clone(), first.type_value.clone())
    );
    assert_eq!(second.labels, r#"[{"id":2,"name":"标签2"},{"id":3,"name":"标签3"}]"#);
    assert_eq!(second.custom.as_deref(), Some(r#"{"392":"中消费"}"#));
    check_invariants(&demo.place, &cx.scope).await;
    let third = Changes { labels: Some(vec![]), custom: Patch::Clear, name: Patch::Clear, ..Changes::default() };
    let third = update(&cx, first.id, third).await.unwrap();
    assert_eq!((third.name, third.custom, third.labels.as_str()), (None, None, "[]"));
    check_invariants(&demo.place, &cx.scope).await;
}

async fn phones_keep_their_ids(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let list = |phones: Vec<PhoneChange<'static>>| Changes { phones: Some(phones), ..Changes::default() };
    let row =
        create(&cx, list(vec![phone(None, "13900000001"), phone(None, "13900000002"), phone(None, "+8613900000001")]))
            .await;
    assert_eq!(row.unwrap().phones, r#"[{"id":1,"content":"13900000001"},{"id":2,"content":"13900000002"}]"#);
    // An id changes that phone, none adds, the same number otherwise written keeps its id, what is left out goes.
    let row = update(
        &cx,
        1,
        list(vec![phone(Some(2), "13900000003"), phone(None, "139 0000 0001"), phone(None, "13900000002")]),
    )
    .await;
    let expected =
        r#"[{"id":2,"content":"13900000003"},{"id":1,"content":"139 0000 0001"},{"id":3,"content":"13900000002"}]"#;
    assert_eq!(row.unwrap().phones, expected);
    check_invariants(&demo.place, &cx.scope).await;
    // Two phones change places, which no order of single updates could do.
    let row = update(&cx, 1, list(vec![phone(Some(2), "139 0000 0001"), phone(Some(1), "13900000003")])).await;
    assert_eq!(row.unwrap().phones, r#"[{"id":2,"content":"139 0000 0001"},{"id":1,"content":"13900000003"}]"#);
    assert!(matches!(update(&cx, 1, list(vec![phone(Some(9), "110")])).await, Err(Error::Parameter { .. })));
    assert!(matches!(update(&cx, 1, list(vec![phone(None, "没有")])).await, Err(Error::Parameter { .. })));
    check_invariants(&demo.place, &cx.scope).await;
}

async fn nothing_changed_is_nothing_written(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let same = || Changes { phones: Some(vec![phone(None, "110")]), labels: Some(vec!["一".into()]), ..named("何") };
    let row = create(&cx, same()).await.unwrap();
    demo.time.set(NOW + 5);
    let cx = demo.context(&caller).await.unwrap();
    assert_eq!(update(&cx, row.id, same()).await.unwrap(), *row);
    assert_eq!(cx.scope.events_after(0, 10).await.unwrap().len(), 1);
    check_invariants(&demo.place, &cx.scope).await;
}

/// Makes fields of the demo company as a test needs them.
async fn with_field<'a>(
    demo: &'a Demo,
    caller: &'a laidian::ops::Caller,
    id: i64,
    name: &str,
    kind: FieldKind,
    required: bool,
) -> Cx<'a> {
    let mut tx = demo.store.company(DESK).write().await.unwrap();
    let options: &[String] = if kind == FieldKind::Option { &["高".to_owned(), "低".to_owned()] } else { &[] };
    setup::custom_field(&mut tx, id, name, kind, options, required).await.unwrap();
    tx.commit().await.unwrap();
    demo.catalogues.forget(DESK);
    demo.context(caller).await.unwrap()
}

async fn a_required_custom_field_must_be_there(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    // Somebody of before the field was required.
    let old = create(&cx, named("老客户")).await.unwrap().id;
    let cx = with_field(&demo, &caller, 500, "满意度", FieldKind::Option, true).await;
    let missing = "缺少自定义字段 满意度";
    for changes in [
        named("新客户"),
        custom(&[(392, json!("高消费"))]),
        custom(&[(500, Value::Null)]),
        custom(&[(500, json!(" "))]),
        custom(&[(500, json!("中"))]),
        Changes { custom: Patch::Clear, ..named("新客户") },
    ] {
        let told = format!("{changes:?}");
        assert_eq!(exception(create(&cx, changes).await.map(|row| row.id)), missing, "{told}");
    }
    let id = create(&cx, custom(&[(500, json!("高"))])).await.unwrap().id;
    for changes in [
        custom(&[(500, Value::Null)]),
        custom(&[(500, json!(""))]),
        Changes { custom: Patch::Clear, ..Changes::default() },
    ] {
        let told = format!("{changes:?}");
        assert_eq!(exception(update(&cx, id, changes).await.map(|row| row.id)), missing, "{told}");
    }
    // An update that does not touch custom fields is no occasion to ask for them.
    assert_eq!(update(&cx, old, named("老客户甲")).await.unwrap().name.as_deref(), Some("老客户甲"));
    assert_eq!(
        update(&cx, id, custom(&[(500, json!("低"))])).await.unwrap().custom.as_deref(),
        Some(r#"{"500":"低"}"#)
    );
    assert_eq!(cx.scope.customer_count().await.unwrap().unwrap().value, 2);
    check_invariants(&demo.place, &cx.scope).await;
}

async fn a_field_that_is_not_required_must_be_right(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    with_field(&demo, &caller, 501, "年龄", FieldKind::Number, false).await;
    let cx = with_field(&demo, &caller, 502, "生日", FieldKind::Date, false).await;
    for (id, value) in
        [(501, json!("很大")), (502, json!("2026-02-30")), (392, json!("很高")), (501, json!([1])), (999, json!("x"))]
    {
        let refused = create(&cx, custom(&[(id, value)])).await.unwrap_err();
        assert_eq!(refused.exception().as_deref(), Some("不正确的参数格式"));
        assert!(refused.detail().unwrap().contains(&format!("{id}")), "{refused}");
    }
    let row = create(&cx, custom(&[(501, json!(40)), (502, json!("1986-02-28")), (392, json!(""))])).await.unwrap();
    assert_eq!(row.custom.as_deref(), Some(r#"{"501":40,"502":"1986-02-28"}"#));
}

async fn owners_come_with_their_group(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let of = |owner: Option<&'static str>, group: Option<i64>| Changes {
        owner: owner.map_or(Patch::Keep, set),
        group: group.map_or(Patch::Keep, Patch::Set),
        ..Changes::default()
    };
    for (owner, group, told) in [
        (Some("nobody"), Some(1_054_001), "找不到归属工号"),
        (Some("nobody"), None, "找不到归属工号"),
        (Some("trcs001"), None, "归属工号存在但归属部门不存在"),
        (Some("trcs001"), Some(404), "公司无此部门"),
        (None, Some(1001), "公司无此部门"),
        (Some("trcs008"), Some(1_054_001), "员工不属于该部门"),
    ] {
        assert_eq!(exception(create(&cx, of(owner, group)).await.map(|row| row.id)), told, "{owner:?} {group:?}");
    }
    let row = create(&cx, of(Some("TRCS008"), Some(1_054_002))).await.unwrap();
    assert_eq!((row.owner_no.as_deref(), row.group_id), (Some("trcs008"), Some(1_054_002)));
    assert_eq!(exception(update(&cx, row.id, of(None, Some(1_054_001))).await.map(|row| row.id)), "员工不属于该部门");
    let row = update(&cx, row.id, Changes { owner: Patch::Clear, ..Changes::default() }).await.unwrap();
    assert_eq!((row.owner_no, row.group_id), (None, Some(1_054_002)));
    check_invariants(&demo.place, &cx.scope).await;
}

async fn nobody_is_given_to_who_is_disabled(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(MAIN, None).await;
    let of = |owner: &'static str| Changes { owner: set(owner), group: Patch::Set(1_054_002), ..Changes::default() };
    let mut cx = demo.context(&caller).await.unwrap();
    let his = create(&cx, of("trcs008")).await.unwrap();
    let mut tx = cx.scope.write().await.unwrap();
    setup::disabled(&mut tx, "trcs008", true, NOW).await.unwrap();
    tx.commit().await.unwrap();
    demo.catalogues.forget(MAIN);
    cx = demo.context(&caller).await.unwrap();
    let refused = create(&cx, of("TRCS008")).await.unwrap_err();
    assert!(matches!(&refused, Error::OwnerDisabled { login_no } if login_no == "trcs008"), "{refused}");
    assert_eq!(refused.exception().as_deref(), Some("找不到归属工号"));
    assert!(refused.detail().unwrap().contains("operator trcs008 is disabled"), "{refused}");
    let other = create(&cx, of("trcs001")).await.unwrap();
    assert!(matches!(update(&cx, other.id, of("trcs008")).await, Err(Error::OwnerDisabled { .. })));
    // What is his already stays his, also when it is sent back as it was shown.
    let changes = Changes { name: set("改名"), ..of("trcs008") };
    let kept = update(&cx, his.id, changes).await.unwrap();
    assert_eq!((kept.name.as_deref(), kept.owner_no.as_deref()), (Some("改名"), Some("trcs008")));
    check_invariants(&demo.place, &cx.scope).await;
}

async fn texts_are_refused_not_cut(engine: Engine) {
    let demo = backend(engine, 0).await;
    let caller = demo.caller(DESK, None).await;
    let cx = demo.context(&caller).await.unwrap();
    let (longest, too_long) = ("长".repeat(255), "长".repeat(256));
    for (changes, field) in [
        (named(&too_long), "custname"),
        (Changes { company_name: set(&too_long), ..Changes::default() }, "companyName"),
        (Changes { address: set(&too_long), ..Changes::default() }, "address"),
        (named("零\0"), "custname"),
        (Changes { labels: Some(vec![too_long.as_str().into()]), ..Changes::default() }, "customerLabel"),
        (Changes { star: Some(6), ..Changes::default() }, "customerLabel"),
    ] {
        let refused = create(&cx, changes).await.unwrap_err();
        assert!(refused.detail().unwrap().starts_with(field), "{refused}");
    }
    let row = create(&cx, named(&longest)).await.unwrap();
    assert_eq!(row.name, Some(longest));
    let told = exception(create(&cx, Changes { kind: set("贵宾"), ..Changes::default() }).await.map(|row| row.id));
    assert_eq!(told, "'贵宾' is not a valid custtype");
    check_invariants(&demo.place, &cx.scope).await;
}

async fn other_companies_do_not_see_it(engine: Engine) {
    let demo = backend(engine, 0).await;
    let (desk, main) = (demo.caller(DESK, None).await, demo.caller(MAIN, None).await);
    let (desk, main) = (demo.context(&desk).await.unwrap(), demo.context(&main).await.unwrap());
    let phones = || Some(vec![phone(None, "13000000001")]);
    // The number is the document's customer in the main company, which is no matter here.
    let id = create(&desk, Changes { phones: phones(), ..named("何") }).await.unwrap().id;
    let taken = create(&main, Changes { phones: phones(), ..named("何") }).await;
    assert_eq!(taken, Err(Error::PhoneTaken { typed: "13000000001".into() }));
    let before = main.scope.customer(id).await.unwrap().unwrap();
    update(&desk, id, named("改")).await.unwrap();
    destroy(&desk, id).await.unwrap();
    assert_eq!(main.scope.customer(id).await.unwrap().unwrap(), before);
    check_invariants(&demo.place, &main.scope).await;
    check_invariants(&demo.place, &desk.scope).await;
}

/// Many look-ups at a time share statements; each gets its own customer, column by column.
#[expect(clippy::disallowed_methods, reason = "the store itself is asked")]
async fn a_phone_leads_to_the_whole_customer(engine: Engine) {
    let demo = backend(engine, 40).await;
    let (main, shop) = (demo.store.company(MAIN), demo.store.company(SHOP));
    let mut wanted = Vec::new();
    for scope in [&main, &shop] {
        let phones = format!("select key || ' ' || customer_id from phone where company_id = {}", scope.company());
        for row in demo.place.connect().await.texts(&phones).await {
            let (key, id) = row.rsplit_once(' ').unwrap();
            wanted.push((scope, key.to_owned(), id.parse::<i64>().unwrap()));
        }
    }
    assert!(wanted.len() > 40);
    let found =
        futures_util::future::join_all(wanted.iter().map(|(scope, key, _)| scope.customers_of_phone(key.clone())));
    for ((scope, _, id), found) in wanted.iter().zip(found.await) {
        let found: Vec<_> = found.unwrap().into_iter().map(|called| called.customer).collect();
        assert_eq!(found.first(), scope.customer(*id).await.unwrap().as_ref());
    }
    // Another company's phone is nobody's here.
    let foreign = wanted.iter().find(|(scope, ..)| scope.company() == MAIN).unwrap();
    assert!(demo.store.company(DESK).customers_of_phone(foreign.1.clone()).await.unwrap().is_empty());
}
