//! Values that are known in part: an ARN of this account whose cluster is not known, a namespace whose name is not known.
//!
//! A pattern is compared with all values that a form has: the answer is `Yes` where it matches all of them, `No` where it matches none.
//! A form may have more values than there are. Both answers stay right then.

use super::pattern::{PatternPiece, Truth};
use std::collections::HashSet;

/// What a value looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form(Vec<FormPiece>);

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FormPiece {
    /// This text.
    Text(String),
    /// One character or more of a class; of any characters, also none. The name stands for them where the form is shown.
    Some(CharClass, &'static str),
}

/// Which characters an unknown part is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharClass {
    /// Any character.
    Any,
    /// `0` to `9`: an account's id.
    Digits,
    /// Small letters, digits and `-`: a region, a partition, a label of Kubernetes.
    Label,
    /// The same with `.`: a name in Kubernetes.
    Dns,
    /// Letters, digits, `-` and `_`: a cluster's name (Amazon EKS API reference, CreateCluster).
    Cluster,
    /// Letters, digits and `_+=,.@-`: a session's name (AWS STS API reference, AssumeRole).
    Session,
}

impl CharClass {
    fn has(self, c: char) -> bool {
        match self {
            CharClass::Any => true,
            CharClass::Digits => c.is_ascii_digit(),
            CharClass::Label => c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
            CharClass::Dns => CharClass::Label.has(c) || c == '.',
            CharClass::Cluster => c.is_ascii_alphanumeric() || matches!(c, '-' | '_'),
            CharClass::Session => c.is_ascii_alphanumeric() || "_+=,.@-".contains(c),
        }
    }

    /// The characters that a pattern can tell apart: its own, and one that it does not have.
    fn samples(self, pieces: &[PatternPiece], fold: bool) -> Vec<char> {
        let own: HashSet<char> = pieces.iter().filter_map(PatternPiece::letter).collect();
        let named = |c: &char| own.iter().any(|own| same(*own, *c, fold));
        let ascii = || ('\0'..='\u{7f}').filter(|c| self.has(*c));
        // Letters beyond ASCII have no other case here.
        let mut samples: Vec<char> = ascii().filter(named).chain(own.iter().copied().filter(|c| !c.is_ascii() && self.has(*c))).collect();
        let private = || ('\u{e000}'..='\u{f8ff}').filter(|c| self.has(*c)).find(|c| !named(c));
        samples.extend(ascii().find(|c| !named(c)).or_else(private));
        samples
    }
}

/// Whether two characters are equal.
pub(super) fn same(a: char, b: char, fold: bool) -> bool {
    a == b || (fold && a.eq_ignore_ascii_case(&b))
}

/// A form, character by character.
#[derive(Clone, Copy)]
enum Unit {
    Char(char),
    /// One character or more; of any characters, also none.
    Some(CharClass),
}

impl Unit {
    /// Whether it can be empty: the value of a tag can.
    fn is_optional(&self) -> bool {
        matches!(self, Unit::Some(CharClass::Any))
    }
}

/// So many steps are taken before a comparison ends undecided. Real patterns need some hundred.
const STEPS: usize = 4_000;

impl Form {
    /// A form of these parts.
    pub(super) fn new(pieces: Vec<FormPiece>) -> Form {
        Form(pieces)
    }

    /// A value that is known.
    pub(super) fn text(text: &str) -> Form {
        Form(vec![FormPiece::Text(text.to_owned())])
    }

    /// A value of which nothing is known.
    pub(super) fn any() -> Form {
        Form(vec![FormPiece::Some(CharClass::Any, "VALUE")])
    }

    /// The ARN of a cluster of EKS (Service authorization reference, "Resource types defined by Amazon Elastic Kubernetes Service").
    pub(super) fn cluster_arn(partition: Option<&str>, account: Option<&str>) -> Form {
        let part = |known: Option<&str>, class, name| match known {
            Some(text) => FormPiece::Text(text.to_owned()),
            None => FormPiece::Some(class, name),
        };
        let text = |text: &str| FormPiece::Text(text.to_owned());
        Form(vec![
            text("arn:"),
            part(partition, CharClass::Label, "PARTITION"),
            text(":eks:"),
            FormPiece::Some(CharClass::Label, "REGION"),
            text(":"),
            part(account, CharClass::Digits, "ACCOUNT"),
            text(":cluster/"),
            FormPiece::Some(CharClass::Cluster, "NAME"),
        ])
    }

    /// The value, where all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self.0.as_slice() {
            [FormPiece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The form for a person: what is not known by its name.
    pub(super) fn shown(&self) -> String {
        let piece = |piece: &FormPiece| match piece {
            FormPiece::Text(text) => text.clone(),
            FormPiece::Some(_, name) => (*name).to_owned(),
        };
        self.0.iter().map(piece).collect()
    }

    /// Whether any part of it is known.
    pub(super) fn tells_something(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, FormPiece::Text(_)))
    }

    /// The six parts of an ARN; `None` where the value is none, or may be none.
    pub(super) fn arn_parts(&self) -> Option<Vec<Form>> {
        let mut parts = vec![Vec::new()];
        for piece in &self.0 {
            let FormPiece::Text(text) = piece else {
                if matches!(piece, FormPiece::Some(class, _) if class.has(':') && parts.len() < 6) {
                    return None;
                }
                parts.last_mut()?.push(piece.clone());
                continue;
            };
            let left = 6 - parts.len();
            for (nth, text) in text.splitn(left + 1, ':').enumerate() {
                if nth > 0 {
                    parts.push(Vec::new());
                }
                if !text.is_empty() {
                    parts.last_mut()?.push(FormPiece::Text(text.to_owned()));
                }
            }
        }
        let is_arn = parts.len() == 6 && Form(parts[0].clone()).known() == Some("arn");
        is_arn.then(|| parts.into_iter().map(Form).collect())
    }

    fn units(&self) -> Vec<Unit> {
        let mut units = Vec::new();
        for piece in &self.0 {
            match piece {
                FormPiece::Text(text) => units.extend(text.chars().map(Unit::Char)),
                FormPiece::Some(class, _) => units.push(Unit::Some(*class)),
            }
        }
        units
    }

    /// Whether the values of this form match a pattern.
    pub(super) fn matches(&self, pieces: &[PatternPiece], fold: bool) -> Truth {
        let units = self.units();
        if !some_match(pieces, &units, fold) {
            return Truth::No;
        }
        // What a policy variable is replaced by is not known: no value is sure to match.
        match pieces.contains(&PatternPiece::Hole) || some_differ(pieces, &units, fold) {
            true => Truth::Maybe,
            false => Truth::Yes,
        }
    }
}

/// Whether any value matches: both are walked side by side.
fn some_match(pieces: &[PatternPiece], units: &[Unit], fold: bool) -> bool {
    let width = pieces.len() + 1;
    let mut seen = vec![false; width * (units.len() + 1)];
    let mut open = vec![(0, 0)];
    while let Some((at, nth)) = open.pop() {
        if std::mem::replace(&mut seen[at * width + nth], true) {
            continue;
        }
        let (unit, piece) = (units.get(at), pieces.get(nth));
        if unit.is_none() && piece.is_none() {
            return true;
        }
        if unit.is_some_and(Unit::is_optional) {
            open.push((at + 1, nth));
        }
        let Some(piece) = piece else { continue };
        if piece.is_any() {
            open.push((at, nth + 1));
        }
        let next = match (piece, unit) {
            (_, None) => continue,
            (PatternPiece::Any | PatternPiece::Hole, Some(_)) => nth,
            (PatternPiece::One, Some(_)) => nth + 1,
            (PatternPiece::Char(c), Some(Unit::Char(other))) if same(*c, *other, fold) => nth + 1,
            (PatternPiece::Char(c), Some(Unit::Some(class)))
                if class.has(*c) || (fold && (class.has(c.to_ascii_lowercase()) || class.has(c.to_ascii_uppercase()))) =>
            {
                nth + 1
            }
            _ => continue,
        };
        open.push((at + 1, next));
        if matches!(unit, Some(Unit::Some(_))) {
            open.push((at, next));
        }
    }
    false
}

/// Whether any value differs, or that cannot be told within the bound: the pattern is taken at all its places at once.
fn some_differ(pieces: &[PatternPiece], units: &[Unit], fold: bool) -> bool {
    // From a place before the last star nothing is reached that the star does not reach.
    let closed = |places: Vec<usize>| {
        let mut places: Vec<usize> = places;
        let mut nth = 0;
        while nth < places.len() {
            if pieces.get(places[nth]).is_some_and(PatternPiece::is_any) && !places.contains(&(places[nth] + 1)) {
                places.push(places[nth] + 1);
            }
            nth += 1;
        }
        let star = places.iter().copied().filter(|place| pieces.get(*place).is_some_and(PatternPiece::is_any)).max().unwrap_or(0);
        places.retain(|place| *place >= star);
        places.sort_unstable();
        places.dedup();
        places
    };
    let step = |places: &[usize], c: char| {
        let next = |place: &usize| match pieces.get(*place)? {
            PatternPiece::Any | PatternPiece::Hole => Some(*place),
            PatternPiece::One => Some(place + 1),
            PatternPiece::Char(own) => same(*own, c, fold).then_some(place + 1),
        };
        closed(places.iter().filter_map(next).collect())
    };
    let mut seen = HashSet::new();
    let mut open = vec![(0, closed(vec![0]))];
    let mut steps = 0;
    while let Some((at, places)) = open.pop() {
        let Some(unit) = units.get(at) else {
            if !places.contains(&pieces.len()) {
                return true;
            }
            continue;
        };
        if !seen.insert((at, places.clone())) {
            continue;
        }
        if unit.is_optional() {
            open.push((at + 1, places.clone()));
        }
        let (letters, stays) = match unit {
            Unit::Char(c) => (vec![*c], false),
            Unit::Some(class) => (class.samples(pieces, fold), true),
        };
        for c in letters {
            steps += places.len() + 1;
            if steps > STEPS {
                return true;
            }
            let next = step(&places, c);
            if stays {
                open.push((at, next.clone()));
            }
            open.push((at + 1, next));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;

    #[test]
    fn patterns_beside_a_value_that_is_known_in_part() {
        let ours = Form::cluster_arn(Some("aws"), Some("111122223333"));
        for (pattern, truth) in [
            ("*", Truth::Yes),
            ("arn:aws:eks:*", Truth::Yes),
            ("arn:aws:eks:*:111122223333:cluster/*", Truth::Yes),
            ("arn:*:cluster/?*", Truth::Yes),
            ("arn:aws:eks:*:cluster/prod", Truth::Maybe),
            ("arn:aws:eks:us-*:111122223333:*", Truth::Maybe),
            ("arn:aws:eks:?*", Truth::Yes),
            ("*_*", Truth::Maybe),
            ("*prod", Truth::Maybe),
            ("arn:aws:eks:*:111122223333:podidentityassociation/*", Truth::No),
            ("arn:aws:eks:*:999999999999:cluster/*", Truth::No),
            ("arn:aws-cn:*", Truth::No),
            ("arn:aws:eks:*:111122223333:cluster", Truth::No),
            ("arn:aws:eks:*:111122223333:cluster/", Truth::No),
            ("arn:aws:eks:US*", Truth::No),
            ("", Truth::No),
            ("*a*b*c*d*e*f*g*h*", Truth::Maybe),
        ] {
            assert_eq!(Pattern::new(pattern, true, None).compare(&ours, false), truth, "{pattern}");
        }
        // A star is a letter here, and no cluster's ARN has one.
        assert_eq!(Pattern::new("arn:aws:eks:*:111122223333:cluster/x", false, None).compare(&ours, false), Truth::No);
        let unknown = Form::cluster_arn(None, None);
        assert_eq!(Pattern::new("arn:aws:eks:*", true, None).compare(&unknown, false), Truth::Maybe);
        assert_eq!(Pattern::new("arn:*:eks:*", true, None).compare(&unknown, false), Truth::Yes);
        assert_eq!(Pattern::new("ARN:*:EKS:US-*", true, None).compare(&unknown, true), Truth::Maybe);
    }

    /// A pattern whose places are many at once ends undecided and soon.
    #[test]
    fn no_pattern_takes_long() {
        let form = Form::cluster_arn(None, None);
        for pattern in [format!("*a{}", "?".repeat(200)), format!("{}*", "*a?".repeat(300)), "?".repeat(60_000), "*".repeat(60_000)] {
            let truth = Pattern::new(&pattern, true, None).compare(&form, false);
            assert_ne!(truth, if pattern.starts_with("**") { Truth::No } else { Truth::Yes }, "{}", &pattern[..10]);
        }
    }

    /// Every value of a small form, one by one, agrees with the answer for all of them.
    #[test]
    fn answers_hold_of_every_value() {
        let form = Form::new(vec![FormPiece::Text("a".into()), FormPiece::Some(CharClass::Digits, "N"), FormPiece::Text("b".into())]);
        let digits: Vec<String> = (0..1000).map(|n| n.to_string()).chain(["00", "01", "001"].map(str::to_owned)).collect();
        let letters = ["a", "b", "*", "?", "1", "2"];
        let mut patterns = vec![String::new()];
        for _ in 0..5 {
            let longer: Vec<String> = patterns.iter().flat_map(|p| letters.map(|letter| format!("{p}{letter}"))).collect();
            for pattern in &longer {
                let pattern = Pattern::new(pattern, true, None);
                let yes = digits.iter().filter(|n| pattern.matches(&format!("a{n}b"), false) == Truth::Yes).count();
                match pattern.compare(&form, false) {
                    Truth::Yes => assert_eq!(yes, digits.len(), "{pattern:?}"),
                    Truth::No => assert_eq!(yes, 0, "{pattern:?}"),
                    Truth::Maybe => assert!(yes > 0 && yes < digits.len(), "{pattern:?}"),
                }
            }
            patterns = longer.into_iter().step_by(3).collect();
        }
    }

    /// Nothing is known of it: it may be empty.
    #[test]
    fn patterns_beside_any_value() {
        for (pattern, truth) in [("*", Truth::Yes), ("", Truth::Maybe), ("?*", Truth::Maybe), ("a", Truth::Maybe), ("*a*", Truth::Maybe)] {
            assert_eq!(Pattern::new(pattern, true, None).compare(&Form::any(), false), truth, "{pattern}");
        }
    }

    #[test]
    fn parts_of_an_arn() {
        let parts = |form: &Form| form.arn_parts().map(|parts| parts.iter().map(Form::shown).collect::<Vec<_>>());
        let cluster = Form::cluster_arn(Some("aws"), None);
        assert_eq!(parts(&cluster).unwrap(), ["arn", "aws", "eks", "REGION", "ACCOUNT", "cluster/NAME"]);
        assert_eq!(parts(&Form::text("arn:aws:iam::1:role/a:b")).unwrap(), ["arn", "aws", "iam", "", "1", "role/a:b"]);
        assert!([Form::text("system:serviceaccount:a:b"), Form::text("a:b:c:d:e:f"), Form::any()].iter().all(|form| parts(form).is_none()));
    }
}
