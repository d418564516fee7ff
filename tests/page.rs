//! How the page is served. What it does in a browser is tested by `tests/browser/`.
#![expect(unreachable_pub, dead_code, reason = "tests/support is shared; no test uses all of it")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Read as _;

use support::{Server, text_of};

#[test]
fn the_page_comes_with_a_strict_policy_and_a_fresh_nonce() {
    let server = Server::start(&[]);
    let [first, second] = [(); 2].map(|()| text_of(&server, "GET / HTTP/1.1"));
    for page in [&first, &second] {
        assert!(page.starts_with("HTTP/1.1 200"), "{page}");
        assert!(page.contains("content-type: text/html; charset=utf-8"));
        for part in [
            "default-src 'none'",
            "script-src 'self';",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("unsafe-") && !page.contains("{{nonce}}"));
        let nonce = page.split_once("'nonce-").unwrap().1.split('\'').next().unwrap();
        assert_eq!(page.matches(nonce).count(), 2, "in the policy and in the page");
    }
    assert_ne!(first, second);
}

#[test]
fn files_of_the_page_are_told_by_their_digest() {
    let server = Server::start(&[]);
    let file = text_of(&server, "GET /app.js HTTP/1.1");
    assert!(file.starts_with("HTTP/1.1 200") && file.contains("content-type: text/javascript"), "{file}");
    let etag = file.split_once("etag: ").unwrap().1.lines().next().unwrap();
    let again = text_of(&server, &format!("GET /app.js HTTP/1.1\r\nIf-None-Match: {etag}"));
    assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    let head = text_of(&server, "HEAD /app.js HTTP/1.1");
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let brotli = server.open("GET /app.js HTTP/1.1\r\nAccept-Encoding: gzip, br", b"");
    let mut compressed = Vec::new();
    { brotli }.read_to_end(&mut compressed).unwrap();
    assert!(String::from_utf8_lossy(&compressed).contains("content-encoding: br"));
    assert!(compressed.len() < file.len() / 2, "{} of {} bytes", compressed.len(), file.len());
    for path in ["/package.json", "/bundle", "/../Cargo.toml", "/vendor/", "/nothing.js"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_folder_is_read_anew_and_nothing_leads_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("page");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("index.html"), "<p>one {{nonce}}").unwrap();
    fs::write(root.join(".hidden.js"), "").unwrap();
    fs::write(root.join("notes.toml"), "").unwrap();
    fs::write(folder.path().join("secret.js"), "").unwrap();
    let server = Server::start(&["--web-ui", root.to_str().unwrap()]);
    assert!(text_of(&server, "GET / HTTP/1.1").contains("<p>one "));
    fs::write(root.join("index.html"), "<p>two").unwrap();
    assert!(text_of(&server, "GET /index.html HTTP/1.1").contains("<p>two"));
    for path in ["/../secret.js", "/%2e%2e/secret.js", "//secret.js", "/.hidden.js", "/notes.toml"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}
