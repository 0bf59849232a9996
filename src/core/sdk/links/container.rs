//! The link of `AWS_CONTAINER_CREDENTIALS_*`: ECS and EKS Pod Identity.

use super::super::outcome::ChainEnd;
use super::super::proxies;
use super::super::rules::{Chain, ContainerFailure, Empty, EmptyRelativeUri, HeldTokenFirst, Host, Schemes, Trims};
use super::super::surroundings::{AgentCall, Surroundings, TokenFile};
use super::LinkResult;
use crate::core::aws::url::{is_loopback, is_plain_http, url_host};
use crate::core::pod::environment::{Environment, HeldToken, UrlVar};
use std::net::IpAddr;

/// The address of ECS.
const ECS: &str = "169.254.170.2";
/// The agent's addresses.
const AGENT: [&str; 2] = ["169.254.170.23", "fd00:ec2::23"];

/// Why the container's credentials are not given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ContainerFault {
    /// The URI is no URL.
    Malformed,
    /// The URI is not called.
    Uri,
    /// The token file is not there.
    MissingFile,
    /// The token file cannot be read.
    UnreadableFile,
    /// The token file is a folder.
    Folder,
    /// The token cannot be sent in a header.
    TokenForm,
    /// The agent does not give credentials.
    Agent,
    /// The answer is not the agent's JSON.
    Alien,
}

/// Whether a URI is set.
pub(super) fn has_uri(chain: &Chain, env: &Environment) -> bool {
    let counts = |var: &UrlVar| var.value().is_some() || (var.is_set() && chain.container.empty_uri == Empty::Given);
    let relative = env.container_relative_uri.value().is_some()
        || (env.container_relative_uri.is_empty() && chain.container.empty_relative_uri != EmptyRelativeUri::Unset);
    relative || (chain.container.reads_full_uri && counts(&env.container_full_uri))
}

pub(super) fn try_container(chain: &Chain, surroundings: &Surroundings<'_>) -> LinkResult {
    let (rules, env) = (&chain.container, surroundings.environment);
    let file = token_file(chain, surroundings);
    if !has_uri(chain, env) {
        return match file {
            Some(Err((ContainerFault::MissingFile | ContainerFault::UnreadableFile | ContainerFault::Folder, _)))
                if rules.token_file_first =>
            {
                LinkResult::Fails(
                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names a file that cannot be read, which is an error even without a URI.",
                )
            }
            _ => LinkResult::Passes,
        };
    }
    let full_uri_first = rules.full_uri_first && env.container_full_uri.value().is_some();
    if let Some(result) = try_relative_uri(chain, surroundings).filter(|_| !full_uri_first) {
        return result;
    }
    let Some(uri) = env.container_full_uri.raw() else {
        return failure(chain, "", ContainerFault::Malformed, "The container's URI is empty, but counts as set in this SDK.");
    };
    let uri = &tidy_uri(chain, uri);
    let Some(host) = url_host(uri) else {
        return failure(chain, "", ContainerFault::Malformed, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL that this SDK understands.");
    };
    if !may_be_called(chain, uri, &host) {
        return failure(
            chain,
            "",
            ContainerFault::Uri,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL that this SDK calls: over http it calls only loopback and the agent's addresses.",
        );
    }
    let is_agent = AGENT.contains(&host.as_str());
    let is_near = is_agent || is_loopback(&host) || (is_plain_http(uri) && host.parse::<IpAddr>().is_err());
    match token(chain, surroundings, file) {
        Err((cause, why)) => return failure(chain, &host, cause, why),
        // Who names a token for the address has an agent there that wants one.
        Ok(false) if is_agent || (is_near && env.container_token_file.value().is_some()) => {
            let why = "AWS_CONTAINER_CREDENTIALS_FULL_URI is set without a token, and EKS's agent refuses a call without one.";
            return failure(chain, &host, ContainerFault::Agent, why);
        }
        Ok(_) => {}
    }
    if is_plain_http(uri) && proxies::captures_agent(chain, env, &host) {
        return failure(chain, &host, ContainerFault::Agent, "The call to the agent goes to the proxy in HTTP_PROXY.");
    }
    call(chain, surroundings, &host, is_near)
}

/// What the call to this host gives.
fn call(chain: &Chain, surroundings: &Surroundings<'_>, host: &str, is_agent: bool) -> LinkResult {
    let first = surroundings.agent_first.filter(|first| !is_repeated(chain, *first));
    let fails = |cause, why| failure(chain, host, cause, why);
    let at_ecs = surroundings.ecs.filter(|_| host == ECS);
    match first.or(at_ecs).unwrap_or(surroundings.agent) {
        AgentCall::Expired if chain.container.expiry_counts => {
            fails(ContainerFault::Agent, "The agent gives credentials that have already expired.")
        }
        AgentCall::Works | AgentCall::Expired if host == ECS => LinkResult::gives(
            ChainEnd::Container,
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or the full URI leads to the ECS address, where nothing answers on EKS.",
        ),
        AgentCall::Works | AgentCall::Expired if !is_agent => {
            LinkResult::gives(ChainEnd::Container, "AWS_CONTAINER_CREDENTIALS_FULL_URI names another host than the agent.")
        }
        AgentCall::Works | AgentCall::Expired => LinkResult::gives(ChainEnd::PodIdentity, "AWS_CONTAINER_CREDENTIALS_FULL_URI is set."),
        AgentCall::NotFound => fails(ContainerFault::Agent, "The agent finds no association."),
        AgentCall::Refused => fails(ContainerFault::Agent, "The agent refuses the request."),
        AgentCall::Failing | AgentCall::Throttled => fails(ContainerFault::Agent, "The agent cannot answer now."),
        AgentCall::Alien => fails(ContainerFault::Alien, "Another server answers instead of the agent."),
        AgentCall::Unreachable => fails(ContainerFault::Agent, "The agent cannot be reached."),
    }
}

/// What the relative URI gives. `None` when it counts as not set.
fn try_relative_uri(chain: &Chain, surroundings: &Surroundings<'_>) -> Option<LinkResult> {
    let (rules, env) = (&chain.container, surroundings.environment);
    let ecs = call(chain, surroundings, ECS, false);
    let empty = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is empty, but counts as set in this SDK.";
    match (env.container_relative_uri.raw(), rules.empty_relative_uri) {
        (Some(uri), _) if uri.starts_with('/') || !rules.relative_uri_needs_slash => Some(ecs),
        (Some(_), _) => {
            let why = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash, so it leads to no host.";
            Some(failure(chain, "", ContainerFault::Uri, why))
        }
        (None, EmptyRelativeUri::Unset) => None,
        (None, _) if !env.container_relative_uri.is_empty() => None,
        (None, EmptyRelativeUri::CallsEcs) => Some(ecs),
        (None, EmptyRelativeUri::Fails) => Some(LinkResult::Fails(empty)),
        (None, EmptyRelativeUri::GivesNone) => Some(LinkResult::Ends(ChainEnd::None, empty)),
    }
}

/// The full URI as this family reads it, in a form that `url_host` understands.
fn tidy_uri(chain: &Chain, uri: &str) -> String {
    let uri = match chain.container.trims_uri {
        Trims::None => uri,
        Trims::SpacesAtEnd => uri.trim_end_matches(' '),
        Trims::End => uri.trim_end(),
        Trims::Both => uri.trim(),
    };
    let (scheme, rest) = uri.split_once("://").map_or((None, uri), |(scheme, rest)| (Some(scheme), rest));
    let is_known = scheme.is_some_and(|scheme| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    let is_small = scheme.is_some_and(|scheme| !scheme.bytes().any(|byte| byte.is_ascii_uppercase()));
    match chain.container.schemes {
        Schemes::KnownInSmallLetters if !is_small => String::new(),
        Schemes::All if scheme.is_some() && !is_known => format!("http://{rest}"),
        Schemes::KnownOrNone if scheme.is_none() => format!("http://{rest}"),
        _ => uri.to_owned(),
    }
}

/// How the chain takes a failure.
fn failure(chain: &Chain, host: &str, cause: ContainerFault, why: &'static str) -> LinkResult {
    let rules = &chain.container;
    if cause == ContainerFault::Folder && rules.folder_crashes {
        return LinkResult::Ends(ChainEnd::Error, why);
    }
    let is_unread = matches!(cause, ContainerFault::Folder | ContainerFault::MissingFile | ContainerFault::UnreadableFile);
    if rules.bad_token_file_stops && (is_unread || cause == ContainerFault::TokenForm) {
        return LinkResult::Ends(ChainEnd::Error, why);
    }
    let is_error = match rules.failure {
        ContainerFailure::Error => true,
        ContainerFailure::None => false,
        ContainerFailure::ErrorFromAgent => {
            is_unread || cause == ContainerFault::Malformed || (cause != ContainerFault::Uri && AGENT.contains(&host))
        }
        ContainerFailure::NoneFromAgent => {
            !matches!(cause, ContainerFault::Agent | ContainerFault::UnreadableFile | ContainerFault::Folder)
        }
    };
    if is_error { LinkResult::Fails(why) } else { LinkResult::Ends(ChainEnd::None, why) }
}

/// Whether this family calls the URI (docs/facts.md#container-uri).
fn may_be_called(chain: &Chain, uri: &str, host: &str) -> bool {
    let rules = &chain.container;
    if !is_plain_http(uri) && rules.https_anywhere {
        return true;
    }
    let address = host.parse::<IpAddr>().ok();
    let is = |known: &str| address.is_some() && address == known.parse().ok();
    let is_localhost = host.eq_ignore_ascii_case("localhost");
    rules.hosts.iter().any(|allowed| match allowed {
        Host::Any => true,
        Host::Loopback => is_loopback(host),
        Host::LoopbackItself => is_localhost || is("127.0.0.1") || is("::1"),
        Host::LoopbackByIpv4 => is_localhost || is("127.0.0.1"),
        Host::Ecs => is(ECS),
        Host::Agent => is(AGENT[0]),
        Host::AgentByIpv6 => is(AGENT[1]),
        Host::Resolved => address.is_none(),
    })
}

/// The state of the token file. `None` when none is named.
fn token_file(chain: &Chain, surroundings: &Surroundings<'_>) -> Option<Result<(), (ContainerFault, &'static str)>> {
    let rules = &chain.container;
    let path = Some(&surroundings.environment.container_token_file).filter(|_| rules.reads_token_file)?;
    let file = match path.value() {
        Some(_) if rules.trims_path => surroundings.files.trimmed_container_token,
        Some(_) => surroundings.files.container_token,
        None if path.is_empty() && rules.empty_token_file == Empty::Given => TokenFile::Missing,
        None => return None,
    };
    Some(match file {
        TokenFile::Good => Ok(()),
        TokenFile::TrailingWhitespace if rules.trims_token => Ok(()),
        TokenFile::TrailingWhitespace => {
            Err((ContainerFault::TokenForm, "There is white space after the token in the agent's token file."))
        }
        TokenFile::Missing => Err((ContainerFault::MissingFile, "The agent's token file is missing.")),
        TokenFile::NotAFile => Err((ContainerFault::Folder, "The agent's token file is not a file.")),
        TokenFile::Unreadable => Err((ContainerFault::UnreadableFile, "The agent's token file cannot be read.")),
        TokenFile::Empty => Err((ContainerFault::Agent, "The agent's token file is empty.")),
        TokenFile::NotAToken => Err((ContainerFault::Agent, "The agent's token file does not hold a token.")),
    })
}

/// Whether a token is sent. The error says why none can be.
fn token(
    chain: &Chain,
    surroundings: &Surroundings<'_>,
    file: Option<Result<(), (ContainerFault, &'static str)>>,
) -> Result<bool, (ContainerFault, &'static str)> {
    let held = surroundings.environment.container_token;
    let first = match chain.container.held_token_first {
        HeldTokenFirst::No => false,
        HeldTokenFirst::IfNotEmpty => held.has_value(),
        HeldTokenFirst::Always => held != HeldToken::Unset,
    };
    match (first || (file.is_none() && held.has_value()), held) {
        (true, HeldToken::Empty) => {
            Err((ContainerFault::Agent, "AWS_CONTAINER_AUTHORIZATION_TOKEN is empty, and this SDK reads it before the token file."))
        }
        (true, HeldToken::Padded | HeldToken::PaddedNotAToken) if !chain.container.trims_token => {
            Err((ContainerFault::TokenForm, "There is white space before or after the token in AWS_CONTAINER_AUTHORIZATION_TOKEN."))
        }
        (true, HeldToken::NotAToken | HeldToken::PaddedNotAToken) => {
            Err((ContainerFault::Agent, "AWS_CONTAINER_AUTHORIZATION_TOKEN does not hold a token."))
        }
        (true, _) => Ok(true),
        (false, _) => file.transpose().map(|file| file.is_some()),
    }
}

fn is_repeated(chain: &Chain, first: AgentCall) -> bool {
    match first {
        AgentCall::Works => true,
        AgentCall::Failing => chain.retries.agent_failing,
        AgentCall::Throttled => chain.retries.agent_throttled,
        AgentCall::Unreachable => chain.retries.agent_lost,
        AgentCall::NotFound | AgentCall::Refused => chain.retries.agent_refused,
        AgentCall::Expired | AgentCall::Alien => false,
    }
}
