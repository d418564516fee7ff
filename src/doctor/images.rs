//! The languages' images: which can be used, and which are as they should be.

use engine_api::Client;
use serde_json::{Value, json};

use super::{Finding, Group};
use crate::causes::with_causes;
use crate::images::{ImageState, Look};
use crate::languages::Languages;

const SUBJECT: &str = "languages";

/// Looks at every language's image.
pub(super) async fn examine(client: &Client, languages: &Languages) -> Vec<Finding> {
    let mut look = Look::new(client);
    let mut states = Vec::new();
    for language in languages.by_rank() {
        match look.state(&language).await {
            Ok(state) => states.push((language.key.clone(), state)),
            Err(error) => {
                let advice = "look into the engine's log";
                return vec![Finding::problem(Group::Images, SUBJECT, with_causes(&error), advice)];
            }
        }
    }
    judge(&states)
}

fn judge(states: &[(String, ImageState)]) -> Vec<Finding> {
    let list = |which: fn(&ImageState) -> bool| {
        let names: Vec<&str> =
            states.iter().filter(|(_, state)| which(state)).map(|(key, _)| key.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} of {}: {}", names.len(), states.len(), names.join(", ")))
    };
    let missing = list(|state| state.image().is_none());
    let mut findings = vec![match list(|state| state.image().is_some()) {
        Some(built) => Finding::ok(Group::Images, SUBJECT, format!("built {built}")),
        None => Finding::problem(Group::Images, SUBJECT, "no image is built", "dayfly images build"),
    }];
    if let (Some(missing), true) = (missing, states.iter().any(|(_, state)| state.image().is_some())) {
        let advice = "dayfly images build builds what is missing";
        findings.push(Finding::warning(Group::Images, SUBJECT, format!("missing {missing}"), advice));
    }
    if let Some(stale) = list(|state| matches!(state, ImageState::Stale(_))) {
        let seen = format!("older than their folder or base: {stale}");
        findings.push(Finding::warning(Group::Images, SUBJECT, seen, "dayfly images build builds them anew"));
    }
    if let Some(stand_ins) = list(|state| state.image().is_some_and(|image| image.is_stand_in)) {
        let advice = "frozen versions without security fixes, since the better base could not be had: dayfly images \
                      build --pull asks for it again";
        findings.push(Finding::warning(Group::Images, SUBJECT, format!("stand-ins {stand_ins}"), advice));
    }
    findings[0].evidence = states.iter().map(evidence).collect();
    findings
}

fn evidence((key, state): &(String, ImageState)) -> Value {
    let name = match state {
        ImageState::Missing => "missing",
        ImageState::Ready(_) => "ready",
        ImageState::Stale(_) => "stale",
    };
    let image = state.image();
    json!({
        "language": key,
        "state": name,
        "standIn": image.map(|image| image.is_stand_in),
        "version": image.and_then(|image| image.version.as_deref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;
    use crate::images::Image;

    fn image(is_stand_in: bool) -> Image {
        Image { id: "sha256:1".into(), is_stand_in, version: Some("1.2".into()), size_bytes: 1 }
    }

    fn judged(states: &[ImageState]) -> Vec<(Level, String)> {
        let names = ["a", "b", "c"];
        let states: Vec<_> =
            names.iter().zip(states).map(|(name, state)| ((*name).to_owned(), state.clone())).collect();
        judge(&states).into_iter().map(|finding| (finding.level, finding.seen)).collect()
    }

    #[test]
    fn nothing_can_be_run_without_an_image() {
        let seen = judged(&[ImageState::Missing, ImageState::Missing]);
        assert_eq!(seen, [(Level::Problem, "no image is built".into())]);
    }

    #[test]
    fn each_state_is_told_with_its_languages() {
        let seen =
            judged(&[ImageState::Ready(image(true)), ImageState::Stale(image(false)), ImageState::Missing]);
        let warning = |text: &str| (Level::Warning, text.to_owned());
        assert_eq!(
            seen,
            [
                (Level::Ok, "built 2 of 3: a, b".into()),
                warning("missing 1 of 3: c"),
                warning("older than their folder or base: 1 of 3: b"),
                warning("stand-ins 1 of 3: a"),
            ]
        );
        assert_eq!(judged(&[ImageState::Ready(image(false))]).len(), 1);
    }
}
