//! Looks for a way to any other machine, to the host and to the cloud's metadata.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use super::Evidence;
use super::attempt::{Area, Attempt, AttemptResult, from_io, tried};
use super::errno_name;
use crate::doctor::{Finding, Group};
use crate::execution::Status;

pub(super) const SUBJECT: &str = "network";

const PATIENCE: Duration = Duration::from_secs(1);

/// Others on the net, the usual addresses of routers and bridges, and the clouds' metadata services.
const TCP: [&str; 8] = [
    "1.1.1.1:443",
    "8.8.8.8:53",
    "10.0.0.1:80",
    "172.17.0.1:2375",
    "192.168.0.1:80",
    "169.254.169.254:80",
    "[2606:4700:4700::1111]:443",
    "[fd00:ec2::254]:80",
];
/// A name server, everybody on the wire, and those who listen for names there.
const UDP: [&str; 3] = ["8.8.8.8:53", "255.255.255.255:67", "224.0.0.251:5353"];
/// RFC 2606 keeps this name.
const NAME: &str = "example.com:80";

pub(super) fn attack() -> ExitCode {
    // What fails here would fail anywhere, and prove nothing.
    tried(Area::Control, "tcp 127.0.0.1", from_io(loopback(), "connected"));
    tried(Area::Network, "interfaces beside lo", interfaces());
    tried(Area::Network, "abstract sockets of others", abstract_sockets());
    for address in TCP {
        tried(Area::Network, format!("tcp {address}"), connect(address));
    }
    for address in UDP {
        tried(Area::Network, format!("udp {address}"), from_io(send(address), "the packet was sent"));
    }
    tried(Area::Network, format!("look up {NAME}"), from_io(NAME.to_socket_addrs(), "an address"));
    ExitCode::SUCCESS
}

fn loopback() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    TcpStream::connect_timeout(&listener.local_addr()?, PATIENCE)?;
    Ok(())
}

/// The interfaces of /proc/net/dev (proc_pid_net(5)), after two lines of heading.
fn interfaces() -> AttemptResult {
    match fs::read_to_string("/proc/net/dev") {
        Err(error) => AttemptResult::Refused(errno_name(&error)),
        Ok(text) => {
            let names = text.lines().skip(2).filter_map(|line| Some(line.split_once(':')?.0.trim()));
            // Tunnels of the kernel's own are in every new network namespace, down and with no other end.
            let others: Vec<&str> = names.filter(|name| *name != "lo" && !is_down(name)).collect();
            if others.is_empty() {
                AttemptResult::Refused("there is none".into())
            } else {
                AttemptResult::Got(others.join(" "))
            }
        }
    }
}

fn is_down(interface: &str) -> bool {
    let state = fs::read_to_string(format!("/sys/class/net/{interface}/operstate"));
    state.is_ok_and(|state| state.trim() == "down")
}

/// Sockets without a file belong to the network namespace: the host's daemons have some (CVE-2020-15257).
fn abstract_sockets() -> AttemptResult {
    match fs::read_to_string("/proc/net/unix") {
        Err(error) => AttemptResult::Refused(errno_name(&error)),
        Ok(text) => match text.lines().filter(|line| line.contains(" @")).count() {
            0 => AttemptResult::Refused("there is none".into()),
            count => AttemptResult::Got(format!("{count} of them")),
        },
    }
}

fn connect(address: &str) -> AttemptResult {
    let result = address
        .parse::<SocketAddr>()
        .map_err(io::Error::other)
        .and_then(|address| TcpStream::connect_timeout(&address, PATIENCE));
    match result {
        Ok(_) => AttemptResult::Got("connected".into()),
        // Somebody answered, or the packet went out and nobody did.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut
            ) =>
        {
            AttemptResult::Got(format!("the packet was sent, and then: {}", errno_name(&error)))
        }
        Err(error) => AttemptResult::Refused(errno_name(&error)),
    }
}

fn send(address: &str) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.set_broadcast(true)?;
    socket.send_to(b"dayfly doctor", address)?;
    Ok(())
}

pub(super) fn judge(evidence: &Evidence) -> Finding {
    let attempts: Vec<Attempt> = evidence.reports();
    let of = |area| attempts.iter().filter(move |attempt| attempt.area == area);
    let got: Vec<String> =
        of(Area::Network).filter(|attempt| attempt.is_got()).map(Attempt::to_string).collect();
    if !got.is_empty() {
        let seen = format!("there is a way out: {}", got.join(", "));
        let advice = "sandboxes ask for no network (NetworkMode none): an authorization plugin, a proxy before the \
                      engine or the runtime gives them one";
        return Finding::problem(Group::Sandbox, SUBJECT, seen, advice);
    }
    let made = of(Area::Network).count();
    let sees = of(Area::Control).any(Attempt::is_got);
    if evidence.outcome.status != Status::Success || made < TCP.len() + UDP.len() || !sees {
        return evidence.not_made(SUBJECT);
    }
    let seen =
        format!("only the loopback: {made} attempts at other machines, their names and the metadata failed");
    Finding::ok(Group::Sandbox, SUBJECT, seen)
}
