//! `schemas/openapi.json`: the HTTP door, as OpenAPI 3.1.

use serde_json::{Value, json};

use super::shapes::{Members, Shapes};
use super::{Row, description, host, lines};
use crate::dialects::http::{Body, Described, Placement, Refuses};
use crate::dialects::{Route, Upload, rows};

/// The status of every success.
const SUCCESS: u16 = 200;

/// Returns the document: every row that has a route, the files, and how the server is.
pub fn document() -> Value {
    let mut shapes = Shapes::new("/components/schemas");
    let (mut paths, mut schemes) = (Members::new(), Members::new());
    let (mut named, mut refused) = (Members::new(), Members::new());
    let mut tags: Vec<Value> = Vec::new();
    for row in rows().filter(|row| !row.routes.is_empty()) {
        let described = row.operation.described();
        for (index, route) in row.routes.iter().enumerate() {
            let operation = operation(&mut shapes, row, &described, route, index);
            add(&mut paths, route.path, &route.method.to_lowercase(), operation);
        }
        let alone = described.refuses.iter().filter(|refuses| refuses.status != SUCCESS);
        refused.extend(alone.map(|refuses| (response_name(row, refuses), response(row, refuses))));
        if named.insert(refusal_name(row), described.refusal).is_none() {
            tags.push(json!({ "name": tag(row), "description": described.about }));
            if let Value::Object(more) = described.schemes {
                schemes.extend(more);
            }
        }
    }
    named.extend(shapes.definitions(paths.values()));
    add(&mut paths, "/files/{token}", "get", file());
    add(&mut paths, "/healthz", "get", health());
    add(&mut paths, "/readyz", "get", readiness());
    add(
        &mut paths,
        "/docs/openapi.json",
        "get",
        document_of("openapi", "这份文档，OpenAPI 3.1 / this document, OpenAPI 3.1"),
    );
    add(
        &mut paths,
        "/docs/asyncapi.json",
        "get",
        document_of("asyncapi", "WebSocket 的文档，AsyncAPI 3.0 / the socket, AsyncAPI 3.0"),
    );
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [
            { "url": "/", "description": "提供这份文档的服务器 / the server that gives this document" },
            { "url": format!("http://{}", host()), "description": "默认地址 / the default address" },
        ],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": named, "responses": refused, "securitySchemes": schemes },
    })
}

fn tag(row: &Row) -> String {
    row.dialect.to_lowercase()
}

/// The name of the schema of the dialect's refusals.
fn refusal_name(row: &Row) -> String {
    format!("{}Refusal", row.dialect)
}

/// The name of the answer with which the dialect refuses.
fn response_name(row: &Row, refuses: &Refuses) -> String {
    format!("{}{}", row.dialect, refuses.status)
}

fn add(paths: &mut Members, path: &str, method: &str, operation: Value) {
    let entry = paths.entry(path).or_insert_with(|| json!({}));
    if let Value::Object(methods) = entry {
        methods.insert(method.to_owned(), operation);
    }
}

fn info() -> Value {
    json!({
        "title": "laidian 来电: HTTP",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "五个系统，同一批客户。每个系统有自己的路径、凭据和回复，见各个标签；docs/dialects 有详细说明。\n\
                        Five systems, the same customers. Each has paths, credentials and answers of its own: see the \
                        tags, and docs/dialects.",
        "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
    })
}

/// What one route does; `index` counts those of the row.
fn operation(shapes: &mut Shapes, row: &Row, described: &Described, route: &Route, index: usize) -> Value {
    let mut request = shapes.request(row);
    let in_path = names_in(route.path);
    if let Some(Value::Object(properties)) = request.get_mut("properties") {
        // Another route of the row may have it in its path.
        let elsewhere = row.routes.iter().flat_map(|other| names_in(other.path));
        for name in elsewhere.filter(|name| !in_path.contains(name)) {
            properties.remove(name);
        }
    }
    if let (Some(name), Some(Value::Array(required))) = ((described.required)(route.path), request.get_mut("required"))
    {
        required.push(name.into());
    }
    let (mut parameters, mut body) = split(shapes, request, &in_path, described, route);
    if row.upload != Upload::No {
        body = Some(form());
    }
    parameters.extend(described.query.iter().cloned());
    let id = if index == 0 { row.action.to_owned() } else { format!("{}.{}", row.action, index + 1) };
    let mut operation = json!({
        "operationId": id,
        "summary": lines(row).last(),
        "description": description(row),
        "tags": [tag(row)],
        "security": described.security.iter().map(|names| together(names)).collect::<Vec<_>>(),
        "parameters": parameters,
        "responses": responses(shapes, row, described),
    });
    if let (Some(body), Value::Object(operation)) = (body, &mut operation) {
        operation.insert("requestBody".into(), body);
    }
    operation
}

/// Credentials that prove a call together.
fn together(names: &[&str]) -> Members {
    names.iter().map(|name| ((*name).to_owned(), json!([]))).collect()
}

/// The names that stand in a path as `{name}`.
fn names_in(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// Returns the parameters of path and query, and the body for what these do not hold.
fn split(
    shapes: &Shapes,
    request: Members,
    in_path: &[&str],
    described: &Described,
    route: &Route,
) -> (Vec<Value>, Option<Value>) {
    let has_body = matches!(route.method, "POST" | "PUT");
    let takes_query = !has_body || described.placement != Placement::ByMethod;
    let required = request.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_required = |name: &str| required.iter().any(|required| required == name);
    let (mut parameters, mut members) = (Vec::new(), Members::new());
    if let Some(Value::Object(properties)) = request.get("properties").cloned() {
        for (name, schema) in properties {
            let description = schema.get("description");
            match in_query(shapes, &schema) {
                _ if in_path.contains(&name.as_str()) => {
                    parameters.push(parameter(&name, "path", "string", true, description));
                }
                Some(kind) if takes_query || (described.in_query)(&name) => {
                    parameters.push(parameter(&name, "query", kind, is_required(&name), description));
                }
                // What is no scalar stands in no query.
                _ if !has_body => {}
                _ => {
                    members.insert(name, schema);
                }
            }
        }
    }
    if has_body {
        members.extend(described.members.clone());
    }
    if members.is_empty() {
        return (parameters, None);
    }
    let names: Vec<String> = members.keys().filter(|name| is_required(name)).cloned().collect();
    let is_needed = !names.is_empty() || (described.needs_body)(route.path);
    let schema = match members.remove("body").filter(|_| described.placement == Placement::BodyIsParameter) {
        Some(body) => body,
        None => json!({ "type": "object", "required": names, "properties": members }),
    };
    let content = described.takes.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": schema })));
    let body = json!({ "required": is_needed, "content": content.collect::<Members>() });
    (parameters, Some(body))
}

fn parameter(name: &str, place: &str, kind: &str, required: bool, description: Option<&Value>) -> Value {
    let mut parameter = json!({ "name": name, "in": place, "required": required, "schema": { "type": kind } });
    if let (Some(description), Value::Object(parameter)) = (description, &mut parameter) {
        parameter.insert("description".into(), description.clone());
    }
    parameter
}

/// The type that a member has in a query, which knows only texts: of several that it may have, text is the
/// one that is always right. `None` for what is no scalar.
fn in_query(shapes: &Shapes, schema: &Value) -> Option<&'static str> {
    let mut types = Vec::new();
    collect_types(shapes, schema, &mut types);
    ["string", "integer", "number", "boolean"].into_iter().find(|kind| types.iter().any(|found| found == kind))
}

/// Collects the types of a schema and of its alternatives.
fn collect_types(shapes: &Shapes, schema: &Value, types: &mut Vec<String>) {
    match schema.get("type") {
        Some(Value::String(one)) => types.push(one.clone()),
        Some(Value::Array(several)) => types.extend(several.iter().filter_map(|one| Some(one.as_str()?.to_owned()))),
        _ => {}
    }
    if let Some(named) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| shapes.named(reference)) {
        collect_types(shapes, named, types);
    }
    for keyword in ["anyOf", "oneOf"] {
        let alternatives = schema.get(keyword).and_then(Value::as_array);
        alternatives.into_iter().flatten().for_each(|alternative| collect_types(shapes, alternative, types));
    }
}

/// What a route answers with, by status.
fn responses(shapes: &mut Shapes, row: &Row, described: &Described) -> Members {
    let mut success = success(shapes, row, described);
    let mut responses = Members::new();
    for refuses in described.refuses {
        if refuses.status == SUCCESS {
            join(&mut success, row, refuses);
        } else {
            let reference = format!("#/components/responses/{}", response_name(row, refuses));
            responses.insert(refuses.status.to_string(), json!({ "$ref": reference }));
        }
    }
    responses.insert(SUCCESS.to_string(), success);
    responses
}

fn success(shapes: &mut Shapes, row: &Row, described: &Described) -> Value {
    if row.is_file {
        return file_answer(described.files);
    }
    let schema = shapes.http_reply(row, described.envelope.clone());
    let mut success = json!({ "description": "成功 / success" });
    if let Value::Object(members) = &mut success {
        // Nothing is answered by an empty body.
        if schema != json!({ "type": "null" }) {
            members.insert("content".into(), json!({ "application/json": { "schema": schema } }));
        }
        if !row.headers.is_empty() {
            let number = |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
            let headers = row.headers.iter().map(|(name, description)| ((*name).to_owned(), number(description)));
            members.insert("headers".into(), headers.collect::<Members>().into());
        }
    }
    success
}

/// Adds a refusal to a success with which it shares the status.
fn join(success: &mut Value, row: &Row, refuses: &Refuses) {
    if let Some(Value::String(description)) = success.get_mut("description") {
        *description = format!("{description}\n{}", refuses.when);
    }
    if let Some(Value::Object(content)) = success.get_mut("content") {
        let schema = match content.get("application/json").and_then(|of| of.get("schema")) {
            Some(reply) => json!({ "oneOf": [reply, refusal(row)] }),
            None => refusal(row),
        };
        content.insert("application/json".into(), json!({ "schema": schema }));
    }
}

fn refusal(row: &Row) -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", refusal_name(row)) })
}

/// An answer that refuses.
fn response(row: &Row, refuses: &Refuses) -> Value {
    let mut response = match refuses.body {
        Body::Refusal => {
            json!({ "description": refuses.when, "content": { "application/json": { "schema": refusal(row) } } })
        }
        Body::Text => text(refuses.when),
        Body::Nothing => json!({ "description": refuses.when }),
    };
    if let (429, Value::Object(members)) = (refuses.status, &mut response) {
        members.insert("headers".into(), waiting());
    }
    response
}

/// The headers of what is refused for its rate.
fn waiting() -> Value {
    let number = |description: &str| json!({ "description": description, "required": true, "schema": { "type": "integer", "minimum": 0 } });
    json!({
        "Retry-After": number("多少秒后重试 / how long to wait before trying again, seconds"),
        "X-RateLimit-Limit": number("限制允许的请求数 / how many requests the limit allows"),
        "X-RateLimit-Remaining": number("还剩多少，这里是 0 / how many are left, 0 here"),
    })
}

/// A body that carries a file.
fn form() -> Value {
    let file = json!({ "type": "string", "format": "binary" });
    let schema = json!({ "type": "object", "properties": { "file": file }, "required": ["file"] });
    json!({ "required": false, "content": { "multipart/form-data": { "schema": schema } } })
}

/// The answer that is a file of one of these types.
fn file_answer(types: &[&str]) -> Value {
    let format = |kind: &&str| ((*kind).to_owned(), json!({ "schema": { "type": "string", "format": "binary" } }));
    let disposition = json!({ "description": "文件名 / the name of the file", "schema": { "type": "string" } });
    json!({
        "description": "文件 / the file",
        "headers": { "Content-Disposition": disposition },
        "content": types.iter().map(format).collect::<Members>(),
    })
}

fn file() -> Value {
    let mut all: Vec<&str> = rows().flat_map(|row| row.operation.described().files).copied().collect();
    all.sort_unstable();
    all.dedup();
    json!({
        "operationId": "files",
        "summary": "The file whose address a socket was told.",
        "description": "下载文件；地址只能用一次，[export] url_seconds 内有效。\n\
                        The file whose address a socket was told: good once, for [export] url_seconds.",
        "tags": ["server"],
        "security": [],
        "parameters": [{
            "name": "token",
            "in": "path",
            "required": true,
            "description": "地址的末段 / the end of the address",
            "schema": { "type": "string" },
        }],
        "responses": {
            "200": file_answer(&all),
            "403": text("没有权限了 / the rights are gone"),
            "404": text("地址无效、已使用或已过期 / the address is unknown, used or expired"),
            "500": text("服务器内部错误 / a fault of the server"),
        },
    })
}

fn health() -> Value {
    json!({
        "operationId": "healthz",
        "summary": "Whether the process is alive.",
        "tags": ["server"],
        "security": [],
        "responses": { "200": text("进程在运行 / the process is alive") },
    })
}

fn readiness() -> Value {
    json!({
        "operationId": "readyz",
        "summary": "Whether requests would be answered now.",
        "tags": ["server"],
        "security": [],
        "responses": {
            "200": text("可以接受请求 / requests are answered"),
            "503": text("正在关闭、正在更新号码和检索词（升级后第一次启动）、数据库没有应答，或者磁盘已满、只读、出错 / shutting down, numbers and search terms are made anew (the first start of a newer version), the database does not answer, or the disk is full, read-only or failing"),
        },
    })
}

fn document_of(name: &str, description: &str) -> Value {
    json!({
        "operationId": name,
        "summary": description,
        "tags": ["server"],
        "security": [],
        "responses": {
            "200": {
                "description": description,
                "content": { "application/json": { "schema": { "type": "object", "required": [name] } } },
            },
        },
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "content": { "text/plain": { "schema": { "type": "string" } } } })
}
