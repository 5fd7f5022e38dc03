//! The command line: what it refuses, what it says, how it ends.

use std::{path::Path, process::Command};

use overture::client::Connection;
use overture_engine::model::Seq;
use overture_store::{MasterKey, StoreOptions};

use crate::support::{Backend, Process, capture, command};

fn run(arguments: &[&str], folder: &Path) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(arguments)
        .arg("--data-dir")
        .arg(folder)
        .env("OVERTURE_LISTEN", "127.0.0.1:0")
        .output()
        .unwrap();
    let text = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_data_is_refused() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let first = Process::start(folder.path(), &backend).await;
        let second = command(folder.path(), &backend).output().unwrap();
        assert!(!second.status.success());
        let said = String::from_utf8(second.stderr).unwrap();
        assert!(
            said.contains("another overture process already serves"),
            "{said}"
        );
        assert_eq!(first.terminate().await, Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_graceful_stop_leaves_nothing_to_replay() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(folder.path(), &Backend::Sqlite).await;
    let mut connection = Connection::new(process.target.clone());
    let events: Vec<_> = (0..200)
        .map(|id| {
            serde_json::json!({
                "type": "page", "messageId": format!("{id}"), "anonymousId": format!("v{}", id % 50),
                "context": {"page": {"path": "/"}},
            })
        })
        .collect();
    assert_eq!(capture(&mut connection, &events).await.unwrap().status, 200);
    assert_eq!(process.terminate().await, Some(0));

    let key = std::fs::read_to_string(folder.path().join("master.key")).unwrap();
    let key: [u8; 32] = hex::decode(key.trim()).unwrap().try_into().unwrap();
    let options = StoreOptions::new(MasterKey::new(key));
    let store = overture_store::open_sqlite(&folder.path().join("overture.db"), &options).unwrap();
    let boot = store.boot().unwrap();
    assert!(boot.last_seq.0 >= 200);
    assert_eq!(boot.replay_from, Seq(boot.last_seq.0 + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_commands_answer_on_fresh_data() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (fine, said) = run(&["doctor"], &data);
    assert!(fine && said.contains("none yet"), "{said}");
    let (fine, said) = run(&["audit", "verify"], &data);
    assert!(!fine && said.contains("there is no database"), "{said}");
    assert!(!data.exists(), "looking makes nothing");
    let (fine, said) = run(&["migrate"], &data);
    assert!(fine && said.contains("ok"), "{said}");
    let (fine, said) = run(&["audit", "verify"], &data);
    assert!(fine && said.contains("ok: 0 ledger rows"), "{said}");
    let (fine, said) = run(&["doctor"], &data);
    assert!(fine && said.contains("no other process writes"), "{said}");
    assert!(!said.contains("FAIL"), "{said}");

    std::fs::remove_file(data.join("master.key")).unwrap();
    let (fine, said) = run(&["doctor"], &data);
    assert!(!fine && said.contains("restore the file"), "{said}");
}

#[test]
fn a_policy_check_names_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    let check = || {
        let out = Command::new(env!("CARGO_BIN_EXE_overture"))
            .args(["policy", "check"])
            .arg(&file)
            .output()
            .unwrap();
        (out.status.success(), String::from_utf8(out.stdout).unwrap())
    };
    std::fs::write(&file, overture_engine::decide::Policy::shipped()).unwrap();
    assert!(check().0);
    std::fs::write(&file, "format = 1\n[caps]\ncontacts = \"four\"\n").unwrap();
    let (fine, said) = check();
    assert!(!fine && said.contains("policy.toml:3:"), "{said}");
}
