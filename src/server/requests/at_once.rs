//! Look-ups that are answered where their frame is read: nothing waits, and nothing is put on the heap but the reply.
//!
//! A telephone rings, and somebody looks who calls: of all that sockets ask, this comes most often and is waited for most.
//! Whatever is not answered here is carried out like any other request.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Placed, Who};
use crate::dialects::{self, Operation, cti};
use crate::ops::access::identity;
use crate::protocol::envelope::Door;
use crate::server::Shared;
use crate::server::session::Session;

/// Room for a customer with a few texts.
const REPLY: usize = 1024;

/// Returns the answer to a look-up by a number, if all that it needs is in memory.
pub(super) fn answer(shared: &Arc<Shared>, session: &Session, placed: &Placed, body: &str) -> Option<Vec<u8>> {
    if placed.operation != Operation::Cti(cti::Operation::GetCustomer) {
        return None;
    }
    let (began, backend) = (Instant::now(), &shared.backend);
    let claimed;
    let (caller, catalogue) = match &placed.who {
        Who::SignedIn(caller) => (&**caller, backend.catalogues.fresh(caller.company)?),
        Who::Claimed(claim) => {
            let catalogue = backend.catalogues.fresh(claim.company?)?;
            claimed = identity::believe_in(&catalogue, claim).ok()?;
            (&claimed, catalogue)
        }
        Who::SigningIn(..) => return None,
    };
    let mut cx = backend.context_of(catalogue, caller).ok()?;
    cx.address = Some(session.address());
    cx.socket = Some(session.id());
    let mut reply = Vec::with_capacity(REPLY);
    dialects::look_up(cx, body, Door::Socket(&placed.callback_id), &mut reply)?;
    if reply.len() > shared.config.limits.result_bytes {
        return None;
    }
    shared.metrics.answered(placed.operation.name(), None, began.elapsed());
    Some(reply)
}
