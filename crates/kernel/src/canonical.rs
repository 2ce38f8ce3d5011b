//! One form for every spelling of an identifier, so that uniqueness and counters cannot be dodged by spelling.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;

/// The longest identifier, in bytes: what fits into an SMTP path (RFC 5321 section 4.5.3.1.3).
pub const MAX_BYTES: usize = 254;

/// The canonical form: trimmed; NFKC and default case fold, but for the domain of an address, which becomes lower-case
/// A-labels (UTS 46, non-transitional). None when the text holds control or format characters, or its domain is none.
///
/// A domain is not folded: `stra\u{df}e.example` and `strasse.example` belong to different people.
pub fn identifier(text: &str) -> Option<String> {
    let text = text.trim();
    if text.chars().any(is_invisible) {
        return None;
    }
    match split_address(text) {
        None => Some(fold(text)).filter(|folded| !folded.chars().any(is_invisible)),
        Some((local, domain)) => {
            let (local, domain) = (fold(local), domain_key(domain)?);
            let is_plain = !local.is_empty() && !local.chars().any(|c| c == '@' || is_invisible(c));
            is_plain.then(|| format!("{local}@{domain}"))
        }
    }
}

/// Local part and domain, at the last `@`, whatever its width.
pub fn split_address(text: &str) -> Option<(&str, &str)> {
    let at = text.rfind(['@', '\u{ff20}', '\u{fe6b}'])?;
    let (local, rest) = text.split_at(at);
    let mut rest = rest.chars();
    rest.next();
    Some((local, rest.as_str()))
}

/// The domain in lower-case A-labels.
fn domain_key(domain: &str) -> Option<String> {
    idna::domain_to_ascii_strict(domain).ok().filter(|domain| !domain.is_empty())
}

/// The same text in Unicode's composed form (NFC), which does not change what is meant.
pub fn composed(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    ComposingNormalizer::new_nfc().normalize(text).into_owned()
}

/// NFKC and default case folding, repeated once because folding can leave text that NFKC would change.
pub fn fold(text: &str) -> String {
    // What both come to where nothing is to be composed. Most texts are such, and imports have millions.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let normalizer = ComposingNormalizer::new_nfkc();
    let folder = CaseMapper::new();
    let once = folder.fold_string(&normalizer.normalize(text)).into_owned();
    folder.fold_string(&normalizer.normalize(&once)).into_owned()
}

/// Control characters, blanks inside, and format characters that show nothing.
pub fn is_invisible(c: char) -> bool {
    let format = matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}');
    c.is_control() || c.is_whitespace() || format || is_direction_override(c)
}

/// Characters that have no place in a name: they show nothing, break the line or turn the text around. Joiners stay,
/// which some scripts and emoji need, and so do variation selectors and blanks.
pub fn is_deceptive(c: char) -> bool {
    let is_joiner = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    let is_filler =
        matches!(c, '\u{2028}' | '\u{2029}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{2800}');
    is_filler || c.is_control() || (is_invisible(c) && !c.is_whitespace() && !is_joiner)
}

/// Characters that change the direction of the text around them, which lets a name pretend to be another.
pub fn is_direction_override(c: char) -> bool {
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
    fn plain_letters_are_folded_as_all_others() {
        let (folder, normalizer) = (CaseMapper::new(), ComposingNormalizer::new_nfkc());
        for text in (0..=0x7f_u8).map(|byte| char::from(byte).to_string()) {
            assert_eq!(fold(&text), folder.fold_string(&normalizer.normalize(&text)), "{text:?}");
            assert_eq!(composed(&text), ComposingNormalizer::new_nfc().normalize(&text), "{text:?}");
        }
    }

    #[test]
    fn domains_of_different_people_stay_apart_and_spellings_of_one_meet() {
        let key = |text: &str| identifier(text).unwrap();
        assert_ne!(key("ada@stra\u{df}e.example"), key("ada@strasse.example"));
        assert_eq!(key("ada@stra\u{df}e.example"), key("ada@xn--strae-oqa.example"));
        assert_eq!(key("ada@STRA\u{1e9e}E.example"), key("ada@stra\u{df}e.example"));
        assert_ne!(key("a@\u{3c3}\u{3c2}.example"), key("a@\u{3c3}\u{3c3}.example"));
        assert_eq!(key("ada\u{ff20}example.org"), "ada@example.org");
    }

    #[test]
    fn invisible_characters_are_refused() {
        for bad in ["a\u{200b}b", "a\u{0}", "a b", "a\u{feff}b", "a\u{202e}b", "a@b\u{ad}c.org"] {
            assert_eq!(identifier(bad), None, "{bad:?}");
        }
    }
}
