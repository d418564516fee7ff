//! Where a table was measured.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

use crate::support::docker;

/// One paragraph: processor, memory, kernel, engine, and this project's commit.
pub fn description() -> String {
    let processors = available_parallelism().unwrap();
    let model = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".into());
    let memory = field("/proc/meminfo", "MemTotal").unwrap();
    let gib = memory.trim_end_matches(" kB").parse::<f64>().unwrap() / f64::from(1 << 20);
    let kernel = said("uname", &["-sr"]);
    let engine = docker(&["version", "--format", "{{.Server.Version}}"]);
    let cgroups =
        docker(&["info", "--format", "cgroup v{{.CgroupVersion}}, {{.DefaultRuntime}}, {{.Driver}}"]);
    let commit = said("git", &["describe", "--always", "--dirty"]);
    format!(
        "Measured at {} with {processors} processors ({model}), {gib:.0} GiB, {}, Docker Engine {} ({}).",
        commit.trim(),
        kernel.trim(),
        engine.trim(),
        cgroups.trim()
    )
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    String::from_utf8(Command::new(program).args(arguments).output().unwrap().stdout).unwrap()
}
