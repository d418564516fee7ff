use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

/// Every field of a reply that may be absent may be null too, and the two mean the same.
fn null_is_absent<T>(required: &Value, optional: &[&str])
where
    T: DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let absent: T = serde_json::from_value(required.clone()).unwrap();
    for field in optional {
        let mut reply = required.clone();
        reply[field] = Value::Null;
        let null: T = serde_json::from_value(reply).unwrap_or_else(|error| panic!("{field}: {error}"));
        assert_eq!(null, absent, "{field}");
    }
    let mut reply = required.clone();
    reply["SomethingNew"] = json!({ "of": ["a", "later", "version"] });
    assert_eq!(serde_json::from_value::<T>(reply).unwrap(), absent);
}

#[test]
fn null_means_absent_in_every_reply() {
    let id = json!({ "Id": "4fa6e0f0c678" });
    null_is_absent::<ContainerCreateResponse>(&id, &["Warnings"]);
    null_is_absent::<ContainerInspectResponse>(
        &id,
        &["Name", "Created", "Image", "State", "Config", "HostConfig", "Mounts"],
    );
    null_is_absent::<ContainerSummary>(
        &id,
        &["Names", "Image", "ImageID", "Created", "Labels", "State", "Status"],
    );
    let none = json!({});
    null_is_absent::<ContainerState>(
        &none,
        &["Status", "Running", "Paused", "OOMKilled", "Pid", "ExitCode", "Error", "StartedAt", "FinishedAt"],
    );
    null_is_absent::<ContainerConfig>(
        &none,
        &[
            "Hostname",
            "User",
            "OpenStdin",
            "StdinOnce",
            "Tty",
            "Env",
            "Cmd",
            "Entrypoint",
            "Image",
            "WorkingDir",
            "Labels",
        ],
    );
    null_is_absent::<MountPoint>(&none, &["Type", "Name", "Source", "Destination", "RW"]);
    null_is_absent::<ContainerUpdateResponse>(&none, &["Warnings"]);
    null_is_absent::<ContainerWaitResponse>(&json!({ "StatusCode": 0 }), &["Error"]);
    null_is_absent::<ContainerWaitExitError>(&none, &["Message"]);
    null_is_absent::<ImageInspect>(
        &none,
        &["Id", "RepoTags", "Parent", "Created", "Architecture", "Size", "Config"],
    );
    null_is_absent::<ImageConfig>(&none, &["User", "Env", "Cmd", "Entrypoint", "WorkingDir", "Labels"]);
    null_is_absent::<ImageSummary>(&none, &["Id", "RepoTags", "Created", "Size", "Labels"]);
    null_is_absent::<ImageDeleteResponseItem>(&none, &["Untagged", "Deleted"]);
    null_is_absent::<Volume>(&none, &["Name", "Driver", "Mountpoint", "CreatedAt", "Labels", "Options"]);
    null_is_absent::<SystemVersion>(
        &json!({ "ApiVersion": "1.41", "MinAPIVersion": "1.12" }),
        &["Version", "GitCommit", "Os", "Arch", "KernelVersion"],
    );
    null_is_absent::<SystemInfo>(
        &none,
        &[
            "ID",
            "Name",
            "ServerVersion",
            "Containers",
            "ContainersRunning",
            "Images",
            "Driver",
            "LoggingDriver",
            "CgroupDriver",
            "CgroupVersion",
            "KernelVersion",
            "OperatingSystem",
            "OSType",
            "Architecture",
            "NCPU",
            "MemTotal",
            "MemoryLimit",
            "SwapLimit",
            "PidsLimit",
            "CpuCfsQuota",
            "DockerRootDir",
            "Runtimes",
            "DefaultRuntime",
            "SecurityOptions",
            "Warnings",
        ],
    );
    assert!(serde_json::from_str::<VolumeListResponse>(r#"{"Volumes":null}"#).unwrap().volumes.is_empty());
}

fn every_host_config_field() -> HostConfig {
    let text = |text: &str| Some(text.to_owned());
    let list = |item: &str| vec![item.to_owned()];
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    HostConfig {
        auto_remove: true,
        binds: list("/a:/b"),
        cap_add: list("CHOWN"),
        cap_drop: list("ALL"),
        cgroup_parent: text("parent"),
        cgroupns_mode: text("private"),
        cpu_shares: Some(2),
        cpuset_cpus: text("0"),
        group_add: list("9"),
        init: Some(false),
        ipc_mode: text("private"),
        log_config: Some(LogConfig { driver: "none".to_owned(), config: map("k", "v") }),
        masked_paths: Some(Vec::new()),
        memory: Some(3),
        memory_swap: Some(-1),
        memory_swappiness: Some(0),
        mounts: vec![
            Mount {
                source: "volume".to_owned(),
                target: "/v".to_owned(),
                read_only: true,
                volume_options: Some(VolumeOptions { no_copy: true }),
                ..Mount::default()
            },
            Mount {
                mount_type: MountType::Tmpfs,
                target: "/t".to_owned(),
                tmpfs_options: Some(TmpfsOptions { size_bytes: Some(4), mode: Some(0o700) }),
                ..Mount::default()
            },
            Mount {
                mount_type: MountType::from("npipe".to_owned()),
                target: "x".to_owned(),
                ..Mount::default()
            },
        ],
        nano_cpus: Some(5),
        network_mode: text("none"),
        oom_score_adj: Some(6),
        pid_mode: text("host"),
        pids_limit: Some(7),
        privileged: true,
        readonly_paths: Some(list("/proc")),
        readonly_rootfs: true,
        runtime: text("runc"),
        security_opt: list("no-new-privileges"),
        shm_size: Some(8),
        storage_opt: map("size", "1G"),
        sysctls: map("net.core.somaxconn", "1"),
        tmpfs: map("/tmp", "size=1m"),
        ulimits: vec![Ulimit { name: "core".to_owned(), soft: 0, hard: -1 }],
        userns_mode: text("host"),
        uts_mode: text("host"),
    }
}

#[test]
fn a_host_config_survives_the_way_there_and_back() {
    let config = every_host_config_field();
    let json = serde_json::to_value(&config).unwrap();
    assert_eq!(json["Mounts"][0]["Type"], "volume");
    assert_eq!(json["Mounts"][2]["Type"], "npipe");
    assert_eq!(json["UTSMode"], "host");
    assert_eq!(json["MaskedPaths"], json!([]), "an empty list is not the default list");
    assert_eq!(serde_json::from_value::<HostConfig>(json).unwrap(), config);
}

#[test]
fn a_host_config_may_have_null_for_every_field() {
    let json = serde_json::to_value(every_host_config_field()).unwrap();
    let fields: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    null_is_absent::<HostConfig>(&json!({}), &fields);
    null_is_absent::<LogConfig>(&json!({}), &["Type", "Config"]);
    null_is_absent::<Mount>(
        &json!({}),
        &["Type", "Source", "Target", "ReadOnly", "VolumeOptions", "TmpfsOptions"],
    );
    null_is_absent::<VolumeOptions>(&json!({}), &["NoCopy"]);
    null_is_absent::<TmpfsOptions>(&json!({}), &["SizeBytes", "Mode"]);
    null_is_absent::<Ulimit>(&json!({}), &["Name"]);
}

#[test]
fn a_request_leaves_out_what_is_not_set() {
    let body = ContainerCreateBody { image: "x".to_owned(), ..ContainerCreateBody::default() };
    assert_eq!(serde_json::to_value(body).unwrap(), json!({ "Image": "x", "HostConfig": {} }));
    assert_eq!(serde_json::to_value(ContainerUpdateBody::default()).unwrap(), json!({}));
    assert_eq!(serde_json::to_value(VolumeCreateOptions::default()).unwrap(), json!({}));
}
