//! Compresses the page (RFC 7932), so that the binary carries it small and sends it as it is.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use brotli::CompressorWriter;

const PAGE: &str = "web-ui";
/// What of the folder is the page; the rest is for who works on it.
const SERVED: [&str; 5] = ["html", "js", "css", "svg", "txt"];
/// Of 11: the last two steps take ten times as long for a few per cent.
const QUALITY: u32 = 9;
const WINDOW_BITS: u32 = 22;
const BUFFER: usize = 4096;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PAGE}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let mut files = Vec::new();
    collect(Path::new(PAGE), &mut files);
    files.sort();
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        let compressed = out.join(format!("{number}.br"));
        fs::write(&compressed, compress(&fs::read(file).expect("a file of the page"))).expect("OUT_DIR");
        let path = file.strip_prefix(PAGE).expect("below the page");
        writeln!(list, "({path:?}, include_bytes!({compressed:?})),").expect("a text takes everything");
    }
    list.push(']');
    fs::write(out.join("page.rs"), list).expect("OUT_DIR");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the page") {
        let path = entry.expect("a folder of the page").path();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| SERVED.iter().any(|served| end == *served)) {
            files.push(path);
        }
    }
}

fn compress(content: &[u8]) -> Vec<u8> {
    let mut writer = CompressorWriter::new(Vec::new(), BUFFER, QUALITY, WINDOW_BITS);
    writer.write_all(content).expect("a vector takes everything");
    writer.into_inner()
}
