//! The page: the files of `web-ui/`, embedded in the binary or from a folder.

mod compressed;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use self::compressed::takes_brotli;
use crate::digest::sha256;

/// Stands in a page for the nonce of the reply.
const NONCE: &str = "{{nonce}}";
/// Pages, by the paths at which they are.
const PAGES: [(&str, &str); 2] = [("", "index.html"), ("docs", "docs.html")];
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// A file of the page.
enum Content {
    /// As Brotli (RFC 7932).
    Compressed(&'static [u8]),
    Plain(Vec<u8>),
}

/// Where the page's files come from.
#[derive(Clone, Debug, Default)]
pub struct WebUi {
    /// A folder that is read anew for each request; the embedded files if there is none.
    folder: Option<Arc<PathBuf>>,
}

impl WebUi {
    /// The page from this folder, or the embedded one.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder: folder.map(Arc::new) }
    }

    /// The reply to a `GET` of `/` or of a file of the page; `None` where there is no such file.
    pub(crate) fn reply(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let path = uri.path().trim_start_matches('/');
        if let Some((_, file)) = PAGES.iter().find(|(page, _)| *page == path) {
            return Some(page(&self.read(file)?.into_plain()));
        }
        Some(file(path, self.read(path)?, headers))
    }

    fn read(&self, path: &str) -> Option<Content> {
        let Some(folder) = &self.folder else { return compressed::find(path).map(Content::Compressed) };
        let relative = Path::new(path);
        // The embedded files are a closed list; a folder is not, so nothing may lead out of it or to its hidden files.
        let is_plain = relative
            .components()
            .all(|part| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.')));
        (is_plain && content_type(path).is_some())
            .then(|| std::fs::read(folder.join(relative)).ok())
            .flatten()
            .map(Content::Plain)
    }
}

impl Content {
    fn digest(&self) -> String {
        match self {
            Self::Compressed(content) => sha256(content),
            Self::Plain(content) => sha256(content),
        }
    }

    fn into_plain(self) -> Vec<u8> {
        match self {
            Self::Compressed(content) => compressed::plain(content),
            Self::Plain(content) => content,
        }
    }
}

fn file(path: &str, content: Content, asked: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", content.digest());
    let headers = [
        (CONTENT_TYPE, content_type(path).unwrap_or("application/octet-stream")),
        (ETAG, &etag),
        (CACHE_CONTROL, "no-cache"),
        (VARY, "accept-encoding"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if asked.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    match content {
        Content::Compressed(content) if takes_brotli(asked) => {
            (headers, [(CONTENT_ENCODING, "br")], content).into_response()
        }
        content => (headers, content.into_plain()).into_response(),
    }
}

fn page(content: &[u8]) -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let text = String::from_utf8_lossy(content).replace(NONCE, &nonce);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, &policy),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (OPENER_POLICY, "same-origin"),
    ];
    (headers, text).into_response()
}

/// The types of files that a page is made of.
fn content_type(path: &str) -> Option<&'static str> {
    Some(match path.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
