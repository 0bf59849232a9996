//! docs/sdks.md: what each AWS SDK does, made of the measurements in tests/live and of the families' rows. A new measurement changes the page, and no
//! prediction does. The situations below are the choice of the page, in the order in which they stand there.

use super::live::{Live, Sdk, Situation, Wanted};
use irsa_probe::core::pod::environment::Environment;
use irsa_probe::core::pod::profile::Profile;
use irsa_probe::core::sdk::{Assumptions, Prediction, SdkFamily, SdkVersion, Surroundings, predict};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A table of the page.
struct Part {
    anchor: &'static str,
    title: &'static str,
    about: &'static str,
    /// What all rows have, for the tables of older versions.
    given: &'static str,
    rows: &'static [Row],
}

/// A line of a table: its anchor, the measurement's id, the situation in words.
type Row = (&'static str, &'static str, &'static str);

/// What the cells of a row show.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The credentials.
    Outcome,
    /// The endpoint of the exchange, else the credentials.
    Endpoint,
    /// How often STS was asked.
    Tries,
}

const PARTS: &[Part] = &[
    Part {
        anchor: "all-well",
        title: "All is well",
        about: "Where both are injected, node v2 asks Pod Identity first. The others ask IRSA first.",
        given: "",
        rows: &[
            ("irsa", "G05", "IRSA"),
            ("pod-identity", "15", "Pod Identity"),
            ("both", "23", "IRSA and Pod Identity"),
            ("both-agent-fails", "C27", "IRSA and Pod Identity, the agent fails with 500"),
            ("session-name", "R04", "IRSA and `AWS_ROLE_SESSION_NAME`"),
        ],
    },
    Part {
        anchor: "sts-fails",
        title: "IRSA: STS fails",
        about: "Some SDKs stop with an error. The others go on: they take the node's role, and the application sees no error.",
        given: "IRSA, ",
        rows: &[
            ("sts-denies", "03", "403 AccessDenied: the trust policy does not let the pod in"),
            ("sts-rejects", "S18", "400 InvalidIdentityToken: the OIDC provider is missing, or the token is not valid"),
            ("sts-rejects-once", "S25", "400 InvalidIdentityToken once, then STS works"),
            ("sts-throttles", "S05", "400 Throttling"),
            ("sts-throttles-tries", "S05", "400 Throttling: how often STS is asked"),
            ("sts-unavailable", "S06", "500 InternalFailure"),
            ("sts-unavailable-once", "S23", "503 once, then STS works"),
            ("sts-refuses-connections", "S07", "the connection is refused"),
            ("sts-resets-once", "S26", "the first connection is reset, then STS works"),
            ("sts-no-address", "S10", "the host name does not resolve"),
            ("sts-html", "S11", "something else answers, with 403 and HTML"),
            ("sts-denies-agent-works", "S19", "403, Pod Identity is injected too and works"),
            ("sts-denies-no-node-role", "S15", "403, the node has no role"),
            ("sts-denies-imds-out-of-reach", "S16", "403, IMDSv2 is required and the hop limit is 1"),
        ],
    },
    Part {
        anchor: "token-and-role",
        title: "IRSA: the token and the role",
        about: "An SDK that becomes the node here does not say that the injected identity is broken.",
        given: "IRSA, ",
        rows: &[
            ("token-file-missing", "04", "the token file does not exist"),
            ("token-file-empty", "T02", "the token file is empty"),
            ("token-file-line-break", "T03", "a line break stands after the token"),
            ("token-path-space", "T06", "a space stands after the path in `AWS_WEB_IDENTITY_TOKEN_FILE`"),
            ("role-unset", "06", "`AWS_ROLE_ARN` is not set"),
            ("token-path-unset", "07", "`AWS_WEB_IDENTITY_TOKEN_FILE` is not set"),
            ("role-empty", "09", "`AWS_ROLE_ARN` is empty"),
            ("token-path-empty", "08", "`AWS_WEB_IDENTITY_TOKEN_FILE` is empty"),
            ("role-in-quotes", "R03", "the role's ARN stands in quotes"),
            ("session-name-empty", "R06", "`AWS_ROLE_SESSION_NAME` is empty"),
        ],
    },
    Part {
        anchor: "agent",
        title: "Pod Identity: the agent",
        about: "A missing association (404) lets some SDKs become the node.",
        given: "Pod Identity, ",
        rows: &[
            ("agent-not-found", "16", "404: no association"),
            ("agent-denies", "C22", "400 AccessDeniedException"),
            ("agent-throttles", "C10", "429"),
            ("agent-throttles-once", "C30", "429 once, then the agent works"),
            ("agent-fails", "C24", "500"),
            ("agent-fails-once", "C29", "500 once, then the agent works"),
            ("agent-refuses-connections", "19", "the connection is refused"),
            ("agent-silent", "C11", "it never answers"),
            ("agent-token-missing", "20", "the agent's token file does not exist"),
            ("agent-token-line-break", "21", "a line break stands after the agent's token"),
            ("agent-token-twice", "C03", "`AWS_CONTAINER_AUTHORIZATION_TOKEN` is set too, and is stale"),
            ("agent-uri-space", "C15", "a space stands after the URI"),
            ("agent-uri-unset", "22", "the URI is not set, and the token file does not exist"),
            ("agent-and-relative-uri", "C05", "`AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` is set too, and answers"),
            ("agent-uri-http", "C06", "the URI is `http://` to another host, which answers"),
            ("agent-uri-https", "C07", "the URI is `https://` to another host, which answers"),
        ],
    },
    Part {
        anchor: "keys",
        title: "Keys beside the injected identity",
        about: "Keys in the environment win in each SDK. Keys in a file win over IRSA in some SDKs, and over Pod Identity in all.",
        given: "",
        rows: &[
            ("keys-and-irsa", "25", "IRSA, both keys in the environment"),
            ("keys-and-agent", "C28", "Pod Identity, both keys in the environment"),
            ("key-id-alone", "26", "IRSA, `AWS_ACCESS_KEY_ID` without the secret key"),
            ("secret-alone", "K02", "IRSA, `AWS_SECRET_ACCESS_KEY` without the key id"),
            ("keys-empty", "K06", "IRSA, both keys are empty"),
            ("keys-old-names", "K04", "IRSA, the old names `AWS_ACCESS_KEY` and `AWS_SECRET_KEY`"),
            ("keys-expired", "K07", "IRSA, both keys, and `AWS_CREDENTIAL_EXPIRATION` is in the past"),
            ("credentials-file-and-irsa", "32", "IRSA, keys in `~/.aws/credentials`, `[default]`"),
            ("config-file-and-irsa", "P04", "IRSA, keys in `~/.aws/config`, `[default]`"),
            ("credentials-file-and-agent", "P31", "Pod Identity, keys in `~/.aws/credentials`, `[default]`"),
            ("config-file-alone", "P05", "nothing injected, keys in `~/.aws/config`, `[default]`"),
        ],
    },
    Part {
        anchor: "profiles",
        title: "Profiles",
        about: "`AWS_PROFILE` names the profile, or it is `[default]`.",
        given: "",
        rows: &[
            ("profile-missing-and-irsa", "27", "IRSA, `AWS_PROFILE` names a profile that does not exist"),
            ("profile-missing-and-agent", "P18", "Pod Identity, `AWS_PROFILE` names a profile that does not exist"),
            ("profile-missing-alone", "28", "nothing injected, `AWS_PROFILE` names a profile that does not exist"),
            ("profile-missing-and-keys", "P20", "keys in the environment, `AWS_PROFILE` names a profile that does not exist"),
            ("profile-without-credentials", "33", "IRSA, the profile has a region only"),
            ("profile-with-keys", "P08", "IRSA, the profile has keys"),
            ("profile-with-process", "P16", "IRSA, `[default]` has `credential_process`"),
            ("profile-with-role", "P17", "IRSA, `[default]` has `role_arn` and `source_profile`"),
            ("profile-with-role-alone", "P09", "nothing injected, the profile has `role_arn` and `source_profile`"),
            ("profile-with-web-identity", "P01", "nothing injected, the profile has `role_arn` and `web_identity_token_file`"),
            ("profile-twice", "P30", "nothing injected, the section stands twice in the file"),
        ],
    },
    Part {
        anchor: "region-and-endpoint",
        title: "The region and the STS endpoint",
        about: "All rows have IRSA. A cell shows the endpoint of the exchange: the region of the regional one, `global` (sts.amazonaws.com), `URL` \
                (the configured URL), `FIPS` or `dual-stack`. EKS injects `AWS_REGION`, `AWS_DEFAULT_REGION` and `AWS_STS_REGIONAL_ENDPOINTS=regional`.",
        given: "IRSA, ",
        rows: &[
            ("as-injected", "G05", "as EKS injects it, us-west-2"),
            ("regional-unset", "G03", "`AWS_STS_REGIONAL_ENDPOINTS` is not set"),
            ("legacy", "G04", "`AWS_STS_REGIONAL_ENDPOINTS=legacy`"),
            ("legacy-capital", "G27", "`AWS_STS_REGIONAL_ENDPOINTS=Legacy`"),
            ("region-without-default", "G31", "`AWS_DEFAULT_REGION` is not set"),
            ("region-alone", "G30", "`AWS_REGION` alone is set"),
            ("regions-differ", "G22", "`AWS_REGION=eu-central-1`, `AWS_DEFAULT_REGION=us-west-2`"),
            ("no-region", "G25", "no region, and IMDS is switched off"),
            ("region-malformed", "G17", "the region is `us west 2`"),
            ("opt-in-region", "G06", "ap-east-1, and `AWS_STS_REGIONAL_ENDPOINTS` is not set"),
            ("url-of-sts", "G09", "`AWS_ENDPOINT_URL_STS`"),
            ("url-of-all", "G08", "`AWS_ENDPOINT_URL`"),
            ("url-in-profile", "P23", "a URL for STS in the profile's `services` section"),
            ("url-ignored", "G11", "`AWS_ENDPOINT_URL_STS` and `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true`"),
            ("fips", "G23", "`AWS_USE_FIPS_ENDPOINT=true`, eu-central-1"),
            ("fips-legacy", "G26", "`AWS_USE_FIPS_ENDPOINT=true`, us-east-1, legacy"),
            ("fips-and-url", "G14", "`AWS_USE_FIPS_ENDPOINT=true` and `AWS_ENDPOINT_URL_STS`"),
            ("dual-stack", "G13", "`AWS_USE_DUALSTACK_ENDPOINT=true`"),
            ("dual-stack-and-url", "G15", "`AWS_USE_DUALSTACK_ENDPOINT=true` and `AWS_ENDPOINT_URL`"),
        ],
    },
    Part {
        anchor: "proxies",
        title: "Proxies",
        about: "An SDK that succeeds through a broken proxy does not use the proxy.",
        given: "",
        rows: &[
            ("proxy-works", "X01", "IRSA, `HTTPS_PROXY`, which works"),
            ("proxy-refuses-connections", "X05", "IRSA, `HTTPS_PROXY`, and nothing listens there"),
            ("proxy-wants-a-login", "X07", "IRSA, `HTTPS_PROXY`, which answers 407"),
            ("proxy-before-agent", "X06", "Pod Identity, `HTTP_PROXY`, which refuses link-local addresses"),
        ],
    },
    Part {
        anchor: "imds",
        title: "Nothing is injected",
        about: "`node v1` is the node's role by IMDSv1.",
        given: "nothing injected, ",
        rows: &[
            ("imds-answers", "10", "IMDS answers"),
            ("imds-hop-limit-v1-open", "M10", "the hop limit is 1, and IMDSv1 is open"),
            ("imds-hop-limit-v1-disabled", "M02", "the hop limit is 1, IMDSv1 is open, and `AWS_EC2_METADATA_V1_DISABLED=true`"),
            ("imds-v2-forbidden", "12", "IMDSv2 answers 403, and IMDSv1 is open"),
            ("imds-v2-not-there", "M03", "IMDSv2 answers 404, and IMDSv1 is open (kube2iam)"),
            ("imds-without-role", "13", "the node has no role"),
            ("imds-fails", "M07", "IMDS answers 500"),
            ("imds-disabled", "14", "`AWS_EC2_METADATA_DISABLED=true`"),
            ("imds-disabled-capitals", "M05", "`AWS_EC2_METADATA_DISABLED=TRUE`"),
            ("imds-disabled-one", "M06", "`AWS_EC2_METADATA_DISABLED=1`"),
        ],
    },
];

/// Rows of C++ that were run with a URL for STS, which it cannot use. The document says what they are without the URL: `irsa`.
const CPP_WITH_URL: [&str; 4] = ["23", "26", "27", "33"];

const WITH_URL: &str = "¹ This row was run with `AWS_ENDPOINT_URL_STS`, which C++ cannot use. Without the URL the cell is `irsa`.\n";

pub fn sdks_markdown() -> String {
    let live = Live::read();
    let mut page = String::from(HEAD);
    let dates: BTreeSet<String> = super::live::documents().iter().filter_map(|(name, _)| date(name)).collect();
    let dates = dates.into_iter().collect::<Vec<_>>().join(" and ");
    let runs: BTreeSet<_> = live.measured.keys().map(|(_, sdk)| (sdk.family, &sdk.version)).collect();
    let families = SdkFamily::ALL.into_iter().filter(|family| !versions(&live, *family).is_empty()).count();
    let situations = live.measured.keys().map(|(id, _)| id).collect::<BTreeSet<_>>().len();
    writeln!(page, "Measured on {dates}: {families} SDKs in {} versions, in {situations} situations.\n", runs.len()).unwrap();
    page += HOW_TO_READ;
    write_short(&mut page, &live);
    page += VERSIONS;
    write_families(&mut page, &live);
    page += WORDS;
    for part in PARTS {
        write_part(&mut page, &live, part);
    }
    write_older(&mut page, &live);
    page + &TAIL.replace("ASSUMPTIONS\n", &assumptions())
}

const HEAD: &str = "# What each AWS SDK does

<!-- Made by UPDATE_DOCS=1 cargo test --test docs from the measurements in tests/live. Edit tests/docs/sdks.rs, not this file. -->

The same pod means different things to different AWS SDKs. One SDK stops with an error where another one takes the node's role. This page shows what
the default credential chain of each SDK does, in the situations that pods get into. Real SDKs were run; this is not a summary of their documents.

";

const HOW_TO_READ: &str = "- [Ask the program](#ask): what your SDK does in your pod.
- [In short](#in-short) · [SDKs and versions](#versions) · [Words](#words) · [All is well](#all-well) · [STS fails](#sts-fails) ·
  [Token and role](#token-and-role) · [The agent](#agent) · [Keys](#keys) · [Profiles](#profiles) · [Region and endpoint](#region-and-endpoint) · [Proxies](#proxies) · [IMDS](#imds)
- [Older versions](#older-versions) · [How it was measured](#how-it-was-measured)

## <a id=\"in-short\"></a>In short

What the newest versions that were run do in the situations that are met most often. [Words](#words) explains the results. `us-west-2` is the regional
STS endpoint.

";

const VERSIONS: &str = "
## <a id=\"versions\"></a>SDKs and versions

The tables below show, for each situation, the first version of each line that was run in it. The last two columns are the first versions that support a provider, as AWS lists them.

";

const WORDS: &str = "
Java needs its module `sts` for IRSA. Without that module both versions pass over IRSA and become the node.

## <a id=\"words\"></a>Words

| cell | the application gets |
|---|---|
| irsa | the role of `AWS_ROLE_ARN`, from STS |
| pod id | the role of the Pod Identity association, from the agent |
| keys | the keys in the environment |
| file | the keys, the role or the process of a profile |
| container | what another container endpoint than the agent gives |
| **node** | the node's role, from IMDS; `v1` is IMDSv1 |
| none | no credentials: the chain ran to its end |
| error | an error: the chain stopped, or the process ended |
| ? | no result within the measurement's time |
| – | not measured |

`#` is the row in [tests/live](../tests/live), where each variable and file of the situation stands.

";

const TAIL: &str = "## <a id=\"ask\"></a>Ask the program

`irsa-probe sdks` predicts the same for your pod's variables and files, and says why. Nothing is called.

```sh
irsa-probe sdks                                                    # all SDKs, in this container
irsa-probe sdks --sdk java-v2                                      # one SDK, with the reason
irsa-probe sdks --sdk botocore@1.30.0                              # an older version
irsa-probe sdks --assume sts=denied,imds=role                      # what if STS refuses the token
kubectl exec deployment/checkout -- env | irsa-probe sdks --env -  # another pod's environment
```

`--assume` takes one value for each key:

ASSUMPTIONS
The JSON ([docs/sdks.v1.schema.json](sdks.v1.schema.json)) has `basis` for each SDK. `measured` means that this version was run, or that a version before
and a version after it were run and do the same. `documented` means that the source or a document of AWS was read. `unverified` means neither.

## <a id=\"how-it-was-measured\"></a>How it was measured

Each SDK ran in a process of its own, in a network of its own. STS, IMDS, the Pod Identity agent, a proxy and DNS were fakes that stood at the real
addresses and host names. So a row shows which host an SDK really calls. AWS itself was never called.

The documents, their format and what is compared are in [tests/live/README.md](../tests/live/README.md). To measure again, run your SDK in the rows'
situations, and add the results as a new file in `tests/live`. `cargo test --test live` then compares each prediction with the new results, and
`UPDATE_DOCS=1 cargo test --test docs` writes this page.
";

/// The keys and values of `--assume`.
fn assumptions() -> String {
    let line = |(key, values): (&str, Vec<&str>)| {
        format!("- `{key}`: {}\n", values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "))
    };
    Assumptions::keys().map(line).concat() + "\n"
}

/// The date of a document of measurements.
fn date(name: &str) -> Option<String> {
    name.strip_prefix("measured-")?.strip_suffix(".md").map(str::to_owned)
}

/// The versions of a family that were run, the newest first.
fn versions(live: &Live, family: SdkFamily) -> Vec<Sdk> {
    let of_family = live.measured.keys().map(|(_, sdk)| sdk).filter(|sdk| sdk.family == family.id() && !sdk.without_sts);
    let mut versions: Vec<Sdk> = of_family.cloned().collect::<BTreeSet<_>>().into_iter().collect();
    versions.sort_by_key(|sdk| std::cmp::Reverse(SdkVersion::parse(&sdk.version)));
    versions
}

fn prediction(family: SdkFamily) -> Prediction {
    predict(family, &Surroundings::assumed(&Environment::default(), &Profile::default()))
}

fn write_families(page: &mut String, live: &Live) {
    *page += "| column | SDK | name for `--sdk` | versions that were run | of | IRSA from | Pod Identity from |\n|---|---|---|---|---|---|---|\n";
    for family in SdkFamily::ALL {
        let runs: Vec<String> = versions(live, family).into_iter().map(|sdk| sdk.version).collect();
        let runs = if runs.is_empty() { "not measured".to_owned() } else { runs.join(", ") };
        let names: Vec<String> = [family.id()].iter().chain(family.aliases()).map(|name| format!("`{name}`")).collect();
        let minimum = prediction(family).minimum;
        let (irsa, pod_identity) = (minimum.irsa.unwrap_or("–"), minimum.pod_identity.unwrap_or("–"));
        let (short, name, package) = (family.short_name(), family.name(), family.package());
        writeln!(page, "| {short} | {name} | {} | {runs} | {package} | {irsa} | {pod_identity} |", names.join(", ")).unwrap();
    }
}

/// The situations that are met most often, by their anchors.
const IN_SHORT: [&str; 9] = [
    "sts-denies",
    "token-file-missing",
    "agent-not-found",
    "both",
    "credentials-file-and-irsa",
    "profile-missing-and-irsa",
    "regional-unset",
    "region-without-default",
    "url-of-sts",
];

/// The SDKs by what they do, for each of these situations.
fn write_short(page: &mut String, live: &Live) {
    *page += "| situation | what the SDKs do |\n|---|---|\n";
    for anchor in IN_SHORT {
        let all = || PARTS.iter().flat_map(|part| part.rows.iter().map(move |row| (part, row)));
        let (part, (_, id, words)) = all().find(|(_, row)| row.0 == anchor).unwrap_or_else(|| panic!("no row {anchor}"));
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for family in SdkFamily::ALL.into_iter().filter(|family| live.current.contains_key(family.id())) {
            let cell = current_cell(live, id, family, shows(part, anchor));
            match groups.iter_mut().find(|(other, _)| *other == cell) {
                Some((_, names)) => names.push(family.short_name()),
                None => groups.push((cell, vec![family.short_name()])),
            }
        }
        let groups: Vec<String> = groups.into_iter().map(|(cell, names)| format!("{cell}: {}", names.join(", "))).collect();
        writeln!(page, "| [{}{words}](#{anchor}) | {} |", part.given, groups.join("<br>")).unwrap();
    }
    *page += &["\n", WITH_URL].concat();
}

/// A cell of the newest version that was run in the situation.
fn current_cell(live: &Live, id: &str, family: SdkFamily, shows: Shows) -> String {
    let Some(version) = live.newest_in(id, family.id()) else { return "–".to_owned() };
    let mark = if family == SdkFamily::Cpp && CPP_WITH_URL.contains(&id) { " ¹" } else { "" };
    cell(live, id, &Sdk { family: family.id(), version: version.to_owned(), without_sts: false }, shows) + mark
}

fn write_part(page: &mut String, live: &Live, part: &Part) {
    writeln!(page, "## <a id=\"{}\"></a>{}\n\n{}\n", part.anchor, part.title, part.about).unwrap();
    let heads: Vec<&str> = SdkFamily::ALL.into_iter().map(SdkFamily::short_name).collect();
    writeln!(page, "| # | situation | {} |\n|---|---{}|", heads.join(" | "), "|---".repeat(heads.len())).unwrap();
    for (anchor, id, words) in part.rows {
        let cells = SdkFamily::ALL.map(|family| current_cell(live, id, family, shows(part, anchor)));
        writeln!(page, "| <a id=\"{anchor}\"></a>{id} | {words} | {} |", cells.join(" | ")).unwrap();
    }
    *page += "\n";
    if part.rows.iter().any(|(_, id, _)| CPP_WITH_URL.contains(id)) {
        *page += &[WITH_URL, "\n"].concat();
    }
}

fn shows(part: &Part, anchor: &str) -> Shows {
    match part.anchor {
        "region-and-endpoint" => Shows::Endpoint,
        _ if anchor.ends_with("-tries") => Shows::Tries,
        _ => Shows::Outcome,
    }
}

fn situation<'a>(live: &'a Live, id: &str) -> &'a Situation {
    live.situations.get(id).unwrap_or_else(|| panic!("tests/live has no row {id}"))
}

fn cell(live: &Live, id: &str, sdk: &Sdk, shows: Shows) -> String {
    situation(live, id);
    let Some(measured) = live.measured.get(&(id.to_owned(), sdk.clone())) else { return "–".to_owned() };
    let wanted = &measured.wanted;
    match (shows, wanted.outcome) {
        (_, None) => "?".to_owned(),
        (Shows::Tries, _) => format!("{}×", wanted.tries.unwrap_or(1)),
        (Shows::Endpoint, Some("irsa")) => endpoint(wanted),
        (_, Some(outcome)) => word(outcome, wanted),
    }
}

fn word(outcome: &str, wanted: &Wanted) -> String {
    let word = match outcome {
        "pod-identity" => "pod id",
        "static" => "keys",
        "profile" => "file",
        "node-role" if wanted.by_v1 => "**node** v1",
        "node-role" => "**node**",
        other => other,
    };
    let slow = wanted.seconds.map(|seconds| format!(" ({seconds} s)")).unwrap_or_default();
    [word, &slow].concat()
}

fn endpoint(wanted: &Wanted) -> String {
    match wanted.host.as_deref() {
        None => "irsa".to_owned(),
        Some("**global**") => "global".to_owned(),
        Some(host) if host.starts_with("sts-fips.") => "FIPS".to_owned(),
        Some(host) if host.ends_with(".api.aws") => "dual-stack".to_owned(),
        Some(host) => host.to_owned(),
    }
}

/// What each older version does otherwise than the next newer one, in the situations of the page.
fn write_older(page: &mut String, live: &Live) {
    *page += OLDER;
    for family in SdkFamily::ALL {
        let versions = versions(live, family);
        for (index, pair) in versions.windows(2).enumerate() {
            let [newer, older] = pair else { continue };
            let changes: Vec<String> = (changes(live, family, newer, older).into_iter())
                .map(|((from, to), rows)| format!("{}: {from} → {to}", rows.join("; ")))
                .collect();
            let anchor = if index == 0 { format!("<a id=\"older-{}\"></a>", family.id()) } else { String::new() };
            let changes = if changes.is_empty() { "nothing in these rows".to_owned() } else { changes.join("<br>") };
            let name = family.short_name();
            writeln!(page, "| {anchor}{name} | {} → {} | {changes} |", newer.version, older.version).unwrap();
        }
    }
    *page += "\n";
}

const OLDER: &str = "## <a id=\"older-versions\"></a>Older versions

Each line compares an older version that was run with the next newer one, in the rows of this page. The change came in one of the versions between them.
What a version without IRSA or Pod Identity does is said once. So is what a version does that calls the global endpoint in every region, or IMDSv1 alone.
All rows in which versions differ are in [tests/live](../tests/live).

| SDK | versions | what the older one does otherwise |
|---|---|---|
";

/// Each change with the rows in which it was seen.
type Changes = Vec<((String, String), Vec<String>)>;

fn changes(live: &Live, family: SdkFamily, newer: &Sdk, older: &Sdk) -> Changes {
    let mut all = Changes::new();
    for (part, (anchor, id, words)) in PARTS.iter().flat_map(|part| part.rows.iter().map(move |row| (part, row))) {
        // The table of endpoints says more of IRSA than this row. The page says elsewhere what a URL does to C++.
        if *anchor == "irsa" || family == SdkFamily::Cpp && CPP_WITH_URL.contains(id) {
            continue;
        }
        let cell = |sdk| older_cell(live, id, sdk, shows(part, anchor));
        let (Some(from), Some(to)) = (cell(newer), cell(older)) else { continue };
        // The row in which IMDS answers says which version of IMDS is called.
        let plain = |cell: &str| if *id == "10" { cell.to_owned() } else { cell.replace(" v1", "") };
        if plain(&from) == plain(&to) {
            continue;
        }
        let (change, row) = ((from, to), format!("{}{words} ({id})", part.given));
        match all.iter_mut().find(|(other, _)| *other == change) {
            Some((_, rows)) => rows.push(row),
            None => all.push((change, vec![row])),
        }
    }
    all
}

/// A cell of an older version. `None` where there is no result, or where another row explains it.
fn older_cell(live: &Live, id: &str, sdk: &Sdk, shows: Shows) -> Option<String> {
    let of = |row: &str| live.measured.get(&(row.to_owned(), sdk.clone())).map(|measured| &measured.wanted);
    let lacks = |row: &str, outcome: &str| id != row && of(row).is_some_and(|wanted| wanted.outcome != Some(outcome));
    let injects = |name: &str| situation(live, id).variables.contains_key(name);
    let (irsa, agent) = (injects("AWS_WEB_IDENTITY_TOKEN_FILE"), injects("AWS_CONTAINER_CREDENTIALS_FULL_URI"));
    if irsa && lacks("G05", "irsa") || agent && lacks("15", "pod-identity") {
        return None;
    }
    let cell = cell(live, id, sdk, shows);
    let is_explained = id != "G05" && cell == "global" && of("G05").is_some_and(|wanted| wanted.endpoint() == Some("global"));
    Some(cell).filter(|cell| !is_explained && !["?", "–"].contains(&cell.as_str()))
}

/// Links to rows stay right, and a person can read the page.
#[test]
fn anchors_are_unique_and_the_page_is_short() {
    let page = sdks_markdown();
    let anchors: Vec<&str> = page.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(anchors.iter().collect::<BTreeSet<_>>().len(), anchors.len(), "{anchors:?}");
    assert!(page.lines().count() <= 320, "{} lines", page.lines().count());
}
