//! The documented systems. Each has a table of operations; the socket and HTTP are two doors to it.
//!
//! To add an operation: a row in the table of its dialect, a handler, a golden conversation. To add a
//! dialect: a folder with a table, and a row in `dialects!` below.

#[macro_use]
mod parameters;
#[macro_use]
mod table;
pub mod admin;
pub mod calls;
pub mod crm_info;
pub mod cti;
pub mod customer_detail;
pub mod desk;
pub mod http;
pub mod ibizplm;
pub mod members;
mod request_id;
pub mod wisecrm;
pub mod work;

pub use table::{Access, Done, Effect, FileAddress, Headers, Route, Row, Upload, decode};

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use http::{Call, Described, Refusal, Refused};
use members::{Ignored, Reading};

use crate::domain::masking::mask_from;
use crate::error::Error;
use crate::live;
use crate::ops::files::generated::Outgoing;
use crate::ops::{Backend, Caller, Cx};
use crate::protocol::envelope::{self, Door};
use crate::protocol::frame::Settings;
use crate::protocol::nul;

/// How an operation was answered.
pub enum Answered {
    /// The reply is appended; over HTTP it has these headers.
    Written(Headers),
    /// The reply is appended, and the socket follows other events once it is sent.
    Live(live::Change),
    /// A file; who is answered is told what was ignored.
    File(Arc<dyn Outgoing>, Ignored),
}

/// Lists the dialects: an operation is found in the first that has its action.
macro_rules! dialects {
    ($($name:ident: $module:ident),+ $(,)?) => {
        /// An operation of any dialect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation { $($name($module::Operation)),+ }

        impl Operation {
            /// The operation with this action name.
            #[must_use]
            pub fn parse(action: &str) -> Option<Self> {
                None $(.or_else(|| $module::Operation::parse(action).map(Self::$name)))+
            }

            #[must_use]
            pub fn effect(self) -> Effect {
                match self { $(Self::$name(operation) => operation.effect()),+ }
            }

            #[must_use]
            pub fn upload(self) -> Upload {
                match self { $(Self::$name(operation) => operation.upload()),+ }
            }

            #[must_use]
            pub fn access(self) -> Access {
                match self { $(Self::$name(operation) => operation.access()),+ }
            }

            /// Refuses a request that the caller may not make, or that says what must not be ignored.
            pub fn admit(self, cx: &mut Cx<'_>, body: &str) -> Result<Ignored, Error> {
                cx.action = self.name();
                if let Some(role) = self.access().from_role() {
                    cx.require(self.name(), role)?;
                }
                self.ignored(body)
            }

            /// Reads the request, carries it out and appends the reply; or returns the file to be sent.
            pub async fn run(self, mut cx: Cx<'_>, body: &str, door: Door<'_>, out: &mut Vec<u8>) -> Result<Answered, Error> {
                let ignored = self.admit(&mut cx, body)?;
                if self.effect() == Effect::Write {
                    cx.request = request_id::read(self.name(), body)?;
                }
                let done = match self { $(Self::$name(operation) => operation.run(&cx, body, door, out).await),+ };
                let masks = cx.rights().masks();
                match done {
                    Ok(Done::File(file)) => Ok(Answered::File(file, ignored)),
                    Ok(Done::Live(change)) => Ok(Answered::Live(change)),
                    Ok(Done::Written(payload, mut headers)) => {
                        if masks && !is_plain(self) {
                            mask_from(out, payload);
                        }
                        ignored.say(door, self.reading().answers, out, &mut headers);
                        Ok(Answered::Written(headers))
                    }
                    Err(error) => Err(if masks { error.masked() } else { error }),
                }
            }

            #[must_use]
            pub fn reading(self) -> Reading {
                match self { $(Self::$name(_) => $module::READING),+ }
            }

            /// Returns the members of a request that the operation ignores; refuses the request if it must not ignore
            /// one.
            pub fn ignored(self, body: &str) -> Result<Ignored, Error> {
                members::check(self.name(), body)
            }

            /// Returns who makes a call over HTTP.
            pub async fn caller(self, backend: &Backend, call: &Call<'_>) -> Result<Caller, Error> {
                match self { $(Self::$name(_) => $module::http::caller(backend, call).await),+ }
            }

            /// Returns the request of a call as the JSON text that the operation reads.
            pub fn request(self, caller: &Caller, call: &Call<'_>, settings: &Settings) -> Result<String, Error> {
                let request = match self { $(Self::$name(_) => $module::http::request(caller, call, settings)?),+ };
                nul::refuse(&request)?;
                Ok(request)
            }

            /// Returns what a call that is refused is answered with.
            #[must_use]
            pub fn failure(self, refused: &Refused<'_>) -> Refusal {
                match self { $(Self::$name(_) => $module::http::failure(refused)),+ }
            }

            /// Returns what the documents say of the operation's side of HTTP.
            #[must_use]
            pub fn described(self) -> Described {
                match self { $(Self::$name(_) => $module::http::described()),+ }
            }

            #[must_use]
            pub fn is_file(self) -> bool {
                match self { $(Self::$name(operation) => operation.is_file()),+ }
            }

            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name(operation) => operation.name()),+ }
            }
        }

        /// All rows of all tables.
        pub fn rows() -> impl Iterator<Item = &'static Row> {
            std::iter::empty() $(.chain($module::Operation::ROWS))+
        }
    };
}

dialects! {
    Cti: cti,
    Desk: desk,
    Calls: calls,
    Work: work,
    Admin: admin,
    CustomerDetail: customer_detail,
    CrmInfo: crm_info,
    WiseCrm: wisecrm,
    Ibizplm: ibizplm,
}

/// The systems for which there are credentials of their own.
pub const CREDENTIALS: [&str; 5] = ["cti", "customer_detail", "crm_info", "wisecrm", "ibizplm"];

/// Appends a reply as systems write it that have no envelope of ours: on the socket, it is the `result` in one.
fn answer_in_result<P: Serialize>(out: &mut Vec<u8>, door: Door<'_>, payload: &P) -> Result<usize, Error> {
    #[derive(Serialize)]
    struct InResult<'a, P> {
        result: &'a P,
    }
    match door {
        Door::Socket(_) => envelope::success(out, door, &InResult { result: payload }),
        Door::Http => {
            let start = out.len();
            serde_json::to_writer(&mut *out, payload).map_err(|cause| Error::internal(&cause))?;
            Ok(start)
        }
    }
}

/// Appends a reply whose headers tell something over HTTP: on the socket, they stand beside the `result`.
fn answer_with_headers<P: Serialize>(
    out: &mut Vec<u8>,
    door: Door<'_>,
    payload: &P,
    headers: &Headers,
) -> Result<usize, Error> {
    #[derive(Serialize)]
    struct WithHeaders<'a, P> {
        result: &'a P,
        headers: BTreeMap<&'static str, &'a str>,
    }
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    envelope::success(out, door, &WithHeaders { result: payload, headers })
}

/// Returns the answer to a call over HTTP for which there is no operation, where the path is one of a system's;
/// `is_route` when only the method is wrong.
#[must_use]
pub fn unknown(method: &str, path: &str, is_route: bool) -> Option<Refusal> {
    match path {
        path if path.starts_with("/api/") => Some(customer_detail::http::unknown(method, path, is_route)),
        path if path.starts_with("/gw/") => Some(wisecrm::http::unknown(method, path, is_route)),
        path if ["/customers", "/products"].iter().any(|root| path.starts_with(root)) => {
            Some(ibizplm::http::unknown(method, path, is_route))
        }
        path if path.starts_with("/crm/") => Some(crm_info::http::unknown(method, path, is_route)),
        _ => None,
    }
}

/// Whether replies are not masked: the operation is there to show a number, or its replies hold no customers but
/// names that clients send back as they are.
fn is_plain(operation: Operation) -> bool {
    operation == Operation::Desk(desk::Operation::RevealPhone)
        || operation == Operation::Desk(desk::Operation::Login)
        || operation == Operation::Cti(cti::Operation::FilterCustomers)
}

/// Answers a look-up by a number at once, where all that it needs is in memory. If not, or if anything is wrong with it,
/// there is no answer: it is to be carried out like any other.
pub fn look_up(mut cx: Cx<'_>, body: &str, door: Door<'_>, out: &mut Vec<u8>) -> Option<()> {
    let operation = Operation::Cti(cti::Operation::GetCustomer);
    let ignored = operation.admit(&mut cx, body).ok()?;
    cti::in_memory(&cx, table::decode(body).ok()?, door, out)?;
    ignored.say(door, operation.reading().answers, out, &mut Vec::new());
    Some(())
}

/// Refuses an action that cannot be given to a role or taken from it.
pub fn adjustable(action: &str) -> Result<(), Error> {
    // Whoever may sign in may sign out.
    let operation = Operation::parse(action).filter(|operation| *operation != Operation::Desk(desk::Operation::Logout));
    match operation.map(Operation::access) {
        Some(Access::Agent | Access::Supervisor) => Ok(()),
        Some(_) => Err(Error::parameter(format!("{action}: 不能调整 / cannot be adjusted"))),
        None => Err(Error::UnknownAction { near: near(action) }),
    }
}

/// The names of actions like this one, nearest first, at most three.
#[must_use]
pub fn near(action: &str) -> Vec<&'static str> {
    // The cost is the product of the lengths, and no action has a name of more.
    let action: String = action.chars().take(64).collect::<String>().to_lowercase();
    let mut near: Vec<(f64, &'static str)> = rows()
        .map(|row| (strsim::jaro_winkler(&action, row.action), row.action))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}
