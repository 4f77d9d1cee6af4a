//! Changes that are made to what the client saw, or not at all.

use crate::domain::change::Line;
use crate::error::Error;
use crate::ops::access::rights::Shown;
use crate::store::Tx;
use crate::store::rows::CustomerRow;

/// The customer as the client last saw it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expected {
    /// The version; `None` for a client that does not mind.
    pub version: Option<i64>,
    /// Whether a customer of whom there are tickets is not to be deleted.
    pub without_tickets: bool,
    /// Whether a change of other fields than were changed meanwhile is to be made all the same.
    pub merge: bool,
}

/// What became of a change.
#[derive(Debug)]
pub enum Written<T> {
    Done(T),
    Conflict(Conflict),
}

/// Somebody else was first.
#[derive(Debug)]
pub struct Conflict {
    pub current: Box<Shown>,
    /// The fields that were changed since the version that the client saw.
    pub fields: Vec<String>,
}

impl Expected {
    /// Returns the fields that were changed since that version; `None` when the client saw the current one.
    ///
    /// Every version has its change lines, so those of the versions since are the last that there are.
    pub async fn overtaken_by(self, tx: &mut Tx, current: &CustomerRow) -> Result<Option<Vec<String>>, Error> {
        let Some(seen) = self.version.filter(|seen| *seen != current.version) else { return Ok(None) };
        if !(1..current.version).contains(&seen) {
            return Err(Error::parameter(format!(
                "ifVersion: 当前版本是 {0} / the current version is {0}",
                current.version
            )));
        }
        let mut fields: Vec<String> = Vec::new();
        for change in tx.last_changes(current.id, current.version - seen).await? {
            let lines: Vec<Line> = serde_json::from_str(&change.value).map_err(|cause| Error::internal(&cause))?;
            for line in lines {
                if !fields.contains(&line.field) {
                    fields.push(line.field);
                }
            }
        }
        Ok(Some(fields))
    }
}
