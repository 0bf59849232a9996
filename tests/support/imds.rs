//! The EC2 instance metadata service: sessions (v2), the open door (v1), and the ways in which both are shut.

use serde_json::json;

use super::{
    http::{Answer, Page, Seen},
    state::{self, Service, Shared, State},
    world::{Imds, ImdsMode},
};

const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "x-aws-ec2-metadata-token";
const NOT_FOUND: &str = r#"<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
	"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>404 - Not Found</title>
 </head>
 <body>
  <h1>404 - Not Found</h1>
 </body>
</html>
"#;

/// Answers one request to IMDS.
pub fn answer(shared: &Shared, seen: &Seen) -> Answer {
    let mut state = shared.lock();
    let imds = state.world.imds();
    let operation = operation(seen, &imds);
    let tokenless = operation != "token" && seen.header(TOKEN).is_none();
    state.record(Service::Imds, seen, None, &format!("{operation}{}", if tokenless { "-v1" } else { "" }));
    if imds.mode == ImdsMode::Hang {
        return Answer::hang();
    }
    let script = imds.script.get(operation).cloned();
    let act = state.step(&format!("imds/{operation}"), script.as_ref());
    let normal = |state: &mut State| normal(state, seen, &imds, operation);
    match act {
        None => normal(&mut state),
        Some(act) => {
            let plain = || Page::new(act.status.unwrap_or(200), "text/plain", act.body.clone().unwrap_or_default()).with("Server", "EC2ws");
            state::scripted(&act, str::to_owned, plain, || normal(&mut state))
        }
    }
}

fn operation(seen: &Seen, imds: &Imds) -> &'static str {
    let path = seen.path.as_str();
    let credentials = format!("/latest/meta-data/iam/security-credentials/{}", imds.role);
    match path {
        "/latest/api/token" => "token",
        "/latest/meta-data/iam/info" | "/latest/meta-data/iam/info/" => "info",
        "/latest/meta-data/iam/security-credentials/" | "/latest/meta-data/iam/security-credentials" => "role",
        "/latest/meta-data/instance-id" => "instance-id",
        "/latest/meta-data/placement/region" => "region",
        "/latest/dynamic/instance-identity/document" => "document",
        _ if path == credentials => "credentials",
        _ => "other",
    }
}

fn normal(state: &mut State, seen: &Seen, imds: &Imds, operation: &str) -> Answer {
    let bare = |status: u16| Answer::from(Page::new(status, "text/html", "").with("Server", "EC2ws"));
    if operation == "token" {
        return match imds.mode {
            ImdsMode::HopLimit | ImdsMode::HopLimitV1 => Answer::hang(),
            ImdsMode::Forbidden | ImdsMode::ForbiddenV1Open => bare(403),
            _ => token(state, seen),
        };
    }
    let open = matches!(imds.mode, ImdsMode::V1 | ImdsMode::HopLimitV1 | ImdsMode::ForbiddenV1Open);
    let valid = seen.header(TOKEN).map(|token| state.imds_tokens.get(token).is_some_and(|end| state::unix_now() < *end));
    match valid {
        _ if imds.mode == ImdsMode::Forbidden => bare(403),
        Some(false) => bare(401),
        None if !open => bare(401),
        _ if seen.method != "GET" => bare(405),
        _ => document(state, imds, operation).with("Server", "EC2ws").into(),
    }
}

/// PUT /latest/api/token
fn token(state: &mut State, seen: &Seen) -> Answer {
    let bare = |status: u16| Answer::from(Page::new(status, "text/html", "").with("Server", "EC2ws"));
    if seen.method != "PUT" {
        return bare(405);
    }
    if seen.header("x-forwarded-for").is_some() {
        return bare(403);
    }
    let Some(ttl) = seen.header(TTL).and_then(|ttl| ttl.parse::<i64>().ok()).filter(|ttl| (1..=21_600).contains(ttl)) else {
        return bare(400);
    };
    let token = state::random_base64(56).replace(['+', '/'], "-");
    state.secret(&token);
    state.imds_tokens.insert(token.clone(), state::unix_now() + ttl);
    Page::new(200, "text/plain", token).with(TTL, ttl.to_string()).with("Server", "EC2ws").into()
}

fn document(state: &mut State, imds: &Imds, operation: &str) -> Page {
    let account = imds.account.as_ref().unwrap_or(&state.world.account).clone();
    let region = imds.region.as_ref().unwrap_or(&state.world.region).clone();
    let updated = state::iso(state::unix_now() - 600);
    let partition = super::endpoints::partition_of(&region);
    let text = |body: String| Page::new(200, "text/plain", body);
    let json = |value: serde_json::Value| text(serde_json::to_string_pretty(&value).unwrap());
    match operation {
        "info" | "role" | "credentials" if imds.mode == ImdsMode::NoRole => not_found(),
        "info" => json(json!({
            "Code": "Success", "LastUpdated": updated,
            "InstanceProfileArn": format!("arn:{partition}:iam::{account}:instance-profile/{}-profile", imds.role),
            "InstanceProfileId": state::unique_id("AIPA", &imds.role),
        })),
        "role" => text(imds.role.clone()),
        "credentials" if imds.code != "Success" => {
            json(json!({"Code": imds.code, "Message": "EC2 cannot assume the role.", "LastUpdated": updated}))
        }
        "credentials" => {
            let now = state.now();
            let role_arn = format!("arn:{partition}:iam::{account}:role/{}", imds.role);
            let minted = match state.node_credentials.clone().filter(|minted| minted.expires > now) {
                Some(minted) => minted,
                None => {
                    let arn = format!("arn:{partition}:sts::{account}:assumed-role/{}/{}", imds.role, imds.instance_id);
                    let user_id = format!("{}:{}", state::unique_id("AROA", &role_arn), imds.instance_id);
                    state.mint(&account, arn, user_id, None, 6 * 3600)
                }
            };
            state.node_credentials = Some(minted.clone());
            json(json!({
                "Code": "Success", "LastUpdated": updated, "Type": "AWS-HMAC", "AccessKeyId": minted.access_key,
                "SecretAccessKey": minted.secret, "Token": minted.token, "Expiration": state::iso(minted.expires),
            }))
        }
        "instance-id" => text(imds.instance_id.clone()),
        "region" => text(region),
        "document" => json(json!({
            "accountId": account, "architecture": "x86_64", "availabilityZone": format!("{region}a"), "imageId": "ami-0abcdef1234567890",
            "instanceId": imds.instance_id, "instanceType": "m6i.large", "pendingTime": updated, "privateIp": "10.0.1.23", "region": region, "version": "2017-09-30",
        })),
        _ => not_found(),
    }
}

fn not_found() -> Page {
    Page::new(404, "text/html", NOT_FOUND)
}
