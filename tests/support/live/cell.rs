//! What a cell says that an SDK did, in the words of the legend.

/// What an SDK did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The cell as it is written.
    pub text: String,
    /// The outcome of `irsa-probe/sdks/v1`. `None` where the measurement has no result that a prediction could equal.
    pub outcome: Option<&'static str>,
    /// The node's role came by IMDSv1.
    pub by_v1: bool,
    /// How often STS was asked, or else the agent.
    pub tries: Option<u32>,
    /// The service that was asked and failed before the chain went on: "STS" or "agent".
    pub after: Option<&'static str>,
    /// The STS host of the exchange, in the legend's short form.
    pub host: Option<String>,
    /// How many seconds it took, where that is remarkable.
    pub seconds: Option<u32>,
    /// STS was called by the configured proxy.
    pub by_proxy: bool,
}

impl Wanted {
    /// The `endpoint` of `irsa-probe/sdks/v1`, where the host is known.
    pub fn endpoint(&self) -> Option<&'static str> {
        let host = self.host.as_deref()?;
        Some(if ["**global**", "sts.amazonaws.com"].contains(&host) { "global" } else { "regional" })
    }
}

/// The legend's words, longest first where one begins another, and their outcome in `irsa-probe/sdks/v1`.
const WORDS: [(&str, Option<&str>); 23] = [
    ("irsa*", Some("irsa")),
    ("irsa", Some("irsa")),
    ("pia", Some("pod-identity")),
    ("**NODE** v1", Some("node-role")),
    ("**NODE**", Some("node-role")),
    ("NODE v1", Some("node-role")),
    ("NODE", Some("node-role")),
    ("static", Some("static")),
    // Keys of the environment that are one space.
    ("key ' '", Some("static")),
    ("cred keys", Some("profile")),
    ("conf keys", Some("profile")),
    ("prof web", Some("profile")),
    ("prof role", Some("profile")),
    ("process", Some("profile")),
    ("ECS", Some("container")),
    ("**foreign**", Some("container")),
    ("foreign", Some("container")),
    ("none", Some("none")),
    ("stop", Some("error")),
    ("crash", Some("error")),
    (">30s", None),
    (">12s", None),
    // Credentials without a key id: no outcome of the legend.
    ("other keys: None", None),
];

/// Reads a cell. `None`: it was not measured.
pub fn parse(text: &str) -> Result<Option<Wanted>, String> {
    if ["–", ""].contains(&text) {
        return Ok(None);
    }
    let unknown = |rest: &str| format!("unknown word {rest:?} in the cell {text:?}");
    let begins = |word: &str| text.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    let (outcome, mut rest) = WORDS.into_iter().find_map(|(word, outcome)| Some((outcome, begins(word)?))).ok_or_else(|| unknown(text))?;
    let mut wanted = Wanted {
        text: text.to_owned(),
        outcome,
        by_v1: text.split(' ').nth(1) == Some("v1"),
        tries: None,
        after: None,
        host: None,
        seconds: None,
        by_proxy: false,
    };
    while let Some(more) = rest.strip_prefix(' ') {
        rest = if let Some(inner) = more.strip_prefix('(') {
            let (inner, after) = inner.split_once(')').ok_or_else(|| unknown(more))?;
            read_asked(inner, &mut wanted).ok_or_else(|| unknown(more))?;
            after
        } else if let Some(after) = more.strip_prefix("by proxy") {
            wanted.by_proxy = true;
            after
        } else if let Some(more) = more.strip_prefix("in ") {
            let (seconds, after) = more.split_once('s').ok_or_else(|| unknown(more))?;
            wanted.seconds = Some(seconds.parse().map_err(|_| unknown(more))?);
            after
        } else {
            let (word, after) = more.split_at(more.find(' ').unwrap_or(more.len()));
            if let Some(host) = word.strip_prefix('@') {
                wanted.host = Some(host.to_owned()).filter(|host| is_host(host)).ok_or_else(|| unknown(word)).map(Some)?;
            } else {
                wanted.tries = Some(tries(word).ok_or_else(|| unknown(word))?);
            }
            after
        };
    }
    if rest.is_empty() { Ok(Some(wanted)) } else { Err(unknown(rest)) }
}

/// `after STS`, `after STS 4×`, `after agent 6×`, `agent 1×`.
fn read_asked(inner: &str, wanted: &mut Wanted) -> Option<()> {
    let (inner, went_on) = inner.strip_prefix("after ").map_or((inner, false), |inner| (inner, true));
    let (service, count) = inner.split_once(' ').map_or((inner, None), |(service, count)| (service, Some(count)));
    let service = ["STS", "agent"].into_iter().find(|known| *known == service)?;
    if let Some(count) = count {
        wanted.tries = Some(tries(count)?);
    }
    wanted.after = went_on.then_some(service);
    Some(())
}

fn tries(word: &str) -> Option<u32> {
    word.strip_suffix('×')?.parse().ok()
}

/// The legend's short forms: a region or `sts-fips.REGION`, perhaps with a suffix; the configured URL; the global endpoint.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || [b'-', b'.'].contains(&byte);
    ["**global**", "URL"].contains(&host) || (!host.is_empty() && host.bytes().all(plain))
}
