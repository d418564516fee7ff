//! What a build, a pull, a push or a load tells as it goes: a line of JSON in, an event out.

use serde::Deserialize;

use crate::models::null_default;

/// Something that happened in a build, a pull, a push or a load.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum BuildEvent {
    /// The build came to the next instruction of the Dockerfile.
    Step {
        /// Which instruction, counted from 1.
        number: u32,
        /// How many there are.
        total: u32,
        /// The instruction, as in `RUN make`.
        instruction: String,
    },
    /// Text for people: what the instructions print, and the builder's own words. Its end need not be a line's end.
    Output(String),
    /// The id of the finished image, as in `sha256:...`.
    ImageId(String),
    /// Progress of a pull or a push.
    Status {
        /// The layer or the tag it is about.
        id: Option<String>,
        /// What is being done, as in `Downloading`.
        status: String,
        /// How many bytes are done.
        current: Option<u64>,
        /// How many bytes there are to do.
        total: Option<u64>,
    },
}

/// The engine's word that it failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    pub(crate) message: String,
    pub(crate) code: Option<i64>,
}

/// Schema `BuildInfo`.
#[derive(Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct BuildInfo {
    stream: Option<String>,
    aux: Option<ImageId>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    error_detail: Option<ErrorDetail>,
    id: Option<String>,
    status: Option<String>,
    #[serde(default, deserialize_with = "null_default", rename = "progressDetail")]
    progress_detail: ProgressDetail,
}

/// An image's id, or something of another builder's that is none of ours.
#[derive(Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct ImageId {
    #[serde(rename = "ID")]
    id: Option<String>,
}

#[derive(Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct ErrorDetail {
    message: Option<String>,
    code: Option<i64>,
}

#[derive(Debug, Default, Deserialize, Eq, PartialEq)]
pub(crate) struct ProgressDetail {
    current: Option<u64>,
    total: Option<u64>,
}

/// Reads a line. `Ok(None)` is a line with nothing this crate knows of.
pub(crate) fn parse(
    line: &[u8],
) -> Result<Result<Option<BuildEvent>, Failure>, serde_path_to_error::Error<serde_json::Error>> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let info: BuildInfo = serde_path_to_error::deserialize(&mut json)?;
    Ok(event(info))
}

fn event(info: BuildInfo) -> Result<Option<BuildEvent>, Failure> {
    if info.error.is_some() || info.error_detail.is_some() {
        let (detail, code) = info.error_detail.map_or((None, None), |detail| (detail.message, detail.code));
        let message = detail.or(info.error).unwrap_or_else(|| "the engine gives no reason".to_owned());
        let code = code.or_else(|| exit_status(&message));
        return Err(Failure { message, code });
    }
    if let Some(text) = info.stream {
        return Ok(Some(step(&text).unwrap_or(BuildEvent::Output(text))));
    }
    if let Some(status) = info.status {
        let ProgressDetail { current, total } = info.progress_detail;
        return Ok(Some(BuildEvent::Status { id: info.id, status, current, total }));
    }
    Ok(info.aux.and_then(|aux| aux.id).map(BuildEvent::ImageId))
}

/// Reads the exit code at the end of Podman's `building at STEP "RUN make": while running runtime: exit status 2`.
fn exit_status(message: &str) -> Option<i64> {
    message.trim_end().rsplit_once("while running runtime: exit status ")?.1.parse().ok()
}

/// Reads the builder's `Step 2/7 : RUN make`, or Podman's `STEP 2/7: RUN make`.
fn step(text: &str) -> Option<BuildEvent> {
    let (numbers, instruction) = match text.strip_prefix("STEP ") {
        Some(podmans) => podmans.split_once(": ")?,
        None => text.strip_prefix("Step ")?.split_once(" : ")?,
    };
    let (number, total) = numbers.split_once('/')?;
    Some(BuildEvent::Step {
        number: number.parse().ok()?,
        total: total.parse().ok()?,
        instruction: instruction.trim_end().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Option<BuildEvent>, Failure> {
        parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn steps_are_told_apart_from_output() {
        let step = BuildEvent::Step { number: 2, total: 7, instruction: "RUN echo a : b".to_owned() };
        for line in
            [r#"{"stream":"Step 2/7 : RUN echo a : b"}"#, r#"{"stream":"STEP 2/7: RUN echo a : b\n"}"#]
        {
            assert_eq!(parsed(line), Ok(Some(step.clone())));
        }
        for text in ["Step 2/7", "Step x/7 : RUN", "Step one : two", " ---> 4fa6e0f0c678\n", "\n", ""] {
            let line = serde_json::json!({ "stream": text }).to_string();
            assert_eq!(parsed(&line), Ok(Some(BuildEvent::Output(text.to_owned()))), "{text:?}");
        }
    }

    #[test]
    fn the_image_comes_as_aux() {
        assert_eq!(
            parsed(r#"{"aux":{"ID":"sha256:00"}}"#),
            Ok(Some(BuildEvent::ImageId("sha256:00".to_owned())))
        );
    }

    #[test]
    fn a_pull_tells_its_progress() {
        let status = |id: Option<&str>, status: &str, current, total| {
            Ok(Some(BuildEvent::Status {
                id: id.map(str::to_owned),
                status: status.to_owned(),
                current,
                total,
            }))
        };
        assert_eq!(
            parsed(
                r#"{"status":"Downloading","progressDetail":{"current":5,"total":9},"progress":"[=>]","id":"a1"}"#
            ),
            status(Some("a1"), "Downloading", Some(5), Some(9))
        );
        assert_eq!(
            parsed(r#"{"status":"Pulling from library/debian","progressDetail":null,"id":null}"#),
            status(None, "Pulling from library/debian", None, None)
        );
    }

    #[test]
    fn failures_carry_message_and_code() {
        let failure = |message: &str, code| Err(Failure { message: message.to_owned(), code });
        assert_eq!(
            parsed(r#"{"errorDetail":{"code":3,"message":"exit 3"},"error":"exit 3"}"#),
            failure("exit 3", Some(3))
        );
        let podmans = "building at STEP \"RUN exit 42\": while running runtime: exit status 42\n";
        let line = serde_json::json!({ "errorDetail": { "message": podmans }, "error": podmans }).to_string();
        assert_eq!(parsed(&line), failure(podmans, Some(42)));
        assert_eq!(parsed(r#"{"error":"no such file"}"#), failure("no such file", None));
        assert_eq!(parsed(r#"{"error":"e","errorDetail":{"message":null,"code":null}}"#), failure("e", None));
        assert_eq!(parsed(r#"{"errorDetail":{}}"#), failure("the engine gives no reason", None));
    }

    #[test]
    fn what_is_unknown_is_skipped() {
        for line in
            ["{}", r#"{"aux":null}"#, r#"{"aux":{}}"#, r#"{"id":"moby.buildkit.trace","aux":{"x":1}}"#]
        {
            assert_eq!(parsed(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn what_is_no_object_is_an_error_with_a_path() {
        assert!(parse(b"nonsense").is_err());
        let error = parse(br#"{"errorDetail":{"code":"3"}}"#).err().unwrap();
        assert_eq!(error.path().to_string(), "errorDetail.code");
    }
}
