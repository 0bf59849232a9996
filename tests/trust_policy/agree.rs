//! Made-up policies by the thousand: the sandbox's evaluator gives the same answers, and what is known in part is judged as all that it
//! can be. The seed is fresh in each run, and printed.

use super::*;
use fastrand::Rng;

/// So many policies are made up for each test.
const POLICIES: usize = 10_000;

fn seeded() -> Rng {
    let seed = std::env::var("POLICY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("POLICY_SEED={seed}");
    Rng::with_seed(seed)
}

fn pick<'a>(random: &mut Rng, from: &[&'a str]) -> &'a str {
    from[random.usize(..from.len())]
}

/// A text with some of its characters replaced by wildcards, doubled, or dropped.
fn blurred(random: &mut Rng, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..random.usize(..3) {
        let from = random.usize(..=chars.len());
        let to = (from + random.usize(..12)).min(chars.len());
        let by = [vec!['*'], vec!['?'], vec!['*', '?'], vec!['X'], Vec::new()][random.usize(..5)].clone();
        chars.splice(from..to, by);
    }
    chars.into_iter().collect()
}

/// An operator that compares texts, with what may stand around it.
fn of_texts(random: &mut Rng, names: &[&str]) -> String {
    let set = pick(random, &["", "", "", "", "ForAnyValue:", "ForAllValues:"]);
    let suffix = pick(random, &["", "", "", "IfExists"]);
    format!("{set}{}{suffix}", pick(random, names))
}

fn one_or_more(random: &mut Rng, mut value: impl FnMut(&mut Rng) -> String) -> Value {
    match random.usize(..3) {
        0 => json!([value(random), value(random)]),
        1 => json!([value(random)]),
        _ => json!(value(random)),
    }
}

const TEXTS: [&str; 6] =
    ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"];

/// A statement of what the sandbox's evaluator knows.
fn of_irsa(random: &mut Rng, issuer: &str) -> Value {
    let provider = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    let principal = match random.usize(..8) {
        0 => json!({"Federated": provider("oidc.eks.us-west-2.amazonaws.com/id/FF")}),
        1 => json!({"Federated": [provider("oidc.eks.us-west-2.amazonaws.com/id/FF"), provider(issuer)]}),
        2 => json!({"AWS": "arn:aws:iam::111122223333:root", "Federated": provider(issuer)}),
        _ => json!({"Federated": provider(issuer)}),
    };
    let mut principal = principal;
    // Beside it one of any form, which IAM may refuse.
    if random.usize(..4) == 0 {
        let (kind, name) = [
            ("AWS", "arn:aws:iam::111122223333:role/team/a"),
            ("AWS", "arn:aws:sts::111122223333:assumed-role/a/b"),
            ("AWS", "111122223333"),
            ("Service", "pods.eks.amazonaws.com"),
            ("Federated", "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A"),
            ("Federated", "accounts.google.com"),
        ][random.usize(..6)];
        principal[kind] = json!([blurred(random, name), principal[kind].as_str().unwrap_or(name)]);
    }
    let effect = pick(random, &["Allow", "Allow", "Deny"]);
    let principal = if effect == "Deny" && random.usize(..3) == 0 { json!({"AWS": "*"}) } else { principal };
    let actions = [
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRoleWithWebIdentity",
        "sts:*",
        "STS:assumeRoleWith*",
        "sts:AssumeRole",
        "sts:TagSession",
    ];
    let element = if random.usize(..8) == 0 { "NotAction" } else { "Action" };
    let odd = random.usize(..6) == 0;
    let action = one_or_more(random, |random| {
        let action = pick(random, &actions);
        if odd { blurred(random, action) } else { action.to_owned() }
    });
    let mut statement = json!({"Effect": effect, "Principal": principal, element: action});
    for _ in 0..random.usize(..4) {
        let (operator, key, values) = match random.usize(..10) {
            0 => (
                "Null".to_owned(),
                pick(random, &["{}:sub", "{}:aud", "aws:RequestTag/team", "sts:ExternalId"]),
                json!(pick(random, &["true", "false"])),
            ),
            1 => (
                "Bool".to_owned(),
                pick(random, &["aws:SecureTransport", "aws:ViaAWSService", "aws:MultiFactorAuthPresent"]),
                json!(random.bool()),
            ),
            2 => {
                let key = pick(random, &["sts:ExternalId", "aws:RequestTag/team", "oidc.eks.us-west-2.amazonaws.com/id/FF:sub", "{}:azp"]);
                (of_texts(random, &TEXTS), key, one_or_more(random, |random| pick(random, &["a", "*", "shop"]).to_owned()))
            }
            3 | 4 => (of_texts(random, &TEXTS), "{}:aud", one_or_more(random, |random| blurred(random, "sts.amazonaws.com"))),
            _ => (
                of_texts(random, &TEXTS),
                "{}:sub",
                one_or_more(random, |random| {
                    let subject = pick(
                        random,
                        &[
                            "system:serviceaccount:shop:checkout",
                            "system:serviceaccount:shop:Checkout",
                            "system:serviceaccount:web:frontend",
                        ],
                    );
                    blurred(random, subject)
                }),
            ),
        };
        statement["Condition"][operator][key.replace("{}", issuer)] = values;
    }
    statement
}

#[test]
fn the_sandbox_gives_the_same_answers() {
    let mut random = seeded();
    let world = World::default();
    let issuer = world.issuer.strip_prefix("https://").unwrap().to_owned();
    let arn = iam::RoleArn::parse(&world.role).unwrap();
    let role = RoleArn::parse(&world.role).unwrap();
    let askers: Vec<(jwt::Jwt, Request)> =
        [("shop", "checkout", "sts.amazonaws.com"), ("web", "frontend", "sts.amazonaws.com"), ("shop", "checkout", "vault")]
            .map(|(namespace, account, audience)| {
                let token = Token { sub: Some(policy::subject(namespace, account)), aud: Some(json!(audience)), ..Token::default() };
                let text = jwt::issue(&world, &token, "");
                (jwt::Jwt::parse(&text).unwrap(), of_token(&token::decode(text.as_bytes()).unwrap(), &role))
            })
            .into();
    let mut answers = [0, 0];
    for _ in 0..POLICIES {
        let statements: Vec<Value> = (0..random.usize(1..4)).map(|_| of_irsa(&mut random, &issuer)).collect();
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        let (jwt, request) = &askers[random.usize(..askers.len())];
        let evaluation = policy::judge(&parsed(&document), request);
        // The sandbox takes a side where AWS's reference leaves it open.
        let open = evaluation.statements.iter().flat_map(|judged| &judged.reasons).any(|reason| reason.slip == Slip::Undecided);
        if open {
            continue;
        }
        let allowed = evaluation.decision == Decision::Allow;
        let trusted = iam::trusts(&world, &Role { policy: Some(document.clone()), ..Role::default() }, &arn, jwt);
        assert_eq!(allowed, trusted, "{} {document}\n{evaluation:#?}", request.who);
        answers[usize::from(allowed)] += 1;
    }
    assert!(answers.iter().all(|count| *count > POLICIES / 20), "{answers:?}");
}

const ARNS: [&str; 5] = ["ArnLike", "ArnEquals", "ArnNotLike", "StringLike", "StringNotLike"];

/// A statement about what EKS Pod Identity tells of the cluster, and about the time.
fn of_cluster(random: &mut Rng) -> Value {
    let effect = pick(random, &["Allow", "Allow", "Deny"]);
    let mut statement = json!({
        "Effect": effect,
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    });
    let of_cluster = |random: &mut Rng| {
        let arns = [
            "arn:aws:eks:us-west-2:111122223333:cluster/prod",
            "arn:aws:eks:*:${aws:SourceAccount}:cluster/*",
            "arn:aws:eks:*",
            "${aws:RequestTag/eks-cluster-arn}",
            "*",
        ];
        let arn = pick(random, &arns);
        if arn.contains('$') { arn.to_owned() } else { blurred(random, arn) }
    };
    for _ in 0..random.usize(1..3) {
        let (operator, key, values) = match random.usize(..8) {
            0 => (
                "Null".to_owned(),
                pick(random, &["aws:SourceArn", "aws:RequestTag/eks-cluster-name", "aws:CurrentTime"]),
                json!(random.bool()),
            ),
            1 => {
                let names = ["StringEquals", "StringLike", "StringNotLike", "StringNotEquals"];
                (of_texts(random, &names), "aws:RequestTag/eks-cluster-name", one_or_more(random, |random| blurred(random, "prod")))
            }
            2 => {
                let limit = pick(random, &["2020-01-01T00:00:00Z", "2026-11-29", "2026", "1795953600", "2026-11-29T12:00Z", "soon"]);
                (of_texts(random, &["DateLessThan", "DateGreaterThanEquals", "DateNotEquals"]), "aws:CurrentTime", json!(limit))
            }
            3 => (
                of_texts(random, &["NumericLessThan", "NumericGreaterThan"]),
                "aws:EpochTime",
                json!(pick(random, &["1795953600", "0", "x"])),
            ),
            4 => (of_texts(random, &ARNS), "aws:RequestTag/eks-cluster-arn", one_or_more(random, of_cluster)),
            _ => (of_texts(random, &ARNS), "aws:SourceArn", one_or_more(random, of_cluster)),
        };
        statement["Condition"][operator][key] = values;
    }
    statement
}

/// What is sure while the cluster and the time are not known is the answer for every cluster and at every time.
#[test]
fn what_is_sure_stays_so_when_more_is_known() {
    let mut random = seeded();
    let role = RoleArn::parse("arn:aws:iam::111122223333:role/checkout").unwrap();
    let asker = Request::pod_identity(Some("shop"), Some("checkout"), Some(&role));
    let known: Vec<Request> = [
        ("us-west-2", "prod", 1_795_953_600),
        ("eu-central-1", "p", 0),
        ("us-west-2", "X-prod_2", 1_577_836_800),
        ("us-gov-west-1", "cluster", 4_000_000_000),
    ]
    .map(|(region, name, now)| {
        asker.clone().from_cluster(name, &format!("arn:aws:eks:{region}:111122223333:cluster/{name}")).at(Timestamp(now))
    })
    .into();
    let mut sure = [0, 0];
    for _ in 0..POLICIES {
        let all = json!({"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:*"});
        let mut statements: Vec<Value> = (0..random.usize(1..3)).map(|_| of_cluster(&mut random)).collect();
        if random.bool() {
            statements.push(all);
        }
        let document = parsed(&json!({"Version": "2012-10-17", "Statement": statements}));
        let before = policy::judge(&document, &asker);
        let allowed = before.decision == Decision::Allow;
        if !allowed && before.decision == Decision::Deny && !before.undecided.is_empty() {
            continue;
        }
        for request in &known {
            let after = policy::judge(&document, request);
            assert_eq!(allowed, after.decision == Decision::Allow, "{:#?}\n{before:#?}\n{after:#?}", document.json);
        }
        sure[usize::from(allowed)] += 1;
    }
    assert!(sure.iter().all(|count| *count > POLICIES / 20), "{sure:?}");
}
