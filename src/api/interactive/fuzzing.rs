//! The body of the fuzz target of interactive clients' messages.

use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::Value;

use super::events::ClientEvent;
use super::{SocketLimits, socketio};
use crate::api::error::ApiError;
use crate::api::fuzzing::{LANGUAGES, check_job, check_refusal};
use crate::api::job;
use crate::api::limits::Offer;

const LIMITS: SocketLimits = SocketLimits {
    per_client: NonZeroUsize::MIN,
    messages_per_second: NonZeroUsize::MIN,
    idle: Duration::from_secs(60),
    wall_time: Duration::from_secs(600),
};

/// A message of an interactive client: what is accepted keeps to every rule, and Socket.IO takes what a WebSocket takes for
/// the same.
///
/// # Panics
/// When that does not hold.
pub fn client_message(message: &[u8]) {
    // The WebSocket's text messages are UTF-8 (RFC 6455, section 5.6).
    let Ok(text) = std::str::from_utf8(message) else { return };
    let event = match ClientEvent::from_text(text) {
        Ok(event) => event,
        Err(error) => return check_refusal(error, &["invalid-message", "malformed-json"]),
    };
    let meaning = meaning(event);
    // An event may also be written as a list, which Socket.IO's messages are not.
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return };
    let Some(Value::String(name)) = fields.remove("event") else { panic!("an event without a name: {text}") };
    assert!(socketio::EVENTS.contains(&&*name), "Socket.IO does not listen to {name}");
    let same = ClientEvent::from_value(socketio::event(&name, Value::Object(fields)));
    let same = same.unwrap_or_else(|error| panic!("only a WebSocket takes {text}: {error:?}"));
    assert_eq!(self::meaning(same), meaning);
}

/// What a session does for an event, short of talking to a run.
fn meaning(event: ClientEvent) -> Option<String> {
    match event {
        ClientEvent::ExecuteInteractive(request) => {
            let (encoding, reference) = (request.encoding, request.reference.clone());
            let mut most = None;
            let offer = |language| {
                let allowance = LIMITS.allowance(language);
                most = Some(allowance);
                Offer { usual: allowance, most: allowance }
            };
            let refusals = [job::REFUSALS, &["not-interactive"]].concat();
            let job = accepted(request.into_job(&LANGUAGES, offer), &refusals)?;
            check_job(&job, &most.expect("a job had an offer"));
            Some(format!(
                "{encoding:?} {reference:?} {:?} {:?}",
                job.program,
                job.start(job.stages(), false, false)
            ))
        }
        ClientEvent::Input(input) => {
            let id = input.execution_id;
            accepted(input.bytes(), &["invalid-message"]).map(|bytes| format!("{id} {bytes:?}"))
        }
        ClientEvent::EndOfInput(named) => Some(format!("end {}", named.execution_id)),
        ClientEvent::Signal(signal) => {
            let number = accepted(signal.number(), &["unknown-signal"])?;
            assert!((1..=31).contains(&number), "{number}");
            Some(format!("{} {number}", signal.execution_id))
        }
        ClientEvent::Resize(resize) => {
            Some(format!("{} {} {}", resize.execution_id, resize.cols, resize.rows))
        }
        ClientEvent::Stop(named) => Some(format!("stop {}", named.execution_id)),
    }
}

fn accepted<T>(result: Result<T, ApiError>, refusals: &[&str]) -> Option<T> {
    result.map_err(|error| check_refusal(error, refusals)).ok()
}
