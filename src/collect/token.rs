//! The token files.

use super::environment::World;
use super::file::{self, Root, TOKEN_CAP};
use crate::core::evidence::{Fact, FileFact, SkipReason, Token, TokenContent};
use crate::core::plan::{Plan, Provider};
use crate::core::pod::token::{DEFAULT_TOKEN_PATH, NAMESPACE_PATH, TokenDefect, decode};
use crate::core::text::printable::is_object_name;
use crate::core::text::secrets::InputValue;
use crate::core::text::time::Timestamp;
use std::time::Duration;
use zeroize::Zeroizing;

/// The wait before a file that is empty or torn is read once more. The kubelet swaps the file atomically, other writers do not.
const SECOND_LOOK: Duration = Duration::from_millis(50);

/// Reads the injected provider's token.
pub async fn read_injected(world: &World, plan: &Plan) -> (Fact<Token>, Option<Zeroizing<String>>) {
    match &plan.token_path {
        Some(path) => {
            let (token, text) = read(&world.root, path).await;
            (Fact::Known(token), text)
        }
        // AWS_CONTAINER_AUTHORIZATION_TOKEN holds the token itself.
        None if plan.provider == Provider::PodIdentity => (Fact::NotAttempted(SkipReason::NotThisProvider), world.container_token.clone()),
        None => (Fact::NotAttempted(SkipReason::NotThisProvider), None),
    }
}

/// Reads another token where no whole identity was injected, because a token tells who this pod is. It is one that half an identity names,
/// else the API server's.
pub async fn read_stand_in(world: &World, plan: &Plan) -> Fact<Token> {
    let environment = &world.inputs.environment;
    if plan.provider != Provider::None {
        return Fact::NotAttempted(SkipReason::NotThisProvider);
    }
    for path in [&environment.token_file, &environment.container_token_file].into_iter().filter_map(|var| var.value()) {
        let (token, _) = read(&world.root, path).await;
        if token.claims().is_some() {
            return Fact::Known(token);
        }
    }
    Fact::Known(read(&world.root, &DEFAULT_TOKEN_PATH.into()).await.0)
}

/// Reads the pod's namespace from the file beside the default token. `None` where there is none, or where it holds no name.
pub fn read_namespace(root: &Root) -> Option<String> {
    let content = file::read(root, NAMESPACE_PATH, NAMESPACE_CAP).ok()?;
    let name = std::str::from_utf8(&content.bytes).ok()?.trim();
    is_object_name(name).then(|| name.to_owned())
}

/// A namespace's name has 63 characters at most. A line break may follow.
const NAMESPACE_CAP: usize = 128;

/// Reads a token. Returns the evidence, and the text where it is a token.
pub async fn read(root: &Root, path: &InputValue) -> (Token, Option<Zeroizing<String>>) {
    let first = read_once(root, path.raw());
    let torn = matches!(
        &first.0,
        FileFact::Read {
            content: TokenContent::Defect(
                TokenDefect::Empty | TokenDefect::NotThreeParts | TokenDefect::NotBase64 | TokenDefect::NotJson | TokenDefect::NoSignature
            ),
            ..
        }
    );
    let (file, text) = if torn {
        tokio::time::sleep(SECOND_LOOK).await;
        read_once(root, path.raw())
    } else {
        first
    };
    (Token { path: path.clone(), file }, text)
}

fn read_once(root: &Root, path: &str) -> (FileFact, Option<Zeroizing<String>>) {
    let content = match file::read(root, path, TOKEN_CAP) {
        Ok(content) => content,
        Err(failure) => return (FileFact::Failed(failure), None),
    };
    let modified = Some(Timestamp(content.modified));
    let (decoded, text) = match decode(&content.bytes) {
        Ok(claims) => (TokenContent::Claims(claims), String::from_utf8(content.bytes.to_vec()).ok().map(Zeroizing::new)),
        Err(defect) => (TokenContent::Defect(defect), None),
    };
    let trailing_whitespace = text.as_deref().is_some_and(|text| text.trim() != text.as_str());
    (FileFact::Read { modified, trailing_whitespace, content: decoded }, text)
}
