//! What a search for leads looks for.

use ashlar_kernel::{FieldFault, canonical};

/// Words, each of which stands somewhere in a lead's name, company, address or number. 2 to 100 characters.
///
/// A fragment of a word will do, of three characters or more, and of fewer its beginning, in whatever case and spelling; nothing has a meaning of its own, so that what is typed
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

    /// The words that [`text`](Self::text) gave.
    pub fn restore(text: &str) -> Self {
        Self(text.split_whitespace().map(str::to_owned).collect())
    }

    /// The words, in the form in which they are part of a [search key](crate::Lead::search_key).
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The words as they were typed in, with single blanks.
    pub fn text(&self) -> String {
        self.0.join(" ")
    }

    /// How well a name is what is looked for: 3 if it is the name, 2 if the name begins with it, 1 if it stands in the name
    /// as it was typed in, 0 if it is found otherwise.
    pub fn relevance(&self, name_key: &str) -> u8 {
        let text = self.text();
        match name_key {
            name if name == text => 3,
            name if name.starts_with(&text) => 2,
            name if name.contains(&text) => 1,
            _ => 0,
        }
    }

    /// Whether a word is too short to be looked for within words: it is looked for where they begin.
    pub fn is_short(word: &str) -> bool {
        word.chars().count() < 3
    }

    /// Whether a lead with this search key is found.
    pub fn finds(&self, search_key: &str) -> bool {
        let begins_a_word = |word: &str| {
            search_key.starts_with(word)
                || search_key.contains(&format!(" {word}"))
                || search_key.contains(&format!("\n{word}"))
        };
        self.words().all(|word| if Self::is_short(word) { begins_a_word(word) } else { search_key.contains(word) })
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
