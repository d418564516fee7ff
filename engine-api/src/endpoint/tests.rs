use std::collections::HashMap;
use std::fs;

use super::*;

#[test]
fn text_and_endpoint_round_trip() {
    for text in [
        "unix:///run/user/1000/docker.sock",
        "tcp://127.0.0.1:2375",
        "tcp://engine.example:65535",
        "tcp://[::1]:1",
    ] {
        assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
    }
    let endpoint = Endpoint::unix("/x.sock").unwrap();
    assert_eq!(endpoint, "unix:///x.sock".parse().unwrap());
    assert_eq!(endpoint.unix_path(), Some(Path::new("/x.sock")));
    assert_eq!(endpoint.host(), "localhost");
    assert_eq!(Endpoint::tcp("::1", 7).host(), "[::1]:7");
    assert_eq!("tcp://host/".parse::<Endpoint>().unwrap(), Endpoint::tcp("host", 2375));
}

#[test]
fn other_transports_are_named_in_the_error() {
    for text in ["ssh://host", "npipe:////./pipe/docker", "/var/run/docker.sock", ""] {
        let error = text.parse::<Endpoint>().unwrap_err().to_string();
        assert!(error.contains("only unix sockets and TCP"), "{error}");
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn what_is_no_host_and_port_is_refused() {
    for text in [
        "unix://",
        "tcp://",
        "tcp://:1",
        "tcp://host:",
        "tcp://host:65536",
        "tcp://host:+1",
        "tcp://host:1/path",
        "tcp://user@host:1",
        "tcp://a b:1",
        "tcp://::1:1",
        "tcp://[::1:1",
        "tcp://[::1]1",
        "tcp://[host]:1",
        "tcp://host\r\nX: y",
    ] {
        assert!(matches!(text.parse::<Endpoint>(), Err(Error::InvalidArgument { .. })), "{text}");
    }
}

/// A folder as the `docker` command keeps it, with two contexts.
fn docker_config() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let meta = |digest: &str, meta: &str| {
        let path = folder.path().join("contexts/meta").join(digest);
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("meta.json"), meta).unwrap();
    };
    meta("1", r#"{"Name":"rootless","Metadata":{},"Endpoints":{"docker":{"Host":"unix:///r.sock"}}}"#);
    meta(
        "2",
        r#"{"Name":"remote","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://r:2376","SkipTLSVerify":false}}}"#,
    );
    meta("3", r#"{"Name":"careless","Endpoints":{"docker":{"Host":"tcp://r:2376","SkipTLSVerify":true}}}"#);
    meta("4", r#"{"Name":"empty","Endpoints":{}}"#);
    meta("5", r#"{"Name":"secure","Endpoints":{"docker":{"Host":"tcp://r:2376"}}}"#);
    fs::create_dir_all(folder.path().join("contexts/tls/5/docker")).unwrap();
    folder
}

fn from(config: &Path, variables: &[(&str, &str)]) -> Result<Endpoint> {
    let mut variables: HashMap<&str, OsString> =
        variables.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
    variables.entry("DOCKER_CONFIG").or_insert_with(|| config.into());
    Endpoint::from_variables(|name| variables.get(name).cloned())
}

#[test]
fn the_environment_comes_before_the_chosen_context() {
    let folder = docker_config();
    let config = folder.path();
    let default = Endpoint::unix("/var/run/docker.sock").unwrap();
    assert_eq!(from(config, &[]).unwrap(), default);
    assert_eq!(from(config, &[("DOCKER_HOST", ""), ("DOCKER_CONTEXT", "")]).unwrap(), default);
    assert_eq!(from(config, &[("DOCKER_CONFIG", "")]).unwrap(), default, "no folder at all");

    fs::write(config.join("config.json"), r#"{"auths":{},"currentContext":"rootless"}"#).unwrap();
    assert_eq!(from(config, &[]).unwrap().to_string(), "unix:///r.sock");
    assert_eq!(from(config, &[("DOCKER_CONTEXT", "remote")]).unwrap(), Endpoint::tcp("r", 2376));
    assert_eq!(from(config, &[("DOCKER_CONTEXT", "default")]).unwrap(), default);
    let host = [("DOCKER_HOST", "unix:///h.sock"), ("DOCKER_CONTEXT", "remote")];
    assert_eq!(from(config, &host).unwrap().to_string(), "unix:///h.sock");
    assert_eq!(Endpoint::context(config, "remote").unwrap(), Endpoint::tcp("r", 2376));
}

#[test]
fn what_a_context_cannot_be_used_for_is_told() {
    let folder = docker_config();
    let config = folder.path();
    for (name, words) in [
        ("nothing", "there is no context `nothing`"),
        ("careless", "asks not to verify TLS"),
        ("empty", "names no engine"),
    ] {
        let error = from(config, &[("DOCKER_CONTEXT", name)]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    fs::write(config.join("config.json"), "{").unwrap();
    let error = from(config, &[]).unwrap_err().to_string();
    assert!(error.contains("config.json"), "{error}");
}

#[test]
fn tls_that_is_asked_for_is_never_left_out() {
    let folder = docker_config();
    let config = folder.path();
    let asked = [("DOCKER_HOST", "tcp://h:2376"), ("DOCKER_TLS_VERIFY", "1")];
    let expected = if cfg!(feature = "tls") { "ca.pem" } else { "not built in" };
    for variables in [&asked[..], &[("DOCKER_CONTEXT", "secure")]] {
        let error = from(config, variables).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let unix = [("DOCKER_HOST", "unix:///h.sock"), ("DOCKER_TLS_VERIFY", "1")];
    assert_eq!(from(config, &unix).unwrap().to_string(), "unix:///h.sock");
    let verify_nothing = [("DOCKER_HOST", "tcp://h:2375"), ("DOCKER_TLS_VERIFY", "")];
    assert_eq!(from(config, &verify_nothing).unwrap(), Endpoint::tcp("h", 2375));
}
