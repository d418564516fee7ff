//! What this process uses, by the names that Prometheus's own client libraries have for it.

use std::fmt;
use std::fs;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Looks at the process whenever it is asked.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut say =
            |name, help, unit: Option<&Unit>, metric: &dyn Say| metric.say(&mut encoder, name, help, unit);
        if let Some(usage) = Usage::now() {
            let cpu = ConstCounter::new(usage.cpu.as_secs_f64());
            say("process_cpu", "CPU time used", Some(&Unit::Seconds), &cpu)?;
            let resident = ConstGauge::new(usage.resident_bytes);
            say("process_resident_memory", "Memory that is resident", Some(&Unit::Bytes), &resident)?;
            let virtual_bytes = ConstGauge::new(usage.virtual_bytes);
            say("process_virtual_memory", "Address space in use", Some(&Unit::Bytes), &virtual_bytes)?;
            say("process_threads", "Threads", None, &ConstGauge::new(usage.threads))?;
        }
        if let Ok(files) = fs::read_dir("/proc/self/fd") {
            // The one that reads the folder is not counted.
            let open = files.count().saturating_sub(1) as u64;
            say("process_open_fds", "Open file descriptors", None, &ConstGauge::new(open))?;
        }
        if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
            say("process_max_fds", "Open file descriptors that there may be", None, &ConstGauge::new(most))?;
        }
        Ok(())
    }
}

trait Say {
    fn say(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
    ) -> fmt::Result;
}

impl<T: EncodeMetric> Say for T {
    fn say(
        &self,
        encoder: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
    ) -> fmt::Result {
        self.encode(encoder.encode_descriptor(name, help, unit, self.metric_type())?)
    }
}

#[derive(Debug, Eq, PartialEq)]
struct Usage {
    cpu: Duration,
    threads: u64,
    virtual_bytes: u64,
    resident_bytes: u64,
}

impl Usage {
    fn now() -> Option<Self> {
        let ticks = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
        let page = u64::try_from(sysconf(SysconfVar::PAGE_SIZE).ok()??).ok()?;
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?, ticks, page)
    }

    /// What `/proc/pid/stat` says (proc_pid_stat(5)), with the length of a page in bytes.
    fn parse(stat: &str, ticks_per_second: u64, page: u64) -> Option<Self> {
        // The name in parentheses may hold anything; the fields after it start with the third.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let ticks = field(14)? + field(15)?;
        Some(Self {
            cpu: Duration::from_millis(ticks * 1000 / ticks_per_second),
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * page,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_after_the_name_whatever_that_is() {
        let stat = "7 (a) b (c) S 1 1 1 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 1234 1048576 25 18446744073709551615 1";
        let expected = Usage {
            cpu: Duration::from_secs(2),
            threads: 9,
            virtual_bytes: 1_048_576,
            resident_bytes: 102_400,
        };
        assert_eq!(Usage::parse(stat, 100, 4096), Some(expected));
        assert_eq!(Usage::parse("7 (a) S 1", 100, 4096), None);
        assert_eq!(Usage::parse("", 100, 4096), None);
    }

    #[test]
    fn this_process_uses_something() {
        let usage = Usage::now().unwrap();
        assert!(usage.resident_bytes > 0 && usage.virtual_bytes >= usage.resident_bytes, "{usage:?}");
        assert!(usage.threads >= 1);
    }
}
