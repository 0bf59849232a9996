//! Secrets that are known by value: the credentials that this process read or was given.

use super::{SecretPlace, names, shapes, without};
use base64::Engine;
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The shortest secret that is searched for, in bytes. A shorter secret may be a word: `test` may be a key, and it is part of many names.
const SHORTEST: usize = 8;
/// The shortest real key or token. A shorter secret is found only as a whole word, and not in an ARN.
const KEY: usize = 16;
/// The length of a piece of a secret by which a secret that came back cut off is recognised.
const PIECE: usize = 16;
/// The distance between the pieces that are searched for. Any 23 characters of a secret hold a whole piece.
const STRIDE: usize = 8;

/// The credentials of one attempt, and the names that it sends with them. Clones share what is learned. The memory is wiped when the last clone
/// is dropped.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Known>>);

#[derive(Clone, Default)]
struct Known {
    values: Vec<Zeroizing<String>>,
    /// Names that a service may quote. None is a secret, even if it looks like one.
    names: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// An independent copy. What it learns is not shared with the original, and is lost when the copy is dropped.
    #[must_use]
    pub fn fork(&self) -> Secrets {
        Secrets(Arc::new(Mutex::new(self.known().clone())))
    }

    /// From now on this value is never shown, unless it is too short to be distinguished from a word.
    pub fn learn(&self, value: &str) {
        self.learn_from(SHORTEST, value);
    }

    fn learn_from(&self, shortest: usize, value: &str) {
        let value = value.trim();
        let values = &mut self.known().values;
        if value.len() >= shortest && !values.iter().any(|known| known.as_str() == value) {
            values.push(Zeroizing::new(value.to_owned()));
        }
    }

    /// Learns a name of the pod's own. It does not count as a secret when a service quotes it. A name that holds a token is not learned.
    pub fn spare(&self, name: &str) {
        if name.len() >= SHORTEST && shapes::in_value(name).is_empty() {
            self.known().names.push(name.to_owned());
        }
    }

    /// From now on the value of an `Authorization` or `Proxy-Authorization` header is never shown. Neither are its parts: the decoded user name and
    /// password of the scheme Basic (RFC 7617), and the signature of SigV4.
    pub fn learn_authorization(&self, value: &str) {
        self.learn_header(SHORTEST, value);
    }

    /// A copy that also removes short parts of this header. Use it for the answer of the server that got the header. There even a short password
    /// is not a word of the server's own.
    #[must_use]
    pub fn and_words_of(&self, authorization: Option<&str>) -> Secrets {
        let all = self.fork();
        all.learn_header(1, authorization.unwrap_or_default());
        all
    }

    fn learn_header(&self, shortest: usize, value: &str) {
        let (scheme, credentials) = value.trim().split_once(' ').unwrap_or(("", value.trim()));
        if let Some((_, signature)) = credentials.rsplit_once("Signature=") {
            return self.learn(signature);
        }
        self.learn_from(shortest, credentials);
        let decode = || base64::engine::general_purpose::STANDARD.decode(credentials).ok().map(Zeroizing::new);
        let Some(plain) = scheme.eq_ignore_ascii_case("basic").then(decode).flatten() else { return };
        let Ok(plain) = std::str::from_utf8(&plain) else { return };
        self.learn_from(shortest, plain);
        if let Some((user, password)) = plain.split_once(':') {
            self.learn_from(shortest, password);
            self.learn_from(shortest, user);
        }
    }

    /// Text from outside without secrets. It removes the known secrets in every encoding, and any text that has the shape of a secret.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.known();
        let arns = names::arns(text);
        let mut found = shapes::find(text);
        for value in known.values.iter().filter(|value| value.len() >= PIECE + STRIDE) {
            find_pieces(text, value, &arns, &mut found);
        }
        if !found.is_empty() {
            let places = known.names.iter().flat_map(|name| text.match_indices(name.as_str()).map(|(at, name)| at..at + name.len()));
            let spared: Vec<Range<usize>> = places.collect();
            found.retain(|found| !spared.iter().any(|name| name.start <= found.at.start && found.at.end <= name.end));
        }
        for value in &known.values {
            find_whole(text, value, &arns, &mut found);
        }
        without(text, found)
    }

    /// A name or an ARN from outside, without secrets. By shape, only a token that is longer than any name counts as a secret there.
    pub fn redact_name<'t>(&self, name: &'t str) -> Cow<'t, str> {
        match self.redact_known(name) {
            Cow::Borrowed(name) => without(name, shapes::in_value(name)),
            Cow::Owned(name) => Cow::Owned(without(&name, shapes::in_value(&name)).into_owned()),
        }
    }

    /// A value without the known secrets that are too long to be a word. It is for a value that has its own rule for shapes.
    pub(super) fn redact_known<'t>(&self, value: &'t str) -> Cow<'t, str> {
        let mut found = Vec::new();
        for secret in self.known().values.iter().filter(|secret| secret.len() >= KEY) {
            find_whole(value, secret, &[], &mut found);
        }
        without(value, found)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds the whole value: as it is, and percent-encoded as in a query string or a canonical request.
fn find_whole(text: &str, value: &str, arns: &[Range<usize>], found: &mut Vec<SecretPlace>) {
    let is_secret = |at: &Range<usize>| value.len() >= KEY || stands_alone(text, at) && !arns.iter().any(|arn| arn.contains(&at.start));
    for form in [Zeroizing::new(value.to_owned()), percent_encoded(value, true), percent_encoded(value, false)] {
        let places = text.match_indices(form.as_str()).map(|(at, form)| at..at + form.len());
        found.extend(places.filter(is_secret).map(SecretPlace::secret));
    }
}

fn stands_alone(text: &str, at: &Range<usize>) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !is_part(text[..at.start].chars().next_back()) && !is_part(text[at.end..].chars().next())
}

fn percent_encoded(value: &str, upper: bool) -> Zeroizing<String> {
    let mut encoded = Zeroizing::new(String::with_capacity(3 * value.len()));
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            byte if upper => encoded.push_str(&format!("%{byte:02X}")),
            byte => encoded.push_str(&format!("%{byte:02x}")),
        }
    }
    encoded
}

/// Finds parts of the value that came back without the rest. ARNs are not searched, because names in them may begin as session tokens do.
fn find_pieces(text: &str, value: &str, arns: &[Range<usize>], found: &mut Vec<SecretPlace>) {
    let (text, value) = (text.as_bytes(), value.as_bytes());
    let mut at = 0;
    while at + PIECE <= text.len() {
        let piece = &text[at..at + PIECE];
        let place = piece.iter().all(u8::is_ascii_graphic).then(|| value.windows(PIECE).position(|window| window == piece)).flatten();
        let Some(place) = place.filter(|_| !arns.iter().any(|arn| arn.contains(&at))) else {
            at += STRIDE;
            continue;
        };
        let before = text[..at].iter().rev().zip(value[..place].iter().rev()).take_while(|(a, b)| a == b).count();
        let behind = text[at..].iter().zip(&value[place..]).take_while(|(a, b)| a == b).count();
        // Only ASCII was compared, so both ends are at the beginning of a character.
        found.push(SecretPlace::secret(at - before..at + behind));
        at += behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(values: &[&str], text: &str) -> String {
        let secrets = Secrets::default();
        values.iter().for_each(|value| secrets.learn(value));
        secrets.redact(text).into_owned()
    }

    #[test]
    fn a_known_secret_goes_in_every_form() {
        assert_eq!(redacted(&["abcdefghij"], "the key abcdefghij is bad"), "the key [redacted] is bad");
        assert_eq!(redacted(&["IQo+ab/cd=="], "T=IQo%2Bab%2Fcd%3D%3D&x"), "T=[redacted]&x");
        assert_eq!(redacted(&["IQo+ab/cd=="], "T=IQo%2bab%2fcd%3d%3d&x"), "T=[redacted]&x");
        assert_eq!(redacted(&["abcdefghij", "abcdefghijXYZ"], "abcdefghij abcdefghijXYZ"), "[redacted] [redacted]");
        assert_eq!(redacted(&["  abcdefghij\n", ""], "abcdefghij"), "[redacted]");
    }

    #[test]
    fn a_short_secret_damages_no_name() {
        assert_eq!(redacted(&["test", "checkout"], "a test of checkouts"), "a test of checkouts");
        let text = "checkout: arn:aws:sts::111122223333:assumed-role/checkout/s";
        assert_eq!(redacted(&["checkout"], text), "[redacted]: arn:aws:sts::111122223333:assumed-role/checkout/s");
    }

    #[test]
    fn whoever_got_a_password_says_none_of_it() {
        let secrets = Secrets::default();
        // a:pw
        let words = secrets.and_words_of(Some("Basic YTpwdw=="));
        assert_eq!(words.redact("407 pw (pw) YTpwdw== spwn"), "407 [redacted] ([redacted]) [redacted] spwn");
        assert_eq!(secrets.redact("407 pw"), "407 pw");
    }

    #[test]
    fn what_is_left_of_a_cut_secret_goes_too() {
        let token = "FwoGZXIvYXdzEBYaDExampleToken1234567890abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
        for (from, to) in [(0, 40), (20, 60), (33, 60), (50, token.len()), (7, 31)] {
            let text = format!("said {} and", &token[from..to]);
            assert_eq!(redacted(&[token], &text), "said [redacted] and", "{from}..{to}");
        }
        let arn = format!("arn:aws:iam::111122223333:role/{}", &token[..40]);
        assert_eq!(redacted(&[token], &arn), arn, "a role may be called so");
    }

    #[test]
    fn an_authorization_is_known_decoded_too() {
        let secrets = Secrets::default();
        secrets.learn_authorization("Basic c2NvdHQ6dGlnZXI=");
        for text in ["dXNlcg c2NvdHQ6dGlnZXI= x", "dXNlcg scott:tiger x"] {
            assert_eq!(secrets.redact(text), "dXNlcg [redacted] x");
        }
        secrets
            .learn_authorization("AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/20261129/us-west-2/sts/aws4_request, Signature=0123456789abcdef");
        assert_eq!(secrets.redact("us-west-2 0123456789abcdef"), "us-west-2 [redacted]");
    }

    #[test]
    fn a_name_of_the_pod_s_own_is_spared() {
        let secrets = Secrets::default();
        let name = "wJalrXUtnFEMI7K7MDENG0bPxRfiCYEXAMPLEKEY";
        let quoted = format!("Session '{name}' is taken, key {}", name.replace("wJ", "xK"));
        assert_eq!(secrets.redact(&quoted), "Session '[redacted]' is taken, key [redacted]");
        secrets.spare(name);
        assert_eq!(secrets.redact(&quoted), format!("Session '{name}' is taken, key [redacted]"));
        let id = format!("AROAEXAMPLE:{name}");
        assert_eq!(Secrets::default().redact_name(&id), id);
        secrets.learn(name);
        assert_eq!(secrets.redact_name(&id), "AROAEXAMPLE:[redacted]", "a key stays one");
    }

    #[test]
    fn nothing_is_shown_by_debug() {
        let secrets = Secrets::default();
        secrets.learn("abcdefghij");
        let fork = secrets.fork();
        fork.learn("klmnopqrst");
        assert_eq!(format!("{secrets:?}"), "Secrets");
        assert_eq!((secrets.redact("klmnopqrst").as_ref(), fork.redact("klmnopqrst").as_ref()), ("klmnopqrst", "[redacted]"));
    }
}
