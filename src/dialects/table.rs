//! `operations!`: the table of a dialect, and all that follows from its rows.

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::domain::role::Role;
use crate::error::Error;
use crate::live;
use crate::ops::files::generated::Outgoing;
use crate::protocol::folded;

/// What an operation does to the data; writes of one socket are carried out in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    Read,
    Write,
}

/// Whether an operation is about a file that was uploaded. Over HTTP it may come with the call, in a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    No,
    /// The file is used up by the call.
    Used,
    /// It stays, for a later call.
    Kept,
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Whoever reaches the server.
    Anybody,
    /// Everybody who is signed in.
    Agent,
    Supervisor,
    Admin,
}

impl Access {
    /// The lowest role that usually may; `None` when nobody needs to be anybody.
    #[must_use]
    pub fn from_role(self) -> Option<Role> {
        match self {
            Self::Anybody => None,
            Self::Agent => Some(Role::Agent),
            Self::Supervisor => Some(Role::Supervisor),
            Self::Admin => Some(Role::Admin),
        }
    }
}

/// Headers of an answer over HTTP, beside those that all have.
pub type Headers = Vec<(&'static str, String)>;

/// What carrying out an operation has come to.
pub enum Done {
    /// The reply is written; its payload begins at this place. Over HTTP it has these headers, too.
    Written(usize, Headers),
    /// A file, which HTTP sends and the socket is told the address of.
    File(Arc<dyn Outgoing>),
    /// The reply is written, and the socket follows other events from then on.
    Live(live::Change),
}

/// Where an operation is served over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub method: &'static str,
    pub path: &'static str,
}

/// One row of a table, as documentation and the router see it.
pub struct Row {
    pub operation: super::Operation,
    pub dialect: &'static str,
    pub action: &'static str,
    pub doc: &'static [&'static str],
    pub effect: Effect,
    /// Whether it shows many unless it is told which.
    pub lists: bool,
    pub upload: Upload,
    pub access: Access,
    /// Where it is served over HTTP; none when it is not.
    pub routes: &'static [Route],
    pub request_schema: fn(&mut SchemaGenerator) -> Schema,
    pub reply_schema: fn(&mut SchemaGenerator) -> Schema,
    /// Whether HTTP answers with a file and the socket with its address.
    pub is_file: bool,
    /// The headers of a success over HTTP, beside those that all have: numbers, and what each is.
    pub headers: &'static [(&'static str, &'static str)],
}

/// The tables of our own actions, which no document describes.
const OURS: [&str; 4] = ["Desk", "Work", "Calls", "Admin"];

impl Row {
    /// Whether no document describes it.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        OURS.contains(&self.dialect)
    }
}

/// What the socket answers where HTTP sends a file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct FileAddress {
    /// The path under which the file can be fetched, once.
    pub url: String,
    /// When the address ends to be good, `YYYY-MM-DD HH:mm` in the company's time zone.
    pub expires: String,
}

/// Reads an operation's request out of a frame. The error names the member that is wrong.
pub fn decode<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, Error> {
    folded::from_str_or_path(body).map_err(|(path, error)| wrong_form(&path, &error))
}

fn wrong_form(path: &str, error: &serde_json::Error) -> Error {
    let problem = error.to_string();
    // Where in the text it stands is of no use: the client may not have written the text that was read.
    let problem = problem.split(" at line ").next().unwrap_or_default();
    let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
    Error::parameter(format!("{path}格式不对 / wrong form: {problem}"))
}

/// Declares the operations of a dialect, one a row:
/// documentation, `Variant = "action"`, its `[route]`s if it has any, `read`, `list` (a read that shows many unless it is
/// told which), `write`, `import` (a write that uses an uploaded file) or `upload` (one that keeps it), who may call it, and
/// `handler(Request) -> json Reply`, `-> listed Reply` (it has `headers` for HTTP, of the names in `HEADERS`),
/// `-> live Reply` (the socket follows something else from then on) or `-> file`. The module has a function `answer`, which writes a reply as its dialect does and returns where the
/// payload begins, and says as `READING` how members of requests are taken.
macro_rules! operations {
    ($dialect:ident: $(
        $(#[doc = $doc:literal])+
        $variant:ident = $action:literal $([$method:ident $path:literal])*, $effect:ident by $access:ident
            => $($handler:ident)::+ ($request:ty) -> $kind:ident $($reply:ty)?;
    )+) => {
        /// The operations of this dialect.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Operation { $($(#[doc = $doc])+ $variant),+ }

        impl Operation {
            pub const ROWS: &[crate::dialects::Row] = &[$(crate::dialects::Row {
                operation: crate::dialects::Operation::$dialect(Operation::$variant),
                dialect: stringify!($dialect),
                action: $action,
                doc: &[$($doc),+],
                effect: operations!(@effect $effect),
                lists: operations!(@lists $effect),
                upload: operations!(@upload $effect),
                access: crate::dialects::Access::$access,
                routes: &[$(crate::dialects::Route { method: stringify!($method), path: $path }),*],
                request_schema: |generator| generator.subschema_for::<$request>(),
                reply_schema: |generator| generator.subschema_for::<operations!(@reply $kind $($reply)?)>(),
                is_file: operations!(@is_file $kind),
                headers: operations!(@headers $kind $($reply)?),
            }),+];

            /// The operation with this action name.
            #[must_use]
            pub fn parse(action: &str) -> Option<Self> {
                match action { $($action => Some(Self::$variant),)+ _ => None }
            }

            /// The action name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $action),+ }
            }

            #[must_use]
            pub fn effect(self) -> crate::dialects::Effect {
                match self { $(Self::$variant => operations!(@effect $effect)),+ }
            }

            #[must_use]
            pub fn upload(self) -> crate::dialects::Upload {
                match self { $(Self::$variant => operations!(@upload $effect)),+ }
            }

            /// Whether HTTP answers with a file and the socket with its address.
            #[must_use]
            pub fn is_file(self) -> bool {
                match self { $(Self::$variant => operations!(@is_file $kind)),+ }
            }

            #[must_use]
            pub fn access(self) -> crate::dialects::Access {
                match self { $(Self::$variant => crate::dialects::Access::$access),+ }
            }

            /// Reads the request, carries it out and appends the reply; or returns the file to be sent.
            pub async fn run(
                self,
                cx: &crate::ops::Cx<'_>,
                body: &str,
                door: crate::protocol::envelope::Door<'_>,
                out: &mut Vec<u8>,
            ) -> Result<crate::dialects::Done, crate::error::Error> {
                match self {
                    $(Self::$variant => {
                        let request: $request = crate::dialects::decode(body)?;
                        // In a box of its own: else every request moves a future as large as the largest of all operations.
                        let reply = Box::pin($($handler)::+(cx, request)).await?;
                        operations!(@answer $kind reply, door, out)
                    })+
                }
            }
        }
    };
    (@effect read) => { crate::dialects::Effect::Read };
    (@effect list) => { crate::dialects::Effect::Read };
    (@effect write) => { crate::dialects::Effect::Write };
    (@effect import) => { crate::dialects::Effect::Write };
    (@effect upload) => { crate::dialects::Effect::Write };
    (@lists list) => { true };
    (@lists $effect:ident) => { false };
    (@upload import) => { crate::dialects::Upload::Used };
    (@upload upload) => { crate::dialects::Upload::Kept };
    (@upload $effect:ident) => { crate::dialects::Upload::No };
    (@reply json $reply:ty) => { $reply };
    (@reply listed $reply:ty) => { $reply };
    (@reply live $reply:ty) => { $reply };
    (@reply file) => { crate::dialects::FileAddress };
    (@is_file json) => { false };
    (@is_file listed) => { false };
    (@is_file live) => { false };
    (@is_file file) => { true };
    (@headers json $reply:ty) => { &[] };
    (@headers listed $reply:ty) => { <$reply>::HEADERS };
    (@headers live $reply:ty) => { &[] };
    (@headers file) => { &[] };
    (@answer json $reply:ident, $door:ident, $out:ident) => {{
        answer($out, $door, &$reply).map(|payload| crate::dialects::Done::Written(payload, Vec::new()))
    }};
    (@answer listed $reply:ident, $door:ident, $out:ident) => {{
        let mut reply = $reply;
        let headers = reply.headers();
        let payload = match $door {
            crate::protocol::envelope::Door::Socket(_) => crate::dialects::answer_with_headers($out, $door, &reply, &headers),
            crate::protocol::envelope::Door::Http => answer($out, $door, &reply),
        };
        payload.map(|payload| crate::dialects::Done::Written(payload, headers))
    }};
    (@answer live $reply:ident, $door:ident, $out:ident) => {{
        let (reply, change) = $reply;
        answer($out, $door, &reply).map(|_| crate::dialects::Done::Live(change))
    }};
    (@answer file $reply:ident, $door:ident, $out:ident) => {{
        let _ = (&$door, &$out);
        Ok(crate::dialects::Done::File($reply))
    }};
}
