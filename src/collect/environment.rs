//! The environment and the shared configuration files of this process, or of another one (`--pid`), as inputs.

use super::file::{self, CONFIG_CAP, Root};
use super::http::Roots;
use super::process::{Environ, ProcessError, TargetProcess};
use super::shared_file;
use crate::core::aws::arn::Account;
use crate::core::evidence::{FileFailure, FileFailureKind};
use crate::core::plan::inputs::{Inputs, Settings};
use crate::core::pod::environment::Environment;
use crate::core::pod::profile::{FileFault, Profile, ProfileSection, SharedFile};
use crate::core::pod::proxy::Proxies;
use crate::core::text::secrets::{InputValue, Secrets};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_runtime::env_config::section::EnvConfigSections;
use aws_types::os_shim_internal::{Env, Fs};
use std::collections::{BTreeSet, HashMap};
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
    /// The `external_id` of each profile that has one.
    pub external_ids: ExternalIds,
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
            external_ids: ExternalIds::default(),
            secrets: Secrets::default(),
            unsafe_files: false,
            files: Vec::new(),
            lack: Some(lack),
        }
    }
}

/// The `external_id` of each profile that has one. It is part of an agreement with the role's owner, so that no output shows it.
#[derive(Default)]
pub struct ExternalIds(HashMap<String, Zeroizing<String>>);

impl ExternalIds {
    /// That of a profile.
    pub fn of(&self, profile: &InputValue) -> Option<&str> {
        self.0.get(profile.raw()).map(|id| id.as_str())
    }

    fn read(found: &[(SharedFile, EnvConfigSections)]) -> ExternalIds {
        let mut ids = ExternalIds::default();
        // The credentials file comes last, and its value counts.
        for (_, sections) in found {
            for name in sections.profiles() {
                let id = sections.get_profile(name).and_then(|section| section.get("external_id")).map(str::trim);
                if let Some(id) = id.filter(|id| !id.is_empty()) {
                    ids.0.insert(name.to_owned(), Zeroizing::new(id.to_owned()));
                }
            }
        }
        ids
    }

    /// Has them redacted. The number of an account is often taken for one. It is no secret, and stands in many texts.
    fn learn(&self, secrets: &Secrets) {
        self.0.values().filter(|id| Account::parse(id).is_none()).for_each(|id| secrets.learn(id));
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
    // Only files of another process can be undecided.
    read_from(settings, &variable).await
}

/// A variable of this process.
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Reads an environment that is given, and the files that it names.
pub async fn read_from(settings: Settings, lookup: &dyn Fn(&str) -> Option<String>) -> World {
    read_world(settings, lookup, Root::Own).await.0
}

/// Reads this process's environment alone. That takes neither a file nor a thread.
pub fn read_variables() -> Environment {
    Environment::from_lookup(variable)
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
    let SharedConfig { profile, unsafe_files, mut files, external_ids } = read_shared_config(&environment, &root, pid, &mut unread).await;
    let named = [&environment.token_file, &environment.container_token_file, &environment.ca_bundle, &environment.ssl_cert_file];
    files.extend(named.into_iter().filter_map(|var| var.raw()).map(str::to_owned));
    let proxies = Proxies::from_env(Environment::NAMES.iter().filter_map(|name| Some((*name, lookup(name)?))));
    let container_token = lookup("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(Zeroizing::new);
    let roots = read_roots(&environment, &root, pid, &mut unread);
    let Unread { lack, undecided } = unread;
    let secrets = credentials_in(lookup, &proxies);
    let names = [&environment.role_arn, &environment.session_name, &environment.profile, &environment.token_file];
    names.into_iter().filter_map(|var| var.raw()).for_each(|name| secrets.spare(name));
    for section in &profile.sections {
        let given = [&section.role_arn, &section.role_session_name, &section.web_identity_token_file, &section.source_profile];
        given.into_iter().flatten().chain([&section.name]).for_each(|name| secrets.spare(name.raw()));
    }
    external_ids.learn(&secrets);
    let inputs = Inputs { environment, profile, settings };
    (World { roots, proxies, root, container_token, external_ids, secrets, unsafe_files, files, lack, inputs }, undecided)
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
    external_ids: ExternalIds,
}

/// The selected profile, read by the SDK's own parser from files that passed our check.
async fn read_shared_config(environment: &Environment, root: &Root, pid: Option<u32>, unread: &mut Unread) -> SharedConfig {
    let home = environment.home.raw().unwrap_or_default();
    let expand = |path: &str| match path.strip_prefix("~/") {
        Some(rest) if !home.is_empty() => format!("{home}/{rest}"),
        _ => path.to_owned(),
    };
    let config = expand(environment.config_file.raw().unwrap_or("~/.aws/config"));
    let credentials = expand(environment.shared_credentials_file.raw().unwrap_or("~/.aws/credentials"));
    let name = environment.profile.raw().unwrap_or("default").to_owned();
    let profile = Profile { name: name.as_str().into(), ..Profile::default() };
    let mut shared = SharedConfig {
        profile,
        unsafe_files: false,
        files: vec![config.clone(), credentials.clone()],
        external_ids: ExternalIds::default(),
    };
    let mut found: Vec<(SharedFile, EnvConfigSections)> = Vec::new();
    let mut not_parsed = false;
    let mut unprefixed = None;
    let mut capitals: Vec<(SharedFile, String)> = Vec::new();
    for (file, path) in [(SharedFile::Config, config), (SharedFile::Credentials, credentials)] {
        match file::read(root, &path, CONFIG_CAP) {
            Ok(content) => {
                shared.profile.files.push(path.as_str().into());
                shared.profile.repeats |= shared_file::repeats(&content.bytes);
                shared.profile.has_credentials_file |= file == SharedFile::Credentials;
                if file == SharedFile::Credentials && shared_file::has_services(&content.bytes) {
                    shared.profile.fault.get_or_insert(FileFault::ServicesInCredentials);
                }
                capitals.extend(shared_file::with_capital_keys(&content.bytes).into_iter().map(|name| (file, name)));
                if let Some(prefixed) = shared_file::with_prefixes(&content.bytes).filter(|_| file == SharedFile::Config) {
                    unprefixed = parse(file, &path, prefixed).await.ok();
                }
                match parse(file, &path, content.bytes.to_vec()).await {
                    Ok(sections) => found.push((file, sections)),
                    // The parser's texts name file and line, never a value.
                    Err(error) => {
                        not_parsed = true;
                        shared.profile.fault.get_or_insert(FileFault::NotParsed);
                        shared.profile.error.get_or_insert(error);
                    }
                }
            }
            Err(failure) if failure.kind == FileFailureKind::Missing => {}
            Err(failure) => {
                shared.unsafe_files |= would_hang(&failure);
                let path = InputValue::from(path.as_str());
                unread.note(&path, &failure);
                let fault = if failure.kind == FileFailureKind::NotRegular { FileFault::NotAFile } else { FileFault::Unreadable };
                shared.profile.fault.get_or_insert(fault);
                shared.profile.error.get_or_insert_with(|| format!("{path}: {}", describe_failure(&failure, pid)));
            }
        }
    }
    shared.external_ids = ExternalIds::read(&found);
    fill_profile(&mut shared.profile, environment, &found);
    if let Some(sections) = &unprefixed {
        add_unprefixed(&mut shared.profile, environment, &found, sections);
    }
    for section in &mut shared.profile.sections {
        section.capital_keys = capitals.iter().any(|(file, name)| *file == section.file && name == section.name.raw());
    }
    let is_known = found.iter().any(|(_, sections)| sections.get_profile(&name).is_some());
    shared.profile.missing = environment.profile.value().is_some() && !is_known && !not_parsed;
    // A profile can name a token file of its own, which the SDK would read.
    for (_, sections) in &found {
        for path in sections.profiles().filter_map(|name| sections.get_profile(name)?.get("web_identity_token_file")) {
            shared.unsafe_files |= file::read(root, path, CONFIG_CAP).as_ref().is_err_and(would_hang);
            shared.files.push(path.to_owned());
        }
    }
    shared
}

/// The sections of one file.
async fn parse(file: SharedFile, path: &str, content: Vec<u8>) -> Result<EnvConfigSections, String> {
    let variable = match file {
        SharedFile::Config => "AWS_CONFIG_FILE",
        SharedFile::Credentials => "AWS_SHARED_CREDENTIALS_FILE",
    };
    let vars = HashMap::from([(variable.to_owned(), path.to_owned())]);
    let content = HashMap::from([(path.to_owned(), content)]);
    #[allow(deprecated, reason = "the only public way to the SDK's parser with a given environment")]
    let sections = aws_config::profile::load(&Fs::from_map(content), &Env::from(vars), &EnvConfigFiles::default(), None).await;
    sections.map_err(|error| InputValue::from(super::sts::describe_error(&error)).to_string())
}

/// What the sections say. Where both files have a key, that of the credentials file counts.
fn fill_profile(profile: &mut Profile, environment: &Environment, found: &[(SharedFile, EnvConfigSections)]) {
    // Some SDKs read a second variable, and some remove white space.
    let others = [environment.profile.raw().map(str::trim), environment.default_profile.raw()];
    let mut names: Vec<String> = vec![profile.name.raw().to_owned()];
    for name in others.into_iter().flatten() {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    let mut next = 0;
    while let Some(name) = names.get(next).cloned() {
        next += 1;
        for (file, sections) in found {
            let Some(section) = sections.get_profile(&name) else { continue };
            let services = section.get("services").map(str::trim);
            let url = services.and_then(|services| found.iter().find_map(|(_, sections)| service_endpoint(sections, services)));
            let section = shared_file::section(&name, *file, section, url);
            if let Some(source) =
                section.source_profile.as_ref().map(|source| source.raw().to_owned()).filter(|source| !names.contains(source))
            {
                names.push(source);
            }
            profile.sections.push(section);
        }
    }
    let own = profile.sections.iter().filter(|section| section.name.raw() == profile.name.raw()).rev();
    let Some(own) = own.cloned().reduce(|first, other| first.and(&other)) else { return };
    let is_true = |value: &Option<InputValue>| value.as_ref().is_some_and(|value| value.raw().eq_ignore_ascii_case("true"));
    profile.credentials = own.credentials();
    profile.use_fips = is_true(&own.use_fips);
    profile.use_dual_stack = is_true(&own.use_dual_stack);
    profile.region = own.region;
    profile.endpoint_url = own.endpoint_url_sts.or(own.endpoint_url);
    profile.sts_regional_endpoints = own.sts_regional_endpoints;
}

/// Adds the sections that stand in the configuration file without the word `profile`: of the profiles that variables name, and of their sources.
fn add_unprefixed(
    profile: &mut Profile,
    environment: &Environment,
    found: &[(SharedFile, EnvConfigSections)],
    sections: &EnvConfigSections,
) {
    let named = [Some(profile.name.raw()), environment.profile.raw().map(str::trim), environment.default_profile.raw()];
    let sources = profile.sections.iter().filter_map(|section| section.source_profile.as_ref().map(|source| source.raw()));
    let names: BTreeSet<String> = named.into_iter().flatten().chain(sources).map(str::to_owned).collect();
    for name in names {
        let is_known = found.iter().any(|(file, sections)| *file == SharedFile::Config && sections.get_profile(&name).is_some());
        if let Some(section) = sections.get_profile(&name).filter(|_| !is_known) {
            let section = shared_file::section(&name, SharedFile::Config, section, None);
            profile.sections.push(ProfileSection { unprefixed: true, ..section });
        }
    }
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
