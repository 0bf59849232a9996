//! What a record's evidence means: the Pod Identity agent's answers, STS's, those to signed calls, denials, and the way there.
//!
//! Which finding an answer stands for is told by the rows of the catalogue, as in `check`. Words of SDKs have rows of their own in `table`.

use super::facts::{facts, host_region, sts_host};
use super::forms;
use super::found::{NeedlePlace, NeedlePlaces};
use super::index::{Index, RowSets, SentenceSets, codes_of, texts_of};
use super::record::Record;
use super::table::{OF_WORDS, WordSet};
use crate::core::aws::answer::ServiceError;
use crate::core::aws::partition::{PARTITIONS, Region};
use crate::core::catalogue::{Code, Operation, Step};
use crate::core::text::printable::floor;

/// The families of `table::FAMILIES` that count only on the way to STS and to the agent.
const NETWORK: usize = 0;
const AGENT_NETWORK: usize = 1;
/// So many places of a needle in one record are looked at: a line of nothing but one word is no error.
pub(super) const MOST: usize = 24;

/// A recogniser's answer.
pub(super) struct Hit {
    pub at: usize,
    pub code: Code,
    /// What has to be said of it beyond the catalogue.
    pub detail: Option<String>,
}

impl Hit {
    pub fn at(at: usize, code: Code) -> Hit {
        Hit { at, code, detail: None }
    }

    pub fn saying(self, detail: impl Into<String>) -> Hit {
        Hit { detail: Some(detail.into()), ..self }
    }
}

/// A record, and where its needles stand.
pub(super) struct RecordEvidence<'a> {
    pub record: &'a Record,
    pub found: NeedlePlaces,
    /// The call that a link of a chain made, whatever its text says.
    call: Option<Operation>,
}

impl<'a> RecordEvidence<'a> {
    pub fn of(record: &'a Record) -> RecordEvidence<'a> {
        RecordEvidence { record, found: NeedlePlaces::of(record), call: None }
    }

    /// All that a record says.
    pub fn hits(&self) -> Vec<Hit> {
        let mut hits = match self.link() {
            Some(link) => link.into_iter().chain(self.words().filter(|hit| hit.code == Code::NoCredentialsFound)).collect(),
            None => self.said(),
        };
        // The chain's failure is that of the role which it could not assume.
        if hits.iter().any(|hit| hit.code == Code::RoleChainDenied) {
            hits.retain(|hit| hit.code != Code::NoCredentialsFound);
        }
        hits.extend(self.not_mapped());
        hits.extend(self.paths_in_aws_auth());
        hits
    }

    /// What it says as a whole.
    fn said(&self) -> Vec<Hit> {
        let mut hits = self.answers();
        hits.extend(self.words());
        // STS's general complaint about a parameter, where it is known which one.
        if hits.iter().any(|hit| hit.code.step() == Step::Token) {
            hits.retain(|hit| hit.code != Code::RequestRejected);
        }
        hits
    }

    /// The words of SDKs and of others: one row of each table.
    fn words(&self) -> impl Iterator<Item = Hit> {
        let families = &Index::get().families()[OF_WORDS..];
        families.iter().filter_map(|family| family.iter().find_map(|row| self.row(row, |_| true)))
    }

    /// A chain's last error lists what each link said. The first that was configured and failed is the cause.
    fn link(&self) -> Option<Vec<Hit>> {
        let of = |words, call, counts| self.found.words(words).iter().map(move |place| (*place, call, counts));
        let mut links: Vec<_> = of(WordSet::WebIdentityLink, Some(Operation::AssumeRoleWithWebIdentity), true)
            .chain(of(WordSet::ContainerLink, Some(Operation::AssumeRoleForPodIdentity), true))
            .chain(of(WordSet::EitherLink, None, true))
            .chain(of(WordSet::OtherLink, None, false))
            .collect();
        links.sort_unstable_by_key(|(place, _, counts)| (place.at, !counts));
        let ends = links.iter().skip(1).map(|(next, ..)| next.at).chain([self.record.text.len()]);
        let parts: Vec<_> = links.iter().zip(ends).filter(|((place, _, counts), end)| *counts && place.end < *end).collect();
        parts.into_iter().find_map(|((place, call, _), end)| {
            let from = if self.record.lower[place.at..].starts_with("suppressed") { place.at } else { place.end };
            let said = self.record.part(from..floor(&self.record.text, end.min(from + 2000)));
            let link = RecordEvidence { record: &said, found: NeedlePlaces::of(&said), call: *call };
            if !link.found.words(WordSet::NotConfigured).is_empty() {
                return None;
            }
            let mut hits = link.said();
            hits.truncate(1);
            hits.iter_mut().for_each(|hit| hit.at += from);
            (!hits.is_empty()).then_some(hits)
        })
    }

    /// What AWS answered, or the way to it refused. Each explains what follows it: the first that is found is all that counts.
    fn answers(&self) -> Vec<Hit> {
        let first = self.agent().or_else(|| self.exchange()).or_else(|| self.signed()).or_else(|| self.denial());
        match first {
            Some(hit) => vec![hit],
            None => self.network(),
        }
    }

    /// The first place of some words that is no part of a program's source.
    pub fn first(&self, words: WordSet) -> Option<NeedlePlace> {
        self.found.words(words).iter().copied().take(MOST).find(|place| !forms::is_source(self.record, place.at, place.end))
    }

    pub fn names(&self, words: WordSet, at: usize) -> bool {
        self.found.names(words, &self.record.around(at))
    }

    /// The first place in a record that fits a row.
    fn row(&self, row: &RowSets, gate: impl Fn(usize) -> bool) -> Option<Hit> {
        let fits = |place: &&NeedlePlace| {
            let near = self.record.near(place.at);
            row.with.is_none_or(|with| self.found.has(with, &near) || row.row.is_common && self.call.is_some())
                && row.without.is_none_or(|without| !self.found.has(without, &near))
                && gate(place.at)
                && !(row.row.is_common && names_another_file(self.record, place))
                && !forms::is_source(self.record, place.at, place.end)
                && forms::is_class_of_error(self.record, place.at, place.end)
        };
        let place = self.found.places(row.text).iter().take(MOST).find(fits)?;
        let detail = (!row.row.detail.is_empty()).then(|| row.row.detail.to_owned());
        Some(Hit { detail, ..Hit::at(place.at, row.row.code) })
    }

    /// The first sentence of the table that the record contains: its place, and the AWS error code that it means.
    fn sentence(&self, sentences: &[SentenceSets]) -> Option<(usize, &'static str)> {
        sentences.iter().find_map(|sentence| {
            let fits = |place: &&NeedlePlace| {
                let is_link = self.call == Some(Operation::AssumeRoleWithWebIdentity);
                sentence.near.is_none_or(|near| is_link || self.found.has(near, &self.record.around(place.at)))
                    && !forms::is_source(self.record, place.at, place.end)
            };
            Some((self.found.places(sentence.text).iter().take(MOST).find(fits)?.at, sentence.code))
        })
    }

    /// The known code of this operation in an error's position that is nearest to a place, within its surroundings.
    fn nearest_code(&self, at: usize, operation: Operation) -> Option<NeedlePlace> {
        let around = self.record.around(at);
        let is_error = |place: &&NeedlePlace| forms::is_error(self.record, place.at, place.end);
        self.found
            .places(codes_of(operation))
            .iter()
            .filter(|place| around.contains(&place.at))
            .take(MOST)
            .filter(is_error)
            .min_by_key(|place| place.at.abs_diff(at))
            .copied()
    }

    fn finding(&self, operation: Operation, at: usize, code: Option<&str>) -> Hit {
        Hit::at(at, Code::from_error(operation, &self.error(at, code)))
    }

    /// Code and message at a place, as the catalogue wants them. The message ends where an SDK goes on with its own.
    fn error(&self, at: usize, code: Option<&str>) -> ServiceError {
        const ENDS: [&str; 7] = ["request id", "requestid", "(service:", "</message>", "\",\"", "$metadata", "errorverbose"];
        let record = self.record;
        let message = &record.text[at..floor(&record.text, at + 700)];
        let lower = &record.lower[at..at + message.len()];
        let cut = ENDS.iter().filter_map(|end| lower.find(end)).min().unwrap_or(message.len());
        ServiceError {
            status: forms::status(record.window(at)).unwrap_or(0),
            code: code.map(str::to_owned),
            message: message[..cut].to_owned(),
            request_id: None,
        }
    }

    fn agent(&self) -> Option<Hit> {
        const CALL: Operation = Operation::AssumeRoleForPodIdentity;
        let text = |place: &NeedlePlace| &self.record.lower[place.at..place.end];
        // The action is also spoken of where it is not denied.
        let is_said = |place: &&NeedlePlace| {
            (!text(place).starts_with("eks-auth:") || self.names(WordSet::NotAuthorized, place.at))
                && !forms::is_source(self.record, place.at, place.end)
        };
        let code_near = |at: usize| self.nearest_code(at, CALL).map(|place| self.record.text[place.at..place.end].replace(' ', ""));
        if let Some(place) = self.found.places(texts_of(CALL)).iter().take(MOST).find(is_said) {
            return Some(self.finding(CALL, place.at, code_near(place.at).as_deref()));
        }
        let call = self.first(WordSet::AgentCall).filter(|place| self.is_agent_call(place.at));
        let is_link = self.call == Some(CALL);
        let named = call.into_iter().chain(self.first(WordSet::AgentAddress)).map(|place| place.at).min();
        let at = named.or(is_link.then_some(0))?;
        if let Some(code) = code_near(at) {
            return Some(self.finding(CALL, at, Some(&code)));
        }
        if self.names(WordSet::TooMany, at) {
            return Some(Hit::at(at, Code::AgentThrottled));
        }
        if self.names(WordSet::FromEksAuth, at) {
            return Some(Hit::at(at, Code::AgentError));
        }
        let near = |at: usize| is_link || self.names(WordSet::AgentAddress, at) || self.names(WordSet::AgentCall, at);
        let way = Index::get().families()[AGENT_NETWORK].iter().find_map(|row| self.row(row, near));
        let failed = || {
            let status = forms::status(self.record.window(at)).filter(|status| *status >= 400)?;
            (is_link || call.is_some()).then(|| Hit::at(at, if status == 429 { Code::AgentThrottled } else { Code::AgentError }))
        };
        way.or_else(failed)
    }

    /// Go 2 loads the credentials of other sources with the same words.
    fn is_agent_call(&self, at: usize) -> bool {
        !self.names(WordSet::Exchange, at) || self.names(WordSet::AgentAddress, at)
    }

    /// The answer to AssumeRoleWithWebIdentity.
    fn exchange(&self) -> Option<Hit> {
        const CALL: Operation = Operation::AssumeRoleWithWebIdentity;
        if let Some((at, code)) = self.sentence(Index::get().sentences(true)) {
            return Some(self.finding(CALL, at, Some(code)));
        }
        if let Some(hit) = self.of_ruby() {
            return Some(hit);
        }
        // No other call has these.
        const ONLY_HERE: [&str; 3] = ["InvalidIdentityToken", "IDPCommunicationError", "IDPRejectedClaim"];
        let codes = self.found.places(codes_of(CALL)).iter().take(MOST).filter(|place| forms::is_error(self.record, place.at, place.end));
        let mut codes = codes.map(|place| (place.at, self.record.text[place.at..place.end].replace(' ', "")));
        if let Some((at, code)) = codes.find(|(_, code)| ONLY_HERE.iter().any(|only| code.starts_with(only))) {
            return Some(self.finding(CALL, at, Some(&code)));
        }
        let is_link = self.call == Some(CALL);
        // Of STS's calls, only the exchange says so little of itself.
        let of_sts = || {
            self.first(WordSet::StsAnswer)
                .filter(|place| !self.names(WordSet::NextRole, place.at) && !self.names(WordSet::GetCallerIdentity, place.at))
        };
        let named = self.first(WordSet::Exchange);
        let at = named.or_else(of_sts).map(|place| place.at).or(is_link.then_some(0))?;
        // Of another call that the same text tells of.
        let other = self.found.words(WordSet::NotAuthorized).iter().any(|denied| self.record.around(at).contains(&denied.at))
            || self.sentence(Index::get().sentences(false)).is_some();
        if other {
            return None;
        }
        if let Some(code) = self.nearest_code(at, CALL).filter(|code| code.at.abs_diff(at) < 400) {
            let code = self.record.text[code.at..code.end].replace(' ', "");
            // Every call of STS's can be denied.
            let counts = named.is_some() || is_link || !code.starts_with("AccessDenied");
            return counts.then(|| self.finding(CALL, at, Some(&code)));
        }
        let window = self.record.window(at);
        // Go 2 may lose the body. With this status STS has denied; the other errors of this status are rare.
        if window.lower.contains("failed to copy error response body") && forms::status(window) == Some(403) {
            return Some(
                Hit::at(at, Code::TrustPolicyDenied).saying("The SDK lost AWS's words. Status 403 is what STS answers when it denies."),
            );
        }
        // A code that no table knows: AWS's own shape says that it is one.
        let named = forms::unknown_code(window);
        // Java 2 prints no code.
        let by_status = || match forms::status(window)? {
            429 => Some("Throttling"),
            500.. => Some("ServiceUnavailable"),
            _ => None,
        };
        Some(self.finding(CALL, at, Some(named.or_else(by_status)?)))
    }

    /// `Aws::STS::Errors::CODE`: Ruby does not say which call it was. AssumeRole has most of the errors of the exchange, and they mean the same.
    fn of_ruby(&self) -> Option<Hit> {
        let is_sts = |place: &&NeedlePlace| self.record.lower[..place.at].ends_with("aws::sts");
        let place = self.found.words(WordSet::RubyErrors).iter().take(MOST).find(is_sts)?;
        let code = forms::word(&self.record.text[place.end..]);
        if self.names(WordSet::NoFinding, place.at) || !forms::is_error(self.record, place.end, place.end + code.len()) {
            return None;
        }
        let is_exchange = !self.names(WordSet::NextRole, place.at) && !self.names(WordSet::GetCallerIdentity, place.at);
        let call = if is_exchange { Operation::AssumeRoleWithWebIdentity } else { Operation::GetCallerIdentity };
        let known = self.sentence(Index::get().sentences(false)).is_none() && self.found.words(WordSet::NotAuthorized).is_empty();
        (known && !code.is_empty()).then(|| self.finding(call, place.at, Some(code)))
    }

    /// The answer to a signed call, whichever it is: keys, signature and clock are the same for all services.
    fn signed(&self) -> Option<Hit> {
        const CALL: Operation = Operation::GetCallerIdentity;
        if let Some((at, code)) = self.sentence(Index::get().sentences(false)) {
            return Some(self.clocked(self.finding(CALL, at, Some(code))));
        }
        let is_error = |place: &&NeedlePlace| forms::is_error(self.record, place.at, place.end);
        let place = *self.found.places(codes_of(CALL)).iter().take(MOST).find(is_error)?;
        let code = self.record.text[place.at..place.end].replace(' ', "");
        // What every service answers in its own name means STS only where STS is named.
        const BY_ANY: [&str; 12] = [
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "AuthFailure",
            "RegionDisabledException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "RequestInTheFuture",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "ExpiredToken",
        ];
        let denied = code.starts_with("AccessDenied");
        let counts = match self.names(WordSet::OfSts, place.at) {
            true => !denied || self.names(WordSet::GetCallerIdentity, place.at),
            false => BY_ANY.contains(&code.as_str()) && self.names(WordSet::OfAws, place.at),
        };
        counts.then(|| self.clocked(self.finding(CALL, place.at, Some(&code))))
    }

    /// A session that ended, or a signature that expired, by how much.
    fn clocked(&self, hit: Hit) -> Hit {
        let times = facts(self.record.window(hit.at)).times;
        let skew = times.and_then(|times| Some(times.signed?.since(times.server?))).filter(|_| hit.code == Code::ClockSkew);
        match skew {
            Some(skew) if skew != 0 => {
                let way = if skew < 0 { "behind" } else { "ahead of" };
                hit.saying(format!("The caller's clock is {} {way} AWS's.", crate::core::text::time::format_duration(skew)))
            }
            _ => hit,
        }
    }

    /// The way to STS: what failed, the host that cannot exist, the controller that waits for itself.
    fn network(&self) -> Vec<Hit> {
        let record = self.record;
        let near_sts = |at: usize| {
            let (window, near) = (record.narrow(at), record.near(at));
            let other_host = || PARTITIONS.iter().any(|row| window.lower.contains(&format!(".{}", row.dns_suffix)));
            let is_sts = self.call == Some(Operation::AssumeRoleWithWebIdentity)
                || self.found.names(WordSet::StsHost, &near) && sts_host(window).is_some()
                || (self.found.names(WordSet::Exchange, &near) || self.found.names(WordSet::ByWebIdentity, &near)) && !other_host();
            is_sts && !names_another(window.before())
        };
        let Some(hit) = Index::get().families()[NETWORK].iter().find_map(|row| self.row(row, near_sts)) else { return Vec::new() };
        let window = record.window(hit.at);
        let host = sts_host(window);
        let region = host.and_then(host_region);
        let is_lookup = matches!(hit.code, Code::DnsNotFound | Code::DnsFailed);
        let code = match (hit.code, region.map(Region::parse)) {
            (Code::DnsNotFound | Code::DnsFailed, Some(Err(_))) if region.is_some_and(str::is_empty) => Code::RegionMissing,
            (Code::DnsNotFound | Code::DnsFailed, Some(Err(_))) => Code::RegionMalformed,
            (Code::DnsNotFound, Some(Ok(region))) if host.is_some_and(|host| host.contains("sts-fips.")) && !region.has_fips_sts() => {
                Code::FipsEndpointAbsent
            }
            (Code::DnsFailed, _) if self.waits_for_itself(hit.at) => Code::DnsPolicyDeadlock,
            (code, _) => code,
        };
        let global = !is_lookup && host.is_some_and(|host| host.eq_ignore_ascii_case("sts.amazonaws.com"));
        let at = hit.at;
        let mut hits = vec![Hit { code, detail: hit.detail.filter(|_| code == hit.code), ..hit }];
        if global
            && matches!(
                code,
                Code::ConnectTimeout | Code::ConnectRefused | Code::NetworkUnreachable | Code::RequestTimeout | Code::ConnectionLost
            )
        {
            hits.push(Hit::at(at, Code::GlobalEndpointConfigured).saying("The call went to the global endpoint, which a VPC endpoint for STS never serves: in a subnet without a way to the internet that is why.".to_owned()));
        }
        hits
    }

    /// A controller that CoreDNS waits for, by its own name: `karpenter.sh/…` is also a label of everybody's pods.
    fn waits_for_itself(&self, at: usize) -> bool {
        let around = self.record.around(at);
        let lower = &self.record.lower;
        self.found.words(WordSet::BeforeDns).iter().filter(|place| around.contains(&place.at)).any(|place| {
            let rest = &lower[place.end..];
            let logger = lower[..place.at].ends_with("group\": \"") || lower[..place.at].ends_with("group\":\"");
            logger || !(rest.starts_with(".sh/") || rest.starts_with(".k8s.aws/"))
        })
    }

    /// aws-iam-authenticator's log: the ARN that came has lost its path, whatever the mapping says.
    fn not_mapped(&self) -> Option<Hit> {
        let place = self.first(WordSet::Mapping)?;
        let arn = super::facts::next_arn(&self.record.text[place.at..]);
        let has_path = arn.split_once(":role/").is_some_and(|(_, name)| name.contains('/'));
        Some(match has_path {
            true => Hit::at(place.at, Code::AwsAuthRolePath),
            false => Hit::at(place.at, Code::KubernetesAccessMissing).saying(
                "aws-auth has no rolearn with exactly this text. If it has one with a path (role/team/NAME), remove the path there."
                    .to_owned(),
            ),
        })
    }

    /// `rolearn: arn:…:role/path/NAME`, as aws-auth and eksctl write it. AWS's own `RoleArn` and the annotation `role-arn` may have a path.
    fn paths_in_aws_auth(&self) -> Vec<Hit> {
        let with_path = |place: &&NeedlePlace| {
            let value = self.record.text[place.end..].trim_start_matches([':', '=', ' ', '"', '\'']);
            let arn = super::facts::arn(value);
            let name = arn.split_once(":role/").filter(|(head, _)| head.starts_with("arn:")).map(|(_, name)| name.trim_end_matches('/'));
            self.record.text[place.at..].starts_with("rolearn") && name.is_some_and(|name| name.contains('/'))
        };
        self.found.words(WordSet::RoleArn).iter().filter(with_path).take(16).map(|place| Hit::at(place.at, Code::AwsAuthRolePath)).collect()
    }
}

/// Whether the text before a network error names another target than STS: the host of a URL or a lookup, the port of a database.
fn names_another(before: &str) -> bool {
    const TARGETS: [&str; 5] = ["://", "lookup ", "dial tcp ", "read tcp ", "econnrefused "];
    let last = TARGETS.iter().filter_map(|target| Some((before.rfind(target)?, *target))).max();
    let Some((at, target)) = last else { return false };
    let rest = &before[at + target.len()..];
    let name = rest.split([' ', '"', '\'', '/', ',', ')']).next().unwrap_or_default();
    let host = name.split(':').next().unwrap_or_default();
    match target {
        "://" | "lookup " => !host.is_empty() && !host.contains("sts"),
        // The URL of the request stands before.
        _ if before[..at].ends_with("\": ") => names_another(&before[..at]),
        _ => {
            // The far end of a connection, of which AWS's ports are 443 and 80, and a proxy's may be any.
            let far = name.rsplit("->").next().unwrap_or_default().trim_end_matches(':');
            let port = far.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            port.is_some_and(|port| !matches!(port, 443 | 80 | 53)) && !before.contains("proxyconnect")
        }
    }
}

/// Whether an error about a file is about another file than a token for AWS. The path before the error decides, else the path after it.
fn names_another_file(record: &Record, place: &NeedlePlace) -> bool {
    let is_file_error = ["no such file", "permission denied", "is a directory", "eacces", "enoent", "eisdir"]
        .iter()
        .any(|error| record.lower[place.at..].starts_with(error));
    if !is_file_error {
        return false;
    }
    let near = |text: &str| {
        text.split([' ', '"', '\'', '(', ')', ',']).map(str::to_owned).filter(|word| word.starts_with('/')).collect::<Vec<_>>()
    };
    let before = near(&record.lower[floor(&record.lower, place.at.saturating_sub(120))..place.at]);
    let behind = near(&record.lower[place.end..floor(&record.lower, place.end + 120)]);
    let is_token = |path: &String| path.contains("token") || path.contains("amazonaws.com");
    match (before.last(), behind.first()) {
        (Some(path), behind) => !is_token(path) && !behind.is_some_and(is_token),
        (None, Some(path)) => !is_token(path),
        (None, None) => false,
    }
}
