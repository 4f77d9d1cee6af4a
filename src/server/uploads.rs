//! Files that come over HTTP, as a part of a form. They go into the database while they come; what an operation is
//! told is their id, as over the socket.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use multer::{Constraints, Field, Multipart, SizeLimit};

use super::Shared;
use crate::error::Error;
use crate::ops::files::uploads::{self, Incoming};
use crate::ops::{Backend, Caller};
use crate::protocol::nul;

/// The parameter by which an operation is told the id of a file.
const PARAMETER: &str = "srfossfileid";
/// The same of its digest: a file that is uploaded again has another id.
const DIGEST: &str = "srffiledigest";
/// How long a client may send nothing.
const SILENT: Duration = Duration::from_secs(10);
/// What may stand in a form beside its file: parts, and bytes of each.
const MOST_PARTS: usize = 32;
const LONGEST_TEXT: usize = 4096;
/// What the heads of the parts take, bytes.
const HEADS: u64 = 64 * 1024;

/// Whether a request is a form, which may have a file in it.
pub fn is_form(parts: &Parts) -> bool {
    boundary(parts).is_some()
}

fn boundary(parts: &Parts) -> Option<String> {
    multer::parse_boundary(parts.headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// What a form has come to.
#[derive(Default)]
pub struct Form {
    pub file: Option<Stored>,
    /// Its texts as parameters, and that of the file.
    pub parameters: Vec<(String, String)>,
}

/// A file that is thrown away when this is dropped, also because nobody waits for the answer any more.
pub struct Stored {
    backend: Arc<Backend>,
    company: i64,
    id: Option<String>,
}

impl Stored {
    /// Lets the file stay.
    pub fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let (backend, company) = (self.backend.clone(), self.company);
            tokio::spawn(async move {
                // The cause is in the log; in time, all files are thrown away.
                let _ = uploads::remove(&backend, company, &id).await;
            });
        }
    }
}

/// Reads a form and stores its file. One that does not come to its end leaves nothing behind.
pub async fn receive(shared: &Shared, caller: &Caller, parts: &Parts, body: Body) -> Result<Form, Error> {
    let mut form = Form::default();
    read(shared, caller, parts, body, &mut form).await?;
    Ok(form)
}

async fn read(shared: &Shared, caller: &Caller, parts: &Parts, body: Body, form: &mut Form) -> Result<(), Error> {
    let limit = shared.config.import.file_bytes;
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit.saturating_add(HEADS)));
    let boundary = boundary(parts).ok_or_else(broken)?;
    let mut multipart = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    for _ in 0..=MOST_PARTS {
        let Some(mut part) = timely(multipart.next_field(), limit).await? else { return Ok(()) };
        let name = part.name().unwrap_or_default().to_owned();
        if part.file_name().is_some() || name == "file" {
            if form.file.is_some() {
                return Err(Error::parameter("file: 一次一个文件 / one file at a time"));
            }
            store(shared, caller, &mut part, form).await?;
        } else {
            let text = text(&mut part, limit).await?;
            form.parameters.push((name, text));
        }
    }
    Err(broken())
}

fn broken() -> Error {
    Error::parameter("请求体不是完整的 multipart/form-data / the body is no whole multipart form")
}

/// Waits for what comes next, but not for ever.
async fn timely<T>(next: impl Future<Output = multer::Result<T>>, limit: u64) -> Result<T, Error> {
    match tokio::time::timeout(SILENT, next).await {
        Ok(Ok(next)) => Ok(next),
        Ok(Err(multer::Error::StreamSizeExceeded { .. })) => Err(Error::FileTooLarge { limit }),
        Ok(Err(_)) | Err(_) => Err(broken()),
    }
}

async fn store(shared: &Shared, caller: &Caller, part: &mut Field<'_>, form: &mut Form) -> Result<(), Error> {
    let limit = shared.config.import.file_bytes;
    let name = part.file_name().unwrap_or_default().to_owned();
    if name.contains('\0') {
        return Err(nul::refusal("filename"));
    }
    let mut incoming = Incoming::upload(&shared.backend, caller, &name).await?;
    let id = Some(incoming.id().to_owned());
    form.file = Some(Stored { backend: shared.backend.clone(), company: caller.company, id });
    while let Some(bytes) = timely(part.chunk(), limit).await? {
        incoming.push(&bytes).await?;
    }
    form.parameters.push((DIGEST.to_owned(), incoming.digest()));
    form.parameters.push((PARAMETER.to_owned(), incoming.finish().await?));
    Ok(())
}

async fn text(part: &mut Field<'_>, limit: u64) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(bytes) = timely(part.chunk(), limit).await? {
        text.extend_from_slice(&bytes);
        if text.len() > LONGEST_TEXT {
            return Err(broken());
        }
    }
    String::from_utf8(text).map_err(|_| broken())
}
