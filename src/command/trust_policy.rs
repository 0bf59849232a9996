//! `irsa-probe trust-policy`: prints the trust policy that the pod's role needs, or evaluates a given one.
//!
//! What flags leave open comes from the token: that of `AWS_WEB_IDENTITY_TOKEN_FILE` (with `--pod-identity` that of
//! `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` first), or the one that the selected profile names. Else it comes from the pod's default token, which has
//! the same issuer and subject.

use super::input::{self, InputText};
use crate::cli::{Output, TrustPolicyOptions};
use crate::collect;
use crate::collect::environment;
use crate::collect::file::{self, Root, TOKEN_CAP};
use crate::core::aws::arn::RoleArn;
use crate::core::aws::trust_policy::{TrustStatement, provider_arn};
use crate::core::plan::inputs::Settings;
use crate::core::plan::{IdentitySource, Plan};
use crate::core::pod::token::DEFAULT_TOKEN_PATH;
use crate::core::pod::token::{Claims, decode};
use crate::core::policy::{self, Decision, Document, Request, Unreadable};
use crate::core::text::printable::is_object_name;
use crate::render::{json, policy as text};
use std::io::IsTerminal;

/// The largest policy that is read: IAM takes 4,096 characters at most, URL-encoding makes three of one, `aws iam get-role` adds some.
const POLICY_CAP: usize = 64 * 1024;

/// Prints the policy, or evaluates the one of `--check`; the exit code.
pub fn run(options: &TrustPolicyOptions) -> u8 {
    let code = match &options.check {
        Some(path) => evaluate(options, path),
        None => print(options),
    };
    code.unwrap_or_else(|reason| {
        super::print_error(&reason);
        2
    })
}

/// Printed on standard error beside a whole policy.
const FOR_A_NEW_ROLE: &str = "this policy is for a new role; on a role that exists it would replace all other statements. For such a role, \
    --format json|terraform|cloudformation prints only the statement to add";

fn print(options: &TrustPolicyOptions) -> Result<u8, String> {
    let statement = needed_statement(options)?;
    match options.format {
        Some(form) => super::print(&statement.form(form)?),
        None => {
            super::print_error(FOR_A_NEW_ROLE);
            super::print(&json::document(&statement.document()));
        }
    }
    Ok(0)
}

/// The statement that the pod's role needs.
fn needed_statement(options: &TrustPolicyOptions) -> Result<TrustStatement, String> {
    if options.pod_identity {
        return Ok(TrustStatement::pod_identity());
    }
    let asked = RoleUse::from_options(options, None)?;
    let path = asked.issuer.strip_prefix("https://").unwrap_or(&asked.issuer);
    if asked.audience.len() > 1 {
        super::print_error(&format!("{SEVERAL}; the policy names the first (--audience names another)"));
    }
    let audience = asked.audience.first().map(String::as_str).unwrap_or(AUDIENCE);
    let provider = provider_arn(asked.role.partition.id(), asked.role.account.as_str(), path);
    Ok(TrustStatement::irsa(&provider, path, &asked.subject, audience))
}

fn evaluate(options: &TrustPolicyOptions, path: &str) -> Result<u8, String> {
    let source = input::display_name(path);
    let document = policy::parse(&policy_text(path)?).map_err(|unreadable| describe_position(source, &unreadable))?;
    let request = request(options, &document)?;
    let role = role(options, Some(&document)).ok();
    if let (Some(role), Some(of)) = (&role, document.role.as_deref().and_then(|arn| RoleArn::parse(arn).ok()))
        && !role.same_role(&of)
    {
        super::print_error(&format!("{source} is the policy of {of}, but this pod asks for {role}"));
    }
    let evaluation = policy::evaluate(&document, &request);
    super::print(&match options.output {
        Output::Json => json::trust_policy(&evaluation),
        Output::Text => {
            let role = role.map(|role| role.to_string());
            text::evaluation(&evaluation, &request, role.as_deref(), super::terminal::style(std::io::stdout().is_terminal()))
        }
    });
    Ok(if evaluation.decision == Decision::Allow { 0 } else { 1 })
}

/// The request for which the policy is evaluated: who asks, and for which role.
fn request(options: &TrustPolicyOptions, document: &Document) -> Result<Request, String> {
    if options.pod_identity {
        let (namespace, account) = PodToken::from_options(options)?.names(options);
        return Ok(
            Request::pod_identity(namespace.as_deref(), account.as_deref(), role(options, Some(document)).ok().as_ref()).at(collect::now())
        );
    }
    let asked = RoleUse::from_options(options, Some(document))?;
    if asked.audience.len() > 1 {
        super::print_error(&format!("{SEVERAL}, whatever the policy says"));
    }
    Ok(Request::irsa(&asked.issuer, &asked.subject, asked.audience, &asked.role).at(collect::now()))
}

/// Where a policy cannot be read, and why: `policy.json:4:12: malformed JSON: trailing comma, in this line: "}"`.
fn describe_position(path: &str, unreadable: &Unreadable) -> String {
    let why = &unreadable.why;
    match &unreadable.at {
        Some(at) if at.text.is_empty() => format!("{path}:{}:{}: {why}", at.line, at.column),
        Some(at) => format!("{path}:{}:{}: {why}, in this line: {}", at.line, at.column, at.text),
        None => format!("{path}: {why}; give the policy, or what aws iam get-role prints"),
    }
}

fn policy_text(path: &str) -> Result<String, String> {
    let source = input::display_name(path);
    let InputText { bytes, cut } = input::read(path, POLICY_CAP).map_err(|failure| format!("{source}: {}", failure.text))?;
    if cut {
        return Err(format!("{source}: it has more than {POLICY_CAP} bytes, so it cannot be a policy"));
    }
    // Every other byte of UTF-16 is zero here; PowerShell's > writes it.
    let text = String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.contains('\0'));
    text.ok_or_else(|| format!("{source}: it is not text in UTF-8; save it as UTF-8 (the > of PowerShell writes UTF-16)"))
}

const SEVERAL: &str = "the token has several audiences and no azp, which STS refuses";

/// The audience of tokens for AWS, unless the token says otherwise.
const AUDIENCE: &str = "sts.amazonaws.com";

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

/// The role: the flag's, the pod's, else the one that the document names as its own. The error says why there is none, and what to give.
///
/// If flags name the pod, the variable does not belong to it: it is the person's own role at a workstation.
fn role(options: &TrustPolicyOptions, document: Option<&Document>) -> Result<RoleArn, MissingFlags> {
    if let Some(role) = &options.role_arn {
        return Ok(role.clone());
    }
    let of = document.and_then(|document| document.role.as_deref()).and_then(|arn| RoleArn::parse(arn).ok());
    if let Some(role) = of.clone().filter(|_| flags_name_the_pod(options)) {
        return Ok(role);
    }
    if let Some(arn) = variable("AWS_ROLE_ARN") {
        return RoleArn::parse(&arn).map_err(|error| MissingFlags {
            why: format!("AWS_ROLE_ARN is not a role's ARN: {error}"),
            flags: vec!["--role-arn"],
            hint: "",
        });
    }
    if let Some(role) = of_profile().and_then(|plan| plan.role) {
        return Ok(role);
    }
    let why = match document {
        Some(_) => "AWS_ROLE_ARN is not set, and the input names no role, as the whole answer of aws iam get-role does",
        None => "AWS_ROLE_ARN is not set",
    };
    let pod_identity = variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").is_some();
    let hint = if pod_identity { "; this container has EKS Pod Identity: --pod-identity" } else { "" };
    of.ok_or_else(|| MissingFlags { why: why.to_owned(), flags: vec!["--role-arn"], hint })
}

/// The plan of a check here, if the selected profile names the identity. Its first role is the one that takes the token.
fn of_profile() -> Option<Plan> {
    let world = super::runtime().ok()?.block_on(environment::read(Settings::default()));
    let plan = Plan::from_inputs(&world.inputs);
    (world.lack.is_none() && plan.source == IdentitySource::Profile).then_some(plan)
}

/// Whether the flags alone say who asks, without a token.
fn flags_name_the_pod(options: &TrustPolicyOptions) -> bool {
    options.namespace.is_some() && options.service_account.is_some() && (options.issuer.is_some() || options.pod_identity)
}

/// What is missing: why, the flags that give it, and what helps to find their values.
struct MissingFlags {
    why: String,
    flags: Vec<&'static str>,
    hint: &'static str,
}

/// Where a cluster's issuer is found.
const ISSUER_HINT: &str = "; for the issuer: aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer --output text";

/// Who asks for which role by IRSA.
struct RoleUse {
    issuer: String,
    subject: String,
    audience: Vec<String>,
    role: RoleArn,
}

impl RoleUse {
    /// From the flags, the token, the variables and the document; or one line that names every flag that is missing.
    fn from_options(options: &TrustPolicyOptions, document: Option<&Document>) -> Result<RoleUse, String> {
        let pod = PodToken::from_options(options)?;
        let (role, token) = match (role(options, document), pod.token_subject(options)?) {
            (Ok(role), Ok(token)) => (role, token),
            (role, token) => {
                let lacks: Vec<MissingFlags> = [role.err(), token.err()].into_iter().flatten().collect();
                let whys: Vec<&str> = lacks.iter().map(|lack| lack.why.as_str()).filter(|why| !why.is_empty()).collect();
                let flags: Vec<&str> = lacks.iter().flat_map(|lack| lack.flags.iter().copied()).collect();
                let hints: String = lacks.iter().map(|lack| lack.hint).collect();
                let whys: String = whys.iter().map(|why| format!("{why}; ")).collect();
                return Err(format!("{whys}give {}{hints}", flags.join(", ")));
            }
        };
        Ok(RoleUse { issuer: token.issuer, subject: token.subject, audience: token.audience, role })
    }
}

/// What a token says of its pod.
struct TokenSubject {
    issuer: String,
    subject: String,
    audience: Vec<String>,
}

/// The issuer as a person gives it. With a wrong one every policy would look wrong.
fn issuer(given: &str) -> Result<String, String> {
    let path = given.strip_prefix("https://").unwrap_or(given);
    let host = path.split('/').next().unwrap_or_default();
    // EKS's issuers go on after the host, and end before the discovery document's path.
    let cut = (host.starts_with("oidc.eks.") || host.starts_with("oidc-eks.")) && !path.contains("/id/");
    if !host.contains('.') || cut || path.contains("/.well-known/") || path.contains("://") || path.contains(char::is_whitespace) {
        let form = "write https://HOST/PATH, as EKS shows it";
        return Err(format!("--issuer: {given:?} is no issuer; {form}{ISSUER_HINT}"));
    }
    // No issuer of EKS ends in a slash.
    Ok(if path.contains("/id/") { path.trim_end_matches('/') } else { path }.to_owned())
}

/// The claims of the pod's token, where the flags leave something open.
struct PodToken {
    claims: Option<Claims>,
    /// The token is not one for AWS: its issuer and subject are right, its audience is another.
    default: bool,
    /// Why there are no claims.
    reason: String,
}

impl PodToken {
    fn from_options(options: &TrustPolicyOptions) -> Result<PodToken, String> {
        for (flag, given) in [("--namespace", &options.namespace), ("--service-account", &options.service_account)] {
            if let Some(name) = given.as_deref().filter(|name| !is_object_name(name)) {
                return Err(format!("{flag}: {name:?} is no name in Kubernetes: use only lower-case letters, digits, '-' and '.'"));
            }
        }
        if flags_name_the_pod(options) {
            return Ok(PodToken { claims: None, default: options.audience.is_none(), reason: String::new() });
        }
        let injected = ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];
        let path = injected.iter().skip(usize::from(!options.pod_identity)).find_map(|name| variable(name));
        let path = path.or_else(|| of_profile()?.token_path.map(|path| path.raw().to_owned()));
        let default = path.is_none();
        let path = path.unwrap_or_else(|| DEFAULT_TOKEN_PATH.to_owned());
        let read = file::read(&Root::Own, &path, TOKEN_CAP).map_err(|failure| failure.text);
        let claims = read.and_then(|content| decode(&content.bytes).map_err(|defect| defect.describe().to_owned()));
        Ok(match claims {
            Ok(claims) => PodToken { claims: Some(claims), default, reason: String::new() },
            Err(reason) => PodToken { claims: None, default, reason: format!("the token {path} cannot be read ({reason})") },
        })
    }

    /// Namespace and service account.
    fn names(&self, options: &TrustPolicyOptions) -> (Option<String>, Option<String>) {
        let claims = self.claims.as_ref();
        let namespace = options.namespace.clone().or_else(|| claims.and_then(|claims| claims.namespace.clone()));
        let account = options.service_account.clone().or_else(|| claims.and_then(|claims| claims.service_account.clone()));
        (namespace, account)
    }

    /// Issuer, subject and audiences, or the flags that are missing. The outer error is a value that is wrong.
    fn token_subject(&self, options: &TrustPolicyOptions) -> Result<Result<TokenSubject, MissingFlags>, String> {
        let claims = self.claims.as_ref();
        let given = options.issuer.as_deref().map(issuer).transpose()?;
        let issuer = given.or_else(|| claims.and_then(|claims| claims.issuer.clone()));
        if issuer.as_deref().is_some_and(|issuer| issuer.starts_with("http://")) {
            return Err("the token's issuer begins with http://, but IAM takes only https://".to_owned());
        }
        let (namespace, account) = self.names(options);
        let given = options.namespace.is_some() || options.service_account.is_some();
        let subject = match (&namespace, &account, claims.and_then(|claims| claims.subject.clone())) {
            (_, _, Some(subject)) if !given => Some(subject),
            (Some(namespace), Some(account), _) => Some(policy::subject(namespace, account)),
            _ => None,
        };
        let flags = [("--issuer", issuer.is_some()), ("--namespace", namespace.is_some()), ("--service-account", account.is_some())];
        let (Some(issuer), Some(subject)) = (issuer, subject) else {
            let flags: Vec<&str> = flags.iter().filter(|(_, there)| !there).map(|(flag, _)| *flag).collect();
            let hint = if flags.contains(&"--issuer") { ISSUER_HINT } else { "" };
            return Ok(Err(MissingFlags { why: self.reason.clone(), flags, hint }));
        };
        let audience = match (&options.audience, claims) {
            (Some(audience), _) => vec![audience.clone()],
            (None, Some(claims)) if !self.default => {
                claims.authorized_party.clone().map_or_else(|| claims.audience.clone(), |party| vec![party])
            }
            _ => vec![AUDIENCE.to_owned()],
        };
        Ok(Ok(TokenSubject { issuer, subject, audience }))
    }
}
