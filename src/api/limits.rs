//! Limits that a request asks for.

use std::time::Duration;

use bytesize::ByteSize;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;

use super::error::ApiError;
use crate::limits::{Allowance, LEAST_RUN_MEMORY, Limits};

const LEAST_TIME: Duration = Duration::from_millis(1);

/// Times in seconds, sizes in bytes. What is not said stays as it is.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct LimitsRequest {
    /// Seconds from start to end.
    #[schemars(with = "Option<f64>")]
    wall_time: Option<Number>,
    /// Seconds of CPU time.
    #[schemars(with = "Option<f64>")]
    cpu_time: Option<Number>,
    /// Bytes of memory, what is written to files included.
    #[schemars(with = "Option<f64>")]
    memory: Option<Number>,
    /// Bytes of output.
    #[schemars(with = "Option<f64>")]
    output: Option<Number>,
    /// Processes and threads at a time.
    #[schemars(with = "Option<f64>")]
    processes: Option<Number>,
}

/// What a program may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// What it has if the request does not say.
    pub(super) usual: Allowance,
    /// The most that the request may ask for.
    pub(super) most: Allowance,
}

impl LimitsRequest {
    /// What is usual with these limits instead, none of them above the most; `place` is where in the request they are.
    pub(super) fn apply(
        &self,
        usual: Allowance,
        most: &Allowance,
        place: &str,
    ) -> Result<Allowance, ApiError> {
        let most_run = &most.run;
        let run = Limits {
            wall_time: time(place, "wallTime", self.wall_time.as_ref(), most_run.wall_time)?
                .unwrap_or(usual.run.wall_time),
            cpu_time: time(place, "cpuTime", self.cpu_time.as_ref(), most_run.cpu_time)?
                .unwrap_or(usual.run.cpu_time),
            memory: size(place, "memory", self.memory.as_ref(), LEAST_RUN_MEMORY, most_run.memory)?
                .unwrap_or(usual.run.memory),
            output: size(place, "output", self.output.as_ref(), ByteSize::b(1), most_run.output)?
                .unwrap_or(usual.run.output),
        };
        let processes = whole(place, "processes", self.processes.as_ref(), 1, most.processes.into())?
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(usual.processes);
        Ok(Allowance { run, processes })
    }
}

fn time(
    place: &str,
    name: &str,
    asked: Option<&Number>,
    most: Duration,
) -> Result<Option<Duration>, ApiError> {
    let Some(asked) = asked else { return Ok(None) };
    let range = LEAST_TIME..=most;
    match asked.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(time) if range.contains(&time) => Ok(Some(time)),
        _ => {
            let (least, most) = (LEAST_TIME.as_secs_f64(), most.as_secs_f64());
            Err(refusal(place, name, asked, &format!("from {least} to {most} seconds")))
        }
    }
}

fn size(
    place: &str,
    name: &str,
    asked: Option<&Number>,
    least: ByteSize,
    most: ByteSize,
) -> Result<Option<ByteSize>, ApiError> {
    let size = whole(place, name, asked, least.as_u64(), most.as_u64())?;
    Ok(size.map(ByteSize::b))
}

fn whole(
    place: &str,
    name: &str,
    asked: Option<&Number>,
    least: u64,
    most: u64,
) -> Result<Option<u64>, ApiError> {
    let Some(asked) = asked else { return Ok(None) };
    match as_whole(asked) {
        Some(count) if (least..=most).contains(&count) => Ok(Some(count)),
        _ => Err(refusal(place, name, asked, &format!("a whole number from {least} to {most}"))),
    }
}

/// The number, if it is whole: `64e6` is.
fn as_whole(number: &Number) -> Option<u64> {
    let exact = number.as_u64();
    exact.or_else(|| {
        let number = number.as_f64().filter(|number| number.fract() == 0.0)?;
        // Beyond this, a float has no ones.
        let is_exact = (0.0..=9_007_199_254_740_992.0).contains(&number);
        is_exact.then(|| format!("{number:.0}").parse().ok())?
    })
}

fn refusal(place: &str, name: &str, asked: &Number, allowed: &str) -> ApiError {
    ApiError::bad_request("invalid-limits", format!("\"{place}.{name}\" is {asked}: it must be {allowed}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ALLOWANCE: Allowance = Allowance { run: Limits::RUN, processes: 64 };

    fn applied(limits: Value) -> Result<Allowance, String> {
        let request: LimitsRequest = serde_json::from_value(limits).map_err(|error| error.to_string())?;
        request.apply(ALLOWANCE, &ALLOWANCE, "limits").map_err(|error| error.into_parts().1)
    }

    #[test]
    fn what_is_not_said_stays() {
        assert_eq!(applied(json!({})), Ok(ALLOWANCE));
        let lower = applied(json!({ "wallTime": 1.5, "memory": 64e6, "processes": 1 })).unwrap();
        assert_eq!(lower.run.wall_time, Duration::from_millis(1500));
        assert_eq!((lower.run.memory.as_u64(), lower.processes), (64_000_000, 1));
        assert_eq!((lower.run.cpu_time, lower.run.output), (Limits::RUN.cpu_time, Limits::RUN.output));
    }

    #[test]
    fn the_most_itself_is_allowed() {
        let most =
            json!({ "wallTime": 10, "cpuTime": 10, "memory": 256 << 20, "output": 1 << 20, "processes": 64 });
        assert_eq!(applied(most), Ok(ALLOWANCE));
    }

    #[test]
    fn each_refusal_names_the_limit_the_value_and_what_is_allowed() {
        for (limits, message) in [
            (json!({ "wallTime": 0 }), "\"limits.wallTime\" is 0: it must be from 0.001 to 10 seconds"),
            (json!({ "cpuTime": -1.5 }), "\"limits.cpuTime\" is -1.5: it must be from 0.001 to 10 seconds"),
            (
                json!({ "cpuTime": 1e300 }),
                "\"limits.cpuTime\" is 1e+300: it must be from 0.001 to 10 seconds",
            ),
            (
                json!({ "wallTime": 10.001 }),
                "\"limits.wallTime\" is 10.001: it must be from 0.001 to 10 seconds",
            ),
            (
                json!({ "memory": 1000 }),
                "\"limits.memory\" is 1000: it must be a whole number from 16777216 to 268435456",
            ),
            (
                json!({ "memory": 20_000_000.5 }),
                "\"limits.memory\" is 20000000.5: it must be a whole number from 16777216 to 268435456",
            ),
            (json!({ "output": 0 }), "\"limits.output\" is 0: it must be a whole number from 1 to 1048576"),
            (
                json!({ "processes": 65 }),
                "\"limits.processes\" is 65: it must be a whole number from 1 to 64",
            ),
        ] {
            assert_eq!(applied(limits), Err(message.to_owned()));
        }
    }

    #[test]
    fn what_is_no_number_or_no_limit_is_refused() {
        for limits in
            [json!({ "memory": "64" }), json!({ "wall": 1 }), json!(5), json!({ "processes": true })]
        {
            assert!(applied(limits).is_err());
        }
    }
}
