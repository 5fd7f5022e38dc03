//! Reading how many tests passed from what the test runners print.

use std::iter::Sum;
use std::ops::Add;

/// Tests of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(runs: I) -> Self {
        runs.fold(Self::default(), Add::add)
    }
}

/// Adds up the closing lines of every runner found in `output`: cargo-nextest, `cargo test`,
/// Node's test runner, Vitest and Python's unittest.
///
/// nextest shows a failed test's own output, with a `test result:` of that one test: where nextest
/// ran, only its summary counts.
pub(crate) fn read(output: &str) -> Counts {
    let plain = without_colours(output);
    let mut python_ran = None;
    let by_nextest = plain
        .lines()
        .any(|line| nextest_line(line.trim()).is_some());
    let mut total = Counts::default();
    for line in plain.lines().map(str::trim) {
        let found = if let Some(rest) = nextest_line(line) {
            listed(rest)
        } else if let Some(rest) = line.strip_prefix("test result:").filter(|_| !by_nextest) {
            listed(rest.split_once('.').map_or("", |(_, counts)| counts))
        } else if let Some(rest) = line.strip_prefix("Tests  ") {
            listed(rest)
        } else if let Some(found) = node_line(line) {
            found
        } else if let Some(ran) = line.strip_prefix("Ran ").and_then(first_number) {
            python_ran = Some(ran);
            Counts::default()
        } else if let Some(ran) = python_ran.filter(|_| is_python_verdict(line)) {
            python_ran = None;
            python(ran, line)
        } else {
            Counts::default()
        };
        total = total + found;
    }
    total
}

/// What failed of a file under Node's test runner, as it lists it at the end. A file of which tests
/// are missing, because it ran out of time or ended by itself, is named as that.
pub(crate) fn failing(output: &str) -> Vec<String> {
    let plain = without_colours(output);
    plain
        .lines()
        .skip_while(|line| *line != "✖ failing tests:")
        .skip(1)
        .filter_map(|line| line.trim().strip_prefix("✖ "))
        .map(|line| {
            let name = line.rsplit_once(" (").map_or(line, |(name, _)| name);
            if name.ends_with(".test.mjs") {
                "NOT FINISHED: what was left of it did not run".to_owned()
            } else {
                name.to_owned()
            }
        })
        .collect()
}

/// Takes out ANSI colours: some runners print them into a pipe as well.
fn without_colours(output: &str) -> String {
    let mut parts = output.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or(part, |(_, text)| text));
    }
    plain
}

/// `Summary [   0.1s] 12 tests run: 12 passed`: what follows the colon.
fn nextest_line(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("Summary")?;
    let (_, counts) = rest
        .split_once("tests run:")
        .or_else(|| rest.split_once("test run:"))?;
    Some(counts)
}

/// `12 passed (1 slow), 1 failed, 2 skipped` with any separators and any words between.
fn listed(text: &str) -> Counts {
    let mut counts = Counts::default();
    for part in text.split([',', ';', '|']) {
        let Some(number) = first_number(part) else {
            continue;
        };
        if part.contains("passed") {
            counts.passed += number;
        } else if part.contains("failed") || part.contains("timed out") {
            counts.failed += number;
        } else if part.contains("skipped") || part.contains("ignored") || part.contains("todo") {
            counts.skipped += number;
        }
    }
    counts
}

/// `# pass 5` (TAP) or `ℹ pass 5` (spec).
fn node_line(line: &str) -> Option<Counts> {
    let rest = line
        .strip_prefix("# ")
        .or_else(|| line.strip_prefix("ℹ "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.parse().ok()?;
    let mut counts = Counts::default();
    match word {
        "pass" => counts.passed = number,
        "fail" | "cancelled" => counts.failed = number,
        "skipped" | "todo" => counts.skipped = number,
        _ => return None,
    }
    Some(counts)
}

fn is_python_verdict(line: &str) -> bool {
    line == "OK" || line.starts_with("OK (") || line.starts_with("FAILED (")
}

/// `FAILED (failures=1, errors=1, skipped=2)` after `Ran 9 tests in 1.2s`.
fn python(ran: u64, verdict: &str) -> Counts {
    let named = |name: &str| {
        verdict
            .split_once(name)
            .and_then(|(_, rest)| first_number(rest))
            .unwrap_or(0)
    };
    let failed = named("failures=") + named("errors=");
    let skipped = named("skipped=");
    Counts {
        passed: ran.saturating_sub(failed + skipped),
        failed,
        skipped,
    }
}

fn first_number(text: &str) -> Option<u64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let digits: String = text[start..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, passed: u64, failed: u64, skipped: u64) {
        assert_eq!(
            read(output),
            Counts {
                passed,
                failed,
                skipped
            },
            "{output}"
        );
    }

    #[test]
    fn reads_each_runners_closing_lines() {
        check(
            "     Summary [   0.1s] 12 tests run: 12 passed, 3 skipped",
            12,
            0,
            3,
        );
        check(
            "     Summary [   0.1s] 1 test run: 1 passed, 0 skipped",
            1,
            0,
            0,
        );
        check(
            "     Summary [  9.1s] 12 tests run: 9 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 0 skipped",
            9,
            3,
            0,
        );
        check(
            "test result: FAILED. 0 passed; 1 failed\n Summary [ 1s] 3 tests run: 2 passed, 1 failed, 0 skipped",
            2,
            1,
            0,
        );
        check(
            "test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out",
            4,
            1,
            2,
        );
        check(
            "# tests 6\n# pass 4\n# fail 1\n# cancelled 0\n# skipped 1",
            4,
            1,
            1,
        );
        check("ℹ tests 3\nℹ pass 3\nℹ fail 0", 3, 0, 0);
        check(
            " Test Files  2 passed (2)\n      Tests  1 failed | 7 passed | 2 skipped (10)",
            7,
            1,
            2,
        );
        check(
            "Ran 9 tests in 1.25s\n\nFAILED (failures=1, errors=2, skipped=1)",
            5,
            3,
            1,
        );
        check("Ran 2 tests in 0.01s\n\nOK", 2, 0, 0);
    }

    #[test]
    fn adds_several_runs_up_and_ignores_other_text() {
        check(
            "# a heading\ntest result: ok. 2 passed; 0 failed; 0 ignored\nOK\nRan away\ntest result: ok. 3 passed; 0 failed; 1 ignored",
            5,
            0,
            1,
        );
    }

    #[test]
    fn names_what_failed_and_a_file_that_did_not_finish() {
        let output = "✔ one (6.8ms)\n✖ /a/demo.test.mjs (900000.2ms)\n  'test timed out after 900000ms'\n\n\
            ℹ pass 1\nℹ fail 1\nℹ cancelled 1\n\n✖ failing tests:\n\ntest at tests/browser/demo.test.mjs:1:1\n\
            ✖ /a/demo.test.mjs (900000.2ms)\n  'test timed out after 900000ms'\n\n\
            test at tests/browser/demo.test.mjs:14:1\n✖ a chat (of two) (275.3ms)\n  AssertionError\n";
        let named = [
            "NOT FINISHED: what was left of it did not run",
            "a chat (of two)",
        ];
        assert_eq!(failing(output), named);
        check(output, 1, 2, 0);
        assert!(failing("✔ one (6.8ms)\nℹ pass 1").is_empty());
    }
}
