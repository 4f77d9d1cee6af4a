//! What ends a sign-in: a lower role, another password, another secret, a second socket.

use std::time::Duration;

use laidian::config::Sessions;
use laidian::ops::access::token::issue_token;
use serde_json::{Value, json};

use super::{code, done};
use crate::client::Client;
use crate::signed::{
    ADMIN, AGENT, APP, OTHER_ADMIN, OTHER_AGENT, SUPERVISOR, app_login, call, connect, server, server_with, signature,
    token,
};
use crate::support::{Engine, MAIN, TestServer};

both_engines! {
    a_lower_role_ends_sign_ins,
    another_secret_ends_sign_ins_of_the_app,
    another_password_ends_sign_ins,
    ones_own_password_ends_ones_sign_ins,
    a_disabled_operator_is_out,
    an_admin_does_not_shut_himself_out,
    where_one_socket_is_allowed_the_older_ends,
    an_app_that_acts_as_an_operator_is_no_other,
    a_token_that_expires_ends_its_socket_unless_it_is_renewed,
}

const WITHDRAWN: u16 = 4003;
const SIGNED_IN_ELSEWHERE: u16 = 4005;
/// A second, and what a busy machine takes longer.
const SOON: Duration = Duration::from_millis(2500);

fn get() -> Value {
    json!({"action": "get_customer", "type": "id", "content": 1})
}

/// The code with which the server closes a socket soon.
async fn closed_soon(client: &mut Client) -> u16 {
    tokio::time::timeout(SOON, client.closed()).await.expect("the socket stays open").0
}

/// Shows that the server has looked for ended sign-ins, since it ends one, and that this one is not among them.
async fn stays(server: &TestServer, client: &mut Client) {
    let mut ends = connect(server).await;
    let token = issue_token(server.backend(), MAIN, "trcs001", 2).await.unwrap();
    done(&mut ends, json!({"action": "login", "token": token})).await;
    assert_eq!(ends.closed().await.0, WITHDRAWN);
    done(client, get()).await;
}

/// What a token from long ago is answered over HTTP and at the handshake.
async fn with_old_token(server: &TestServer, login_no: &str) -> (i64, Option<u16>) {
    let route = laidian::dialects::Route { method: "GET", path: "/open_api/customers" };
    let token = token(MAIN, login_no);
    let (code, _) = call(server, route, &json!({}), &[], Some(&token)).await;
    let url = format!("ws://{}/ws", server.address());
    let bearer = format!("Bearer {token}");
    (code, Client::connect_with(&url, &[("authorization", &bearer)]).await.err())
}

async fn a_lower_role_ends_sign_ins(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let (mut supervisor, mut agent) = (SUPERVISOR.connect(&server).await, AGENT.connect(&server).await);
    let mut by_token = connect(&server).await;
    done(&mut by_token, json!({"action": "login", "token": token(MAIN, "trcs009")})).await;
    let put = |staff_no: &str, role: &str| json!({"action": "put_operator", "staffNo": staff_no, "role": role});
    done(&mut admin, put("trcs009", "supervisor")).await;
    done(&mut admin, put("trcs001", "admin")).await;
    stays(&server, &mut supervisor).await;
    // A higher role is there at once.
    done(&mut agent, json!({"action": "show_company"})).await;

    done(&mut admin, put("TRCS009", "agent")).await;
    done(&mut admin, put("trcs001", "supervisor")).await;
    assert_eq!(code(&mut agent, json!({"action": "show_company"})).await, 2403, "also before it is closed");
    for client in [&mut supervisor, &mut by_token, &mut agent] {
        assert_eq!(closed_soon(client).await, WITHDRAWN);
    }
    assert_eq!(with_old_token(&server, "trcs009").await, (2401, Some(401)));
    let reply = connect(&server).await.ask(SUPERVISOR.login()).await;
    assert_eq!((&reply["code"], &reply["role"]), (&json!(1000), &json!("agent")));
    assert_eq!(reply["groups"], json!([1_054_001, 1_054_002]), "what was not said stays");
    done(&mut admin, get()).await;
    server.stop().await;
}

async fn another_secret_ends_sign_ins_of_the_app(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let (mut app, mut others, mut operator) =
        (APP.connect(&server).await, crate::signed::OTHER_APP.connect(&server).await, AGENT.connect(&server).await);
    let mut vouched = connect(&server).await;
    let mut login = APP.login();
    login["loginno"] = "trcs008".into();
    done(&mut vouched, login).await;

    let told = done(&mut admin, json!({"action": "rotate_app", "id": "2020158"})).await;
    let secret = told["token"].as_str().unwrap();
    assert_eq!(closed_soon(&mut app).await, WITHDRAWN);
    assert_eq!(closed_soon(&mut vouched).await, WITHDRAWN);
    assert_eq!(connect(&server).await.ask(APP.login()).await["code"], 2059);
    let route = laidian::dialects::Route { method: "GET", path: "/open_api/customers" };
    assert_eq!(APP.call(&server, route, &json!({})).await.0, 2059);
    done(&mut connect(&server).await, app_login("2020158", secret)).await;
    assert_eq!(call(&server, route, &json!({}), &signature("2020158", secret), None).await.0, 1000);
    done(&mut operator, get()).await;
    assert_ne!(code(&mut others, get()).await, 2401);
    let shown = done(&mut admin, json!({"action": "show_company"})).await;
    assert!(!shown.to_string().contains(secret), "it is told once");
    server.stop().await;
}

async fn another_password_ends_sign_ins(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let (mut agent, mut other) = (OTHER_AGENT.connect(&server).await, AGENT.connect(&server).await);
    assert_eq!(with_old_token(&server, "trcs008").await, (1000, None));
    let set = |password: &str| json!({"action": "set_password", "staffNo": "trcs008", "password": password});
    assert_eq!(code(&mut admin, set("short")).await, 2000);
    done(&mut agent, get()).await;
    done(&mut admin, set("correct horse battery")).await;
    assert_eq!(closed_soon(&mut agent).await, WITHDRAWN);
    assert_eq!(with_old_token(&server, "trcs008").await, (2401, Some(401)));
    assert_eq!(connect(&server).await.ask(OTHER_AGENT.login()).await["code"], 2401);
    let mut login = OTHER_AGENT.login();
    login["password"] = "correct horse battery".into();
    done(&mut connect(&server).await, login).await;
    done(&mut other, get()).await;
    server.stop().await;
}

/// All of them, this one too; whoever does not know the old one changes nothing, and waits longer each time.
async fn ones_own_password_ends_ones_sign_ins(engine: Engine) {
    let server = server(engine).await;
    let (mut agent, mut second) = (OTHER_AGENT.connect(&server).await, OTHER_AGENT.connect(&server).await);
    let mut other = AGENT.connect(&server).await;
    let old = crate::signed::password("trcs008");
    let change = |old: &str, new: &str| json!({"action": "change_password", "old": old, "new": new});
    assert_eq!(code(&mut agent, change(&old, "short")).await, 2000);
    assert_eq!(code(&mut agent, change("another-password", "correct horse battery")).await, 2403);
    assert_eq!(code(&mut agent, json!({"action": "change_password", "new": "correct horse battery"})).await, 2000);
    assert_eq!(code(&mut APP.connect(&server).await, change(&old, "correct horse battery")).await, 2403);
    done(&mut agent, change(&old, "correct horse battery")).await;
    for client in [&mut agent, &mut second] {
        assert_eq!(closed_soon(client).await, WITHDRAWN);
    }
    assert_eq!(with_old_token(&server, "trcs008").await, (2401, Some(401)));
    assert_eq!(connect(&server).await.ask(OTHER_AGENT.login()).await["code"], 2401);
    let mut login = OTHER_AGENT.login();
    login["password"] = "correct horse battery".into();
    let mut back = connect(&server).await;
    done(&mut back, login).await;
    let mut codes: Vec<Value> = Vec::new();
    while codes.last() != Some(&json!(429)) && codes.len() < 50 {
        codes.push(code(&mut back, change("wrong-password", "correct horse staple")).await);
    }
    assert_eq!(codes.last(), Some(&json!(429)), "{codes:?}");
    assert!(codes.iter().all(|code| [json!(2403), json!(429)].contains(code)), "{codes:?}");
    done(&mut other, get()).await;
    server.stop().await;
}

async fn a_disabled_operator_is_out(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let (mut agent, mut other) = (OTHER_AGENT.connect(&server).await, AGENT.connect(&server).await);
    done(&mut admin, json!({"action": "disable_operator", "staffNo": "trcs008"})).await;
    assert_eq!(closed_soon(&mut agent).await, WITHDRAWN);
    assert_eq!(with_old_token(&server, "trcs008").await, (2401, Some(401)));
    assert_eq!(connect(&server).await.ask(OTHER_AGENT.login()).await["code"], 2401);
    let mut login = APP.login();
    login["loginno"] = "trcs008".into();
    assert_eq!(connect(&server).await.ask(login).await["code"], 2401, "nor by an app");
    done(&mut admin, json!({"action": "enable_operator", "staffNo": "trcs008"})).await;
    assert_eq!(with_old_token(&server, "trcs008").await, (2401, Some(401)), "what has ended stays ended");
    stays(&server, &mut OTHER_AGENT.connect(&server).await).await;
    done(&mut other, get()).await;
    server.stop().await;
}

async fn an_admin_does_not_shut_himself_out(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    for frame in [
        json!({"action": "disable_operator", "staffNo": "admin1054"}),
        json!({"action": "disable_operator", "staffNo": "Admin1054"}),
        json!({"action": "disable_operator", "staffNo": " ADMIN1054 "}),
        json!({"action": "put_operator", "staffNo": "admin1054", "role": "supervisor"}),
        json!({"action": "put_operator", "staffNo": " Admin1054 ", "role": "agent"}),
        json!({"action": "put_operator", "staffNo": "admin1054", "role": "agent", "password": "another-password"}),
    ] {
        assert_eq!(code(&mut admin, frame.clone()).await, 2000, "{frame}");
    }
    done(&mut admin, json!({"action": "put_operator", "staffNo": "admin1054", "name": "新名字", "role": "admin"}))
        .await;
    stays(&server, &mut admin).await;
    done(&mut connect(&server).await, ADMIN.login()).await;
    // Another admin of the company may.
    done(&mut admin, json!({"action": "put_operator", "staffNo": "trcs009", "role": "admin"})).await;
    let mut second = SUPERVISOR.connect(&server).await;
    done(&mut second, json!({"action": "disable_operator", "staffNo": "admin1054"})).await;
    assert_eq!(closed_soon(&mut admin).await, WITHDRAWN);
    done(&mut OTHER_ADMIN.connect(&server).await, json!({"action": "show_company"})).await;
    server.stop().await;
}

async fn where_one_socket_is_allowed_the_older_ends(engine: Engine) {
    let server = server_with(engine, |config| config.auth.sessions = Sessions::One).await;
    let mut other = AGENT.connect(&server).await;
    let (mut app, mut second_app) = (APP.connect(&server).await, APP.connect(&server).await);
    let mut first = OTHER_AGENT.connect(&server).await;
    done(&mut first, OTHER_AGENT.login()).await;
    done(&mut first, get()).await;
    let mut second = OTHER_AGENT.connect(&server).await;
    assert_eq!(closed_soon(&mut first).await, SIGNED_IN_ELSEWHERE);
    let bearer = format!("Bearer {}", token(MAIN, "TRCS008"));
    let url = format!("ws://{}/ws", server.address());
    let mut third = Client::connect_with(&url, &[("authorization", &bearer)]).await.unwrap();
    assert_eq!(closed_soon(&mut second).await, SIGNED_IN_ELSEWHERE);
    // A failed sign-in ends nothing, and who has signed out is not ended.
    let mut login = OTHER_AGENT.login();
    login["password"] = "wrong password".into();
    assert_eq!(code(&mut connect(&server).await, login).await, 2401);
    done(&mut third, json!({"action": "logout"})).await;
    let mut fourth = OTHER_AGENT.connect(&server).await;
    assert_eq!(code(&mut third, json!({"action": "ping"})).await, 1000);
    for client in [&mut fourth, &mut other, &mut app, &mut second_app] {
        done(client, get()).await;
    }
    server.stop().await;
}

/// A socket lasts as long as the token that signed it in, or the one that renewed it.
async fn a_token_that_expires_ends_its_socket_unless_it_is_renewed(engine: Engine) {
    let server = server(engine).await;
    let sign_in = async |client: &mut Client, seconds| {
        let token = issue_token(server.backend(), MAIN, "trcs008", seconds).await.unwrap();
        client.ask(json!({"action": "login", "token": token})).await["code"].clone()
    };
    let (mut ends, mut stays) = (connect(&server).await, connect(&server).await);
    for client in [&mut ends, &mut stays] {
        assert_eq!(sign_in(client, 4).await, 1000);
    }
    assert_eq!(sign_in(&mut stays, 600).await, 1000);
    assert_eq!(ends.closed().await.0, 4003);
    assert_eq!(stays.ask(get()).await["code"], 1000);
    server.stop().await;
}

/// An app that is bound to an operator has his rights, and vouches for nobody else.
async fn an_app_that_acts_as_an_operator_is_no_other(engine: Engine) {
    let server = server(engine).await;
    let mut admin = ADMIN.connect(&server).await;
    let put = json!({"action": "put_app", "id": "bound", "name": "话务台", "actsAs": "trcs008"});
    let secret = done(&mut admin, put).await["token"].as_str().unwrap().to_owned();
    let reply = connect(&server).await.ask(app_login("bound", &secret)).await;
    assert_eq!((&reply["code"], &reply["loginNo"]), (&json!(1000), &json!("trcs008")), "{reply}");
    for (login_no, expected) in [("trcs009", 2403), ("trcs001", 2403), ("TRCS008", 1000)] {
        let mut login = app_login("bound", &secret);
        login["loginno"] = login_no.into();
        let reply = connect(&server).await.ask(login).await;
        assert_eq!(reply["code"], expected, "{login_no}: {reply}");
    }
    let put = json!({"action": "put_app", "id": "too-much", "name": "话务台", "actsAs": "admin1054"});
    let secret = done(&mut admin, put).await["token"].as_str().unwrap().to_owned();
    let reply = connect(&server).await.ask(app_login("too-much", &secret)).await;
    assert_eq!(reply["code"], 2403, "{reply}");
    server.stop().await;
}
