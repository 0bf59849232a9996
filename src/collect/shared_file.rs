//! One of the two shared configuration files: what a section says about credentials and endpoints, and what only some parsers refuse.

use crate::core::pod::profile::{ProfileSection, SharedFile};
use crate::core::text::secrets::{InputUrl, InputValue};
use aws_runtime::env_config::section::Profile as Section;
use std::collections::HashSet;

/// What this section says about credentials and endpoints. Of the access keys it keeps only whether they are there.
pub fn section(name: &str, file: SharedFile, section: &Section, endpoint_url_sts: Option<String>) -> ProfileSection {
    let get = |key: &str| section.get(key).map(str::trim).filter(|value| !value.is_empty());
    let has = |key: &str| get(key).is_some();
    let is_empty = |key: &str| section.get(key).is_some_and(|value| value.trim().is_empty());
    ProfileSection {
        name: name.into(),
        file,
        key_id: has("aws_access_key_id"),
        secret_key: has("aws_secret_access_key"),
        empty_key: is_empty("aws_access_key_id") || is_empty("aws_secret_access_key"),
        capital_keys: false,
        unprefixed: false,
        process: has("credential_process"),
        sso: has("sso_session") || has("sso_start_url"),
        login: has("login_session"),
        web_identity_token_file: get("web_identity_token_file").map(InputValue::from),
        role_arn: get("role_arn").map(InputValue::from),
        source_profile: get("source_profile").map(InputValue::from),
        credential_source: get("credential_source").map(InputValue::from),
        role_session_name: get("role_session_name").map(InputValue::from),
        duration_seconds: get("duration_seconds").map(InputValue::from),
        external_id: has("external_id"),
        region: get("region").map(InputValue::from),
        empty_url: is_empty("endpoint_url") || endpoint_url_sts.as_ref().is_some_and(|url| url.trim().is_empty()),
        endpoint_url_sts: endpoint_url_sts.filter(|url| !url.trim().is_empty()).map(InputUrl::from),
        endpoint_url: get("endpoint_url").map(InputUrl::from),
        ignore_endpoint_urls: get("ignore_configured_endpoint_urls").map(InputValue::from),
        sts_regional_endpoints: get("sts_regional_endpoints").map(InputValue::from),
        imds_v1_disabled: get("ec2_metadata_v1_disabled").map(InputValue::from),
        use_fips: get("use_fips_endpoint").map(InputValue::from),
        use_dual_stack: get("use_dualstack_endpoint").map(InputValue::from),
    }
}

/// Whether a section stands twice in the file, or a key twice in a section. Python's configparser refuses such a file (`strict`, its default).
/// The SDKs in other languages merge the sections.
pub fn repeats(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    let (mut sections, mut keys) = (HashSet::new(), HashSet::new());
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        let continues = line.starts_with([' ', '\t']);
        match line.trim_end().strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            Some(name) if !sections.insert(name.to_owned()) => return true,
            Some(_) => keys.clear(),
            None if is_comment || continues => {}
            None => {
                let key = line.split(['=', ':']).next().unwrap_or_default().trim().to_ascii_lowercase();
                if !key.is_empty() && !keys.insert(key) {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether the file has a section `services`.
pub fn has_services(content: &[u8]) -> bool {
    String::from_utf8_lossy(content).lines().any(|line| line.starts_with("[services "))
}

/// The profiles in which the name of an access key is written with capitals, which some SDKs do not know then.
pub fn with_capital_keys(content: &[u8]) -> Vec<String> {
    let (mut found, mut section) = (Vec::new(), String::new());
    for line in String::from_utf8_lossy(content).lines() {
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.split(']').next().unwrap_or_default().trim();
            name.strip_prefix("profile ").unwrap_or(name).trim().clone_into(&mut section);
        } else if let Some((key, _)) = line.split_once('=') {
            let (key, small) = (key.trim(), key.trim().to_ascii_lowercase());
            if key != small && ["aws_access_key_id", "aws_secret_access_key"].contains(&small.as_str()) {
                found.push(section.clone());
            }
        }
    }
    found
}

/// The configuration file with the word `profile` before each section's name that lacks it, as some SDKs read such sections. `None` where no name
/// lacks it.
pub fn with_prefixes(content: &[u8]) -> Option<Vec<u8>> {
    let has_kind = |name: &str| {
        ["profile ", "sso-session ", "services "].iter().any(|kind| name.starts_with(kind)) || ["default", "plugins"].contains(&name)
    };
    let text = String::from_utf8_lossy(content);
    let mut found = false;
    let lines = text.lines().map(|line| match line.trim_start().strip_prefix('[').map(str::trim_start) {
        Some(rest) if !has_kind(rest.split(']').next().unwrap_or_default().trim_end()) => {
            found = true;
            format!("[profile {rest}\n")
        }
        _ => format!("{line}\n"),
    });
    let text: String = lines.collect();
    found.then(|| text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_the_word_profile() {
        let with = |text: &str| with_prefixes(text.as_bytes()).map(|found| String::from_utf8(found).unwrap());
        assert_eq!(with("[app]\na=b\n[default]\nc=d\n").as_deref(), Some("[profile app]\na=b\n[default]\nc=d\n"));
        assert_eq!(with("[default2]\n[ default ]\n").as_deref(), Some("[profile default2]\n[ default ]\n"));
        assert_eq!(with("[default]\na=b\n[profile app]\n[services s]\nsts =\n  endpoint_url = u\n"), None);
    }

    #[test]
    fn names_of_keys_in_capitals() {
        let text = "[default]\nAWS_ACCESS_KEY_ID=a\n[profile app]\naws_access_key_id=a\nREGION=b\n[other]\naws_Secret_access_key = c\n";
        assert_eq!(with_capital_keys(text.as_bytes()), ["default", "other"]);
    }

    #[test]
    fn what_stands_twice() {
        for (text, wanted) in [
            ("[profile app]\nregion=a\n\n[profile app]\nkey=b\n", true),
            ("[profile app]\nregion=a\n[profile other]\nregion=b\n", false),
            ("[default]\nregion=a\nRegion = b\n", true),
            ("[default]\n# region=a\nregion=b\n; region=c\n", false),
            ("[default]\ns3 =\n  region=a\nec2 =\n  region=b\n", false),
            ("[default] # the one\n[default]\n", true),
            ("", false),
        ] {
            assert_eq!(repeats(text.as_bytes()), wanted, "{text:?}");
        }
    }
}
