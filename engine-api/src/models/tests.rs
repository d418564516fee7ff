mod probe;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::probe::{Types, probe};
use super::*;
use crate::progress::{BuildInfo, ErrorDetail, ImageId, ProgressDetail};
use crate::reply::ErrorResponse;

/// Fields that the definitions only describe in prose.
const IN_PROSE: [(&str, &str); 1] = [("AuthConfig", "identitytoken")];
/// Types that travel in headers, which the definitions do not describe.
const NOT_DEFINED: [&str; 3] = ["Empty", "PathStat", "Ping"];
/// Types that stand for four of the definitions, which differ in what is listed in them only.
const STANDS_FOR: [(&str, &str); 3] =
    [("ContainerUsage", "DiskUsage"), ("VolumeUsage", "DiskUsage"), ("BuildCacheUsage", "DiskUsage")];

/// What is checked of every type, by its own `Deserialize`.
struct Walk {
    types: RefCell<Types>,
}

impl Walk {
    /// What every reply must take.
    fn reply<T: DeserializeOwned + Debug>(&self) -> &Self {
        let (name, full) = probe::<T>(&self.types);
        let read = |json: Value| serde_json::from_value::<T>(json).map(|value| format!("{value:?}"));
        self.check_reply(name, &format!("{full:?}"), &read);
        self
    }

    fn check_reply(
        &self,
        name: &'static str,
        full: &str,
        read: &dyn Fn(Value) -> serde_json::Result<String>,
    ) {
        // What cannot be missing is told one field at a time.
        let mut required = json!({});
        let absent = loop {
            let Err(error) = read(required.clone()) else { break read(required.clone()).unwrap() };
            let message = error.to_string();
            let field = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
            let field = field.unwrap_or_else(|| panic!("{name}: {message}"));
            let mut types = self.types.borrow_mut();
            let facts = types.get_mut(name).unwrap().get_mut(field).unwrap();
            facts.required = true;
            required[field] = sample(&facts.kind);
        };
        let fields = self.types.borrow()[name].clone();
        assert!(
            fields.values().all(|field| field.required) || full != absent,
            "{name}: the probe fills nothing"
        );

        // A field that may be absent may be null too, and the two mean the same.
        for (field, _) in fields.iter().filter(|(_, facts)| !facts.required) {
            let mut reply = required.clone();
            reply[field] = Value::Null;
            let null = read(reply).unwrap_or_else(|error| panic!("{name}.{field}: {error}"));
            assert_eq!(null, absent, "{name}.{field}");
        }
        required["SomethingNew"] = json!({ "of": ["a", "later", "version"] });
        assert_eq!(read(required).unwrap(), absent, "{name}");
    }

    /// What every request must keep to, which may be read as well.
    fn request<T: Serialize + DeserializeOwned + Debug>(&self) -> &Self {
        self.reply::<T>();
        let (name, full) = probe::<T>(&self.types);
        let json = serde_json::to_value(&full).unwrap();
        let written: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let read: BTreeSet<&str> = self.types.borrow()[name].keys().copied().collect();
        assert_eq!(written, read, "{name}: a field is written by another name than it is read by");
        let back = serde_json::from_value::<T>(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(back).unwrap(), json, "{name}");
        self
    }
}

/// A value of a required field.
fn sample(kind: &str) -> Value {
    match kind {
        "string" => json!("1.41"),
        "integer" => json!(1),
        "boolean" => json!(true),
        other => panic!("a required field of type {other}"),
    }
}

fn walk() -> Types {
    let walk = Walk { types: RefCell::default() };
    walk.request::<AuthConfig>()
        .request::<BindOptions>()
        .request::<ContainerCreateBody>()
        .request::<ContainerUpdateBody>()
        .request::<DeviceMapping>()
        .request::<DeviceRequest>()
        .request::<EndpointIpamConfig>()
        .request::<EndpointSettings>()
        .request::<ExecConfig>()
        .request::<HealthConfig>()
        .request::<HostConfig>()
        .request::<Ipam>()
        .request::<IpamConfig>()
        .request::<LogConfig>()
        .request::<Mount>()
        .request::<NetworkConnectRequest>()
        .request::<NetworkCreateRequest>()
        .request::<NetworkDisconnectRequest>()
        .request::<NetworkingConfig>()
        .request::<PortBinding>()
        .request::<RestartPolicy>()
        .request::<TmpfsOptions>()
        .request::<Ulimit>()
        .request::<VolumeCreateOptions>()
        .request::<VolumeDriverConfig>()
        .request::<VolumeOptions>()
        .request::<ExecStartConfig>();
    walk.reply::<AuthResponse>()
        .reply::<BuildCache>()
        .reply::<BuildInfo>()
        .reply::<BuildPruneResponse>()
        .reply::<ContainerBlkioStatEntry>()
        .reply::<ContainerBlkioStats>()
        .reply::<ContainerConfig>()
        .reply::<ContainerCpuStats>()
        .reply::<ContainerCpuUsage>()
        .reply::<ContainerCreateResponse>()
        .reply::<ContainerInspectResponse>()
        .reply::<ContainerMemoryStats>()
        .reply::<ContainerNetworkStats>()
        .reply::<ContainerPidsStats>()
        .reply::<ContainerPruneResponse>()
        .reply::<ContainerState>()
        .reply::<ContainerStatsResponse>()
        .reply::<ContainerSummary>()
        .reply::<ContainerThrottlingData>()
        .reply::<ContainerTopResponse>()
        .reply::<ContainerUpdateResponse>()
        .reply::<ContainerWaitExitError>()
        .reply::<ContainerWaitResponse>()
        .reply::<DiskUsage>()
        .reply::<ErrorDetail>()
        .reply::<ErrorResponse>()
        .reply::<EventActor>()
        .reply::<EventMessage>()
        .reply::<ExecInspectResponse>()
        .reply::<FilesystemChange>()
        .reply::<Health>()
        .reply::<HealthcheckResult>()
        .reply::<IdResponse>()
        .reply::<ImageConfig>()
        .reply::<ImageDeleteResponseItem>()
        .reply::<ImageHistoryResponseItem>()
        .reply::<ImageId>()
        .reply::<ImageInspect>()
        .reply::<ImagePruneResponse>()
        .reply::<ImageSearchResponseItem>()
        .reply::<ImageSummary>()
        .reply::<MountPoint>()
        .reply::<Network>()
        .reply::<NetworkContainer>()
        .reply::<NetworkCreateResponse>()
        .reply::<NetworkPruneResponse>()
        .reply::<NetworkSettings>()
        .reply::<PathStat>()
        .reply::<PortSummary>()
        .reply::<ProcessConfig>()
        .reply::<ProgressDetail>()
        .reply::<RootFs>()
        .reply::<Runtime>()
        .reply::<SystemDataUsageResponse>()
        .reply::<SystemInfo>()
        .reply::<SystemVersion>()
        .reply::<Volume>()
        .reply::<VolumeListResponse>()
        .reply::<VolumePruneResponse>()
        .reply::<VolumeUsageData>();
    walk.types.into_inner()
}

/// What a field is in each version of the API, by type and field: `scripts/write-api-fields` writes it.
fn definitions() -> BTreeMap<(String, String), Vec<String>> {
    let table = include_str!("../../tests/api_fields.tsv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("type\tfield\t1.41\t1.45\t1.55"));
    lines
        .map(|line| {
            let mut cells = line.split('\t').map(str::to_owned);
            ((cells.next().unwrap(), cells.next().unwrap()), cells.collect())
        })
        .collect()
}

#[test]
fn every_type_is_what_the_api_defines() {
    let definitions = definitions();
    let mut wrong = Vec::new();
    for (name, fields) in walk() {
        if NOT_DEFINED.contains(&name) {
            continue;
        }
        for (field, facts) in fields {
            if IN_PROSE.contains(&(name, field)) {
                continue;
            }
            let Some(versions) = definitions.get(&(name.to_owned(), field.to_owned())) else {
                wrong.push(format!("{name}.{field}: no version has it"));
                continue;
            };
            for version in versions.iter().filter(|version| *version != "~") {
                if version == "-" {
                    if facts.required {
                        wrong.push(format!("{name}.{field}: required, and not in every version"));
                    }
                } else if !same_type(field, &facts.kind, version.trim_end_matches(['?', '!'])) {
                    wrong.push(format!("{name}.{field}: {} instead of {version}", facts.kind));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the definition has an object without a name, any type of ours may be it.
fn same_type(field: &str, ours: &str, theirs: &str) -> bool {
    let named =
        |kind: &str| kind.trim_matches(['[', ']', '{', '}']).strip_prefix("object:").map(str::to_owned);
    let stands_for = STANDS_FOR.iter().any(|(at, name)| *at == field && named(ours).as_deref() == Some(name));
    ours == theirs
        || named(ours).is_some_and(|name| ours.replace(&format!("object:{name}"), "object") == theirs)
        || stands_for && theirs == "object"
}

#[test]
fn a_request_has_every_field_that_is_required() {
    let types = walk();
    let requests = [
        ("ContainerCreateBody", json!(ContainerCreateBody::default())),
        ("ExecConfig", json!(ExecConfig::default())),
        ("ExecStartConfig", json!(ExecStartConfig { detach: false, tty: false })),
        ("NetworkCreateRequest", json!(NetworkCreateRequest::default())),
        ("VolumeCreateOptions", json!(VolumeCreateOptions::default())),
    ];
    for (name, body) in requests {
        assert!(types.contains_key(name));
        for ((_, field), versions) in definitions().iter().filter(|((of, _), _)| of == name) {
            if versions.iter().any(|version| version.contains('!')) {
                assert!(body.get(field).is_some(), "{name}.{field}");
            }
        }
    }
}

#[test]
fn no_type_is_left_out() {
    let walked: BTreeSet<String> = walk().keys().map(|name| (*name).to_owned()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/models");
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() || entry.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        for line in std::fs::read_to_string(&entry).unwrap().lines() {
            let Some((_, name)) = line.split_once("struct ") else { continue };
            let name = name.trim_end_matches([' ', '{', '}']);
            assert!(NOT_DEFINED.contains(&name) || walked.contains(name), "{name} of {}", entry.display());
        }
    }
}

#[test]
fn what_is_not_set_is_left_to_the_engine() {
    let body = ContainerCreateBody { image: "x".to_owned(), ..ContainerCreateBody::default() };
    assert_eq!(serde_json::to_value(body).unwrap(), json!({ "Image": "x", "HostConfig": {} }));
    assert_eq!(serde_json::to_value(ContainerUpdateBody::default()).unwrap(), json!({}));
    assert_eq!(serde_json::to_value(VolumeCreateOptions::default()).unwrap(), json!({}));
    assert_eq!(serde_json::to_value(AuthConfig::default()).unwrap(), json!({}));
    let config = HostConfig { masked_paths: Some(Vec::new()), ..HostConfig::default() };
    assert_eq!(json!(config), json!({ "MaskedPaths": [] }), "an empty list is not the default list");
}

#[test]
fn what_is_unknown_keeps_its_name() {
    let mount: Mount = serde_json::from_value(json!({ "Type": "npipe", "Target": "x" })).unwrap();
    assert_eq!(mount.mount_type, MountType::Other("npipe".to_owned()));
    assert_eq!(json!(mount), json!({ "Type": "npipe", "Target": "x" }));
    let change: FilesystemChange = serde_json::from_value(json!({ "Path": "/x", "Kind": 7 })).unwrap();
    assert_eq!(change.kind, ChangeKind::Other(7));
}

#[test]
fn secrets_are_not_shown() {
    let auth = AuthConfig {
        username: Some("me".to_owned()),
        password: Some("secret".to_owned()),
        identitytoken: Some("secret".to_owned()),
        ..AuthConfig::default()
    };
    let shown = format!("{auth:?}");
    assert!(shown.contains("me") && !shown.contains("secret"), "{shown}");
    let response: AuthResponse =
        serde_json::from_value(json!({ "Status": "Login Succeeded", "IdentityToken": "secret" })).unwrap();
    assert!(!format!("{response:?}").contains("secret"));
}
