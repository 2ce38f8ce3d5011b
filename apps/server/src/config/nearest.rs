//! The known word that a misspelt one most likely meant.

/// Below this similarity a suggestion misleads more often than it helps.
const ALIKE: f64 = 0.75;

/// The candidate most like `word`, if any is like it at all.
pub(crate) fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelling_finds_its_word_and_gibberish_finds_none() {
        let words = ["listen", "log", "database_url"];

        assert_eq!(nearest("lisen", words), Some("listen"));
        assert_eq!(nearest("databse_url", words), Some("database_url"));
        assert_eq!(nearest("xyzzy", words), None);
    }
}
