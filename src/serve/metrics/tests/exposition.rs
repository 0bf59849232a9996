//! A strict reader of the text format 0.0.4 ("Exposition formats" in Prometheus' documentation): it takes what we may write, no more.

/// A line with a value.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

impl Sample {
    pub(super) fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// What makes it a series of its own.
    pub(super) fn id(&self) -> (String, Vec<(String, String)>) {
        (self.name.clone(), self.labels.clone())
    }
}

/// Every sample of the page: HELP, TYPE and samples of one family in this order, each family once. Panics at anything else.
pub(super) fn parse(page: &str) -> Vec<Sample> {
    assert!(page.ends_with('\n') && !page.contains("\n\n") && !page.contains('\r'));
    let mut samples = Vec::new();
    let mut families: Vec<&str> = Vec::new();
    let mut lines = page.split_terminator('\n').peekable();
    while let Some(help) = lines.next() {
        let (name, text) = help.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).unwrap_or_else(|| panic!("{help:?}"));
        assert!(is_name(name) && text.ends_with('.') && text.len() > 20, "{help:?}");
        assert!(!families.contains(&name), "{name} twice");
        families.push(name);
        let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).unwrap_or_else(|| panic!("{name}: no TYPE"));
        let suffixes: &[&str] = match kind {
            "gauge" | "counter" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => panic!("{name}: type {kind:?}"),
        };
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        let before = samples.len();
        while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
            let sample = sample(line);
            assert!(suffixes.iter().any(|suffix| sample.name.strip_suffix(suffix) == Some(name)), "{line:?} under {name}");
            samples.push(sample);
        }
        assert!(samples.len() > before, "{name} has no series");
    }
    samples
}

fn sample(line: &str) -> Sample {
    let name_ends = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line:?}"));
    let (name, rest) = line.split_at(name_ends);
    assert!(is_name(name), "{line:?}");
    let (labels, value) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest),
        None => (Vec::new(), rest),
    };
    let value = value.strip_prefix(' ').and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{line:?}"));
    Sample { name: name.to_owned(), labels, value }
}

/// `name="value",…}` and what follows. A value with anything to escape is none of ours.
fn labels(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut labels = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{rest:?}"));
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("{rest:?}"));
        assert!(is_name(name) && !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'), "{name}={value:?}");
        labels.push((name.to_owned(), value.to_owned()));
        match after.split_at_checked(1) {
            Some((",", after)) => rest = after,
            Some(("}", after)) => return (labels, after),
            _ => panic!("{after:?}"),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
