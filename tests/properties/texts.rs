//! Foreign text made safe: for a terminal, for a shell, without its secrets; and the rules of `NO_PROXY`.

use super::{cases, foreign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_probe::core::pod::proxy::bypasses;
use irsa_probe::core::text::printable::{printable, shell_word, shorten};
use irsa_probe::core::text::secrets::{Secrets, hide_userinfo};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;

/// A password with `canary` in it, and characters around it that mean something in a URL.
pub fn password(canary: String) -> impl Strategy<Value = String> {
    ("[a-z0-9@/:?#%!$&~ .-]{0,6}", "[a-z0-9@/:?#%!$&~ .-]{0,6}").prop_map(move |(before, after)| format!("{before}{canary}{after}"))
}

/// A proxy's or endpoint's address with a password in it, in every form that some client takes.
pub fn address(password: String) -> impl Strategy<Value = String> {
    let scheme = select(&["", "http://", "https://", "HTTP://", "socks5h://"][..]);
    let rest = select(&["proxy", "proxy:3128", "proxy:3128/", "[fd00::1]:80/x?y=z", "10.0.0.1:8080/path"][..]);
    (scheme, "[b-m]{0,6}", rest).prop_map(move |(scheme, user, rest)| format!("{scheme}{user}:{password}@{rest}"))
}

/// A header that is a JSON object, claims and a signature.
fn jwt() -> impl Strategy<Value = String> {
    ("[A-Za-z0-9]{0,40}", "[A-Za-z0-9_-]{10,40}", "[A-Za-z0-9_-]{43,60}").prop_map(|(key, claims, signature)| {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","kid":"{key}"}}"#));
        format!("{header}.{claims}.{signature}")
    })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn nothing_printable_moves_a_cursor(text in foreign::text()) {
        let once = printable(&text).into_owned();
        prop_assert!(!once.contains(foreign::is_obeyed), "{:?}", once);
        prop_assert_eq!(printable(&once), once.as_str());
    }

    #[test]
    fn shortened_text_is_a_beginning(text in any::<String>(), limit in 0usize..40) {
        let short = shorten(&text, limit);
        prop_assert!(short.chars().count() <= limit.max(1));
        prop_assert!(text.starts_with(short.trim_end_matches('…')) || text == short);
    }

    #[test]
    fn secrets_are_taken_out_wherever_they_stand(
        secrets in vec("[A-Za-z0-9/+=]{16,60}", 1..4),
        texts in vec(prop_oneof![foreign::text(), "[ -~]{0,20}"], 5),
        jwt in jwt(),
        order in vec(any::<prop::sample::Index>(), 4),
    ) {
        let signature = jwt.rsplit('.').next().unwrap();
        prop_assume!(texts.iter().all(|text| !text.contains(signature)));
        let planted: Vec<&String> = order.iter().map(|index| index.get(&secrets)).collect();
        let text = format!("{}{}{}{}{}{}{}{jwt} {}{}", texts[0], planted[0], planted[1], texts[1], planted[2], texts[2], texts[3], texts[4], planted[3]);
        // One secret may begin with another: what is left of the longer one is a secret still.
        let longer: Vec<String> = secrets.iter().map(|secret| format!("{secret}ABCDEFGHJK")).collect();
        let text = format!("{text} {}", longer.concat());
        let all: Vec<&str> = secrets.iter().chain(&longer).map(String::as_str).collect();
        let known = Secrets::default();
        all.iter().for_each(|secret| known.learn(secret));
        let clean = known.redact(&text);
        for secret in &all {
            prop_assert!(!clean.contains(secret), "{}", clean);
        }
        prop_assert!(!clean.contains(signature) && !clean.contains("ABCDEFGHJK"), "{}", clean);
    }

    #[test]
    fn a_password_is_never_shown(address in "[A-Z]{10}".prop_flat_map(password).prop_flat_map(address)) {
        let shown = hide_userinfo(&address);
        prop_assert!(!shown.trim_start_matches("HTTP://").contains(|c: char| c.is_ascii_uppercase()), "{} of {}", shown, address);
        prop_assert!(shown.contains("proxy") || shown.contains("fd00::1") || shown.contains("10.0.0.1"), "{} of {}", shown, address);
    }

    #[test]
    fn what_is_no_address_stays(name in "[a-z0-9+=,.@-]{1,20}", path in "(/[a-z0-9.:@-]{1,8}){1,4}") {
        for text in [path.clone(), format!("arn:aws:iam::111122223333:role{path}/{name}"), name.replace(':', ""), format!("https://host{}", path.replace('@', ""))] {
            prop_assert_eq!(hide_userinfo(&text), text.as_str());
        }
    }

    #[test]
    fn a_block_holds_what_shares_its_prefix(address in any::<u32>(), bits in 0u8..=32, flip in 0u8..32) {
        let flipped = address ^ (1 << (31 - flip));
        let block = format!("x.example, {}/{bits}", Ipv4Addr::from(address));
        prop_assert!(bypasses(&block, &Ipv4Addr::from(address).to_string(), 443));
        prop_assert_eq!(bypasses(&block, &Ipv4Addr::from(flipped).to_string(), 443), flip >= bits);
        let mapped = IpAddr::V6(Ipv4Addr::from(flipped).to_ipv6_mapped()).to_string();
        prop_assert_eq!(bypasses(&block, &format!("[{mapped}]"), 443), flip >= bits);
        prop_assert!(!bypasses(&block, "sts.example.com", 443) && !bypasses(&block, "::1", 443));
    }

    #[test]
    fn a_block_of_ipv6_too(address in any::<u128>(), bits in 0u8..=128, flip in 0u8..128) {
        // The mapped range is IPv4.
        let address = address | 1 << 127;
        let flipped = address ^ (1 << (127 - flip));
        prop_assume!(Ipv6Addr::from(flipped).to_ipv4_mapped().is_none());
        let block = format!("{}/{bits}", Ipv6Addr::from(address));
        let bracketed = format!("[{}]", Ipv6Addr::from(address));
        prop_assert!(bypasses(&block, &bracketed, 443));
        prop_assert_eq!(bypasses(&block, &Ipv6Addr::from(flipped).to_string(), 443), flip >= bits);
        prop_assert!(!bypasses(&block, "10.0.0.1", 443));
    }

    #[test]
    fn a_domain_exempts_itself_and_what_is_below(domain in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}", below in "[a-z]{1,8}", port in 1u16..) {
        for entry in [domain.clone(), format!(".{domain}"), format!("*.{domain}"), domain.to_uppercase(), format!("{domain}:{port}")] {
            let (inside, outside) = (format!("{below}.{domain}"), format!("{below}{domain}"));
            prop_assert!(bypasses(&entry, &domain, port) && bypasses(&entry, &inside, port), "{}", entry);
            prop_assert!(!bypasses(&entry, &outside, port), "{}", entry);
        }
        let elsewhere = format!("{domain}:{}", port ^ 1);
        prop_assert!(!bypasses(&elsewhere, &domain, port));
    }
}

proptest! {
    #![proptest_config(cases(50))]

    #[test]
    fn a_shell_reads_one_word(word in foreign::text()) {
        let out = Command::new("sh").arg("-c").arg(format!("printf %s {}", shell_word(&word))).output().unwrap();
        prop_assert!(out.status.success());
        prop_assert_eq!(String::from_utf8(out.stdout).unwrap(), printable(&word).into_owned());
    }
}
