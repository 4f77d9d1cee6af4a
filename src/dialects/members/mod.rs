//! Members of a request that its operation does not know, told by the schema of the request.
//!
//! Our own actions refuse them: a slip of the pen must not be taken for leave to do the rest. The documented systems'
//! clients send all sorts of things that nobody reads, so that these are answered all the same, and the reply says what
//! was `ignored`. What could be meant as a filter is refused everywhere: without it, everybody would be answered.

mod known;
mod scan;

use std::collections::BTreeSet;

use form_urlencoded::byte_serialize;
use serde_json::Value;

use super::Headers;
use crate::domain::masking::mask_text;
use crate::error::Error;
use crate::protocol::envelope::Door;
use known::{Shape, known};
use scan::{ENVELOPE, Stranger, strangers};

/// The most unknown members that are told apart. A list takes no more: a filter could be among them.
const MOST_FOUND: usize = 64;
/// The most names that a reply tells as ignored, and the most characters of one.
const MOST: usize = 20;
const LONGEST: usize = 64;
/// The header that tells them where the body has no room for it.
const HEADER: &str = "x-ignored";
const LONGEST_HEADER: usize = 1024;

/// How a dialect takes the members of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub unknown: Unknown,
    pub names: Names,
    pub answers: Answers,
}

/// What a success over HTTP is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// An envelope, in which there is room for what was ignored.
    Envelope,
    /// The documented thing itself and nothing else: a header tells what was ignored.
    Bare,
}

/// What becomes of members that are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    Refused,
    /// They are ignored, and the reply says so.
    Ignored,
}

/// How names are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Without regard to case, to `_` and to blanks around them.
    Folded,
    Exact,
}

/// The names of members that were ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ignored(Vec<String>);

impl Ignored {
    /// Says it in a reply, as its last member or in a header.
    pub fn say(self, door: Door<'_>, answers: Answers, out: &mut Vec<u8>, headers: &mut Headers) {
        if self.0.is_empty() {
            return;
        }
        let has_envelope = matches!(door, Door::Socket(_)) || answers == Answers::Envelope;
        if !has_envelope || out.pop_if(|last| *last == b'}').is_none() {
            return headers.extend(self.header());
        }
        let joint = if out.last() == Some(&b'{') { "" } else { "," };
        out.extend_from_slice(format!("{joint}\"ignored\":{}}}", Value::from(self.0)).as_bytes());
    }

    /// Returns the header that says it, if there is anything to say.
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, String)> {
        let mut told = String::new();
        for name in &self.0 {
            let name: String = byte_serialize(name.as_bytes()).collect();
            let joint = if told.is_empty() { "" } else { ", " };
            // Proxies refuse long headers; what there is room for says that there is something.
            if told.len() + joint.len() + name.len() <= LONGEST_HEADER {
                told.extend([joint, &name]);
            }
        }
        (!self.0.is_empty()).then_some((HEADER, told))
    }
}

/// Refuses a request with a member that must not be ignored, and returns those that are. A text that cannot be read
/// at all is for the operation to refuse.
pub fn check(action: &str, body: &str) -> Result<Ignored, Error> {
    let Some(known) = known(action) else { return Ok(Ignored::default()) };
    let found = strangers(known, body);
    let is_full = found.len() == MOST_FOUND;
    let mut ignored = Vec::new();
    for Stranger { name, path, shape, is_blank } in found {
        let could_filter =
            || known.fields.as_ref().is_some_and(|fields| is_full || (!is_blank && asks(&name, shape, fields)));
        if known.reading.unknown == Unknown::Refused || could_filter() {
            return Err(refusal(&path, &name, shape));
        }
        let path = told(&path);
        if ignored.len() < MOST && !ignored.contains(&path) {
            ignored.push(path);
        }
    }
    Ok(Ignored(ignored))
}

fn refusal(path: &str, name: &str, shape: &Shape) -> Error {
    let beside = ENVELOPE.iter().filter(|_| path == name).copied();
    let path = told(path);
    let mut names: Vec<&str> = shape.read().collect();
    let name: String = folded(name).chars().take(LONGEST).collect();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &folded(known));
    let known = names.iter().copied().chain(beside.clone()).map(|known| (likeness(known), known));
    // Of two that are as near, its own.
    let nearest = known.rev().max_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((_, nearest)) = nearest.filter(|(likeness, _)| *likeness > 0.7) {
        return Error::parameter(format!(
            "{path}: 没有这个参数，是否想写 {nearest}？ / is not known; did you mean {nearest}?"
        ));
    }
    if names.is_empty() {
        names.extend(beside);
    }
    let names = names.join(", ");
    Error::parameter(format!("{path}: 没有这个参数，可用的有 {names} / is not known; there are {names}"))
}

/// A name as it is told. One that reads like a telephone number is masked, as it may come from anywhere.
fn told(path: &str) -> String {
    mask_text(&path.chars().take(LONGEST).collect::<String>()).into_owned()
}

fn folded(name: &str) -> String {
    name.trim().chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a member that a list does not know could be meant to narrow it: it is one of its own misspelt, a field of what
/// is listed, or a word for looking for something.
fn asks(name: &str, shape: &Shape, fields: &BTreeSet<String>) -> bool {
    const BEGINNINGS: [&str; 6] = ["search", "filter", "quer", "keyword", "condition", "criteri"];
    const WORDS: [&str; 13] =
        ["q", "kw", "where", "cond", "conds", "find", "match", "term", "terms", "name", "phone", "mobile", "tel"];
    /// How fields are compared: `name_like`, `custname[contains]`, `createdOnAfter`.
    const TESTS: [&str; 24] = [
        "n", "eq", "ne", "neq", "like", "in", "notin", "gt", "ge", "gte", "lt", "le", "lte", "min", "max", "from",
        "to", "after", "before", "since", "until", "contains", "isnull", "is",
    ];
    let name: String = name.chars().take(LONGEST).collect();
    let words = words(&name);
    let is_search =
        |word: &String| WORDS.contains(&word.as_str()) || BEGINNINGS.iter().any(|begin| word.starts_with(begin));
    let compared: String = words.iter().filter(|word| !TESTS.contains(&word.as_str())).map(String::as_str).collect();
    name.starts_with("n_")
        || words.iter().any(is_search)
        || fields.contains(&folded(&name))
        || fields.contains(&compared)
        || shape.read().any(|known| is_near(&folded(&name), &folded(known)))
}

/// Whether one name is the other with a slip of the pen.
fn is_near(name: &str, known: &str) -> bool {
    let slips = (known.chars().count() / 4).max(1);
    known.chars().count() > 2 && name.chars().count() > 2 && strsim::osa_distance(name, known) <= slips
}

/// The words of a name in lower case: `custName_like` has three.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_new = true;
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            is_new = true;
            continue;
        }
        if is_new || (was_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        (is_new, was_lower) = (false, c.is_lowercase());
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::{Row, rows};
    use serde_json::json;

    fn check(row: &Row, members: &Value) -> Result<Ignored, Error> {
        super::check(row.action, &members.to_string())
    }

    fn row(action: &str) -> &'static Row {
        rows().find(|row| row.action == action).unwrap()
    }

    fn detail(refused: Result<Ignored, Error>) -> String {
        refused.unwrap_err().detail().unwrap().into_owned()
    }

    #[test]
    fn what_an_operation_reads_is_known_and_nothing_else() {
        for row in rows() {
            let known = known(row.action).unwrap();
            for name in known.shape.read() {
                assert_eq!(check(row, &json!({ name: 1, "callback_id": 1 })), Ok(Ignored::default()), "{}", row.action);
            }
            let stranger = check(row, &json!({"zzyzx": 1}));
            if row.is_ours() {
                assert!(detail(stranger).starts_with("zzyzx: "), "{}", row.action);
            } else {
                assert_eq!(stranger, Ok(Ignored(vec!["zzyzx".to_owned()])), "{}", row.action);
            }
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_told_from_what_was_meant() {
        for row in rows().filter(|row| row.is_ours() || row.lists) {
            for name in known(row.action).unwrap().shape.read().filter(|name| name.len() > 3) {
                let (start, end) = name.split_at(name.len() / 2);
                for slip in [format!("{name}x"), format!("{start}x{end}")] {
                    let refused = detail(check(row, &json!({ &slip: 1 })));
                    assert!(
                        refused.starts_with(&slip) && refused.contains("did you mean"),
                        "{}: {refused}",
                        row.action
                    );
                }
            }
        }
    }

    #[test]
    fn whoever_pages_lists() {
        for row in rows() {
            let pages = ["page", "page_no", "size", "pageSize", "page_size", "query", "filters"];
            let lists = known(row.action).unwrap().shape.read().any(|name| pages.contains(&name));
            assert!(!lists || row.lists, "{}: say `list` in its table", row.action);
        }
    }

    #[test]
    fn a_filter_that_is_not_known_is_refused() {
        for (action, members) in [
            ("list_customers", json!({"search": "王"})),
            ("list_customers", json!({"custname": "王"})),
            ("list_customers", json!({"Deal_Flag_eq": "继续跟踪"})),
            ("list_customers", json!({"filters[status]": "继续跟踪"})),
            ("list_customers", json!({"filter": {"status": "继续跟踪"}})),
            ("list_customers", json!({"status": "继续跟踪"})),
            ("list_customers", json!({"type": "cellphone", "content": "13812345678"})),
            ("list_customers", json!({"filters": {"statuss": "继续跟踪"}})),
            ("export_customers", json!({"fliters": "｜｜｜｜展览"})),
            ("feeds", json!({"feedtypes": "Ticket"})),
            ("ibizplm.fetchdefault", json!({"n_name_eq": "王"})),
            ("ibizplm.fetchnormal", json!({"nNameLike": "王"})),
            ("ibizplm.fetchnormal", json!({"N_NAME_LIKE": "王"})),
            ("ibizplm.exportdata", json!({"n_scale_gt": 5})),
            ("ibizplm.report", json!({"n_grade_id_eq": "L1"})),
            ("account/list", json!({"accountName": "王"})),
            ("account/list", json!({"name": "王"})),
            ("user/list", json!({"userName": "王"})),
            ("entity/adv-query", json!({"body": {"filter": [{"fieldName": "accountName"}]}})),
            ("entity/adv-query", json!({"filters": []})),
        ] {
            let refused = check(row(action), &members);
            assert!(matches!(refused, Err(Error::Parameter { .. })), "{action} {members}: {refused:?}");
        }
        for (action, members) in [
            // What says nothing narrows nothing.
            ("list_customers", json!({"search": "", "custname": null})),
            ("list_customers", json!({"_": 1_700_000_000, "lang": "zh", "client": {"search": 1}})),
            ("get_customer", json!({"search": "王"})),
            ("entity/adv-query", json!({"BODY": {"Filters": [{"FieldName": "accountName"}]}})),
        ] {
            assert!(check(row(action), &members).is_ok(), "{action} {members}");
        }
        let many: serde_json::Map<String, Value> = (0..200).map(|number| (format!("z{number}z"), 1.into())).collect();
        assert!(check(row("list_customers"), &many.clone().into()).is_err());
        assert_eq!(check(row("get_customer"), &many.into()).map(|ignored| ignored.0.len()), Ok(MOST));
    }

    #[test]
    fn what_is_shown_may_come_back_and_what_is_deeper_is_told_with_its_place() {
        let shown = json!({"id": 1, "taskname": "x", "uploginNo": "x", "opTime": "x", "version": 3, "ignored": ["a"]});
        assert_eq!(
            check(row("update_customer"), &json!({ "customer": shown, "ignored": [] })),
            Ok(Ignored(vec!["customer.ignored".to_owned()]))
        );
        let plm = json!({"key": "1", "create_time": "x", "ticket_total": 1, "srfuf": 1,
            "customers": [{"create_time": "x", "srfuf": 1}, {"srfuf": 2}]});
        let ignored = Ok(Ignored(vec!["customers.srfuf".to_owned(), "srfuf".to_owned()]));
        assert_eq!(check(row("ibizplm.update"), &plm), ignored);
        assert_eq!(check(row("crm/customer/info"), &json!({"token": "x", "cid": 1})), Ok(Ignored::default()));
        assert_eq!(check(row("account/add"), &json!({"body": {"c__1": 1, "anything": 1}})), Ok(Ignored::default()));
        assert!(check(row("put_rights"), &json!({"role": "agent", "actions": {"whatever": true}})).is_ok());
        assert!(check(row("put_rights"), &json!({"phone": "masked"})).is_err());
    }

    #[test]
    fn what_is_ignored_is_the_last_member_or_a_header() {
        let ignored = || Ignored(vec!["a\"".to_owned(), "名".to_owned()]);
        for (reply, said) in
            [(r#"{"code":1000}"#, r#"{"code":1000,"ignored":["a\"","名"]}"#), ("{}", r#"{"ignored":["a\"","名"]}"#)]
        {
            let (mut out, mut headers) = (reply.as_bytes().to_vec(), Headers::new());
            ignored().say(Door::Http, Answers::Envelope, &mut out, &mut headers);
            assert_eq!((std::str::from_utf8(&out).unwrap(), headers.len()), (said, 0));
        }
        for reply in ["[{}]", "", "1", "{}"] {
            let (mut out, mut headers) = (reply.as_bytes().to_vec(), Headers::new());
            ignored().say(Door::Http, Answers::Bare, &mut out, &mut headers);
            assert_eq!(out, reply.as_bytes());
            assert_eq!(headers, [(HEADER, "a%22, %E5%90%8D".to_owned())]);
        }
    }
}
