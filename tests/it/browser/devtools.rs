//! Chromium without a window, told what to do by its DevTools protocol.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::Client;

/// A browser with one page. It ends when this is dropped.
pub struct Browser {
    process: Child,
    devtools: Client,
    page: String,
    sent: u64,
    /// What has been told meanwhile.
    events: Vec<Value>,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Browser {
    pub async fn start() -> Self {
        let profile = tempfile::Builder::new().prefix("laidian-browser-").tempdir().unwrap();
        let mut process = Command::new("chromium")
            // The pages are our own, and root gets no sandbox.
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .arg("--remote-debugging-port=0")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let url = said
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("DevTools listening on ")?.to_owned()));
        // Whatever else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let devtools = Client::connect(&url.expect("it did not start")).await;
        let mut browser =
            Self { process, devtools, page: String::new(), sent: 0, events: Vec::new(), _profile: profile };
        let target = browser.command("Target.createTarget", json!({"url": "about:blank"})).await["targetId"].take();
        let attached = browser.command("Target.attachToTarget", json!({"targetId": target, "flatten": true})).await;
        browser.page = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page.enable", "Runtime.enable"] {
            browser.command(domain, json!({})).await;
        }
        browser.command("Page.setLifecycleEventsEnabled", json!({"enabled": true})).await;
        browser
    }

    /// Opens a page, and returns once it is loaded.
    pub async fn open(&mut self, url: &str) {
        let opened = self.command("Page.navigate", json!({ "url": url })).await;
        assert_eq!(opened["errorText"], Value::Null, "{url}");
        self.event("Page.lifecycleEvent", |event| event["name"] == "load" && event["loaderId"] == opened["loaderId"])
            .await;
    }

    /// Runs a script as the console does, and returns what it comes to.
    pub async fn evaluate(&mut self, script: &str) -> Value {
        let asked = json!({"expression": script, "replMode": true, "awaitPromise": true, "returnByValue": true});
        let mut done = self.command("Runtime.evaluate", asked).await;
        assert_eq!(done["exceptionDetails"], Value::Null, "{script}");
        done["result"]["value"].take()
    }

    /// What is printed in the console next.
    pub async fn printed(&mut self) -> Value {
        let printed = self.event("Runtime.consoleAPICalled", |_| true).await["args"][0].take();
        let asked = json!({"objectId": printed["objectId"], "functionDeclaration": "function () { return this; }",
            "returnByValue": true});
        self.command("Runtime.callFunctionOn", asked).await["result"]["value"].take()
    }

    async fn command(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut command = json!({"id": self.sent, "method": method, "params": parameters});
        if !self.page.is_empty() {
            command["sessionId"] = self.page.as_str().into();
        }
        self.devtools.send(command.to_string()).await;
        loop {
            let mut told = self.next().await;
            if told["id"] == self.sent {
                assert_eq!(told["error"], Value::Null, "{method}");
                return told["result"].take();
            }
            self.events.push(told);
        }
    }

    /// The first event of this kind that nobody has asked for yet.
    async fn event(&mut self, method: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let is_it = |event: &Value| event["method"] == method && is_it(&event["params"]);
            if let Some(at) = self.events.iter().position(is_it) {
                return self.events.remove(at)["params"].take();
            }
            let told = self.next().await;
            self.events.push(told);
        }
    }

    async fn next(&mut self) -> Value {
        self.devtools.receive().await.expect("the browser has ended")
    }
}
