//! Draws what a terminal shows as an SVG with a light and a dark form.

/// The width of the terminal. A longer line continues in the next row.
pub const COLUMNS: usize = 100;
/// The size of a character, in the picture's units.
const WIDE: f64 = 8.4;
const HIGH: f64 = 18.0;
const MARGIN: f64 = 16.0;

/// How a character looks: the classes of the style sheet below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Look {
    bold: bool,
    dim: bool,
    color: Option<&'static str>,
}

impl Look {
    /// After a `Select Graphic Rendition` (ECMA-48 8.3.117).
    fn with(mut self, parameters: &str) -> Look {
        for parameter in parameters.split(';') {
            match parameter {
                "" | "0" => self = Look::default(),
                "1" => self.bold = true,
                "2" => self.dim = true,
                "22" => (self.bold, self.dim) = (false, false),
                "31" => self.color = Some("red"),
                "32" => self.color = Some("green"),
                "33" => self.color = Some("yellow"),
                "34" => self.color = Some("blue"),
                "35" => self.color = Some("magenta"),
                "36" => self.color = Some("cyan"),
                "39" => self.color = None,
                other => panic!("the picture has no form for SGR {other}"),
            }
        }
        self
    }

    fn classes(self) -> String {
        let names = [self.bold.then_some("bold"), self.dim.then_some("dim"), self.color];
        names.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// The rows of a screen, as runs of characters that look the same, each with its column.
fn rows(text: &str) -> Vec<Vec<(usize, String, Look)>> {
    let mut rows = Vec::new();
    let mut look = Look::default();
    for line in text.lines() {
        let (mut row, mut column): (Vec<(usize, String, Look)>, usize) = (Vec::new(), 0);
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if let Some(escape) = rest.strip_prefix("\u{1b}[") {
                let (parameters, after) = escape.split_once('m').expect("only colours are in a report");
                look = look.with(parameters);
                rest = after;
                continue;
            }
            if column == COLUMNS {
                rows.push(std::mem::take(&mut row));
                column = 0;
            }
            match row.last_mut().filter(|run| run.2 == look) {
                Some(run) => run.1.push(c),
                None => row.push((column, c.to_string(), look)),
            }
            column += 1;
            rest = &rest[c.len_utf8()..];
        }
        rows.push(row);
    }
    rows
}

const STYLE: &str = "
  rect { fill: #ffffff; stroke: #d0d7de }
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328; white-space: pre }
  .bold { font-weight: bold } .dim { fill: #59636e }
  .red { fill: #b3261e } .green { fill: #116329 } .yellow { fill: #7d4e00 } .blue { fill: #0550ae } .magenta { fill: #6639ba } .cyan { fill: #0b6b75 }
  @media (prefers-color-scheme: dark) {
    rect { fill: #0d1117; stroke: #3d444d }
    text { fill: #e6edf3 } .dim { fill: #9198a1 }
    .red { fill: #ff8078 } .green { fill: #56d364 } .yellow { fill: #e3b341 } .blue { fill: #79c0ff } .magenta { fill: #d2a8ff } .cyan { fill: #56d4dd }
  }
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The picture of a screen.
pub fn draw(title: &str, screen: &str) -> String {
    let rows = rows(screen);
    let last = |row: &Vec<(usize, String, Look)>| row.last().map_or(0, |run| run.0 + run.1.chars().count());
    let columns = rows.iter().map(last).max().unwrap_or(0);
    let (width, height) = (columns as f64 * WIDE + 2.0 * MARGIN, rows.len() as f64 * HIGH + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<rect x=\"0.5\" y=\"0.5\" width=\"{:.0}\" height=\"{:.0}\" rx=\"8\"/>\n",
        escaped(title),
        width - 1.0,
        height - 1.0
    );
    for (number, row) in rows.iter().enumerate() {
        let y = MARGIN + (number as f64 + 0.75) * HIGH;
        for (column, run, look) in row {
            // A space has no colour. The length is given, so that another font takes as much room.
            let shown = run.trim_start_matches(' ');
            let column = column + run.len() - shown.len();
            let shown = shown.trim_end_matches(' ');
            if shown.is_empty() {
                continue;
            }
            let classes = look.classes();
            let class = if classes.is_empty() { String::new() } else { format!(" class=\"{classes}\"") };
            let (x, length) = (MARGIN + column as f64 * WIDE, shown.chars().count() as f64 * WIDE);
            svg += &format!(
                "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" xml:space=\"preserve\"{class}>{}</text>\n",
                escaped(shown)
            );
        }
    }
    svg + "</svg>\n"
}

#[test]
fn colours_and_long_lines_are_drawn() {
    let long = "x".repeat(COLUMNS + 3);
    let drawn = draw("A <b>", &format!("\u{1b}[1;31m× FAIL\u{1b}[0m a & b\n{long}\n"));
    for part in ["<title>A &lt;b&gt;</title>", "class=\"bold red\">× FAIL<", ">a &amp; b<", ">xxx<"] {
        assert!(drawn.contains(part), "{part}: {drawn}");
    }
    assert_eq!(drawn.matches("<text").count(), 4);
}
