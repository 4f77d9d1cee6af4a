//! What Node and Redis answer with: the replies that laidian gives, each under its number.

use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use rusqlite::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::load::{LookUps, REPLY};
use crate::server::{Server, Speech};
use crate::socket::Socket;

/// Requests that are on their way at a time.
const AT_ONCE: usize = 1_000;
/// Sockets that ask for all of them.
const ASKING: usize = 8;
/// Digits of the number that a request has.
const NUMBER: usize = 8;

/// The file of all documents of this data set, which laidian is asked for once.
pub async fn of(folder: &Path, laidian: &Server, look_ups: &LookUps) -> PathBuf {
    let file = folder.join("documents.sqlite");
    if file.exists() {
        return file;
    }
    println!("  asking for all {} documents, once", look_ups.phones.len());
    let unfinished = folder.join("documents.unfinished");
    let _ = std::fs::remove_file(&unfinished);
    let mut conn = Connection::open(&unfinished).expect("the file opens");
    let table = "create table document (phone text not null primary key, body text not null) without rowid";
    conn.execute_batch(table).expect("a table");
    let tx = conn.transaction().expect("a transaction");
    let mut socket = Socket::open(laidian).await;
    for begin in (0..look_ups.phones.len()).step_by(AT_ONCE) {
        let places = begin..look_ups.phones.len().min(begin + AT_ONCE);
        let replies = all(&mut socket, look_ups, places.clone()).await;
        let mut insert = tx.prepare_cached("insert into document values (?1, ?2)").expect("an insert");
        for (place, reply) in places.zip(&replies) {
            insert.execute((&*look_ups.phones[place], reply)).expect("stored");
        }
    }
    tx.commit().expect("committed");
    conn.close().expect("closed");
    std::fs::rename(unfinished, &file).expect("kept");
    file
}

/// Asks for these at once, and returns what the replies say behind the number of the request.
async fn all(socket: &mut Socket, look_ups: &LookUps, places: std::ops::Range<usize>) -> Vec<String> {
    let mut replies = vec![String::new(); places.len()];
    // No more than a server takes from one socket.
    for begin in places.clone().step_by(32) {
        let some = begin..places.end.min(begin + 32);
        let requests: Vec<u8> =
            some.clone().flat_map(|place| look_ups.request(place, Speech::WebSocket)).copied().collect();
        socket.send(&requests).await;
        let mut left = some.len();
        while left > 0 {
            socket.fill().await;
            while let Some(reply) = socket.reply().await {
                let reply = std::str::from_utf8(reply).expect("text");
                let rest = reply.strip_prefix(REPLY).unwrap_or_else(|| panic!("refused: {reply}"));
                let (number, body) = rest.split_at(NUMBER);
                let place = LookUps::place(number).expect("its number");
                assert!(body.contains(&*look_ups.phones[place]), "another's number: {reply}");
                body.clone_into(&mut replies[place - places.start]);
                left -= 1;
            }
        }
    }
    replies
}

/// Asks for every document, so that whatever keeps some in memory has had its chance.
pub async fn warm(server: &Server, look_ups: &LookUps) {
    let count = look_ups.phones.len();
    let share = count.div_ceil(ASKING);
    let asking = (0..ASKING).map(|number| async move {
        let mut socket = Socket::open(server).await;
        let end = count.min((number + 1) * share);
        for begin in (number * share..end).step_by(AT_ONCE) {
            all(&mut socket, look_ups, begin..end.min(begin + AT_ONCE)).await;
        }
    });
    join_all(asking).await;
}

/// Gives Redis every reply under its number.
pub async fn fill(redis: &Server, documents: &Path) {
    let mut stream = TcpStream::connect(redis.address).await.expect("a connection");
    let conn = Connection::open(documents).expect("the file opens");
    let mut statement = conn.prepare("select phone, body from document").expect("a statement");
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the documents");
    let rows: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>().expect("the documents");
    for rows in rows.chunks(AT_ONCE) {
        let mut commands = Vec::new();
        let count = rows.len();
        for (phone, body) in rows {
            let reply = format!("{REPLY}10000000{body}");
            let head = format!("*3\r\n$3\r\nSET\r\n${}\r\n{phone}\r\n${}\r\n", phone.len(), reply.len());
            commands.extend_from_slice(format!("{head}{reply}\r\n").as_bytes());
        }
        stream.write_all(&commands).await.expect("sent");
        let mut answers = vec![0; count * 5];
        stream.read_exact(&mut answers).await.expect("answers");
        assert_eq!(answers, b"+OK\r\n".repeat(count), "Redis has not stored all");
    }
}
