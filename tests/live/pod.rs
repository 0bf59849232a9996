//! A situation as real files and a real process: the folder that a pod's root would be, and the binary in it.

use crate::documents::{Answers, Content, Sdk, Situation, given};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_irsa-probe");
/// A user who may read no file of mode 000, unlike root.
const OTHER_USER: u32 = 65534;

/// The folder of a situation, and the environment of its process.
pub struct Pod {
    /// Removes the folder in the end.
    _dir: TempDir,
    env: BTreeMap<String, String>,
    binary: PathBuf,
    user: Option<u32>,
}

/// What the binary says of one family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    pub outcome: String,
    pub endpoint: String,
    pub basis: String,
    /// What it does when the injected identity fails: onFailure and fallsTo.
    pub on_failure: String,
    pub why: String,
}

fn text(one: &Value, key: &str) -> String {
    one[key].as_str().unwrap_or("-").to_owned()
}

impl Prediction {
    /// From an item of `sdks/v1`.
    pub fn of(one: &Value) -> Prediction {
        Prediction {
            outcome: text(one, "outcome"),
            endpoint: text(one, "endpoint"),
            basis: text(one, "basis"),
            on_failure: ["onFailure", "fallsTo"].map(|key| text(one, key)).join(" "),
            why: text(one, "why"),
        }
    }

    /// Without the reason, which names what it found.
    pub fn essence(&self) -> String {
        format!("{} {} {} {}", self.outcome, self.endpoint, self.basis, self.on_failure)
    }
}

impl Pod {
    /// Writes the files of the situation below a folder of their own. Paths in variables and files lead there.
    pub fn new(situation: &Situation) -> Pod {
        let dir = tempfile::Builder::new().prefix("irsa-probe-live-").permissions(mode(0o755)).tempdir_in("/tmp").unwrap();
        let root = dir.path().display().to_string();
        let home = situation.variables.get("HOME").map_or(given::HOME, String::as_str);
        std::fs::create_dir_all(format!("{root}{home}")).unwrap();
        for (path, content) in &situation.files {
            let path = PathBuf::from(format!("{root}{path}"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match content {
                Content::Folder => std::fs::create_dir(&path).unwrap(),
                Content::Text(text) => std::fs::write(&path, below(&root, text).replace(given::TOKEN, token())).unwrap(),
                Content::Unreadable => {
                    std::fs::write(&path, token()).unwrap();
                    std::fs::set_permissions(&path, mode(0o000)).unwrap();
                }
            }
        }
        let value = |name: &str, value: &str| if is_of_urls(name) { value.to_owned() } else { below(&root, value) };
        let env = situation.variables.iter().map(|(name, old)| (name.clone(), value(name, old))).collect();
        // Root reads files of any mode. Who else runs the tests may not run as another user, and has no need to.
        let as_other = situation.files.values().any(|content| *content == Content::Unreadable) && rustix::process::geteuid().is_root();
        let (binary, user) = if as_other { (install(dir.path()), Some(OTHER_USER)) } else { (PathBuf::from(BINARY), None) };
        Pod { _dir: dir, env, binary, user }
    }

    /// A variable of the process.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    /// What `irsa-probe sdks` says, by family: of all families, or of this one.
    pub fn predictions(&self, answers: &Answers, sdk: Option<&Sdk>) -> Result<BTreeMap<String, Prediction>, String> {
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(&self.env).args(["sdks", "--output", "json", "--assume", &answers.argument()]);
        if let Some(sdk) = sdk {
            command.args(["--sdk", &sdk.argument()]);
        }
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        let output = command.output().unwrap();
        if !output.status.success() {
            return Err(format!("exit {:?}, {}", output.status.code(), String::from_utf8_lossy(&output.stderr).trim()));
        }
        let found: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("no JSON: {error}"))?;
        let list = found["sdks"].as_array().ok_or("no list of SDKs")?;
        Ok(list.iter().map(|one| (text(one, "sdk"), Prediction::of(one))).collect())
    }
}

fn mode(bits: u32) -> std::fs::Permissions {
    PermissionsExt::from_mode(bits)
}

/// A copy of the binary that any user may run, whatever folder the tests are built in.
fn install(folder: &Path) -> PathBuf {
    let folder = folder.join("bin");
    std::fs::create_dir(&folder).unwrap();
    let output = Command::new(BINARY).arg("install").arg(&folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder.join("irsa-probe")
}

/// A token that is shaped like the kubelet's, and good for decades.
fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| {
        use base64::Engine as _;
        let part = |json: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json);
        let claims = r#"{"aud":["sts.amazonaws.com"],"exp":4102444800,"iat":1700000000,"iss":"https://oidc.eks.us-west-2.amazonaws.com/id/A","sub":"system:serviceaccount:shop:checkout"}"#;
        format!("{}.{}.c2ln", part(r#"{"alg":"RS256","kid":"k"}"#), part(claims))
    })
}

/// The text with its absolute paths changed. A path begins a word; in a URL it does not. `change` gives for what begins with a path how much of it
/// is replaced, and by what.
pub fn with_paths(text: &str, change: &dyn Fn(&str) -> Option<(usize, String)>) -> String {
    let mut changed = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(letter) = rest.chars().next() {
        let begins_a_word = before.is_whitespace() || ['=', '"', '\''].contains(&before);
        match change(rest).filter(|_| letter == '/' && begins_a_word) {
            Some((length, new)) => {
                changed.push_str(&new);
                rest = &rest[length..];
                before = '/';
            }
            None => {
                changed.push(letter);
                rest = &rest[letter.len_utf8()..];
                before = letter;
            }
        }
    }
    changed
}

/// The text with the container's paths below `root`. Programs are this machine's own.
fn below(root: &str, text: &str) -> String {
    let is_program = |path: &str| ["/bin/", "/usr/"].iter().any(|folder| path.starts_with(folder));
    with_paths(text, &|path| (!is_program(path)).then(|| (0, root.to_owned())))
}

/// A variable whose value is a path of a URL, and none of a file.
fn is_of_urls(name: &str) -> bool {
    ["_URI", "_URL", "_ENDPOINT", "PATH"].iter().any(|end| name.ends_with(end)) || name.starts_with("AWS_ENDPOINT_URL")
}
