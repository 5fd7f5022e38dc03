//! One named part of a test run, how it went, and the table at the end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::counts::Counts;
use crate::paths;
use crate::shell::Finished;

/// How one suite went.
pub(crate) enum Outcome {
    /// It ran, with these counts, and what is known by name of what failed.
    Ran(Counts, Vec<String>),
    /// A tool it needs is missing.
    DidNotRun(String),
}

impl Outcome {
    /// A check that either holds or not, counted as one test.
    pub(crate) fn check(holds: bool) -> Self {
        let counts = if holds {
            Counts {
                passed: 1,
                ..Counts::default()
            }
        } else {
            Counts {
                failed: 1,
                ..Counts::default()
            }
        };
        Self::Ran(counts, Vec::new())
    }

    /// What a test runner's closing lines say, with a failure added where it failed without
    /// counting one, or succeeded without running a test.
    pub(crate) fn from_runner(finished: &Finished) -> Self {
        let mut counts = crate::counts::read(&finished.output);
        let silent_failure = !finished.success && counts.failed == 0;
        let ran_nothing = finished.success && counts.passed == 0;
        if ran_nothing {
            println!("no test ran");
        }
        if silent_failure || ran_nothing {
            counts.failed += 1;
        }
        Self::Ran(counts, crate::counts::failing(&finished.output))
    }

    /// Files that ran one after another, as one; says how long each took.
    pub(crate) fn of_files(files: Vec<(&str, Outcome, Duration)>) -> Self {
        let mut total = Counts::default();
        let mut failing = Vec::new();
        let mut times = Vec::new();
        for (file, outcome, took) in files {
            times.push(format!("{file} {:.0} s", took.as_secs_f32()));
            match outcome {
                Self::Ran(counts, mut names) => {
                    total = total + counts;
                    if counts.failed > 0 && names.is_empty() {
                        names.push("failed, as its output says".to_owned());
                    }
                    failing.extend(names.iter().map(|name| format!("{file}: {name}")));
                }
                Self::DidNotRun(reason) => failing.push(format!("{file}: {reason}")),
            }
        }
        println!("took {}", times.join(", "));
        Self::Ran(total, failing)
    }
}

struct Row {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// Runs suites one after another and remembers how they went.
#[derive(Default)]
pub(crate) struct Run {
    rows: Vec<Row>,
}

impl Run {
    /// Runs one suite; what goes wrong in it is printed and counted, never ends the run.
    pub(crate) fn suite(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome>) {
        println!("\n==> {name}");
        let started = Instant::now();
        let outcome = work().unwrap_or_else(|error| {
            println!("{error:#}");
            Outcome::check(false)
        });
        let row = Row {
            name,
            outcome,
            took: started.elapsed(),
        };
        println!("<== {}", describe(&row));
        self.rows.push(row);
    }

    /// Prints the table and the totals, and nothing after them.
    ///
    /// A failure when something failed, when in continuous integration something did not run, and
    /// when nothing was tested.
    pub(crate) fn finish(self) -> ExitCode {
        println!("\nsummary");
        for row in &self.rows {
            println!("  {}", describe(row));
            if let Outcome::Ran(_, failing) = &row.outcome {
                for name in failing {
                    println!("      {name}");
                }
            }
        }
        let mut total: Counts = self
            .rows
            .iter()
            .map(|row| match row.outcome {
                Outcome::Ran(counts, _) => counts,
                Outcome::DidNotRun(_) => Counts::default(),
            })
            .sum();
        let missing = self
            .rows
            .iter()
            .filter(|row| matches!(row.outcome, Outcome::DidNotRun(_)))
            .count();
        if paths::in_ci() {
            total.failed += missing as u64;
        }
        println!("\n{} passed, {} failed", total.passed, total.failed);
        if total.failed > 0 || total.passed == 0 {
            return ExitCode::FAILURE;
        }
        ExitCode::SUCCESS
    }
}

fn describe(row: &Row) -> String {
    let took = format!("{:.1} s", row.took.as_secs_f32());
    match &row.outcome {
        Outcome::Ran(counts, _) => {
            let verdict = if counts.failed == 0 { "ok" } else { "FAILED" };
            let skipped = match counts.skipped {
                0 => String::new(),
                skipped => format!(", {skipped} skipped"),
            };
            format!(
                "{:<14} {verdict:<7} {:>5} passed, {} failed{skipped} ({took})",
                row.name, counts.passed, counts.failed
            )
        }
        Outcome::DidNotRun(reason) => format!("{:<14} suite did not run: {reason}", row.name),
    }
}
