//! Which STS endpoint each family calls.

use super::proxies;
use super::rules::{BadRegion, Chain, Empty, GlobalRegion, NoRegion, OwnImdsEndpoint, RegionSource, RegionalWhen, Urls, Variants, Word};
use super::settings::{BAD_ENDPOINT, BadFlag, Selected, loads_config, selected_profile};
use super::surroundings::{ImdsView, StsHosts, Surroundings};
use crate::core::aws::imds::ImdsReach;
use crate::core::aws::partition::{Partition, Region, RegionError};
use crate::core::aws::url::url_host;
use crate::core::pod::environment::UrlVar;
use crate::core::pod::profile::ProfileSection;
use serde::{Deserialize, Serialize};

/// The kind of STS endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StsEndpoint {
    /// The endpoint of the pod's region, or a configured endpoint.
    Regional,
    /// `sts.amazonaws.com`.
    Global,
}

/// The global endpoint.
const GLOBAL_HOST: &str = "sts.amazonaws.com";

/// Why the family calls that endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndpointReason {
    /// It calls the regional endpoint. No note is needed.
    Plain,
    /// `AWS_STS_REGIONAL_ENDPOINTS` is not `regional`.
    Default,
    /// `AWS_STS_REGIONAL_ENDPOINTS` is `legacy`.
    Setting,
    /// It does not know a regional endpoint.
    Never,
    /// The region is `aws-global`.
    Region,
    /// Its list of regions does not have the region.
    UnknownRegion,
    /// There is no region.
    NoRegion,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION` is set, and it does not read that variable.
    RegionNotRead,
    /// A URL is configured.
    Url,
}

/// The endpoint of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) kind: StsEndpoint,
    pub(super) reason: EndpointReason,
    /// The URL that is called, if one is configured.
    pub(super) url: Option<String>,
    /// The host that is called, as far as it is known.
    pub(super) host: Option<String>,
    /// The partition of that host, as far as it is known.
    pub(super) partition: Option<Partition>,
    /// Why no call is made.
    pub(super) failure: Option<&'static str>,
    /// No client of any service can be made, so that the application gets an error.
    pub(super) stops: bool,
    /// Why the host does not exist, and which hosts would have to answer.
    pub(super) missing_host: Option<(&'static str, StsHosts)>,
    /// What was not verified.
    pub(super) unverified: Option<&'static str>,
}

const REGIONAL: Endpoint = Endpoint {
    kind: StsEndpoint::Regional,
    reason: EndpointReason::Plain,
    url: None,
    host: None,
    partition: None,
    failure: None,
    stops: false,
    missing_host: None,
    unverified: None,
};

/// The settings that decide the endpoint, as a family reads them.
struct EndpointSettings<'a> {
    chain: &'a Chain,
    surroundings: &'a Surroundings<'a>,
    /// The selected profile.
    section: Option<ProfileSection>,
    fips: bool,
    dual_stack: bool,
    /// A variable is neither true nor false, which is an error.
    bad_flag: bool,
}

/// What the family's sources say about its region.
enum FoundRegion {
    Named(String),
    /// IMDS gives it.
    OfTheNode,
    /// IMDS cannot be asked for it, which is an error.
    NotAsked,
    None,
}

/// The endpoint of the exchange.
pub(super) fn endpoint(chain: &Chain, surroundings: &Surroundings<'_>) -> Endpoint {
    let settings = EndpointSettings::read(chain, surroundings);
    let url = settings.url();
    let mut found = settings.without_url(matches!(url, Ok(Some(_))));
    match url {
        Ok(Some(_)) if chain.region.url_needs_region && found.kind == StsEndpoint::Global => {}
        Ok(Some(url)) => {
            let host = url_host(&url);
            let is_global = host.as_deref().is_some_and(|host| host.eq_ignore_ascii_case(GLOBAL_HOST));
            found.kind = if is_global { StsEndpoint::Global } else { StsEndpoint::Regional };
            if host.is_none() {
                found.failure = Some("The configured endpoint is not a URL.");
            }
            if settings.fips || settings.dual_stack {
                settings.judge_variant_with_url(&mut found);
            }
            if chain.endpoint.urls == Urls::AsHostName {
                found.failure = Some("A URL is configured for STS. It uses the URL as a host name, and reaches nothing.");
            }
            found = Endpoint { reason: EndpointReason::Url, url: Some(url), host, partition: None, missing_host: None, ..found };
        }
        Ok(None) => {}
        Err(BadFlag) => {
            found.failure = Some("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is neither true nor false, which is an error in this SDK.")
        }
    }
    if settings.bad_flag {
        found.failure =
            Some("AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT is neither true nor false, which is an error in this SDK.");
    }
    if settings.bad_word() {
        found.failure = Some("AWS_STS_REGIONAL_ENDPOINTS is neither legacy nor regional, which is an error in this SDK.");
    }
    found
}

/// Whether a variable that this family reads is neither true nor false, and that is an error.
pub(super) fn has_bad_flag(chain: &Chain, surroundings: &Surroundings<'_>) -> bool {
    let settings = EndpointSettings::read(chain, surroundings);
    let v1 = chain.imds.v1_off.read(&surroundings.environment.imds_v1_disabled, None);
    settings.bad_flag || settings.url().is_err() || v1.is_err()
}

impl<'a> EndpointSettings<'a> {
    fn read(chain: &'a Chain, surroundings: &'a Surroundings<'a>) -> EndpointSettings<'a> {
        let Selected { section, .. } = selected_profile(chain, surroundings);
        let environment = surroundings.environment;
        let key = |key: fn(&ProfileSection) -> &Option<_>| section.as_ref().and_then(|section| key(section).as_ref());
        let (fips, dual_stack) = match chain.endpoint.variants {
            Variants::NotRead => (Ok(false), Ok(false)),
            _ => (
                chain.endpoint.variant_flag.read(&environment.use_fips, key(|section| &section.use_fips)),
                chain.endpoint.variant_flag.read(&environment.use_dual_stack, key(|section| &section.use_dual_stack)),
            ),
        };
        let bad_flag = fips.is_err() || dual_stack.is_err();
        let calls_them = chain.endpoint.variants != Variants::NotCalled;
        EndpointSettings {
            chain,
            surroundings,
            fips: calls_them && fips == Ok(true),
            dual_stack: calls_them && dual_stack == Ok(true),
            bad_flag,
            section,
        }
    }

    /// The URL that is configured for STS and that this family calls.
    fn url(&self) -> Result<Option<String>, BadFlag> {
        let (rules, environment) = (&self.chain.endpoint, self.surroundings.environment);
        let section = self.section.as_ref();
        if rules.urls == Urls::None {
            return Ok(None);
        }
        if rules.ignore_urls.read(&environment.ignore_endpoint_urls, section.and_then(|section| section.ignore_endpoint_urls.as_ref()))? {
            return Ok(None);
        }
        let of = |var: &UrlVar| match var.raw() {
            Some(url) => Some(url.to_owned()),
            None if var.is_empty() && rules.empty_url == Empty::Given => Some(String::new()),
            None => None,
        };
        let own = || of(&environment.endpoint_url_sts);
        let file = |key: fn(&ProfileSection) -> &Option<_>| section.and_then(|section| key(section).as_ref());
        let of_file = |url: Option<&crate::core::text::secrets::InputUrl>| url.map(|url| url.raw().to_owned());
        let found = match rules.urls {
            Urls::None => None,
            Urls::StsAlone => own().or_else(|| of_file(file(|section| &section.endpoint_url_sts))),
            Urls::AsHostName => own().or_else(|| of(&environment.endpoint_url)),
            Urls::All => own()
                .or_else(|| of(&environment.endpoint_url))
                .or_else(|| of_file(file(|section| &section.endpoint_url_sts)))
                .or_else(|| of_file(file(|section| &section.endpoint_url))),
        };
        let empty_in_file = section.is_some_and(|section| section.empty_url) && rules.empty_url == Empty::Given;
        let found = found.or_else(|| empty_in_file.then(String::new));
        Ok(found.map(|url| if rules.trims_url { url.trim().to_owned() } else { url }))
    }

    fn judge_variant_with_url(&self, found: &mut Endpoint) {
        match self.chain.endpoint.variants {
            Variants::RefusedWithUrl => {
                found.failure = Some("It refuses FIPS and dual-stack endpoints together with a configured endpoint URL.");
            }
            Variants::UnknownWithUrl => {
                found.unverified =
                    Some("Whether it refuses FIPS and dual-stack endpoints together with a configured endpoint URL is not verified.");
            }
            Variants::NotRead | Variants::NotCalled | Variants::IgnoredWithUrl => {}
        }
    }

    /// `AWS_STS_REGIONAL_ENDPOINTS`, else `sts_regional_endpoints` of the profile.
    fn word(&self) -> Option<&str> {
        let var = &self.surroundings.environment.sts_regional_endpoints;
        match var.raw() {
            Some(word) => Some(word),
            None if var.is_empty() => Some(""),
            None => self.section.as_ref()?.sts_regional_endpoints.as_ref().map(|word| word.raw()),
        }
    }

    fn word_is(&self, wanted: &str) -> bool {
        match self.chain.endpoint.word {
            Word::AnyCase | Word::AnyCaseElseFails | Word::AnyCaseNotEmptyElseFails => {
                self.word().is_some_and(|word| word.eq_ignore_ascii_case(wanted))
            }
            Word::Exact | Word::ExactElseFails => self.word() == Some(wanted),
        }
    }

    fn bad_word(&self) -> bool {
        let Some(word) = self.word() else { return false };
        let is_known = self.word_is("legacy") || self.word_is("regional");
        match self.chain.endpoint.word {
            Word::Exact | Word::AnyCase => false,
            Word::ExactElseFails | Word::AnyCaseElseFails => !word.is_empty() && !is_known,
            Word::AnyCaseNotEmptyElseFails => !is_known,
        }
    }

    /// The endpoint where no URL is configured.
    fn without_url(&self, has_url: bool) -> Endpoint {
        let name = match self.region() {
            FoundRegion::Named(name) => name,
            // The node's region is that of the pod, whose name is not known here. Most regions have a global endpoint.
            FoundRegion::OfTheNode => return self.global_reason(None).map_or(REGIONAL, global),
            FoundRegion::NotAsked => return Endpoint { failure: Some(BAD_ENDPOINT), ..REGIONAL },
            FoundRegion::None => return self.without_region(has_url),
        };
        let small = name.to_ascii_lowercase();
        let region = match Region::parse(&small) {
            Ok(region) => region,
            Err(_) if !is_host_label(&name) => return self.with_bad_region(&name),
            Err(error) => {
                let why = match error {
                    RegionError::AvailabilityZone(_) => "The region is an availability zone, which has no STS endpoint.",
                    _ => "AWS has no such region, and no STS endpoint for it.",
                };
                let missing_host = Some((why, StsHosts::All));
                let called = if self.chain.region.unknown_is_global { global(EndpointReason::UnknownRegion) } else { REGIONAL };
                return Endpoint { missing_host, ..called };
            }
        };
        // Capitals do not count in a host's name, but in a list of regions.
        if small != name && self.chain.region.unknown_is_global {
            return global(EndpointReason::UnknownRegion);
        }
        if region.is_global() {
            return self.with_global_region();
        }
        if self.chain.region.unknown_is_global && !region.is_known() {
            return global(EndpointReason::UnknownRegion);
        }
        let is_variant = self.fips || self.dual_stack;
        let before_legacy = is_variant && self.chain.endpoint.variants_before_legacy;
        if let Some(reason) = self.global_reason(Some(&region)).filter(|_| !before_legacy) {
            return global(reason);
        }
        let is_legacy = self.word_is("legacy") && !is_variant;
        let cannot_sign = self.chain.endpoint.regional == RegionalWhen::UnlessLegacyWhichFails && is_legacy;
        Endpoint {
            host: Some(region.sts_host(self.fips, self.dual_stack)),
            partition: Some(region.partition()),
            missing_host: (self.fips && !region.has_fips_sts())
                .then_some(("AWS_USE_FIPS_ENDPOINT is set, and STS has no FIPS endpoint in this region.", StsHosts::OfEachKind)),
            failure: cannot_sign.then_some("AWS_STS_REGIONAL_ENDPOINTS is legacy, so this SDK cannot make the exchange."),
            ..REGIONAL
        }
    }

    fn with_global_region(&self) -> Endpoint {
        match self.chain.region.global {
            GlobalRegion::GlobalUnlessRegional if self.word_is("regional") => {
                Endpoint { host: Some("sts.us-east-1.amazonaws.com".to_owned()), partition: Some(Partition::Aws), ..REGIONAL }
            }
            GlobalRegion::Global | GlobalRegion::GlobalUnlessRegional => global(EndpointReason::Region),
            GlobalRegion::CallsIt => {
                Endpoint { missing_host: Some(("The region aws-global has no host.", StsHosts::OfEachKind)), ..REGIONAL }
            }
            GlobalRegion::Fails => Endpoint { failure: Some("The region aws-global is an error in this SDK."), ..REGIONAL },
        }
    }

    fn without_region(&self, has_url: bool) -> Endpoint {
        let environment = self.surroundings.environment;
        let unread = environment.region.value().is_some() || environment.default_region.value().is_some();
        let reason = if unread { EndpointReason::RegionNotRead } else { EndpointReason::NoRegion };
        let is_variant = (self.fips || self.dual_stack) && self.chain.endpoint.variants_before_legacy && !has_url;
        let is_needed = !has_url || self.chain.region.needed_with_url;
        let fails =
            Endpoint { reason, failure: is_needed.then_some("No region is set, and the SDK does not call STS without one."), ..REGIONAL };
        match self.chain.region.none {
            // The rule set makes a host of the pseudo-region's name, which does not exist.
            NoRegion::Global | NoRegion::AsksImdsElseGlobal if is_variant => Endpoint {
                reason,
                partition: Some(Partition::Aws),
                missing_host: Some(("No region is set, and there is no FIPS or dual-stack endpoint without one.", StsHosts::OfEachKind)),
                failure: self
                    .chain
                    .region
                    .url_needs_region
                    .then_some("No region is set, and the SDK does not call such an endpoint without one."),
                ..REGIONAL
            },
            NoRegion::Stops => Endpoint { stops: true, ..fails },
            NoRegion::GlobalUnlessRegional if self.word_is("regional") => fails,
            NoRegion::Global | NoRegion::GlobalUnlessRegional | NoRegion::AsksImdsElseGlobal => global(reason),
            NoRegion::UsEast1 => {
                Endpoint { reason, host: Some("sts.us-east-1.amazonaws.com".to_owned()), partition: Some(Partition::Aws), ..REGIONAL }
            }
            NoRegion::Fails | NoRegion::AsksImds => fails,
        }
    }

    /// The endpoint for a name that cannot be a part of a host's name.
    fn with_bad_region(&self, name: &str) -> Endpoint {
        let fails = Endpoint { failure: Some("The region is malformed, which is an error in this SDK."), ..REGIONAL };
        match self.chain.region.bad {
            BadRegion::CallsIt if name.is_empty() => fails,
            BadRegion::Fails => fails,
            BadRegion::Stops => Endpoint { stops: !name.is_empty(), ..fails },
            BadRegion::CallsIt => REGIONAL,
            BadRegion::Global => global(EndpointReason::UnknownRegion),
        }
    }

    /// Why the global endpoint is called. `None` for the regional one. A region that is not known is taken for one that has a global endpoint.
    fn global_reason(&self, region: Option<&Region>) -> Option<EndpointReason> {
        let has_global = region.is_none_or(|region| match self.chain.endpoint.global_everywhere {
            true => region.partition() == Partition::Aws,
            false => region.is_legacy_global(),
        });
        let reason = match self.chain.endpoint.regional {
            RegionalWhen::Always | RegionalWhen::UnlessLegacyWhichFails => None,
            RegionalWhen::UnlessLegacy => self.word_is("legacy").then_some(EndpointReason::Setting),
            RegionalWhen::IfAsked if self.word_is("legacy") => Some(EndpointReason::Setting),
            RegionalWhen::IfAsked => (!self.word_is("regional")).then_some(EndpointReason::Default),
            RegionalWhen::Never => Some(EndpointReason::Never),
        };
        reason.filter(|_| has_global)
    }

    fn region(&self) -> FoundRegion {
        let (rules, environment) = (&self.chain.region, self.surroundings.environment);
        for source in rules.sources {
            let var = match source {
                RegionSource::New => &environment.region,
                RegionSource::Default => &environment.default_region,
                RegionSource::DefaultOnRequest if loads_config(self.chain, environment) => &environment.default_region,
                RegionSource::DefaultOnRequest => continue,
                RegionSource::Profile => match self.section.as_ref().and_then(|section| section.region.as_ref()) {
                    Some(region) => return FoundRegion::Named(region.raw().to_owned()),
                    None => continue,
                },
            };
            if var.is_empty() && rules.empty == Empty::Given {
                return FoundRegion::Named(String::new());
            }
            if let Some(name) = var.raw() {
                return FoundRegion::Named(if rules.trims { name.trim() } else { name }.to_owned());
            }
        }
        let is_off = self.chain.imds.off.read(&environment.imds_disabled, None) != Ok(false);
        if is_off || !matches!(rules.none, NoRegion::AsksImds | NoRegion::AsksImdsElseGlobal) {
            return FoundRegion::None;
        }
        if environment.imds_endpoint.value().is_some() && self.chain.imds.own_endpoint == OwnImdsEndpoint::Fails {
            return FoundRegion::NotAsked;
        }
        if imds_answers(self.chain, self.surroundings) { FoundRegion::OfTheNode } else { FoundRegion::None }
    }
}

fn global(reason: EndpointReason) -> Endpoint {
    Endpoint { kind: StsEndpoint::Global, reason, host: Some(GLOBAL_HOST.to_owned()), partition: Some(Partition::Aws), ..REGIONAL }
}

/// Whether IMDS answers this family. Also true when it is not known whether it answers.
fn imds_answers(chain: &Chain, surroundings: &Surroundings<'_>) -> bool {
    if proxies::captures_imds(chain, surroundings.environment) {
        return false;
    }
    match surroundings.imds {
        ImdsView::Unknown | ImdsView::WithoutKeys => true,
        ImdsView::Seen { v2: ImdsReach::Answers, .. } if chain.imds.v2 => true,
        ImdsView::Seen { v1, .. } => {
            v1 && chain.imds.v1 && chain.imds.v1_off.read(&surroundings.environment.imds_v1_disabled, None) == Ok(false)
        }
    }
}

/// Whether a text can be a part of a host name.
fn is_host_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
