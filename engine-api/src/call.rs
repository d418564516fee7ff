//! A request before it is sent: method, path, query and body.

use std::fmt::{self, Display, Write as _};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use bytes::Bytes;
use futures_core::Stream;
use hyper::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::request_body::{BoxError, RequestBody};
use crate::tar_stream::{TarBody, TarStream};
use crate::version::ApiVersion;

/// RFC 3986, section 2.3: "unreserved".
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// An image's name may hold slashes, and the engine's router wants them as they are.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// Which call it was, for errors: the method and the path without the version, as in `POST /containers/create`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    method: Method,
    path: Arc<str>,
    route: Arc<str>,
}

impl Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Operation {
    /// The call without what it is about, as in `POST /containers/{}/start`: there are as many as the API has calls.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }
}

/// A request before it is sent.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    query: String,
    pub(crate) content_type: Option<&'static str>,
    /// What the engine shows to a registry.
    pub(crate) registry: Option<(&'static str, String)>,
    pub(crate) body: RequestBody,
}

impl Call {
    pub(crate) fn get(segments: &[&str]) -> Self {
        Self::new(Method::GET, segments)
    }

    pub(crate) fn post(segments: &[&str]) -> Self {
        Self::new(Method::POST, segments)
    }

    pub(crate) fn put(segments: &[&str]) -> Self {
        Self::new(Method::PUT, segments)
    }

    pub(crate) fn head(segments: &[&str]) -> Self {
        Self::new(Method::HEAD, segments)
    }

    pub(crate) fn delete(segments: &[&str]) -> Self {
        Self::new(Method::DELETE, segments)
    }

    fn new(method: Method, segments: &[&str]) -> Self {
        let path = segments.iter().fold(String::new(), |mut path, segment| {
            path.push('/');
            path.extend(utf8_percent_encode(segment, PATH));
            path
        });
        Self {
            operation: Operation { route: route(&method, segments).into(), method, path: path.into() },
            query: String::new(),
            content_type: None,
            registry: None,
            body: RequestBody::Bytes(Bytes::new()),
        }
    }

    pub(crate) fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(&value.to_string(), QUERY));
        self
    }

    /// Adds the parameter only if there is a value.
    pub(crate) fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a boolean that is false unless said otherwise.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        if value { self.query(name, true) } else { self }
    }

    /// Adds a parameter whose value is JSON text.
    pub(crate) fn query_json(self, name: &'static str, value: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_string(value).map_err(|error| unserializable(name, &error))?;
        Ok(self.query(name, json))
    }

    /// Adds the filters of a list, if there are any.
    pub(crate) fn filters(self, filters: &Filters) -> Result<Self> {
        if filters.is_empty() { Ok(self) } else { self.query_json("filters", filters) }
    }

    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(body).map_err(|error| unserializable("body", &error))?;
        self.body = RequestBody::Bytes(json.into());
        self.content_type = Some("application/json");
        Ok(self)
    }

    pub(crate) fn tar(mut self, archive: TarStream) -> Self {
        self.body = RequestBody::Tar(TarBody::new(archive));
        self.content_type = Some("application/x-tar");
        self
    }

    /// An archive that is there already.
    pub(crate) fn tar_parts<S, E>(mut self, parts: S) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.body = RequestBody::stream(parts);
        self.content_type = Some("application/x-tar");
        self
    }

    /// Adds a header whose value is JSON text in base64 (RFC 4648, section 5), as credentials travel.
    pub(crate) fn registry_header(mut self, name: &'static str, value: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(value).map_err(|error| unserializable(name, &error))?;
        self.registry = Some((name, URL_SAFE.encode(json)));
        Ok(self)
    }

    /// The request target. Pings and the negotiation itself have no version.
    pub(crate) fn target(&self, version: Option<ApiVersion>) -> String {
        let mut target = String::new();
        if let Some(version) = version {
            // Writing to a string cannot fail.
            let _ = write!(target, "/v{version}");
        }
        target.push_str(&self.operation.path);
        target.push_str(&self.query);
        target
    }
}

/// What may follow the first part of a path without being somebody's name.
const ACTIONS: [&str; 7] = ["create", "df", "get", "json", "load", "prune", "search"];

fn route(method: &Method, segments: &[&str]) -> String {
    let mut route = format!("{method} ");
    for (index, segment) in segments.iter().enumerate() {
        route.push('/');
        let is_name = index == 1 && !ACTIONS.contains(segment);
        route.push_str(if is_name { "{}" } else { segment });
    }
    route
}

fn unserializable(argument: &'static str, error: &serde_json::Error) -> Error {
    Error::InvalidArgument { argument, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_version_path_and_query() {
        let call =
            Call::post(&["containers", "create"]).query("name", "a b&c=d/é").flag("x", false).flag("y", true);
        assert_eq!(
            call.target(Some(ApiVersion::MIN)),
            "/v1.41/containers/create?name=a%20b%26c%3Dd%2F%C3%A9&y=true"
        );
        assert_eq!(call.operation.to_string(), "POST /containers/create");
    }

    #[test]
    fn a_route_names_nobody() {
        let route = |call: Call| call.operation.route().to_owned();
        assert_eq!(route(Call::post(&["containers", "0123", "start"])), "POST /containers/{}/start");
        assert_eq!(route(Call::get(&["images", "registry:5000/a/b", "json"])), "GET /images/{}/json");
        assert_eq!(route(Call::delete(&["images", "a/b"])), "DELETE /images/{}");
        assert_eq!(route(Call::post(&["containers", "create"])), "POST /containers/create");
        assert_eq!(route(Call::get(&["_ping"])), "GET /_ping");
    }

    #[test]
    fn a_segment_cannot_leave_the_path() {
        let call = Call::get(&["images", "registry:5000/a/b@sha256:0?x#y%2e", "json"]);
        assert_eq!(call.target(None), "/images/registry%3A5000/a/b%40sha256%3A0%3Fx%23y%252e/json");
    }
}
