//! `schemas/openapi.json`: the HTTP door, as OpenAPI 3.1.

use serde_json::{Value, json};

use super::shapes::{Members, Shapes, http_refusal};
use super::{Row, description, host, lines};
use crate::dialects::{Route, rows};
use crate::ops::export::Format;

/// The system whose calls are signed, and name their company.
const CTI: &str = "Cti";

/// Returns the document: every row that has a route, the files, and how the server is.
pub fn document() -> Value {
    let mut shapes = Shapes::new("/components/schemas");
    let mut paths = Members::new();
    for row in rows() {
        for (index, route) in row.routes.iter().enumerate() {
            let operation = operation(&mut shapes, row, route, index);
            add(&mut paths, route.path, &route.method.to_lowercase(), operation);
        }
    }
    let mut schemas = shapes.definitions(paths.values());
    schemas.insert("Refusal".into(), http_refusal());
    add(&mut paths, "/files/{token}", "get", file());
    add(&mut paths, "/healthz", "get", health());
    add(&mut paths, "/readyz", "get", readiness());
    json!({
        "openapi": "3.1.0",
        "info": info(),
        "servers": [{ "url": format!("http://{}", host()), "description": "默认地址 / the default address" }],
        "security": [
            { "bearer": [] },
            { "appid": [], "timestamp": [], "sign": [] },
            { "appid": [], "timestamp": [], "sign": [], "sign_version": [], "nonce": [] },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": { "companyId": company_id() },
            "responses": { "RateLimited": rate_limited() },
            "securitySchemes": security_schemes(),
        },
    })
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
        "description": "状态码是 200，错误码在回复的 code 里（429 除外）；错误码见 docs/errors.md。\
                        参数可以写在查询串里，也可以写在 JSON 请求体里。\n\
                        The status is 200 and the code is in the body (429 sets both); docs/errors.md lists the codes. \
                        Parameters may stand in the query or in a JSON body.",
        "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
    })
}

/// What one route does; `index` counts those of the row.
fn operation(shapes: &mut Shapes, row: &Row, route: &Route, index: usize) -> Value {
    let mut request = shapes.request(row);
    let in_path = names_in(route.path);
    if let Some(Value::Object(properties)) = request.get_mut("properties") {
        // Another route of the row may have it in its path.
        let elsewhere = row.routes.iter().flat_map(|other| names_in(other.path));
        for name in elsewhere.filter(|name| !in_path.contains(name)) {
            properties.remove(name);
        }
    }
    let takes_query = row.dialect == CTI || !matches!(route.method, "POST" | "PUT");
    let (mut parameters, body) = split(shapes, request, &in_path, takes_query);
    if row.dialect == CTI {
        parameters.push(json!({ "$ref": "#/components/parameters/companyId" }));
    }
    let id = if index == 0 { row.action.to_owned() } else { format!("{}.{}", row.action, index + 1) };
    let mut operation = json!({
        "operationId": id,
        "summary": lines(row).last(),
        "description": description(row),
        "tags": [row.dialect.to_lowercase()],
        "parameters": parameters,
        "responses": { "200": answer(shapes, row), "429": { "$ref": "#/components/responses/RateLimited" } },
    });
    if let (Some(body), Value::Object(operation)) = (body, &mut operation) {
        operation.insert("requestBody".into(), body);
    }
    operation
}

/// The names that stand in a path as `{name}`.
fn names_in(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect()
}

/// Returns the parameters of path and query, and the body for what these do not hold.
fn split(shapes: &Shapes, request: Members, in_path: &[&str], takes_query: bool) -> (Vec<Value>, Option<Value>) {
    let required = request.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_required = |name: &str| required.iter().any(|required| required == name);
    let (mut parameters, mut members) = (Vec::new(), Members::new());
    let Some(Value::Object(properties)) = request.get("properties").cloned() else { return (parameters, None) };
    for (name, schema) in properties {
        let description = schema.get("description");
        match in_query(shapes, &schema) {
            _ if in_path.contains(&name.as_str()) => {
                parameters.push(parameter(&name, "path", "string", true, description));
            }
            Some(kind) if takes_query => {
                parameters.push(parameter(&name, "query", kind, is_required(&name), description));
            }
            _ => {
                members.insert(name, schema);
            }
        }
    }
    if members.is_empty() {
        return (parameters, None);
    }
    let names: Vec<&String> = members.keys().filter(|name| is_required(name)).collect();
    let body = json!({
        "required": !names.is_empty(),
        "content": { "application/json": { "schema": { "type": "object", "required": names, "properties": members } } },
    });
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

/// What a route answers with, also when it refuses.
fn answer(shapes: &mut Shapes, row: &Row) -> Value {
    let refusal = json!({ "$ref": "#/components/schemas/Refusal" });
    if row.is_file {
        let mut answer = file_answer();
        if let Some(Value::Object(content)) = answer.get_mut("content") {
            content.insert("application/json".into(), json!({ "schema": refusal }));
        }
        return answer;
    }
    if row.dialect != CTI {
        // The other systems have neither our envelope nor our refusals.
        return json!({
            "description": "成功 / success",
            "content": { "application/json": { "schema": shapes.bare_reply(row) } },
        });
    }
    json!({
        "description": "成功，或 code 说明的拒绝 / success, or the refusal that code tells",
        "content": { "application/json": { "schema": { "oneOf": [shapes.http_reply(row), refusal] } } },
    })
}

fn file_answer() -> Value {
    let format = |format: Format| {
        let content_type = format.content_type();
        let essence = content_type.split(';').next().unwrap_or(content_type);
        (essence.to_owned(), json!({ "schema": { "type": "string", "format": "binary" } }))
    };
    let disposition = json!({ "description": "文件名 / the name of the file", "schema": { "type": "string" } });
    json!({
        "description": "文件 / the file",
        "headers": { "Content-Disposition": disposition },
        "content": Format::ALL.into_iter().map(format).collect::<Members>(),
    })
}

fn company_id() -> Value {
    json!({
        "name": "companyId",
        "in": "query",
        "description": "公司由 appid 决定；如果给出，必须一致，否则 2403 / \
                        the app says which company the call is for; another one is refused with 2403",
        "schema": { "type": "string" },
    })
}

fn rate_limited() -> Value {
    json!({
        "description": "请求频率超过限制 / over the caller's rate",
        "headers": {
            "Retry-After": {
                "description": "多少秒后重试 / how long to wait before trying again, seconds",
                "schema": { "type": "integer", "minimum": 0 },
            },
        },
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Refusal" } } },
    })
}

fn security_schemes() -> Value {
    let parameter = |name: &str, description: &str| json!({ "type": "apiKey", "in": "query", "name": name, "description": description });
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "工号的令牌（laidian token、身份提供方），或程序的令牌 / the token of an operator, or of a program",
        },
        "appid": parameter("appid", "应用编号 / the id of the company's app"),
        "timestamp": parameter(
            "timestamp",
            "Unix 时间（秒），与服务器相差不超过 300 / Unix time in seconds, at most 300 off the server's",
        ),
        "sign": parameter(
            "sign",
            "签名，小写十六进制。v1：SHA-256(appid&token&timestamp)；v2：以 token 为密钥的 HMAC-SHA256，\
             内容每行一项：方法、路径、不含 sign 的有序查询串、请求体 SHA-256 的十六进制、timestamp、nonce / \
             lower-case hex. v1: SHA-256 of appid&token&timestamp; v2: HMAC-SHA256 with the token, one per line: method, \
             path, sorted query without sign, hex SHA-256 of the body, timestamp, nonce",
        ),
        "sign_version": parameter("sign_version", "签名版本：v1（默认）或 v2（推荐） / v1 (default) or v2 (recommended)"),
        "nonce": parameter(
            "nonce",
            "v2 的随机数，最多 64 个字符，15 分钟内只能用一次 / for v2: at most 64 characters, used once in 15 minutes",
        ),
    })
}

fn file() -> Value {
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
            "200": file_answer(),
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
            "503": text("正在关闭，或数据库没有应答 / shutting down, or the database does not answer"),
        },
    })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "content": { "text/plain": { "schema": { "type": "string" } } } })
}
