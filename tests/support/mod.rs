//! The sandbox: a pod's whole world on loopback, strict enough that only the right request gets the right answer.
//!
//! [`Sandbox::start`] writes the pod's files, starts fakes of STS, IMDS, the Pod Identity agent, the OIDC issuer and a CONNECT proxy on ports of their
//! own, and hands out the environment in which a real binary (or a real SDK) runs against them. Dropping it ends everything.
//!
//! | file | is |
//! |---|---|
//! | `world` | the situation, as data (`situation.json`) |
//! | `state` | what the fakes share while they run: sessions, records, secrets |
//! | `sts`, `iam`, `sigv4`, `jwt`, `endpoints` | STS and what it believes |
//! | `imds`, `agent`, `issuer` | the other services |
//! | `beside` | STS and IMDS beside a real cluster, for its pods and its tokens |
//! | `proxy`, `tls`, `slow`, `http` | how requests get there, or do not |
//! | `pod` | files and environment |
//! | `policies` | trust policies at random, from a seed |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    dead_code,
    reason = "test support: a panic is a failed test, and no test uses all of it"
)]

pub mod agent;
pub mod beside;
pub mod endpoints;
pub mod http;
pub mod iam;
pub mod imds;
pub mod issuer;
pub mod jwt;
pub mod pod;
pub mod policies;
pub mod proxy;
pub mod sigv4;
pub mod slow;
pub mod state;
pub mod sts;
pub mod tls;
pub mod world;

use std::{
    collections::BTreeMap, future::Future, net::SocketAddr, os::unix::fs::PermissionsExt, path::Path, sync::Arc, thread::JoinHandle,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::oneshot,
};

pub use self::{
    state::{Record, Service},
    world::World,
};
use self::{
    state::{Session, Shared, State},
    world::{AgentMode, ImdsMode, ProxyMode, Reach},
};

/// A running world. Dropping it stops the fakes, which ends every hang, and removes the pod's directory.
pub struct Sandbox {
    shared: Shared,
    ports: Ports,
    dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Where the fakes listen, or would.
#[derive(Debug, Clone, Copy)]
struct Ports {
    sts_tls: SocketAddr,
    sts_http: SocketAddr,
    refused: SocketAddr,
    blackhole: SocketAddr,
    imds: SocketAddr,
    agent: SocketAddr,
    proxy: SocketAddr,
}

impl Sandbox {
    /// Writes the pod and starts its world.
    pub fn start(world: &World) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("irsa-probe-sandbox-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir_in("/tmp")
            .unwrap();
        let shared = Shared::default();
        {
            let mut state = shared.lock();
            state.world = world.clone();
            learn_users(&mut state);
            if let Some((_, password)) = world.proxy.credentials.as_ref().and_then(|credentials| credentials.split_once(':')) {
                state.secret(password);
            }
            for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
                if let Some(Some(value)) = world.env.get(name).filter(|value| value.as_ref().is_some_and(|value| !value.contains('{'))) {
                    state.secret(value);
                }
            }
            let contents = world.files.values().map(|file| match file {
                world::File::Content(content) => content,
                world::File::Full(full) => &full.content,
            });
            for id in contents.flat_map(|content| content.lines()).filter_map(|line| line.strip_prefix("external_id = ")) {
                state.secret(id);
            }
            pod::write_tokens(dir.path(), &mut state);
        }
        let services = Arc::new(Services { shared: shared.clone(), authorities: tls::Authorities::new() });
        let ca = services.authorities.trusted.pem.clone();
        let (stop, stopped) = oneshot::channel();
        let (started, ports) = std::sync::mpsc::channel();
        let world_now = world.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (ports, held) = listen(&services, &world_now).await;
                started.send(ports).unwrap();
                let _ = stopped.await;
                drop(held);
            });
        });
        let sandbox = Self { shared, ports: ports.recv().unwrap(), dir, stop: Some(stop), thread: Some(thread) };
        pod::write_files(sandbox.dir(), world, &ca, |text| sandbox.expand(text));
        sandbox
    }

    /// The complete environment of the pod's container: start the child with nothing else.
    pub fn env(&self) -> BTreeMap<String, String> {
        let world = self.world();
        pod::environment(&world).into_iter().map(|(name, value)| (name, self.expand(&value))).collect()
    }

    /// The pod's directory: `home`, `root` (its root filesystem), `ca.pem`, and the scenario's files.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Fills in placeholders: `{dir} {sts} {imds} {agent} {proxy} {ca} {role} {account} {issuer} {region}`, paths `{token} {podIdentityToken} {defaultToken}`,
    /// the token's content `{jwt}`, the id of the key that signed it `{kid}`, and the first IAM user's `{userKeyId} {userSecret}`.
    pub fn expand(&self, text: &str) -> String {
        let state = self.shared.lock();
        let path = |name: &str| self.dir().join(name).display().to_string();
        let user = state.world.iam.users.first();
        let values = [
            ("dir", self.dir().display().to_string()),
            ("sts", self.sts_url(&state.world)),
            ("imds", format!("http://{}", self.ports.imds)),
            ("agent", format!("http://{}/v1/credentials", self.ports.agent)),
            (
                "proxy",
                format!(
                    "http://{}{}",
                    state.world.proxy.credentials.as_ref().map_or(String::new(), |credentials| format!("{credentials}@")),
                    self.ports.proxy
                ),
            ),
            ("ca", path("ca.pem")),
            ("role", state.world.role.clone()),
            ("account", state.world.account.clone()),
            ("issuer", state.world.issuer.clone()),
            ("region", state.world.region.clone()),
            ("token", path(pod::IRSA_TOKEN)),
            ("podIdentityToken", path(pod::POD_IDENTITY_TOKEN)),
            ("defaultToken", path(pod::DEFAULT_TOKEN)),
            ("jwt", state.web_identity_token.clone()),
            ("kid", jwt::cluster_key().kid.clone()),
            ("userKeyId", user.and_then(|user| user.access_key_id.clone()).unwrap_or_default()),
            ("userSecret", user.and_then(|user| user.secret_access_key.clone()).unwrap_or_default()),
        ];
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Record> {
        self.shared.lock().records.clone()
    }

    /// Every secret that no output may hold: tokens, their signatures, keys and their ids, session tokens, IMDS tokens, passwords, and the heads of the long ones.
    pub fn secrets(&self) -> Vec<String> {
        self.shared.lock().secrets.clone()
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        self.shared.lock().world.clone()
    }

    /// Changes the world while it runs: IAM, scripts, TLS and modes that answer. Tokens are written anew if they changed, and scripts begin anew.
    /// What decides about listeners (`refused`, `absent`, `reach`) stays as it was at the start.
    pub fn set_world(&self, change: impl FnOnce(&mut World)) {
        let mut state = self.shared.lock();
        let before = state.world.clone();
        change(&mut state.world);
        state.rewind_scripts();
        learn_users(&mut state);
        let tokens = |world: &World| {
            (world.token.clone(), world.pod_identity_token.clone(), world.issuer.clone(), world.subject(), world.inject.clone())
        };
        if tokens(&before) != tokens(&state.world) {
            pod::write_tokens(self.dir(), &mut state);
        }
    }

    /// Replaces the tokens by new ones, as the kubelet does in time.
    pub fn rotate_tokens(&self) {
        pod::write_tokens(self.dir(), &mut self.shared.lock());
    }

    /// Root reads files of mode 0000: scenarios with unreadable files mean nothing then.
    pub fn running_as_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    fn sts_url(&self, world: &World) -> String {
        match &world.sts.reach {
            Reach::Proxy | Reach::Override => format!("https://localhost:{}", self.ports.sts_tls.port()),
            Reach::OverrideHttp => format!("http://{}", self.ports.sts_http),
            Reach::Refused => format!("http://{}", self.ports.refused),
            Reach::Blackhole => format!("http://{}", self.ports.blackhole),
            Reach::Name(host) => format!("http://{host}"),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Says, past the harness, which keeps to itself what a passing test prints, that something is not tested on this machine, and why. Where
/// nothing may be left out, `IRSA_PROBE_NO_SKIPS` makes it a failure.
pub fn skipped(why: &str) {
    use std::io::Write as _;
    assert!(std::env::var_os("IRSA_PROBE_NO_SKIPS").is_none(), "not tested: {why}");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Waits for a condition. No machine is so busy that it takes two minutes: what does not come by then never comes.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(std::time::Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Registers the IAM users' keys, making those that are not given.
fn learn_users(state: &mut State) {
    let account = state.world.account.clone();
    let partition = endpoints::partition_of(&state.world.region);
    let mut users = std::mem::take(&mut state.world.iam.users);
    for user in &mut users {
        let id = user.access_key_id.get_or_insert_with(|| format!("AKIA{}", state::random_upper(16))).clone();
        let secret = user.secret_access_key.get_or_insert_with(state::random_secret).clone();
        state.secret(&id);
        state.secret(&secret);
        let arn = format!("arn:{partition}:iam::{account}:user/{}", user.name);
        let user_id = state::unique_id("AIDA", &arn);
        state.sessions.insert(id, Session { secret, token: None, arn, user_id, account: account.clone(), role: None, expires: None });
    }
    state.world.iam.users = users;
}

/// What every connection needs.
pub struct Services {
    shared: Shared,
    authorities: tls::Authorities,
}

impl Services {
    fn handler(&self, service: Service) -> http::Handler {
        let shared = self.shared.clone();
        Arc::new(move |seen| match service {
            Service::Sts | Service::Proxy => sts::answer(&shared, seen),
            Service::Imds => imds::answer(&shared, seen),
            Service::Agent => agent::answer(&shared, seen),
            Service::Issuer => issuer::answer(&shared, seen),
        })
    }
}

/// Sockets that must stay as they are for as long as the world lives.
struct Held {
    _closed: Vec<TcpSocket>,
    _blackhole: Option<(TcpListener, Vec<TcpStream>)>,
}

async fn listen(services: &Arc<Services>, world: &World) -> (Ports, Held) {
    let mut closed = Vec::new();
    let mut refusing = |v6: bool| {
        let socket = bound(v6);
        let address = socket.local_addr().unwrap();
        closed.push(socket);
        address
    };
    let imds = match world.imds().mode {
        ImdsMode::Absent => refusing(false),
        _ => plain(services, Service::Imds, false),
    };
    let agent = match world.agent.mode {
        AgentMode::Refused => refusing(world.agent.ipv6),
        _ => plain(services, Service::Agent, world.agent.ipv6),
    };
    let proxy = match world.proxy.mode {
        ProxyMode::Refused => refusing(false),
        _ => accept(services, false, |services, tcp, connection, _| proxy::serve(services, tcp, connection)),
    };
    let refused = refusing(false);
    let sts_tls = accept(services, false, |services, tcp, connection, _| async move {
        let wire = proxy::wire(&services.shared.lock().world, "localhost");
        tls::serve(&services.authorities, tcp, connection, "localhost".to_owned(), wire, services.handler(Service::Sts)).await;
    });
    let sts_http = plain(services, Service::Sts, false);
    let blackhole = if world.sts.reach == Reach::Blackhole { Some(blackhole().await) } else { None };
    let swallowing = blackhole.as_ref().map_or(refused, |(listener, _)| listener.local_addr().unwrap());
    let ports = Ports { sts_tls, sts_http, refused, blackhole: swallowing, imds, agent, proxy };
    (ports, Held { _closed: closed, _blackhole: blackhole })
}

/// A socket with a port of its own; nobody listens, so connecting is refused for as long as it lives.
fn bound(v6: bool) -> TcpSocket {
    let socket = if v6 { TcpSocket::new_v6() } else { TcpSocket::new_v4() }.unwrap();
    socket.bind(if v6 { "[::1]:0" } else { "127.0.0.1:0" }.parse().unwrap()).unwrap();
    socket
}

/// A service in the clear.
fn plain(services: &Arc<Services>, service: Service, v6: bool) -> SocketAddr {
    accept(services, v6, move |services, tcp, connection, address| {
        let round_trip = if service == Service::Sts { proxy::round_trip(&services.shared.lock().world) } else { Duration::ZERO };
        http::serve(slow::Slow::new(tcp, round_trip), connection, address.to_string(), services.handler(service))
    })
}

/// Accepts for as long as the runtime lives.
fn accept<F, S>(services: &Arc<Services>, v6: bool, serve: S) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
    S: Fn(Arc<Services>, TcpStream, u64, SocketAddr) -> F + Send + 'static,
{
    let listener = bound(v6).listen(1024).unwrap();
    let address = listener.local_addr().unwrap();
    let services = Arc::clone(services);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let _ = tcp.set_nodelay(true);
            let connection = services.shared.next_connection();
            tokio::spawn(serve(Arc::clone(&services), tcp, connection, address));
        }
    });
    address
}

/// A listener whose backlog is full: Linux then drops every SYN, and connecting never ends.
async fn blackhole() -> (TcpListener, Vec<TcpStream>) {
    let listener = bound(false).listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    while let Ok(Ok(filler)) = tokio::time::timeout(Duration::from_millis(50), TcpStream::connect(address)).await {
        fillers.push(filler);
    }
    (listener, fillers)
}
