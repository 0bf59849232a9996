//! The two runs as a picture: calls a second on a logarithmic scale, over two hours.

use super::simulation::{BIN, QUOTA, Run, SECONDS};
use std::fmt::Write as _;

const WIDTH: f64 = 860.0;
/// With room for the last label, which stands around its point.
const SHEET: f64 = WIDTH + 10.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 50.0;
/// Powers of ten on the scale.
const DECADES: std::ops::RangeInclusive<i32> = 1..=5;

fn x(second: f64) -> f64 {
    LEFT + second / SECONDS as f64 * (WIDTH - LEFT - RIGHT)
}

fn y(rate: f64) -> f64 {
    let (low, high) = (f64::from(*DECADES.start()), f64::from(*DECADES.end()));
    let share = (rate.max(1.0).log10().max(low) - low) / (high - low);
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

/// SVG, readable on a light and on a dark page.
pub fn draw(free: &Run, limited: &Run) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SHEET} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Calls to STS by 100,000 pods started at once</title>\n\
         <rect width=\"{SHEET}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\" fill=\"#111\">Calls to STS per second, 100,000 pods started within one second (bins of {BIN} s)</text>\n"
    );
    for decade in DECADES {
        let rate = 10f64.powi(decade);
        let at = y(rate);
        let _ = writeln!(svg, "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>", WIDTH - RIGHT);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444\">{rate}</text>", LEFT - 8.0, at + 4.0);
    }
    for minutes in (0..=SECONDS / 60).step_by(15) {
        let at = x(minutes as f64 * 60.0);
        let _ = writeln!(svg, "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{}\" stroke=\"#eee\"/>", HEIGHT - BOTTOM);
        let _ =
            writeln!(svg, "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444\">{minutes} min</text>", HEIGHT - BOTTOM + 18.0);
    }
    let quota = y(QUOTA as f64);
    let _ = writeln!(
        svg,
        "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{quota:.1}\" y2=\"{quota:.1}\" stroke=\"#b00020\" stroke-dasharray=\"6 4\"/>",
        WIDTH - RIGHT
    );
    let _ =
        writeln!(svg, "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#b00020\">quota {QUOTA}/s</text>", WIDTH - RIGHT, quota - 6.0);
    for (run, color, width) in [(limited, "#d9822b", 2.0), (free, "#1f5fbf", 1.6)] {
        let point = |(bin, calls): (usize, &u64)| format!("{:.1},{:.1}", x((bin as f64 + 0.5) * BIN as f64), y(*calls as f64 / BIN as f64));
        let points: Vec<String> = run.calls.iter().enumerate().map(point).collect();
        let _ = writeln!(svg, "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" points=\"{}\"/>", points.join(" "));
    }
    for (at, color, text) in
        [(LEFT, "#1f5fbf", "STS without a quota"), (LEFT + 190.0, "#d9822b", "STS with 600 calls a second: refused calls are retried")]
    {
        let _ = writeln!(svg, "<rect x=\"{at}\" y=\"{}\" width=\"14\" height=\"4\" fill=\"{color}\"/>", HEIGHT - 14.0);
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" fill=\"#222\">{text}</text>", at + 20.0, HEIGHT - 9.0);
    }
    svg.push_str("</svg>\n");
    svg
}
