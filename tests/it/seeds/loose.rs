//! Examples that are nearly JSON: bare names, comments with brackets in them, what is not closed, JSON in a text.

use super::Field;

/// Returns the fields of the first object or list in a text, each once, in its order. The kind is that of the
/// printed value; where an example prints several, all of them.
pub fn fields(text: &str) -> Vec<Field> {
    let mut reader = Reader { rest: text, open: Vec::new(), key: None, fields: Vec::new() };
    reader.read();
    reader.fields
}

enum Open {
    Object(String),
    List(String),
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Open>,
    key: Option<String>,
    fields: Vec<Field>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut in_comment = false;
        while let Some(first) = self.rest.chars().next() {
            let is_open = !self.open.is_empty();
            match first {
                '{' | '[' => {
                    self.skip(first);
                    self.enter(first);
                }
                '}' | ']' if is_open => {
                    self.skip(first);
                    self.leave(first);
                    if self.open.is_empty() {
                        return;
                    }
                }
                '\n' => {
                    in_comment = false;
                    self.skip(first);
                }
                _ if in_comment || !is_open => self.skip(first),
                '/' if self.rest.starts_with("//") => in_comment = true,
                '"' => self.quoted(),
                _ if first.is_alphanumeric() => self.word(),
                _ => self.skip(first),
            }
        }
    }

    fn skip(&mut self, first: char) {
        self.rest = &self.rest[first.len_utf8()..];
    }

    /// Where a value stands that comes now; nowhere when it is none of the example's.
    fn place(&mut self) -> Option<String> {
        match (self.open.last(), self.key.take()) {
            (Some(Open::Object(path)), Some(key)) if path.is_empty() => Some(key),
            (Some(Open::Object(path)), Some(key)) => Some(format!("{path}.{key}")),
            (Some(Open::List(path)), _) => Some(format!("{path}[]")),
            (None, _) => Some(String::new()),
            (Some(Open::Object(_)), None) => None,
        }
    }

    fn note(&mut self, path: &str, kind: &str) {
        // What a list holds is told by its entries' fields.
        if path.is_empty() || (path.ends_with("[]") && matches!(kind, "object" | "array")) {
            return;
        }
        match self.fields.iter_mut().find(|field| field.path == path) {
            Some(field) if field.kind.split('|').any(|known| known == kind) => {}
            Some(field) => field.kind = format!("{}|{kind}", field.kind),
            None => self.fields.push(Field { path: path.to_owned(), kind: kind.to_owned() }),
        }
    }

    fn enter(&mut self, bracket: char) {
        let Some(path) = self.place() else { return };
        if bracket == '{' {
            self.note(&path, "object");
            self.open.push(Open::Object(path));
        } else {
            self.note(&path, "array");
            self.open.push(Open::List(path));
        }
    }

    /// An object that ends, ends the lists in it, too.
    fn leave(&mut self, bracket: char) {
        self.key = None;
        if bracket == '}' {
            while matches!(self.open.pop(), Some(Open::List(_))) {}
        } else if matches!(self.open.last(), Some(Open::List(_))) {
            self.open.pop();
        }
    }

    /// A name; the list in which it stands was not closed.
    fn name(&mut self, name: &str) {
        while matches!(self.open.last(), Some(Open::List(_))) {
            self.open.pop();
        }
        self.key = Some(name.trim().to_owned());
    }

    fn quoted(&mut self) {
        let inner = &self.rest[1..];
        if let Some(inner) = inner.strip_prefix('{') {
            // JSON in a text, which is printed as it is.
            if let Some(path) = self.place() {
                self.note(&path, "string");
                self.open.push(Open::Object(format!("{path}{{}}")));
            }
            self.rest = inner;
            return;
        }
        let (text, rest) = inner.split_once('"').unwrap_or((inner, ""));
        self.rest = rest;
        self.value_or_name(text, "string");
    }

    fn word(&mut self) {
        let end = self.rest.find(|each: char| !each.is_alphanumeric() && each != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let kind = match word {
            "true" | "false" => "boolean",
            "null" => "null",
            word if word.chars().all(|each| each.is_ascii_digit()) => "number",
            _ => "",
        };
        self.value_or_name(word, kind);
    }

    fn value_or_name(&mut self, text: &str, kind: &str) {
        if self.rest.trim_start().starts_with(':') {
            self.name(text);
        } else if !kind.is_empty()
            && let Some(path) = self.place()
        {
            self.note(&path, kind);
        }
    }
}

#[test]
fn examples_are_read_as_they_are_meant() {
    let text = r#"返回 {
        ok: true, "list": [ //注释 {
        "id ": 1, "a": null }, { "id": "x", "a": null } ],
        "phones": [{"id": 1},"next": ["甲", "乙"], "inner": "{
        "deep": 1, 渠道 "last":"",//照片 }",//认证
        "end": {} } 之后 {"more": 1}"#;
    let read: Vec<String> = fields(text).iter().map(|field| format!("{} {}", field.path, field.kind)).collect();
    let expected = [
        "ok boolean",
        "list array",
        "list[].id number|string",
        "list[].a null",
        "phones array",
        "phones[].id number",
        "next array",
        "next[] string",
        "inner string",
        "inner{}.deep number",
        "inner{}.last string",
        "end object",
    ];
    assert_eq!(read, expected);
}
