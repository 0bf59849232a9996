//! STS: the query protocol, AssumeRoleWithWebIdentity, AssumeRole and GetCallerIdentity, as strict as AWS.
//!
//! Order of checks. AssumeRoleWithWebIdentity: input constraints → role ARN and its partition → region active → JWT's form → provider in the role's
//! account → key and signature → claims (audience, times) → role and trust policy → session duration.
//! GetCallerIdentity: scope → key and token → HMAC → time. AssumeRole: the same → input constraints → role ARN and its partition → region active →
//! role, trust policy and the caller's own policy → session duration.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    endpoints::{partition_of, region_of, signing_region},
    http::{Answer, Page, Seen, form},
    iam::{self, RoleArn},
    jwt::{Jwt, Verified},
    sigv4::{Signed, Unreadable},
    state::{self, Service, Session, Shared, State},
    world::{Act, Reach, Script, Texts, World},
};

const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const DISPATCH: &str = "http://webservices.amazon.com/AWSFault/2005-15-09";
const VERSION: &str = "2011-06-15";
/// How far ahead of AWS's clock a token may have been issued.
const LEEWAY: i64 = 300;
/// How far a signature's time may be from AWS's clock.
const WINDOW: i64 = 15 * 60;

/// An error as AWS renders it.
#[derive(Debug)]
struct Fault {
    status: u16,
    code: String,
    message: String,
    fault: &'static str,
    namespace: &'static str,
}

impl Fault {
    fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            fault: if status < 500 { "Sender" } else { "Receiver" },
            namespace: STS,
        }
    }

    fn page(&self, request_id: &str) -> Page {
        let Self { status, code, message, fault, namespace } = self;
        let (code, message) = (escape(code), escape(message));
        page(
            *status,
            request_id,
            format!(
                "<ErrorResponse xmlns=\"{namespace}\">\n  <Error>\n    <Type>{fault}</Type>\n    <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
            ),
        )
    }
}

type Outcome = Result<String, Fault>;

/// Answers one request that reached the endpoint of `seen.server`.
pub fn answer(shared: &Shared, seen: &Seen) -> Answer {
    let mut state = shared.lock();
    let region = endpoint_region(&state.world, &seen.server);
    let parameters = parameters(seen);
    let action = parameters.as_ref().and_then(|parameters| parameters.get("Action").cloned()).unwrap_or_default();
    state.record(Service::Sts, seen, Some(&region), if action.is_empty() { &seen.method } else { &action });
    let request_id = state::uuid();
    let mut answer = match (parameters, scripted_step(&mut state, &seen.server, &region, &action)) {
        (None, _) => Page::new(302, "text/html", "").with("location", "https://aws.amazon.com/iam").into(),
        (Some(parameters), None) => normal(&mut state, seen, &region, &action, &parameters, &request_id).into(),
        (Some(parameters), Some(act)) => scripted(&mut state, seen, &region, &action, &parameters, &request_id, &act),
    };
    if let super::http::How::Whole(page) = &mut answer.how {
        for (name, value) in [("Date", state::http_date(state.now())), ("connection", "keep-alive".to_owned())] {
            if !page.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                page.headers.push((name.to_owned(), value));
            }
        }
    }
    answer
}

/// The region that a server name stands for; an override stands for the world's.
pub fn endpoint_region(world: &World, server: &str) -> String {
    let overridden = || world.sts.override_region.clone().unwrap_or_else(|| world.region.clone());
    if world.sts.reach == Reach::Proxy { region_of(server).unwrap_or_else(overridden) } else { overridden() }
}

/// The form of a POST, or the query of a presigned GET; `None`: AWS redirects to its web site.
fn parameters(seen: &Seen) -> Option<BTreeMap<String, String>> {
    let urlencoded = seen.header("content-type").is_some_and(|value| value.starts_with("application/x-www-form-urlencoded"));
    let source = match seen.method.as_str() {
        "POST" if urlencoded && seen.path == "/" => std::str::from_utf8(&seen.body).ok()?,
        "GET" if seen.path == "/" => &seen.query,
        _ => return None,
    };
    let parameters: BTreeMap<String, String> = form(source).into_iter().collect();
    parameters.contains_key("Action").then_some(parameters)
}

fn normal(state: &mut State, seen: &Seen, region: &str, action: &str, parameters: &BTreeMap<String, String>, request_id: &str) -> Page {
    let dispatch = |message: String| Err(Fault { namespace: DISPATCH, ..Fault::new(400, "InvalidAction", message) });
    let version = parameters.get("Version").map(String::as_str);
    let outcome = match action {
        "AssumeRoleWithWebIdentity" | "AssumeRole" | "GetCallerIdentity" if version != Some(VERSION) => {
            dispatch(format!("Could not find operation {action} for version {}", version.unwrap_or("NO_VERSION_SPECIFIED")))
        }
        "AssumeRoleWithWebIdentity" => assume_role_with_web_identity(state, region, parameters),
        "AssumeRole" => assume_role(state, seen, region, parameters),
        "GetCallerIdentity" => caller_identity(state, seen, region),
        other => dispatch(format!("Could not find operation {other} for version {}", version.unwrap_or("NO_VERSION_SPECIFIED"))),
    };
    match outcome {
        Ok(result) => page(
            200,
            request_id,
            format!(
                "<{action}Response xmlns=\"{STS}\">\n  <{action}Result>\n{result}  </{action}Result>\n  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n"
            ),
        ),
        Err(fault) => fault.page(request_id),
    }
}

fn page(status: u16, request_id: &str, body: String) -> Page {
    Page::new(status, "text/xml", body)
        .with("x-amzn-requestid", request_id)
        .with("x-amz-sts-extended-request-id", "MTp1cy13ZXN0LTI6UzoxNjk5OTk5OTk5OTk5OlI6c2FuZGJveA==")
}

/// A role's ARN, in a region where its account may use STS.
fn known_arn(state: &State, region: &str, text: &str) -> Result<RoleArn, Fault> {
    let arn = RoleArn::parse(text)
        .filter(|arn| arn.partition == partition_of(region))
        .ok_or_else(|| Fault::new(400, "ValidationError", "Request ARN is invalid"))?;
    if state.world.iam.disabled_regions.iter().any(|disabled| disabled == region) {
        let message = format!(
            "STS is not activated in this region for account:{}. Your account administrator can activate STS in this region using the IAM Console.",
            arn.account
        );
        return Err(Fault::new(403, "RegionDisabledException", message));
    }
    Ok(arn)
}

fn duration(parameters: &BTreeMap<String, String>) -> Result<i64, Fault> {
    let asked = parameters.get("DurationSeconds").map_or(Ok(3600), |seconds| seconds.parse());
    asked.map_err(|_| Fault::new(400, "MalformedInput", "Could not parse DurationSeconds"))
}

const TOO_LONG: &str = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
/// IAM user guide, "Roles terms and concepts", role chaining.
const CHAINED_TOO_LONG: &str = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";

/// AssumeRole with the keys of a session (docs/facts.md#assume-role-of-a-role).
fn assume_role(state: &mut State, seen: &Seen, region: &str, parameters: &BTreeMap<String, String>) -> Outcome {
    let caller = authenticated(state, seen, region)?.clone();
    let get = |name: &str| parameters.get(name).map(String::as_str);
    constraints(&get, &[ROLE_ARN, ROLE_SESSION_NAME])?;
    let (role_arn, session) = (get("RoleArn").unwrap(), get("RoleSessionName").unwrap());
    let duration = duration(parameters)?;
    let arn = known_arn(state, region, role_arn)?;
    let role = iam::find_role(&state.world, role_arn).filter(|role| iam::lets_in(&state.world, role, &arn, &caller, get("ExternalId")));
    let Some(role) = role else {
        let message = format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}", caller.arn);
        return Err(Fault::new(403, "AccessDenied", message));
    };
    if caller.role.is_some() && duration > 3600 {
        return Err(Fault::new(400, "ValidationError", CHAINED_TOO_LONG));
    }
    if duration > role.max_session_duration {
        return Err(Fault::new(400, "ValidationError", TOO_LONG));
    }
    Ok(given(state, &arn, role_arn, session, duration))
}

/// The session and its keys, as both calls give them.
fn given(state: &mut State, arn: &RoleArn, role_arn: &str, session: &str, duration: i64) -> String {
    let role_id = state::unique_id("AROA", role_arn);
    let session_arn = arn.session(session);
    let seconds = state.world.sts.session_seconds.unwrap_or(duration);
    let minted = state.mint(&arn.account, session_arn.clone(), format!("{role_id}:{session}"), Some(role_arn.to_owned()), seconds);
    format!(
        "    <AssumedRoleUser>
      <AssumedRoleId>{role_id}:{session}</AssumedRoleId>
      <Arn>{session_arn}</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{key}</AccessKeyId>
      <SecretAccessKey>{secret}</SecretAccessKey>
      <SessionToken>{token}</SessionToken>
      <Expiration>{expiration}</Expiration>
    </Credentials>
",
        key = minted.access_key,
        secret = minted.secret,
        token = minted.token,
        expiration = state::iso(minted.expires),
    )
}

fn assume_role_with_web_identity(state: &mut State, region: &str, parameters: &BTreeMap<String, String>) -> Outcome {
    let get = |name: &str| parameters.get(name).map(String::as_str);
    constraints(&get, &[ROLE_ARN, ROLE_SESSION_NAME, WEB_IDENTITY_TOKEN])?;
    let (role_arn, session, token) = (get("RoleArn").unwrap(), get("RoleSessionName").unwrap(), get("WebIdentityToken").unwrap());
    let duration = duration(parameters)?;
    let arn = known_arn(state, region, role_arn)?;
    let jwt = Jwt::parse(token)
        .ok_or_else(|| invalid_token("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"))?;
    validate(state, &arn, &jwt)?;

    let denied = || Fault::new(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let role = iam::find_role(&state.world, role_arn).ok_or_else(denied)?;
    if !iam::trusts(&state.world, &role, &arn, &jwt) {
        return Err(denied());
    }
    if duration > role.max_session_duration {
        return Err(Fault::new(400, "ValidationError", TOO_LONG));
    }
    let given = given(state, &arn, role_arn, session, duration);
    let provider = iam::provider_arn(&arn.partition, &arn.account, jwt.text("iss").unwrap_or_default());
    Ok(format!(
        "    <Audience>{audience}</Audience>
{given}    <Provider>{provider}</Provider>
    <SubjectFromWebIdentityToken>{subject}</SubjectFromWebIdentityToken>
",
        audience = escape(jwt.audiences().first().unwrap_or(&"")),
        provider = escape(&provider),
        subject = escape(jwt.text("sub").unwrap_or_default()),
    ))
}

/// A parameter, its name in messages, its shortest and its longest length.
type Bounds = (&'static str, &'static str, usize, usize);
const ROLE_ARN: Bounds = ("RoleArn", "roleArn", 20, 2048);
const ROLE_SESSION_NAME: Bounds = ("RoleSessionName", "roleSessionName", 2, 64);
const WEB_IDENTITY_TOKEN: Bounds = ("WebIdentityToken", "webIdentityToken", 4, 20_000);

/// Lengths and patterns of the service model, all violations in one message.
fn constraints<'a>(get: &impl Fn(&str) -> Option<&'a str>, needed: &[Bounds]) -> Result<(), Fault> {
    let mut wrong = Vec::new();
    for &(parameter, name, shortest, longest) in needed {
        match get(parameter).map(|value| value.chars().count()) {
            None => wrong.push(format!("Value null at '{name}' failed to satisfy constraint: Member must not be null")),
            Some(length) if length < shortest => {
                wrong.push(format!(
                    "Value at '{name}' failed to satisfy constraint: Member must have length greater than or equal to {shortest}"
                ));
            }
            Some(length) if length > longest => {
                wrong.push(format!(
                    "Value at '{name}' failed to satisfy constraint: Member must have length less than or equal to {longest}"
                ));
            }
            Some(_) => {}
        }
    }
    let session = get("RoleSessionName").unwrap_or_default();
    if !session.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        wrong.push(format!("Value '{session}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"));
    }
    // STS service model, `externalIdType`.
    if let Some(id) = get("ExternalId") {
        if id.chars().count() < 2 {
            wrong.push("Value at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2".to_owned());
        }
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c)) {
            wrong.push(format!(
                "Value '{id}' at 'externalId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*"
            ));
        }
    }
    if let Some(Ok(seconds)) = get("DurationSeconds").map(str::parse::<i64>) {
        for (bad, bound) in [(seconds < 900, "greater than or equal to 900"), (seconds > 43_200, "less than or equal to 43200")] {
            if bad {
                wrong.push(format!("Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value {bound}"));
            }
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let plural = if wrong.len() == 1 { "error" } else { "errors" };
    Err(Fault::new(400, "ValidationError", format!("{} validation {plural} detected: {}", wrong.len(), wrong.join("; "))))
}

/// Everything about the token but the trust policy.
fn validate(state: &State, arn: &RoleArn, jwt: &Jwt) -> Result<(), Fault> {
    const GENERIC: &str =
        "The web identity token provided could not be validated. See the AssumeRoleWithWebIdentity documentation for requirements.";
    let worded = |old: &str| invalid_token(if state.world.iam.texts == Texts::Generic { GENERIC } else { old });
    let issuer = jwt.text("iss").ok_or_else(|| invalid_token("Missing a required claim: iss"))?;
    let audiences = iam::provider_audiences(&state.world, &arn.account, issuer)
        .ok_or_else(|| worded(&format!("No OpenIDConnect provider found in your account for {issuer}")))?;
    match jwt.verify(&state.key_set()) {
        Verified::Good => {}
        // No public recording of a wrong signature's own text was found.
        Verified::Forged => return Err(invalid_token(GENERIC)),
        Verified::KeyUnknown => {
            return Err(invalid_token(
                "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
            ));
        }
    }
    if jwt.text("sub").is_none() {
        return Err(invalid_token("Missing a required claim: sub"));
    }
    let claimed = jwt.audiences();
    if claimed.is_empty() {
        return Err(invalid_token("Missing a required claim: aud"));
    }
    if claimed.len() > 1 && jwt.text("azp").is_none() {
        return Err(invalid_token("Token audience contains more than one audience while authorized party is not present"));
    }
    if !claimed.iter().any(|audience| audiences.iter().any(|known| known == audience)) {
        return Err(worded("Incorrect token audience"));
    }
    times(jwt, state.now())
}

fn times(jwt: &Jwt, now: i64) -> Result<(), Fault> {
    let time = |claim: &str| match jwt.claims.get(claim) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or_else(|| invalid_token("Invalid timestamp in token claims.")),
    };
    let need = |claim: &str| time(claim)?.ok_or_else(|| invalid_token(&format!("Missing a required claim: {claim}")));
    let (issued, expires) = (need("iat")?, need("exp")?);
    if now >= expires {
        let message = format!("Token expired: current date/time {now} must be before the expiration date/time {expires}");
        return Err(Fault::new(400, "ExpiredTokenException", message));
    }
    if issued > now + LEEWAY || time("nbf")?.is_some_and(|from| from > now + LEEWAY) {
        return Err(invalid_token("Token issued in the future."));
    }
    Ok(())
}

fn invalid_token(message: &str) -> Fault {
    Fault::new(400, "InvalidIdentityToken", message)
}

fn caller_identity(state: &State, seen: &Seen, region: &str) -> Outcome {
    let Session { arn, user_id, account, .. } = authenticated(state, seen, region)?;
    Ok(format!("    <Arn>{}</Arn>\n    <UserId>{}</UserId>\n    <Account>{account}</Account>\n", escape(arn), escape(user_id)))
}

/// Whose keys signed the request.
fn authenticated<'a>(state: &'a State, seen: &Seen, region: &str) -> Result<&'a Session, Fault> {
    let signed = Signed::read(seen).map_err(|unreadable| match unreadable {
        Unreadable::Missing => Fault::new(403, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        Unreadable::Incomplete(what) => Fault::new(400, "IncompleteSignature", what),
    })?;
    let refused = |message: String| Fault::new(403, "SignatureDoesNotMatch", message);
    let mut scope = String::new();
    if signed.region != signing_region(region) {
        scope.push_str("Credential should be scoped to a valid region. ");
    }
    if signed.service != "sts" {
        scope.push_str("Credential should be scoped to correct service: 'sts'. ");
    }
    if !scope.is_empty() {
        return Err(refused(scope));
    }
    let session = known(state, &signed)
        .ok_or_else(|| Fault::new(403, "InvalidClientTokenId", "The security token included in the request is invalid."))?;
    let now = state.now();
    if session.expires.is_some_and(|expires| now >= expires) {
        return Err(Fault::new(403, "ExpiredToken", "The security token included in the request is expired"));
    }
    if !signed.verify(seen, &session.secret) {
        return Err(refused(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".to_owned(),
        ));
    }
    let (at, date, server) = (signed.at(), &signed.date, state::amz(now));
    let window = signed.expires.unwrap_or(WINDOW);
    if at + window < now {
        return Err(refused(format!(
            "Signature expired: {date} is now earlier than {} ({server} - {} min.)",
            state::amz(now - window),
            window / 60
        )));
    }
    if at > now + WINDOW {
        return Err(refused(format!(
            "Signature not yet current: {date} is still later than {} ({server} + 15 min.)",
            state::amz(now + WINDOW)
        )));
    }
    Ok(session)
}

/// The session of that key, if its token is the right one and its role still exists.
fn known<'a>(state: &'a State, signed: &Signed) -> Option<&'a Session> {
    let session = state.sessions.get(&signed.access_key)?;
    let alive = session.role.as_ref().is_none_or(|role| iam::find_role(&state.world, role).is_some());
    (session.token == signed.token && alive).then_some(session)
}

/// The step that a script has for this call: the host's own first, then the region's, then everybody's.
fn scripted_step(state: &mut State, host: &str, region: &str, action: &str) -> Option<Act> {
    let find = |scripts: &BTreeMap<String, Script>| scripts.get(action).or_else(|| scripts.get("*")).cloned();
    let sts = &state.world.sts;
    let (place, script) = [host, region]
        .iter()
        .find_map(|place| Some(((*place).to_owned(), find(&sts.regions.get(*place)?.script)?)))
        .or_else(|| Some((String::new(), find(&sts.script)?)))?;
    state.step(&format!("sts/{place}/{action}"), Some(&script))
}

fn scripted(
    state: &mut State,
    seen: &Seen,
    region: &str,
    action: &str,
    parameters: &BTreeMap<String, String>,
    request_id: &str,
    act: &Act,
) -> Answer {
    let values = placeholders(state, seen, parameters, request_id);
    let expand = |text: &str| values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
    let plain = || {
        let status = act.status.unwrap_or(400);
        if let Some(body) = &act.body {
            return page(status, request_id, expand(body));
        }
        let mut fault = Fault::new(
            status,
            &expand(act.code.as_deref().unwrap_or("InternalFailure")),
            expand(act.message.as_deref().unwrap_or_default()),
        );
        match act.fault.as_deref() {
            Some("Receiver") => fault.fault = "Receiver",
            Some(_) => fault.fault = "Sender",
            None => {}
        }
        fault.page(request_id)
    };
    state::scripted(act, expand, plain, || normal(state, seen, region, action, parameters, request_id).into())
}

/// What a scripted text may echo, secrets included.
fn placeholders(state: &State, seen: &Seen, parameters: &BTreeMap<String, String>, request_id: &str) -> Vec<(&'static str, String)> {
    let token = parameters.get("WebIdentityToken").unwrap_or(&state.web_identity_token).clone();
    let claims = Jwt::parse(&token);
    let signed = Signed::read(seen).ok();
    let session = signed.as_ref().and_then(|signed| state.sessions.get(&signed.access_key)).or_else(|| state.sessions.values().last());
    let audience = claims.as_ref().and_then(|jwt| jwt.claims.get("aud")).map(|aud| aud.get(0).unwrap_or(aud));
    let role = parameters.get("RoleArn").unwrap_or(&state.world.role).clone();
    vec![
        ("issuer", claims.as_ref().and_then(|jwt| jwt.text("iss")).unwrap_or(&state.world.issuer).to_owned()),
        ("audience", audience.and_then(Value::as_str).unwrap_or_default().to_owned()),
        ("account", RoleArn::parse(&role).map_or_else(|| state.world.account.clone(), |arn| arn.account)),
        ("role", role),
        ("token", token),
        ("secret", session.map(|session| session.secret.clone()).unwrap_or_default()),
        ("sessionToken", session.and_then(|session| session.token.clone()).unwrap_or_default()),
        ("requestId", request_id.to_owned()),
        // No name, message or id is so long. The body is still one that the probe reads whole.
        ("long", "a".repeat(50_000)),
    ]
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
