//! The environment and the shared configuration files of this process, or of another one (`--pid`), as inputs.

use super::file::{self, CONFIG_CAP, Root};
use super::http::Roots;
use super::process::{Environ, ProcessError, TargetProcess};
use crate::core::evidence::{FileFailure, FileFailureKind};
use crate::core::plan::inputs::{Inputs, Settings};
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::{Profile, ProfileCredentials};
use crate::core::pod::proxy::Proxies;
use crate::core::text::secrets::{InputUrl, InputValue, Secrets};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::section::{EnvConfigSections, Profile as Section};
use aws_types::os_shim_internal::{Env, Fs};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// What a round needs from the process besides the inputs; may hold a proxy's password.
pub struct World {
    /// The inputs.
    pub inputs: Inputs,
    /// Whom TLS trusts.
    pub roots: Roots,
    /// The proxies.
    pub proxies: Proxies,
    /// The root below which its files are.
    pub root: Root,
    /// `AWS_CONTAINER_AUTHORIZATION_TOKEN`: the token itself.
    pub container_token: Option<Zeroizing<String>>,
    /// The credentials in the environment, and those that an attempt learns.
    pub secrets: Secrets,
    /// The SDK would read a file that blocks or floods it, so that the default chain must not be followed.
    pub unsafe_files: bool,
    /// The files that the pod's identity rests on, there or not.
    pub files: Vec<String>,
    /// What the probe itself lacked to read all of this. Nothing above may then be relied on.
    pub lack: Option<String>,
}

impl World {
    /// The world when nothing could be read, because the probe itself lacked something.
    pub fn lacking(settings: Settings, lack: String) -> World {
        World {
            inputs: Inputs { settings, ..Inputs::default() },
            roots: Roots::built_in(),
            proxies: Proxies::default(),
            root: Root::Own,
            container_token: None,
            secrets: Secrets::default(),
            unsafe_files: false,
            files: Vec::new(),
            lack: Some(lack),
        }
    }
}

/// Files that exist and could not be read, for reasons that say nothing of the files.
#[derive(Default)]
struct Unread {
    /// The probe had no descriptor or memory left.
    lack: Option<String>,
    /// Whether the judged process may read it cannot be told: the path, and why.
    undecided: Option<(InputValue, String)>,
}

impl Unread {
    fn note(&mut self, path: &InputValue, failure: &FileFailure) {
        match failure.kind {
            FileFailureKind::OutOfResources => drop(self.lack.get_or_insert_with(|| format!("{path}: {}", failure.text))),
            FileFailureKind::Undecided => drop(self.undecided.get_or_insert_with(|| (path.clone(), failure.text.clone()))),
            _ => {}
        }
    }
}

/// Reads this process's environment and the files that it names.
pub async fn read(settings: Settings) -> World {
    let lookup = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    // Only files of another process can be undecided.
    read_world(settings, &lookup, Root::Own).await.0
}

/// Reads this process's environment alone. That takes neither a file nor a thread.
pub fn read_variables() -> Environment {
    Environment::from_lookup(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
}

/// Reads another process's environment and the files that it names.
pub async fn read_process(process: &TargetProcess, settings: Settings) -> Result<World, ProcessError> {
    let (environ, root): (Environ, Root) = process.inspect()?;
    match read_world(settings, &|name| environ.get(name), root).await {
        (_, Some((path, why))) => Err(ProcessError::Unreadable(process.undecided(&path, &why))),
        (world, None) => Ok(world),
    }
}

async fn read_world(settings: Settings, lookup: &dyn Fn(&str) -> Option<String>, root: Root) -> (World, Option<(InputValue, String)>) {
    let environment = Environment::from_lookup(lookup);
    let mut unread = Unread::default();
    let pid = settings.pid;
    let SharedConfig { profile, unsafe_files, mut files } = read_shared_config(&environment, &root, pid, &mut unread).await;
    let named = [&environment.token_file, &environment.container_token_file, &environment.ca_bundle, &environment.ssl_cert_file];
    files.extend(named.into_iter().filter_map(|var| var.raw()).map(str::to_owned));
    let proxies = Proxies::from_env(Environment::NAMES.iter().filter_map(|name| Some((*name, lookup(name)?))));
    let container_token = lookup("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Zeroizing::new);
    let roots = read_roots(&environment, &root, pid, &mut unread);
    let Unread { lack, undecided } = unread;
    let secrets = credentials_in(lookup, &proxies);
    let names = [&environment.role_arn, &environment.session_name, &environment.profile, &environment.token_file];
    names.into_iter().filter_map(|var| var.raw()).for_each(|name| secrets.spare(name));
    let inputs = Inputs { environment, profile, settings };
    (World { roots, proxies, root, container_token, secrets, unsafe_files, files, lack, inputs }, undecided)
}

/// The credentials in the environment. All others are learned where they are read or sent.
fn credentials_in(lookup: &dyn Fn(&str) -> Option<String>, proxies: &Proxies) -> Secrets {
    let secrets = Secrets::default();
    for name in Environment::SECRETS {
        secrets.learn(&Zeroizing::new(lookup(name).unwrap_or_default()));
    }
    if let Some(authorization) = proxies.authorization() {
        secrets.learn_authorization(authorization);
    }
    secrets
}

/// `AWS_CA_BUNDLE`, else `SSL_CERT_FILE`, else the roots compiled in: the binary works in an image without any.
fn read_roots(environment: &Environment, root: &Root, pid: Option<u32>, unread: &mut Unread) -> Roots {
    let configured = [("AWS_CA_BUNDLE", &environment.ca_bundle), ("SSL_CERT_FILE", &environment.ssl_cert_file)];
    let Some((name, path)) = configured.into_iter().find_map(|(name, var)| Some((name, var.value()?))) else {
        return Roots::built_in();
    };
    let source = format!("{name}={path}");
    match file::read(root, path.raw(), CONFIG_CAP) {
        Ok(content) => Roots::from_pem(&source, &content.bytes),
        Err(failure) => {
            unread.note(path, &failure);
            Roots::unusable(&source, &describe_failure(&failure, pid))
        }
    }
}

/// Why a file was not read. Of another process's file it also says whose the file is, and who that process is.
fn describe_failure(failure: &FileFailure, pid: Option<u32>) -> String {
    pid.map_or_else(|| failure.text.clone(), |pid| failure.describe(Some(pid)))
}

/// What the shared configuration files gave.
struct SharedConfig {
    profile: Profile,
    unsafe_files: bool,
    /// The two files, and the token files that profiles name.
    files: Vec<String>,
}

/// The selected profile, read by the SDK's own parser from files that passed our check.
async fn read_shared_config(environment: &Environment, root: &Root, pid: Option<u32>, unread: &mut Unread) -> SharedConfig {
    let home = environment.home.raw().unwrap_or_default();
    let expand = |path: &str| match path.strip_prefix("~/") {
        Some(rest) if !home.is_empty() => format!("{home}/{rest}"),
        _ => path.to_owned(),
    };
    let config = environment.config_file.raw().unwrap_or("~/.aws/config");
    let credentials = environment.shared_credentials_file.raw().unwrap_or("~/.aws/credentials");
    let name = environment.profile.raw().unwrap_or("default").to_owned();
    let profile = Profile { name: name.as_str().into(), ..Profile::default() };
    let mut shared = SharedConfig { profile, unsafe_files: false, files: vec![expand(config), expand(credentials)] };
    let mut contents: HashMap<String, Vec<u8>> = HashMap::new();
    for path in &shared.files {
        match file::read(root, path, CONFIG_CAP) {
            Ok(content) => {
                shared.profile.files.push(path.as_str().into());
                contents.insert(path.clone(), content.bytes.to_vec());
            }
            Err(failure) if failure.kind == FileFailureKind::Missing => {}
            Err(failure) => {
                shared.unsafe_files |= would_hang(&failure);
                let path = InputValue::from(path.as_str());
                unread.note(&path, &failure);
                shared.profile.error.get_or_insert_with(|| format!("{path}: {}", describe_failure(&failure, pid)));
            }
        }
    }
    if contents.is_empty() {
        shared.profile.missing = environment.profile.value().is_some();
        return shared;
    }
    let vars = [
        ("HOME", home),
        ("AWS_CONFIG_FILE", environment.config_file.raw().unwrap_or_default()),
        ("AWS_SHARED_CREDENTIALS_FILE", environment.shared_credentials_file.raw().unwrap_or_default()),
        ("AWS_PROFILE", name.as_str()),
    ];
    let vars: HashMap<String, String> =
        vars.into_iter().filter(|(_, value)| !value.is_empty()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    #[allow(deprecated, reason = "the only public way to the SDK's parser with a given environment")]
    let sections = aws_config::profile::load(&Fs::from_map(contents), &Env::from(vars), &EnvConfigFiles::default(), None).await;
    match sections {
        Ok(sections) => {
            match sections.get_profile(&name) {
                Some(section) => fill_profile(&mut shared.profile, section, &sections),
                None => shared.profile.missing = environment.profile.value().is_some(),
            }
            // A profile can name a token file of its own, which the SDK would read.
            let tokens = sections.profiles().filter_map(|name| sections.get_profile(name)?.get("web_identity_token_file"));
            let tokens: Vec<String> = tokens.map(str::to_owned).collect();
            for path in &tokens {
                let read = file::read(root, path, CONFIG_CAP);
                shared.unsafe_files |= read.as_ref().is_err_and(would_hang);
            }
            shared.files.extend(tokens);
        }
        // The parser's texts name file and line, never a value.
        Err(error) => shared.profile.error = Some(InputValue::from(super::sts::describe_error(&error)).to_string()),
    }
    shared
}

fn fill_profile(profile: &mut Profile, section: &Section, sections: &EnvConfigSections) {
    let get = |key: &str| section.get(key).map(str::trim).filter(|value| !value.is_empty());
    let is_true = |key: &str| get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    profile.region = get("region").map(InputValue::from);
    profile.endpoint_url = get("services")
        .and_then(|services| service_endpoint(sections, services))
        .or_else(|| get("endpoint_url").map(str::to_owned))
        .map(InputUrl::from);
    profile.sts_regional_endpoints = get("sts_regional_endpoints").map(InputValue::from);
    profile.use_fips = is_true("use_fips_endpoint");
    profile.use_dual_stack = is_true("use_dualstack_endpoint");
    // The order in which the Rust SDK decides (aws-config `profile/credentials/repr.rs`).
    profile.credentials = [
        (get("web_identity_token_file").is_some(), ProfileCredentials::WebIdentity),
        (get("role_arn").is_some(), ProfileCredentials::RoleArn),
        (get("sso_session").or(get("sso_start_url")).is_some(), ProfileCredentials::Sso),
        (get("login_session").is_some(), ProfileCredentials::Login),
        (get("credential_process").is_some(), ProfileCredentials::Process),
        (get("aws_access_key_id").is_some() && get("aws_secret_access_key").is_some(), ProfileCredentials::StaticKeys),
    ]
    .into_iter()
    .find_map(|(has, kind)| has.then_some(kind));
}

/// `endpoint_url` of `sts` in the `[services NAME]` section.
fn service_endpoint(sections: &EnvConfigSections, services: &str) -> Option<String> {
    let key = aws_runtime::env_config::property::PropertiesKey::builder()
        .section_key("services")
        .section_name(services)
        .property_name("sts")
        .sub_property_name("endpoint_url")
        .build()
        .ok()?;
    sections.other_sections().get(&key).map(ToOwned::to_owned)
}

/// Whether the SDK must not read a file. It reads whole files and blocks on a FIFO; a missing or forbidden file does it no harm.
pub fn is_unsafe(root: &Root, path: &str) -> bool {
    file::read(root, path, CONFIG_CAP).as_ref().is_err_and(would_hang)
}

fn would_hang(failure: &FileFailure) -> bool {
    matches!(failure.kind, FileFailureKind::NotRegular | FileFailureKind::TooLarge)
}
