//! `overture doctor --site`: each fault of a site is found, and said with what to change.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

use overture_engine::model::{Input, InputBody, Seq};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;

use crate::support::{Backend, WRITE_KEY, serve};

/// An answer in full.
type Answers = HashMap<&'static str, String>;

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn html(headers: &str, body: &str) -> String {
    answer(
        "200 OK",
        &format!("content-type: text/html\r\n{headers}"),
        body,
    )
}

/// Serves fixed answers by path until the test ends; with TLS by the certificate of that name.
fn site(answers: Answers, certificate: Option<&str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let tls = certificate.map(tls);
    let scheme = if tls.is_some() { "https" } else { "http" };
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            match &tls {
                None => exchange(stream, &answers),
                Some(config) => {
                    let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                    exchange(StreamOwned::new(connection, stream), &answers);
                }
            }
        }
    });
    format!("{scheme}://{address}")
}

fn exchange(mut stream: impl Read + Write, answers: &Answers) {
    let mut seen = Vec::new();
    let mut piece = [0; 4096];
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut piece) {
            Ok(read) if read > 0 => seen.extend_from_slice(&piece[..read]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&seen).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let none = answer("404 Not Found", "", "");
    let _ = stream.write_all(answers.get(path).unwrap_or(&none).as_bytes());
    let _ = stream.flush();
}

fn certificates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system/certificates")
}

fn tls(certificate: &str) -> Arc<ServerConfig> {
    let file = certificates().join(format!("{certificate}.pem"));
    let chain = vec![CertificateDer::from_pem_file(file).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificates().join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// Runs the command; whether it ended well, and its report.
fn doctor(site: &str, more: &[&str]) -> (bool, Value) {
    let out = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(["doctor", "--json", "--site", site])
        .args(more)
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let report = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&out.stderr)));
    (out.status.success(), report)
}

/// Everything that is not as it should be, as `check: verdict: change`.
fn faults(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["verdict"] != "ok")
        .map(|one| {
            assert!(!text(&one["change"]).is_empty(), "{one}");
            format!(
                "{}: {}: {} | {}",
                text(&one["check"]),
                text(&one["verdict"]),
                text(&one["text"]),
                text(&one["change"]),
            )
        })
        .collect()
}

const STUB: &str = "<script>(function(w){w.overture=w.overture||function(){(w.overture.q=w.overture.q||[]).push(arguments)}})(window)</script>";

fn page(server: &str) -> String {
    format!(
        "{STUB}<script async src=\"{server}/widget.js\" data-write-key=\"{WRITE_KEY}\"></script>"
    )
}

/// A server of ours, as far as the command looks at it.
fn healthy() -> Answers {
    let open = "access-control-allow-origin: *\r\n";
    HashMap::from([
        (
            "/widget.js",
            answer(
                "200 OK",
                &format!(
                    "content-type: text/javascript\r\n{open}cross-origin-resource-policy: cross-origin\r\n"
                ),
                "createElement('overture-widget')",
            ),
        ),
        (
            "/v1/widget/check",
            answer(
                "200 OK",
                open,
                r#"{"last_event_at":"2026-01-01T00:00:00Z","socket_token":"t"}"#,
            ),
        ),
        ("/v1/batch", answer("200 OK", open, "{}")),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_in_order_has_no_fault_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, "", None).await;
    let policy = overture_http::installation::headers(
        &server.url,
        overture_http::installation::Scripts::List,
    );
    let headers: String = policy
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let site = site(
        HashMap::from([("/", html(&headers, &page(&server.url)))]),
        None,
    );
    let (well, report) = doctor(&site, &["--server", &server.url]);
    // Only what this machine is: no https, and no visitor before the first one.
    let found = faults(&report);
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("tls: warn"), "{found:#?}");
    assert!(
        found[1].contains("tls: warn") || found[1].starts_with("last event"),
        "{found:#?}"
    );
    assert!(well, "{report:#}");
    let logged = server.store.read_log(Seq(0), 100).unwrap();
    let of_a_customer = |input: &Input| matches!(input.body, InputBody::Customer(_));
    assert!(!logged.iter().any(of_a_customer), "{logged:?}");
    assert_eq!(server.store.totals().unwrap().customers, 0);
    server.stop().await;
}

#[test]
fn each_fault_of_a_page_is_found() {
    let server = site(healthy(), None);
    let ours = page(&server);
    let plain = |body: &str| html("", body);
    let with = |headers: &str| html(headers, &ours);
    for (answered, expected) in [
        (
            answer("500 Oh", "content-type: text/html\r\n", ""),
            "page: fail",
        ),
        (
            answer("200 OK", "content-type: image/png\r\n", ""),
            "page: fail",
        ),
        (plain("<p>nothing</p>"), "snippet: fail"),
        (
            plain("<script src=\"https://www.googletagmanager.com/gtm.js\"></script>"),
            "snippet: warn: not in the markup",
        ),
        (
            plain(&ours.replace(&server, "http://elsewhere.example")),
            "snippet: fail: it loads from http://elsewhere.example",
        ),
        (
            plain(&ours.replace(WRITE_KEY, "wk_other")),
            "snippet: fail: it carries the write key wk_other",
        ),
        (plain(&ours.replace("async ", "")), "add async"),
        (plain(&ours.replace(STUB, "")), "the inline stub is missing"),
        (plain(&format!("{ours}{ours}")), "2 times"),
        (
            with("content-security-policy: script-src 'self'\r\n"),
            "csp: fail: the page's policy forbids our script | add http://127.0.0.1:",
        ),
        (
            with(&format!(
                "content-security-policy: script-src {server}/widget.js 'unsafe-inline'\r\n"
            )),
            "widget-watch.js is shut out",
        ),
        (
            with(&format!(
                "content-security-policy: connect-src {server}/v1/widget/session\r\n"
            )),
            "/v1/batch is shut out",
        ),
        (
            with("content-security-policy: script-src 'nonce-a' 'strict-dynamic'\r\n"),
            "put the response's nonce on our script tag",
        ),
        (
            with("content-security-policy: connect-src 'self'\r\n"),
            "csp: fail: the page's policy forbids calls to the server",
        ),
        (
            with(
                "content-security-policy: require-trusted-types-for 'script'; trusted-types a\r\n",
            ),
            "add overture to trusted-types",
        ),
        (
            plain(&format!(
                "<meta http-equiv=\"Content-Security-Policy\" content=\"connect-src 'none'\">{ours}"
            )),
            "csp: fail: the page's policy forbids calls to the server",
        ),
        (
            with("cross-origin-opener-policy: same-origin\r\n"),
            "isolation: warn",
        ),
        (
            html(
                "content-security-policy: script-src 'nonce-a'\r\n",
                &ours.replace("<script", "<script nonce=a"),
            ),
            "the nonce was the same for two requests",
        ),
    ] {
        let site = site(HashMap::from([("/", answered.clone())]), None);
        let (_, report) = doctor(&site, &["--server", &server, "--write-key", WRITE_KEY]);
        let found = faults(&report);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{answered}\n{expected}\n{found:#?}"
        );
    }
}

#[test]
fn each_fault_of_the_way_to_the_server_is_found() {
    let open = "access-control-allow-origin: *\r\n";
    let script = "content-type: text/javascript\r\n";
    for (path, answered, expected) in [
        ("/widget.js", answer("404 None", "", ""), "script: fail"),
        (
            "/widget.js",
            answer("200 OK", "content-type: text/html\r\n", "overture-widget"),
            "which browsers do not run",
        ),
        (
            "/widget.js",
            answer("200 OK", script, "something else"),
            "another script than ours",
        ),
        (
            "/widget.js",
            answer("200 OK", script, "overture-widget"),
            "script: warn: the script cannot be read from other origins",
        ),
        (
            "/v1/widget/check",
            answer(
                "401 No",
                open,
                r#"{"code":"unknown_write_key","message":"m"}"#,
            ),
            "origin: fail: the server knows no write key wk_test",
        ),
        (
            "/v1/widget/check",
            answer(
                "403 No",
                open,
                r#"{"code":"origin_not_allowed","message":"m"}"#,
            ),
            "is not among the source's allowed origins | add http://127.0.0.1:",
        ),
        (
            "/v1/widget/check",
            answer("404 None", open, ""),
            "there is no Overture",
        ),
        (
            "/v1/widget/check",
            answer("200 OK", "", r#"{"socket_token":"t"}"#),
            "browsers do not let the page read the server's answers",
        ),
        (
            "/v1/widget/check",
            answer("200 OK", open, r#"{"socket_token":"t"}"#),
            "last event: warn",
        ),
        (
            "/v1/batch",
            answer("413 Large", open, ""),
            "capture: fail: events are answered 413",
        ),
        (
            "/v1/widget/socket",
            answer("200 OK", open, "not a socket"),
            "socket: fail: it does not open (answered 200)",
        ),
    ] {
        let mut answers = healthy();
        answers.insert(path, answered);
        let server = site(answers, None);
        let page = html("", &page(&server));
        let site = site(HashMap::from([("/", page)]), None);
        let (well, report) = doctor(&site, &[]);
        let found = faults(&report);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{path}\n{expected}\n{found:#?}"
        );
        let failed = found.iter().any(|one| one.contains(": fail: "));
        assert_eq!(well, !failed);
    }
}

#[test]
fn each_fault_of_a_certificate_and_of_plain_parts_is_found() {
    let authority = certificates().join("authority.pem");
    let authority = authority.to_str().unwrap();
    let believed = ["--ca", authority];
    for (certificate, more, expected) in [
        ("ended", &believed[..], "tls: fail"),
        ("other-name", &believed[..], "tls: fail"),
        ("good", &[][..], "browsers do not believe the certificate"),
        (
            "good",
            &believed[..],
            "mixed: fail: browsers block 1 of the page: <script> http://a.example/a.js",
        ),
    ] {
        let page = html(
            "",
            "<script src=\"http://a.example/a.js\"></script><img src=\"http://a.example/a.png\">",
        );
        let site = site(HashMap::from([("/", page)]), Some(certificate));
        let (well, report) = doctor(&site, more);
        let found = faults(&report);
        assert!(!well);
        assert!(
            found.iter().any(|one| one.contains(expected)),
            "{certificate}\n{expected}\n{found:#?}"
        );
    }
}

#[test]
fn nothing_there_and_nonsense_are_said_plainly() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (well, report) = doctor(&format!("http://{gone}"), &[]);
    assert!(
        !well
            && faults(&report)
                .iter()
                .any(|one| one.starts_with("page: fail"))
    );
    let (well, report) = doctor(&format!("https://{gone}"), &[]);
    assert!(
        !well
            && faults(&report)
                .iter()
                .any(|one| one.starts_with("tls: fail"))
    );
    for wrong in ["ftp://a.example", "https://", "a b"] {
        let out = Command::new(env!("CARGO_BIN_EXE_overture"))
            .args(["doctor", "--site", wrong])
            .output()
            .unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert!(
            !out.status.success() && said.contains("--site"),
            "{wrong}: {said}"
        );
    }
}
