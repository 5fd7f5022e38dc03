//! What customers write is told what it is about, by a classifier of the organisation's own: trained, made active, read with, corrected
//! by staff and exported again; and nothing of it without one.

use std::{path::Path, process::Command};

use overture::{
    client::Target,
    people::{StaffMember, Visitor},
};
use serde_json::{Value, json};

use crate::support::{Backend, WRITE_KEY, admin, agent, eventually, serve};

const RULE: &str = r#"
[[rules]]
id = "refund-notify"
about = "The customer wants money back"
when = 'issue.label == "refund" && issue.p > 0.6'
action = "notify"
"#;

/// Runs the binary in `folder`; gives whether it succeeded and all it said.
fn run(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_overture"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(said).unwrap())
}

fn fine(folder: &Path, arguments: &[&str]) -> String {
    let (fine, said) = run(folder, arguments);
    assert!(fine, "{arguments:?}: {said}");
    said
}

/// What an organisation wrote down before it had a classifier.
fn table() -> String {
    let mut table = "text\tlabel\n".to_owned();
    let sentences = [
        ("where is my parcel", "delivery"),
        ("the courier did not come", "delivery"),
        ("wo bleibt mein paket", "delivery"),
        ("i want my money back", "refund"),
        ("the refund is missing", "refund"),
        ("ich will mein geld zurück", "refund"),
        ("sing a song", "oos"),
        ("how tall is the tower", "oos"),
        ("bake some bread", "oos"),
    ];
    for end in ["please", "today", "again", "now", "for me", "this week"] {
        for (text, label) in sentences {
            table += &format!("{text} {end}\t{label}\n");
        }
    }
    table
}

/// Trains a classifier and puts it where `train issues` says.
fn train(folder: &Path, name: &str) {
    std::fs::write(folder.join("own.tsv"), table()).unwrap();
    let said = fine(
        folder,
        &["train", "issues", "--train", "own.tsv", "--out", name],
    );
    let told = format!("cp {name}/issues.model overture-data/models/{name}.issues");
    assert!(said.contains(&told), "{said}");
    assert!(
        said.contains(&format!("overture models activate {name}")),
        "{said}"
    );
    let models = folder.join("data/models");
    std::fs::create_dir_all(&models).unwrap();
    std::fs::copy(
        folder.join(name).join("issues.model"),
        models.join(format!("{name}.issues")),
    )
    .unwrap();
}

fn models(folder: &Path, arguments: &[&str]) -> (bool, String) {
    run(
        folder,
        &[&["models"], arguments, &["--models", "data/models"]].concat(),
    )
}

async fn get(staff: &mut StaffMember, path: &str) -> Value {
    staff.call("GET", path, &Value::Null).await.unwrap()
}

/// The rows of a kind in the timeline of a customer.
async fn rows(staff: &mut StaffMember, customer: &str, kind: &str) -> Vec<Value> {
    let path = format!("/v1/customers/{customer}/timeline?limit=200");
    let timeline = get(staff, &path).await;
    let items = timeline["items"].as_array().unwrap().iter();
    items.filter(|item| item["kind"] == kind).cloned().collect()
}

async fn write(visitor: &mut Visitor, conversation: &str, key: &str, text: &str) -> u64 {
    let body = json!({"conversation": conversation, "client_key": key, "text": text});
    let sent = visitor.call("/v1/widget/messages", &body).await.unwrap();
    sent["seq"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_told_what_it_is_about_and_a_rule_speaks() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        train(at, "shop");
        assert!(models(at, &["activate", "shop"]).0);
        let server = serve(at, &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut admin_one = admin(&target).await;
        let mut staff = agent(&target, "maya").await;
        let policy = get(&mut admin_one, "/v1/admin/policy").await;
        let toml = format!("{}{RULE}", policy["toml"].as_str().unwrap());
        let saved = json!({"toml": toml, "base_revision": policy["revision"]});
        admin_one
            .call("PUT", "/v1/admin/policy", &saved)
            .await
            .unwrap();
        assert_eq!(
            get(&mut staff, "/v1/issues").await,
            json!({"model": "shop", "issues": ["delivery", "refund"]})
        );

        let mut visitor = Visitor::arrive(&target, WRITE_KEY, "/help", 1)
            .await
            .unwrap();
        let help = json!({"channel": "chat", "idempotency_key": "k"});
        let asked = visitor.call("/v1/widget/help", &help).await.unwrap();
        let conversation = asked["conversation"].as_str().unwrap().to_owned();
        // In whatever language it was trained on; the text model abstains from this one.
        let row = write(
            &mut visitor,
            &conversation,
            "a",
            "ich will mein geld zurück",
        )
        .await;
        let other = write(&mut visitor, &conversation, "b", "sing a song now").await;
        let path = format!("/v1/conversations/{conversation}");
        let before = get(&mut staff, &path).await;
        assert_eq!(before["issue"]["label"], "refund");
        let p = before["issue"]["p"].as_f64().unwrap();
        assert!(p > 0.6, "{p}");
        let customer = before["customer"].as_str().unwrap().to_owned();
        let read = rows(&mut staff, &customer, "issue").await;
        let labels: Vec<&Value> = read.iter().map(|row| &row["label"]).collect();
        assert_eq!(labels, [&json!("refund"), &Value::Null]);
        assert_eq!(
            (&read[0]["p"], &read[0]["model"]),
            (&json!(p), &json!("shop"))
        );
        let decided = rows(&mut staff, &customer, "decision").await;
        let ours = |row: &&Value| row["rule"] == "refund-notify";
        let decision = decided.iter().find(ours).expect("the rule spoke")["decision"].clone();
        let path_of_it = format!("/v1/decisions/{}", decision.as_str().unwrap());
        let trace = get(&mut staff, &path_of_it).await.to_string();
        assert!(
            trace.contains("issue.label") && trace.contains("issue.p"),
            "{trace}"
        );
        server.stop().await;

        // After a restart everything is as it was, and nothing was read anew.
        let server = serve(at, &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = StaffMember::sign_in(&target, "maya@example.com", crate::support::PASSWORD)
            .await
            .unwrap();
        assert_eq!(get(&mut staff, &path).await["issue"], before["issue"]);
        assert_eq!(rows(&mut staff, &customer, "issue").await, read);
        assert_eq!(rows(&mut staff, &customer, "decision").await, decided);

        // Staff has the last word, and it is what the next classifier learns from.
        for (seq, issue) in [
            (row, json!("delivery")),
            (row, Value::Null),
            (other, json!("delivery")),
        ] {
            let say = format!("{path}/messages/{seq}/issue");
            staff
                .call("POST", &say, &json!({ "issue": issue }))
                .await
                .unwrap();
            let now = get(&mut staff, &path).await;
            let expected = issue
                .as_str()
                .map(|label| json!({"label": label, "p": 1.0}));
            assert_eq!(now["issue"], expected.unwrap_or(Value::Null), "{seq}");
        }
        if matches!(backend, Backend::Sqlite) {
            let exported = [
                "export",
                "issues",
                "--data-dir",
                "data",
                "--out",
                "said.tsv",
            ];
            assert!(fine(at, &exported).starts_with("2 labelled messages"));
            assert_eq!(
                std::fs::read_to_string(at.join("said.tsv")).unwrap(),
                "text\tlabel\nich will mein geld zurück\toos\nsing a song now\tdelivery\n"
            );
            let train = [
                "train", "issues", "--train", "own.tsv", "--train", "said.tsv", "--out", "next",
            ];
            assert!(fine(at, &train).contains("learning 3 labels from 56 messages"));
        }
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_classifier_that_cannot_be_used_is_told_of_and_keeps_nothing_from_working() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    train(at, "shop");
    let file = at.join("data/models/shop.issues");
    let whole = std::fs::read(&file).unwrap();
    assert!(models(at, &["activate", "shop"]).0);
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for (bytes, is_there, is_fine) in [
        (Some(whole.clone()), true, true),
        (Some(changed), false, false),
        (Some(whole[..whole.len() / 3].to_vec()), false, false),
        (None, false, false),
    ] {
        match bytes {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let (_, list) = models(at, &["list"]);
        assert_eq!(list.contains("cannot be used"), !is_fine, "{list}");
        let (_, said) = run(at, &["doctor", "--data-dir", "data"]);
        let line = said.lines().find(|line| line.contains("models")).unwrap();
        assert_eq!(line.starts_with("ok"), is_fine, "{line}");
        assert!(line.contains("shop"), "{line}");

        let server = serve(at, &Backend::Sqlite, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut staff = admin(&target).await;
        let issues = get(&mut staff, "/v1/issues").await;
        assert_eq!(issues["issues"].as_array().unwrap().is_empty(), !is_there);
        let status = get(&mut staff, "/v1/admin/status").await;
        let problem = status["issue_classifier"]["problem"].as_str();
        assert_eq!(problem.is_none(), is_fine, "{status}");
        let mut visitor = Visitor::arrive(&target, WRITE_KEY, "/help", 1)
            .await
            .unwrap();
        let help =
            json!({"channel": "chat", "idempotency_key": "k", "text": "i want my money back"});
        let asked = visitor.call("/v1/widget/help", &help).await.unwrap();
        let path = format!(
            "/v1/conversations/{}",
            asked["conversation"].as_str().unwrap()
        );
        let shown = eventually("the conversation is there", async || {
            staff.call("GET", &path, &Value::Null).await.ok()
        })
        .await;
        let expected = if is_there {
            json!("refund")
        } else {
            Value::Null
        };
        assert_eq!(shown["issue"]["label"], expected);
        server.stop().await;
    }
}

#[test]
fn classifiers_are_listed_chosen_and_taken_back_beside_text_models() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    train(at, "shop");
    let models_folder = at.join("data/models");
    let whole = std::fs::read(models_folder.join("shop.issues")).unwrap();
    std::fs::write(models_folder.join("cut.issues"), &whole[..whole.len() / 3]).unwrap();
    std::fs::write(models_folder.join("both.issues"), &whole).unwrap();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/text-1.model");
    std::fs::copy(shipped, models_folder.join("both.model")).unwrap();
    let active = || -> Vec<String> {
        let (_, list) = models(at, &["list"]);
        let lines = list.lines().filter_map(|line| line.strip_prefix("* "));
        lines
            .map(|line| line.split_whitespace().next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(active(), ["text-1"]);
    let (done, said) = models(at, &["rollback", "--issues"]);
    assert!(
        !done && said.contains("no issue classifier is in use"),
        "{said}"
    );
    for (name, why) in [
        ("cut", "cut.issues"),
        ("nobody.issues", "nobody.issues"),
        ("both", "both.model or both.issues"),
    ] {
        let (done, said) = models(at, &["activate", name]);
        assert!(!done && said.contains(why), "{said}");
    }
    assert_eq!(active(), ["text-1"], "nothing changed");
    assert!(models(at, &["activate", "both.issues"]).0);
    assert_eq!(active(), ["text-1", "both"]);
    assert!(models(at, &["activate", "shop"]).0);
    assert_eq!(active(), ["text-1", "shop"]);
    let (done, said) = models(at, &["show", "shop"]);
    let shown: Value = serde_json::from_str(&said).unwrap();
    assert!(done, "{said}");
    assert_eq!(shown["issues"], json!(["delivery", "refund"]));
    assert_eq!(shown["made_as"], "shop");
    assert_eq!(shown["sha256"].as_str().unwrap().len(), 64);
    let (_, said) = models(at, &["rollback", "--issues"]);
    assert!(said.contains("ok: both is used"), "{said}");
    let (_, said) = models(at, &["rollback", "--issues"]);
    assert!(said.contains("ok: no issue classifier is used"), "{said}");
    assert_eq!(active(), ["text-1"]);
}
