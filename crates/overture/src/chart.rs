//! The pictures of a report, as SVG that follows the reader's light or dark.

use std::fmt::Write;

use serde_json::Value;

const STYLE: &str = "<style>text{font:12px system-ui,sans-serif;fill:#222}.title{font-size:14px;font-weight:600}\
.axis{stroke:#888;fill:none}.ideal{stroke:#999;stroke-dasharray:4 4}.mark{fill:#2a6fdb}.line{stroke:#2a6fdb;fill:none}\
.range{stroke:#222}@media(prefers-color-scheme:dark){text{fill:#eee}.range{stroke:#eee}.mark{fill:#79a9ff}.line{stroke:#79a9ff}}</style>";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// [`reliability`] of a figure that `evaluate` printed; `None` where it is none of calibration.
pub(crate) fn calibration(title: &str, figure: &Value) -> Option<String> {
    let error = figure["expected_calibration_error"].as_f64();
    Some(reliability(
        title,
        figure["bins"].as_array()?,
        error.unwrap_or(0.0),
    ))
}

/// [`bars`] of all figures that `evaluate` printed with an interval.
pub(crate) fn intervals(title: &str, figures: &Value) -> String {
    let of = |(name, figure): (&'_ String, &Value)| {
        let ends = &figure["interval_95"];
        let ends = [ends[0].as_f64()?, ends[1].as_f64()?];
        Some((name.clone(), figure["value"].as_f64()?, ends))
    };
    let all: Vec<_> = figures
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(of)
        .collect();
    let named: Vec<_> = all
        .iter()
        .map(|(name, value, ends)| (name.as_str(), *value, *ends))
        .collect();
    bars(title, &named)
}

/// How often it was so, by what was said; the size of a mark is how many messages it stands for.
fn reliability(title: &str, bins: &[Value], error: f64) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 360 360\" role=\"img\" aria-label=\"{0}\">{STYLE}\
<text class=\"title\" x=\"40\" y=\"20\">{0}</text><text x=\"40\" y=\"38\">expected calibration error {error:.3}</text>\
<path class=\"axis\" d=\"M40 50V320H310\"/><path class=\"ideal\" d=\"M40 320L310 50\"/>\
<text x=\"130\" y=\"350\">probability said</text><text x=\"-230\" y=\"14\" transform=\"rotate(-90)\">how often it was so</text>\
<text x=\"36\" y=\"336\">0</text><text x=\"304\" y=\"336\">1</text><text x=\"28\" y=\"56\">1</text>",
        escaped(title)
    );
    let total: f64 = bins.iter().filter_map(|bin| bin["count"].as_f64()).sum();
    let points: Vec<(f64, f64, f64)> = bins
        .iter()
        .filter_map(|bin| {
            Some((
                bin["said"].as_f64()?,
                bin["was"].as_f64()?,
                bin["count"].as_f64()?,
            ))
        })
        .map(|(said, was, count)| (40.0 + 270.0 * said, 320.0 - 270.0 * was, count))
        .collect();
    let line: Vec<String> = points
        .iter()
        .map(|(x, y, _)| format!("{x:.1} {y:.1}"))
        .collect();
    let _ = write!(
        svg,
        "<polyline class=\"line\" points=\"{}\"/>",
        line.join(" ")
    );
    for (x, y, count) in points {
        let radius = 3.0 + 12.0 * (count / total.max(1.0)).sqrt();
        let _ = write!(
            svg,
            "<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" fill-opacity=\".6\"><title>{count} messages</title></circle>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// One bar a name, 0 to 1, with its interval.
pub(crate) fn bars(title: &str, bars: &[(&str, f64, [f64; 2])]) -> String {
    let height = 60 + 24 * bars.len();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 620 {height}\" role=\"img\" aria-label=\"{0}\">{STYLE}\
<text class=\"title\" x=\"10\" y=\"20\">{0}</text>",
        escaped(title)
    );
    for (place, (name, value, [low, high])) in bars.iter().enumerate() {
        let y = 40 + 24 * place;
        let middle = y + 8;
        let [width, from, to] = [value, low, high].map(|share| 360.0 * share);
        let _ = write!(
            svg,
            "<text x=\"10\" y=\"{}\">{}</text><rect class=\"mark\" x=\"200\" y=\"{y}\" width=\"{width:.1}\" height=\"16\"/>\
<path class=\"range\" d=\"M{:.1} {middle}H{:.1}\"/><text x=\"{:.1}\" y=\"{}\">{value:.2}</text>",
            y + 13,
            escaped(name),
            200.0 + from,
            200.0 + to,
            206.0 + width.max(to),
            y + 13
        );
    }
    svg.push_str("</svg>\n");
    svg
}
