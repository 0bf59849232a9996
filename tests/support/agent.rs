//! The EKS Pod Identity agent: a raw service-account token in, the associated role's credentials out.

use serde_json::json;

use super::{
    http::{Answer, Page, Seen},
    iam::{self, RoleArn},
    jwt::{self, Jwt, Verified},
    state::{self, Service, Shared, State},
    world::{AgentMode, Keys},
};

pub const AUDIENCE: &str = "pods.eks.amazonaws.com";
/// Agent credentials live this long.
const SESSION: i64 = 6 * 3600;

/// Answers one request to the agent.
pub fn answer(shared: &Shared, seen: &Seen) -> Answer {
    let mut state = shared.lock();
    state.record(Service::Agent, seen, None, &format!("{} {}", seen.method, seen.path));
    if state.world.agent.mode == AgentMode::Hang {
        return Answer::hang();
    }
    let script = state.world.agent.script.clone();
    match state.step("agent", script.as_ref()) {
        None => normal(&mut state, seen).into(),
        Some(act) => {
            let token = seen.header("authorization").unwrap_or_default().to_owned();
            let role = role(&state);
            let expand = |text: &str| {
                text.replace("{token}", &token)
                    .replace("{role}", &role)
                    .replace("{requestId}", &state::uuid())
                    .replace("{host}", seen.header("host").unwrap_or_default())
            };
            let plain = || error(act.status.unwrap_or(400), &expand(act.body.as_deref().unwrap_or_default()));
            state::scripted(&act, expand, plain, || normal(&mut state, seen).into())
        }
    }
}

fn normal(state: &mut State, seen: &Seen) -> Page {
    let host = seen.header("host").unwrap_or_default();
    if host != seen.server {
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        return error(
            403,
            &format!(
                "Access Denied. Called agent through invalid address, please use either [169.254.170.23 fd00:ec2::23] address not {host}"
            ),
        );
    }
    if seen.path != "/v1/credentials" {
        return error(404, "404 page not found");
    }
    if seen.method != "GET" {
        return error(405, "Method Not Allowed");
    }
    let token = seen.header("authorization").unwrap_or_default();
    if token.is_empty() {
        return error(400, "Service account token cannot be empty");
    }
    let Some(jwt) = Jwt::parse(token) else {
        return error(400, "Service account token cannot be parsed: token is malformed: token contains an invalid number of segments");
    };
    let now = state::unix_now();
    let time = |claim: &str| jwt.claims.get(claim).and_then(serde_json::Value::as_i64);
    for (bad, why) in [
        (time("exp").is_none_or(|exp| now >= exp), "token is expired"),
        (time("nbf").is_some_and(|nbf| now < nbf), "token is not valid yet"),
    ] {
        if bad {
            return error(400, &format!("Service account token failed basic claim validations: {why}"));
        }
    }
    let upstream =
        |status: u16, code: &str, message: &str| error(status, &format!("[{}]: ({code}): {message}, fault: client", state::uuid()));
    let cluster = jwt.text("iss") == Some(&state.world.issuer) && jwt.verify(&jwt::jwks(Keys::Cluster)) == Verified::Good;
    if !cluster || !jwt.audiences().contains(&AUDIENCE) {
        return upstream(400, "InvalidTokenException", "The token included in the request is invalid.");
    }
    let associated = jwt.text("sub") == Some(&state.world.subject());
    if state.world.agent.mode == AgentMode::AssociationMissing || !associated {
        return upstream(404, "ResourceNotFoundException", "No association found for the service account.");
    }
    let role = role(state);
    let arn = RoleArn::parse(&role).filter(|_| state.world.agent.mode != AgentMode::TrustDenied);
    let Some(arn) = arn else {
        return upstream(
            400,
            "AccessDeniedException",
            "Unauthorized Exception! EKS does not have permissions to assume the associated role.",
        );
    };
    credentials(state, &role, &arn)
}

fn credentials(state: &mut State, role: &str, arn: &RoleArn) -> Page {
    let session: String = format!("eks-{}-{}-{}", state.world.cluster, state.world.pod, state::uuid()).chars().take(64).collect();
    let user_id = format!("{}:{session}", state::unique_id("AROA", role));
    let seconds = state.world.sts.session_seconds.unwrap_or(SESSION);
    let known = iam::find_role(&state.world, role).map(|_| role.to_owned());
    let minted = state.mint(&arn.account, arn.session(&session), user_id, known, seconds);
    let expiration = state::iso(minted.expires).replace('Z', ".123456789Z");
    let body = json!({
        "AccessKeyId": minted.access_key, "SecretAccessKey": minted.secret, "Token": minted.token,
        "AccountId": arn.account, "Expiration": expiration,
    });
    Page::new(200, "application/json", body.to_string())
}

/// The associated role.
fn role(state: &State) -> String {
    state.world.agent.role.as_ref().unwrap_or(&state.world.role).clone()
}

/// Go's `http.Error`.
fn error(status: u16, body: &str) -> Page {
    Page::new(status, "text/plain; charset=utf-8", format!("{body}\n")).with("x-content-type-options", "nosniff")
}
