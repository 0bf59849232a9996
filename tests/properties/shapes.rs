//! Secrets by their grammar, in the places where logs and answers have them. Made up, and each of the length and the letters of a real one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A text that holds a secret, and the part of it that nobody may see.
#[derive(Debug, Clone)]
pub struct Planted {
    /// As it stands somewhere.
    pub text: String,
    /// What is secret in it, without what all of its kind begin with.
    pub core: String,
}

impl Planted {
    /// Whether some of the secret is in there: twelve characters are enough to know it again, and too many to be there by chance.
    pub fn leaks_into(&self, output: &str) -> bool {
        let core: Vec<char> = self.core.chars().collect();
        core.windows(12).any(|some| output.contains(&some.iter().collect::<String>()))
    }
}

/// A service account's token: a header with a key's id, claims, a signature of RS256.
pub fn jwt() -> BoxedStrategy<Planted> {
    ("[0-9a-f]{40}", "[a-z]{8,20}", vec(any::<u8>(), 256))
        .prop_map(|(key, account, signature)| {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","kid":"{key}"}}"#));
            let claims = format!(r#"{{"aud":["sts.amazonaws.com"],"exp":1795469543,"sub":"system:serviceaccount:shop:{account}"}}"#);
            let signature = URL_SAFE_NO_PAD.encode(signature);
            Planted { text: format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims)), core: signature }
        })
        .boxed()
}

/// The same, cut off within its signature, as lines of logs are.
pub fn cut_jwt() -> BoxedStrategy<Planted> {
    (jwt(), 20usize..300)
        .prop_map(|(whole, left)| {
            let end = whole.text.len() - whole.core.len() + left;
            Planted { text: whole.text[..end].to_owned(), core: whole.core[..left].to_owned() }
        })
        .boxed()
}

/// 40 characters of base64.
pub fn secret_key() -> BoxedStrategy<String> {
    let mixed = |key: &String| {
        let has = |test: fn(&char) -> bool| key.chars().any(|c| test(&c));
        has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit)
    };
    "[A-Za-z0-9/+]{40}".prop_filter("a key has letters of both kinds, and digits", mixed).boxed()
}

/// STS's, in each of the two forms.
pub fn session_token() -> BoxedStrategy<Planted> {
    (select(&["FwoGZXIvYXdzE", "IQoJb3JpZ2luX2VjE"][..]), "[A-Za-z0-9/+]{200,700}", select(&["", "=", "=="][..]))
        .prop_map(|(begin, core, end)| Planted { text: format!("{begin}{core}{end}"), core })
        .boxed()
}

fn placed(secret: impl Strategy<Value = Planted> + 'static, places: &'static [&'static str]) -> BoxedStrategy<Planted> {
    (secret, select(places))
        .prop_map(|(secret, place)| {
            let percent = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            let encoded = place.contains("{query}");
            let text = place.replace("{}", &secret.text).replace("{query}", &percent(&secret.text));
            Planted { text, core: if encoded { percent(&secret.core) } else { secret.core } }
        })
        .boxed()
}

/// A secret where its name stands before it.
pub fn in_its_place() -> BoxedStrategy<Planted> {
    let key = secret_key().prop_map(|key| Planted { text: key.clone(), core: key });
    let basic = ("[a-z]{3,8}", "[A-Za-z0-9]{16,30}").prop_map(|(user, password)| {
        let encoded = STANDARD.encode(format!("{user}:{password}"));
        Planted { text: encoded.clone(), core: encoded }
    });
    let password = "[A-Za-z0-9]{16,30}".prop_map(|password| Planted { text: password.clone(), core: password });
    let signature = "[0-9a-f]{64}".prop_map(|signature| Planted { text: signature.clone(), core: signature });
    prop_oneof![
        placed(
            key,
            &[
                "aws_secret_access_key={}",
                "aws_secret_access_key = {}",
                "AWS_SECRET_ACCESS_KEY={}",
                "export AWS_SECRET_ACCESS_KEY=\"{}\"",
                "{\"AccessKeyId\":\"ASIAEXAMPLE\",\"SecretAccessKey\":\"{}\"}",
                "\"SecretAccessKey\" : \"{}\",",
                "<SecretAccessKey>{}</SecretAccessKey>",
                "secretAccessKey: '{}'",
                "SecretAccessKey:{} ",
            ],
        ),
        placed(
            session_token(),
            &[
                "AWS_SESSION_TOKEN={}",
                "aws_session_token = {}",
                "\"SessionToken\": \"{}\"",
                "\"Token\" : \"{}\"",
                "<SessionToken>{}</SessionToken>",
                "x-amz-security-token:{}",
                "X-Amz-Security-Token: {}",
                "https://sts.amazonaws.com/?Action=GetCallerIdentity&X-Amz-Security-Token={query}&X-Amz-Date=20261129T000000Z",
                "X-Amz-Security-Token%3D{}",
                "x-aws-ec2-metadata-token: {}",
                "session_token: Some(\"{}\")",
                "{}",
            ],
        ),
        placed(
            jwt(),
            &["{}", "WebIdentityToken={}&Version=2011-06-15", "Authorization: Bearer {}", "Value '{}' at 'webIdentityToken'", "token={}", "\"token\":\"{}\""],
        ),
        placed(cut_jwt(), &["{}", "{}…", "Value '{}", "Authorization: Bearer {}"]),
        placed(basic, &["Authorization: Basic {}", "Proxy-Authorization: Basic {}", "authorization=\"Basic {}\""]),
        placed(password, &["http://scott:{}@proxy.example:3128", "https://{}@proxy.example", "password={}", "\"password\": \"{}\""]),
        placed(
            signature,
            &["X-Amz-Signature={}", "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261129/us-east-1/sts/aws4_request, SignedHeaders=host, Signature={}"],
        ),
    ]
    .boxed()
}
