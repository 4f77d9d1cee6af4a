//! The schemas of frames and replies: what the types of an operation say, in the envelope of their door.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Row, description};
use crate::dialects::members::Unknown;
use crate::protocol::envelope::{self, OK, OK_MESSAGE};

pub type Members = Map<String, Value>;

/// The schemas of one document. It refers to the named ones among them by a path of its own.
pub struct Shapes {
    /// A request may leave a member out that a reply of the same type always has: they are told apart.
    requests: SchemaGenerator,
    replies: SchemaGenerator,
    path: &'static str,
}

impl Shapes {
    /// Returns the schemas of a document that keeps the named ones under `path`, such as `/$defs`.
    pub fn new(path: &'static str) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into());
        Self {
            requests: settings.clone().for_deserialize().into_generator(),
            replies: settings.for_serialize().into_generator(),
            path,
        }
    }

    /// The schema of an operation's own parameters.
    pub fn request(&mut self, row: &Row) -> Members {
        let schema = (row.request_schema)(&mut self.requests);
        opened(schema, self.requests.definitions(), self.path)
    }

    /// The schema of a whole frame.
    pub fn frame(&mut self, row: &Row) -> Value {
        let head = json!({
            "type": "object",
            "title": format!("{} request", row.action),
            "description": description(row),
            "properties": {
                "action": { "const": row.action },
                "callbackId": callback_id("回传标识，原样返回 / marks the request; its reply carries the same"),
                "operator": name("操作者工号，也可写作 loginno / the login number of who asks; loginno means the same"),
                "loginno": name("操作者工号，operator 优先 / the login number of who asks, unless operator says it"),
                "companyId": id("操作者公司 id / the company of who asks; who signed in may leave it out"),
                "groupId": id("操作者组织 id / the group of who asks"),
            },
            "required": ["action"],
        });
        merged(head, self.request(row))
    }

    /// The schema of a success on the socket.
    pub fn socket_reply(&mut self, row: &Row) -> Value {
        let mut envelope = json!({
            "type": "object",
            "title": format!("{} reply", row.action),
            "properties": {
                "success": { "const": true },
                "message": { "const": OK_MESSAGE },
                "code": { "const": OK },
                "callbackId": callback_id("请求中的 callbackId / that of the request, if it has one"),
            },
            "required": ["success", "message", "code"],
        });
        if row.operation.reading().unknown == Unknown::Ignored {
            say_ignored(&mut envelope);
        }
        if row.is_ours() || row.dialect == "Cti" {
            return merged(envelope, self.reply(row));
        }
        // What the other systems answer stands in the envelope as a whole.
        let mut result =
            json!({ "type": "object", "properties": { "result": self.bare_reply(row) }, "required": ["result"] });
        if let (false, Some(Value::Object(properties))) = (row.headers.is_empty(), result.get_mut("properties")) {
            let text = |description: &str| json!({ "type": "string", "description": description });
            let headers = row.headers.iter().map(|(name, description)| ((*name).to_owned(), text(description)));
            let headers = headers.collect::<Members>();
            properties.insert("headers".into(), json!({ "type": "object", "properties": headers }));
        }
        merged(envelope, as_members(result))
    }

    /// The schema of a success over HTTP: the reply in the system's envelope, if it has one.
    pub fn http_reply(&mut self, row: &Row, envelope: Option<Value>) -> Value {
        match envelope {
            None => self.bare_reply(row),
            Some(mut envelope) => {
                if let Value::Object(members) = &mut envelope {
                    members.insert("title".into(), format!("{} reply", row.action).into());
                }
                say_ignored(&mut envelope);
                merged(envelope, self.reply(row))
            }
        }
    }

    /// The schema of a reply without any envelope.
    fn bare_reply(&mut self, row: &Row) -> Value {
        (row.reply_schema)(&mut self.replies).to_value()
    }

    fn reply(&mut self, row: &Row) -> Members {
        let schema = (row.reply_schema)(&mut self.replies);
        opened(schema, self.replies.definitions(), self.path)
    }

    /// The schema that a reference leads to, if it is one of the named.
    pub fn named(&self, reference: &str) -> Option<&Value> {
        let name = name_under(self.path, reference)?;
        self.replies.definitions().get(name).or_else(|| self.requests.definitions().get(name))
    }

    /// The named schemas that something refers to, themselves included. What was merged into a frame or a
    /// reply is not among them, unless something else needs it, too.
    pub fn definitions<'a>(&self, roots: impl IntoIterator<Item = &'a Value>) -> Members {
        let mut wanted = BTreeSet::new();
        for root in roots {
            references(root, &mut wanted);
        }
        let mut definitions = Members::new();
        while let Some(reference) = wanted.pop_first() {
            let (Some(schema), Some(name)) = (self.named(&reference), name_under(self.path, &reference)) else {
                continue;
            };
            if definitions.insert(name.to_owned(), schema.clone()).is_none() {
                references(schema, &mut wanted);
            }
        }
        definitions
    }
}

/// The schema of a refusal on the socket.
pub fn socket_refusal() -> Value {
    let more = json!({
        "properties": {
            "success": { "const": false },
            "callbackId": callback_id("请求中的 callbackId / that of the request, as far as it could be read"),
        },
        "required": ["success"],
    });
    merged(envelope::refusal_schema(), as_members(more))
}

/// Says of an envelope that it can tell which members were ignored.
fn say_ignored(envelope: &mut Value) {
    let ignored = json!({
        "type": "array",
        "items": { "type": "string" },
        "description": "请求里不认识、没有理会的成员 / members of the request that are not known and were ignored",
    });
    if let Some(Value::Object(properties)) = envelope.get_mut("properties") {
        properties.insert("ignored".into(), ignored);
    }
}

/// Any JSON value: what is echoed is nobody's business but the client's.
fn callback_id(description: &str) -> Value {
    json!({ "description": description, "examples": [222000, "a-1"] })
}

fn name(description: &str) -> Value {
    json!({ "type": ["string", "number", "null"], "description": description })
}

fn id(description: &str) -> Value {
    json!({ "type": ["integer", "string", "null"], "description": description })
}

/// Returns the members of a schema, or of the one that it refers to.
fn opened(schema: Schema, definitions: &Members, path: &str) -> Members {
    let members = as_members(schema.to_value());
    let reference = members.get("$ref").and_then(Value::as_str);
    match reference.and_then(|reference| definitions.get(name_under(path, reference)?)) {
        Some(named) => as_members(named.clone()),
        None => members,
    }
}

/// The name in a reference to one of the schemas under `path`.
fn name_under<'a>(path: &str, reference: &'a str) -> Option<&'a str> {
    reference.strip_prefix('#')?.strip_prefix(path)?.strip_prefix('/')
}

fn as_members(value: Value) -> Members {
    match value {
        Value::Object(members) => members,
        // `true`, the schema of everything, has nothing to say.
        _ => Members::new(),
    }
}

/// Returns the schema of an object that has what both say: the members of both, the description of both.
/// Where both know a member, the operation knows it better.
fn merged(envelope: Value, operation: Members) -> Value {
    let mut whole = as_members(envelope);
    for (keyword, value) in operation {
        match (whole.get_mut(&keyword), value) {
            (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
            (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
            (Some(Value::String(known)), Value::String(more)) if keyword == "description" => {
                *known = format!("{known}\n{more}");
            }
            (Some(_), _) => {}
            (None, value) => {
                whole.insert(keyword, value);
            }
        }
    }
    Value::Object(whole)
}

/// Collects what a schema refers to.
fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                found.insert(reference.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::rows;

    #[test]
    fn no_name_stands_for_two_shapes() {
        let mut shapes = Shapes::new("/$defs");
        for row in rows() {
            shapes.frame(row);
            shapes.socket_reply(row);
        }
        for (name, schema) in shapes.requests.definitions() {
            let reply = shapes.replies.definitions().get(name);
            assert!(reply.is_none_or(|reply| reply == schema), "{name}: rename one with #[schemars(rename = …)]");
        }
    }

    #[test]
    fn what_was_merged_is_not_kept_twice() {
        let mut shapes = Shapes::new("/$defs");
        let row = rows().find(|row| row.action == "list_customers").unwrap();
        let (frame, reply) = (shapes.frame(row), shapes.socket_reply(row));
        let names: Vec<String> = shapes.definitions([&frame, &reply]).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Cellphone", "Customer", "FilterInput", "Label", "LabelsOrStar", "Meta"]);
    }
}
