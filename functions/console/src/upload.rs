//! Forms with a file: `multipart/form-data`, as a browser sends them with or without JavaScript.
//!
//! The file is held in memory, since what takes in requests (API Gateway and Lambda) holds all of it, too, and takes no more
//! than 6 MB of request.

use std::ops::Deref;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use multer::{Constraints, Multipart, SizeLimit};

use crate::Console;
use crate::form::{Fields, Form, MOST_FIELDS};
use crate::frame::Visit;
use crate::problem::Problem;

/// The longest form with a file, in bytes as it is sent.
///
/// Source: AWS Lambda quotas: 6 MB for the whole event of a synchronous invocation, in which such a form stands as base64.
pub const LONGEST: usize = 6 * 1024 * 1024;

/// The longest field beside the file, in bytes.
const LONGEST_FIELD: u64 = 64 * 1024;

/// A form with a file, of somebody who is signed in, sent from a page of this very session. Taken as a handler's last
/// argument; its route takes bodies up to [`LONGEST`].
pub struct Upload {
    form: Form,
    file: Bytes,
}

impl Deref for Upload {
    type Target = Form;

    fn deref(&self) -> &Form {
        &self.form
    }
}

impl Upload {
    /// The file, from its field `file`; empty where none was chosen.
    pub fn file(&self) -> Bytes {
        self.file.clone()
    }

    /// The form without the file, which a browser never fills in again.
    pub fn into_form(self) -> Form {
        self.form
    }
}

impl FromRequest<Console> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Problem> {
        let visit = request.extensions().get::<Visit>().cloned().ok_or_else(Problem::signed_out)?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let Some(boundary) = kind.and_then(|kind| multer::parse_boundary(kind).ok()) else {
            let form = Form::checked(&visit, Fields::of(request, console).await?)?;
            return Ok(Self { form, file: Bytes::new() });
        };
        let body = Bytes::from_request(request, console).await.map_err(|_| too_large())?;
        let (mut fields, file) = read(body, boundary).await?;
        // What makes a form sent twice do its work once must tell one file from another.
        fields.push(("file-digest".to_owned(), assay::ids::digest(&file)));
        Ok(Self { form: Form::checked(&visit, Fields::in_order(fields))?, file })
    }
}

async fn read(body: Bytes, boundary: String) -> Result<(Vec<(String, String)>, Bytes), Problem> {
    // A list may be pasted instead of being chosen as a file.
    let limits = SizeLimit::new()
        .per_field(LONGEST_FIELD)
        .for_field("file", LONGEST as u64)
        .for_field("list", LONGEST as u64);
    let stream = futures::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = Multipart::with_constraints(stream, boundary, Constraints::new().size_limit(limits));
    let (mut fields, mut file) = (Vec::new(), Bytes::new());
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            file = part.bytes().await.map_err(|_| unreadable())?;
        } else if fields.len() < MOST_FIELDS {
            fields.push((name, part.text().await.map_err(|_| unreadable())?));
        }
    }
    Ok((fields, file))
}

fn too_large() -> Problem {
    let detail = "The file is larger than what is accepted. Nothing was taken in. Send it in parts of at most 4 MB; a report of a scanner may be packed with gzip.";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail)
}

fn unreadable() -> Problem {
    let detail = "The form cannot be read as it came. Nothing was taken in; open the page and send it again.";
    Problem::new(StatusCode::BAD_REQUEST, "Not readable", detail)
}
