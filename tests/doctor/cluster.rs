//! A stand-in of a cluster's API server, and of the EKS API for what moto does not know (Pod Identity associations): real JSON shapes over HTTP.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it holds: documents by path, lists filtered as the API server does; and which paths are refused.
#[derive(Default)]
pub struct Held {
    documents: Vec<(String, Value)>,
    refused: Vec<(String, u16)>,
    /// Every request's method and path.
    pub seen: Vec<String>,
}

pub struct Cluster {
    pub address: SocketAddr,
    pub held: Arc<Mutex<Held>>,
}

impl Held {
    /// A copy of a document.
    pub fn document(&self, path: &str) -> Value {
        self.documents.iter().find(|(held, _)| held == path).map(|(_, document)| document.clone()).unwrap()
    }
}

impl Cluster {
    pub fn start() -> Cluster {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::new(Mutex::new(Held::default()));
        let shared = held.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let held = shared.clone();
                std::thread::spawn(move || stream.map(|stream| serve(stream, &held)));
            }
        });
        Cluster { address, held }
    }

    /// Puts a document there, in place of one that was.
    pub fn put(&self, path: &str, document: Value) {
        self.remove(path);
        self.held.lock().unwrap().documents.push((path.to_owned(), document));
    }

    pub fn remove(&self, path: &str) {
        self.held.lock().unwrap().documents.retain(|(held, _)| held != path);
    }

    /// Changes a document.
    pub fn edit(&self, path: &str, change: impl FnOnce(&mut Value)) {
        let mut held = self.held.lock().unwrap();
        change(&mut held.documents.iter_mut().find(|(held, _)| held == path).unwrap().1);
    }

    /// Refuses all paths that hold a text.
    pub fn refuse(&self, text: &str, status: u16) {
        self.held.lock().unwrap().refused.push((text.to_owned(), status));
    }
}

fn serve(stream: TcpStream, held: &Mutex<Held>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink()).ok()?;
        let (status, body, kind) = answer(&mut held.lock().unwrap(), &method, &target);
        let head = format!("HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        reader.get_mut().write_all(head.as_bytes()).ok()?;
        reader.get_mut().write_all(body.as_bytes()).ok()?;
    }
}

fn answer(held: &mut Held, method: &str, target: &str) -> (u16, String, &'static str) {
    held.seen.push(format!("{method} {target}"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    // IAM, refused: its query protocol.
    if path == "/" {
        let body = "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: \
                    arn:aws:iam::111122223333:user/reader is not authorized to perform: iam:GetRole on resource: role checkout</Message></Error>\
                    <RequestId>a</RequestId></ErrorResponse>";
        return (403, body.to_owned(), "text/xml");
    }
    if let Some((_, status)) = held.refused.iter().find(|(text, _)| path.contains(text)) {
        // As a proxy before it says that there is nothing: without words of the API.
        let body = if *status == 404 { "{}".to_owned() } else { refusal(*status, path).to_string() };
        return (*status, body, "application/json");
    }
    match held.documents.iter().find(|(held, _)| held == path) {
        Some((_, document)) => (200, document.to_string(), "application/json"),
        None if is_list(path) => list(held, path, query),
        None => (404, refusal(404, path).to_string(), "application/json"),
    }
}

fn is_list(path: &str) -> bool {
    const LISTS: [&str; 8] =
        ["/serviceaccounts", "/pods", "/events", "/mutatingwebhookconfigurations", "/replicasets", "/daemonsets", "/statefulsets", "/jobs"];
    LISTS.iter().any(|list| path.ends_with(list))
}

/// The objects below a path; a selector that the API server does not support is an error, as there.
fn list(held: &Held, path: &str, query: &str) -> (u16, String, &'static str) {
    let below = format!("{path}/");
    let mut items: Vec<&Value> = held.documents.iter().filter(|(held, _)| held.starts_with(&below)).map(|(_, document)| document).collect();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = value.replace("%3D", "=");
        match (name, value.split_once('=')) {
            ("limit", _) => {}
            ("fieldSelector", Some(("spec.serviceAccountName", wanted))) => {
                items.retain(|item| item["spec"]["serviceAccountName"] == wanted)
            }
            ("fieldSelector", Some(("type", wanted))) => items.retain(|item| item["type"] == wanted),
            _ => return (400, refusal(400, path).to_string(), "application/json"),
        }
    }
    let list = json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items});
    (200, list.to_string(), "application/json")
}

/// `metav1.Status`; EKS's errors have a message too.
fn refusal(status: u16, path: &str) -> Value {
    let mut parts = path.rsplit('/');
    let (name, resource) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (reason, message) = match status {
        401 => ("Unauthorized", "Unauthorized".to_owned()),
        403 => (
            "Forbidden",
            format!("{resource} \"{name}\" is forbidden: User \"reader\" cannot get resource \"{resource}\" in API group \"\""),
        ),
        404 if path.starts_with("/api") => ("NotFound", format!("{resource} \"{name}\" not found")),
        _ => ("NotFound", "the server could not find the requested resource".to_owned()),
    };
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason,
        "details": {"name": name, "kind": resource}, "code": status,
    })
}
