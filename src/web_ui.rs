//! The page: the files of `web-ui/`, embedded in the binary or from a folder.

mod compressed;

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;
use uuid::Uuid;

use self::compressed::{Compressed, takes_brotli};
use crate::digest::sha256;

/// Stands in a page for the nonce of the reply.
const NONCE: &str = "{{nonce}}";
/// Pages, by the paths at which they are.
const PAGES: [(&str, &str); 2] = [("", "index.html"), ("docs", "docs.html")];
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

#[derive(Embed)]
#[folder = "web-ui"]
#[include = "*.html"]
#[include = "*.js"]
#[include = "*.css"]
#[include = "*.svg"]
#[include = "vendor/*"]
#[exclude = "node_modules/*"]
struct Embedded;

/// Where the page's files come from.
#[derive(Clone, Debug, Default)]
pub struct WebUi {
    /// A folder that is read anew for each request; the embedded files if there is none.
    folder: Option<Arc<PathBuf>>,
    compressed: Compressed,
}

impl WebUi {
    /// The page from this folder, or the embedded one.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder: folder.map(Arc::new), compressed: Compressed::default() }
    }

    /// The reply to a `GET` of `/` or of a file of the page; `None` where there is no such file.
    pub(crate) fn reply(&self, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
        let path = uri.path().trim_start_matches('/');
        if let Some((_, file)) = PAGES.iter().find(|(page, _)| *page == path) {
            return Some(page(&self.read(file)?));
        }
        Some(self.file(path, &self.read(path)?, headers))
    }

    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let Some(folder) = &self.folder else { return Embedded::get(path).map(|file| file.data) };
        let relative = Path::new(path);
        // The embedded files are a closed list; a folder is not, so nothing may lead out of it or to its hidden files.
        let is_plain = relative
            .components()
            .all(|part| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.')));
        (is_plain && content_type(path).is_some())
            .then(|| std::fs::read(folder.join(relative)).ok())
            .flatten()
            .map(Cow::Owned)
    }

    fn file(&self, path: &str, content: &[u8], asked: &HeaderMap) -> Response {
        let digest = sha256(content);
        let etag = format!("\"{digest}\"");
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
        if !takes_brotli(asked) {
            return (headers, content.to_vec()).into_response();
        }
        let mut response = (headers, self.compressed.of(digest, content)).into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        response
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
