//! What each kind of program looks at.

use super::{PlaceKind, Places, ancestors, join, name_of, parent, words};

/// A kind of program.
struct ProgramKind {
    /// Its names. Digits and dots may follow: `python3.12`, `php-fpm8.2`.
    names: &'static [&'static str],
    look: fn(&mut Places<'_>, &[String]),
}

const PROGRAMS: &[ProgramKind] = &[
    ProgramKind { names: &["java"], look: java },
    ProgramKind { names: &["dotnet"], look: dotnet },
    ProgramKind { names: &["python", "pypy"], look: python },
    ProgramKind { names: &["node", "nodejs", "bun"], look: node },
    ProgramKind { names: &["npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "corepack"], look: packages_of_folder },
    ProgramKind { names: &["ruby", "bundle", "bundler", "rails", "rake", "puma", "rackup", "sidekiq", "unicorn", "irb"], look: ruby },
    ProgramKind { names: &["php", "php-fpm", "php-cgi", "apache2-foreground", "frankenphp"], look: php },
    ProgramKind { names: &["pwsh"], look: powershell },
];

/// The places of the program that these words start.
pub(super) fn look(places: &mut Places<'_>, words: Vec<String>) {
    if let Some(line) = places.command.shebang.and_then(|line| line.strip_prefix("#!")) {
        // The kernel gives everything after the interpreter as one word; `env -S` splits it. Here it is split at once.
        let script = words.first().map(|word| found_at(places, word)).unwrap_or_default();
        let started = line.split_whitespace().map(str::to_owned).chain([script]).chain(words.into_iter().skip(1)).collect();
        if let Some(words) = words::program(started, places.command.variable) {
            (kind_of(&words).unwrap_or(executable))(places, &words);
        }
        return;
    }
    (kind_of(&words).unwrap_or(executable))(places, &words);
}

fn kind_of(words: &[String]) -> Option<fn(&mut Places<'_>, &[String])> {
    let name = name_of(words.first()?).trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    PROGRAMS.iter().find(|program| program.names.contains(&name)).map(|program| program.look)
}

/// Where a word's file is: as the caller says, where it has a slash, else somewhere in `PATH`.
fn found_at(places: &Places<'_>, word: &str) -> String {
    match places.command.executable {
        _ if word.contains('/') => places.absolute(word),
        Some(path) => path.to_owned(),
        None => places.list("PATH").first().map_or_else(|| word.to_owned(), |folder| join(folder, word)),
    }
}

/// The folders in which the program's file may be: the one in its word, else the ones of `PATH`. The resolved one comes last.
fn folders_of(places: &Places<'_>, word: &str) -> Vec<String> {
    let mut folders = if word.contains('/') { vec![parent(&places.absolute(word)).to_owned()] } else { places.list("PATH") };
    folders.extend(places.command.executable.filter(|_| places.command.shebang.is_none()).map(|path| parent(path).to_owned()));
    folders
}

/// The folders above the `bin` folder of the program: `/venv` for `/venv/bin/python`.
fn prefixes_of(places: &Places<'_>, word: &str) -> Vec<String> {
    let is_bin = |folder: &String| matches!(name_of(folder), "bin" | "sbin");
    folders_of(places, word).into_iter().filter(is_bin).map(|folder| parent(&folder).to_owned()).collect()
}

/// The word after the options: the script. `with_value` are the options whose value is the next word; `instead` those that stand for a script.
fn script_of<'a>(words: &'a [String], with_value: &[&str], instead: &[&str]) -> Option<&'a String> {
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        if instead.contains(&word.as_str()) {
            return None;
        }
        if word == "--" {
            return rest.next();
        }
        if !word.starts_with('-') || word == "-" {
            return (word != "-").then_some(word);
        }
        if with_value.contains(&word.as_str()) {
            rest.next();
        }
    }
    None
}

const PYTHON: &[&str] = &["aiobotocore", "awscli", "boto3", "botocore"];
const CPP: &[&str] = &["libaws-cpp-sdk-", "libaws-crt-cpp"];

/// An executable of its own: Go, Rust, C++, .NET with a host, a frozen program.
fn executable(places: &mut Places<'_>, words: &[String]) {
    let Some(word) = words.first() else { return };
    let mut files: Vec<String> = places.command.executable.map(str::to_owned).into_iter().collect();
    if word.contains('/') {
        files.push(places.absolute(word));
    } else if files.is_empty() {
        files.extend(places.list("PATH").iter().take(16).map(|folder| join(folder, word)));
    }
    for file in &files {
        places.file(file, true);
        places.file(&format!("{file}.deps.json"), true);
    }
    if let [file, ..] = files.as_slice() {
        let folder = parent(file);
        places.folder(folder, 2, PYTHON);
        places.folder(&join(folder, "_internal"), 2, PYTHON);
        for libraries in [folder, &join(folder, "../lib"), "/usr/local/lib", "/usr/lib", "/usr/lib64", "/usr/lib/*-linux-gnu"] {
            places.folder(libraries, 1, CPP);
        }
    }
}

/// The options of `java` whose value is the next word.
const JAVA_WITH_VALUE: &[&str] = &[
    "--add-modules",
    "--add-opens",
    "--add-exports",
    "--add-reads",
    "--limit-modules",
    "--patch-module",
    "--upgrade-module-path",
    "--source",
    "--describe-module",
    "-d",
];

/// For `-jar` the JVM ignores every class path.
fn java(places: &mut Places<'_>, words: &[String]) {
    let of_variable = |name: &str| -> Vec<String> {
        places.variable(name).unwrap_or_default().split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect()
    };
    let (injected, property) = (of_variable("JDK_JAVA_OPTIONS"), of_variable("JAVA_TOOL_OPTIONS"));
    let mut class_path = property.iter().find_map(|word| word.strip_prefix("-Djava.class.path=")).map(str::to_owned);
    class_path = places.variable("CLASSPATH").or(class_path);
    let (mut jar, mut module_path, mut main) = (None, None, None);
    let mut rest = injected.iter().chain(words.iter().skip(1));
    while let Some(word) = rest.next() {
        match word.split_once('=').unwrap_or((word, "")) {
            ("-jar", _) => {
                jar = rest.next();
                break;
            }
            ("-cp" | "-classpath", _) | ("--class-path", "") => class_path = rest.next().cloned(),
            ("--class-path" | "-Djava.class.path", value) => class_path = Some(value.to_owned()),
            ("-p", _) | ("--module-path", "") => module_path = rest.next().cloned(),
            ("--module-path", value) => module_path = Some(value.to_owned()),
            ("-m" | "--module", _) => break,
            (option, "") if JAVA_WITH_VALUE.contains(&option) => drop(rest.next()),
            _ if word.starts_with(['-', '@']) => {}
            _ => {
                main = Some(word);
                break;
            }
        }
    }
    if let Some(jar) = jar {
        let jar = places.absolute(jar);
        places.file(&jar, true);
        places.folder(&join(parent(&jar), "lib"), 2, &[]);
        return;
    }
    for part in module_path.iter().flat_map(|list| list.split(':')).filter(|part| !part.is_empty()) {
        if is_archive(part) {
            places.file(part, true);
        } else {
            places.add(part, PlaceKind::Folder { depth: 1, only: &[] }, true);
        }
    }
    if module_path.is_some() && class_path.is_none() {
        return;
    }
    let class_path = class_path.unwrap_or_else(|| ".".to_owned());
    if let Some(list) = class_path.strip_prefix('@') {
        // Jib's list of jars. They lie beside it.
        places.folder(&join(parent(&places.absolute(list)), "libs"), 1, &[]);
        return;
    }
    for part in class_path.split(':') {
        if let Some(folder) = part.strip_suffix('*') {
            places.add(folder, PlaceKind::Folder { depth: 1, only: &[] }, true);
        } else if is_archive(part) {
            places.file(part, true);
        } else {
            if main.is_some_and(|main| main.starts_with("org.springframework.boot.loader.")) {
                places.add(&join(&places.absolute(part), "BOOT-INF/lib"), PlaceKind::Folder { depth: 1, only: &[] }, true);
            }
            places.add(part, PlaceKind::Folder { depth: 5, only: &["META-INF"] }, true);
        }
    }
}

fn is_archive(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| ["jar", "war", "ear", "zip"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

fn dotnet(places: &mut Places<'_>, words: &[String]) {
    let library = words.iter().skip(1).find_map(|word| word.strip_suffix(".dll").or_else(|| word.strip_suffix(".DLL")));
    if let Some(library) = library {
        places.file(&format!("{library}.deps.json"), true);
    }
}

fn python(places: &mut Places<'_>, words: &[String]) {
    let Some(word) = words.first() else { return };
    let folder = places.command.folder;
    match script_of(words, &["-W", "-X", "--check-hash-based-pycs"], &["-m", "-c"]) {
        Some(script) => {
            let script = places.absolute(script);
            if !script.ends_with(".py") {
                places.file(&script, true); // a zip of modules, perhaps
            }
            places.folder(parent(&script), 2, PYTHON);
        }
        None => places.folder(folder, 2, PYTHON),
    }
    for part in places.list("PYTHONPATH") {
        places.folder(&part, 2, PYTHON);
    }
    let mut prefixes = prefixes_of(places, word);
    if !word.contains('/') {
        prefixes.extend(places.variable("VIRTUAL_ENV"));
    }
    for prefix in prefixes.iter().map(String::as_str).chain(["/usr/local", "/usr"]) {
        for packages in ["lib/python3*/site-packages", "lib/python3*/dist-packages"] {
            places.folder(&join(prefix, packages), 2, PYTHON);
        }
    }
    if let Some(home) = places.variable("HOME") {
        places.folder(&join(&home, ".local/lib/python3*/site-packages"), 2, PYTHON);
    }
}

/// The options of `node` whose value is the next word.
const NODE_WITH_VALUE: &[&str] =
    &["-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file", "--title", "--input-type"];

fn node(places: &mut Places<'_>, words: &[String]) {
    if let Some(script) = script_of(words, NODE_WITH_VALUE, &["-e", "--eval", "-p", "--print"]) {
        let script = places.absolute(script);
        places.file(&script, true);
        if !script.ends_with("js") {
            places.file(&format!("{script}.js"), true);
            places.file(&join(&script, "index.js"), true);
            node_modules(places, &script); // `node .`
        }
        modules_above(places, parent(&script));
    }
    packages_of_folder(places, words);
}

/// What lies in the working directory and above it, and where `NODE_PATH` leads.
fn packages_of_folder(places: &mut Places<'_>, _: &[String]) {
    let folder = places.command.folder;
    modules_above(places, folder);
    for part in places.list("NODE_PATH") {
        in_modules(places, &part);
    }
    let home = places.variable("HOME").map(|home| join(&home, ".yarn/berry/cache"));
    for cache in [Some(join(folder, ".yarn/cache")), home].into_iter().flatten() {
        places.folder(&cache, 1, &["@aws-sdk-client-", "aws-sdk-npm-"]);
    }
}

fn modules_above(places: &mut Places<'_>, folder: &str) {
    for folder in ancestors(folder).filter(|folder| name_of(folder) != "node_modules").take(8) {
        node_modules(places, folder);
    }
}

fn node_modules(places: &mut Places<'_>, folder: &str) {
    in_modules(places, &join(folder, "node_modules"));
}

fn in_modules(places: &mut Places<'_>, modules: &str) {
    places.file(&join(modules, "aws-sdk/package.json"), false);
    places.file(&join(modules, "@aws-sdk/*/package.json"), false);
    places.folder(&join(modules, ".pnpm"), 5, &["@aws-sdk+client-", "aws-sdk@"]);
}

const GEMS: &[&str] = &["aws-sdk"];

fn ruby(places: &mut Places<'_>, words: &[String]) {
    let Some(word) = words.first() else { return };
    let mut roots: Vec<String> = places.list("GEM_HOME");
    roots.extend(places.list("GEM_PATH"));
    roots.push(join(places.command.folder, "vendor/bundle/ruby/*"));
    roots.extend(["/usr/local/bundle".to_owned(), "/usr/local/bundle/ruby/*".to_owned()]);
    roots.extend(prefixes_of(places, word).iter().map(|prefix| join(prefix, "lib/ruby/gems/*")));
    roots.extend(
        ["/usr/local/lib/ruby/gems/*", "/usr/lib/ruby/gems/*", "/var/lib/gems/*", "/usr/share/rubygems-integration/*"].map(str::to_owned),
    );
    for root in roots {
        places.folder(&join(&root, "specifications"), 1, GEMS);
    }
}

fn php(places: &mut Places<'_>, words: &[String]) {
    let folder = places.command.folder;
    let script = script_of(words, &["-c", "-d", "-S", "-t", "-z", "-y"], &["-r", "-B", "-R"]).map(|script| places.absolute(script));
    let of_script = script.as_deref().map(parent);
    for folder in of_script.into_iter().flat_map(ancestors).take(8).chain(ancestors(folder).take(8)) {
        places.file(&join(folder, "vendor/composer/installed.json"), false);
    }
}

fn powershell(places: &mut Places<'_>, _: &[String]) {
    let mut folders = places.list("PSModulePath");
    folders.extend(places.variable("HOME").map(|home| join(&home, ".local/share/powershell/Modules")));
    folders.extend(["/usr/local/share/powershell/Modules", "/opt/microsoft/powershell/*/Modules"].map(str::to_owned));
    for folder in folders {
        places.folder(&folder, 3, &["AWS", "aws"]);
    }
}
