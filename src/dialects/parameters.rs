//! Parameters that several operations take, each declared once.

/// Declares a request that begins with such parameters: `pub struct Name<'a>: customer, version { … }`. `flatten` would do
/// the same with names that are not folded and values that are copied.
///
/// - `customer`: which one, by `type` and `content`;
/// - `version`: the one that is meant; `merge`: whether others' changes stand beside it;
/// - `again`: the name under which a write can be sent again;
/// - `call`: which one, whose telephone, and when it happened; `ringing`: who calls; `ended`: how it came to its end;
/// - `op_user`, `account`: for whom and of which account, in WiseCRM.
macro_rules! parameters {
    ($(#[$meta:meta])* pub struct $name:ident<$l:lifetime>: $($group:ident),+ { $($fields:tt)* }) => {
        parameters! { @[$($group)+] $l [$(#[$meta])* pub struct $name<$l>] { $($fields)* } }
    };
    (@[] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        $($head)* { $($fields)* }
    };
    (@[customer $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// id, custName, cellphone or companyName.
            #[serde(borrow)]
            #[schemars(required)]
            r#type: Option<Scalar<$l>>,
            #[serde(borrow)]
            #[schemars(required)]
            content: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[version $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// The version that is meant; another one is answered with 2409.
            #[serde(borrow, default)]
            if_version: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[merge $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// Whether a change of other fields than were changed meanwhile is made all the same.
            #[serde(borrow, default)]
            merge: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[again $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// A text of your own, at most 64 characters: sent again within 24 hours, the request gets the same answer.
            #[serde(borrow, default)]
            #[expect(dead_code, reason = "read before the operation is")]
            request_id: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[call $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// What the telephone system calls it, at most 128 characters.
            #[serde(borrow)]
            #[schemars(required)]
            call_id: Option<Scalar<$l>>,
            /// The login number of whose telephone it is about; your own unless it is given. Another's can be given by a
            /// supervisor of his, an admin or an app.
            #[serde(borrow, default)]
            agent: Option<Scalar<$l>>,
            /// When it happened; now unless it is given. With it, reports may come late and in any order.
            #[serde(borrow, default)]
            at: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[ringing $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// Who calls, however it is written: a number, or a SIP or tel address. Absent or `anonymous` when it is withheld.
            #[serde(borrow, default)]
            caller: Option<Scalar<$l>>,
            /// Who is called.
            #[serde(borrow, default)]
            callee: Option<Scalar<$l>>,
            /// in (unless it is given), out or internal.
            #[serde(borrow, default)]
            direction: Option<Scalar<$l>>,
            /// The queue or hotline that it came through.
            #[serde(borrow, default)]
            queue: Option<Scalar<$l>>,
            /// What else the telephone system knows, at most 4096 bytes; it is shown to the agent.
            #[serde(default)]
            data: Option<Value>,
            $($fields)*
        } }
    };
    (@[ended $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// How long was talked, seconds; as the reports tell unless it is given.
            #[serde(borrow, default)]
            duration: Option<Scalar<$l>>,
            /// The address of the recording.
            #[serde(borrow, default)]
            recording: Option<Scalar<$l>>,
            /// Why it ended, in the telephone system's words.
            #[serde(borrow, default)]
            reason: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[op_user $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// The id of the acting user; over HTTP it is required, on the socket it is who signed in.
            #[serde(borrow, default)]
            op_user: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
    (@[account $($groups:ident)*] $l:lifetime [$($head:tt)*] { $($fields:tt)* }) => {
        parameters! { @[$($groups)*] $l [$($head)*] {
            /// 40 characters that begin with `002-`.
            #[serde(borrow)]
            #[schemars(required)]
            account_id: Option<Scalar<$l>>,
            $($fields)*
        } }
    };
}
