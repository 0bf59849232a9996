//! How a chain reads static keys and the web identity in the environment.

use super::Empty;

/// How it reads static keys in the environment.
#[derive(Debug, Clone, Copy)]
pub struct KeyRules {
    /// It also reads the old names `AWS_ACCESS_KEY` and `AWS_SECRET_KEY`.
    pub old_names: bool,
    /// A key of white space alone counts as a key.
    pub blank_counts: bool,
    /// A key id without the secret key is an error.
    pub lone_id_fails: bool,
    /// It does not read the keys while `AWS_PROFILE` is set.
    pub hidden_by_profile: bool,
    /// An `AWS_CREDENTIAL_EXPIRATION` in the past is an error.
    pub expiry_counts: bool,
}

impl KeyRules {
    /// The rules that most families have.
    pub const COMMON: KeyRules =
        KeyRules { old_names: false, blank_counts: true, lone_id_fails: false, hidden_by_profile: false, expiry_counts: false };
}

/// How it reads `AWS_ROLE_ARN`, `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_SESSION_NAME`.
#[derive(Debug, Clone, Copy)]
pub struct WebIdentityRules {
    pub role: Empty,
    pub token_file: Empty,
    pub session_name: Empty,
    /// A token file without a role is an error. Otherwise the link counts as not configured.
    pub token_without_role_fails: bool,
    /// A role without a token file is an error. Otherwise the link counts as not configured.
    pub role_without_token_fails: bool,
    /// It removes white space around the token file's path.
    pub trims_path: bool,
    /// It removes white space around the role's ARN and the session's name.
    pub trims_role: bool,
    /// An answer that is not that of STS ends the process.
    pub alien_answer_crashes: bool,
    /// A token file that is a folder ends the process.
    pub folder_crashes: bool,
}

impl WebIdentityRules {
    /// The rules that most families have.
    pub const COMMON: WebIdentityRules = WebIdentityRules {
        role: Empty::Unset,
        token_file: Empty::Unset,
        session_name: Empty::Unset,
        token_without_role_fails: false,
        role_without_token_fails: false,
        trims_path: false,
        trims_role: false,
        alien_answer_crashes: false,
        folder_crashes: false,
    };
}
