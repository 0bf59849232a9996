//! AWS beside a real cluster: the sandbox's STS and IMDS on an address that the cluster's pods reach. STS verifies the tokens by the key set that
//! the cluster publishes.

use std::{fs, io::Write as _, net::IpAddr, path::Path, sync::Arc};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    Services, Shared,
    http::{self, Answer, How, Seen, form},
    imds,
    jwt::Jwt,
    proxy, sts, tls,
    world::{ImdsChoice, ImdsMode, World},
};

/// Serves until the process ends.
///
/// `folder` holds `world.json` (a [`World`]: issuer, providers, roles with their trust) and `jwks.json` (the cluster's key set). Both are read
/// for each request: what a test changes there holds from the next request on. Written into it are `ca.pem`, and for the test's own
/// servers on the same address `server.pem` and `server.key`. The addresses go to standard output as the first line of JSON,
/// `{"sts", "imds", "openImds"}`, where the last one gives the node's role; each request to STS follows as a line of its own, without a secret.
pub async fn serve(address: IpAddr, folder: &Path) {
    let services = Arc::new(Services { shared: Shared::default(), authorities: tls::Authorities::new() });
    let (certificate, key) = services.authorities.trusted.leaf(vec![address.to_string(), "localhost".to_owned()], false);
    for (name, text) in
        [("ca.pem", &services.authorities.trusted.pem), ("server.pem", &certificate.pem()), ("server.key", &key.serialize_pem())]
    {
        fs::write(folder.join(name), text).unwrap();
    }
    let sts = TcpListener::bind((address, 0)).await.unwrap();
    let folder: Arc<Path> = folder.into();
    let imds = serve_imds(address, &folder, None).await;
    let open_imds = serve_imds(address, &folder, Some(ImdsMode::V2)).await;
    say(&json!({"sts": format!("https://{}", sts.local_addr().unwrap()), "imds": imds, "openImds": open_imds}));

    while let Ok((tcp, peer)) = sts.accept().await {
        let (services, folder) = (Arc::clone(&services), Arc::clone(&folder));
        let connection = services.shared.next_connection();
        tokio::spawn(async move {
            let shared = services.shared.clone();
            let handler: http::Handler = Arc::new(move |seen| {
                read(&shared, &folder);
                let answer = sts::answer(&shared, seen);
                say(&line(seen, &answer, peer.ip()));
                answer
            });
            let wire = proxy::wire(&services.shared.lock().world, "localhost");
            tls::serve(&services.authorities, tcp, connection, address.to_string(), wire, handler).await;
        });
    }
}

/// Serves IMDS and says where. The world says what it gives, unless `mode` does.
async fn serve_imds(address: IpAddr, folder: &Arc<Path>, mode: Option<ImdsMode>) -> String {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (shared, folder) = (Shared::default(), Arc::clone(folder));
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (shared, folder, connection) = (shared.clone(), Arc::clone(&folder), shared.next_connection());
            let handler: http::Handler = Arc::new(move |seen| {
                read(&shared, &folder);
                if let Some(mode) = mode {
                    shared.lock().world.imds = ImdsChoice::Mode(mode);
                }
                imds::answer(&shared, seen)
            });
            tokio::spawn(http::serve(tcp, connection, address.to_string(), handler));
        }
    });
    url
}

/// Takes over what the folder says now. A file that is being written is read again with the next request.
fn read(shared: &Shared, folder: &Path) {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut state = shared.lock();
    match serde_json::from_str::<World>(&text("world.json")) {
        Ok(world) => state.world = world,
        Err(error) => eprintln!("world.json: {error}"),
    }
    match serde_json::from_str::<Value>(&text("jwks.json")) {
        Ok(keys) => state.cluster_keys = Some(keys),
        Err(error) => eprintln!("jwks.json: {error}"),
    }
}

/// What a test asks of a request: who came with which token, and what was answered.
fn line(seen: &Seen, answer: &Answer, from: IpAddr) -> Value {
    let parameters = form(std::str::from_utf8(&seen.body).unwrap_or_default());
    let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let token = get("WebIdentityToken").and_then(Jwt::parse);
    let claim = |pointer: &str| token.as_ref().and_then(|token| Value::Object(token.claims.clone()).pointer(pointer).cloned());
    json!({
        "operation": get("Action"),
        "status": match &answer.how { How::Whole(page) => Some(page.status), How::Cut(..) => None },
        "from": from.to_string(),
        "role": get("RoleArn"),
        "subject": claim("/sub"),
        "pod": claim("/kubernetes.io/pod/name"),
        "token": claim("/jti"),
    })
}

fn say(line: &Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
