//! A replay's result as tables for people, or as JSON for programs.

use std::{fmt::Write as _, io::Write as _, path::Path};

use overture_http::{ReplayReport, ReplaySide};

/// Differences that the tables show; JSON has more.
const SHOWN_MAX: usize = 20;

/// Prints the result as the API answers it.
///
/// # Errors
/// It cannot be written.
pub(super) fn json(report: &ReplayReport) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, report)?;
    writeln!(out)?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's output")]
pub(super) fn tables(report: &ReplayReport, draft: Option<&Path>) {
    let name = draft.map_or_else(
        || "the policies in force".to_owned(),
        |file| file.display().to_string(),
    );
    print!("{}", render(report, &name));
}

fn render(report: &ReplayReport, draft: &str) -> String {
    let mut out = String::new();
    let kind = if report.exact { "EXACT" } else { "ESTIMATE" };
    let _ = writeln!(out, "{kind}: {}", report.why.join("; "));
    if !report.exact {
        let _ = writeln!(
            out,
            "open-loop: what customers did is as logged, offers that nobody was really made count as ignored"
        );
    }
    let _ = writeln!(
        out,
        "{} to {}, {draft}, rules count as {}",
        report.from, report.to, report.acts
    );
    let _ = writeln!(
        out,
        "log from {}{}; {} events of {} customers in {:.1} s ({:.0} events/s)",
        report.log_from,
        if report.log_is_whole {
            ""
        } else {
            " (what came before is not known here)"
        },
        report.events,
        report.customers,
        report.took_ms as f64 / 1_000.0,
        report.events as f64 * 1_000.0 / report.took_ms.max(1) as f64
    );
    if report.left_out > 0 {
        let _ = writeln!(
            out,
            "{} inputs made a step panic and were left out",
            report.left_out
        );
    }
    let draft_name = if report.exact { "replayed" } else { "estimate" };
    let mut table = |title: &str, rows: Vec<(String, u64, u64)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(
            out,
            "\n{title:<40} {:>10} {draft_name:>10} {:>10}",
            "happened", "change"
        );
        for (name, happened, draft) in rows {
            let change = draft as i64 - happened as i64;
            let _ = writeln!(out, "{name:<40} {happened:>10} {draft:>10} {change:>+10}");
        }
    };
    let (one, other): (&ReplaySide, &ReplaySide) = (&report.happened, &report.draft);
    table(
        "all",
        vec![
            ("contacts".into(), one.contacts, other.contacts),
            ("customers contacted".into(), one.customers, other.customers),
            ("alerts to staff".into(), one.alerts, other.alerts),
            ("left alone".into(), one.withheld, other.withheld),
        ],
    );
    let rules = report.rules.iter();
    table(
        "contacts by rule",
        rules
            .map(|one| (one.rule.clone(), one.happened.contacts, one.draft.contacts))
            .collect(),
    );
    let named = |all: &[overture_http::ReplayNamed]| {
        all.iter()
            .map(|one| (one.name.clone(), one.happened, one.draft))
            .collect()
    };
    table("contacts by channel", named(&report.channels));
    table("left alone, by reason", named(&report.reasons));
    let hours = report.hours.iter();
    table(
        &format!("contacts by hour of the day ({})", report.time_zone),
        hours
            .filter(|one| one.happened + one.draft > 0)
            .map(|one| (format!("{:02}:00", one.hour), one.happened, one.draft))
            .collect(),
    );
    let customers = report.customers_examples.iter();
    table(
        "customers whose contacts differ most",
        customers
            .map(|one| (one.customer.clone(), one.happened, one.draft))
            .collect(),
    );
    let cost = &report.cost;
    let _ = writeln!(
        out,
        "\ncost, if each contact leads to a conversation of {} min at {} a minute: {:.2} happened, {:.2} {draft_name}",
        cost.handle_minutes, cost.per_minute, cost.happened, cost.draft
    );
    let all = &report.differences;
    let _ = writeln!(
        out,
        "{} decisions differ: {} only then, {} only under the draft, {} changed",
        all.total, all.only_then, all.only_draft, all.changed
    );
    for one in all.shown.iter().take(SHOWN_MAX) {
        let say = |side: &Option<overture_http::ReplayDecided>| {
            side.as_ref().map_or_else(
                || "nothing".to_owned(),
                |it| format!("{} {} {} ({})", it.at, it.rule, it.what, it.detail),
            )
        };
        let _ = writeln!(
            out,
            "  {} {}: {} -> {}",
            one.kind,
            one.customer,
            say(&one.happened),
            say(&one.draft)
        );
    }
    if all.total as usize > SHOWN_MAX {
        let _ = writeln!(
            out,
            "  and {} more; --json shows up to 200",
            all.total as usize - SHOWN_MAX
        );
    }
    out
}
