//! The pod as its processes see it: the files under its directory and the complete environment.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{CWD, FileType, Mode, inotify, mknodat};

use super::{
    agent, jwt,
    state::{self, State},
    world::{File, Injection, Layout, Reach, Token, World},
};

pub const IRSA_TOKEN: &str = "root/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
pub const POD_IDENTITY_TOKEN: &str = "root/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";
pub const DEFAULT_TOKEN: &str = "root/var/run/secrets/kubernetes.io/serviceaccount/token";

/// Writes every token that the pod mounts; called again, it rotates them as the kubelet does.
pub fn write_tokens(dir: &Path, state: &mut State) {
    let world = state.world.clone();
    let injects = |injection| world.inject.contains(&injection);
    let default = Token { aud: Some(serde_json::json!([world.issuer])), ..Token::default() };
    let mounts = [
        (injects(Injection::Irsa), IRSA_TOKEN, &world.token, "sts.amazonaws.com"),
        (injects(Injection::PodIdentity), POD_IDENTITY_TOKEN, &world.pod_identity_token, agent::AUDIENCE),
        (world.default_token, DEFAULT_TOKEN, &default, ""),
    ];
    for (_, path, token, audience) in mounts.into_iter().filter(|(mounted, ..)| *mounted) {
        let text = jwt::issue(&world, token, audience);
        state.secret(&text);
        if path == IRSA_TOKEN {
            state.web_identity_token.clone_from(&text);
        }
        place(&dir.join(path), token, &text);
    }
    if world.default_token {
        fs::write(dir.join(DEFAULT_TOKEN).with_file_name("namespace"), &world.namespace).unwrap();
    }
}

/// Lays a token down at its path.
fn place(path: &Path, token: &Token, text: &str) {
    let mut content = format!("{text}{}", token.suffix).into_bytes();
    if let Some(bytes) = token.bytes {
        content.resize(bytes, b'A');
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let is_dir = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let _ = if is_dir { fs::remove_dir(path) } else { fs::remove_file(path) };
    match token.layout {
        Layout::Missing => {}
        Layout::Projected => project(path, Some(&content)),
        Layout::Dangling => project(path, None),
        Layout::File => fs::write(path, content).unwrap(),
        Layout::Empty => fs::write(path, "").unwrap(),
        Layout::Unreadable => fs::write(path, content).unwrap(),
        Layout::Directory => fs::create_dir(path).unwrap(),
        Layout::Fifo => mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap(),
        Layout::Device => symlink("/dev/zero", path).unwrap(),
        Layout::TornOnce => {
            fs::write(path, "").unwrap();
            complete_after_first_read(path.to_owned(), content);
        }
    }
    let mode = token.mode.as_deref().or((token.layout == Layout::Unreadable).then_some("0000"));
    if let Some(mode) = mode {
        fs::set_permissions(path, fs::Permissions::from_mode(octal(mode))).unwrap();
    }
}

/// The kubelet's atomic writer: a new time-stamped directory, then `..data` swapped to it.
fn project(path: &Path, content: Option<&[u8]>) {
    let (volume, name) = (path.parent().unwrap(), path.file_name().unwrap());
    let stamp = format!("..{}.{}", state::amz(state::unix_now()), &state::uuid()[..8]);
    fs::create_dir(volume.join(&stamp)).unwrap();
    if let Some(content) = content {
        fs::write(volume.join(&stamp).join(name), content).unwrap();
    }
    let old = fs::read_link(volume.join("..data"));
    let _ = fs::remove_file(volume.join("..data_tmp"));
    symlink(&stamp, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    let _ = symlink(Path::new("..data").join(name), path);
    if let Ok(old) = old {
        let _ = fs::remove_dir_all(volume.join(old));
    }
}

/// Waits for somebody to open and close the file, then completes it: before the reader's second look, which comes 50 ms after the first.
fn complete_after_first_read(path: PathBuf, content: Vec<u8>) {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, &path, inotify::WatchFlags::CLOSE_NOWRITE).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 512];
        // Ends when the sandbox's directory is gone, too.
        while path.exists() {
            if inotify::Reader::new(&watch, &mut buffer).next().is_ok() {
                let _ = fs::write(&path, &content);
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Writes the scenario's own files, and those of the container.
pub fn write_files(dir: &Path, world: &World, ca: &str, expand: impl Fn(&str) -> String) {
    fs::create_dir_all(dir.join("home")).unwrap();
    fs::create_dir_all(dir.join("root")).unwrap();
    fs::write(dir.join("ca.pem"), ca).unwrap();
    for (name, file) in &world.files {
        let (content, mode, fifo) = match file {
            File::Content(content) => (content, None, false),
            File::Full(full) => (&full.content, full.mode.as_deref(), full.fifo),
        };
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if fifo {
            mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
        } else {
            fs::write(&path, expand(content)).unwrap();
        }
        if let Some(mode) = mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(octal(mode))).unwrap();
        }
    }
}

fn octal(mode: &str) -> u32 {
    u32::from_str_radix(mode, 8).unwrap()
}

/// The child's whole environment, as template texts: what the container runtime, the webhook, the sandbox and at last the scenario set.
pub fn environment(world: &World) -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| {
        env.insert(name.to_owned(), value.to_owned());
    };
    set("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    set("HOME", "{dir}/home");
    set("HOSTNAME", &world.pod);
    set("KUBERNETES_SERVICE_HOST", "10.100.0.1");
    set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "{imds}");
    if !world.inject.is_empty() {
        set("AWS_STS_REGIONAL_ENDPOINTS", "regional");
        set("AWS_DEFAULT_REGION", &world.region);
        set("AWS_REGION", &world.region);
    }
    for injection in &world.inject {
        match injection {
            Injection::Irsa => {
                set("AWS_ROLE_ARN", &world.role);
                set("AWS_WEB_IDENTITY_TOKEN_FILE", "{token}");
            }
            Injection::PodIdentity => {
                set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "{agent}");
                set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "{podIdentityToken}");
            }
        }
    }
    match &world.sts.reach {
        Reach::Proxy => {
            set("HTTPS_PROXY", "{proxy}");
            if world.proxy.captures_http {
                set("HTTP_PROXY", "{proxy}");
            } else {
                set("NO_PROXY", "127.0.0.1,localhost,[::1],169.254.169.254,169.254.170.23");
            }
            set("AWS_CA_BUNDLE", "{ca}");
        }
        Reach::Override | Reach::OverrideHttp | Reach::Refused | Reach::Blackhole | Reach::Name(_) => {
            set("AWS_ENDPOINT_URL_STS", "{sts}");
            set("AWS_CA_BUNDLE", "{ca}");
        }
    }
    for (name, value) in &world.env {
        match value {
            Some(value) => env.insert(name.clone(), value.clone()),
            None => env.remove(name),
        };
    }
    env
}
