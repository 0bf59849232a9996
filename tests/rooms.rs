//! The structure of `src`: rooms of `core` import only rooms above them, modules import each other in no circle, and a type's name is defined once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, reason = "tests")]

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Rewritten by later work, and until then left as they are.
const LEFT_ALONE: [&str; 1] = ["core::policy"];

/// A file of `src`: its module, and its code without tests.
struct Source {
    module: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    find(&src, &mut files);
    files.sort();
    let source = |path: PathBuf| {
        let relative = path.strip_prefix(&src).unwrap().with_extension("");
        let names: Vec<&str> = relative.iter().map(|name| name.to_str().unwrap()).collect();
        if names.iter().any(|name| ["tests", "testing"].contains(name) || name.ends_with("_tests")) {
            return None;
        }
        let names = if ["mod", "lib", "main"].contains(names.last().unwrap()) { &names[..names.len() - 1] } else { &names[..] };
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap().to_owned();
        Some(Source { module: names.join("::"), code })
    };
    files.into_iter().filter_map(source).collect()
}

fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            find(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The rooms of `core`, from the top.
fn rooms() -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core/mod.rs")).unwrap();
    text.lines().filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned())).collect()
}

/// Which modules the code of a module names, as far as they are files.
fn imports(source: &Source, modules: &BTreeSet<&str>) -> BTreeSet<String> {
    let code: String = source.code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect();
    let path = Regex::new(r"\b(crate|super|self)((?:::(?:super|[a-z_][a-z0-9_]*))*)(?:::\{([^;]*?)\};)?").unwrap();
    let mut found = BTreeSet::new();
    for one in path.captures_iter(&code) {
        let own = if source.module.is_empty() { vec![] } else { source.module.split("::").collect() };
        let mut parts: Vec<&str> = match &one[1] {
            "crate" => vec![],
            "super" => own[..own.len().saturating_sub(1)].to_vec(),
            _ => own,
        };
        for part in one[2].split("::").filter(|part| !part.is_empty()) {
            match part {
                "super" => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        // A list in braces names modules or items of the module before it.
        let listed: Vec<&str> = one.get(3).map(|list| list.as_str().split(',').collect()).unwrap_or_default();
        let tails = listed.iter().map(|item| item.trim().trim_end_matches("::{").split("::").take_while(|part| *part != "self").collect());
        for tail in tails.chain([Vec::new()]) {
            let mut whole: Vec<&str> = parts.iter().copied().chain(tail).collect();
            while !whole.is_empty() && !modules.contains(whole.join("::").as_str()) {
                whole.pop();
            }
            found.insert(whole.join("::"));
        }
    }
    found.remove("");
    found
}

fn is_above(module: &str, other: &str) -> bool {
    other == module || other.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
}

/// Every module with what it imports, its own ancestors and descendants aside.
fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources();
    let modules: BTreeSet<&str> = sources.iter().map(|source| source.module.as_str()).collect();
    let others = |source: &Source| {
        let all = imports(source, &modules);
        all.into_iter().filter(|other| !is_above(other, &source.module) && !is_above(&source.module, other)).collect()
    };
    sources.iter().map(|source| (source.module.clone(), others(source))).collect()
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let rooms = rooms();
    let place = |module: &str| rooms.iter().position(|room| module.split("::").nth(1) == Some(room.as_str()));
    let mut wrong = Vec::new();
    for (module, imported) in graph().iter().filter(|(module, _)| module.starts_with("core::")) {
        for other in imported {
            let down = other.starts_with("core::") && place(other) > place(module);
            if down || !other.starts_with("core") {
                wrong.push(format!("{module} imports {other}"));
            }
        }
    }
    assert!(rooms.len() >= 10 && wrong.is_empty(), "{wrong:#?}");
}

/// Every module that this one imports, directly or over others.
fn reached_from<'a>(graph: &'a BTreeMap<String, BTreeSet<String>>, from: &'a str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        open.extend(graph.get(module).into_iter().flatten().map(String::as_str).filter(|next| reached.insert(*next)));
    }
    reached
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let graph = graph();
    let left_alone = |module: &str| LEFT_ALONE.iter().any(|room| is_above(room, module));
    let circles: Vec<&String> =
        graph.keys().filter(|module| !left_alone(module) && reached_from(&graph, module).contains(module.as_str())).collect();
    assert!(circles.is_empty(), "in circles: {circles:#?}");
}

#[test]
fn a_type_s_name_is_defined_once() {
    let defined = Regex::new(r"(?m)^ *(?:pub(?:\([a-z]+\))? )?(?:struct|enum|trait|union) (\w+)").unwrap();
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &sources() {
        for found in defined.captures_iter(&source.code) {
            names.entry(found[1].to_owned()).or_default().push(source.module.clone());
        }
    }
    names.retain(|_, modules| modules.len() > 1);
    assert!(names.is_empty(), "{names:#?}");
}
