//! Errors as one line of text.

use std::error::Error;
use std::iter::successors;

/// An error and all its causes, as in `what failed: why: why that`.
pub(crate) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let refused = engine_api::Error::Connect {
            endpoint: engine_api::Endpoint::unix("/x.sock").unwrap(),
            source: io::Error::from(io::ErrorKind::NotFound),
        };
        let text = with_causes(&crate::sandbox::SandboxError::from(refused));
        assert_eq!(text, "cannot connect to the engine at unix:///x.sock: entity not found");
    }
}
