//! The token files.

use super::file::{self, Root, TOKEN_CAP};
use crate::core::evidence::{FileFact, Token, TokenContent};
use crate::core::pod::token::{TokenDefect, decode};
use crate::core::text::secrets::InputValue;
use crate::core::text::time::Timestamp;
use std::time::Duration;
use zeroize::Zeroizing;

/// The kubelet swaps the file atomically, other writers do not: a file that is empty or torn is looked at once more.
const SECOND_LOOK: Duration = Duration::from_millis(50);

/// Reads a token: the evidence, and the text for its receiver when it is a token.
pub async fn read(root: &Root, path: &InputValue) -> (Token, Option<Zeroizing<String>>) {
    let first = look(root, path.raw());
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
        look(root, path.raw())
    } else {
        first
    };
    (Token { path: path.clone(), file }, text)
}

fn look(root: &Root, path: &str) -> (FileFact, Option<Zeroizing<String>>) {
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
