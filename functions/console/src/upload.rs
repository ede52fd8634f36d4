//! A form with a file: `multipart/form-data`, or an ordinary form where no file was chosen.
//!
//! The file comes after the fields or before them, as the browser likes; it is held in memory, and as long as the route
//! allows. The mark of the form is checked as in every other one.

use assay_api::input::LONGEST_LIST;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use multer::Multipart;

use crate::Console;
use crate::form::{Fields, Form, MOST_FIELDS};
use crate::frame::Visit;
use crate::problem::Problem;

/// The longest form with a file, in bytes: the longest list, and what stands around it. On AWS it is about 4.5 MB, since a
/// file travels as base64 in an event of at most 6 MB.
pub const LONGEST: usize = LONGEST_LIST + 64 * 1024;

/// A form, and the file that came with it.
pub struct Upload {
    /// The fields.
    pub form: Form,
    /// The file, if one was chosen.
    pub file: Option<Bytes>,
}

impl FromRequest<Console> for Upload {
    type Rejection = Problem;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let Some(boundary) = kind.and_then(|kind| multer::parse_boundary(kind).ok()) else {
            return Ok(Self { form: Form::from_request(request, console).await?, file: None });
        };
        let visit = request.extensions().get::<Visit>().cloned().ok_or_else(Problem::signed_out)?;
        let bytes = Bytes::from_request(request, console).await.map_err(|_| too_large())?;
        let (fields, file) = parts(bytes, boundary).await?;
        Ok(Self { form: Form::checked(&visit, fields)?, file })
    }
}

async fn parts(bytes: Bytes, boundary: String) -> Result<(Fields, Option<Bytes>), Problem> {
    let mut parts = Multipart::new(Body::from(bytes).into_data_stream(), boundary);
    let (mut fields, mut file) = (Vec::new(), None);
    while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let content = part.bytes().await.map_err(|_| unreadable())?;
        // A browser sends an empty file without a name where none was chosen.
        if !is_file {
            let text = String::from_utf8(content.to_vec()).map_err(|_| unreadable())?;
            fields.push((name, text));
        } else if !content.is_empty() {
            file = Some(content);
        }
        if fields.len() > MOST_FIELDS {
            return Err(too_large());
        }
    }
    Ok((Fields::new(fields), file))
}

fn unreadable() -> Problem {
    let detail = "The form did not arrive whole, or not as a browser sends it; send it again.";
    Problem::new(StatusCode::BAD_REQUEST, "Not readable", detail)
}

fn too_large() -> Problem {
    let detail = "The file is larger than what is accepted at once; send it in parts of at most 4 MB.";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail)
}
