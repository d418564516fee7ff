//! How fast output is decoded: by this crate, by bollard, and by nobody, on the same bytes, in turns, in one run.
//!
//! ```sh
//! cargo run --release --manifest-path engine-api/benches/compare/Cargo.toml
//! ```
//!
//! Two comparisons. *Decoder*: our decoder on bytes in memory, beside copying the same bytes with `memcpy`. bollard's
//! decoder cannot be called from outside. *Attach*: both clients attach by their public calls to a peer that sends the
//! bytes from memory over a unix socket, beside a bare read of such a socket. What is measured is the CPU time of the thread
//! that receives, in the kernel too, since other programs of the machine change it less than the time by the clock, which the
//! last column has. Only ratios mean something; a ratio is the median of the ratios of each round.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use bytes::Bytes;
use engine_api::demux::{Demuxer, StreamType, encode_header};
use engine_api::{AttachOptions, Client, Deadline, Endpoint};
use futures_util::StreamExt as _;
use nix::time::{ClockId, clock_gettime};
use tokio::io::AsyncReadExt as _;

const ROUNDS: usize = 9;
const PAYLOADS: [usize; 8] = [1, 16, 64, 256, 1024, 4096, 32 << 10, 64 << 10];
/// What is read at once by the bare read, in bytes: as much as this crate does at most.
const READ: usize = 256 << 10;
/// What is read at once by a program that gives it no thought, in bytes.
const SMALL_READ: usize = 64 << 10;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("decoder: speed as a part of memcpy's, by payload of a frame");
    println!("{:>9} {:>10} {:>10}", "payload", "slices", "Bytes");
    for payload in PAYLOADS {
        // The same bytes again and again would sit in the cache: this is more than any cache holds.
        let wire = wire(payload, (64 << 20).min(payload * (4 << 20)));
        let pieces: Vec<Bytes> = wire.chunks(SMALL_READ).map(Bytes::copy_from_slice).collect();
        let mut copied = vec![0; SMALL_READ];
        let ratios =
            rounds(&mut [&mut || memcpy(&wire, &mut copied), &mut || decode_slices(&wire), &mut || {
                decode_bytes(&pieces)
            }]);
        println!("{payload:>9} {:>10.2} {:>10.2}", ratios[1], ratios[2]);
    }

    println!("\nattach: speed as a part of a bare read's, by payload of a frame");
    println!(
        "{:>9} {:>10} {:>10} {:>14} {:>18}",
        "payload", "engine-api", "bollard", "ours / theirs", "ours by the clock"
    );
    for payload in PAYLOADS {
        // Enough that connecting is no part of it.
        attach(&runtime, payload, (128 << 20).min(payload * (16 << 20)), READ);
    }
    println!(
        "\nthe same for 1 GiB in the engine's largest frames, then beside a bare read of {SMALL_READ} bytes at once"
    );
    attach(&runtime, 32 << 10, 1 << 30, READ);
    attach(&runtime, 32 << 10, 1 << 30, SMALL_READ);
}

fn attach(runtime: &tokio::runtime::Runtime, payload: usize, length: usize, read: usize) {
    let (peer, length) = Peer::start(payload, length);
    let mut ratios = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let (bare, bare_clock) = timed_twice(|| runtime.block_on(bare(&peer, length, read)));
        let (ours, ours_clock) =
            timed_twice(|| runtime.block_on(ours(&peer, length / (payload + 8) * payload)));
        let theirs = timed(|| runtime.block_on(theirs(&peer, length / (payload + 8) * payload)));
        for (ratios, ratio) in
            ratios.iter_mut().zip([bare / ours, bare / theirs, theirs / ours, bare_clock / ours_clock])
        {
            ratios.push(ratio);
        }
    }
    let [ours, theirs, between, by_clock] = ratios.map(median);
    println!("{payload:>9} {ours:>10.2} {theirs:>10.2} {between:>14.2} {by_clock:>18.2}");
}

/// Frames of one payload each, of both outputs in turn after every 64, as a program's are.
fn wire(payload: usize, length: usize) -> Vec<u8> {
    let mut wire = Vec::with_capacity(length + payload + 8);
    let content = vec![b'x'; payload];
    let mut frames = 0;
    while wire.len() < length {
        let stream = if frames / 64 % 2 == 0 { StreamType::Stdout } else { StreamType::Stderr };
        wire.extend_from_slice(&encode_header(stream, payload.try_into().unwrap()));
        wire.extend_from_slice(&content);
        frames += 1;
    }
    wire
}

fn memcpy(wire: &[u8], copied: &mut [u8]) {
    for piece in wire.chunks(SMALL_READ) {
        copied[..piece.len()].copy_from_slice(piece);
        black_box(&copied);
    }
}

fn decode_slices(wire: &[u8]) {
    let mut demuxer = Demuxer::new();
    for mut piece in wire.chunks(SMALL_READ) {
        // What a consumer would do at least: take the bytes along.
        while let Some(piece) = demuxer.next(&mut piece).unwrap() {
            black_box((piece.stream, piece.data.as_ptr(), piece.data.len()));
        }
    }
}

fn decode_bytes(pieces: &[Bytes]) {
    let mut demuxer = Demuxer::new();
    for piece in pieces {
        let mut input = piece.clone();
        while let Some(piece) = demuxer.next_bytes(&mut input).unwrap() {
            black_box((piece.stream, piece.data));
        }
    }
}

/// Runs all in turns, and gives the median of how much faster than the first each is.
fn rounds(contenders: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (times, contender) in times.iter_mut().zip(contenders.iter_mut()) {
            times.push(timed(contender));
        }
    }
    let first = times[0].clone();
    times
        .into_iter()
        .map(|times| median(first.iter().zip(times).map(|(first, time)| first / time).collect()))
        .collect()
}

fn timed(run: impl FnOnce()) -> f64 {
    timed_twice(run).0
}

/// The CPU time of this thread, and the time by the clock.
fn timed_twice(run: impl FnOnce()) -> (f64, f64) {
    let (start, clock) = (cpu_time(), Instant::now());
    run();
    ((cpu_time() - start).as_secs_f64(), clock.elapsed().as_secs_f64())
}

/// What this thread has used so far.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A peer that answers an attach with the bytes, whoever asks.
struct Peer {
    path: std::path::PathBuf,
}

impl Peer {
    /// Gives how many bytes it sends, too.
    fn start(payload: usize, length: usize) -> (Self, usize) {
        let path =
            std::env::temp_dir().join(format!("compare-{}-{payload}-{length}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        // A few megabytes, sent as often as it takes.
        let part = wire(payload, length.min(8 << 20));
        let times = length.div_ceil(part.len());
        let total = part.len() * times;
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, part) = (stream.unwrap(), part.clone());
                std::thread::spawn(move || answer(&mut stream, &part, times));
            }
        });
        (Self { path }, total)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn answer(stream: &mut UnixStream, part: &[u8], times: usize) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        request.push(byte[0]);
        if request.ends_with(b"\r\n\r\n") && request.starts_with(b"GET") {
            let reply = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";
            stream.write_all(reply).unwrap();
            request.clear();
        }
    }
    let head = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    stream.write_all(head).unwrap();
    for _ in 0..times {
        if stream.write_all(part).is_err() {
            return;
        }
    }
}

async fn bare(peer: &Peer, length: usize, at_once: usize) {
    let mut stream = tokio::net::UnixStream::connect(&peer.path).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut buffer = vec![0; at_once];
    let mut read = 0;
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            count => read += count,
        }
        black_box(&buffer);
    }
    assert!(read > length);
}

async fn ours(peer: &Peer, length: usize) {
    let client = Client::new(Endpoint::unix(&peer.path).unwrap());
    let deadline = Deadline::after(Duration::from_secs(60));
    let attached =
        client.container_attach(&"x".parse().unwrap(), &AttachOptions::default(), deadline).await.unwrap();
    let (mut output, _stdin) = attached.into_split();
    let mut read = 0;
    while let Some(chunk) = output.next().await.unwrap() {
        read += chunk.data.len();
        black_box(chunk);
    }
    assert_eq!(read, length);
}

async fn theirs(peer: &Peer, length: usize) {
    let path = peer.path.to_str().unwrap();
    let client = bollard::Docker::connect_with_unix(path, 60, bollard::API_DEFAULT_VERSION).unwrap();
    let options = bollard::query_parameters::AttachContainerOptionsBuilder::default()
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .stream(true)
        .build();
    let mut attached = client.attach_container("x", Some(options)).await.unwrap();
    let mut read = 0;
    while let Some(chunk) = attached.output.next().await {
        let bytes = chunk.unwrap().into_bytes();
        read += bytes.len();
        black_box(bytes);
    }
    assert_eq!(read, length);
}
