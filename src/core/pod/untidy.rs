//! Variables that a person did not mean so: set to the empty string, or with white space around the value. SDKs disagree about both
//! (docs/sdks.md).

/// What is untidy about a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Untidy {
    /// It is set to the empty string.
    Empty,
    /// It is set to white space.
    Blank,
    /// White space stands before or after its value.
    Padded,
}

/// How a variable is kept, as far as it can be untidy.
pub trait Tidy {
    /// What is untidy about it.
    fn untidy(&self) -> Option<Untidy>;
    /// The same without the white space. Unset if nothing else is in it.
    #[must_use]
    fn tidied(&self) -> Self;
}

impl Untidy {
    /// What is untidy about a variable that is set to this.
    pub fn of(text: &str) -> Option<Untidy> {
        match (text, text.trim()) {
            ("", _) => Some(Untidy::Empty),
            (_, "") => Some(Untidy::Blank),
            (text, trimmed) => (text.len() != trimmed.len()).then_some(Untidy::Padded),
        }
    }
}
