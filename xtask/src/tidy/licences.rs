//! Licences, banned crates and sources of every package in the lock file, as `deny.toml` lists them.

use anyhow::{Context, Result, bail};
use cargo_metadata::Metadata;

use super::lists;
use crate::{paths, shell};

/// Checks every package; also asks cargo-deny where it is installed.
pub(super) fn check(metadata: &Metadata) -> Result<Vec<String>> {
    let file = paths::root().join("deny.toml");
    let toml = std::fs::read_to_string(&file).context("could not read deny.toml")?;
    let allowed = lists::strings(&toml, "licenses", "allow");
    let banned = lists::strings(&toml, "bans", "deny");
    let registries = lists::strings(&toml, "sources", "allow-registry");
    if allowed.is_empty() || banned.is_empty() || registries.is_empty() {
        bail!("deny.toml lists no licences, no bans or no registry");
    }
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let name = format!("{} {}", package.name, package.version);
        if banned.iter().any(|banned| *banned == *package.name) {
            findings.push(format!("{name}: deny.toml bans it"));
        }
        match &package.license {
            None => findings.push(format!("{name}: names no licence")),
            Some(licence) if !is_allowed(licence, &allowed) => {
                findings.push(format!("{name}: its licence {licence} is not in deny.toml"));
            }
            Some(_) => {}
        }
        if let Some(source) = &package.source
            && !registries
                .iter()
                .any(|registry| source.repr == format!("registry+{registry}"))
        {
            findings.push(format!(
                "{name}: comes from {source}, not from an allowed registry"
            ));
        }
    }
    if paths::find_program("cargo-deny").is_some() {
        let deny = shell::cargo(&["deny", "--offline", "check", "licenses", "bans", "sources"]);
        if let Err(error) = shell::run_quiet(deny) {
            findings.push(format!("{error:#}"));
        }
    }
    Ok(findings)
}

/// Whether an SPDX expression can be met with the allowed licences. `AND` binds tighter than `OR`.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    let met = any(&mut rest, allowed);
    met && rest.is_empty()
}

fn any(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = all(tokens, allowed);
    while eat(tokens, "OR") {
        met |= all(tokens, allowed);
    }
    met
}

fn all(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = one(tokens, allowed);
    while eat(tokens, "AND") {
        met &= one(tokens, allowed);
    }
    met
}

fn one(tokens: &mut &[&str], allowed: &[String]) -> bool {
    if eat(tokens, "(") {
        let met = any(tokens, allowed);
        return eat(tokens, ")") && met;
    }
    let Some((licence, rest)) = tokens.split_first() else {
        return false;
    };
    *tokens = rest;
    if eat(tokens, "WITH") {
        let Some((exception, rest)) = tokens.split_first() else {
            return false;
        };
        *tokens = rest;
        return allowed.contains(&format!("{licence} WITH {exception}"));
    }
    allowed.iter().any(|allowed| allowed == licence)
}

fn eat(tokens: &mut &[&str], wanted: &str) -> bool {
    match tokens.split_first() {
        Some((first, rest)) if *first == wanted => {
            *tokens = rest;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn licence_expressions_are_read_as_spdx_reads_them() {
        let allowed = [
            "MIT",
            "Apache-2.0",
            "Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ]
        .map(str::to_owned);
        let cases = [
            ("MIT", true),
            ("GPL-3.0", false),
            ("GPL-3.0 OR MIT", true),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("(MIT OR GPL-3.0) AND GPL-3.0", false),
            ("Unlicense/MIT", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-3.0 OR MIT AND GPL-2.0", false),
            ("(MIT", false),
            ("MIT MIT", false),
            ("", false),
        ];
        for (expression, expected) in cases {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }
}
