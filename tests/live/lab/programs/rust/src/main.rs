//! Prints what the default chain of the AWS SDK for Rust ends as.

use aws_credential_types::provider::ProvideCredentials;

#[tokio::main]
async fn main() {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let Some(provider) = config.credentials_provider() else {
        println!("{}", serde_json::json!({ "error": "no provider" }));
        return;
    };
    let result = match provider.provide_credentials().await {
        Ok(credentials) => serde_json::json!({ "key": credentials.access_key_id() }),
        Err(error) => serde_json::json!({ "error": format!("{error:?}") }),
    };
    println!("{result}");
}
