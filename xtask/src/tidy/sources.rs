//! Names that must not occur in our sources, and files that grew too long.

use std::path::Path;

use anyhow::{Context, Result};

use super::source_text::{self, SourceText};
use crate::stamp;

/// A file may be longer only with a line `tidy: long because ..` near its top.
const LINES_MAX: usize = 800;
const LONG_REASON: &str = "tidy: long because ";
const LONG_REASON_WITHIN_LINES: usize = 40;

/// Folders that hold sources of ours.
const FOLDERS: [&str; 4] = ["crates", "xtask", "ui", "tests"];
const NOT_OURS: [&str; 5] = [
    "node_modules",
    "dist",
    "target",
    "snapshots",
    "test-results",
];

/// What the engine must not name: it takes values and returns values.
const NOT_IN_ENGINE: [&str; 8] = [
    "SystemTime::now",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "std::env",
    "rand::",
    "std::fs",
    "tracing::",
];

/// Stages of the engine in the order of the flow: none may name a later one.
const STAGES: [&str; 7] = [
    "model",
    "ingest",
    "understand",
    "decide",
    "contact",
    "route",
    "learn",
];

/// What only the store names.
const SQL_CRATES: [&str; 3] = ["rusqlite", "tokio_postgres", "deadpool_postgres"];
const SQL_TEXT: [&str; 6] = [
    "SELECT ",
    "INSERT INTO ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "ALTER TABLE ",
    "DROP TABLE ",
];

/// Lists every finding in the sources under `root`.
pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for folder in FOLDERS {
        let dir = root.join(folder);
        if !dir.is_dir() {
            continue;
        }
        for (inside, path) in stamp::files_under(&dir, &NOT_OURS)? {
            let name = format!("{folder}/{inside}");
            let extension = path
                .extension()
                .and_then(|text| text.to_str())
                .unwrap_or("");
            if !matches!(
                extension,
                "rs" | "ts" | "js" | "mjs" | "svelte" | "py" | "css"
            ) {
                continue;
            }
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("could not read {name}"))?;
            findings.extend(check_length(&name, &text));
            if extension == "svelte" {
                findings.extend(check_lines(
                    &name,
                    &text,
                    &["{@html"],
                    "text is never rendered as markup",
                ));
            }
            if extension == "rs" {
                findings.extend(check_rust(&name, &text));
            }
        }
    }
    Ok(findings)
}

fn check_length(name: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    let says_why = text
        .lines()
        .take(LONG_REASON_WITHIN_LINES)
        .any(|line| line.contains(LONG_REASON));
    (lines > LINES_MAX && !says_why)
        .then(|| format!("{name}: {lines} lines; split it, or say `{LONG_REASON}..` near its top"))
}

fn check_rust(name: &str, text: &str) -> Vec<String> {
    let is_test = name.contains("/tests/") || name.contains("/benches/");
    if is_test {
        return Vec::new();
    }
    let SourceText { code, strings } = source_text::split(text);
    let mut findings = check_lines(name, &code, &[".unwrap()"], "say the invariant with expect");
    if let Some(inside) = name.strip_prefix("crates/overture-engine/src/") {
        findings.extend(check_lines(
            name,
            &code,
            &NOT_IN_ENGINE,
            "the engine is pure",
        ));
        findings.extend(check_stages(name, inside, &code));
    }
    let may_name_sql = name.starts_with("crates/overture-store/")
        || name.starts_with("crates/overture-testkit/")
        || name.starts_with("xtask/");
    if !may_name_sql {
        findings.extend(check_lines(
            name,
            &code,
            &SQL_CRATES,
            "only the store knows SQL",
        ));
        findings.extend(check_lines(
            name,
            &strings,
            &SQL_TEXT,
            "only the store knows SQL",
        ));
    }
    findings
}

/// Later stages that a stage may name, with the reason.
const LATER_STAGES_ALLOWED: [(&str, &str); 1] = [
    // Thresholds and the groups of signals are the policy's, which is read in `decide`.
    ("understand", "decide"),
];

/// The first names of what a file imports from its own crate in one braced `use`.
fn grouped_imports(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    code.lines().enumerate().filter_map(move |(index, line)| {
        if line == "use crate::{" {
            inside = true;
            return None;
        }
        inside &= line != "};";
        let name = line
            .strip_prefix("    ")
            .filter(|name| !name.starts_with(' '))?;
        let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        inside.then(|| (index, &name[..end.unwrap_or(name.len())]))
    })
}

/// A stage of the engine uses `model` and earlier stages only.
fn check_stages(name: &str, inside: &str, code: &str) -> Vec<String> {
    let own = inside
        .split('/')
        .next()
        .unwrap_or("")
        .trim_end_matches(".rs");
    let Some(position) = STAGES.iter().position(|stage| *stage == own) else {
        return Vec::new();
    };
    const WHY: &str = "a stage uses the model and earlier stages only";
    let later: Vec<&str> = STAGES[position + 1..]
        .iter()
        .copied()
        .filter(|stage| !LATER_STAGES_ALLOWED.contains(&(own, stage)))
        .collect();
    let paths: Vec<String> = later
        .iter()
        .map(|stage| format!("crate::{stage}::"))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut findings = check_lines(name, code, &paths, WHY);
    for (index, import) in grouped_imports(code).filter(|(_, import)| later.contains(import)) {
        findings.push(format!("{name}:{}: {import} is banned: {WHY}", index + 1));
    }
    findings
}

fn check_lines(name: &str, text: &str, banned: &[&str], why: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in banned {
            if contains_word(line, word) {
                findings.push(format!("{name}:{}: {word} is banned: {why}", index + 1));
            }
        }
    }
    findings
}

/// Whether `word` occurs in `line` other than as the end of a longer name.
fn contains_word(line: &str, word: &str) -> bool {
    let starts_a_name = word.starts_with(|c: char| c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let continues = line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        !(starts_a_name && continues)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn findings(name: &str, text: &str) -> usize {
        check_rust(name, text).len()
    }

    #[test]
    fn names_are_banned_where_they_do_not_belong() {
        let engine = "crates/overture-engine/src/decide/mod.rs";
        let http = "crates/overture-http/src/lib.rs";
        let store = "crates/overture-store/src/lib.rs";
        assert_eq!(findings(engine, "let t = Instant::now();"), 1);
        assert_eq!(
            findings(engine, "// Instant::now()\nlet t = \"rand::\";"),
            0
        );
        assert_eq!(findings(engine, "let b = operand::x();"), 0);
        assert_eq!(
            findings(engine, "use crate::model::Id;\nuse crate::ingest::E;"),
            0
        );
        assert_eq!(findings(engine, "use crate::route::Seat;"), 1);
        let grouped =
            "use crate::{\n    contact::{\n        offers,\n    },\n    model::*,\n    route,\n};";
        assert_eq!(findings(engine, grouped), 2);
        let understand = "crates/overture-engine/src/understand/mod.rs";
        assert_eq!(findings(understand, "use crate::{\n    decide::X,\n};"), 0);
        assert_eq!(findings(http, "let q = \"SELECT 1\";"), 1);
        assert_eq!(findings(http, "use rusqlite::Connection;"), 1);
        assert_eq!(findings(store, "let q = \"SELECT 1\";"), 0);
        assert_eq!(findings(store, "a().unwrap();"), 1);
        assert_eq!(
            findings(
                store,
                "#[cfg(test)]\nmod tests { fn t() { a().unwrap(); } }"
            ),
            0
        );
        assert_eq!(
            findings(
                "crates/overture/tests/crash.rs",
                "a().unwrap(); \"SELECT 1\";"
            ),
            0
        );
    }

    #[test]
    fn long_files_say_why() {
        let long = "a\n".repeat(LINES_MAX + 1);
        assert!(check_length("x.rs", &long).is_some());
        assert!(check_length("x.rs", &format!("// {LONG_REASON}it is a table\n{long}")).is_none());
        assert!(check_length("x.rs", "a\n").is_none());
    }
}
