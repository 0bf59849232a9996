//! The sandbox is strict: what AWS refuses, it refuses with AWS's words.

mod support;

use support::{Sandbox, World};

#[test]
fn an_empty_situation_is_a_healthy_pod() {
    let world: World = serde_json::from_str("{}").unwrap();
    let sandbox = Sandbox::start(&world);
    assert_eq!(sandbox.env()["AWS_ROLE_ARN"], "arn:aws:iam::111122223333:role/apps/checkout");
}
