use engine_api::{ApiVersion, Client, Deadline, Endpoint, Error};

use crate::support::{engine, soon};

#[tokio::test]
async fn the_version_is_the_newest_both_sides_speak() {
    let client = engine().await;
    let ping = client.ping(soon()).await.unwrap();
    let version = client.version(soon()).await.unwrap();
    assert_eq!(ping.api_version, version.api_version);
    assert!(version.min_api_version <= version.api_version);
    assert_eq!(client.api_version(soon()).await.unwrap(), version.api_version.min(ApiVersion::MAX));
    assert_eq!(version.os, "linux");
    assert!(!version.version.is_empty());
    assert_eq!(ping.os_type.as_deref(), Some("linux"));
}

#[tokio::test]
async fn info_tells_what_the_host_can_do() {
    let info = engine().await.info(soon()).await.unwrap();
    assert!(info.ncpu > 0, "{info:?}");
    assert!(info.mem_total > 0, "{info:?}");
    assert!(info.images > 0, "{info:?}");
    assert!(["1", "2"].contains(&info.cgroup_version.as_str()), "{info:?}");
    assert_eq!(info.os_type, "linux");
    assert!(info.runtimes.contains_key(&info.default_runtime), "{info:?}");
    assert!(info.security_options.iter().any(|option| option.starts_with("name=")), "{info:?}");
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_unreachable_and_named() {
    let client = Client::new(Endpoint::unix("/nonexistent/docker.sock").unwrap());
    let error = client.info(soon()).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert_eq!(error.to_string(), "cannot connect to the engine at unix:///nonexistent/docker.sock");
    let Error::Connect { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_call_past_its_deadline_is_a_timeout_that_names_it() {
    let client = engine().await;
    let past = Deadline::at(tokio::time::Instant::now());
    let error = client.info(past).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    let error = client.version(past).await.unwrap_err();
    assert!(error.to_string().starts_with("GET /version did not finish in time"), "{error}");
}

#[tokio::test]
async fn what_is_on_the_disk_is_told() {
    let client = engine().await;
    let usage = client.data_usage(soon()).await.unwrap();
    // Older engines list, newer ones sum up.
    let total = usage.image_usage.as_ref().map(|images| images.total_count);
    let listed = i64::try_from(usage.images.len()).unwrap();
    assert!(total.unwrap_or(listed) > 0, "{usage:?}");
}
