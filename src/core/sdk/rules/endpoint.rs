//! How a chain finds its region and the STS endpoint.

use super::{Empty, FlagReading};

/// A source of the region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionSource {
    /// `AWS_REGION`.
    New,
    /// `AWS_DEFAULT_REGION`.
    Default,
    /// `AWS_DEFAULT_REGION`, while `AWS_SDK_LOAD_CONFIG` is true.
    DefaultOnRequest,
    /// `region` of the selected profile.
    Profile,
}

/// What it does when no source names a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRegion {
    /// It calls the global endpoint.
    Global,
    /// It calls the global endpoint, unless the setting is `regional`. Then the exchange fails.
    GlobalUnlessRegional,
    /// It calls the endpoint of us-east-1.
    UsEast1,
    /// The exchange fails.
    Fails,
    /// No client of any service can be made, so that the application gets an error.
    Stops,
    /// It asks IMDS for a region. The exchange fails when IMDS does not answer.
    AsksImds,
    /// It asks IMDS for a region. It calls the global endpoint when IMDS does not answer.
    AsksImdsElseGlobal,
}

/// What it does with a region that has not the form of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRegion {
    /// The exchange fails before a call.
    Fails,
    /// The same, and the client of every service fails too, so that the application gets an error.
    Stops,
    /// It calls the host that the name up to the first space gives.
    CallsIt,
    /// It calls the global endpoint.
    Global,
}

/// What it does with the region `aws-global`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalRegion {
    /// It calls the global endpoint.
    Global,
    /// It calls the global endpoint, or that of us-east-1 if the setting is `regional`.
    GlobalUnlessRegional,
    /// It calls `sts.aws-global.amazonaws.com`, which does not exist.
    CallsIt,
    /// The exchange fails.
    Fails,
}

/// How it finds the region.
#[derive(Debug, Clone, Copy)]
pub struct RegionRules {
    /// The sources, first the one that comes first.
    pub sources: &'static [RegionSource],
    /// An empty variable.
    pub empty: Empty,
    pub none: NoRegion,
    /// It needs a region also where a URL is configured.
    pub needed_with_url: bool,
    /// Without a region it does not call the URL that is configured.
    pub url_needs_region: bool,
    pub global: GlobalRegion,
    pub bad: BadRegion,
    /// It calls the global endpoint for an availability zone and for other names that are not in its list of regions.
    pub unknown_is_global: bool,
    /// It removes white space around the name.
    pub trims: bool,
}

impl RegionRules {
    /// The rules that most families have.
    pub const COMMON: RegionRules = RegionRules {
        sources: &[RegionSource::New, RegionSource::Default, RegionSource::Profile],
        empty: Empty::Given,
        none: NoRegion::Fails,
        needed_with_url: false,
        url_needs_region: false,
        global: GlobalRegion::Global,
        bad: BadRegion::Fails,
        unknown_is_global: false,
        trims: false,
    };
}

/// How a family chooses between the regional and the global STS endpoint. "The setting" is `AWS_STS_REGIONAL_ENDPOINTS` or
/// `sts_regional_endpoints`.
///
/// Source besides the measurements: AWS SDKs and Tools Reference Guide, "AWS STS Regional endpoints".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionalWhen {
    /// The regional one. It does not read the setting.
    Always,
    /// The regional one, unless the setting is `legacy`.
    UnlessLegacy,
    /// The regional one, unless the setting is `legacy`. Then it cannot sign the exchange.
    UnlessLegacyWhichFails,
    /// The global one, unless the setting is `regional`.
    IfAsked,
    /// The global one. It does not read the setting.
    Never,
}

/// How it reads a setting's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Capitals count.
    Exact,
    /// Capitals do not count.
    AnyCase,
    /// Another word than the two that it knows is an error. Capitals count.
    ExactElseFails,
    /// The same, and capitals do not count.
    AnyCaseElseFails,
    /// The same, and an empty value is an error too.
    AnyCaseNotEmptyElseFails,
}

/// Which configured URLs it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urls {
    /// None.
    None,
    /// That of STS, then that of all services.
    All,
    /// That of STS alone.
    StsAlone,
    /// Both, and it takes the URL for a host name, so that the exchange fails.
    AsHostName,
}

/// What it does with `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variants {
    /// It does not read them.
    NotRead,
    /// It reads them, and does not call such endpoints.
    NotCalled,
    /// It calls such endpoints. Beside a URL that it calls, each of the two is an error (docs/facts.md#endpoint-rules, rule 1).
    RefusedWithUrl,
    /// It calls such endpoints. If a URL is set, it calls the URL.
    IgnoredWithUrl,
    /// It calls such endpoints. What it does if a URL is configured, too, was not verified.
    UnknownWithUrl,
}

/// How it finds the STS endpoint.
#[derive(Debug, Clone, Copy)]
pub struct EndpointRules {
    pub regional: RegionalWhen,
    /// The global endpoint stands for every region of the partition `aws`, also for opt-in regions (aws-sdk-js `region_config_data.json`,
    /// `*/sts`). Otherwise it stands for the regions that AWS had in 2019.
    pub global_everywhere: bool,
    pub word: Word,
    pub urls: Urls,
    /// A URL that is empty, as a value. As a URL it is an error.
    pub empty_url: Empty,
    /// It removes white space around the URL.
    pub trims_url: bool,
    /// How it reads `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, which makes it ignore the URLs.
    pub ignore_urls: FlagReading,
    pub variants: Variants,
    /// How it reads `AWS_USE_FIPS_ENDPOINT` and `AWS_USE_DUALSTACK_ENDPOINT`.
    pub variant_flag: FlagReading,
    /// FIPS and dual-stack win over the global endpoint.
    pub variants_before_legacy: bool,
}

impl EndpointRules {
    /// The rules that most families have.
    pub const COMMON: EndpointRules = EndpointRules {
        regional: RegionalWhen::Always,
        global_everywhere: false,
        word: Word::Exact,
        urls: Urls::All,
        empty_url: Empty::Unset,
        trims_url: false,
        ignore_urls: FlagReading::AnyCase,
        variants: Variants::RefusedWithUrl,
        variant_flag: FlagReading::AnyCase,
        variants_before_legacy: true,
    };
}
