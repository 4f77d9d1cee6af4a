//! What each operation knows, by the schemas of its request and of its dialect's replies.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, OnceLock};

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Names, Reading, Unknown, folded};
use crate::dialects::{Row, rows};
use crate::protocol::folded::same_name;

/// The names of an object's members, with those of the objects in them.
#[derive(Debug, Default)]
pub struct Shape {
    members: Vec<Member>,
}

#[derive(Debug)]
pub struct Member {
    pub name: String,
    /// `None` when the members of this one are not checked here.
    pub shape: Option<Shape>,
    /// Whether replies show it and requests do not hold it: it may come back, but is not read.
    is_shown: bool,
}

/// What an operation knows.
pub struct Known {
    pub shape: Shape,
    pub reading: Reading,
    /// For a list: the fields of what it lists, of which any could be meant as a filter.
    pub fields: Option<BTreeSet<String>>,
}

/// What the operations of a dialect know, by action.
type OfDialect = HashMap<&'static str, Known>;

/// The dialect of each action.
static BY_ACTION: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| rows().map(|row| (row.action, row.dialect)).collect());

/// By dialect. Each is worked out when somebody asks for one of its operations: its first request waits for it, but
/// not the start of the server.
static DIALECTS: LazyLock<HashMap<&'static str, OnceLock<OfDialect>>> =
    LazyLock::new(|| rows().map(|row| (row.dialect, OnceLock::new())).collect());

/// Returns what the operation with this action knows.
pub fn known(action: &str) -> Option<&'static Known> {
    let dialect = BY_ACTION.get(action)?;
    DIALECTS.get(dialect)?.get_or_init(|| of_dialect(dialect)).get(action)
}

fn of_dialect(name: &str) -> OfDialect {
    let drawn: Vec<Drawn> = rows().filter(|row| row.dialect == name).map(Drawn::of).collect();
    let dialect = Dialect::of(&drawn);
    drawn.iter().map(|drawn| (drawn.row.action, Known::of(drawn, &dialect))).collect()
}

/// A row with what it takes and answers, as schemas.
struct Drawn {
    row: &'static Row,
    request: Value,
    reply: Value,
}

impl Drawn {
    fn of(row: &'static Row) -> Self {
        Self { row, request: schema(row.request_schema, false), reply: schema(row.reply_schema, true) }
    }
}

impl Known {
    fn of(Drawn { row, request, reply }: &Drawn, dialect: &Dialect) -> Self {
        let mut shape = Form::of(request).shape().unwrap_or_default();
        if !row.lists && row.operation.reading().unknown == Unknown::Ignored {
            let reply = Form::of(reply).shape();
            shape.show(reply.as_ref().unwrap_or(&dialect.shown), &dialect.shown);
        }
        let described = row.operation.described();
        let beside = described.members.keys().cloned();
        let in_query = described.query.iter().filter_map(|parameter| Some(parameter.get("name")?.as_str()?.to_owned()));
        shape.members.extend(beside.chain(in_query).map(|name| Member { name, shape: None, is_shown: true }));
        let fields = row.lists.then(|| dialect.fields.clone());
        Self { shape, reading: row.operation.reading(), fields }
    }
}

/// What the rows of a dialect say together.
struct Dialect {
    /// The names of all that requests hold in a member, and that replies show.
    fields: BTreeSet<String>,
    /// What replies show outermost.
    shown: Shape,
}

impl Dialect {
    fn of(rows: &[Drawn]) -> Self {
        let (mut fields, mut shown) = (BTreeSet::new(), Shape::default());
        for Drawn { request, reply, .. } in rows {
            if let Some(Value::Object(members)) = request.get("properties") {
                for member in members.values() {
                    names_in(member, &mut fields);
                }
            }
            names_in(reply, &mut fields);
            if let Some(reply) = Form::of(reply).shape() {
                shown.show(&reply, &reply);
            }
        }
        Self { fields, shown }
    }
}

fn names_in(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().map(|name| folded(name)));
            }
            members.values().for_each(|member| names_in(member, names));
        }
        Value::Array(list) => list.iter().for_each(|entry| names_in(entry, names)),
        _ => {}
    }
}

/// A schema without references.
fn schema(of: fn(&mut schemars::SchemaGenerator) -> schemars::Schema, is_reply: bool) -> Value {
    let mut settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings = if is_reply { settings.for_serialize() } else { settings.for_deserialize() };
    of(&mut settings.into_generator()).to_value()
}

/// What a schema says of the members of an object.
enum Form {
    /// It is no object.
    Other,
    /// It may have any.
    Any,
    Shape(Shape),
}

impl Form {
    fn of(schema: &Value) -> Self {
        let Some(keywords) = schema.as_object() else { return Self::Any };
        let branches = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|keyword| keywords.get(keyword)?.as_array());
        let mut form = branches.flatten().map(Self::of).fold(Self::Other, Self::or);
        let types = keywords.get("type");
        let is_object =
            types.is_some_and(|types| types == "object" || types.get(0).is_some_and(|first| first == "object"));
        // An object of whatever names.
        let is_open = keywords.contains_key("patternProperties")
            || keywords.get("additionalProperties").is_some_and(|more| *more != Value::Bool(false));
        match keywords.get("properties").and_then(Value::as_object) {
            Some(properties) if !is_open => {
                let member = |(name, schema): (&String, &Value)| Member {
                    name: name.clone(),
                    shape: Self::of(schema).shape(),
                    is_shown: false,
                };
                form = form.or(Self::Shape(Shape { members: properties.iter().map(member).collect() }));
            }
            Some(_) => form = Self::Any,
            None if is_object && is_open => form = Self::Any,
            // A struct without members.
            None if is_object => form = form.or(Self::Shape(Shape::default())),
            None => {}
        }
        if let Some(entries) = keywords.get("items") {
            form = form.or(Self::of(entries));
        }
        let says_something = ["type", "anyOf", "oneOf", "allOf", "const", "enum", "required", "properties"];
        if says_something.iter().any(|keyword| keywords.contains_key(*keyword)) { form } else { Self::Any }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Other, form) | (form, Self::Other) => form,
            (Self::Shape(mut one), Self::Shape(other)) => {
                one.members.extend(other.members);
                Self::Shape(one)
            }
        }
    }

    fn shape(self) -> Option<Shape> {
        match self {
            Self::Shape(shape) => Some(shape),
            Self::Other | Self::Any => None,
        }
    }
}

impl Shape {
    /// The names that are read.
    pub fn read(&self) -> impl Iterator<Item = &str> {
        self.members.iter().filter(|member| !member.is_shown).map(|member| member.name.as_str())
    }

    /// The member of this name.
    pub fn member(&self, name: &str, names: Names) -> Option<&Member> {
        let exact = self.members.iter().find(|member| member.name == name);
        let is_same = |member: &&Member| same_name(&member.name, name.trim());
        exact.or_else(|| self.members.iter().find(is_same).filter(|_| names == Names::Folded))
    }

    /// Adds what a reply shows in the same place, or everywhere: it may come back.
    fn show(&mut self, reply: &Self, everywhere: &Self) {
        for member in &mut self.members {
            let same = reply.members.iter().find(|shown| shown.name == member.name);
            if let Some(shape) = &mut member.shape {
                shape.show(same.and_then(|same| same.shape.as_ref()).unwrap_or(everywhere), everywhere);
            }
        }
        let new = reply.members.iter().filter(|shown| self.members.iter().all(|known| known.name != shown.name));
        let new: Vec<Member> =
            new.map(|shown| Member { name: shown.name.clone(), shape: None, is_shown: true }).collect();
        self.members.extend(new);
    }
}
