//! What a search for leads looks for.

use ashlar_kernel::{FieldFault, canonical};

/// Words, each of which stands somewhere in a lead's name, company, address or number. 2 to 100 characters.
///
/// A fragment of a word will do, in whatever case and spelling; nothing has a meaning of its own, so that what is typed
/// in can be looked for as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadSearch(Vec<String>);

/// The text cannot be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a search has 2 to 100 characters and no control characters")]
pub struct InvalidSearch;

impl FieldFault for InvalidSearch {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

impl LeadSearch {
    /// Accepts a text.
    pub fn parse(text: &str) -> Result<Self, InvalidSearch> {
        let text = text.trim();
        if !(2..=100).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(InvalidSearch);
        }
        let words: Vec<_> = canonical::fold(text).split_whitespace().map(str::to_owned).collect();
        if words.is_empty() { Err(InvalidSearch) } else { Ok(Self(words)) }
    }

    /// The words, in the form in which they are part of a [search key](crate::Lead::search_key).
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a lead with this search key is found.
    pub fn finds(&self, search_key: &str) -> bool {
        self.words().all(|word| search_key.contains(word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_as_what_they_are_looked_for_in() {
        let words = |text: &str| LeadSearch::parse(text).map(|search| search.words().collect::<Vec<_>>().join("|"));
        assert_eq!(words(" ADA  L\u{d6}V ").as_deref(), Ok("ada|l\u{f6}v"));
        assert_eq!(words("50%").as_deref(), Ok("50%"));
        for bad in ["", "a", " a ", &" ".repeat(100), "a\0b", "a\nb", &"x".repeat(101)] {
            assert_eq!(words(bad), Err(InvalidSearch), "{bad:?}");
        }
    }
}
