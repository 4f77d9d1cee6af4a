//! From a frame to its reply: reading, who is asking, carrying out. The loop in `socket` decides when.

mod at_once;
mod signing_in;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::session::Session;
use super::{Shared, metrics};
use crate::config::{AuthMode, Config};
use crate::dialects::desk;
use crate::dialects::{self, Access, Answered, Effect, FileAddress, Operation, Upload};
use crate::domain::masking::mask_text;
use crate::domain::times::{self, SECOND};
use crate::error::Error;
use crate::live;
use crate::ops::Caller;
use crate::ops::access::allowances;
use crate::ops::access::audit;
use crate::ops::access::identity::{self, Claim};
use crate::ops::files::downloads::Download;
use crate::ops::files::generated::Outgoing;
use crate::protocol::callback_id::CallbackId;
use crate::protocol::envelope::{self, Door};
use crate::protocol::frame::{self, BadFrame, Head, Problem};
use crate::protocol::nul;

/// A frame that is to be carried out.
pub struct Request {
    pub operation: Operation,
    body: Body,
    callback_id: CallbackId,
    who: Who,
    session: Arc<Session>,
}

enum Who {
    SignedIn(Arc<Caller>),
    Claimed(Claim),
    /// Who wants to be signed in, and who is already.
    SigningIn(Claim, Option<Arc<Caller>>),
}

/// The frame as strict JSON: a part of what was received, or of what the relaxed reader made of it.
struct Body {
    text: Text,
    part: Range<usize>,
}

enum Text {
    Received(Utf8Bytes),
    Rewritten(String),
}

impl Body {
    fn as_str(&self) -> &str {
        let text = match &self.text {
            Text::Received(text) => text.as_str(),
            Text::Rewritten(text) => text,
        };
        text.get(self.part.clone()).unwrap_or_default()
    }
}

/// What a frame leads to.
pub enum Reading {
    /// Something to carry out.
    Request(Request),
    /// An answer at once.
    Reply(Vec<u8>),
}

/// Reads a frame, and answers it at once if nothing is to be carried out.
pub fn read(
    shared: &Arc<Shared>,
    caller: Option<&Arc<Caller>>,
    session: &Arc<Session>,
    received: Utf8Bytes,
) -> Reading {
    let limit = shared.config.limits.frame_bytes;
    if received.len() > limit {
        let error = Error::FrameTooLarge { limit };
        shared.metrics.turned_away(metrics::UNKNOWN, &error);
        return Reading::Reply(refusal(&CallbackId::salvage(&received), &error));
    }
    let settings =
        frame::Settings { relaxed: shared.config.protocol.relaxed_frames, max_depth: shared.config.protocol.max_depth };
    let mut rewritten = String::new();
    let (placed, at, length) = match frame::read(&received, &mut rewritten, &settings) {
        Err(bad) => {
            let (id, error) = (bad.callback_id.clone(), bad_frame(bad));
            shared.metrics.turned_away(metrics::UNKNOWN, &error);
            return Reading::Reply(refusal(&id, &error));
        }
        Ok(frame) => {
            let action = Operation::parse(&frame.head.action).map_or(metrics::UNKNOWN, Operation::name);
            let placed = place(shared, caller, session, frame.head);
            let placed = placed.inspect_err(|(_, error)| shared.metrics.turned_away(action, error));
            if let Ok(placed) = &placed
                && let Some(reply) = at_once::answer(shared, session, placed, frame.body)
            {
                return Reading::Reply(reply);
            }
            (placed, frame.body.as_ptr().addr(), frame.body.len())
        }
    };
    let placed = match placed {
        Ok(placed) => placed,
        Err((id, error)) => return Reading::Reply(refusal(&id, &error)),
    };
    // The body is a part of one of the two texts; as a range, it can be kept together with it.
    let part_of = |text: &str| {
        let start = at.checked_sub(text.as_ptr().addr())?;
        (start + length <= text.len()).then_some(start..start + length)
    };
    let body = match part_of(&received) {
        Some(part) => Body { part, text: Text::Received(received) },
        None => Body { part: part_of(&rewritten).unwrap_or_default(), text: Text::Rewritten(rewritten) },
    };
    let Placed { operation, callback_id, who } = placed;
    Reading::Request(Request { operation, body, callback_id, who, session: session.clone() })
}

struct Placed {
    operation: Operation,
    callback_id: CallbackId,
    who: Who,
}

/// Finds the operation and who asks for it.
fn place(
    shared: &Arc<Shared>,
    caller: Option<&Arc<Caller>>,
    session: &Session,
    head: Head<'_>,
) -> Result<Placed, (CallbackId, Error)> {
    let placed = (|| {
        let operation = Operation::parse(&head.action);
        let for_anybody = operation.is_some_and(|operation| operation.access() == Access::Anybody);
        let is_login = operation == Some(Operation::Desk(desk::Operation::Login));
        let who = match caller {
            _ if is_login => Who::SigningIn(claim(&head), caller.cloned()),
            None if for_anybody => Who::SigningIn(claim(&head), None),
            Some(caller) => {
                identity::check_claim(caller, &claim(&head))
                    .inspect_err(|error| note_refusal(shared, caller, session.address(), &head.action, error))?;
                Who::SignedIn(match head.group_id {
                    Some(group) => Arc::new(identity::for_group(caller, group)),
                    None => caller.clone(),
                })
            }
            None if shared.config.auth.mode == AuthMode::Open => Who::Claimed(claim_with_customer(&head)),
            None => return Err(Error::NotSignedIn { detail: "请先 login / sign in first".into() }),
        };
        let operation = operation.ok_or_else(|| Error::UnknownAction { near: dialects::near(&head.action) })?;
        Ok((operation, who))
    })();
    match placed {
        Ok((operation, who)) => Ok(Placed { operation, callback_id: head.callback_id, who }),
        Err(error) => Err((head.callback_id, error)),
    }
}

fn claim(head: &Head<'_>) -> Claim {
    Claim {
        company: head.company_id,
        operator: head.operator.as_deref().map(str::to_owned),
        otherwise: None,
        group: head.group_id,
    }
}

/// The document's create frame names its company and its owner only inside `customer`.
fn claim_with_customer(head: &Head<'_>) -> Claim {
    let mut claim = claim(head);
    if (claim.company.is_none() || claim.operator.is_none())
        && let Some(customer) = head.customer
    {
        let (company, owner) = dialects::cti::customer_company(customer);
        claim.company = claim.company.or(company);
        claim.otherwise = owner;
    }
    claim
}

/// Why a frame is refused that cannot be read.
fn bad_frame(bad: BadFrame) -> Error {
    match bad.problem {
        Problem::Syntax(error) => Error::FrameForm { detail: error.to_string() },
        Problem::NotAnObject => Error::FrameForm { detail: "line 1, column 1: the frame is no object".into() },
        Problem::Repeated(problem) => Error::FrameForm { detail: format!("line 1, column 1: {problem}") },
        Problem::NoAction => Error::UnknownAction { near: Vec::new() },
        Problem::UnknownTopic(topic) => {
            let topic: String = topic.chars().take(64).collect();
            // Whose frame it is does not count here: nobody needs the number that stands in a wrong topic.
            Error::parameter(format!(
                "topic: 应为 {1}，收到 {0:?} / expected {1}, got {0:?}",
                mask_text(&topic),
                frame::TOPIC
            ))
        }
        Problem::Nul(path) => nul::refusal(&path),
        Problem::BadEnvelope { field } => {
            let (zh, en) = match field {
                "data" => ("对象", "an object"),
                "companyId" | "groupId" => ("整数", "an integer"),
                _ => ("文本或数字", "a text or a number"),
            };
            Error::expected(field, zh, en)
        }
    }
}

/// Returns the reply that refuses something.
pub fn refusal(callback_id: &CallbackId, error: &Error) -> Vec<u8> {
    let mut reply = Vec::with_capacity(256);
    envelope::failure(&mut reply, Door::Socket(callback_id), error);
    reply
}

/// Writes down that somebody was refused, beside the answer.
pub fn note_refusal(shared: &Arc<Shared>, caller: &Caller, address: IpAddr, action: &str, error: &Error) {
    let action = Operation::parse(action).map_or(metrics::UNKNOWN, Operation::name);
    let (company, login_no, code) = (caller.company, caller.login_no().to_owned(), error.row().code);
    let backend = shared.backend.clone();
    shared.shutdown.spawn(async move {
        audit::refusal(&backend, company, &login_no, address, action, code).await;
    });
}

/// How long an operation may take. An import goes on after that, but nobody waits for it any more.
pub fn limit(operation: Operation, config: &Config) -> Duration {
    match operation.upload() {
        Upload::No => config.limits.request(),
        Upload::Used | Upload::Kept => Duration::from_secs(config.import.seconds),
    }
}

/// What carrying out a request leads to.
pub struct Answer {
    /// Of the request, bytes.
    pub size: usize,
    pub reply: Vec<u8>,
    pub identity: Identity,
    pub live: Option<Following>,
}

/// What a socket follows from now on, and as whom.
pub struct Following {
    pub caller: Arc<Caller>,
    pub change: live::Change,
    /// The reply in place of the other, where that would be too much.
    pub refusal: Vec<u8>,
}

/// Who the socket is from now on.
pub enum Identity {
    /// Who it was.
    Same,
    SignedIn(Arc<Caller>),
    Nobody,
}

/// What a request makes of its socket: who it is, and what it follows.
type Becomes = (Identity, Option<Following>);

/// What is known of a request whose task ended without an answer.
pub struct Unanswered {
    size: usize,
    callback_id: CallbackId,
}

impl Unanswered {
    /// Returns the answer that tells of it.
    pub fn failed(&self, cause: &dyn fmt::Display) -> Answer {
        let reply = refusal(&self.callback_id, &Error::internal(cause));
        Answer { size: self.size, reply, identity: Identity::Same, live: None }
    }
}

impl Request {
    /// Returns what is to be known of it if its task ends without an answer.
    #[must_use]
    pub fn unanswered(&self) -> Unanswered {
        Unanswered { size: self.size(), callback_id: self.callback_id.clone() }
    }

    /// Whether it has to wait for the writes before it.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.operation.effect() == Effect::Write
    }

    /// Whether it decides who the socket is, so that nothing behind it may begin before it is done.
    #[must_use]
    pub fn decides_identity(&self) -> bool {
        self.is(desk::Operation::Login) || self.is(desk::Operation::Logout)
    }

    fn is(&self, operation: desk::Operation) -> bool {
        self.operation == Operation::Desk(operation)
    }

    /// What its frame takes, bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.body.text {
            Text::Received(text) => text.len(),
            Text::Rewritten(text) => text.len(),
        }
    }

    /// Carries the request out. Failures are answers, too.
    pub async fn answer(self, shared: Arc<Shared>) -> Answer {
        let mut reply = Vec::with_capacity(1024);
        let size = self.size();
        let limits = &shared.config.limits;
        let began = Instant::now();
        let carried_out =
            tokio::time::timeout(limit(self.operation, &shared.config), self.carry_out(&shared, &mut reply)).await;
        let outcome = match carried_out {
            Ok(Ok(_)) if reply.len() > limits.result_bytes => Err(Error::ResultTooLarge { limit: limits.result_bytes }),
            Ok(outcome) => outcome,
            Err(_) => Err(Error::TimedOut),
        };
        shared.metrics.answered(self.operation.name(), outcome.as_ref().err(), began.elapsed());
        let (reply, (identity, live)) = match outcome {
            Ok(becomes) => (reply, becomes),
            Err(error) => (refusal(&self.callback_id, &error), (Identity::Same, None)),
        };
        Answer { size, reply, identity, live }
    }

    async fn carry_out(&self, shared: &Arc<Shared>, reply: &mut Vec<u8>) -> Result<Becomes, Error> {
        let door = Door::Socket(&self.callback_id);
        let is_ping = self.is(desk::Operation::Ping);
        if is_ping || self.decides_identity() {
            // Before it is carried out, and the socket is somebody else's.
            self.operation.ignored(self.body.as_str())?;
        }
        // A ping says nothing but that the socket is alive, whoever sends it.
        if is_ping {
            envelope::success(reply, door, &desk::pong(shared.backend.clock.now()))?;
            return Ok((Identity::Same, None));
        }
        let caller = match &self.who {
            // In boxes, for the room that they take: most requests need none of it.
            _ if self.is(desk::Operation::Login) => Box::pin(self.sign_in(shared)).await?,
            Who::SignedIn(caller) => caller.clone(),
            Who::Claimed(claim) | Who::SigningIn(claim, _) => {
                Arc::new(Box::pin(identity::believe(&shared.backend, claim)).await?)
            }
        };
        let mut cx = shared.backend.context(&caller).await?;
        cx.address = Some(self.session.address());
        cx.socket = Some(self.session.id());
        let zone = cx.catalogue.company.time_zone.clone();
        let done = self.operation.run(cx, self.body.as_str(), door, reply).await.inspect_err(|error| {
            if matches!(error, Error::Forbidden { .. }) || allowances::is_exceeded(error) {
                note_refusal(shared, &caller, self.session.address(), self.operation.name(), error);
            }
        });
        match done? {
            Answered::File(file, ignored) => {
                envelope::success(reply, door, &Box::pin(offer(shared, &caller, &zone, file)).await)?;
                ignored.say(door, self.operation.reading().answers, reply, &mut Vec::new());
            }
            Answered::Live(change) => {
                let refusal = refusal(&self.callback_id, &desk::too_many_topics());
                return Ok((Identity::Same, Some(Following { caller, change, refusal })));
            }
            Answered::Written(_) => {}
        }
        let identity = match self.operation {
            Operation::Desk(desk::Operation::Login) => Identity::SignedIn(caller),
            Operation::Desk(desk::Operation::Logout) => Identity::Nobody,
            _ => Identity::Same,
        };
        Ok((identity, None))
    }
}

/// What HTTP sends as a file, the socket is told an address for.
async fn offer(shared: &Shared, caller: &Caller, zone: &TimeZone, file: Arc<dyn Outgoing>) -> FileAddress {
    let downloads = &shared.backend.downloads;
    let seconds = i64::try_from(downloads.seconds()).unwrap_or(i64::MAX / SECOND);
    let expires_at = shared.backend.clock.now().saturating_add(seconds.saturating_mul(SECOND));
    let token = downloads.offer(Download { caller: caller.clone(), file, expires_at });
    FileAddress { url: format!("/files/{}", token.simple()), expires: times::to_minute(expires_at, zone) }
}
