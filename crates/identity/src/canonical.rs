//! One form for every spelling of an identifier, so that uniqueness and counters cannot be dodged by spelling.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// The longest identifier, in bytes: what fits into an SMTP path (RFC 5321 section 4.5.3.1.3).
pub(crate) const MAX_BYTES: usize = 254;

/// The canonical form: trimmed, NFKC, default case fold, and the domain of an address in lower-case A-labels (UTS 46).
/// None when the text holds control or format characters, or its domain is none.
pub(crate) fn identifier(text: &str) -> Option<String> {
    let folded = fold(text.trim());
    if folded.chars().any(is_invisible) {
        return None;
    }
    match folded.rsplit_once('@') {
        None => Some(folded),
        Some((local, domain)) => {
            let domain = idna::domain_to_ascii_strict(domain).ok()?;
            (!local.is_empty() && !domain.is_empty()).then(|| format!("{local}@{domain}"))
        }
    }
}

/// NFKC and default case folding, repeated once because folding can leave text that NFKC would change.
pub(crate) fn fold(text: &str) -> String {
    let normalizer = ComposingNormalizer::new_nfkc();
    let folder = CaseMapper::new();
    let once = folder.fold_string(&normalizer.normalize(text)).into_owned();
    folder.fold_string(&normalizer.normalize(&once)).into_owned()
}

/// Control characters, blanks inside, and format characters that show nothing.
fn is_invisible(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}');
    c.is_control() || c.is_whitespace() || format || is_direction_override(c)
}

/// Characters that change the direction of the text around them, which lets a name pretend to be another.
pub(crate) fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_is_stable() {
        for text in ["\u{fb03}", "\u{1e9e}", "\u{130}", "\u{3a3}\u{3c2}", "\u{ff21}", "Stra\u{df}e"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
        assert_eq!(fold("Stra\u{df}e"), "strasse");
    }

    #[test]
    fn invisible_characters_are_refused() {
        for bad in ["a\u{200b}b", "a\u{0}", "a b", "a\u{feff}b", "a\u{202e}b", "a@b\u{ad}c.org"] {
            let found = identifier(bad);
            // A soft hyphen in a domain is dropped by UTS 46; before that we refuse it.
            assert_eq!(found, None, "{bad:?}");
        }
    }
}
