//! One call, as it is documented.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

type MakeSchema = fn(&mut SchemaGenerator) -> Schema;

/// What a reply holds.
#[derive(Clone, Debug)]
enum Content {
    /// A JSON value of a type.
    Json(MakeSchema),
    /// A JSON value that no type describes.
    Described(Value),
    /// Text of this type.
    Text(&'static str),
    Nothing,
}

/// A parameter in the path or in the query.
#[derive(Clone, Debug)]
pub(in crate::api) struct Parameter {
    name: &'static str,
    place: &'static str,
    description: &'static str,
    schema: Value,
}

/// One call.
#[derive(Clone, Debug)]
pub(in crate::api) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    summary: &'static str,
    description: &'static str,
    tag: &'static str,
    is_gated: bool,
    parameters: Vec<Parameter>,
    request: Option<MakeSchema>,
    replies: BTreeMap<u16, (&'static str, Content)>,
    /// Codes of error replies, by status.
    errors: BTreeMap<u16, Vec<&'static str>>,
}

impl Parameter {
    /// A part of the path.
    pub(in crate::api) fn path(name: &'static str, description: &'static str, schema: Value) -> Self {
        Self { name, place: "path", description, schema }
    }

    /// What may follow the question mark.
    pub(in crate::api) fn query(name: &'static str, description: &'static str, schema: Value) -> Self {
        Self { name, place: "query", description, schema }
    }

    fn describe(&self) -> Value {
        json!({
            "name": self.name,
            "in": self.place,
            "required": self.place == "path",
            "description": self.description,
            "schema": self.schema,
        })
    }
}

impl Operation {
    pub(in crate::api) fn get(path: &'static str, summary: &'static str) -> Self {
        Self::new("get", path, summary)
    }

    pub(in crate::api) fn post(path: &'static str, summary: &'static str) -> Self {
        Self::new("post", path, summary)
    }

    pub(in crate::api) fn delete(path: &'static str, summary: &'static str) -> Self {
        Self::new("delete", path, summary)
    }

    fn new(method: &'static str, path: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            summary,
            description: "",
            tag: "",
            is_gated: false,
            parameters: Vec::new(),
            request: None,
            replies: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// What is to be known beyond the summary, as Markdown.
    pub(in crate::api) fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Under which heading it is listed.
    pub(in crate::api) fn tag(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    pub(in crate::api) fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// It takes a JSON body of this type.
    pub(in crate::api) fn body<T: JsonSchema>(self) -> Self {
        let request: MakeSchema = |generator| generator.subschema_for::<T>();
        Self { request: Some(request), ..self }
            .error(400, &["malformed-json", "invalid-request", "incomplete-body"])
            .error(408, &["body-too-slow"])
            .error(413, &["body-too-large"])
            .error(415, &["unsupported-content-type"])
    }

    /// It needs a key where there are keys, and counts against the client's rate if it runs something.
    pub(in crate::api) fn gated(self) -> Self {
        let only_reads = self.method == "get";
        let gated = Self { is_gated: true, ..self }.error(401, &["missing-key", "wrong-key"]);
        if only_reads {
            return gated;
        }
        gated.error(403, &["foreign-origin"]).error(429, &["too-many-requests"])
    }

    /// A reply of this type.
    pub(in crate::api) fn reply<T: JsonSchema>(self, status: u16, description: &'static str) -> Self {
        let schema: MakeSchema = |generator| generator.subschema_for::<T>();
        self.with_reply(status, description, Content::Json(schema))
    }

    /// A reply in JSON that is described here.
    pub(in crate::api) fn reply_with(self, status: u16, description: &'static str, schema: Value) -> Self {
        self.with_reply(status, description, Content::Described(schema))
    }

    /// A reply that is text of this media type.
    pub(in crate::api) fn reply_text(
        self,
        status: u16,
        description: &'static str,
        media_type: &'static str,
    ) -> Self {
        self.with_reply(status, description, Content::Text(media_type))
    }

    /// A reply without a body.
    pub(in crate::api) fn reply_nothing(self, status: u16, description: &'static str) -> Self {
        self.with_reply(status, description, Content::Nothing)
    }

    /// The codes of error replies with this status.
    pub(in crate::api) fn error(mut self, status: u16, codes: &[&'static str]) -> Self {
        self.errors.entry(status).or_default().extend(codes);
        self
    }

    fn with_reply(mut self, status: u16, description: &'static str, content: Content) -> Self {
        self.replies.insert(status, (description, content));
        self
    }

    pub(super) fn describe(&self, requests: &mut SchemaGenerator, replies: &mut SchemaGenerator) -> Value {
        let mut responses = Map::new();
        for (status, (description, content)) in &self.replies {
            let mut response = json!({ "description": description });
            if let Some((media_type, schema)) = content.describe(replies) {
                response["content"] = json!({ media_type: { "schema": schema } });
            }
            responses.insert(status.to_string(), response);
        }
        for (status, codes) in &self.errors {
            responses.insert(status.to_string(), error_response(*status, codes));
        }
        let mut described = json!({
            "operationId": self.id(),
            "summary": self.summary,
            "tags": [self.tag],
            "responses": responses,
        });
        if !self.description.is_empty() {
            described["description"] = self.description.into();
        }
        if self.is_gated {
            // Either of these: a server without keys asks for none.
            described["security"] = json!([{ "key": [] }, {}]);
        }
        if !self.parameters.is_empty() {
            described["parameters"] = self.parameters.iter().map(Parameter::describe).collect();
        }
        if let Some(request) = self.request {
            let content = json!({ "application/json": { "schema": request(requests) } });
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        described
    }

    /// As in `postExecute`, which generators of clients make a method of.
    fn id(&self) -> String {
        let words = self.path.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.fold(self.method.to_owned(), |mut id, word| {
            let mut letters = word.chars();
            id.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            id.push_str(letters.as_str());
            id
        })
    }
}

impl Content {
    fn describe(&self, generator: &mut SchemaGenerator) -> Option<(&'static str, Value)> {
        match self {
            Self::Json(schema) => Some(("application/json", schema(generator).into())),
            Self::Described(schema) => Some(("application/json", schema.clone())),
            Self::Text(media_type) => Some((media_type, json!({ "type": "string" }))),
            Self::Nothing => None,
        }
    }
}

/// The reply to what is refused, with the codes that come with this status.
fn error_response(status: u16, codes: &[&str]) -> Value {
    let listed: Vec<String> = codes.iter().map(|code| format!("`{code}`")).collect();
    let schema = json!({
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": { "enum": codes },
                    "message": { "type": "string", "description": "What happened and what to do, for people." },
                },
            },
        },
    });
    let mut response = json!({
        "description": listed.join(", "),
        "content": { "application/json": { "schema": schema } },
    });
    if matches!(status, 429 | 503) {
        response["headers"] = json!({
            "Retry-After": { "description": "Seconds", "schema": { "type": "integer" } },
        });
    }
    response
}
