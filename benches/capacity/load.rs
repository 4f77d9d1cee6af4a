//! Rounds of look-ups: so many sockets, each with so many requests on their way, every reply checked against its request.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use memchr::memmem;

use crate::data::MAIN;
use crate::people::Dice;
use crate::server::{Server, Speech};
use crate::socket::{Socket, frame};

pub const SOCKETS: usize = 64;
/// Requests are numbered from here, so that all numbers are equally long.
const FIRST: usize = 10_000_000;
/// How a reply to a look-up begins.
pub const REPLY: &str = "{\"success\":true,\"message\":\"操作成功！\",\"code\":1000,\"callbackId\":";

/// All look-ups, ready to be sent in the words of a WebSocket and of Redis.
pub struct LookUps {
    pub phones: Vec<Box<str>>,
    frames: Packed,
    commands: Packed,
}

/// Many short texts in one.
#[derive(Default)]
struct Packed {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Packed {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, place: usize) -> &[u8] {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[begin..self.ends[place]]
    }
}

impl LookUps {
    pub fn of(phones: Vec<Box<str>>) -> Self {
        let (mut frames, mut commands) = (Packed::default(), Packed::default());
        for (place, phone) in phones.iter().enumerate() {
            let number = FIRST + place;
            frames.push(&frame(&format!(
                "{{\"action\":\"get_customer\",\"type\":\"cellphone\",\"content\":\"{phone}\",\"operator\":\"trcs001\",\"companyId\":\"{MAIN}\",\"callbackId\":{number}}}"
            )));
            commands.push(format!("*2\r\n$3\r\nGET\r\n${}\r\n{phone}\r\n", phone.len()).as_bytes());
        }
        Self { phones, frames, commands }
    }

    /// Which one the request of this number asks for.
    pub fn place(number: &str) -> Option<usize> {
        number.parse::<usize>().ok()?.checked_sub(FIRST)
    }

    /// What is sent to ask for this one.
    pub fn request(&self, place: usize, speech: Speech) -> &[u8] {
        match speech {
            Speech::WebSocket => self.frames.get(place),
            Speech::Redis => self.commands.get(place),
        }
    }
}

/// Which look-ups are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Random,
    /// Some that everybody asks for.
    Hot,
}

const HOT: usize = 1_000;

/// What a round came to; times are milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Figure {
    pub per_second: f64,
    pub cpu_micros: f64,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

impl Figure {
    /// Of these replies, in this time, for so many seconds of the server's CPU.
    pub fn of(times: &Histogram<u64>, time: Duration, cpu: f64) -> Self {
        let replies = times.len() as f64;
        Self {
            per_second: replies / time.as_secs_f64(),
            cpu_micros: cpu * 1e6 / replies,
            p50: milliseconds(times, 0.5),
            p99: milliseconds(times, 0.99),
            p999: milliseconds(times, 0.999),
        }
    }
}

/// What is told of a time in a histogram, milliseconds.
pub fn milliseconds(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1e3
}

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 600_000_000, 3).expect("a histogram")
}

/// What is asked in a round, and for how long.
#[derive(Clone, Copy)]
pub struct Round {
    pub look_ups: &'static LookUps,
    pub keys: Keys,
    pub depth: usize,
    pub time: Duration,
    /// What is answered whatever is asked.
    pub fixed: Option<&'static [u8]>,
}

impl Round {
    /// Asks from as many threads as there are processors, so that whatever the server leaves of them is used.
    pub fn play(self, server: &Server) -> Figure {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(SOCKETS);
        let barrier = Barrier::new(threads + 1);
        std::thread::scope(|scope| {
            let barrier = &barrier;
            let asking = (0..threads)
                .map(|first| scope.spawn(move || self.thread(server, (first..SOCKETS).step_by(threads), barrier)))
                .collect::<Vec<_>>();
            barrier.wait();
            let (cpu, begun) = (server.cpu(), Instant::now());
            let mut times = histogram();
            for client in asking {
                times.add(client.join().expect("a client")).expect("times");
            }
            Figure::of(&times, begun.elapsed(), server.cpu() - cpu)
        })
    }

    /// Opens the sockets of one thread, begins when all are open, and returns how long each reply took.
    fn thread(self, server: &Server, seeds: impl Iterator<Item = usize>, barrier: &Barrier) -> Histogram<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut sockets = Vec::new();
            for seed in seeds {
                sockets.push((Socket::open(server).await, Dice::new(seed as u64 + 1)));
            }
            barrier.wait();
            let (speech, until) = (server.speech, Instant::now() + self.time);
            let clients = sockets.into_iter().map(|(socket, dice)| tokio::spawn(self.ask(socket, speech, dice, until)));
            let mut times = histogram();
            for client in clients.collect::<Vec<_>>() {
                times.add(client.await.expect("a client")).expect("times");
            }
            times
        })
    }

    /// Keeps `depth` requests on their way until the time is over; returns how long each took, microseconds.
    async fn ask(self, mut socket: Socket, speech: Speech, mut dice: Dice, until: Instant) -> Histogram<u64> {
        let Self { look_ups, keys, depth, .. } = self;
        let most = if keys == Keys::Hot { HOT } else { usize::MAX };
        let among = look_ups.phones.len().min(most) as u64;
        let mut pick = || usize::try_from(dice.below(among)).expect("a place");
        let mut times = histogram();
        let (mut requests, mut waiting) = (Vec::new(), Vec::<(usize, Instant)>::with_capacity(depth));
        let mut is_over = false;
        loop {
            if !is_over {
                let now = Instant::now();
                while waiting.len() < depth {
                    let place = pick();
                    requests.extend_from_slice(look_ups.request(place, speech));
                    waiting.push((place, now));
                }
                socket.send(&requests).await;
                requests.clear();
            }
            socket.fill().await;
            let now = Instant::now();
            while let Some(reply) = socket.reply().await {
                let (_, asked) = waiting.remove(self.answered(reply, speech, &waiting));
                times.saturating_record(u64::try_from((now - asked).as_micros()).expect("a time"));
            }
            is_over = now >= until;
            if is_over && waiting.is_empty() {
                return times;
            }
        }
    }

    /// Which of those that wait a reply answers; gives up when it is none's.
    fn answered(&self, reply: &[u8], speech: Speech, waiting: &[(usize, Instant)]) -> usize {
        if let Some(fixed) = self.fixed {
            assert!(reply == fixed, "another reply than the fixed one");
            return 0;
        }
        let at = if speech == Speech::WebSocket {
            let number = reply.strip_prefix(REPLY.as_bytes()).and_then(|rest| rest.get(..8)).unwrap_or_default();
            let place = std::str::from_utf8(number).ok().and_then(LookUps::place);
            waiting.iter().position(|(waits, _)| Some(*waits) == place)
        } else {
            Some(0)
        };
        let at = at.filter(|at| waiting.get(*at).is_some());
        let at = at.unwrap_or_else(|| panic!("nobody asked for this: {}", String::from_utf8_lossy(reply)));
        let phone = &self.look_ups.phones[waiting[at].0];
        assert!(
            memmem::find(reply, phone.as_bytes()).is_some(),
            "{phone} is not in {}",
            String::from_utf8_lossy(reply)
        );
        at
    }
}
