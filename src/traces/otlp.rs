//! Spans in the JSON encoding of OTLP 1: ids in hexadecimal, 64-bit numbers as text (opentelemetry-proto,
//! `opentelemetry/proto/trace/v1/trace.proto`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

/// `SpanKind`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Internal = 1,
    Server = 2,
}

/// A span that has ended.
#[derive(Debug)]
pub(super) struct FinishedSpan {
    pub(super) trace_id: u128,
    pub(super) span_id: u64,
    pub(super) parent_id: Option<u64>,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) start: SystemTime,
    pub(super) duration: Duration,
    pub(super) attributes: Vec<(&'static str, Value)>,
    /// Why it failed, if it did.
    pub(super) error: Option<String>,
}

/// `ExportTraceServiceRequest`: spans of the service that these attributes describe.
pub(super) fn request(service: &Value, spans: &[FinishedSpan]) -> Value {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    let scope = json!({ "name": "dayfly", "version": env!("CARGO_PKG_VERSION") });
    json!({ "resourceSpans": [{ "resource": service, "scopeSpans": [{ "scope": scope, "spans": spans }] }] })
}

/// `Resource`: this server.
pub(super) fn resource(instance: &str) -> Value {
    let attributes = [
        ("service.name", json!("dayfly")),
        ("service.version", json!(env!("CARGO_PKG_VERSION"))),
        ("service.instance.id", json!(instance)),
    ];
    json!({ "attributes": attributes.iter().map(|(name, value)| attribute(name, value)).collect::<Vec<_>>() })
}

fn span(span: &FinishedSpan) -> Value {
    let start = span.start.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut object = Map::new();
    object.insert("traceId".into(), format!("{:032x}", span.trace_id).into());
    object.insert("spanId".into(), format!("{:016x}", span.span_id).into());
    if let Some(parent) = span.parent_id {
        object.insert("parentSpanId".into(), format!("{parent:016x}").into());
    }
    object.insert("name".into(), span.name.as_str().into());
    object.insert("kind".into(), (span.kind as u8).into());
    object.insert("startTimeUnixNano".into(), start.as_nanos().to_string().into());
    object.insert("endTimeUnixNano".into(), (start + span.duration).as_nanos().to_string().into());
    let attributes: Vec<Value> = span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    object.insert("attributes".into(), attributes.into());
    if let Some(message) = &span.error {
        object.insert("status".into(), json!({ "code": ERROR, "message": message }));
    }
    Value::Object(object)
}

/// `KeyValue`.
fn attribute(name: &str, value: &Value) -> Value {
    let value = match value {
        Value::Bool(value) => json!({ "boolValue": value }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    };
    json!({ "key": name, "value": value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_encoded_as_the_specification_says() {
        let span = FinishedSpan {
            trace_id: 0xabc,
            span_id: 0xdef,
            parent_id: Some(1),
            name: "run".into(),
            kind: Kind::Server,
            start: UNIX_EPOCH + Duration::from_secs(1),
            duration: Duration::from_millis(1500),
            attributes: vec![("a", json!(5)), ("b", json!(0.5)), ("c", json!("x")), ("d", json!(true))],
            error: Some("broken".into()),
        };
        let request = request(&resource("i"), &[span]);
        let encoded = &request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        let expected = json!({
            "traceId": "00000000000000000000000000000abc",
            "spanId": "0000000000000def",
            "parentSpanId": "0000000000000001",
            "name": "run",
            "kind": 2,
            "startTimeUnixNano": "1000000000",
            "endTimeUnixNano": "2500000000",
            "attributes": [
                { "key": "a", "value": { "intValue": "5" } },
                { "key": "b", "value": { "doubleValue": 0.5 } },
                { "key": "c", "value": { "stringValue": "x" } },
                { "key": "d", "value": { "boolValue": true } },
            ],
            "status": { "code": 2, "message": "broken" },
        });
        assert_eq!(*encoded, expected);
        let resource = &request["resourceSpans"][0]["resource"]["attributes"];
        assert_eq!(resource[0], json!({ "key": "service.name", "value": { "stringValue": "dayfly" } }));
    }
}
