//! `GET /openapi.json`: what there is to call, made from the types that are parsed and written (OpenAPI 3.1).

mod operation;

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

pub(super) use self::operation::{Operation, Parameter};
use super::{execute, executions, health, languages, metrics, ready};

/// Where schemas that have a name are kept.
const SCHEMAS: &str = "/components/schemas";

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document(&operations()).to_string());

/// Every call, as it is documented where it is answered.
fn operations() -> Vec<Operation> {
    let mut operations = vec![execute::operation()];
    operations.extend(executions::operations());
    operations.extend([
        languages::operation(),
        health::operation(),
        ready::operation(),
        metrics::operation(),
        operation(),
    ]);
    operations
}

fn operation() -> Operation {
    Operation::get("/openapi.json", "Describe these calls").tag("server").reply_with(
        200,
        "This description.",
        json!({ "type": "object" }),
    )
}

pub(super) async fn openapi() -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, DOCUMENT.as_str()).into_response()
}

fn document(operations: &[Operation]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = SCHEMAS.into();
        settings.meta_schema = None;
    });
    let mut requests = settings.clone().into_generator();
    let mut replies = settings.for_serialize().into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = operation.describe(&mut requests, &mut replies);
    }
    let mut schemas = replies.take_definitions(true);
    schemas.extend(requests.take_definitions(true));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "dayfly",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Runs untrusted code, each run in a container that lives for that run alone.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer", "description": "An API key of the server." } },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` in a value.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "$ref" => found.push(text.clone()),
                        _ => references(value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(&operations());
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn every_call_is_told_with_its_errors() {
        for operation in operations() {
            let described = operation.describe(
                &mut SchemaSettings::draft2020_12().into_generator(),
                &mut SchemaSettings::draft2020_12().into_generator(),
            );
            let name = format!("{} {}", operation.method, operation.path);
            assert!(described["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            assert!(described["responses"].as_object().is_some_and(|them| !them.is_empty()), "{name}");
        }
    }
}
