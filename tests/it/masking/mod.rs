//! Somebody who sees numbers masked talks to the server at random, and in all that comes back there is no
//! number: in no reply, error or file. Only `reveal_phone` shows one, just the one, and it is written down.
//!
//! What a client has sent itself may come back, as far as it does not read like a telephone number.

mod asked;
mod counted;
mod door;
mod evasions;
mod guesses;
mod numbers;
mod people;
mod strangers;
mod tries;

use laidian::config::AuthMode;
use laidian::dialects::rows;
use serde_json::{Value, json};

use crate::client::Client;
use crate::support::{Engine, server};
use asked::{Asked, Expected, frames};
use door::{check_file, http, log_in};
use numbers::Dice;
use people::People;

both_engines! {
    no_reply_has_a_number_in_it,
    no_file_has_a_number_in_it,
}

const STEPS: usize = 250;

struct Talk {
    people: People,
    dice: Dice,
    agent: Client,
    admin: Client,
    address: std::net::SocketAddr,
    token: String,
    revealed: usize,
}

impl Talk {
    async fn begin(server: &crate::support::TestServer) -> Self {
        let url = format!("ws://{}/ws", server.address());
        let dice = Dice::new();
        let mut admin = log_in(&url, "admin1001").await;
        let people = People::invent(server.backend(), &mut admin, &dice).await;
        let given = json!({"list_deleted": true, "restore_customer": true});
        let rights = json!({"action": "put_rights", "role": "agent", "actions": given});
        assert_eq!(admin.ask(rights).await["code"], 1000);
        let agent = log_in(&url, "TRCS004").await;
        let token = laidian::ops::access::token::issue_token(server.backend(), 1001, "TRCS004", 600).await.unwrap();
        Self { people, dice, agent, admin, address: server.address(), token, revealed: 0 }
    }

    /// Sends one request over either door, and looks through the answer.
    async fn ask(&mut self, asked: Asked) {
        let Asked { frame, expected } = asked;
        let context = frame.to_string();
        let route = rows().find(|row| row.action == frame["action"]).and_then(|row| row.routes.first().copied());
        let is_file = frame["action"] == "export_customers";
        let mut reply =
            match route.filter(|route| route.path.starts_with("/open_api/") && !is_file && self.dice.below(4) == 0) {
                Some(route) => http(self.address, &self.token, route, &frame).await,
                None => {
                    let secrets = &self.people.secrets;
                    self.agent.ask_and(frame.clone(), |push| secrets.check(&push, "what is pushed")).await
                }
            };
        if let Some(id) = reply.as_object_mut().unwrap().remove("callbackId") {
            assert_eq!(id, frame["callbackId"], "a client's own name for its request stays as it is");
        }
        let total = reply["meta"]["total_count"].as_i64();
        match expected {
            Expected::Anything => {}
            Expected::Code(code) => assert_eq!(reply["code"], code, "{reply} for {context}"),
            Expected::Nobody => assert_eq!(total, Some(0), "{reply} for {context}"),
            Expected::Somebody => assert!(total.unwrap() > 0, "{reply} for {context}"),
            Expected::Content(content) => {
                self.revealed += 1;
                assert_eq!(reply["result"]["content"].take(), content, "{reply} for {context}");
            }
        }
        self.people.secrets.check(&reply, &context);
        if let Some(url) = reply["url"].as_str() {
            check_file(self.address, url, &self.people.secrets, &context).await;
        }
    }

    /// Asks for every action there is, and then for any of them.
    async fn go_on(&mut self) {
        let actions: Vec<&str> = rows().map(|row| row.action).collect();
        for step in 0..actions.len() + STEPS {
            let action = actions.get(step).copied().unwrap_or_else(|| *self.dice.pick(&actions));
            for asked in frames(action, &mut self.people, &self.dice) {
                self.ask(asked).await;
            }
            if action == "update_customer" {
                self.send_back().await;
            }
        }
    }

    /// Sends a customer back as it was shown: nothing may change by it.
    async fn send_back(&mut self) {
        let id = self.people.any(&self.dice).id;
        let get = json!({"action": "get_customer", "type": "id", "content": id});
        let before = self.admin.ask(get.clone()).await;
        let mut shown = self.agent.ask(get.clone()).await["result"][0].take();
        if self.dice.below(2) == 0 {
            let bare: Vec<Value> =
                shown["cellphones"].as_array().unwrap().iter().map(|phone| phone["content"].clone()).collect();
            shown["cellphones"] = bare.into();
        }
        let update = json!({"action": "update_customer", "type": "id", "content": id, "customer": shown});
        let reply = self.agent.ask(update.clone()).await;
        assert_eq!(reply["code"], 1000, "{reply} for {update}");
        self.people.secrets.check(&reply, "a customer as it was shown");
        assert_eq!(self.admin.ask(get).await["result"], before["result"], "{update}");
    }
}

impl Talk {
    /// Frames that are refused before anybody looks at who sent them, and one with escapes.
    async fn send_what_is_no_frame(&mut self) {
        let mobile = self.people.known[0].numbers[0].national.clone();
        let escaped: String = mobile.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        for text in [
            format!(r#"{{"topic":"{mobile}","data":{{"action":"ping"}}}}"#),
            format!(r#"{{"action":"{mobile}"}}"#),
            format!(r#"{{"action":["{mobile}"]}}"#),
            format!(r#"{{"action":"ping","companyId":"{mobile}","groupId":["{mobile}"]}}"#),
            format!(r#"{{"action":"list_customers","groupId":{mobile}}}"#),
            format!(r#"{{"action":"list_customers","operator":"{mobile}"}}"#),
            mobile.clone(),
            format!("{{action:{mobile}:}}"),
            format!("{{action:ping,{mobile}:1,{mobile}:2,}}"),
            format!(r#"{{"action":"get_customer","type":"cellphone","content":"{escaped}"}}"#),
            format!(
                r#"{{"action":"update_customer","type":"cellphone","content":"{escaped}","customer":{{"custType":"{escaped}"}}}}"#
            ),
        ] {
            self.agent.send(text.clone()).await;
            let reply = self.agent.receive().await.unwrap();
            self.people.secrets.check(&reply, &text);
        }
    }
}

async fn no_reply_has_a_number_in_it(engine: Engine) {
    let server = server(engine, |config| {
        config.auth.mode = AuthMode::Token;
        config.limits.reveals_per_hour = 0;
        config.limits.masked_lookups_per_hour = 0;
    })
    .await;
    let mut talk = Talk::begin(&server).await;
    talk.go_on().await;
    talk.send_what_is_no_frame().await;
    let audit = talk.admin.ask(json!({"action": "list_audit", "kind": "reveal", "pageSize": 200})).await;
    assert_eq!(audit["result"].as_array().unwrap().len(), talk.revealed.min(200));
    assert!(talk.revealed > 0);
    server.stop().await;
}

async fn no_file_has_a_number_in_it(engine: Engine) {
    let server = server(engine, |config| config.auth.mode = AuthMode::Token).await;
    let mut talk = Talk::begin(&server).await;
    let rights = |phones: &str| json!({"action": "put_rights", "role": "agent", "reach": "group", "phones": phones, "export": true});
    for format in ["csv", "jsonl", "xlsx"] {
        // Asked for while numbers are shown, and fetched when they are not any more.
        assert_eq!(talk.admin.ask(rights("shown")).await["code"], 1000);
        let export = json!({"action": "export_customers", "format": format});
        let reply = talk.agent.ask(export.clone()).await;
        assert_eq!(talk.admin.ask(rights("masked")).await["code"], 1000);
        check_file(talk.address, reply["url"].as_str().unwrap(), &talk.people.secrets, format).await;
        talk.ask(Asked { frame: export, expected: Expected::Code(1000) }).await;
    }
    server.stop().await;
}
