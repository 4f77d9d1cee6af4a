//! Clients that are somebody: operators, apps and nobody, over the socket and over HTTP.

use std::collections::BTreeMap;
use std::fmt;

use laidian::config::{AuthMode, Config};
use laidian::demo::{APPS, token_secret};
use laidian::dialects::Route;
use laidian::domain::signature;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, http};
use crate::jwt;
use crate::support::{self, DESK, Engine, MAIN, NOW, SECOND, SHOP, TestServer};

/// Somebody of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Nobody,
    Operator(i64, &'static str),
    /// An app, as the system user of its company.
    App(i64),
}

pub const NOBODY: Who = Who::Nobody;
/// Of both groups of the main company.
pub const AGENT: Who = Who::Operator(MAIN, "trcs001");
/// Of one of its groups.
pub const OTHER_AGENT: Who = Who::Operator(MAIN, "trcs008");
pub const SUPERVISOR: Who = Who::Operator(MAIN, "trcs009");
pub const ADMIN: Who = Who::Operator(MAIN, "admin1054");
/// Who sees the customers of his group, without their numbers.
pub const MASKED_AGENT: Who = Who::Operator(SHOP, "TRCS004");
pub const OTHER_ADMIN: Who = Who::Operator(SHOP, "admin1001");
pub const APP: Who = Who::App(MAIN);
pub const OTHER_APP: Who = Who::App(DESK);

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::Operator(company, login_no) => write!(f, "{login_no} of {company}"),
            Self::App(company) => write!(f, "the app of {company}"),
        }
    }
}

/// A server on which everybody has to sign in.
pub async fn server(engine: Engine) -> TestServer {
    server_with(engine, |_| {}).await
}

pub async fn server_with(engine: Engine, change: impl FnOnce(&mut Config)) -> TestServer {
    support::server(engine, |config| {
        config.auth.mode = AuthMode::Token;
        change(config);
    })
    .await
}

pub fn password(login_no: &str) -> String {
    format!("demo-{}", login_no.to_lowercase())
}

/// The members that an app with this token signs now.
pub fn signature(id: &str, token: &str) -> [(&'static str, String); 3] {
    let timestamp = (laidian::ops::clock::Clock::system().now() / SECOND).to_string();
    let sign = signature::v1(id, token, &timestamp);
    [("appid", id.to_owned()), ("timestamp", timestamp), ("sign", sign)]
}

/// A token of an operator that was issued long ago and is good for long.
pub fn token(company: i64, login_no: &str) -> String {
    let seconds = NOW / SECOND;
    let claims = json!({"sub": login_no, "company": company, "iat": seconds, "exp": seconds * 2});
    jwt::hs256(&claims, token_secret(company))
}

impl Who {
    pub fn company(self) -> Option<i64> {
        match self {
            Self::Nobody => None,
            Self::Operator(company, _) | Self::App(company) => Some(company),
        }
    }

    /// The frame with which he signs in; nobody has nothing to show.
    pub fn login(self) -> Value {
        match self {
            Self::Nobody => json!({"action": "login"}),
            Self::Operator(company, login_no) => {
                json!({"action": "login", "loginno": login_no, "companyId": company, "password": password(login_no)})
            }
            Self::App(company) => {
                let app = APPS.iter().find(|app| app.company == company).unwrap();
                app_login(app.id, app.token)
            }
        }
    }

    /// A socket on which he is signed in.
    pub async fn connect(self, server: &TestServer) -> Client {
        let mut client = connect(server).await;
        if self != NOBODY {
            let reply = client.ask(self.login()).await;
            assert_eq!(reply["code"], 1000, "{self}: {reply}");
        }
        client
    }

    /// What he is answered over HTTP: the code, and all of the answer.
    pub async fn call(self, server: &TestServer, route: Route, parameters: &Value) -> (i64, String) {
        match self {
            Self::Nobody => call(server, route, parameters, &[], None).await,
            Self::Operator(company, login_no) => {
                call(server, route, parameters, &[], Some(&token(company, login_no))).await
            }
            Self::App(company) => {
                let app = APPS.iter().find(|app| app.company == company).unwrap();
                call(server, route, parameters, &signature(app.id, app.token), None).await
            }
        }
    }
}

/// A socket on which nobody is signed in.
pub async fn connect(server: &TestServer) -> Client {
    Client::connect(&format!("ws://{}/ws", server.address())).await
}

pub fn app_login(id: &str, secret: &str) -> Value {
    let mut login = json!({"action": "login"});
    for (name, value) in signature(id, secret) {
        login[name] = value.into();
    }
    login
}

fn is_plm(path: &str) -> bool {
    ["/customers", "/products/", "/files", "/ossfiles", "/importschemas", "/asyncactions"]
        .iter()
        .any(|root| path.starts_with(root))
}

/// Calls a route: what its path names goes there, objects and lists go into the body, and the rest into the query or, where
/// the system reads none, into the body, too. The code is 1000 for a file.
pub async fn call(
    server: &TestServer,
    Route { method, path }: Route,
    parameters: &Value,
    signature: &[(&str, String)],
    bearer: Option<&str>,
) -> (i64, String) {
    let mut path = path.to_owned();
    let (mut body, mut query) = (BTreeMap::new(), form_urlencoded::Serializer::new(String::new()));
    for (name, value) in parameters.as_object().unwrap() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let segment = format!("{{{name}}}");
        if path.contains(&segment) {
            path = path.replace(&segment, &text);
        } else if value.is_object()
            || value.is_array()
            || path.starts_with("/crm/")
            || (method != "GET" && is_plm(&path))
        {
            body.insert(name, value);
        } else {
            query.append_pair(name, &text);
        }
    }
    let query = query.extend_pairs(signature).finish();
    let body = if body.is_empty() { String::new() } else { json!(body).to_string() };
    let authorization = bearer.map(|token| format!("\nAuthorization: Bearer {token}")).unwrap_or_default();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let length = body.len();
    let request = format!("{method} {path}?{query}{authorization}\nContent-Length: {length}\n\n{body}");
    let answer = http(stream, &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    if head.contains("attachment; filename=") {
        return (1000, answer);
    }
    let reply: Value = match body {
        "" => Value::Null,
        body => serde_json::from_str(body).unwrap_or_else(|_| panic!("{method} {path}: {answer}")),
    };
    let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
    let code = ["code", "errCode", "error_code"].iter().find_map(|name| reply[name].as_i64());
    (code.unwrap_or(status), answer)
}
