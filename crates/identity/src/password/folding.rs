//! Undoing what people do to a common password to make it look uncommon.

use crate::canonical;

/// The plain word behind a decorated one: case and compatibility folded, common letter swaps undone, digits and marks
/// stripped from both ends. `P4$$w0rd2024!` becomes `password`.
pub(super) fn plain(text: &str) -> String {
    let folded = canonical::fold(text);
    let bare = folded.trim_matches(|c: char| !c.is_alphabetic() && !is_swapped_letter(c));
    let undone: String = bare.chars().map(undo_swap).collect();
    undone.trim_matches(|c: char| !c.is_alphabetic()).to_owned()
}

/// The same without undoing swaps, for words whose digits are just digits.
pub(super) fn stripped(text: &str) -> String {
    canonical::fold(text).trim_matches(|c: char| !c.is_alphabetic()).to_owned()
}

fn is_swapped_letter(c: char) -> bool {
    matches!(c, '@' | '$')
}

fn undo_swap(c: char) -> char {
    match c {
        '0' => 'o',
        '1' => 'l',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decorations_fall_off() {
        assert_eq!(plain("P4$$w0rd2024!"), "password");
        assert_eq!(plain("!!Dr@gon123"), "dragon");
        assert_eq!(stripped("2024Monkey!!"), "monkey");
        assert_eq!(plain("12345"), "");
    }
}
