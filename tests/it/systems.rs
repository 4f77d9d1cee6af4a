//! Somebody who speaks to one server in the words of all five documents.

use std::net::SocketAddr;

use laidian::demo::APPS;
use laidian::domain::ids::{self, Entity};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::client::{Client, http};
use crate::signed;
use crate::support::{MAIN, TestServer};

pub struct Systems {
    address: SocketAddr,
    socket: Client,
}

/// What a call over HTTP is answered with; an empty body is null.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// The body as it came, with its members in their order.
    pub text: String,
}

impl Systems {
    pub async fn of(server: &TestServer) -> Self {
        Self { address: server.address(), socket: signed::connect(server).await }
    }

    /// Speaks to a server of its own process.
    pub async fn at(address: &str) -> Self {
        Self { address: address.parse().unwrap(), socket: Client::connect(&format!("ws://{address}/ws")).await }
    }

    /// Sends a frame and returns the reply, whatever it is.
    pub async fn frame(&mut self, frame: &Value) -> Value {
        self.socket.ask(frame.clone()).await
    }

    /// Sends a frame as it is written and returns the reply.
    pub async fn text(&mut self, frame: String) -> Value {
        self.socket.send(frame).await;
        self.socket.receive().await.unwrap()
    }

    /// Has an action done by an operator of the main company.
    pub async fn act(&mut self, login_no: &str, action: &str, members: Value) -> Value {
        let mut frame = members;
        frame["action"] = action.into();
        frame["operator"] = login_no.into();
        frame["companyId"] = MAIN.into();
        let reply = self.frame(&frame).await;
        assert_eq!(reply["code"], 1000, "{frame}: {reply}");
        reply
    }

    /// Makes a call: method and path, further headers, and what is posted.
    pub async fn call(&self, line: &str, headers: &str, body: &str) -> Answer {
        let answer = self.raw(line, headers, body).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
        let text = body.to_owned();
        let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body).expect(&answer) };
        Answer { status, body, text }
    }

    /// Makes a call and returns all of the answer.
    pub async fn raw(&self, line: &str, headers: &str, body: &str) -> String {
        let request = format!("{line}{headers}\nContent-Length: {}\n\n{body}", body.len());
        http(TcpStream::connect(self.address).await.unwrap(), &request).await
    }

    /// Makes a signed call of the call centre's document for a company.
    pub async fn open_api(&self, company: i64, call: &str, query: &[(&str, &str)], body: &Value) -> Value {
        let app = APPS.iter().find(|app| app.company == company).unwrap();
        let signature = signed::signature(app.id, app.token);
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(query).extend_pairs(&signature).finish();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.call(&format!("{call}?{query}"), "\nContent-Type: application/json", &body).await.body;
        assert_eq!(answer["code"], 1000, "{call} {body}: {answer}");
        answer
    }

    /// Calls iBiz PLM as the program that may do everything; trcs001 does it.
    pub async fn plm(&self, call: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.call(call, "\nAuthorization: Bearer demo-ibizplm-token", &body).await;
        assert_eq!(answer.status, 200, "{call} {body}: {}", answer.body);
        answer.body
    }

    /// Calls WiseCRM for this user and returns the whole answer.
    pub async fn wise(&self, call: &str, user: i64, query: &[(&str, &str)], body: &Value) -> Value {
        let op_user = ids::to_wise(Entity::User, 0, user);
        let own = [("appid", "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE"), ("sign", "demo-key"), ("op_user", &op_user)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(own).extend_pairs(query).finish();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.call(&format!("{call}?{query}"), "", &body).await.body;
        assert_eq!(answer["error_code"], 0, "{call} {body}: {answer}");
        answer
    }

    /// The customer detail of a customer of the main company.
    pub async fn detail(&self, number: i64) -> Answer {
        let line = format!("GET /api/customers/{}/detail", ids::to_hex24(MAIN, number));
        let answer = self.call(&line, "\nAuthorization: Bearer demo-detail-token", "").await;
        assert_eq!(answer.status, 200, "{line}: {}", answer.body);
        answer
    }

    /// The CRM's customer info of a customer of the main company.
    pub async fn info(&self, number: i64) -> Answer {
        let headers = "\nAuthorization: Bearer demo-crm-token\nContent-Type: application/json";
        let body = json!({ "cid": number.to_string() }).to_string();
        let answer = self.call("POST /crm/customer/info", headers, &body).await;
        assert_eq!(answer.body["errCode"], 1000, "{body}: {}", answer.body);
        answer
    }
}
