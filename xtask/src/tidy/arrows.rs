//! The arrows between crates that `docs/ARCHITECTURE.md` draws, and no others.

use cargo_metadata::{DependencyKind, Metadata};

/// Which crate may depend on which. The test kit stands apart: anyone's tests may use it, nobody's code.
const ALLOWED: [(&str, &[&str]); 8] = [
    ("overture-engine", &[]),
    ("overture-inference", &["overture-engine"]),
    ("overture-store", &["overture-engine"]),
    ("overture-channels", &["overture-engine"]),
    ("overture-http", &["overture-store", "overture-engine"]),
    (
        "overture",
        &[
            "overture-engine",
            "overture-inference",
            "overture-store",
            "overture-channels",
            "overture-http",
        ],
    ),
    ("overture-testkit", &["overture-engine", "overture-store"]),
    ("xtask", &[]),
];

const TESTKIT: &str = "overture-testkit";

/// Lists every arrow between workspace crates that is not allowed.
pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    let members = metadata.workspace_packages();
    let mut findings = Vec::new();
    for package in &members {
        for dependency in &package.dependencies {
            let is_ours = members.iter().any(|member| member.name == dependency.name);
            if !is_ours {
                continue;
            }
            let for_tests = dependency.kind == DependencyKind::Development;
            if let Some(why) = refuse(&package.name, &dependency.name, for_tests) {
                findings.push(format!("{} -> {}: {why}", package.name, dependency.name));
            }
        }
    }
    findings
}

fn refuse(from: &str, to: &str, for_tests: bool) -> Option<&'static str> {
    if to == TESTKIT {
        return (!for_tests).then_some("the test kit is a dev-dependency only");
    }
    match ALLOWED.iter().find(|(name, _)| *name == from) {
        None => Some("the crate is not in tidy's list of allowed arrows"),
        Some((_, allowed)) => (!allowed.contains(&to)).then_some("this arrow is not allowed"),
    }
}

#[cfg(test)]
mod tests {
    use super::refuse;

    #[test]
    fn only_the_drawn_arrows_pass() {
        let cases = [
            ("overture-http", "overture-store", false, true),
            ("overture-http", "overture-channels", false, false),
            ("overture-engine", "overture-store", false, false),
            ("overture-engine", "overture-store", true, false),
            ("overture-store", "overture-testkit", true, true),
            ("overture-store", "overture-testkit", false, false),
            ("overture", "overture-channels", false, true),
            ("overture-bus", "overture-engine", false, false),
        ];
        for (from, to, for_tests, passes) in cases {
            assert_eq!(
                refuse(from, to, for_tests).is_none(),
                passes,
                "{from} -> {to}"
            );
        }
    }
}
